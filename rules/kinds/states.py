"""Discrete states: a switch, valve or motor stands where it should not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from rules.columns.quality import is_usable
from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_discrete, not_a_state, unknown_tag
from rules.kinds.explain import explained, reading
from rules.kinds.one_tag import OneTagGroup
from rules.port import Band, BandEnd, Explanation, Judged, Moment, Rule, State, column
from rules.predicates import in_state


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscreteState(Rule):
    """A discrete tag stands in the state that is abnormal."""

    tag: str
    abnormal_state: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiscreteStateGroup(OneTagGroup):
    """All DiscreteState rules."""

    abnormal_state: npt.NDArray[np.float64]
    timeless: ClassVar[bool] = True
    ends: ClassVar[BandEnd] = "nothing"

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Compare every state with the abnormal one."""
        value = moment.value[..., self.row]
        condition = in_state(value, moment.quality[..., self.row], self.abnormal_state)
        return Judged(condition=condition, value=value, limit=self.abnormal_state, row=self.row, state=state)

    def at(self, places: npt.NDArray[np.intp]) -> "DiscreteStateGroup":
        """The rules at these places only."""
        return DiscreteStateGroup(
            position=self.position[places], row=self.row[places], abnormal_state=self.abnormal_state[places]
        )

    def band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> Band:
        """The very same value."""
        value = judged.value
        unusable = ~is_usable(moment.quality[self.row])
        return Band(low=np.where(unusable, -np.inf, value), high=np.where(unusable, np.inf, value))

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The state and the abnormal one."""
        judged = self.judge(moment, np.zeros(self.row.size, np.bool_), state)
        zh, en = reading(moment, int(self.row[place]))
        abnormal = f"{self.abnormal_state[place]:g}"
        return explained(
            int(judged.condition[place]),
            (f"{zh}；异常状态为 {abnormal}", f"{en}; {abnormal} is the abnormal state"),
            inputs=(moment.tag_ids[int(self.row[place])],),
        )


class DiscreteStateKind:
    """Checks and compiles DiscreteState rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: DiscreteState, table: TagTable) -> Iterator[RuleError]:
        """Unknown or analog tag, a state that is none."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        if not table.tags[table.row_of[rule.tag]].discrete:
            yield needs_discrete(rule.id, "kind", rule.tag, ("状态报警", "a state alarm"))
        if rule.abnormal_state not in (0, 1):
            yield not_a_state(rule.id, "set_point", rule.abnormal_state)

    def set_errors(self, rules: Sequence[DiscreteState], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, DiscreteState]], table: TagTable) -> DiscreteStateGroup:
        """The columns."""
        return DiscreteStateGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            abnormal_state=column([rule.abnormal_state for _, rule in rules], np.float64),
        )
