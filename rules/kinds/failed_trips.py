"""A trip that was demanded and did not come: cause present, and an effect missing after its required time."""

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
from rules.language.lasting import Counted, count, lasted, next_due_ns, resumed
from rules.port import NEVER, Explanation, Figure, Judged, Moment, Rule, State, column, frozen
from rules.predicates import Condition, any_of
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)
_SWAP: Final = np.array([0, 2, 1], np.uint8)
"""Verdict to rank in a Kleene logic (rules.language.numbers), and back."""


@dataclass(frozen=True, kw_only=True)
class FailedToTrip(Rule):
    """The causes demand the trip for longer than an effect may take, and its feedback does not show it."""

    causes: tuple[Cause, ...]
    effects: tuple[Effect, ...]
    needed: int = 1
    """m of m-out-of-n: so many causes must demand it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FailedToTripGroup(TripGroup):
    """All FailedToTrip rules."""

    timeless: ClassVar[bool] = False

    def fresh(self, mono_ns: int) -> State:
        """No demand yet."""
        rules = self.position.size
        return frozen(
            demand_mono_ns=np.full(rules, NEVER, np.int64),
            demanded_ns=np.zeros(rules, np.int64),
            held_mono_ns=np.full(rules, NEVER, np.int64),
            judged_mono_ns=np.full(rules, NEVER, np.int64),
        )

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """A demand counts while it is TRUE, is held by UNKNOWN and begins anew after FALSE; each effect has its own time."""
        counts, missing = self._missing(moment, state)
        verdict, decider = any_of(missing, self.effects.first_effect)
        row = self.effects.row[decider]
        since = counts.since_mono_ns[self.effects.effect_rule]
        due_ns = next_due_ns(since, self.effects.within_ns, moment.mono_ns)
        return Judged(
            condition=verdict,
            value=moment.value[row],
            limit=self.effects.acted_when[decider],
            row=row,
            state=_state(counts, moment.mono_ns),
            due_ns=due_ns,
            detail=self._names(verdict, missing, moment.tag_ids),
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Causes, effects, and how long the demand has lasted."""
        judged = self.judge(moment, np.zeros(self.position.size, np.bool_), state)
        since, counted = int(judged.state["demand_mono_ns"][place]), int(judged.state["demanded_ns"][place])
        lasted_s = (moment.mono_ns - since if since != NEVER else counted) / 1e9
        mine = self.effects.effect_rule == place
        within_s = float(self.effects.within_ns[mine].min()) / 1e9
        causes, effects = self.demand.told(place, moment), self.effects.told(place, moment)
        rows = (*self.demand.row[self.demand.cause_rule == place].tolist(), *self.effects.row[mine].tolist())
        return explained(
            int(judged.condition[place]),
            (
                f"{causes[0]}；{effects[0]}；触发已 {lasted_s:.1f} s，最迟 {within_s:g} s 内动作",
                f"{causes[1]}; {effects[1]}; demanded for {lasted_s:.1f} s, to act within {within_s:g} s",
            ),
            (
                Figure(zh="触发已持续", en="demanded for", value=lasted_s, eu="s"),
                Figure(zh="要求时间", en="required time", value=within_s, eu="s"),
            ),
            tuple(moment.tag_ids[row] for row in rows),
        )

    def _missing(self, moment: Moment, state: State) -> tuple[Counted, Condition]:
        """(how long each rule is demanded, whether each effect is missing and overdue)."""
        ranks = _SWAP[self.demand.present(moment)]
        since = resumed(state["demand_mono_ns"], state["judged_mono_ns"], moment.start_mono_ns, moment.mono_ns)
        before = Counted(since, state["demanded_ns"], state["held_mono_ns"])
        counts = count(ranks, before, moment.mono_ns)
        rule = self.effects.effect_rule
        of_effect = Counted(*(array[rule] for array in counts))
        overdue = lasted(ranks[rule], of_effect, self.effects.within_ns, moment.mono_ns)
        missing = _SWAP[self.effects.each_missing(moment)]
        return counts, _SWAP[np.minimum(overdue, missing)]

    def _names(
        self, verdict: Condition, missing: Condition, tag_ids: tuple[str, ...]
    ) -> tuple[tuple[int, tuple[str, ...]], ...]:
        found = []
        for place in np.flatnonzero(verdict == _TRUE).tolist():
            rows = self.effects.row[(self.effects.effect_rule == place) & (missing == _TRUE)]
            found.append((place, tuple(tag_ids[row] for row in rows.tolist())))
        return tuple(found)


def _state(counts: Counted, mono_ns: int) -> State:
    return frozen(
        demand_mono_ns=counts.since_mono_ns,
        demanded_ns=counts.counted_ns,
        held_mono_ns=counts.held_mono_ns,
        judged_mono_ns=np.full(counts.since_mono_ns.shape, mono_ns, np.int64),
    )


class FailedToTripKind:
    """Checks and compiles FailedToTrip rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: FailedToTrip, table: TagTable) -> Iterator[RuleError]:
        """Causes and effects that cannot be."""
        yield from cause_errors(rule.id, rule.causes, rule.needed, table)
        yield from effect_errors(rule.id, rule.effects, table)

    def set_errors(self, rules: Sequence[FailedToTrip], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, FailedToTrip]], table: TagTable) -> FailedToTripGroup:
        """The columns."""
        return FailedToTripGroup(
            position=column([position for position, _ in rules], np.intp),
            demand=DemandColumns.of([rule.causes for _, rule in rules], [rule.needed for _, rule in rules], table),
            effects=EffectColumns.of([rule.effects for _, rule in rules], table),
        )
