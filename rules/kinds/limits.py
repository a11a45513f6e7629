"""HH, H, L, LL against a fixed set-point."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt

from rules.columns.tags import Tag, TagTable
from rules.errors import RuleError, needs_analog, no_dead_band, not_a_number, outside_range, unknown_tag
from rules.kinds.explain import explained, reading
from rules.kinds.fields import beside, field, positions, tag_rows
from rules.kinds.one_tag import OneTagGroup
from rules.port import Band, BandEnd, Explanation, Figure, Judged, Moment, Rule, State
from rules.predicates import beyond_limit, limit_band

LimitKind = Literal["HH", "H", "L", "LL"]
_ORDER: Final[dict[LimitKind, int]] = {"LL": 0, "L": 1, "H": 2, "HH": 3}
_SIGN: Final[dict[LimitKind, int]] = {"LL": -1, "L": -1, "H": 1, "HH": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Rule):
    """Value beyond a set-point; the dead band acts on return only.  HH, H: value >= set-point; L, LL: value <= it."""

    tag: str
    kind: LimitKind
    set_point: float
    dead_band: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LimitGroup(OneTagGroup):
    """All Limit rules; L and LL are mirrored by `sign`, so that beyond always means sign * value >= threshold."""

    numbers: npt.NDArray[np.float64]
    """(m, 4): sign, threshold, return threshold, limit; side by side, for a few rules are taken out at a time."""
    timeless: ClassVar[bool] = True
    ends: ClassVar[BandEnd] = "nothing"

    @property
    def sign(self) -> npt.NDArray[np.float64]:
        """+1 for H and HH, -1 for L and LL."""
        return self.numbers[:, 0]

    @property
    def threshold(self) -> npt.NDArray[np.float64]:
        """sign * set-point."""
        return self.numbers[:, 1]

    @property
    def return_threshold(self) -> npt.NDArray[np.float64]:
        """threshold - dead band: what an active alarm must fall below to return."""
        return self.numbers[:, 2]

    @property
    def limit(self) -> npt.NDArray[np.float64]:
        """The set-point."""
        return self.numbers[:, 3]

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Compare every value with its set-point, or while active with where it returns."""
        value = moment.value[..., self.row]
        condition = beyond_limit(
            value * self.sign, moment.quality[..., self.row], self.threshold, self.return_threshold, active
        )
        return Judged(condition=condition, value=value, limit=self.limit, row=self.row, state=state)

    def at(self, places: npt.NDArray[np.intp]) -> "LimitGroup":
        """The rules at these places only."""
        return LimitGroup(
            position=self.position.take(places),
            row=self.row.take(places),
            numbers=self.numbers.take(places, axis=0),  # ten times as fast as an index
        )

    def band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> Band:
        """All values on the same side of the set-point, or while active of where it returns."""
        low, high = limit_band(
            judged.value * self.sign,
            moment.quality[self.row],
            self.sign,
            np.where(active, self.return_threshold, self.threshold),
        )
        return Band(low=low, high=high)

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The value, the set-point, and while active where it returns."""
        judged = self.judge(moment, np.full(self.row.size, active), state)
        set_point = float(self.limit[place])
        returns_at = float(self.return_threshold[place] * self.sign[place])
        zh, en = reading(moment, int(self.row[place]))
        high = self.sign[place] > 0
        word_zh, word_en = ("≥", ">=") if high else ("≤", "<=")
        if active and returns_at != set_point:
            zh += f"；报警中，回到 {returns_at:g} 以{'下' if high else '上'}才恢复"
            en += f"; active, returns {'below' if high else 'above'} {returns_at:g}"
        figures = (
            Figure(zh="测量值", en="value", value=float(judged.value[place])),
            Figure(zh="设定值", en="set-point", value=set_point),
            Figure(zh="恢复值", en="returns at", value=returns_at),
        )
        return explained(
            int(judged.condition[place]),
            (f"{zh}；条件：{word_zh} {set_point:g}", f"{en}; condition: {word_en} {set_point:g}"),
            figures,
            (moment.tag_ids[int(self.row[place])],),
        )


class LimitKindOf:
    """Checks and compiles Limit rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: Limit, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tag, set-point outside the range, a dead band that leaves no way back."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        yield from _limit_errors(rule, table.tags[table.row_of[rule.tag]])

    def set_errors(self, rules: Sequence[Limit], table: TagTable) -> Iterator[RuleError]:
        """LL < L < H < HH on one tag."""
        yield from _order_errors([rule for rule in rules if rule.tag in table.row_of])

    def flawless(self, rules: Sequence[Limit], table: TagTable) -> bool:
        """All of it by columns; two limits of one sort on a tag are looked at one by one."""
        row, order = tag_rows(rules, table), field(rules, "kind", np.int8, _ORDER.__getitem__)
        by_tag = np.argsort(row.astype(np.int64) * len(_ORDER) + order, kind="stable")
        row, order = row[by_tag], order[by_tag]
        set_point = field(rules, "set_point", np.float64)[by_tag]
        dead_band = field(rules, "dead_band", np.float64)[by_tag]
        if row[0] < 0 or bool(table.discrete[row].any()):
            return False
        low, high, is_high = table.low[row], table.high[row], order >= _ORDER["H"]
        with np.errstate(invalid="ignore"):
            room = np.where(is_high, set_point - low, high - set_point)
            inside = (low <= set_point) & (set_point <= high) & ((dead_band == 0) | (dead_band < room))
            good = np.isfinite(set_point) & np.isfinite(dead_band) & (dead_band >= 0) & ((low >= high) | inside)
            # each beside the next of its tag: what holds there holds for those further away
            beside, distance = row[1:] == row[:-1], np.diff(set_point)
            returns = np.where(is_high[1:], dead_band[1:], 0), np.where(is_high[:-1], 0, dead_band[:-1])
            apart = (order[1:] > order[:-1]) & (distance > 0) & (returns[0] < distance) & (returns[1] < distance)
        return bool(good.all() and (apart | ~beside).all())

    def group(self, rules: Sequence[tuple[int, Limit]], table: TagTable) -> LimitGroup:
        """The columns."""
        limits = [rule for _, rule in rules]
        sign = field(limits, "kind", np.float64, _SIGN.__getitem__)
        limit = field(limits, "set_point", np.float64)
        threshold = sign * limit
        return LimitGroup(
            position=positions(rules),
            row=tag_rows(limits, table),
            numbers=beside(sign, threshold, threshold - field(limits, "dead_band", np.float64), limit),
        )


