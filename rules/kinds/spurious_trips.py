"""A trip that nothing demanded: an effect acted, and no cause was seen around that moment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.errors import RuleError
from rules.kinds.demands import Cause, DemandColumns, Effect, EffectColumns, cause_errors, effect_errors
from rules.kinds.explain import explained
from rules.kinds.trip_groups import TripGroup
from rules.port import NEVER, Explanation, Figure, Judged, Moment, Rule, State, column, frozen
from rules.predicates import Condition
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)

NO_TRIP, WAITING, CAUSED, SPURIOUS, UNDECIDED, UNSEEN = range(6)
"""What is known of the trip: none; it began and a cause may still be read; it had a cause; it had none; a cause could not
be judged; unseen: no effect was ever read as not acted, so a trip that stands now began at an unknown time."""
_CONDITION: Final = np.array([_FALSE, _FALSE, _FALSE, _TRUE, _UNKNOWN, _UNKNOWN], np.uint8)


@dataclass(frozen=True, kw_only=True)
class SpuriousTrip(Rule):
    """An effect acts although the causes did not demand it."""

    causes: tuple[Cause, ...]
    effects: tuple[Effect, ...]
    """`within_ns`: a cause so long before the effect is still its cause (the trip is latched, the valve travels)."""
    needed: int = 1
    """m of m-out-of-n: so many causes must demand it."""
    tolerance_ns: int = 0
    """Added to the longest scan class period of the inputs: how far the times of cause and effect may be apart."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpuriousTripGroup(TripGroup):
    """All SpuriousTrip rules."""

    tolerance_ns: npt.NDArray[np.int64]
    """With the scan class periods."""
    look_back_ns: npt.NDArray[np.int64]
    """Tolerance and the longest time an effect may take."""
    timeless: ClassVar[bool] = False

    def fresh(self, mono_ns: int) -> State:
        """No effect was read yet."""
        rules = self.position.size
        return frozen(
            trip=np.full(rules, UNSEEN, np.uint8),
            acted_mono_ns=np.full(rules, NEVER, np.int64),
            demand_mono_ns=np.full(rules, NEVER, np.int64),
            unsure_mono_ns=np.full(rules, NEVER, np.int64),
            judged_mono_ns=np.full(rules, NEVER, np.int64),
        )

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """What was decided of a trip stands until no effect is acted any more."""
        now = moment.mono_ns
        acted, decider = self.effects.any_acted(moment)
        absent = self.demand.absent(moment)
        demand_ns = np.where(absent == _FALSE, now, state["demand_mono_ns"])
        unsure_ns = np.where(absent == _UNKNOWN, now, state["unsure_mono_ns"])
        trip, acted_ns = _begun(acted, _resumed(state, moment.start_mono_ns), state["acted_mono_ns"], now)
        trip = self._decided(trip, acted, acted_ns, demand_ns, unsure_ns, now)
        condition = np.where(acted == _UNKNOWN, _UNKNOWN, _CONDITION[trip])
        row = self.effects.row[decider]
        after = frozen(
            trip=trip,
            acted_mono_ns=acted_ns,
            demand_mono_ns=demand_ns,
            unsure_mono_ns=unsure_ns,
            judged_mono_ns=np.full(trip.shape, now, np.int64),
        )
        return Judged(
            condition=condition,
            value=moment.value[row],
            limit=self.effects.acted_when[decider],
            row=row,
            state=after,
            due_ns=self._due_ns(trip, acted_ns),
            detail=self._names(condition, moment),
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Effects, causes, and what is known of the trip."""
        judged = self.judge(moment, np.zeros(self.position.size, np.bool_), state)
        trip = int(judged.state["trip"][place])
        causes, effects = self.demand.told(place, moment), self.effects.told(place, moment)
        look_back_s = float(self.look_back_ns[place]) / 1e9
        words = _WORDS[trip]
        rows = (
            *self.effects.row[self.effects.effect_rule == place].tolist(),
            *self.demand.row[self.demand.cause_rule == place].tolist(),
        )
        return explained(
            int(judged.condition[place]),
            (
                f"{effects[0]}；{causes[0]}；{words[0]}（查动作前 {look_back_s:g} s）",
                f"{effects[1]}; {causes[1]}; {words[1]} (looked {look_back_s:g} s back)",
            ),
            (
                Figure(zh="查找原因的时间", en="looked back", value=look_back_s, eu="s"),
                Figure(zh="时间差允许", en="tolerance", value=float(self.tolerance_ns[place]) / 1e9, eu="s"),
            ),
            tuple(moment.tag_ids[row] for row in rows),
        )

    def _decided(
        self,
        trip: npt.NDArray[np.uint8],
        acted: Condition,
        acted_ns: npt.NDArray[np.int64],
        demand_ns: npt.NDArray[np.int64],
        unsure_ns: npt.NDArray[np.int64],
        now: int,
    ) -> npt.NDArray[np.uint8]:
        """A cause near the trip explains it at once; without one it is decided when the tolerance is over."""
        open_ = (acted == _TRUE) & ((trip == WAITING) | (trip == UNDECIDED) | (trip == UNSEEN))
        caused = open_ & _near(demand_ns, acted_ns, self.look_back_ns)
        over = open_ & ~caused & (trip == WAITING) & (now >= acted_ns + np.where(open_, self.tolerance_ns, 0))
        unsure = over & _near(unsure_ns, acted_ns, self.look_back_ns)
        decided = np.where(caused, CAUSED, np.where(unsure, UNDECIDED, np.where(over, SPURIOUS, trip)))
        return decided.astype(np.uint8)

    def _due_ns(self, trip: npt.NDArray[np.uint8], acted_ns: npt.NDArray[np.int64]) -> int | None:
        waiting = trip == WAITING
        return int((acted_ns + self.tolerance_ns)[waiting].min()) if bool(waiting.any()) else None

    def _names(self, condition: Condition, moment: Moment) -> tuple[tuple[int, tuple[str, ...]], ...]:
        found = []
        for place in np.flatnonzero(condition == _TRUE).tolist():
            mine = (self.effects.effect_rule == place) & (self.effects.each_acted(moment) == _TRUE)
            found.append((place, tuple(moment.tag_ids[row] for row in self.effects.row[mine].tolist())))
        return tuple(found)


_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("没有动作", "no trip"),
    ("刚动作，等待原因读数", "just tripped, a cause may still be read"),
    ("有触发原因", "it had a cause"),
    ("没有触发原因", "it had no cause"),
    ("当时原因无法判断", "its causes could not be judged"),
    ("未看到动作开始", "its beginning was not seen"),
)
"""By what is known of the trip."""


def _resumed(state: State, start_mono_ns: int) -> npt.NDArray[np.uint8]:
    """After a restart: what happened since it was judged last was not seen, neither the beginning of a trip nor its cause."""
    trip: npt.NDArray[np.uint8] = state["trip"]
    before = state["judged_mono_ns"] < start_mono_ns
    if bool(before.any()):
        trip = np.where(before & (trip == NO_TRIP), UNSEEN, np.where(before & (trip == WAITING), UNDECIDED, trip))
        trip = trip.astype(np.uint8)
    return trip


def _begun(
    acted: Condition, trip: npt.NDArray[np.uint8], acted_ns: npt.NDArray[np.int64], now: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """A trip begins when an effect acts that was not acted, and ends when none is; UNKNOWN leaves it as it was."""
    ends, begins = acted == _FALSE, (acted == _TRUE) & ((trip == NO_TRIP) | (acted_ns == NEVER))
    trip = np.where(ends, NO_TRIP, np.where(begins & (trip == NO_TRIP), WAITING, trip)).astype(np.uint8)
    return trip, np.where(ends, NEVER, np.where(begins, now, acted_ns))


def _near(
    seen_ns: npt.NDArray[np.int64], acted_ns: npt.NDArray[np.int64], look_back_ns: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """It was seen no longer than so before the trip, or since; NEVER is the smallest integer: subtract only from others."""
    there = (seen_ns != NEVER) & (acted_ns != NEVER)
    near: npt.NDArray[np.bool_] = there & (np.where(there, acted_ns - seen_ns, 0) <= look_back_ns)
    return near


class SpuriousTripKind:
    """Checks and compiles SpuriousTrip rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: SpuriousTrip, table: TagTable) -> Iterator[RuleError]:
        """Causes and effects that cannot be, a negative tolerance."""
        yield from cause_errors(rule.id, rule.causes, rule.needed, table)
        yield from effect_errors(rule.id, rule.effects, table)
        if rule.tolerance_ns < 0:
            zh = f"{rule.tolerance_ns / 1e9:g} s 是负的"
            en = f"{rule.tolerance_ns / 1e9:g} s is negative"
            yield RuleError(rule.id, "tolerance_s", zh, en)

    def set_errors(self, rules: Sequence[SpuriousTrip], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, SpuriousTrip]], table: TagTable) -> SpuriousTripGroup:
        """The columns."""
        tolerance_ns = [rule.tolerance_ns + _longest_period_ns(rule, table) for _, rule in rules]
        travel_ns = [max(effect.within_ns for effect in rule.effects) for _, rule in rules]
        return SpuriousTripGroup(
            position=column([position for position, _ in rules], np.intp),
            demand=DemandColumns.of([rule.causes for _, rule in rules], [rule.needed for _, rule in rules], table),
            effects=EffectColumns.of([rule.effects for _, rule in rules], table),
            tolerance_ns=column(tolerance_ns, np.int64),
            look_back_ns=column(np.add(tolerance_ns, travel_ns), np.int64),
        )


def _longest_period_ns(rule: SpuriousTrip, table: TagTable) -> int:
    """Cause and effect are not read at one moment: their order is known to one scan class period only."""
    names = (*(cause.tag for cause in rule.causes), *(effect.tag for effect in rule.effects))
    return max(table.tags[table.row_of[name]].scan_period_ns for name in names)
