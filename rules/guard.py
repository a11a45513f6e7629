"""The set-point guard: where the limits of a plant may stand, against each other and against what comes after them.

LL < L < H < HH; high alarms below the trip point and below what the equipment holds; enough time between an alarm and what
it warns of; no higher than a law or a design allows.  Every refusal says how much the set-point must be.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from rules.kinds.limits import Limit, LimitKind
from rules.kinds.modes import ModeLimit
from rules.kinds.setpoints import TagLimit
from rules.port import Rule

Side = Literal["high", "low"]
_ORDER: Final[Mapping[LimitKind, int]] = {"LL": 0, "L": 1, "H": 2, "HH": 3}
OTHERWISE: Final = ""
"""In place of a mode: what holds where no mode does."""
NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPoint:
    """A high or low alarm as the guard sees it: every value that its set-point may take."""

    rule_id: str
    tag: str
    kind: LimitKind
    lowest: float
    highest: float
    """Where no mode holds; one value of a fixed set-point, the bounds of one that a tag holds."""
    in_modes: Mapping[str, float] = field(default_factory=dict)
    lag_s: float = 0.0
    """From the value passing the set-point to the alarm: the on-delay."""
    fixed: bool = True
    """A plain set-point: the compiler compares those with each other already."""

    @property
    def side(self) -> Side:
        """H and HH warn of what is above, L and LL of what is below."""
        return "high" if self.kind in ("H", "HH") else "low"

    def at(self, mode: str) -> tuple[float, float]:
        """(lowest, highest) while a mode holds."""
        value = self.in_modes.get(mode)
        return (self.lowest, self.highest) if value is None else (value, value)

    def furthest(self) -> tuple[str, float]:
        """(mode, set-point) that comes nearest to what the alarm warns of."""
        high = self.side == "high"
        all_of = {OTHERWISE: self.highest if high else self.lowest, **self.in_modes}
        mode = (max if high else min)(all_of, key=lambda name: all_of[name])
        return mode, all_of[mode]

    def key(self, mode: str, side: Side) -> str:
        """The key of the plant folder that an engineer must change."""
        if mode != OTHERWISE and mode in self.in_modes:
            return "set_points"
        if self.lowest == self.highest:
            return "set_point"
        return "set_point_maximum" if side == "high" else "set_point_minimum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a set-point must stay inside of."""

    name_zh: str
    name_en: str
    value: float
    """In the unit of the tag."""
    side: Side
    or_equal: bool = False
    """The set-point may stand on it (a law); else it must leave room (a trip, an overflow)."""
    reached: bool = False
    """The value rises towards it at the fill rate, so there must be time before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One thing that the guard refuses."""

    rule_id: str
    field: str
    must: float
    """The set-point that would just pass (or, without `or_equal`, just not)."""
    zh: str
    en: str


def set_point_of(rule: Rule) -> SetPoint | None:
    """What the guard looks at; None where the rule has no high or low set-point."""
    if not isinstance(rule, Limit | TagLimit | ModeLimit):
        return None
    lowest, highest, in_modes = 0.0, 0.0, {}
    if isinstance(rule, TagLimit):
        lowest, highest = rule.set_point_minimum, rule.set_point_maximum
    else:
        lowest = highest = rule.set_point
    if isinstance(rule, ModeLimit):
        in_modes = {each.mode: each.set_point for each in rule.in_modes}
    return SetPoint(
        rule_id=rule.id,
        tag=rule.tag,
        kind=rule.kind,
        lowest=lowest,
        highest=highest,
        in_modes=in_modes,
        lag_s=rule.delays.on_delay_ns / NS,
        fixed=isinstance(rule, Limit),
    )


def order_breaches(set_points: Sequence[SetPoint]) -> Iterator[Breach]:
    """LL < L < H < HH on each tag, in every mode and for every value that a tag may set."""
    by_tag: dict[str, list[SetPoint]] = defaultdict(list)
    for each in set_points:
        by_tag[each.tag].append(each)
    for of_tag in by_tag.values():
        ordered = sorted(of_tag, key=lambda each: _ORDER[each.kind])
        for place, lower in enumerate(ordered):
            for upper in ordered[place + 1 :]:
                if _ORDER[lower.kind] < _ORDER[upper.kind] and not (lower.fixed and upper.fixed):
                    yield from _pair_breach(lower, upper)