def _limit_errors(rule: Limit, tag: Tag) -> Iterator[RuleError]:
    if tag.discrete:
        yield needs_analog(rule.id, "kind", tag.id, (f"{rule.kind} 报警", f"a {rule.kind} alarm"))
        return
    if not math.isfinite(rule.set_point):
        yield not_a_number(rule.id, "set_point", rule.set_point)
    elif tag.low < tag.high and not tag.low <= rule.set_point <= tag.high:
        yield outside_range(rule.id, "set_point", rule.set_point, tag)
    if not math.isfinite(rule.dead_band) or rule.dead_band < 0:
        yield no_dead_band(rule.id, rule.dead_band)
    elif tag.low < tag.high and rule.dead_band > 0:
        room = rule.set_point - tag.low if _SIGN[rule.kind] > 0 else tag.high - rule.set_point
        if rule.dead_band >= room:
            zh = f"{rule.dead_band:g} 使报警无法恢复：设定值到量程端只有 {room:g}"
            en = f"{rule.dead_band:g} leaves no way to return: the range ends {room:g} from the set-point"
            yield RuleError(rule.id, "dead_band", zh, en)


def _order_errors(limits: Sequence[Limit]) -> Iterator[RuleError]:
    """LL < L < H < HH on one tag, and a dead band that ends before the next limit on its return side."""
    by_tag: dict[str, list[Limit]] = defaultdict(list)
    for rule in limits:
        by_tag[rule.tag].append(rule)
    for of_tag in by_tag.values():
        ordered = sorted(of_tag, key=lambda rule: _ORDER[rule.kind])
        for place, lower in enumerate(ordered):
            for upper in ordered[place + 1 :]:
                if _ORDER[lower.kind] < _ORDER[upper.kind]:
                    yield from _pair_errors(lower, upper)


def _pair_errors(lower: Limit, upper: Limit) -> Iterator[RuleError]:
    distance = upper.set_point - lower.set_point
    if distance <= 0:
        outer, inner = (lower, upper) if lower.kind == "LL" or upper.kind == "H" else (upper, lower)
        word_zh, word = ("低于", "below") if outer is lower else ("高于", "above")
        zh = f"{outer.kind} {outer.set_point:g} 应{word_zh} {inner.kind} {inner.set_point:g}（{inner.id}）"
        en = f"{outer.kind} {outer.set_point:g} must be {word} {inner.kind} {inner.set_point:g} ({inner.id})"
        yield RuleError(outer.id, "set_point", zh, en)
        return
    for rule, other in ((lower, upper), (upper, lower)):
        returns_towards_other = (_SIGN[rule.kind] < 0) == (rule is lower)
        if returns_towards_other and rule.dead_band >= distance:
            zh = f"{rule.dead_band:g} 达到 {other.kind} {other.set_point:g}（{other.id}），其间只有 {distance:g}"
            en = f"{rule.dead_band:g} reaches {other.kind} {other.set_point:g} ({other.id}), only {distance:g} away"
            yield RuleError(rule.id, "dead_band", zh, en)
