"""Slows down whoever guesses passwords, and keeps the journal readable while he does.  Told the time, pure."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

SECOND_NS: Final = 1_000_000_000
FREE_FAILURES: Final = 5
WINDOW_NS: Final = 15 * 60 * SECOND_NS
LONGEST_WAIT_S: Final = 300
MOST_KEYS: Final = 10_000
"""Oldest first out: a guesser with many names must not fill the memory."""


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last_mono_ns: int = 0


@dataclass(slots=True)
class LoginThrottle:
    """Counts failures per (username, address); after five, each further one doubles the wait: 2 s, 4 s ... 300 s."""

    _failures: OrderedDict[tuple[str, str], _Failures] = field(default_factory=OrderedDict)

    def wait_s(self, key: tuple[str, str], mono_ns: int) -> int:
        """Seconds this key must still wait; 0 when it may try."""
        failures = self._failures.get(key)
        if failures is None or failures.count < FREE_FAILURES:
            return 0
        if mono_ns - failures.last_mono_ns > WINDOW_NS:
            del self._failures[key]
            return 0
        until_ns = failures.last_mono_ns + penalty_s(failures.count) * SECOND_NS
        return max(0, -(-(until_ns - mono_ns) // SECOND_NS))

    def attempt(self, key: tuple[str, str], mono_ns: int) -> int:
        """Count an attempt as failed before it is judged, so that parallel guesses count too; returns the count."""
        failures = self._failures.setdefault(key, _Failures())
        if mono_ns - failures.last_mono_ns > WINDOW_NS:
            failures.count = 0
        failures.count += 1
        failures.last_mono_ns = mono_ns
        self._failures.move_to_end(key)
        while len(self._failures) > MOST_KEYS:
            self._failures.popitem(last=False)
        return failures.count

    def succeeded(self, key: tuple[str, str]) -> None:
        """Forget the failures of a key that knew the password."""
        self._failures.pop(key, None)


def penalty_s(count: int) -> int:
    """Seconds to wait after that many failures."""
    if count < FREE_FAILURES:
        return 0
    return int(min(2 ** min(count - FREE_FAILURES + 1, 16), LONGEST_WAIT_S))


@dataclass(slots=True)
class RefusalRecord:
    """Decides which refused log-ins get a journal row of their own: at most `most` a minute, the rest are counted."""

    most: int = 6
    _written: deque[int] = field(default_factory=deque)
    _unwritten: int = 0

    def take(self, count: int, mono_ns: int) -> int | None:
        """Number of refusals since the last row that were not written, or None when this one is only counted.

        Of one key the first failure and every one that brings a wait are worth a row.
        """
        while self._written and mono_ns - self._written[0] > 60 * SECOND_NS:
            self._written.popleft()
        if (1 < count < FREE_FAILURES) or len(self._written) >= self.most:
            self._unwritten += 1
            return None
        self._written.append(mono_ns)
        unwritten, self._unwritten = self._unwritten, 0
        return unwritten
