"""The trip point that the PLC uses against the one that was approved."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.errors import RuleError, not_a_number, outside_range, unknown_tag
from rules.kinds.explain import explained, reading
from rules.kinds.one_tag import OneTagGroup
from rules.port import Explanation, Figure, Judged, Moment, Rule, State, column
from rules.predicates import decide

ROUNDING: Final = 2.0**-23
"""A trip point comes as a 32-bit float (IEEE 754: 24 bits): a difference of its last bit, relative, is none."""


@dataclass(frozen=True, kw_only=True)
class TripPointDrift(Rule):
    """The trip point read from the PLC is further from the approved one than the tolerance."""

    tag: str
    approved: float
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TripPointDriftGroup(OneTagGroup):
    """All TripPointDrift rules."""

    approved: npt.NDArray[np.float64]
    allowed: npt.NDArray[np.float64]
    """Tolerance with the rounding of a 32-bit float."""
    timeless: ClassVar[bool] = True

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Compare every difference with what is allowed; what is no number is UNKNOWN."""
        value = moment.value[..., self.row]
        difference = np.abs(value - self.approved)
        condition = decide(difference > self.allowed, difference <= self.allowed, moment.quality[..., self.row])
        return Judged(condition=condition, value=value, limit=self.approved, row=self.row, state=state)

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The trip point read, the approved one, and what is allowed between them."""
        judged = self.judge(moment, np.zeros(self.row.size, np.bool_), state)
        value, approved = float(judged.value[place]), float(self.approved[place])
        allowed = float(self.allowed[place])
        zh, en = reading(moment, int(self.row[place]))
        return explained(
            int(judged.condition[place]),
            (f"{zh}；批准值 {approved:g} ± {allowed:.3g}", f"{en}; approved {approved:g} +- {allowed:.3g}"),
            (
                Figure(zh="PLC 中的联锁值", en="trip point in the PLC", value=value),
                Figure(zh="批准值", en="approved", value=approved),
                Figure(zh="允差", en="tolerance", value=allowed),
            ),
            (moment.tag_ids[int(self.row[place])],),
        )


class TripPointDriftKind:
    """Checks and compiles TripPointDrift rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: TripPointDrift, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tag, an approved value outside its range, a tolerance that is none."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        tag = table.tags[table.row_of[rule.tag]]
        if tag.discrete:
            zh = f"动作值是数字；{tag.id} 是开关量"
            en = f"a trip point is a number; {tag.id} is discrete"
            yield RuleError(rule.id, "tag", zh, en)
        elif not math.isfinite(rule.approved):
            yield not_a_number(rule.id, "approved", rule.approved)
        elif tag.low < tag.high and not tag.low <= rule.approved <= tag.high:
            yield outside_range(rule.id, "approved", rule.approved, tag)
        if not math.isfinite(rule.tolerance) or rule.tolerance < 0:
            zh = f"{rule.tolerance:g} 不是允差：应为 0 或以上"
            en = f"{rule.tolerance:g} is not a tolerance: 0 or more"
            yield RuleError(rule.id, "tolerance", zh, en)

    def set_errors(self, rules: Sequence[TripPointDrift], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, TripPointDrift]], table: TagTable) -> TripPointDriftGroup:
        """The columns."""
        return TripPointDriftGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            approved=column([rule.approved for _, rule in rules], np.float64),
            allowed=column([rule.tolerance + ROUNDING * abs(rule.approved) for _, rule in rules], np.float64),
        )
