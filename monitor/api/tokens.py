"""Tokens of sessions and of programs: made here, kept as a hash only.  Quick to import."""

import hashlib
import secrets


def new_token() -> str:
    """A session token of 256 bits; it exists in the client only."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> bytes:
    """SHA-256 of a token: all that is kept of it.  Looking up by hash leaks nothing about the token by its timing."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
