"""HH, H, L, LL whose set-point is read from another tag; those that depend on the mode are in `modes`."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable
from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, no_dead_band, unknown_tag
from rules.kinds.explain import explained, reading
from rules.kinds.limits import LimitKind
from rules.kinds.modes import SIGN, ModeLimit, ModeLimitKind
from rules.port import NO_STATE, Explanation, Figure, Judged, Kind, Moment, Rule, State, column
from rules.predicates import beyond_limit, finite_quality


@dataclass(frozen=True, slots=True, kw_only=True)
class TagLimit(Rule):
    """Value beyond a set-point that another tag holds; dead band and sides as `Limit`.

    A set-point that cannot be used (not GOOD or UNCERTAIN, or outside minimum to maximum) is replaced by `fallback`;
    without one the condition is UNKNOWN.
    """

    tag: str
    kind: LimitKind
    set_point_tag: str
    set_point_minimum: float
    set_point_maximum: float
    """A set-point beyond these is a slip of the hand or a fault, never a limit."""
    fallback: float | None = None
    dead_band: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TagLimitGroup:
    """All TagLimit rules; L and LL are mirrored by `sign`."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    set_point_row: npt.NDArray[np.int32]
    sign: npt.NDArray[np.float64]
    dead_band: npt.NDArray[np.float64]
    lowest: npt.NDArray[np.float64]
    highest: npt.NDArray[np.float64]
    fallback: npt.NDArray[np.float64]
    """NaN where there is none."""
    timeless: ClassVar[bool] = True

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag and the tag of its set-point."""
        places = np.arange(self.row.size)
        return np.concatenate([places, places]), np.concatenate([self.row, self.set_point_row])

    def fresh(self, mono_ns: int) -> State:
        """Nothing but the verdict is remembered."""
        return NO_STATE

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Compare every value with the set-point that holds now; an UNCERTAIN set-point never makes FALSE."""
        value = moment.value[..., self.row]
        set_point, believed = self._set_points(moment)
        quality = np.maximum(finite_quality(value, moment.quality[..., self.row]), believed)
        threshold = set_point * self.sign
        condition = beyond_limit(value * self.sign, quality, threshold, threshold - self.dead_band, active)
        return Judged(condition=condition, value=value, limit=set_point, row=self.row, state=state)

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Both readings, and which set-point holds."""
        judged = self.judge(moment, np.full(self.row.size, active), state)
        high = self.sign[place] > 0
        word_zh, word_en = ("≥", ">=") if high else ("≤", "<=")
        mine, others = reading(moment, int(self.row[place])), reading(moment, int(self.set_point_row[place]))
        set_point = float(judged.limit[place])
        if math.isnan(set_point):
            rule = "设定值不可用，无替代值", "the set-point cannot be used and has no fallback"
        elif self._from_tag(moment)[place]:
            rule = f"条件：{word_zh} {set_point:g}", f"condition: {word_en} {set_point:g}"
        else:
            zh = f"设定值不可用，改用替代值；条件：{word_zh} {set_point:g}"
            rule = zh, f"the set-point cannot be used, the fallback holds; condition: {word_en} {set_point:g}"
        figures = (
            Figure(zh="测量值", en="value", value=float(judged.value[place])),
            Figure(zh="设定值", en="set-point", value=set_point),
            Figure(zh="回差", en="dead band", value=float(self.dead_band[place])),
        )
        names = tuple(moment.tag_ids[int(row)] for row in (self.row[place], self.set_point_row[place]))
        words = f"{mine[0]}；设定值 {others[0]}；{rule[0]}", f"{mine[1]}; set-point {others[1]}; {rule[1]}"
        return explained(int(judged.condition[place]), words, figures, names)

    def _from_tag(self, moment: Moment) -> npt.NDArray[np.bool_]:
        """Where the set-point that was read can be used."""
        read = moment.value[..., self.set_point_row]
        usable: npt.NDArray[np.bool_] = is_usable(moment.quality[..., self.set_point_row])
        return usable & (read >= self.lowest) & (read <= self.highest)

    def _set_points(self, moment: Moment) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
        """The set-points that hold now (NaN where none does), and how far they may be believed."""
        from_tag = self._from_tag(moment)
        set_point = np.where(from_tag, moment.value[..., self.set_point_row], self.fallback)
        instead = np.where(np.isnan(self.fallback), np.uint8(Quality.BAD), np.uint8(Quality.GOOD))
        return set_point, np.where(from_tag, moment.quality[..., self.set_point_row], instead)


class TagLimitKind:
    """Checks and compiles TagLimit rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: TagLimit, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tags, a tag that is its own set-point, bounds and fallback that make no sense."""
        for field, name in (("tag", rule.tag), ("set_point_tag", rule.set_point_tag)):
            if name not in table.row_of:
                yield unknown_tag(rule.id, field, name)
            elif table.tags[table.row_of[name]].discrete:
                yield needs_analog(rule.id, field, name, (f"{rule.kind} 报警", f"a {rule.kind} alarm"))
        if rule.tag == rule.set_point_tag:
            zh = f"{rule.tag} 不能做自己的设定值"
            en = f"{rule.tag} cannot be its own set-point"
            yield RuleError(rule.id, "set_point_tag", zh, en)
        if not math.isfinite(rule.dead_band) or rule.dead_band < 0:
            yield no_dead_band(rule.id, rule.dead_band)
        lowest, highest = rule.set_point_minimum, rule.set_point_maximum
        if not (math.isfinite(lowest) and math.isfinite(highest) and lowest <= highest):
            zh = f"{lowest:g} 到 {highest:g} 不是范围"
            en = f"{lowest:g} to {highest:g} is no range"
            yield RuleError(rule.id, "set_point_minimum", zh, en)
        elif rule.fallback is not None and not lowest <= rule.fallback <= highest:
            zh = f"{rule.fallback:g} 不在 {lowest:g} 到 {highest:g} 之内"
            en = f"{rule.fallback:g} is outside {lowest:g} to {highest:g}"
            yield RuleError(rule.id, "fallback", zh, en)

    def set_errors(self, rules: Sequence[TagLimit], table: TagTable) -> Iterator[RuleError]:
        """None: the set-point guard compares limits of all kinds."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, TagLimit]], table: TagTable) -> TagLimitGroup:
        """The columns."""
        fallbacks = [math.nan if rule.fallback is None else rule.fallback for _, rule in rules]
        return TagLimitGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            set_point_row=column([table.row_of[rule.set_point_tag] for _, rule in rules], np.int32),
            sign=column([SIGN[rule.kind] for _, rule in rules], np.float64),
            dead_band=column([rule.dead_band for _, rule in rules], np.float64),
            lowest=column([rule.set_point_minimum for _, rule in rules], np.float64),
            highest=column([rule.set_point_maximum for _, rule in rules], np.float64),
            fallback=column(fallbacks, np.float64),
        )


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {TagLimit: TagLimitKind(), ModeLimit: ModeLimitKind()}
