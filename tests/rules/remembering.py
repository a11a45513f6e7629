"""A rule kind that remembers everything a kind may: samples, moments behind and ahead, flags, counts.  Only for tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.columns.quality import Quality
from rules.columns.tags import TagTable
from rules.errors import RuleError
from rules.kinds.explain import explained, reading
from rules.port import NEVER, Explanation, Judged, Moment, Rule, State, column, frozen
from rules.verdicts import Verdict

SLOTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Rose(Rule):
    """A value rose by more than `by` inside the window; stays TRUE for `hold_ns` after the last such rise."""

    tag: str
    by: float
    window_ns: int
    hold_ns: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoseGroup:
    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    by: npt.NDArray[np.float64]
    window_ns: npt.NDArray[np.int64]
    hold_ns: npt.NDArray[np.int64]
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        return np.arange(self.row.size), self.row

    def fresh(self, mono_ns: int) -> State:
        times, values = windows.fresh(self.row.size, SLOTS)
        never = np.full(self.row.size, NEVER)
        count = np.zeros(self.row.size, np.int32)
        return frozen(sample_mono_ns=times, sample=values, until_mono_ns=never, rises=count, rose=count > 0)

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        value, good = moment.value[self.row], moment.quality[self.row] == Quality.GOOD
        received = moment.received_mono_ns[self.row]
        samples = (state["sample_mono_ns"], state["sample"])
        samples = windows.kept(samples, value, good, received, self.window_ns)
        young = windows.inside(samples, self.window_ns, moment.mono_ns)
        lowest = np.where(young, samples[1], np.inf).min(axis=1)
        rising = good & (value - lowest > self.by)
        until = np.where(rising, received + self.hold_ns, state["until_mono_ns"])
        standing = until > moment.mono_ns
        condition = np.where(standing, Verdict.TRUE, np.where(good, Verdict.FALSE, Verdict.UNKNOWN)).astype(np.uint8)
        began = rising & (until != state["until_mono_ns"])
        due = until[standing]
        return Judged(
            condition=condition,
            value=value,
            limit=self.by,
            row=self.row,
            state=frozen(
                sample_mono_ns=samples[0],
                sample=samples[1],
                until_mono_ns=until,
                rises=state["rises"] + began.astype(np.int32),
                rose=state["rose"] | rising,
            ),
            due_ns=int(due.min()) if due.size else None,
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        judged = self.judge(moment, np.zeros(self.row.size, np.bool_), state)
        return explained(int(judged.condition[place]), reading(moment, int(self.row[place])))


class RoseKind:
    version: ClassVar[int] = 3
    settles: ClassVar[bool] = False

    def errors(self, rule: Rose, table: TagTable) -> Iterator[RuleError]:
        return iter(())

    def set_errors(self, rules: Sequence[Rose], table: TagTable) -> Iterator[RuleError]:
        return iter(())

    def group(self, rules: Sequence[tuple[int, Rose]], table: TagTable) -> RoseGroup:
        return RoseGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            by=column([rule.by for _, rule in rules], np.float64),
            window_ns=column([rule.window_ns for _, rule in rules], np.int64),
            hold_ns=column([rule.hold_ns for _, rule in rules], np.int64),
        )
