"""Moves while it must not: a level changes although no transfer is planned."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, unknown_tag
from rules.kinds.explain import explained, inputs_of
from rules.kinds.mistakes import settle_errors, window_errors
from rules.kinds.premise_words import premise_words
from rules.kinds.premises import READINGS, Floats, Places, Premises, good_of, tag_of
from rules.language.conditions import Condition
from rules.port import Explanation, Figure, Judged, Moment, Rule, State, column, frozen

_NS: Final = 1_000_000_000
_FOUND: Final = ("change", "share")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnplannedMovement(Rule):
    """The value moves by more than `maximum_change` over the window while no transfer is planned."""

    tag: str
    window_ns: int
    maximum_change: float
    condition: Condition | None = None
    """A transfer is planned while this holds; None: never."""
    settle_ns: int = 0
    """After a transfer waves and hoses come to rest: readings count again only then."""
    minimum_coverage: float = 0.75


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnplannedMovementGroup:
    """All UnplannedMovement rules."""

    position: npt.NDArray[np.intp]
    premises: Premises
    maximum_change: npt.NDArray[np.float64]
    eu: tuple[str, ...]
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag and what its condition reads."""
        place, row = self.premises.conditions.inputs()
        return np.concatenate([np.arange(self.position.size), place]), np.concatenate([self.premises.row, row])

    def fresh(self, mono_ns: int) -> State:
        """No samples."""
        unknown = {name: np.full(self.position.size, np.nan) for name in _FOUND}
        return frozen(**self.premises.fresh(mono_ns), **unknown)

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """TRUE as soon as the value is further than allowed from where it was since the transfer; FALSE in a transfer."""
        usable, no = good_of(moment, self.premises.row), np.zeros(self.position.size, np.bool_)
        watched, after = self.premises.watch(moment, state, np.zeros(usable.size), usable, exempt=no)
        change, share = watched.solved(state, _FOUND, lambda new: self._solved(after, new))
        covered = watched.heard & (share >= self.premises.minimum_coverage)
        return Judged(
            condition=watched.told(covered, watched.heard & (np.abs(change) > self.maximum_change)),
            value=change,
            limit=self.maximum_change,
            row=self.premises.row,
            state=frozen(**{**after, "change": change, "share": share}),
            due_ns=watched.due_ns,
        )

    def _solved(self, after: State, new: Places) -> tuple[Floats, Floats]:
        """How far the newest value is from the one furthest away in the window, and the coverage."""
        samples, use, share = self.premises.window(after, new)
        steady = windows.steadied(samples, use)
        away = steady[:, -1:] - steady
        furthest = np.where(np.isnan(away), -1.0, np.abs(away)).argmax(axis=1)
        return away[np.arange(new.size), furthest], share

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """How far it moved, how far it may, and whether a transfer is planned."""
        judged = self.judge(moment, np.full(self.position.size, active), state)
        change, most, eu = float(judged.value[place]), float(self.maximum_change[place]), self.eu[place]
        window_s, told = self.premises.window_ns[place] / _NS, ("", "")
        if not math.isnan(change):
            told = (
                f"{window_s:g} s 内变化 {change:+.4g} {eu}，允许 {most:g} {eu}",
                f"moved {change:+.4g} {eu} within {window_s:g} s, {most:g} {eu} is allowed",
            )
        figures = (
            Figure(zh="变化", en="moved", value=change, eu=eu),
            Figure(zh="允许", en="allowed", value=most, eu=eu),
        )
        words = premise_words(self.premises, place, moment, judged, told, ("作业条件", "transfer"))
        return explained(int(judged.condition[place]), words, figures, inputs_of(self.inputs(), place, moment))


class UnplannedMovementKind:
    """Checks and compiles UnplannedMovement rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: UnplannedMovement, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tag, a change or times that cannot be."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        tag = tag_of(table, rule.tag)
        if tag.discrete:
            yield needs_analog(rule.id, "tag", tag.id)
        yield from window_errors(rule.id, rule.window_ns, rule.minimum_coverage, READINGS, [tag])
        if not (math.isfinite(rule.maximum_change) and rule.maximum_change > 0):
            zh = f"{rule.maximum_change:g} 不是变化；应大于 0"
            en = f"{rule.maximum_change:g} is no change; it is above 0"
            yield RuleError(rule.id, "maximum_change", zh, en)
        elif rule.maximum_change < tag.resolution:
            zh = f"{rule.maximum_change:g} 小于 {tag.id} 能分辨的 {tag.resolution:g} {tag.eu}".rstrip()
            en = f"{rule.maximum_change:g} is finer than {tag.id} can show ({tag.resolution:g} {tag.eu})".rstrip()
            yield RuleError(rule.id, "maximum_change", zh, en)
        yield from settle_errors(rule.id, rule.settle_ns)

    def set_errors(self, rules: Sequence[UnplannedMovement], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, UnplannedMovement]], table: TagTable) -> UnplannedMovementGroup:
        """The columns."""
        mine = [rule for _, rule in rules]
        conditions = [rule.condition for rule in mine]
        return UnplannedMovementGroup(
            position=column([position for position, _ in rules], np.intp),
            premises=Premises.of(mine, conditions, table, inverted=True),
            maximum_change=column([rule.maximum_change for rule in mine], np.float64),
            eu=tuple(tag_of(table, rule.tag).eu for rule in mine),
        )
