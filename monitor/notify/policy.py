"""Which transitions leave over which channel, and which reminders they end.  Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import orjson

from monitor.alarms.kinds import KIND_WORDS
from monitor.alarms.lifecycle import QUIET, Trigger
from monitor.alarms.transition import Transition
from monitor.notify.people import Channel, Notification
from monitor.notify.row import OutboxRow, Purpose, Supersede

PURPOSE: Final[dict[Trigger, Purpose]] = {
    Trigger.RAISED: Purpose.RAISE,
    Trigger.UNSUPPRESSED: Purpose.RAISE,
    Trigger.RE_ALARMED: Purpose.RAISE,
    Trigger.PRIORITY_RAISED: Purpose.RAISE,
    Trigger.RETURNED: Purpose.RETURN,
    Trigger.RETURNED_LATCHED: Purpose.RETURN,
    Trigger.ACKNOWLEDGED: Purpose.ACKNOWLEDGE,
}
"""What a person is told of a transition; triggers that are not here make no message to people."""

ENDS_REPEATS: Final[frozenset[Trigger]] = QUIET | {
    Trigger.ACKNOWLEDGED,
    Trigger.RESET,
    Trigger.RETURNED_UNTOLD,
    Trigger.REACTIVATED,
    Trigger.DEFINITION_REMOVED,
    Trigger.DEFINITION_CHANGED,
    # these bring a reminder of their own
    Trigger.RE_ALARMED,
    Trigger.PRIORITY_RAISED,
}
"""A return of what was told is not among them: a priority 1 alarm nobody answered goes on being repeated."""


def decide(
    transitions: Sequence[Transition], notification: Notification, wall_ns: int
) -> tuple[tuple[OutboxRow, ...], tuple[Supersede, ...]]:
    """Rows that the transitions of one scan put into the outbox, and the reminders stored before that they take back."""
    rows: list[OutboxRow] = []
    supersedes: dict[tuple[str, int], Supersede] = {}
    for step in transitions:
        if step.trigger in ENDS_REPEATS:
            occurrence = step.id, step.occurrence
            supersedes[occurrence] = Supersede(id=step.id, occurrence=step.occurrence, purposes=(Purpose.REPEAT,))
            # raised and acknowledged within one scan: the reminder must not outlive its reason either
            rows = [row for row in rows if row.purpose != Purpose.REPEAT or (row.id, row.occurrence) != occurrence]
        text = ""
        for channel in notification.channels:
            purposes = _purposes(step, channel)
            if purposes:
                text = text or body(step, notification)
                rows += [_row(step, notification.plant, channel, purpose, wall_ns, text) for purpose in purposes]
    return tuple(rows), tuple(supersedes.values())


def follow_up(row: OutboxRow, channel: Channel, wall_ns: int) -> OutboxRow | None:
    """The reminder after this one, None when the row is not a reminder."""
    if row.purpose != Purpose.REPEAT:
        return None
    return OutboxRow(
        plant=row.plant,
        id=row.id,
        occurrence=row.occurrence,
        transition=row.transition,
        channel=row.channel,
        purpose=Purpose.REPEAT,
        repeat=row.repeat + 1,
        priority=row.priority,
        queued_wall_ns=wall_ns,
        due_wall_ns=wall_ns + _repeat_after_ns(channel),
        body=row.body,
    )


def _purposes(step: Transition, channel: Channel) -> tuple[Purpose, ...]:
    if not step.annunciated:  # design 5: under suppression a transition is journaled and makes no outbox row
        return ()
    if channel.kind == "mqtt":
        return (Purpose.EVENT,)
    purpose = PURPOSE.get(step.trigger)
    if purpose is None or step.alarm.priority not in channel.priorities:
        return ()
    if purpose == Purpose.RETURN:
        return (purpose,) if channel.send_returned else ()
    if purpose == Purpose.ACKNOWLEDGE:
        return (purpose,) if channel.send_acknowledged else ()
    return (purpose, Purpose.REPEAT) if step.alarm.priority == 1 else (purpose,)


def _row(step: Transition, plant: str, channel: Channel, purpose: Purpose, wall_ns: int, text: str) -> OutboxRow:
    first = OutboxRow(
        plant=plant,
        id=step.id,
        occurrence=step.occurrence,
        transition=step.transition,
        channel=channel.id,
        purpose=purpose,
        repeat=0,
        priority=step.alarm.priority,
        queued_wall_ns=wall_ns,
        due_wall_ns=wall_ns,
        body=text,
    )
    if purpose == Purpose.REPEAT:
        return replace(first, repeat=1, due_wall_ns=wall_ns + _repeat_after_ns(channel))
    return first


def _repeat_after_ns(channel: Channel) -> int:
    return round(channel.repeat_after_s * 1e9)


def body(step: Transition, notification: Notification) -> str:
    """Canonical JSON of all the words and numbers that a message or an event made from this transition needs."""
    definition, alarm = step.definition, step.alarm
    words = KIND_WORDS[definition.kind]
    kind_zh, kind_en = words.short_zh, words.short_en
    source_zh, source_en = notification.hazard_source_names.get(definition.hazard_source or "", ("", ""))
    content: dict[str, object] = {
        "plant": notification.plant,
        "site_zh": notification.site_zh,
        "site_en": notification.site_en,
        "id": step.id,
        "occurrence": step.occurrence,
        "transition": step.transition,
        "trigger": step.trigger,
        "before": step.before,
        "after": step.after,
        "annunciated": step.annunciated,
        "priority": alarm.priority,
        "definition_priority": definition.priority,
        "class": definition.alarm_class,
        "kind": definition.kind,
        "kind_zh": kind_zh,
        "kind_en": kind_en,
        "hazard_source": definition.hazard_source,
        "hazard_source_zh": source_zh,
        "hazard_source_en": source_en,
        "tag": definition.tag,
        "device": definition.device,
        "interlock": definition.interlock,
        "subject_zh": definition.subject_zh,
        "subject_en": definition.subject_en,
        "value": alarm.value,
        "limit": alarm.limit,
        "eu": definition.eu,
        "raised_wall_ns": alarm.raised_wall_ns,
        "decided_wall_ns": step.decided_wall_ns,
        "source_time_ns": alarm.source_time_ns,
        "message_zh": alarm.message_zh,
        "message_en": alarm.message_en,
        "detail": alarm.detail,
        "response_zh": definition.response_zh,
        "response_en": definition.response_en,
        "person": step.person,
        "person_name": step.person_name,
        "comment": step.comment,
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()
