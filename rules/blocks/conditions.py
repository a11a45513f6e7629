"""Where the conditions of the language may change in a stretch of time."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.blocks.course import Bools, Conditions, Stirs, around, turned
from rules.language.conditions import ConditionColumns
from rules.language.numbers import Floats, Ranks
from rules.language.remembered import JUDGED, Places, Remembered
from rules.language.shapes import Shape, Trace
from rules.language.tree import Comparison, Lasting, QualityTest, Reading, walk
from rules.port import State
from rules.stretch import Stretch


class _Memoryless(Remembered):
    """Looks through `for`: what stands inside of it is judged sweep by sweep."""

    def lasting(self, places: Places, slot: int, ranks: Ranks, duration_ns: npt.NDArray[np.int64]) -> Ranks:
        return ranks

    def counted_ns(self, places: Places, slot: int) -> npt.NDArray[np.int64]:
        return np.zeros(1, np.int64)

    def previous(
        self, places: Places, slot: int, value: Floats, quality: Ranks, received_mono_ns: npt.NDArray[Any]
    ) -> tuple[Floats, Ranks]:
        return value, quality


def condition_stirs(conditions: ConditionColumns, stretch: Stretch) -> Bools:
    """Sweeps (t) at which a condition, or the count of a `for` in it, may go another way than at the sweep before.

    A `for` may run out between them: that is when `ConditionColumns.due_ns` says.  The sweeps beside them are told too:
    the count of the sweep before belongs to what it was then, and what ran out under UNKNOWN is seen once.
    """
    stirs = np.zeros(len(stretch), np.bool_)
    stirs[0] = True
    moment = stretch.together()
    for shape in conditions.shapes:
        if _depends_on_the_past(shape):
            rows = shape.rows.ravel()
            stirs |= turned(
                stretch.value[:, rows].view(np.int64), stretch.quality[:, rows], stretch.received_mono_ns[:, rows]
            )
            continue
        trace = Trace()
        with np.errstate(all="ignore"):
            shape.judge(moment, _Memoryless({}, moment), trace)
        leaves = [node for node in walk(shape.truth) if isinstance(node, Comparison | QualityTest)]
        ranks = [trace.ranks[id(leaf)] for leaf in leaves]
        for of in ranks:
            if of.ndim > 1:  # else it compares numbers that are written down
                stirs |= turned(of)
    return around(stirs)


def _depends_on_the_past(shape: Shape) -> bool:
    """A reading before the newest, or a number that counts how many conditions lasted."""
    nodes = list(walk(shape.truth))
    if any(isinstance(node, Reading) and node.previous for node in nodes):
        return True
    return any(isinstance(inner, Lasting) for node in nodes if isinstance(node, Comparison) for inner in walk(node))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConditionCourse:
    """Conditions through a stretch."""

    verdict: Conditions
    """(t, conditions)."""
    at: Sequence[int]
    """The sweeps that were judged, ascending from the first."""
    states: Sequence[State]
    judged_ns: npt.NDArray[np.int64] | None
    """(t): when each sweep was; None where the conditions leave no trace, not even of when they were judged."""

    def state_at(self, at: int) -> State:
        """What judging every sweep up to `at` leaves."""
        state = self.states[bisect_right(self.at, at) - 1]
        if self.judged_ns is None:
            return state
        return {**state, JUDGED: np.full(self.verdict.shape[1], self.judged_ns[at])}


def condition_course(conditions: ConditionColumns, stretch: Stretch, state: State) -> ConditionCourse:
    """Judge them where they may change, and at the last sweep."""
    verdict = np.empty((len(stretch), len(conditions.conditions)), np.uint8)
    stirs = Stirs(stretch, condition_stirs(conditions, stretch))
    judged_at, states, at, last = [], [], 0, len(stretch) - 1
    while at <= last:
        moment = stretch.moment(at)
        verdict[at], state = conditions.judge(moment, state)
        judged_at.append(at)
        states.append(state)
        until = max(min(stirs.after(at), stretch.first_at(conditions.due_ns(state, moment.mono_ns)), last), at + 1)
        verdict[at + 1 : until] = verdict[at]
        at = until
    judged_ns = None if conditions.timeless else stretch.mono_ns
    return ConditionCourse(verdict=verdict, at=judged_at, states=states, judged_ns=judged_ns)
