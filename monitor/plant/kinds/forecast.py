"""`rules.toml`: minutes_to_limit."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds.members import tag_of
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.kinds.vessels import coverage_of, vessel_of, window_ns_of
from monitor.plant.record import Record
from monitor.plant.site import NS
from rules.catalog import Delays
from rules.columns.tags import Tag
from rules.geometry import METRES
from rules.kinds.forecast import MinutesToLimit

SHORTEST_S: Final = 60.0
LONGEST_S: Final = 600.0
WINDOW_SHARE: Final = 1 / 3
"""Of the required time, where `window_s` is not given: the trend follows half a window late, which must leave time to act."""
DEAD_BAND_SHARE: Final = 0.1
"""Of the required time, where `dead_band_min` is not given."""
RISING: Final[Mapping[str, bool]] = {"HH": True, "H": True, "L": False, "LL": False, "overflow": True}
"""Limits that have a name, and on which side the value must not pass them."""


def _minutes_to_limit(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = tag_of(record, surroundings)
    required_min = record.required_number("required_min", minimum=0, maximum=24 * 60)
    dead_band_min = record.number("dead_band_min", default=DEAD_BAND_SHARE * required_min, minimum=0)
    found = _limit(record, tag, surroundings) if tag is not None else None
    if tag is None or found is None:
        return None
    limit, rising = found
    rule = MinutesToLimit(
        id=rule_id,
        tag=tag.id,
        limit=limit,
        rising=rising,
        required_ns=int(required_min * 60 * NS),
        window_ns=window_ns_of(record, min(max(WINDOW_SHARE * required_min * 60, SHORTEST_S), LONGEST_S)),
        dead_band_ns=int((dead_band_min or 0.0) * 60 * NS),
        minimum_rate=record.number("minimum_rate", default=0.0, minimum=0) or 0.0,
        minimum_coverage=coverage_of(record),
        vessel=vessel_of(record, tag, surroundings),
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=required_min, dead_band=dead_band_min or 0.0, eu="min")


def _limit(record: Record, tag: Tag, surroundings: Surroundings) -> tuple[float, bool] | None:
    """`limit`: a number with `direction`, the set-point of an alarm of the tag by its kind, or the overflow height."""
    value = record.values.get("limit")
    if not isinstance(value, str):
        direction = record.choice("direction", ("rising", "falling"), default="rising")
        given = record.is_given("limit")
        number = record.required_number("limit")
        return (number, direction == "rising") if given else None
    if value not in RISING:
        listed = ", ".join(RISING)
        record.wrong("limit", f"应为数字或以下之一：{listed}", f"must be a number or one of {listed}")
        return None
    if record.is_given("direction"):
        record.wrong("direction", f"{value} 自有方向，不填", f"{value} has its own direction: leave it out")
    limit = (
        _overflow(record, tag, surroundings) if value == "overflow" else surroundings.set_points.get((tag.id, value))
    )
    if limit is None:
        zh = f"{tag.id} 没有 {value} 的数值" if value == "overflow" else f"alarms.csv 中 {tag.id} 没有 {value} 报警"
        en = (
            f"{tag.id} has no overflow height"
            if value == "overflow"
            else f"alarms.csv has no {value} alarm of {tag.id}"
        )
        record.wrong("limit", zh, en)
        return None
    return limit, RISING[value]


def _overflow(record: Record, tag: Tag, surroundings: Surroundings) -> float | None:
    """The overflow height of the equipment, in the unit of the tag."""
    equipment = surroundings.site.equipment.get(record.text("equipment", required=False) or tag.equipment)
    if equipment is None or equipment.overflow_height_m is None or tag.eu not in METRES:
        return None
    return equipment.overflow_height_m / METRES[tag.eu]


READERS: Final[Mapping[str, KindReader]] = {
    "minutes_to_limit": KindReader(
        keys=(
            "tag", "limit", "direction", "required_min", "dead_band_min", "window_s", "minimum_rate", "coverage",
        ),
        read=_minutes_to_limit,
    ),
}  # fmt: skip
