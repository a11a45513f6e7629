"""Interlocks once more, one at a time and without arrays: slow, plain, written from docs/rules/interlocks.md alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.kinds.interlocks import Cause, Effect, FailedToTrip, SpuriousTrip, TripPointDrift
from tests.rules.oracle import BAD, FALSE, GOOD, TRUE, UNCERTAIN, UNKNOWN, Point


def demands(cause: Cause, point: Point, *, uncertain_makes: int) -> int:
    """Does a cause demand the trip; an UNCERTAIN reading makes `uncertain_makes` and never the other."""
    if point.quality >= BAD or point.value != point.value:
        return UNKNOWN
    if cause.sense == "state":
        if point.value not in (0.0, 1.0):
            return UNKNOWN
        answer = TRUE if point.value == cause.trip_point else FALSE
    elif cause.sense == "high":
        answer = TRUE if point.value >= cause.trip_point else FALSE
    else:
        answer = TRUE if point.value <= cause.trip_point else FALSE
    return UNKNOWN if point.quality == UNCERTAIN and answer != uncertain_makes else answer


def vote(answers: list[int], needed: int) -> int:
    if answers.count(TRUE) >= needed:
        return TRUE
    return FALSE if answers.count(TRUE) + answers.count(UNKNOWN) < needed else UNKNOWN


def stands(effect: Effect, point: Point, state: int) -> int:
    """Is the feedback in this state; UNCERTAIN may say yes, never no."""
    if point.quality >= BAD or point.value not in (0.0, 1.0):
        return UNKNOWN
    if point.value == state:
        return TRUE
    return FALSE if point.quality == GOOD else UNKNOWN


@dataclass
class FailedOracle:
    """One FailedToTrip."""

    rule: FailedToTrip
    counting: bool = False
    counted_ns: int = 0
    before_ns: int = 0
    held_ns: int = -1
    """The moment at which UNKNOWN began to hold it."""

    def step(self, points: Mapping[str, Point], now_ns: int) -> int:
        rule = self.rule
        answers = [demands(cause, points[cause.tag], uncertain_makes=TRUE) for cause in rule.causes]
        demand = vote(answers, rule.needed)
        if self.counting:
            self.counted_ns += now_ns - self.before_ns
            if demand == UNKNOWN:
                self.held_ns = now_ns
        elif demand != UNKNOWN:
            self.held_ns = -1
        if demand == FALSE:
            self.counted_ns = 0
        self.counting, self.before_ns = demand == TRUE, now_ns
        found = []
        for effect in rule.effects:
            if demand == TRUE:
                late = TRUE if self.counted_ns >= effect.within_ns else FALSE
            elif demand == UNKNOWN:
                late = TRUE if self.held_ns == now_ns and self.counted_ns >= effect.within_ns else UNKNOWN
            else:
                late = FALSE
            missing = stands(effect, points[effect.tag], 1 - effect.acted_when)
            found.append(FALSE if FALSE in (late, missing) else UNKNOWN if UNKNOWN in (late, missing) else TRUE)
        return TRUE if TRUE in found else UNKNOWN if UNKNOWN in found else FALSE


@dataclass
class SpuriousOracle:
    """One SpuriousTrip, judged by the whole history of what was seen."""

    rule: SpuriousTrip
    longest_period_ns: int
    history: list[tuple[int, int, int]] = field(default_factory=list)
    """(now, effect acted, demand) of every moment; demand with UNCERTAIN against it."""

    def step(self, points: Mapping[str, Point], now_ns: int) -> int:
        rule = self.rule
        effects = [stands(effect, points[effect.tag], effect.acted_when) for effect in rule.effects]
        acted = TRUE if TRUE in effects else UNKNOWN if UNKNOWN in effects else FALSE
        answers = [demands(cause, points[cause.tag], uncertain_makes=FALSE) for cause in rule.causes]
        self.history.append((now_ns, acted, vote(answers, rule.needed)))
        if acted != TRUE:
            return acted
        return self._of_this_trip()

    def _of_this_trip(self) -> int:
        ends = [place for place, (_, acted, _) in enumerate(self.history) if acted == FALSE]
        after = self.history[ends[-1] + 1 :] if ends else self.history
        began = next(now for now, acted, _ in after if acted == TRUE)
        tolerance = self.rule.tolerance_ns + self.longest_period_ns
        earliest = began - tolerance - max(effect.within_ns for effect in self.rule.effects)
        for upto in range(len(self.history) - len(after), len(self.history)):
            now, acted, _ = self.history[upto]
            if acted != TRUE:
                continue
            seen = [demand for when, _, demand in self.history[: upto + 1] if when >= earliest]
            over = now >= began + tolerance
            if TRUE in seen:
                return FALSE  # it had a cause; that is never taken back
            if ends and over:  # decided now; only an undecided one is looked at again
                if UNKNOWN not in seen:
                    return TRUE
                later = [demand for when, acted, demand in self.history[upto + 1 :] if acted == TRUE]
                return FALSE if TRUE in self._demands_until(later, upto) else UNKNOWN
        return FALSE if ends else UNKNOWN

    def _demands_until(self, later: list[int], upto: int) -> list[int]:
        """Demands at moments that count for an undecided trip: those up to each moment at which it is acted."""
        if not later:
            return []
        last = max(place for place, (_, acted, _) in enumerate(self.history) if acted == TRUE)
        return [demand for _, _, demand in self.history[upto + 1 : last + 1]]


def drifted(rule: TripPointDrift, point: Point) -> int:
    if point.quality >= BAD or point.value != point.value:
        return UNKNOWN
    if abs(point.value - rule.approved) > rule.tolerance + abs(rule.approved) / 8388608:
        return TRUE
    return FALSE if point.quality == GOOD else UNKNOWN
