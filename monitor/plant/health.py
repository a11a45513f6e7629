"""Column `health` of `tags.csv` and `[health]` of `plant.toml`: who says the state of an instrument, and in which numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

from monitor.plant.alarms import AlarmRow
from monitor.plant.document import Document
from monitor.plant.tags import TagRow
from rules.columns.health import DEVICE_HEALTH, HealthCodes

WHOLE_NUMBERS = ("int16", "uint16", "int32", "uint32", "int64", "uint64")
STATES = tuple(item.name for item in fields(HealthCodes))
_CRITICAL = (1, 2)
"""Priorities of alarms that protect: what is worked on then is like a bypass."""


def read_health_codes(document: Document) -> HealthCodes:
    """`[health]`: a list of numbers for each state; one that is not given keeps its own.  Mistakes go to the report."""
    record = document.record("health")
    record.only(STATES)
    given: dict[str, tuple[int, ...]] = {}
    for state in STATES:
        value = record.values.get(state)
        if value is None:
            continue
        if not isinstance(value, list) or not all(type(number) is int for number in value):
            record.wrong(state, "应为整数列表，如 [1]", "must be a list of whole numbers such as [1]")
            continue
        given[state] = tuple(value)
    codes = {state: given.get(state, getattr(DEVICE_HEALTH, state)) for state in STATES}
    owner: dict[int, str] = {}
    for state, numbers in codes.items():
        for number in numbers:
            other = owner.setdefault(number, state)
            if other != state:
                key = state if state in given else other
                zh, en = f"{number} 同时表示 {other} 与 {state}", f"{number} means {other} and {state}"
                record.wrong(key, zh, en)
    return HealthCodes(**codes)


def check_health_tags(tags: Mapping[str, TagRow], alarms: Sequence[AlarmRow]) -> None:
    """Report what is wrong with the variables that tags name, and instruments whose function check nobody would be told of."""
    told = {row.definition.tag for row in alarms if row.definition.kind == "forced"}
    protecting = {row.definition.tag for row in alarms if row.definition.priority in _CRITICAL}
    for row in tags.values():
        if not row.tag.health:
            continue
        _check(row, tags)
        if row.tag.id in protecting - told:
            row.record.wrong(
                "health",
                "该位号有 1、2 级报警，但没有 forced 报警：仪表功能检查（NE 107 C）等同旁路，却无人知道",
                "this tag carries an alarm of priority 1 or 2 and none of the kind forced: a function check of its"
                " instrument (NE 107 C) is like a bypass, and nobody would be told",
                "warning",
            )


def _check(row: TagRow, tags: Mapping[str, TagRow]) -> None:
    name, record = row.tag.health, row.record
    if not record.must_know("health", name, tags, ("位号", "tag")):
        return
    variable = tags[name]
    if name == row.tag.id or variable.tag.health:
        zh = f"{name} 自身不能再有 health：它是诊断，不是测量"
        record.wrong("health", zh, f"{name} may name no health itself: it is a diagnosis, not a measurement")
    elif variable.address.type not in WHOLE_NUMBERS:
        zh = f"{name} 的类型应为整数；单个状态位请设 state 报警"
        record.wrong("health", zh, f"{name} must be of a whole-number type; a single bit is an alarm of the kind state")
    elif variable.address.raw_low is not None:
        zh = f"{name} 是枚举，不换算：请去掉 raw_low 与 raw_high"
        record.wrong("health", zh, f"{name} is an enumeration and not scaled: leave out its raw_low and raw_high")
