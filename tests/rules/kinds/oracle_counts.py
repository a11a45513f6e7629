"""Counting, one reading at a time, with plain lists."""

import itertools
import math
from dataclasses import dataclass, field

from rules.columns.tags import Tag
from rules.kinds.counts import ChatteringInput, Count
from rules.kinds.occurrences import MOST, SLOTS
from tests.rules.kinds.readings import FALSE, GOOD, TRUE, UNKNOWN, Point
from tests.rules.plants import SECOND


@dataclass
class Counter:
    """One rule with all it ever saw."""

    rule: Count | ChatteringInput
    tag: Tag
    taken: list[tuple[int, float]] = field(default_factory=list)
    """(received, value) of every good reading."""
    events: list[int] = field(default_factory=list)
    side: str = ""
    extreme: float = math.nan

    def step(self, point: Point, now_ns: int) -> int:
        good = point.quality == GOOD and math.isfinite(point.value)
        if self.tag.discrete and point.value not in (0.0, 1.0):
            good = False
        if good and self._is_new(point):
            self._take(point)
        inside = [event for event in self.events[-MOST:] if event >= now_ns - self.rule.window_ns]
        if len(inside) >= self.rule.at_least:
            return TRUE
        return FALSE if good and self._coverage() >= self.rule.minimum_coverage else UNKNOWN

    def _is_new(self, point: Point) -> bool:
        if not self.taken:
            return True
        received, value = self.taken[-1]
        return point.received_ns > received or (point.received_ns == received and point.value != value)

    def _take(self, point: Point) -> None:
        before, self.side = self.side, self._side_of(point.value)
        if self.side != before or math.isnan(self.extreme):
            self.extreme = point.value
        elif self.side == "up":
            self.extreme = max(self.extreme, point.value)
        elif self.side == "down":
            self.extreme = min(self.extreme, point.value)
        edge = self.rule.edge if isinstance(self.rule, Count) else "rise"
        rose, fell = (before, self.side) == ("down", "up"), (before, self.side) == ("up", "down")
        if (rose and edge != "fall") or (fell and edge != "rise"):
            self.events.append(point.received_ns)
        self.taken.append((point.received_ns, point.value))

    def _side_of(self, value: float) -> str:
        rule = self.rule
        if self.tag.discrete:
            return "up" if value == 1.0 else "down"
        if isinstance(rule, ChatteringInput):
            assert rule.swing is not None
            if self.side != "up" and value - self.extreme >= rule.swing:
                return "up"
            return "down" if self.side != "down" and self.extreme - value >= rule.swing else self.side
        assert rule.level is not None
        if rule.edge == "fall":
            return "down" if value <= rule.level else "up" if value > rule.level + rule.dead_band else self.side
        return "up" if value >= rule.level else "down" if value < rule.level - rule.dead_band else self.side

    def _coverage(self) -> float:
        """One reading of each slot, what lies between two of them if they are near enough, and up to the last one."""
        slot, last = max(self.rule.window_ns // SLOTS, 1), self.taken[-1][0]
        times: list[int] = []
        for received, _ in self.taken:
            if not times or received // slot > times[-1] // slot:
                times.append(received)
        times = [*times[-SLOTS - 1 :], last]
        near = max(2 * (self.rule.window_ns // SLOTS), 3 * self.tag.scan_period_ns, SECOND)
        begin = last - self.rule.window_ns
        return (
            sum(max(b - max(a, begin), 0) for a, b in itertools.pairwise(times) if b - a <= near) / self.rule.window_ns
        )