def _pair_breach(lower: SetPoint, upper: SetPoint) -> Iterator[Breach]:
    """The first mode in which the two meet; told at the one that is not a plain set-point."""
    for mode in (OTHERWISE, *dict.fromkeys([*lower.in_modes, *upper.in_modes])):
        most, least = lower.at(mode)[1], upper.at(mode)[0]
        if most < least:
            continue
        zh, en = (f"工况 {mode} 下，", f"in mode {mode}, ") if mode != OTHERWISE else ("", "")
        if lower.fixed:
            yield Breach(
                rule_id=upper.rule_id,
                field=upper.key(mode, "low"),
                must=most,
                zh=f"{zh}{upper.kind} {least:g} 应高于 {lower.kind} {most:g}（{lower.rule_id}）",
                en=f"{en}{upper.kind} {least:g} must be above {lower.kind} {most:g} ({lower.rule_id})",
            )
        else:
            yield Breach(
                rule_id=lower.rule_id,
                field=lower.key(mode, "high"),
                must=least,
                zh=f"{zh}{lower.kind} {most:g} 应低于 {upper.kind} {least:g}（{upper.rule_id}）",
                en=f"{en}{lower.kind} {most:g} must be below {upper.kind} {least:g} ({upper.rule_id})",
            )
        return


def bound_breach(set_point: SetPoint, bounds: Sequence[Bound]) -> Breach | None:
    """The narrowest bound on the side of the alarm, if its set-point, in whatever mode, does not stay inside of it."""
    mode, value = set_point.furthest()
    broken = [bound for bound in bounds if bound.side == set_point.side and not _inside(value, bound)]
    if not broken:
        return None
    narrowest = (min if set_point.side == "high" else max)(broken, key=lambda bound: bound.value)
    word_zh, word_en = _WORDS[narrowest.side, narrowest.or_equal]
    return Breach(
        rule_id=set_point.rule_id,
        field=set_point.key(mode, narrowest.side),
        must=narrowest.value,
        zh=f"{set_point.kind} {value:g} 应{word_zh}{narrowest.name_zh} {narrowest.value:g}",
        en=f"{set_point.kind} {value:g} must be {word_en} {narrowest.name_en} {narrowest.value:g}",
    )


_WORDS: Final[Mapping[tuple[Side, bool], tuple[str, str]]] = {
    ("high", False): ("低于", "below"),
    ("high", True): ("不高于", "no higher than"),
    ("low", False): ("高于", "above"),
    ("low", True): ("不低于", "no lower than"),
}


def _inside(value: float, bound: Bound) -> bool:
    if value == bound.value:
        return bound.or_equal
    return value < bound.value if bound.side == "high" else value > bound.value


def response_breach(
    set_point: SetPoint, bounds: Sequence[Bound], rate_per_s: float, time_to_respond_s: float
) -> Breach | None:
    """Not enough time between a high alarm and the nearest bound that the value reaches (API 2350, SH/T 3007 style).

    :param rate_per_s: the fastest rise in the unit of the tag; 0 or less leaves all the time there is.
    """
    mode, value = set_point.furthest()
    ahead = [bound for bound in bounds if bound.reached and bound.side == "high" and value < bound.value]
    if set_point.side != "high" or rate_per_s <= 0 or not ahead:
        return None
    nearest = min(ahead, key=lambda bound: bound.value)
    left_s = (nearest.value - value) / rate_per_s - set_point.lag_s
    must = nearest.value - (time_to_respond_s + set_point.lag_s) * rate_per_s
    if value <= must:
        return None
    return Breach(
        rule_id=set_point.rule_id,
        field=set_point.key(mode, "high"),
        must=must,
        zh=f"{set_point.kind} {value:g} 到{nearest.name_zh} {nearest.value:g} 只剩 {max(left_s, 0):.0f} s"
        f"（按最大进料速度，已扣除延时），响应需要 {time_to_respond_s:g} s：应不高于 {_rounded_down(must):g}",
        en=f"{set_point.kind} {value:g} leaves {max(left_s, 0):.0f} s before {nearest.name_en} {nearest.value:g} at the"
        f" fill rate (less the delay), {time_to_respond_s:g} s are needed: no higher than {_rounded_down(must):g}",
    )


def _rounded_down(value: float) -> float:
    """To what people type: three decimals, never above."""
    return (value * 1000 // 1) / 1000
