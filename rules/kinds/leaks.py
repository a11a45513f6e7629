"""A slow net loss while all valves are closed, against what a change of temperature explains."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, unknown_tag
from rules.geometry import METRES, Vessel, Vessels
from rules.kinds.expansion import REFERENCE_C, at_reference, temperature_errors
from rules.kinds.explain import explained, inputs_of
from rules.kinds.mistakes import settle_errors, vessel_errors, window_errors
from rules.kinds.premise_words import premise_words
from rules.kinds.premises import READINGS, Floats, Places, Premises, good_of, tag_of
from rules.language.conditions import Condition
from rules.port import Explanation, Figure, Judged, Moment, Rule, State, column, frozen
from rules.slopes import theil_sen

_NS: Final = 1_000_000_000
_FOUND: Final = ("loss", "allowed", "share")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak(Rule):
    """The volume (without a vessel: the value) falls faster than `maximum_loss_per_h` while the tank is closed."""

    tag: str
    window_ns: int
    maximum_loss_per_h: float
    """m3/h with a vessel, else the unit of the tag per hour."""
    condition: Condition
    """The tank is closed while this holds."""
    vessel: Vessel | None = None
    temperature: str | None = None
    """Of the liquid, in degC: volumes are brought to one temperature with it."""
    expansion_per_k: float = 0.0
    """Volume expansion of the liquid."""
    temperature_tolerance_k: float = 0.0
    """By how much the mean temperature may change over the window without being seen."""
    settle_ns: int = 0
    minimum_coverage: float = 0.75


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeakGroup:
    """All Leak rules."""

    position: npt.NDArray[np.intp]
    premises: Premises
    maximum_loss: npt.NDArray[np.float64]
    """Per hour."""
    vessels: Vessels
    temperature_row: npt.NDArray[np.int32]
    """-1 where there is none."""
    expansion: npt.NDArray[np.float64]
    tolerance_k: npt.NDArray[np.float64]
    eu: tuple[str, ...]
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag, its temperature and what its condition reads."""
        place, row = self.premises.conditions.inputs()
        warm = np.flatnonzero(self.temperature_row >= 0)
        return (
            np.concatenate([np.arange(self.position.size), warm, place]),
            np.concatenate([self.premises.row, self.temperature_row[warm], row]),
        )

    def fresh(self, mono_ns: int) -> State:
        """No samples."""
        unknown = {name: np.full(self.position.size, np.nan) for name in _FOUND}
        return frozen(**self.premises.fresh(mono_ns), **unknown)

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """TRUE where more is lost over the whole window than allowed; FALSE while the tank is open."""
        measured = self.temperature_row >= 0
        usable = good_of(moment, self.premises.row) & (~measured | good_of(moment, self.temperature_row))
        degrees = np.where(measured, moment.value[self.temperature_row], REFERENCE_C)
        no = np.zeros(self.position.size, np.bool_)
        watched, after = self.premises.watch(moment, state, degrees, usable, exempt=no)
        loss, allowed, share = watched.solved(state, _FOUND, lambda new: self._solved(after, new))
        covered = watched.heard & (share >= self.premises.minimum_coverage)
        return Judged(
            condition=watched.told(covered, covered & (loss > allowed)),
            value=loss,
            limit=np.where(np.isnan(allowed), self.maximum_loss, allowed),
            row=self.premises.row,
            state=frozen(**{**after, "loss": loss, "allowed": allowed, "share": share}),
            due_ns=watched.due_ns,
        )

    def _solved(self, after: State, new: Places) -> tuple[Floats, Floats, Floats]:
        """Loss per hour at one temperature, what is allowed with the tolerance of the temperature, and the coverage."""
        samples, use, share = self.premises.window(after, new)
        volume = self.vessels.volume(samples[1], new)
        at_one = at_reference(volume, self.expansion[new, np.newaxis], after["beside"][new])
        hours = self.premises.window_ns[new] / _NS / 3600
        unseen = self.expansion[new] * self.tolerance_k[new] * np.abs(volume[:, -1]) / hours
        return -theil_sen(samples[0], at_one, use) * 3600, self.maximum_loss[new] + unseen, share

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """What is lost an hour, what is allowed, and whether the tank is closed."""
        judged = self.judge(moment, np.full(self.position.size, active), state)
        loss, most, eu = float(judged.value[place]), float(judged.limit[place]), self.eu[place]
        window_s, told = self.premises.window_ns[place] / _NS, ("", "")
        if not math.isnan(loss):
            told = (
                f"{window_s:g} s 窗口净损失 {loss:.3g} {eu}，允许 {most:.3g} {eu}（含温度余量）",
                f"loses {loss:.3g} {eu} over {window_s:g} s, {most:.3g} {eu} is allowed (temperature included)",
            )
        figures = (
            Figure(zh="净损失", en="loss", value=loss, eu=eu),
            Figure(zh="允许", en="allowed", value=most, eu=eu),
        )
        words = premise_words(self.premises, place, moment, judged, told, ("关闭条件", "closed"))
        return explained(int(judged.condition[place]), words, figures, inputs_of(self.inputs(), place, moment))


class LeakKind:
    """Checks and compiles Leak rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: Leak, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tags, a loss, an expansion or times that cannot be."""
        warm = [("temperature", rule.temperature)] if rule.temperature is not None else []
        yield from temperature_errors(rule.id, warm, rule.expansion_per_k, table)
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        if tag_of(table, rule.tag).discrete:
            yield needs_analog(rule.id, "tag", rule.tag)
        tags = [tag_of(table, name) for name in (rule.tag, *(name for _, name in warm)) if name in table.row_of]
        yield from window_errors(rule.id, rule.window_ns, rule.minimum_coverage, READINGS, tags)
        yield from vessel_errors(rule.id, rule.vessel, tags[0])
        yield from _number_errors(rule)

    def set_errors(self, rules: Sequence[Leak], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Leak]], table: TagTable) -> LeakGroup:
        """The columns."""
        mine = [rule for _, rule in rules]
        units = [tag_of(table, rule.tag).eu for rule in mine]
        rows = [table.row_of[rule.temperature] if rule.temperature is not None else -1 for rule in mine]
        return LeakGroup(
            position=column([position for position, _ in rules], np.intp),
            premises=Premises.of(mine, [rule.condition for rule in mine], table, inverted=False),
            maximum_loss=column([rule.maximum_loss_per_h for rule in mine], np.float64),
            vessels=Vessels.of([rule.vessel for rule in mine], [METRES.get(eu, 1.0) for eu in units]),
            temperature_row=column(rows, np.int32),
            expansion=column([rule.expansion_per_k for rule in mine], np.float64),
            tolerance_k=column([rule.temperature_tolerance_k for rule in mine], np.float64),
            eu=tuple(f"{eu if rule.vessel is None else 'm3'}/h" for rule, eu in zip(mine, units, strict=True)),
        )


def _number_errors(rule: Leak) -> Iterator[RuleError]:
    if not (math.isfinite(rule.maximum_loss_per_h) and rule.maximum_loss_per_h > 0):
        zh = f"{rule.maximum_loss_per_h:g} 不是损失；应大于 0"
        en = f"{rule.maximum_loss_per_h:g} is no loss; it is above 0"
        yield RuleError(rule.id, "maximum_loss_per_h", zh, en)
    if not (math.isfinite(rule.temperature_tolerance_k) and rule.temperature_tolerance_k >= 0):
        yield RuleError(rule.id, "temperature_tolerance_k", "允差应为 0 或以上", "a tolerance is 0 or more")
    yield from settle_errors(rule.id, rule.settle_ns)
