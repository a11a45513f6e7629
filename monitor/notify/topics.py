"""MQTT topics and payloads, as docs/architecture.md fixes them.  Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import State
from monitor.alarms.transition import Alarm
from monitor.notify.row import OutboxRow

ONLINE: Final = b"online"
OFFLINE: Final = b"offline"
LOST: Final = b"lost"


def state_topic(prefix: str, plant: str) -> str:
    """Where the monitor says that it lives."""
    return f"{prefix}/{plant}/$state"


def event_topic(prefix: str, plant: str, id: str) -> str:
    """Where transitions of one alarm go."""
    return f"{prefix}/{plant}/event/{id}"


def alarm_topic(prefix: str, plant: str, id: str) -> str:
    """Where one alarm is retained while it is not normal."""
    return f"{prefix}/{plant}/alarm/{id}"


def utc(wall_ns: int | None) -> str | None:
    """RFC 3339 UTC to the microsecond of a wall time in ns."""
    if wall_ns is None:
        return None
    seconds, rest_ns = divmod(wall_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns // 1000:06d}Z"


def event(row: OutboxRow) -> bytes:
    """The payload of one transition.

    :raises ValueError: the body is not JSON.
    :raises KeyError: the body lacks a value.
    """
    body: Mapping[str, Any] = orjson.loads(row.body)
    kept = ("plant", "id", "occurrence", "transition", "trigger", "before", "after", "priority", "hazard_source")
    payload = {name: body[name] for name in (*kept, "tag", "value", "limit", "eu", "person_name")}
    payload |= {
        "key": row.key,
        "state": body["after"],
        "source_time": utc(body["source_time_ns"]),
        "decided_at": utc(body["decided_wall_ns"]),
        "message": {"zh": body["message_zh"], "en": body["message_en"]},
    }
    return orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)


def retained(definition: AlarmDefinition, alarm: Alarm, plant: str) -> bytes:
    """The JSON to retain for one alarm; empty while it is normal, which clears the topic."""
    if alarm.state == State.NORMAL:
        return b""
    payload = {
        "plant": plant,
        "id": alarm.id,
        "occurrence": alarm.occurrence,
        "transition": alarm.transition,
        "tag": definition.tag,
        "device": definition.device,
        "interlock": definition.interlock,
        "hazard_source": definition.hazard_source,
        "kind": definition.kind,
        "class": definition.alarm_class,
        "state": alarm.shown_state,
        "underlying_state": alarm.state,
        "suppressions": [record.suppression for record in alarm.suppressions],
        "unknown": alarm.unknown,
        "priority": alarm.priority,
        "definition_priority": definition.priority,
        "value": alarm.value,
        "limit": alarm.limit,
        "eu": definition.eu,
        "raised_at": utc(alarm.raised_wall_ns),
        "source_time": utc(alarm.source_time_ns),
        "message": {"zh": alarm.message_zh, "en": alarm.message_en},
        "acknowledged_by": alarm.acknowledged_by,
        "acknowledged_name": alarm.acknowledged_name,
        "acknowledged_at": utc(alarm.acknowledged_wall_ns),
    }
    return orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
