"""Canonical JSON of what is stored once: journal bodies and board rows (keys: docs/architecture.md, journal row body)."""

import hashlib
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

import orjson

from monitor.alarms.lifecycle import State, Suppression
from monitor.alarms.record import Entry
from monitor.alarms.transition import Alarm, SuppressionRecord, Transition

SCHEMA: Final = 1
"""Version of the journal row body; stands in every body and in the table `meta`."""
GENESIS: Final = bytes(32)
"""What stands for the hash of the row before the first one."""
_ALARM_FIELDS: Final = attrgetter(*Alarm.__slots__)


def encode(value: object) -> bytes:
    """Encode as canonical JSON: sorted keys, no spaces, UTF-8, NaN and infinity as null.

    What JSON cannot hold (half of a surrogate pair, an integer of more than 64 bits) is replaced by its text,
    because an odd character in a comment must not stop the journal.
    """
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return orjson.dumps(_cleaned(value), default=str, option=orjson.OPT_SORT_KEYS)


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {str(_cleaned(str(key))): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and -(2**63) <= value < 2**63):
        return value
    return str(value)


def chained(previous: bytes, body: bytes) -> bytes:
    """Hash of a row: SHA-256 over the previous row's hash and this body."""
    return hashlib.sha256(previous + body).digest()


def transition_body(plant: str, transition: Transition, wall_ns: int, journaled_wall_ns: int) -> bytes:
    """Body of a transition's row; `journaled_wall_ns` is when the row was put into its transaction."""
    definition, alarm = transition.definition, transition.alarm
    return encode(
        {
            "schema": SCHEMA,
            "kind": "transition",
            "plant": plant,
            "wall_ns": wall_ns,
            "id": definition.id,
            "occurrence": transition.occurrence,
            "transition": transition.transition,
            "trigger": transition.trigger,
            "before": transition.before,
            "after": transition.after,
            "priority": alarm.priority,
            "definition_priority": definition.priority,
            "class": definition.alarm_class,
            "alarm_kind": definition.kind,
            "tag": definition.tag,
            "device": definition.device,
            "interlock": definition.interlock,
            "hazard_source": definition.hazard_source,
            "value": alarm.value,
            "limit": alarm.limit,
            "eu": definition.eu,
            "quality": int(alarm.quality),
            "source_time_ns": alarm.source_time_ns,
            "received_wall_ns": alarm.received_wall_ns,
            "decided_wall_ns": transition.decided_wall_ns,
            "journaled_wall_ns": journaled_wall_ns,
            "annunciated": transition.annunciated,
            "suppressions": [_suppression(item) for item in alarm.suppressions],
            "suppression": _suppression(transition.suppression) if transition.suppression else None,
            "person": transition.person,
            "person_name": transition.person_name,
            "comment": transition.comment,
            "message_key": alarm.message_key,
            "message_zh": alarm.message_zh,
            "message_en": alarm.message_en,
            "detail": alarm.detail,
            "definition_hash": alarm.definition_hash,
        }
    )


def entry_body(plant: str, entry: Entry) -> bytes:
    """Body of an entry that is no transition."""
    return encode(
        {
            "schema": SCHEMA,
            "kind": entry.kind,
            **({"id": entry.id} if entry.id is not None else {}),
            **({"hazard_source": entry.hazard_source} if entry.hazard_source is not None else {}),
            "plant": plant,
            "wall_ns": entry.wall_ns,
            "message_zh": entry.message_zh,
            "message_en": entry.message_en,
            "person": entry.person,
            "person_name": entry.person_name,
            "values": dict(entry.values) if entry.values else {},
        }
    )


def encode_alarm(alarm: Alarm) -> bytes:
    """One board row as canonical JSON with every field of `Alarm`."""
    fields = dict(zip(Alarm.__slots__, _ALARM_FIELDS(alarm), strict=True))
    fields["quality"] = int(alarm.quality)
    fields["suppressions"] = [_suppression(item) for item in alarm.suppressions]
    return encode(fields)


def decode_alarm(body: bytes) -> Alarm:
    """Give back what `encode_alarm` was given.

    :raises ValueError: the body is not JSON of a board row.
    """
    try:
        fields: dict[str, Any] = orjson.loads(body)
        fields["state"] = State(fields["state"])
        fields["detail"] = tuple(fields["detail"])
        fields["suppressions"] = tuple(
            SuppressionRecord(**(item | {"suppression": Suppression(item["suppression"])}))
            for item in fields["suppressions"]
        )
        return Alarm(**fields)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a board row: {error}") from error


def _suppression(record: SuppressionRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in SuppressionRecord.__slots__}
