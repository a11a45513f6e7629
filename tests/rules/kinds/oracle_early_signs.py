"""Early signs once more, one rule at a time, one reading after the other, without arrays."""

import math
import statistics
from dataclasses import dataclass, field

from rules.columns.readings import NO_TIME
from rules.kinds.cusum import Cusum
from rules.kinds.first_out import Cause
from rules.kinds.load_cuts import LoadCut
from rules.kinds.stops import Stop
from rules.kinds.variance import Variance
from tests.rules.kinds.oracle_agreement import coverage
from tests.rules.kinds.walks import FALSE, TRUE, UNKNOWN, Points, Reading
from tests.rules.plants import SECOND, START_WALL_NS

Samples = list[tuple[int, float]]


def take(samples: Samples, at: int, value: float, slot: int, most: int) -> bool:
    """Keep the first reading of each slot; tell whether this one was kept."""
    if samples and (at <= samples[-1][0] or at // slot <= samples[-1][0] // slot):
        return False
    samples.append((at, value))
    del samples[:-most]
    return True


@dataclass
class CusumOracle:
    rule: Cusum
    high: float = 0.0
    low: float = 0.0
    last: int | None = None
    learned: list[float] = field(default_factory=list)

    def judge(self, points: Points, now: int) -> tuple[int, float | None]:
        rule, point = self.rule, points[self.rule.tag]
        reset = points[rule.reset_tag] if rule.reset_tag else Reading()
        if reset.good and reset.value == rule.reset_state:
            self.high = self.low = 0.0
            self.learned = []
        elif point.good and (
            self.last is None
            or (point.received_ns > self.last and point.received_ns // rule.sample_ns > self.last // rule.sample_ns)
        ):
            self._sample(point)
        if self.last is None or now - self.last > rule.silence_ns or not self._ready:
            return UNKNOWN, None
        largest = max(self.high, self.low)
        return (TRUE if largest > rule.decision else FALSE if point.good else UNKNOWN), largest

    @property
    def _ready(self) -> bool:
        return not self.rule.learns or len(self.learned) >= self.rule.learn_samples

    def _sample(self, point: Reading) -> None:
        rule = self.rule
        if not self._ready:
            if self.last is not None and point.received_ns - self.last > rule.silence_ns:
                self.learned = []
            self.learned.append(point.value)
        else:
            target = statistics.fmean(self.learned) if rule.target is None else rule.target
            learned_sigma = statistics.stdev(self.learned) if len(self.learned) > 1 else 0.0
            sigma = max(learned_sigma, rule.least_sigma) if rule.sigma is None else rule.sigma
            away = (point.value - target) / sigma
            cap = 2 * rule.decision if rule.capped else math.inf
            self.high = min(max(0.0, self.high + away - rule.slack), cap)
            self.low = min(max(0.0, self.low - away - rule.slack), cap)
        self.last = point.received_ns


def about_a_line(samples: Samples) -> float | None:
    if len(samples) < 4:
        return None
    times, values = [at / SECOND for at, _ in samples], [value for _, value in samples]
    slope, intercept = statistics.linear_regression([at - times[-1] for at in times], values)
    rest = sum((value - intercept - slope * (at - times[-1])) ** 2 for at, value in zip(times, values, strict=True))
    return rest / (len(samples) - 2)


@dataclass
class VarianceOracle:
    rule: Variance
    samples: Samples = field(default_factory=list)
    learned: list[float] = field(default_factory=list)
    learned_at: int | None = None

    def judge(self, points: Points, active: bool, now: int) -> tuple[int, float | None]:
        rule, point = self.rule, points[self.rule.tag]
        if point.good and take(self.samples, point.received_ns, point.value, rule.window_ns // 32, 33):
            self._learn()
        variance = about_a_line([item for item in self.samples if now - item[0] <= rule.window_ns])
        reference = self._reference()
        if variance is None or reference is None or coverage(self.samples, rule.window_ns, now) < rule.least_coverage:
            return UNKNOWN, None
        ratio = variance / reference
        if ratio > rule.ratio - (rule.dead_band if active else 0):
            return TRUE, ratio
        return (FALSE if point.good else UNKNOWN), ratio

    def _reference(self) -> float | None:
        if self.rule.reference_sigma is not None:
            return self.rule.reference_sigma**2
        if len(self.learned) < self.rule.learn_windows:
            return None
        return max(statistics.fmean(self.learned), self.rule.least_sigma**2)

    def _learn(self) -> None:
        rule, end = self.rule, self.samples[-1][0]
        if rule.reference_sigma is not None or len(self.learned) >= rule.learn_windows:
            return
        if self.learned_at is not None and end - self.learned_at < rule.window_ns:
            return
        if coverage(self.samples, rule.window_ns, end) < 0.9:
            return
        variance = about_a_line([item for item in self.samples if end - item[0] <= rule.window_ns])
        assert variance is not None
        self.learned.append(variance)
        self.learned_at = end


@dataclass
class CausesOracle:
    """Intervals in which each candidate left its band, and those of the event."""

    causes: tuple[Cause, ...]
    skew_ns: int
    before_ns: int
    left: dict[str, tuple[int, int]] = field(default_factory=dict)
    event: dict[str, tuple[int, int]] = field(default_factory=dict)

    def watch(self, points: Points, begins: bool, since: int | None) -> tuple[str, ...]:
        for cause in self.causes:
            point = points[cause.tag]
            if point.usable and self._out(cause, point.value):
                self.left.setdefault(cause.tag, self._when(point))
            elif point.good:
                self.left.pop(cause.tag, None)
        if begins:
            self.event = {}
        if since is not None:
            began = START_WALL_NS + since
            for name, (earliest, latest) in self.left.items():
                if earliest <= began and latest >= began - self.before_ns:
                    self.event.setdefault(name, (earliest, latest))
        if not self.event:
            return ()
        limit = min(latest for _, latest in self.event.values())
        first = [cause.tag for cause in self.causes if cause.tag in self.event and self.event[cause.tag][0] <= limit]
        return tuple(sorted(first, key=lambda name: self.event[name][0]))

    @staticmethod
    def _out(cause: Cause, value: float) -> bool:
        if cause.state is not None:
            return (value > 0.5) == (cause.state == 1) and value != 0.5
        return value < cause.low or value > cause.high

    def _when(self, point: Reading) -> tuple[int, int]:
        if point.source_ns != NO_TIME:
            return point.source_ns - self.skew_ns, point.source_ns + self.skew_ns
        return START_WALL_NS + point.received_ns - SECOND, START_WALL_NS + point.received_ns


@dataclass
class Outage:
    since: int
    reference: float | None
    lost: float
    at: int
    value: float

    def count(self, point: Reading, per_ns: int) -> None:
        if point.usable and point.received_ns > self.at:
            if self.reference is not None:
                mean = (self.value + point.value) / 2
                self.lost += (self.reference - mean) * (point.received_ns - self.at) / per_ns
            self.at, self.value = point.received_ns, point.value


@dataclass
class StopOracle:
    rule: Stop
    samples: Samples = field(default_factory=list)
    outage: Outage | None = None
    last: Outage | None = None

    def __post_init__(self) -> None:
        self.causes = CausesOracle(self.rule.causes, self.rule.skew_ns, self.rule.cause_before_ns)

    def judge(self, points: Points, active: bool) -> tuple[int, tuple[str, ...]]:
        rule, point = self.rule, points[self.rule.tag]
        at = rule.threshold + (rule.dead_band if active else 0)
        if self.outage is not None:
            self.outage.count(point, rule.per_ns)
        begins = False
        if point.usable and point.value < at:
            if self.outage is None:
                inside = [value for when, value in self.samples if point.received_ns - when <= rule.reference_ns]
                mean = statistics.fmean(inside) if inside else None
                self.outage = self.last = Outage(point.received_ns, mean, 0.0, point.received_ns, point.value)
                begins = True
            condition = TRUE if active or point.received_ns - self.outage.since >= rule.after_ns else FALSE
            if condition == FALSE and not point.good:
                condition = UNKNOWN
        elif point.good:
            take(self.samples, point.received_ns, point.value, rule.reference_ns // 32, 33)
            condition, self.outage = FALSE, None
        else:
            condition = UNKNOWN
        names = self.causes.watch(points, begins, self.outage.since if self.outage else None)
        return condition, names if condition == TRUE else ()


@dataclass
class LoadCutOracle:
    rule: LoadCut
    samples: Samples = field(default_factory=list)
    outage: Outage | None = None
    last: Outage | None = None
    before: tuple[int, float] | None = None
    """(until when, load before the last cut)."""

    def __post_init__(self) -> None:
        self.causes = CausesOracle(self.rule.causes, self.rule.skew_ns, self.rule.cause_before_ns)

    def judge(self, points: Points, active: bool, now: int) -> tuple[int, float | None, tuple[str, ...]]:
        rule, point = self.rule, points[self.rule.tag]
        window = rule.within_ns + rule.reference_ns
        if point.good:
            take(self.samples, point.received_ns, point.value, window // 64, 65)
        if self.outage is not None:
            self.outage.count(point, rule.per_ns)
            if now - self.outage.since >= rule.accept_after_ns:
                self.outage = self.before = None
        reference = self.outage.reference if self.outage else self._recent(now)
        condition, percent = self._compare(point, reference, active)
        begins = condition == TRUE and self.outage is None
        if begins:
            self.outage = self.last = Outage(point.received_ns, reference, 0.0, point.received_ns, point.value)
        elif condition == FALSE and self.outage is not None:
            assert self.outage.reference is not None
            self.before, self.outage = (now + window, self.outage.reference), None
        names = self.causes.watch(points, begins, self.outage.since if self.outage else None)
        return condition, percent, names if condition == TRUE else ()

    def _compare(self, point: Reading, reference: float | None, active: bool) -> tuple[int, float | None]:
        rule = self.rule
        if reference is None or not math.isfinite(point.value):
            return UNKNOWN, None
        ran = reference > 0 and reference >= rule.least_reference
        percent = (1 - point.value / reference) * 100 if ran else 0.0
        if percent > rule.drop_percent - (rule.dead_band if active else 0):
            return (TRUE if point.usable else UNKNOWN), percent
        return (FALSE if point.good else UNKNOWN), percent

    def _recent(self, now: int) -> float | None:
        rule, end = self.rule, now - self.rule.within_ns
        inside = [value for at, value in self.samples if end - rule.reference_ns <= at <= end]
        mean = statistics.fmean(inside) if inside else None
        if self._covered(end) < rule.least_coverage:
            mean = None
        if self.before is None or now > self.before[0]:
            return mean
        if now == self.before[0] - rule.within_ns - rule.reference_ns:
            return self.before[1]
        return self.before[1] if mean is None else max(mean, self.before[1])

    def _covered(self, end: int) -> float:
        """As `coverage`, but a sample stands for two slots of the whole window."""
        rule, covered = self.rule, 0
        slot = max(rule.reference_ns // 64, (rule.within_ns + rule.reference_ns) // 64)
        for place, (at, _) in enumerate(self.samples):
            until = self.samples[place + 1][0] if place + 1 < len(self.samples) else end
            covered += max(min(until, at + 2 * slot, end) - max(at, end - rule.reference_ns), 0)
        return min(covered / rule.reference_ns, 1.0)
