"""Follows the effects of every interlock that was demanded; nothing is looked at while nothing is demanded.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.interlocks.columns import InterlockColumns
from monitor.interlocks.feedback import Answer, Demand, Feedback, Sight, answer_of, feedback_of, is_news, summary
from monitor.interlocks.judge import Judgement
from monitor.interlocks.memory import InterlockMemory
from monitor.interlocks.register import Interlock
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.port import NEVER
from rules.verdicts import Verdict

_NOT_DUE: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What one look at the effects found."""

    moved: frozenset[int] = frozenset()
    """Places of which anything is not as it was."""
    told: Mapping[int, tuple[Answer, Answer]]
    """Place -> what is to be told of all its effects: before and after."""
    due_ns: int | None = None
    """Mono time at which the next effect has not moved in its time, if nothing is read."""


class FeedbackWatch:
    """Owns the demands that effects still answer, or answered until the trip is reset."""

    def __init__(self, columns: InterlockColumns, interlocks: Sequence[Interlock]) -> None:
        """`interlocks` in the order of the columns."""
        self._columns = columns
        self._effects = [item.outputs for item in interlocks]
        self._has_effects = np.zeros(len(columns), np.bool_)
        self._has_effects[columns.outputs.having] = True
        self._calm = np.zeros(len(columns), np.bool_)
        """Read without a demand since the start: of a demand that stands at the start nobody knows when it began."""
        self._stands = np.zeros(len(columns), np.bool_)
        self._demands: dict[int, Demand] = {}
        self._next_ns = np.full(len(columns), _NOT_DUE, np.int64)
        """When the time of the next effect that is awaited is over."""
        self._seen_before: tuple[Judgement, InterlockMemory] | None = None
        self._shown: list[tuple[Feedback, ...]] = [
            tuple(Feedback(tag=each.tag, within_s=each.within_s) for each in effects) for effects in self._effects
        ]

    def restore(self, demands: Mapping[int, Demand]) -> None:
        """Go on with the demands of the last run, by place; what their effects did meanwhile nobody saw."""
        for place, demand in demands.items():
            sights = tuple(replace(sight, blind=True) for sight in demand.sights)
            self._demands[place] = replace(demand, sights=sights)
            self._stands[place] = True

    def of(self, place: int) -> tuple[Feedback, ...]:
        """Every effect of one interlock, in register order."""
        return self._shown[place]

    def demand(self, place: int) -> Demand | None:
        """The demand that the effects of one interlock answer; None where there is none."""
        return self._demands.get(place)

    def look(self, judgement: Judgement, memory: InterlockMemory, snapshot: Snapshot) -> Followed:
        """Begin what is demanded, see what acted, end what was reset."""
        begins = (judgement.demand == Verdict.TRUE) & self._calm & self._has_effects & ~self._stands
        begun: list[int] = np.flatnonzero(begins).tolist()
        self._calm |= judgement.demand == Verdict.FALSE
        self._stands |= begins
        for place in begun:
            self._demands[place] = self._begun(place, judgement, snapshot)
        moved, told = set(begun), dict[int, tuple[Answer, Answer]]()
        for place in self._stirred(begins, judgement, memory, snapshot.mono_ns):
            before = self._demands[place]
            demand = self._seen(place, before, judgement, snapshot)
            shown = self._answered(place, demand, judgement, memory, snapshot.mono_ns)
            answers = tuple(each.answer or Answer.WAITING for each in shown)
            if is_news(demand.told, answers):
                told[place] = (summary(demand.told), summary(answers))
                demand = replace(demand, told=answers)
            if demand is not before or shown != self._shown[place]:
                moved.add(place)
            self._demands[place], self._shown[place] = demand, shown
        moved.update(self._ended(judgement, memory, snapshot.mono_ns))
        due_ns = int(self._next_ns.min(initial=_NOT_DUE))
        return Followed(moved=frozenset(moved), told=told, due_ns=None if due_ns == _NOT_DUE else due_ns)

    def _stirred(
        self, begins: npt.NDArray[np.bool_], judgement: Judgement, memory: InterlockMemory, now_ns: int
    ) -> list[int]:
        """Places of demands of which anything can have changed: in a storm of them most stand still."""
        before, self._seen_before = self._seen_before, (judgement, memory)
        if before is None:
            return np.flatnonzero(self._stands).tolist()
        seen, remembered = before
        stirred = begins | (self._next_ns <= now_ns) | (seen.tripped != judgement.tripped)
        stirred |= (remembered.demand_mono_ns != memory.demand_mono_ns) | (remembered.unread != memory.unread)
        stirred[self._columns.outputs.owner[seen.outputs != judgement.outputs]] = True
        return np.flatnonzero(stirred & self._stands).tolist()

    def _ended(self, judgement: Judgement, memory: InterlockMemory, now_ns: int) -> list[int]:
        """Forget what is not demanded, not tripped, and too long ago for a trip that comes now."""
        over = self._stands & (memory.demand_mono_ns == NEVER) & (judgement.tripped == Verdict.FALSE)
        if not over.any():
            return []
        allowed_ns = self._columns.within_ns + self._columns.settle_ns
        over &= memory.demanded_mono_ns < now_ns - allowed_ns
        ended: list[int] = np.flatnonzero(over).tolist()
        for place in ended:
            del self._demands[place]
        self._stands[over], self._next_ns[over] = False, _NOT_DUE
        return ended

    def _begun(self, place: int, judgement: Judgement, snapshot: Snapshot) -> Demand:
        columns = self._columns
        rows = columns.inputs.row[columns.inputs.true_of(place, judgement.inputs)]
        # the vote is complete with the m-th of the causes
        last = min(int(columns.needed[place]), rows.size) - 1
        source_ns = np.sort(snapshot.source_time_ns[rows])
        return Demand(
            mono_ns=int(np.sort(snapshot.received_mono_ns[rows])[last]),
            source_ns=None if source_ns[0] == NO_TIME else int(source_ns[last]),
            sights=(Sight(),) * len(columns.outputs.of(place)),
        )

    def _seen(self, place: int, demand: Demand, judgement: Judgement, snapshot: Snapshot) -> Demand:
        """The demand with what is read of its effects now; the same object where nothing is new."""
        mine = self._columns.outputs.of(place)
        verdicts = judgement.outputs[mine.start : mine.stop].tolist()
        sights = tuple(
            sight if sight.after_ns is not None else self._sight(place, verdict, sight, demand, snapshot, at)
            for sight, verdict, at in zip(demand.sights, verdicts, mine, strict=True)
        )
        return demand if sights == demand.sights else replace(demand, sights=sights)

    def _sight(self, place: int, verdict: int, sight: Sight, demand: Demand, snapshot: Snapshot, at: int) -> Sight:
        if verdict != Verdict.TRUE:
            return replace(sight, blind=verdict == Verdict.UNKNOWN)
        row = self._columns.outputs.row[at]
        read_ns = max(int(snapshot.received_mono_ns[row]) - demand.mono_ns, 0)
        source_ns = int(snapshot.source_time_ns[row])
        if demand.source_ns is not None and source_ns != NO_TIME:
            told_ns = source_ns - demand.source_ns
            # clocks that disagree measure nothing: no effect acts before it is asked, or after it is read
            if 0 <= told_ns <= read_ns + int(self._columns.settle_ns[place]):
                return Sight(after_ns=told_ns, by_source_time=True)
        return Sight(after_ns=read_ns, at_most=sight.blind)

    def _answered(
        self, place: int, demand: Demand, judgement: Judgement, memory: InterlockMemory, now_ns: int
    ) -> tuple[Feedback, ...]:
        """The effects as people see them; notes when the time of the next that is still awaited is over."""
        settle_ns, start = int(self._columns.settle_ns[place]), int(self._columns.outputs.start[place])
        # what is demanded no more need not act, unless it tripped
        asked = memory.demand_mono_ns[place] != NEVER or judgement.tripped[place] != Verdict.FALSE
        asked = asked and not memory.unread[place]
        shown, next_ns = [], _NOT_DUE
        for number, (effect, sight) in enumerate(zip(self._effects[place], demand.sights, strict=True)):
            within_ns = round(effect.within_s * 1e9)
            over_ns = demand.mono_ns + within_ns + settle_ns + 1
            answer = answer_of(sight, int(judgement.outputs[start + number]), within_ns, asked and now_ns >= over_ns)
            shown.append(feedback_of(effect, sight, answer))
            if answer is Answer.WAITING and now_ns < over_ns:
                next_ns = min(next_ns, over_ns)
        self._next_ns[place] = next_ns
        return tuple(shown)
