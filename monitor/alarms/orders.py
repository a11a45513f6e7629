"""What a command does to an alarm: one function for each kind of command.  Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from monitor.alarms.classes import AlarmClassRules, ShelvingLimits
from monitor.alarms.commands import (
    Acknowledge,
    Command,
    EndSuppression,
    RaisePriority,
    RemoveFromService,
    Reset,
    Shelve,
    SuppressByDesign,
)
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import State, Suppression, Trigger
from monitor.alarms.refusals import (
    Winner,
    refuse_acknowledge,
    refuse_end,
    refuse_other_occurrence,
    refuse_raise,
    refuse_removal,
    refuse_reset,
    refuse_without_comment,
)
from monitor.alarms.shelving import refuse_shelve
from monitor.alarms.steps import Step, begin, end
from monitor.alarms.transition import Alarm, SuppressionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the board knows when a command comes."""

    alarm: Alarm
    definition: AlarmDefinition
    rules: AlarmClassRules
    limits: ShelvingLimits
    shelved: Callable[[], tuple[Alarm, ...]]
    """All other alarms that are shelved now."""
    winner: Winner | None
    condition_false: bool
    """The readings say at this moment that the condition is gone."""
    wall_ns: int


def decide(command: Command, now: Situation) -> Step:
    """What the command does.

    :raises ConflictError: not the current occurrence, or somebody was first.
    :raises CommandRefusedError: not allowed; the message says what to do instead.
    """
    return ORDERS[type(command)](command, now)


def _acknowledge(command: Acknowledge, now: Situation) -> Step:
    refuse_acknowledge(command, now.alarm)
    refuse_without_comment(command.comment, now.rules)
    return Step(
        alarm=replace(
            now.alarm,
            acknowledged_by=command.person,
            acknowledged_name=command.person_name,
            acknowledged_wall_ns=now.wall_ns,
            comment=command.comment,
        ),
        trigger=Trigger.ACKNOWLEDGED,
    )


def _reset(command: Reset, now: Situation) -> Step:
    refuse_reset(command, now.alarm, now.winner, now.condition_false)
    refuse_without_comment(command.comment, now.rules)
    return Step(alarm=replace(now.alarm, comment=command.comment), trigger=Trigger.RESET)


def _shelve(command: Shelve, now: Situation) -> Step:
    refuse_other_occurrence(command.occurrence, now.alarm)
    refuse_without_comment(command.comment, None)
    refuse_shelve(command, now.definition, now.rules, now.limits, now.shelved())
    return begin(now.alarm, _record(command, Suppression.SHELVED, now.wall_ns, now.wall_ns + command.duration_ns))


def _remove(command: RemoveFromService, now: Situation) -> Step:
    refuse_other_occurrence(command.occurrence, now.alarm)
    refuse_without_comment(command.comment, None)
    refuse_removal(command, now.wall_ns)
    record = _record(command, Suppression.OUT_OF_SERVICE, now.wall_ns, command.until_wall_ns)
    record = replace(
        record,
        authorised_by=command.authorised_by,
        authorised_name=command.authorised_name,
        interim=command.interim,
    )
    return begin(now.alarm, record)


def _suppress(command: SuppressByDesign, now: Situation) -> Step:
    refuse_other_occurrence(command.occurrence, now.alarm)
    record = replace(
        _record(command, Suppression.BY_DESIGN, now.wall_ns, command.until_wall_ns),
        source=command.source,
        condition=command.condition,
        reason_en=command.comment_en,
    )
    why = (command.comment, command.comment_en or command.comment) if command.source else ("", "")
    return begin(now.alarm, record, why)


def _end(command: EndSuppression, now: Situation) -> Step:
    refuse_other_occurrence(command.occurrence, now.alarm)
    return end(now.alarm, refuse_end(command, now.alarm), command.why)


def _raise_priority(command: RaisePriority, now: Situation) -> Step:
    refuse_other_occurrence(command.occurrence, now.alarm)
    refuse_raise(command, now.alarm)
    # what was acknowledged as less urgent calls again
    acknowledged = now.alarm.state is State.ACKNOWLEDGED
    trigger = Trigger.RE_ALARMED if acknowledged else Trigger.PRIORITY_RAISED
    return Step(alarm=replace(now.alarm, priority=command.priority), trigger=trigger, why=command.why)


def _record(
    command: Shelve | RemoveFromService | SuppressByDesign,
    suppression: Suppression,
    since_wall_ns: int,
    until_wall_ns: int | None,
) -> SuppressionRecord:
    return SuppressionRecord(
        suppression=suppression,
        reason=command.comment,
        person=command.person,
        person_name=command.person_name,
        since_wall_ns=since_wall_ns,
        until_wall_ns=until_wall_ns,
    )


ORDERS: Final[dict[type[Command], Callable[[Any, Situation], Step]]] = {
    Acknowledge: _acknowledge,
    Reset: _reset,
    Shelve: _shelve,
    RemoveFromService: _remove,
    SuppressByDesign: _suppress,
    EndSuppression: _end,
    RaisePriority: _raise_priority,
}
