"""The rules once more, one value at a time and without arrays: slow, plain, written from the design alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.catalog import BadQuality, Bypassed, DiscreteState, Limit, NoUpdate, Rule
from rules.kinds.rates import RateOfChange
from tests.rules.kinds.oracle_rates import RateOracle

FALSE, TRUE, UNKNOWN = 0, 1, 2
GOOD, UNCERTAIN, BAD, STALE, NEVER_SEEN = range(5)


@dataclass
class Point:
    """One tag as a rule sees it."""

    value: float = math.nan
    quality: int = NEVER_SEEN
    received_ns: int = 0


@dataclass
class Timer:
    """One rule's delays."""

    active: bool = False
    before: int = UNKNOWN
    before_ns: int = 0
    on_ns: int = 0
    off_ns: int = 0
    ran_out_ns: int | None = None
    """The moment at which its delay ran out although the condition was UNKNOWN."""

    def step(self, condition: int, on_delay_ns: int, off_delay_ns: int, now_ns: int) -> int:
        passed = max(0, now_ns - self.before_ns)
        if self.before == TRUE:
            self.on_ns += passed
        if self.before == FALSE:
            self.off_ns += passed
        if condition == FALSE:
            self.on_ns = 0
        else:
            self.off_ns = 0
        verdict = self._verdict(condition, on_delay_ns, off_delay_ns, now_ns)
        self.before, self.before_ns = condition, now_ns
        return verdict

    def _verdict(self, condition: int, on_delay_ns: int, off_delay_ns: int, now_ns: int) -> int:
        if condition != UNKNOWN:
            self.ran_out_ns = None
        if not self.active:
            ran_out = self.before == TRUE and condition == UNKNOWN
            if (condition == TRUE or ran_out) and self.on_ns >= on_delay_ns:
                self.active, self.off_ns = True, 0
                self.ran_out_ns = now_ns if condition == UNKNOWN else None
                return TRUE
        elif condition == FALSE and self.off_ns >= off_delay_ns:
            self.active, self.on_ns = False, 0
            return FALSE
        if condition == UNKNOWN:
            return TRUE if self.ran_out_ns == now_ns else UNKNOWN
        return TRUE if self.active else FALSE


@dataclass
class Oracle:
    """A whole rule set with its memory."""

    rules: Sequence[Rule]
    start_ns: int
    active: Mapping[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.timers = [Timer(active=self.active.get(rule.id, False), before_ns=self.start_ns) for rule in self.rules]
        self.rates = {rule.id: RateOracle(rule) for rule in self.rules if isinstance(rule, RateOfChange)}
        self.missing = [set(_inputs(rule)) if self.active.get(rule.id, False) else set() for rule in self.rules]

    def evaluate(self, points: Mapping[str, Point], now_ns: int) -> tuple[list[int], list[int]]:
        """(conditions, verdicts) in rule order."""
        conditions, verdicts = [], []
        for rule, timer, missing in zip(self.rules, self.timers, self.missing, strict=True):
            condition = self._condition(rule, points, timer.active, now_ns)
            missing -= {name for name in missing if points[name].quality == GOOD}
            if missing and condition == FALSE:
                condition = UNKNOWN
            conditions.append(condition)
            verdicts.append(timer.step(condition, rule.delays.on_delay_ns, rule.delays.off_delay_ns, now_ns))
        return conditions, verdicts

    def _condition(self, rule: Rule, points: Mapping[str, Point], active: bool, now_ns: int) -> int:
        if isinstance(rule, Limit):
            return _limit(rule, points[rule.tag], active)
        if isinstance(rule, RateOfChange):
            return self.rates[rule.id].condition(points[rule.tag], active)
        if isinstance(rule, DiscreteState):
            return _state(points[rule.tag], rule.abnormal_state)
        if isinstance(rule, BadQuality):
            return {GOOD: FALSE, BAD: TRUE}.get(points[rule.tag].quality, UNKNOWN)
        if isinstance(rule, NoUpdate):
            point = points[rule.tag]
            if now_ns - max(point.received_ns, self.start_ns) > rule.after_ns:
                return TRUE
            return FALSE if point.received_ns > 0 else UNKNOWN
        assert isinstance(rule, Bypassed)
        bits = [_state(points[name], state) for name, state in rule.bits]
        return TRUE if TRUE in bits else UNKNOWN if UNKNOWN in bits else FALSE


def _inputs(rule: Rule) -> list[str]:
    if isinstance(rule, Bypassed):
        return [name for name, _ in rule.bits]
    assert isinstance(rule, Limit | DiscreteState | BadQuality | NoUpdate | RateOfChange)
    return [rule.tag]


def _limit(rule: Limit, point: Point, active: bool) -> int:
    if point.quality > UNCERTAIN or math.isnan(point.value):
        return UNKNOWN
    dead_band = rule.dead_band if active else 0.0
    high = rule.kind in ("HH", "H")
    if (high and point.value >= rule.set_point - dead_band) or (not high and point.value <= rule.set_point + dead_band):
        return TRUE
    return FALSE if point.quality == GOOD else UNKNOWN


def _state(point: Point, state: int) -> int:
    if point.quality > UNCERTAIN or point.value not in (0.0, 1.0):
        return UNKNOWN
    if point.value == state:
        return TRUE
    return FALSE if point.quality == GOOD else UNKNOWN
