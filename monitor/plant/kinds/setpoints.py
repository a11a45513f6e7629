"""`rules.toml`: HH, H, L, LL with a set-point from another tag, or one for each mode."""

from collections.abc import Callable, Mapping
from typing import Final

from monitor.plant.kinds import members
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from rules.catalog import Delays, LimitKind
from rules.columns.tags import Tag
from rules.kinds.setpoints import TagLimit

FROM_TAG: Final = ("set_point_tag", "set_point_minimum", "set_point_maximum", "fallback")
KEYS: Final = ("tag", "dead_band", *FROM_TAG)


def _reader(kind: LimitKind) -> Callable[[Record, str, Delays, Surroundings], ReadRule | None]:
    def read(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
        tag = members.tag_of(record, surroundings)
        if tag is None:
            return None
        dead_band = record.number("dead_band", default=0.0, minimum=0) or 0.0
        return _from_tag(record, rule_id, delays, surroundings, (kind, tag, dead_band))

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


LIMITS: Final[tuple[LimitKind, ...]] = ("HH", "H", "L", "LL")
READERS: Final[Mapping[str, KindReader]] = {kind: KindReader(keys=KEYS, read=_reader(kind)) for kind in LIMITS}
