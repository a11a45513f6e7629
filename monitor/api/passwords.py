"""Passwords: argon2id with the library's defaults (RFC 9106), always in a thread, few at a time."""

import asyncio
import secrets
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER: Final = PasswordHasher()
PASSWORD_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without the letters and digits that people mix up when they read them from a screen."""


def hash_password(password: str) -> str:
    """Hash a password with argon2id; the result carries its parameters.  Takes tens of milliseconds: never in the loop."""
    return HASHER.hash(password)


def new_password(length: int = 16) -> str:
    """Make a random password that can be read aloud (16 characters: 92 bits)."""
    return "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(length))


@cache
def _nobody() -> str:
    """A hash that no password fits, so that an unknown user costs as much time as a known one."""
    return hash_password(secrets.token_urlsafe(32))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Tell whether the password fits; None (no such account) takes as long and is False."""
    nobody = _nobody()
    try:
        HASHER.verify(nobody if password_hash is None else password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


class Verifier:
    """Verifies passwords in threads: at most `at_once` (each takes 64 MiB), at most `waiting_most` in the queue."""

    def __init__(self, at_once: int = 2, waiting_most: int = 16) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._waiting_most = waiting_most

    @property
    def is_full(self) -> bool:
        """Whether a further log-in must be turned away for a moment."""
        return self._waiting >= self._waiting_most

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Verify off the loop."""
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(verify_password, password_hash, password)
        finally:
            self._waiting -= 1
