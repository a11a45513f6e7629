"""A mass balance once more: one rule, plain loops, everything from all readings at every step."""

import itertools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rules.kinds.balance import MassBalance
from tests.rules.kinds.series import GOOD, Point

FALSE, TRUE, UNKNOWN = 0, 1, 2
SECOND = 1_000_000_000
SLOTS = 32


@dataclass
class Meter:
    """One flow: every good reading since the last gap."""

    readings: list[tuple[int, float]] = field(default_factory=list)

    def take(self, point: Point, gap_ns: int, shrink: float | None) -> bool:
        """True where there is a gap before this reading; `shrink` to the reference temperature, None while unread."""
        if point.quality != GOOD or not math.isfinite(point.value) or shrink is None:
            return False
        if self.readings and point.received_ns <= self.readings[-1][0]:
            return False
        gap = bool(self.readings) and point.received_ns - self.readings[-1][0] > gap_ns
        if gap:
            self.readings = []
        self.readings.append((point.received_ns, point.value / 3600 * shrink))
        return gap

    def total(self, at_ns: int) -> float:
        """m3 since the first reading; up to before the last one by its flow."""
        whole = sum(
            (one + two) / 2 * (until - since) / SECOND
            for (since, one), (until, two) in itertools.pairwise(self.readings)
        )
        last_ns, flow = self.readings[-1]
        return whole - flow * (last_ns - at_ns) / SECOND


@dataclass
class Oracle:
    rule: MassBalance
    volumes: Sequence[Callable[[float], float]]
    period_ns: int
    kept: list[tuple[int, float, float, float]] = field(default_factory=list)
    """(when, volume, came, went)."""

    def __post_init__(self) -> None:
        names = (*self.rule.inflows, *self.rule.outflows)
        self.meters = {name: Meter() for name in names}
        self.gap_ns = self.rule.maximum_gap_ns or max(self.rule.window_ns // SLOTS, 3 * self.period_ns)

    def step(self, points: Mapping[str, Point], now_ns: int) -> tuple[int, float, float]:
        """(condition, imbalance, allowed)."""
        warm = self.rule.flow_temperatures or ("",) * len(self.meters)
        gaps = [
            meter.take(points[name], self.gap_ns, self.shrink(points, degrees))
            for (name, meter), degrees in zip(self.meters.items(), warm, strict=True)
        ]  # every meter takes its own
        if any(gaps):
            self.kept = []
        self.keep(points)
        return self.judged(now_ns)

    def shrink(self, points: Mapping[str, Point], name: str) -> float | None:
        """What a volume at this temperature is at 20 degC, as a share; None while it is not known."""
        if not name:
            return 1.0
        degrees = points[name]
        if degrees.quality != GOOD or not math.isfinite(degrees.value):
            return None
        return 1 / (1 + self.rule.expansion_per_k * (degrees.value - 20))

    def keep(self, points: Mapping[str, Point]) -> None:
        inputs = [points[name] for name in (*self.meters, *(name for name, _ in self.rule.levels))]
        if any(point.quality != GOOD or not math.isfinite(point.value) for point in inputs):
            return
        tanks = [self.shrink(points, name) for name in self.rule.temperatures or ("",) * len(self.rule.levels)]
        meters = [self.shrink(points, name) for name in self.rule.flow_temperatures]
        if None in (*tanks, *meters):
            return
        at_ns = min(point.received_ns for point in inputs)
        slot_ns = max(self.rule.window_ns // SLOTS, 1)
        if self.kept and (at_ns <= self.kept[-1][0] or at_ns // slot_ns <= self.kept[-1][0] // slot_ns):
            return
        volume = sum(
            of(points[name].value) * (shrink or 0)
            for of, (name, _), shrink in zip(self.volumes, self.rule.levels, tanks, strict=True)
        )
        came = sum(self.meters[name].total(at_ns) for name in self.rule.inflows)
        went = sum(self.meters[name].total(at_ns) for name in self.rule.outflows)
        self.kept = [*self.kept, (at_ns, volume, came, went)][-(SLOTS + 1) :]

    def judged(self, now_ns: int) -> tuple[int, float, float]:
        if not self.kept:
            return UNKNOWN, math.nan, self.rule.tolerance_m3
        window_ns, last_ns = self.rule.window_ns, self.kept[-1][0]
        inside = [sample for sample in self.kept if last_ns - sample[0] <= window_ns]
        balance = [volume - came + went for _, volume, came, went in inside]
        steady = [statistics.median(balance[at : at + 3]) for at in range(len(balance) - 2)]
        if not steady:
            return UNKNOWN, math.nan, self.rule.tolerance_m3
        imbalance = steady[-1] - steady[0]
        throughput = max(inside[-2][2] - inside[1][2], inside[-2][3] - inside[1][3], 0.0)
        allowed = self.rule.tolerance_m3 + self.rule.tolerance_share * throughput
        if not self.covered(now_ns):
            return UNKNOWN, imbalance, allowed
        return (TRUE if abs(imbalance) > allowed else FALSE), imbalance, allowed

    def covered(self, now_ns: int) -> bool:
        window_ns, last_ns = self.rule.window_ns, self.kept[-1][0]
        step_ns = max(window_ns // SLOTS, self.period_ns)
        if now_ns - last_ns > max(int((1 - self.rule.minimum_coverage) * window_ns), 2 * step_ns):
            return False
        total_ns = 0
        for (at, _, _, _), (until, _, _, _) in itertools.pairwise(self.kept):
            total_ns += max(0, min(until, at + 2 * step_ns) - max(at, last_ns - window_ns))
        return total_ns / window_ns >= self.rule.minimum_coverage
