"""Alarm rows that take no step: never raised, shown with a newer reading, or left over from a definition that is gone."""

import math
from collections.abc import Mapping
from typing import Any

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.kinds import KIND_WORDS
from monitor.alarms.lifecycle import State
from monitor.alarms.message import kind_of
from monitor.alarms.transition import Alarm, altered
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME
from rules.verdicts import Evidence


def never_raised(definition: AlarmDefinition, definition_hash: str) -> Alarm:
    """The row of an alarm that was never raised."""
    return Alarm(
        id=definition.id,
        state=State.NORMAL,
        occurrence=0,
        transition=0,
        priority=definition.priority,
        condition_true=False,
        unknown=False,
        value=None,
        limit=None,
        quality=int(Quality.NEVER_SEEN),
        source_time_ns=None,
        received_wall_ns=None,
        raised_wall_ns=None,
        changed_wall_ns=None,
        acknowledged_by=None,
        acknowledged_name=None,
        acknowledged_wall_ns=None,
        comment="",
        suppressions=(),
        message_key="",
        message_zh="",
        message_en="",
        detail=(),
        definition_hash=definition_hash,
    )


def reading_of(evidence: Evidence, at: int, unknown: bool, last_value: float | None) -> dict[str, Any]:
    """The fields of a row that show the reading that was judged now (place `at` of the evidence).

    The last number stays while nothing can be read: the quality beside it says so.
    """
    value, limit = evidence.value.item(at), evidence.limit.item(at)
    source_time_ns = evidence.source_time_ns.item(at)
    return {
        "unknown": unknown,
        "value": last_value if math.isnan(value) else value,
        "limit": None if math.isnan(limit) else limit,
        "quality": evidence.quality.item(at),
        "source_time_ns": None if source_time_ns == NO_TIME else source_time_ns,
        "received_wall_ns": evidence.received_wall_ns.item(at) or None,
    }


def begun(alarm: Alarm, priority: int, detail: tuple[str, ...], wall_ns: int, reading: Mapping[str, Any]) -> Alarm:
    """The row at the start of a new occurrence, before its first step: nothing of the old one is left.

    `reading` as `reading_of` tells it, without a last value.
    """
    return altered(
        alarm,
        occurrence=alarm.occurrence + 1,
        transition=0,
        priority=priority,
        raised_wall_ns=wall_ns,
        acknowledged_by=None,
        acknowledged_name=None,
        acknowledged_wall_ns=None,
        comment="",
        detail=detail,
        told=False,
        **reading,
    )


def gone_definition(stored: Alarm) -> AlarmDefinition:
    """What can still be said of a definition that is gone, so that the closing step can be journaled."""
    return AlarmDefinition(
        id=stored.id,
        kind=kind if (kind := kind_of(stored.message_key)) in KIND_WORDS else "system",
        alarm_class="system",
        priority=stored.priority,
        set_point=stored.limit,
    )
