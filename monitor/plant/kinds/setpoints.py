"""`rules.toml`: HH, H, L, LL with a set-point from another tag, or one for each mode."""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from monitor.plant.kinds import members
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from rules.catalog import Delays, LimitKind
from rules.columns.tags import Tag
from rules.kinds.modes import MOST_MODES, InMode, ModeLimit
from rules.kinds.setpoints import TagLimit
from rules.language.conditions import ExpressionRefusedError, parse_condition

FROM_TAG: Final = ("set_point_tag", "set_point_minimum", "set_point_maximum", "fallback")
BY_MODE: Final = ("set_point", "set_points")
KEYS: Final = ("tag", "dead_band", *FROM_TAG, *BY_MODE)


def _reader(kind: LimitKind) -> Callable[[Record, str, Delays, Surroundings], ReadRule | None]:
    def read(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
        tag = members.tag_of(record, surroundings)
        if tag is None:
            return None
        dead_band = record.number("dead_band", default=0.0, minimum=0) or 0.0
        by_mode = any(record.is_given(key) for key in BY_MODE)
        if by_mode == any(record.is_given(key) for key in FROM_TAG):
            zh = "set_point_tag（取自位号）与 set_points（随工况）须且只能用一种；固定设定值写在 alarms.csv"
            en = "give set_point_tag or set_points (by mode), exactly one; a fixed set-point belongs in alarms.csv"
            record.wrong("set_point_tag", zh, en)
            return None
        read_one = _by_mode if by_mode else _from_tag
        return read_one(record, rule_id, delays, surroundings, (kind, tag, dead_band))

    return read


def _from_tag(
    record: Record, rule_id: str, delays: Delays, surroundings: Surroundings, what: tuple[LimitKind, Tag, float]
) -> ReadRule | None:
    kind, tag, dead_band = what
    other = members.tag_of(record, surroundings, "set_point_tag")
    if other is None or not members.same_unit(record, "set_point_tag", (tag, other)):
        return None
    if other == tag:
        record.wrong("set_point_tag", f"{tag.id} 不能作自己的设定值", f"{tag.id} cannot be its own set-point")
        return None
    lowest, highest = (
        found if found is not None else end
        for found, end in (
            (record.number("set_point_minimum", minimum=tag.low, maximum=tag.high), tag.low),
            (record.number("set_point_maximum", minimum=tag.low, maximum=tag.high), tag.high),
        )
    )
    if not tag.low <= lowest <= tag.high or not tag.low <= highest <= tag.high:
        return None
    if lowest > highest:
        zh = f"{lowest:g} 大于 set_point_maximum {highest:g}"
        record.wrong("set_point_minimum", zh, f"{lowest:g} is above set_point_maximum {highest:g}")
        return None
    fallback = record.number("fallback", minimum=lowest, maximum=highest)
    rule = TagLimit(
        id=rule_id,
        tag=tag.id,
        kind=kind,
        set_point_tag=other.id,
        set_point_minimum=lowest,
        set_point_maximum=highest,
        fallback=fallback if fallback is None or lowest <= fallback <= highest else None,
        dead_band=dead_band,
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=rule.fallback, dead_band=dead_band, eu=tag.eu)


def _by_mode(
    record: Record, rule_id: str, delays: Delays, surroundings: Surroundings, what: tuple[LimitKind, Tag, float]
) -> ReadRule | None:
    kind, tag, dead_band = what
    set_point = record.required_number("set_point", minimum=tag.low, maximum=tag.high)
    items = record.records("set_points", required=True)
    if len(items) > MOST_MODES:
        record.wrong("set_points", f"最多 {MOST_MODES} 个工况", f"at most {MOST_MODES} modes")
        return None
    in_modes: dict[str, InMode] = {}
    for item in items:
        item.only(("mode", "set_point"))
        mode = item.reference("mode", surroundings.modes, ("工况", "mode"))
        if mode in in_modes:
            item.wrong("mode", f"工况 {mode} 重复", f"mode {mode} stands twice")
        found = item.required_number("set_point", minimum=tag.low, maximum=tag.high)
        in_modes[mode] = InMode(mode=mode, set_point=found)
    modes = _modes_of(in_modes, surroundings)
    all_of = (set_point, *(each.set_point for each in in_modes.values()))
    given = record.is_given("set_point") and all(item.is_given("set_point") for item in items)
    if modes is None or not items or not given or not all(tag.low <= each <= tag.high for each in all_of):
        return None
    rule = ModeLimit(
        id=rule_id,
        tag=tag.id,
        kind=kind,
        set_point=set_point,
        in_modes=tuple(in_modes.values()),
        modes=modes,
        dead_band=dead_band,
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=set_point, dead_band=dead_band, eu=tag.eu)


def _modes_of(names: Collection[str], surroundings: Surroundings) -> tuple[tuple[str, str], ...] | None:
    """(id, condition) of the modes and all that they name; None where one is not defined or has a mistake, told there."""
    found: dict[str, str] = {}
    for name in names:
        try:
            found |= parse_condition(f"mode('{name}')", surroundings.table, surroundings.modes).modes
        except ExpressionRefusedError:
            return None
    return tuple(sorted(found.items()))


LIMITS: Final[tuple[LimitKind, ...]] = ("HH", "H", "L", "LL")
READERS: Final[Mapping[str, KindReader]] = {kind: KindReader(keys=KEYS, read=_reader(kind)) for kind in LIMITS}
