"""The rules of one point as plain Python objects in a loop: what the engine is compared with."""

from dataclasses import dataclass, field

from rules.catalog import Limit, NoUpdate, Rule
from rules.columns.quality import Quality
from rules.kinds.rates import RateOfChange

GOOD = int(Quality.GOOD)


@dataclass(slots=True)
class LimitState:
    """One limit: compare, dead band, delays."""

    set_point: float
    dead_band: float
    is_high: bool
    on_delay_ns: int
    off_delay_ns: int
    active: bool = False
    since_ns: int | None = None

    def step(self, value: float, now_ns: int) -> bool:
        """True when the verdict changes."""
        back = self.dead_band if self.active else 0.0
        beyond = value >= self.set_point - back if self.is_high else value <= self.set_point + back
        if beyond == self.active:
            self.since_ns = None
            return False
        if self.since_ns is None:
            self.since_ns = now_ns
        if now_ns - self.since_ns < (self.off_delay_ns if self.active else self.on_delay_ns):
            return False
        self.active, self.since_ns = beyond, None
        return True


@dataclass(slots=True)
class PointLoop:
    """One point with its limits, no update and rate of change."""

    after_ns: int
    rate_limit: float
    window_ns: int
    limits: list[LimitState] = field(default_factory=list)
    silent: bool = False
    fast: bool = False
    kept: list[tuple[int, float]] = field(default_factory=list)

    def step(self, value: float, quality: int, received_ns: int, now_ns: int) -> int:
        """How many verdicts changed."""
        changes = 0
        silent = now_ns - received_ns > self.after_ns
        if silent != self.silent:
            self.silent, changes = silent, 1
        if quality != GOOD or value != value:
            return changes
        for limit in self.limits:
            changes += limit.step(value, now_ns)
        kept = self.kept
        if not kept or received_ns - kept[-1][0] >= self.window_ns // 4:
            kept.append((received_ns, value))
            if received_ns - kept[0][0] > self.window_ns:
                del kept[0]
        before_ns, before = kept[0]
        apart_ns = received_ns - before_ns
        if apart_ns * 2 >= self.window_ns:
            fast = abs(value - before) / (apart_ns / 60e9) >= self.rate_limit
            if fast != self.fast:
                self.fast = fast
                changes += 1
        return changes


def points_of(rules: list[Rule]) -> list[PointLoop]:
    """The points of the workload, in the order of their tags; rules over several tags are left out."""
    found: dict[str, PointLoop] = {}
    for rule in rules:
        if isinstance(rule, Limit):
            loop = found.setdefault(rule.tag, PointLoop(after_ns=0, rate_limit=0.0, window_ns=0))
            held = rule.delays
            loop.limits.append(
                LimitState(
                    rule.set_point, rule.dead_band, rule.kind in ("H", "HH"), held.on_delay_ns, held.off_delay_ns
                )
            )
        elif isinstance(rule, NoUpdate):
            found[rule.tag].after_ns = rule.after_ns
        elif isinstance(rule, RateOfChange):
            found[rule.tag].rate_limit, found[rule.tag].window_ns = rule.limit, rule.window_ns
    return list(found.values())
