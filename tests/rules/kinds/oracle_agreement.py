"""Agreement once more, one rule at a time and without arrays."""

import statistics
from dataclasses import dataclass, field

from rules.kinds.disagreement import Disagreement
from rules.kinds.drift import Drift
from rules.kinds.votes_left import VoteDegraded
from rules.kinds.voting import Voter, Voting
from tests.rules.kinds.walks import BAD, FALSE, GOOD, TRUE, UNKNOWN, Points, Reading


def disagreement(rule: Disagreement, points: Points, active: bool) -> tuple[int, float | None, tuple[str, ...]]:
    """(condition, largest distance, names of the liars)."""
    usable = {name: points[name].value for name in rule.tags if points[name].usable}
    if len(usable) < 2:
        return UNKNOWN, None, ()
    if len(usable) == 3:
        middle = statistics.median(usable.values())
        distance = {name: abs(value - middle) for name, value in usable.items()}
    else:
        distance = dict.fromkeys(usable, max(usable.values()) - min(usable.values()))
    allowed = rule.tolerance - rule.dead_band if active else rule.tolerance
    largest = max(distance.values())
    if largest > allowed:
        liars = tuple(name for name in rule.tags if distance.get(name, 0.0) > allowed)
        return TRUE, largest, liars if len(liars) == 1 else tuple(usable)
    return (FALSE if all(points[name].good for name in rule.tags) else UNKNOWN), largest, ()


def coverage(samples: list[tuple[int, float]], window_ns: int, now: int, slots: int = 32) -> float:
    """Each sample stands until the next one, for two slots at most; what lies in the window counts."""
    covered = 0
    for place, (at, _) in enumerate(samples):
        until = samples[place + 1][0] if place + 1 < len(samples) else now
        until = min(until, at + 2 * (window_ns // slots), now)
        covered += max(until - max(at, now - window_ns), 0)
    return min(covered / window_ns, 1.0)


@dataclass
class DriftOracle:
    rule: Drift
    samples: list[tuple[int, float]] = field(default_factory=list)

    def judge(self, points: Points, active: bool, now: int) -> tuple[int, float | None]:
        rule = self.rule
        mine, others = points[rule.tag], [points[name] for name in rule.others]
        if mine.good and all(other.good for other in others):
            difference = mine.value - (others[0].value + others[-1].value) / 2
            self._take(min(point.received_ns for point in (mine, *others)), difference)
        inside = [value for at, value in self.samples if now - at <= rule.window_ns]
        mean = sum(inside) / len(inside) if inside else None
        if mean is None or coverage(self.samples, rule.window_ns, now) < rule.least_coverage:
            return UNKNOWN, mean
        if abs(mean) > rule.tolerance - (rule.dead_band if active else 0):
            return TRUE, mean
        return (FALSE if mine.good and all(other.good for other in others) else UNKNOWN), mean

    def _take(self, at: int, difference: float) -> None:
        slot = self.rule.window_ns // 32
        if not self.samples or (at > self.samples[-1][0] and at // slot > self.samples[-1][0] // slot):
            self.samples = [*self.samples, (at, difference)][-33:]


def _votes(voter: Voter, point: Reading, discrete: bool, active: bool) -> int | None:
    """What one voter says; None when it is bad."""
    if not point.usable or (discrete and point.value not in (0.0, 1.0)):
        return None
    if discrete:
        beyond = point.value == voter.set_point
    else:
        back = voter.dead_band if active else 0.0
        at = voter.set_point - back if voter.side == "high" else voter.set_point + back
        beyond = point.value >= at if voter.side == "high" else point.value <= at
    if beyond:
        return TRUE
    return FALSE if point.quality == GOOD else UNKNOWN


def voting(rule: Voting, points: Points, discrete: set[str], active: bool) -> tuple[int, int, tuple[str, ...]]:
    """(condition, votes, names)."""
    says = {voter.tag: _votes(voter, points[voter.tag], voter.tag in discrete, active) for voter in rule.voters}
    votes = [name for name, said in says.items() if said == TRUE]
    bad = sum(said is None for said in says.values())
    steps = (rule.needed, *rule.degraded)
    needed = steps[bad] if bad < len(steps) else rule.needed
    if len(votes) >= needed or len(votes) >= rule.needed:
        return TRUE, len(votes), tuple(votes or [name for name, said in says.items() if said != FALSE])
    possible = sum(said != FALSE for said in says.values())
    return (FALSE if possible < rule.needed else UNKNOWN), len(votes), ()


def vote_degraded(rule: VoteDegraded, points: Points) -> tuple[int, tuple[str, ...]]:
    mine = {name: points[name] for name in rule.tags}
    lost = []
    for name, point in mine.items():
        not_a_number = point.quality < BAD and not point.usable
        if point.quality == BAD or not_a_number:
            lost.append(name)
    if lost:
        return TRUE, tuple(lost)
    return (FALSE if all(point.good for point in mine.values()) else UNKNOWN), ()
