"""Gas detectors: two stages, toxic before combustible, oxygen on both sides; their faults are a kind of their own."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt

from rules.columns.tags import Tag, TagTable
from rules.errors import RuleError, needs_analog, outside_range, unknown_tag
from rules.kinds.explain import explained, reading
from rules.kinds.gas_faults import GasFault, GasFaultKind
from rules.kinds.one_tag import OneTagGroup
from rules.port import Explanation, Figure, Judged, Kind, Moment, Rule, State, column
from rules.predicates import decide

Gas = Literal["toxic", "combustible", "open_path", "oxygen"]
UNITS: Final[Mapping[Gas, tuple[str, ...]]] = {
    "toxic": ("ppm", "mg/m3"),
    "combustible": ("%LEL",),
    "open_path": ("LEL.m",),
    "oxygen": ("%VOL",),
}
"""The units a detector of each gas may show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GasLimit(Rule):
    """One stage of one detector: at or above `high`, or at or below `low` (oxygen)."""

    tag: str
    gas: Gas
    stage: int
    """1 or 2."""
    high: float = math.inf
    low: float = -math.inf
    dead_band: float = 0.0
    highest: float = math.inf
    """Statutory ceiling of `high`, in the unit of the tag."""
    lowest: float = -math.inf
    """Statutory floor of `low`."""
    clause: str = ""
    """Where ceiling and floor stand."""
    below_zero: float = -math.inf
    """At or under this the detector has drifted below zero: no FALSE is believed."""
    location: str = ""
    """Detectors of one location: toxic comes before combustible there."""
    priority: int = 4
    """Of its alarm, for that order only."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GasLimitGroup(OneTagGroup):
    """All GasLimit rules; a side that a rule does not watch is infinite."""

    high: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    dead_band: npt.NDArray[np.float64]
    below_zero: npt.NDArray[np.float64]
    middle: npt.NDArray[np.float64]
    """Between low and high; minus infinity where only one of them is watched."""
    only: npt.NDArray[np.float64]
    """The limit that is told above the middle: high, or low where there is no high."""
    timeless: ClassVar[bool] = True

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Compare with both sides, or while active with where they return."""
        value = moment.value[..., self.row]
        back = np.where(active, self.dead_band, 0.0)
        high, low = self.high - back, self.low + back
        beyond = ((value >= high) | (value <= low)) & np.isfinite(value)
        within = (value < high) & (value > low) & (value > self.below_zero)
        return Judged(
            condition=decide(beyond, within, moment.quality[..., self.row]),
            value=value,
            limit=np.where(value < self.middle, self.low, self.only),
            row=self.row,
            state=state,
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The concentration, the set-points, and while active where they return."""
        judged = self.judge(moment, np.full(self.row.size, active), state)
        row, back = int(self.row[place]), float(self.dead_band[place])
        zh, en = reading(moment, row)
        figures = []
        for limit, word, step in ((float(self.low[place]), "≤", back), (float(self.high[place]), "≥", -back)):
            if not math.isfinite(limit):
                continue
            zh, en = f"{zh}；报警条件 {word} {limit:g}", f"{en}; alarm at {'<=' if word == '≤' else '>='} {limit:g}"
            if active and back:
                zh, en = f"{zh}，回到 {limit + step:g} 以内才恢复", f"{en}, returns within {limit + step:g}"
            figures.append(Figure(zh="设定值", en="set-point", value=limit))
        if moment.value[row] <= self.below_zero[place]:
            zh, en = f"{zh}；零点漂移，读数不可信", f"{en}; drifted below zero, not to be believed"
        return explained(
            int(judged.condition[place]),
            (zh, en),
            (Figure(zh="当前值", en="value", value=float(moment.value[row])), *figures),
            (moment.tag_ids[row],),
        )


class GasLimitKind:
    """Checks and compiles GasLimit rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: GasLimit, table: TagTable) -> Iterator[RuleError]:
        """Unknown detector, wrong unit, set-points outside the range or beyond what the standard allows."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        tag = table.tags[table.row_of[rule.tag]]
        if tag.discrete:
            yield needs_analog(rule.id, "tag", tag.id, ("气体报警", "a gas alarm"))
            return
        if tag.eu not in UNITS[rule.gas]:
            allowed = " or ".join(UNITS[rule.gas])
            zh = f"{tag.id} 的单位为 {tag.eu or '无'}；{rule.gas} 气体应为 {allowed}"
            en = f"{tag.id} is in {tag.eu or 'no unit'}; {rule.gas} gas is watched in {allowed}"
            yield RuleError(rule.id, "tag", zh, en)
        if rule.stage not in (1, 2):
            yield RuleError(rule.id, "stage", f"应为 1 或 2，现为 {rule.stage}", f"is 1 or 2, not {rule.stage}")
        yield from _set_point_errors(rule, tag)

    def set_errors(self, rules: Sequence[GasLimit], table: TagTable) -> Iterator[RuleError]:
        """Stage 2 not beyond stage 1 of a detector; combustible before toxic at a location."""
        stages: dict[tuple[str, Gas], list[GasLimit]] = defaultdict(list)
        places: dict[tuple[str, int], list[GasLimit]] = defaultdict(list)
        for rule in rules:
            stages[rule.tag, rule.gas].append(rule)
            places[rule.location or rule.tag, rule.stage].append(rule)
        for of_detector in stages.values():
            yield from _stage_errors(of_detector)
        for of_place in places.values():
            yield from _precedence_errors(of_place)

    def group(self, rules: Sequence[tuple[int, GasLimit]], table: TagTable) -> GasLimitGroup:
        """The columns."""
        high = np.array([rule.high for _, rule in rules])
        low = np.array([rule.low for _, rule in rules])
        both = np.isfinite(high) & np.isfinite(low)
        middle = np.full(len(rules), -np.inf)
        middle[both] = (high[both] + low[both]) / 2
        return GasLimitGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            high=column(high, np.float64),
            low=column(low, np.float64),
            dead_band=column([rule.dead_band for _, rule in rules], np.float64),
            below_zero=column([rule.below_zero for _, rule in rules], np.float64),
            middle=column(middle, np.float64),
            only=column(np.where(np.isfinite(high), high, low), np.float64),
        )


def _set_point_errors(rule: GasLimit, tag: Tag) -> Iterator[RuleError]:
    watched = [(field, at) for field, at in (("high", rule.high), ("low", rule.low)) if math.isfinite(at)]
    field_of = {"high": "high" if rule.gas == "oxygen" else "set_point", "low": "low"}
    if not watched or math.isnan(rule.high) or math.isnan(rule.low):
        yield RuleError(rule.id, field_of["high"], "必填，应为数字", "must be given, a number")
        return
    for side, at in watched:
        if tag.low < tag.high and not tag.low <= at <= tag.high:
            yield outside_range(rule.id, field_of[side], at, tag)
    if rule.high > rule.highest and math.isfinite(rule.high):
        zh = f"{rule.high:g} {tag.eu} 高于第 {rule.stage} 级报警的上限 {rule.highest:.4g}（{rule.clause}）"
        en = f"{rule.high:g} {tag.eu} is above the ceiling {rule.highest:.4g} of stage {rule.stage} ({rule.clause})"
        yield RuleError(rule.id, field_of["high"], zh, en)
    if rule.low < rule.lowest and math.isfinite(rule.low):
        zh = f"{rule.low:g} {tag.eu} 低于第 {rule.stage} 级报警的下限 {rule.lowest:.4g}（{rule.clause}）"
        en = f"{rule.low:g} {tag.eu} is below the floor {rule.lowest:.4g} of stage {rule.stage} ({rule.clause})"
        yield RuleError(rule.id, "low", zh, en)
    room = (
        rule.high - rule.low
        if len(watched) == 2
        else rule.high - tag.low
        if rule.high < math.inf
        else tag.high - rule.low
    )
    if not 0 <= rule.dead_band < room / len(watched):
        zh = f"{rule.dead_band:g} 不是宽度，或使报警无法恢复"
        en = f"{rule.dead_band:g} is no width, or leaves no way to return"
        yield RuleError(rule.id, "dead_band", zh, en)


def _stage_errors(of_detector: Sequence[GasLimit]) -> Iterator[RuleError]:
    for first in of_detector:
        for second in of_detector:
            if first.stage != 1 or second.stage != 2:
                continue
            if first.high >= second.high < math.inf:
                zh = f"第 2 级 {second.high:g} 应高于第 1 级 {first.high:g}（{first.id}）"
                en = f"stage 2 {second.high:g} must be above stage 1 {first.high:g} ({first.id})"
                yield RuleError(second.id, "high" if second.gas == "oxygen" else "set_point", zh, en)
            if first.low <= second.low and second.low > -math.inf:
                zh = f"第 2 级 {second.low:g} 应低于第 1 级 {first.low:g}（{first.id}）"
                en = f"stage 2 {second.low:g} must be below stage 1 {first.low:g} ({first.id})"
                yield RuleError(second.id, "low", zh, en)


def _precedence_errors(of_place: Sequence[GasLimit]) -> Iterator[RuleError]:
    """Of one stage at one location the toxic alarm comes first: by priority, else by its place in the file."""
    for place, rule in enumerate(of_place):
        for other_place, other in enumerate(of_place):
            if rule.gas != "toxic" or other.gas not in ("combustible", "open_path"):
                continue
            if rule.priority > other.priority:
                zh = f"优先级 {rule.priority} 排在 {other.id} 的 {other.priority} 之后：有毒应先于可燃"
                en = f"priority {rule.priority} is after {other.priority} of {other.id}: toxic comes before combustible"
                yield RuleError(rule.id, "priority", zh, en)
            elif rule.priority == other.priority and place > other_place:
                zh = f"应写在同优先级的 {other.id} 之前：有毒应先于可燃"
                en = f"must stand before {other.id} of the same priority: toxic comes before combustible"
                yield RuleError(rule.id, "id", zh, en)


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {GasLimit: GasLimitKind(), GasFault: GasFaultKind()}
