"""Whose session a token is, remembered between two requests; what was read before accounts changed counts no more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, ParamSpec, TypeVar

from monitor.notify.people import Account

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")

MOST: Final = 1000
"""Far more than people and programs of one plant: over it all are read anew."""


@dataclass(frozen=True, slots=True)
class _Known:
    account: Account
    expires_wall_ns: int
    changes: int
    """How often accounts had changed when this was read."""


class KnownSessions:
    """The loop finds and keeps; the thread that writes says what changed, after it is on disk.

    The journal is open once (`monitor.store.lock`), so nobody else changes accounts meanwhile.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, _Known] = {}
        self._changes = 0

    @property
    def changes(self) -> int:
        """How often accounts or sessions changed; to be read before the database is asked."""
        return self._changes

    def find(self, token_sha256: bytes, wall_ns: int) -> Account | None:
        """The account of a live session that was read since the last change; None: ask the database."""
        known = self._known.get(token_sha256)
        if known is None or known.changes != self._changes or known.expires_wall_ns <= wall_ns:
            return None
        return known.account

    def keep(self, token_sha256: bytes, account: Account, expires_wall_ns: int, changes: int) -> None:
        """Remember what the database said when it was asked after so many changes."""
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[token_sha256] = _Known(account, expires_wall_ns, changes)

    def changing(self, work: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
        """Work that changes accounts or sessions, and says so in its own thread: who asked may have stopped waiting."""

        def changed(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
            try:
                return work(*args, **kwargs)
            finally:
                self._changes += 1

        return changed
