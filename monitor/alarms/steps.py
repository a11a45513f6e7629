"""One step of one alarm, from the row before it to the transition that is journaled.  Pure."""

from dataclasses import dataclass

from monitor.alarms.commands import Command
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import BEGINS, ENDS, IS_TRUE, QUIET, TRANSITIONS, State, Trigger
from monitor.alarms.message import message
from monitor.alarms.transition import Alarm, SuppressionRecord, Transition, altered


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is decided of one alarm before it is worded and numbered."""

    alarm: Alarm
    """The row before the step, with what the step changes beside state and number."""
    trigger: Trigger
    suppression: SuppressionRecord | None = None
    why: tuple[str, str] = ("", "")
    """Reason of a step that nobody commanded (zh, en)."""


def taken(definition: AlarmDefinition, step: Step, wall_ns: int, command: Command | None = None) -> Transition:
    """Take a step.

    :raises KeyError: the table of the life cycle has no such step.
    """
    alarm, trigger = step.alarm, step.trigger
    state = TRANSITIONS[alarm.state, trigger]
    name = command.person_name if command else ""
    annunciated = not alarm.suppressions and trigger not in QUIET
    text = message(definition, trigger, alarm.value, alarm.limit, alarm.detail, name, step.why)
    after = altered(
        alarm,
        state=state,
        transition=alarm.transition + 1,
        condition_true=state in IS_TRUE,
        changed_wall_ns=wall_ns,
        message_key=text.key,
        message_zh=text.zh,
        message_en=text.en,
        told=alarm.told or annunciated,
    )
    return Transition(
        definition=definition,
        alarm=after,
        trigger=trigger,
        before=alarm.state,
        after=state,
        occurrence=alarm.occurrence,
        transition=after.transition,
        annunciated=annunciated,
        decided_wall_ns=wall_ns,
        person=command.person if command else None,
        person_name=command.person_name if command else None,
        comment=command.comment if command else "",
        suppression=step.suppression,
    )


def return_of(alarm: Alarm, latch: bool) -> Step:
    """The condition is FALSE again; a latch waits for a person in any case."""
    if latch:
        return Step(alarm=alarm, trigger=Trigger.RETURNED_LATCHED)
    untold = alarm.state is State.UNACKNOWLEDGED and not alarm.told
    return Step(alarm=alarm, trigger=Trigger.RETURNED_UNTOLD if untold else Trigger.RETURNED)


def begin(alarm: Alarm, record: SuppressionRecord, why: tuple[str, str] = ("", "")) -> Step:
    """A suppression begins, or the same one begins anew with other words or another end."""
    same = record.suppression, record.source
    others = tuple(item for item in alarm.suppressions if (item.suppression, item.source) != same)
    suppressed = altered(alarm, suppressions=(*others, record))
    return Step(alarm=suppressed, trigger=BEGINS[record.suppression], suppression=record, why=why)


def end(alarm: Alarm, record: SuppressionRecord, why: tuple[str, str] = ("", "")) -> Step:
    """A suppression ends; the last one, while the condition is TRUE, lets the alarm be annunciated as if it were new."""
    left = tuple(item for item in alarm.suppressions if item is not record)
    freed = altered(alarm, suppressions=left)
    if left or alarm.state not in IS_TRUE:
        return Step(alarm=freed, trigger=ENDS[record.suppression], suppression=record, why=why)
    return Step(alarm=unanswered(freed), trigger=Trigger.UNSUPPRESSED, suppression=record, why=why)


def unanswered(alarm: Alarm) -> Alarm:
    """The row without an acknowledgement: what is annunciated again must be answered again (the journal keeps who did)."""
    return altered(alarm, acknowledged_by=None, acknowledged_name=None, acknowledged_wall_ns=None)
