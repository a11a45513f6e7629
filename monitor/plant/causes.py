"""Causes and effects of an interlock, as tables of `interlocks.toml` and `rules.toml` name them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from monitor.interlocks.register import Cause, Effect, Sense
from monitor.plant.record import Record
from monitor.plant.tags import TagRow
from monitor.plant.trip_points import read_live_trip_point

CAUSE_KEYS: Final = ("tag", "sense", "trip_point", "state")
LIVE_KEYS: Final = ("trip_point_tag", "trip_point_tolerance")
SENSES: Final[Mapping[str, Sense]] = {"high": "high", "low": "low", "state": "state"}
TAG: Final = ("位号", "tag")
WITHIN_S: Final = 10.0
"""Required time of an effect that names none."""


def read_causes(record: Record, tags: Mapping[str, TagRow], interlock: str = "") -> tuple[Cause, ...]:
    """Tags alone (discrete, their abnormal state demands the trip), or tables with sense and trip point.

    Those of an `interlock` of the register may name where the PLC shows their trip point.
    """
    if not _is_tables(record, "causes"):
        return tuple(_plain_cause(record, tag, tags) for tag in read_tags(record, "causes", tags))
    found: list[Cause] = []
    for item in record.records("causes"):
        item.only((*CAUSE_KEYS, *LIVE_KEYS) if interlock else CAUSE_KEYS)
        cause = _cause(item, tags)
        live = read_live_trip_point(item, cause, interlock, tags)
        if live is not None and any(each.tag == cause.tag and each.live for each in found):
            zh = f"{cause.tag} 的联锁值已有报警：一个联锁中每个位号只写一次 trip_point_tag"
            en = f"the trip point of {cause.tag} is watched already: give trip_point_tag once for a tag of an interlock"
            item.wrong("trip_point_tag", zh, en)
            live = None
        found.append(replace(cause, live=live))
    return tuple(found)


def _plain_cause(record: Record, tag: str, tags: Mapping[str, TagRow]) -> Cause:
    row = tags.get(tag)
    if row is not None and not row.tag.discrete:
        zh = f'{tag} 是模拟量：写成 {{ tag = "{tag}", sense = "high", trip_point = … }}'
        record.wrong("causes", zh, f'{tag} is analog: write {{ tag = "{tag}", sense = "high", trip_point = ... }}')
    normal = row.tag.normal_state if row is not None else None
    return Cause(tag=tag, sense="state", trip_point=1.0 if normal is None else 1.0 - normal)


def _cause(record: Record, tags: Mapping[str, TagRow]) -> Cause:
    tag = record.reference("tag", tags, TAG)
    row = tags.get(tag)
    if row is None or row.tag.discrete:
        given = record.integer("state", minimum=0, maximum=1)
        plain = _plain_cause(record, tag, tags)
        return plain if given is None else Cause(tag=tag, sense="state", trip_point=float(given))
    sense = SENSES.get(record.choice("sense", ("high", "low")), "high")
    trip_point = record.required_number("trip_point")
    if row.tag.low < row.tag.high and not row.tag.low <= trip_point <= row.tag.high:
        span = f"{row.tag.low:g} 至 {row.tag.high:g} {row.tag.eu}"
        record.wrong(
            "trip_point",
            f"{trip_point:g} 超出量程 {span}",
            f"{trip_point:g} is outside the range {span.replace('至', 'to')}",
        )
    return Cause(tag=tag, sense=sense, trip_point=trip_point)


def read_effects(record: Record, tags: Mapping[str, TagRow]) -> tuple[Effect, ...]:
    """Tags alone (acted when 1), or tables with the acted state and the required time."""
    if not _is_tables(record, "effects"):
        return tuple(Effect(tag=tag, acted_when=1, within_s=WITHIN_S) for tag in read_tags(record, "effects", tags))
    effects = []
    for item in record.records("effects"):
        item.only(("tag", "acted_when", "within_s"))
        tag = item.reference("tag", tags, TAG)
        if tag in tags:
            must_be_discrete(item, "tag", tag, tags)
        acted_when = item.integer("acted_when", minimum=0, maximum=1)
        within_s = item.number("within_s", default=WITHIN_S, minimum=0, maximum=3600)
        effects.append(
            Effect(
                tag=tag,
                acted_when=1 if acted_when is None else acted_when,
                within_s=WITHIN_S if within_s is None else within_s,
            )
        )
    return tuple(effects)


def _is_tables(record: Record, key: str) -> bool:
    value = record.values.get(key)
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def read_tags(record: Record, key: str, known: Collection[str]) -> tuple[str, ...]:
    """A list of tags; what nobody defines is reported."""
    found = record.texts(key)
    for tag in found:
        record.must_know(key, tag, known, TAG)
    return found


def must_be_discrete(record: Record, key: str, tag: str, tags: Mapping[str, TagRow]) -> None:
    """Report a tag that is no contact."""
    if not tags[tag].tag.discrete:
        record.wrong(key, f"位号 {tag} 不是开关量（type = bool）", f"tag {tag} is not discrete (type = bool)")
