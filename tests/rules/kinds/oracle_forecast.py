"""Minutes to a limit once more: one rule, plain loops, everything from all its samples at every step."""

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

from rules.kinds.forecast import MinutesToLimit
from rules.kinds.forecast_group import SLOTS
from tests.rules.kinds.series import GOOD, UNCERTAIN, Point

FALSE, TRUE, UNKNOWN = 0, 1, 2
SECOND = 1_000_000_000


@dataclass
class Oracle:
    rule: MinutesToLimit
    period_ns: int
    volume: Callable[[float], float]
    area: Callable[[float], float]
    kept: list[tuple[int, float]] = field(default_factory=list)

    def step(self, point: Point, active: bool, now_ns: int) -> tuple[int, float]:
        """(condition, minutes or NaN)."""
        self.keep(point)
        minutes = self.minutes(point, now_ns)
        if math.isnan(minutes):
            return UNKNOWN, math.nan
        needed = (self.rule.required_ns + (self.rule.dead_band_ns if active else 0)) / SECOND / 60
        shown = math.nan if math.isinf(minutes) else minutes
        if minutes <= needed:
            return TRUE, shown
        return (FALSE if point.quality == GOOD else UNKNOWN), shown

    def keep(self, point: Point) -> None:
        slot_ns = max(self.rule.window_ns // SLOTS, 1)
        if point.quality != GOOD or not math.isfinite(point.value):
            return
        if self.kept:
            last_ns = self.kept[-1][0]
            if point.received_ns <= last_ns or point.received_ns // slot_ns <= last_ns // slot_ns:
                return
        self.kept = [*self.kept, (point.received_ns, point.value)][-(SLOTS + 1) :]

    def minutes(self, point: Point, now_ns: int) -> float:
        rate = self.rate(now_ns)
        if math.isnan(rate) or point.quality > UNCERTAIN or not math.isfinite(point.value):
            return math.nan
        missing, towards = self.volume(self.rule.limit) - self.volume(point.value), rate
        if not self.rule.rising:
            missing, towards = -missing, -towards
        if towards <= 0:
            return math.inf
        return max(missing, 0.0) / (towards * 60)

    def rate(self, now_ns: int) -> float:
        if not self.kept:
            return math.nan
        window_ns, last_ns = self.rule.window_ns, self.kept[-1][0]
        step_ns = max(window_ns // SLOTS, self.period_ns)
        silence_ns = max(int((1 - self.rule.minimum_coverage) * window_ns), 2 * step_ns)
        if now_ns - last_ns > silence_ns:
            return math.nan
        covered_ns = 0
        for (at, _), (until, _) in zip(self.kept[:-1], self.kept[1:], strict=True):
            covered_ns += max(0, min(until, at + 2 * step_ns) - max(at, last_ns - window_ns))
        if covered_ns / window_ns < self.rule.minimum_coverage:
            return math.nan
        mine = [(at, value) for at, value in self.kept if last_ns - at <= window_ns]
        slopes = [
            (self.volume(later) - self.volume(earlier)) / ((second - first) / SECOND)
            for place, (first, earlier) in enumerate(mine)
            for second, later in mine[place + 1 :]
        ]
        if not slopes:
            return math.nan
        rate = statistics.median(slopes)
        slow = self.rule.minimum_rate / 3600 * self.area(self.kept[-1][1])
        return 0.0 if self.rule.minimum_rate > 0 and abs(rate) <= slow else rate
