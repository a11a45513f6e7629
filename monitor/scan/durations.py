"""How long something took lately: a ring of the last minute, judged only when somebody asks."""

from dataclasses import dataclass
from typing import Final

import numpy as np

WINDOW_NS: Final = 60_000_000_000
CAPACITY: Final = 8192
"""A minute of one duration every 10 ms fits, with room for loops that run early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Durations of the last minute in milliseconds; zeros when there were none."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class Durations:
    """Takes one duration at a time, tells their spread; nothing is sorted until then."""

    def __init__(self, window_ns: int = WINDOW_NS, capacity: int = CAPACITY) -> None:
        self._window_ns = window_ns
        self._at = np.zeros(capacity, np.int64)
        self._duration_ns = np.zeros(capacity, np.int64)
        self._next = 0
        self._filled = 0

    def add(self, mono_ns: int, duration_ns: int) -> None:
        """Keep one duration that ended at `mono_ns`; the oldest gives way."""
        place = self._next
        self._at[place], self._duration_ns[place] = mono_ns, duration_ns
        self._next = (place + 1) % len(self._at)
        self._filled = min(self._filled + 1, len(self._at))

    def spread(self, mono_ns: int, window_ns: int | None = None) -> Spread:
        """The spread over the window (or a shorter one) that ends at `mono_ns`."""
        lately = self._at[: self._filled] > mono_ns - min(window_ns or self._window_ns, self._window_ns)
        found = self._duration_ns[: self._filled][lately]
        if not found.size:
            return Spread(count=0, p50_ms=0.0, p99_ms=0.0, max_ms=0.0)
        # "higher": a percentile is a duration that happened, never a number between two
        middle, late, worst = np.percentile(found, (50, 99, 100), method="higher").tolist()
        return Spread(count=int(found.size), p50_ms=middle / 1e6, p99_ms=late / 1e6, max_ms=worst / 1e6)
