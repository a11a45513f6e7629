"""Rates of change, one value at a time: the first good reading of a slot is kept, the oldest of the window counts.

A slot takes the place of the one a whole window before it; that shows only where received times go back.
"""

import math
import zlib
from dataclasses import dataclass, field
from typing import Protocol

from rules.kinds.rates import RateOfChange

FALSE, TRUE, UNKNOWN = range(3)
GOOD, UNCERTAIN = 0, 1
SLOTS, COHORTS = 4, 16


class Seen(Protocol):
    """One tag as a rule sees it."""

    @property
    def value(self) -> float: ...

    @property
    def quality(self) -> int: ...

    @property
    def received_ns(self) -> int: ...


@dataclass
class RateOracle:
    """One rule with what it kept."""

    rule: RateOfChange
    kept: list[tuple[int, float]] = field(default_factory=list)

    def slot(self, received_ns: int) -> int:
        slot_ns = self.rule.window_ns // SLOTS
        return (received_ns + slot_ns * (zlib.crc32(self.rule.tag[:-2].encode()) % COHORTS) // COHORTS) // slot_ns

    def condition(self, point: Seen, active: bool) -> int:
        slot = self.slot(point.received_ns)
        if point.quality == GOOD and math.isfinite(point.value) and (
            not self.kept or (point.received_ns > self.kept[-1][0] and slot > self.slot(self.kept[-1][0]))
        ):  # fmt: skip
            others = [(at, value) for at, value in self.kept if (self.slot(at) - slot) % SLOTS]
            self.kept = [*others, (point.received_ns, point.value)]
        rate = self.rate(point, slot)
        if point.quality > UNCERTAIN or rate is None:
            return UNKNOWN
        moved = {"rise": rate, "fall": -rate, "either": abs(rate)}[self.rule.direction]
        if moved >= self.rule.limit - (self.rule.dead_band if active else 0.0):
            return TRUE
        return FALSE if point.quality == GOOD else UNKNOWN

    def rate(self, point: Seen, slot: int) -> float | None:
        """Unit per minute since the oldest reading of the window; None where none is old enough or nothing can be told."""
        window = [
            (at, value) for at, value in self.kept if slot - SLOTS < self.slot(at) <= slot and at <= point.received_ns
        ]
        if not window or not math.isfinite(point.value):
            return None
        at, value = window[0]
        if point.received_ns - at < max(1, int(self.rule.minimum_coverage * self.rule.window_ns)):
            return None
        return (point.value - value) / ((point.received_ns - at) / 60e9)
