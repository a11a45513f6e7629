"""Stuck, unplanned movement and leak once more: one rule, plain loops, everything from all samples at every step.

The verdict of the condition is told from outside: the language has its own oracle.
"""

import itertools
import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rules.kinds.movement import Leak, Stuck, UnplannedMovement
from tests.rules.kinds.series import GOOD, Point

FALSE, TRUE, UNKNOWN = 0, 1, 2
SECOND = 1_000_000_000
SLOTS = 32
Volume = Callable[[float], float]


@dataclass
class Oracle:
    rule: Stuck | UnplannedMovement | Leak
    period_ns: int
    volume: Volume
    area: Volume
    neighbour_volume: Volume
    kept: list[tuple[int, float, float]] = field(default_factory=list)
    """(received, value, what is sampled beside it)."""
    broken_ns: int | None = None

    def step(self, points: Mapping[str, Point], asked: int, active: bool, now_ns: int) -> tuple[int, float, float]:
        """(condition, value, limit)."""
        premise = (
            {TRUE: FALSE, FALSE: TRUE, UNKNOWN: UNKNOWN}[asked] if isinstance(self.rule, UnplannedMovement) else asked
        )
        if self.rule.condition is None:
            premise = TRUE
        exempt = active and isinstance(self.rule, Stuck)
        if premise == FALSE:
            self.broken_ns = now_ns
            if not exempt:
                self.kept = []
        self.keep(points, premise, exempt)
        if isinstance(self.rule, Stuck):
            return self.stuck(self.rule, premise, active, now_ns)
        if isinstance(self.rule, Leak):
            return self.leak(self.rule, premise, now_ns)
        return self.unplanned(self.rule, premise, now_ns)

    def keep(self, points: Mapping[str, Point], premise: int, exempt: bool) -> None:
        point, beside = points[self.rule.tag], self.beside(points)
        if point.quality != GOOD or not math.isfinite(point.value) or beside is None:
            return
        settle_ns = 0 if isinstance(self.rule, Stuck) else self.rule.settle_ns
        if not exempt:
            if premise != TRUE:
                return
            if self.broken_ns is not None and point.received_ns < self.broken_ns + settle_ns:
                return
        slot_ns = max(self.rule.window_ns // SLOTS, 1)
        if self.kept:
            last_ns = self.kept[-1][0]
            if point.received_ns <= last_ns or point.received_ns // slot_ns <= last_ns // slot_ns:
                return
        self.kept = [*self.kept, (point.received_ns, point.value, beside)][-(SLOTS + 1) :]

    def beside(self, points: Mapping[str, Point]) -> float | None:
        """Net flow, the value of the neighbour, or the temperature; None where one of them is not good."""
        rule, found = self.rule, 0.0
        names: list[tuple[str, float]] = []
        if isinstance(rule, Stuck):
            names += [(name, 1 / 3600) for name in rule.inflows] + [(name, -1 / 3600) for name in rule.outflows]
            names += [(rule.neighbour, 1.0)] if rule.neighbour else []
        if isinstance(rule, Leak):
            if rule.temperature is None:
                return 20.0
            names.append((rule.temperature, 1.0))
        for name, factor in names:
            if points[name].quality != GOOD or not math.isfinite(points[name].value):
                return None
            found += points[name].value * factor
        return found

    def inside(self) -> list[tuple[int, float, float]]:
        return [sample for sample in self.kept if self.kept[-1][0] - sample[0] <= self.rule.window_ns]

    def heard(self, now_ns: int) -> bool:
        window_ns = self.rule.window_ns
        step_ns = max(window_ns // SLOTS, self.period_ns)
        silence_ns = max(int((1 - self.rule.minimum_coverage) * window_ns), 2 * step_ns)
        return bool(self.kept) and now_ns - self.kept[-1][0] <= silence_ns

    def covered(self, now_ns: int) -> bool:
        if not self.heard(now_ns):
            return False
        window_ns, last_ns = self.rule.window_ns, self.kept[-1][0]
        step_ns = max(window_ns // SLOTS, self.period_ns)
        total_ns = 0
        for (at, _, _), (until, _, _) in itertools.pairwise(self.kept):
            total_ns += max(0, min(until, at + 2 * step_ns) - max(at, last_ns - window_ns))
        return total_ns / window_ns >= self.rule.minimum_coverage

    def steady(self) -> list[float]:
        values = [value for _, value, _ in self.inside()] if self.kept else []
        return [statistics.median(values[at : at + 3]) for at in range(len(values) - 2)]

    def was_broken(self, now_ns: int, settle_ns: int) -> bool:
        return self.broken_ns is not None and now_ns - self.broken_ns <= self.rule.window_ns + settle_ns

    def stuck(self, rule: Stuck, premise: int, active: bool, now_ns: int) -> tuple[int, float, float]:
        values = sorted(value for _, value, _ in self.inside()) if self.kept else []
        movement = min(values[-2] - values[0], values[-1] - values[1]) if len(values) >= 3 else math.nan
        expected = self.expected(rule) if self.kept else math.nan
        limit = rule.minimum_change if math.isnan(expected) else expected
        must = expected >= rule.minimum_change
        if premise != FALSE and self.covered(now_ns) and must and movement <= rule.flat_within:
            return TRUE, movement, limit
        if self.heard(now_ns) and movement > rule.flat_within:
            return FALSE, movement, limit
        not_asked = premise == FALSE or self.was_broken(now_ns, 0) or (self.covered(now_ns) and not must)
        return (FALSE if not_asked and not active else UNKNOWN), movement, limit

    def expected(self, rule: Stuck) -> float:
        mine = self.inside()
        if rule.inflows or rule.outflows:
            volume = sum(
                (second[2] + first[2]) / 2 * ((second[0] - first[0]) / SECOND)
                for first, second in itertools.pairwise(mine)
            )
        elif rule.neighbour:
            volume = self.neighbour_volume(mine[-1][2]) - self.neighbour_volume(mine[0][2])
        else:
            return rule.minimum_change
        return abs(volume) / self.area(mine[-1][1])

    def unplanned(self, rule: UnplannedMovement, premise: int, now_ns: int) -> tuple[int, float, float]:
        steady = self.steady()
        change = max((steady[-1] - before for before in steady), key=abs) if steady else math.nan
        moved = self.heard(now_ns) and abs(change) > rule.maximum_change
        if premise == FALSE:
            return FALSE, change, rule.maximum_change
        if moved:
            return TRUE, change, rule.maximum_change
        calm = self.was_broken(now_ns, rule.settle_ns) or self.covered(now_ns)
        return (FALSE if calm else UNKNOWN), change, rule.maximum_change

    def leak(self, rule: Leak, premise: int, now_ns: int) -> tuple[int, float, float]:
        loss, allowed = math.nan, rule.maximum_loss_per_h
        if self.kept:
            mine = [
                (at, self.volume(value) / (1 + rule.expansion_per_k * (beside - 20)))
                for at, value, beside in self.inside()
            ]
            slopes = [
                (later - earlier) / ((second - first) / SECOND)
                for place, (first, earlier) in enumerate(mine)
                for second, later in mine[place + 1 :]
            ]
            loss = -statistics.median(slopes) * 3600 if slopes else math.nan
            unseen = rule.expansion_per_k * rule.temperature_tolerance_k * abs(self.volume(self.kept[-1][1]))
            allowed += unseen / (rule.window_ns / SECOND / 3600)
        if premise == FALSE:
            return FALSE, loss, allowed
        if self.covered(now_ns):
            return (TRUE if loss > allowed else FALSE), loss, allowed
        return (FALSE if self.was_broken(now_ns, rule.settle_ns) else UNKNOWN), loss, allowed
