"""Why the board refuses a command: who was first, or what to do instead, in both languages."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from monitor.alarms.classes import HOUR_NS, AlarmClassRules
from monitor.alarms.commands import (
    Acknowledge,
    CommandRefusedError,
    ConflictError,
    EndSuppression,
    RaisePriority,
    RemoveFromService,
    Reset,
)
from monitor.alarms.lifecycle import NEEDS_ACKNOWLEDGE, State, Suppression
from monitor.alarms.transition import Alarm, SuppressionRecord

LONGEST_REMOVAL_DAYS: Final = 30
LONGEST_REMOVAL_NS: Final = LONGEST_REMOVAL_DAYS * 24 * HOUR_NS
"""Longer than this is a change of the master alarm database, not a repair."""
_NOUN: Final = {
    Suppression.SHELVED: ("搁置", "shelved"),
    Suppression.BY_DESIGN: ("按设计抑制", "suppressed by design"),
    Suppression.OUT_OF_SERVICE: ("停用", "out of service"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """Who ended a latched occurrence, and when: the next one who tries is told."""

    occurrence: int
    person_name: str
    wall_ns: int


def refuse_acknowledge(command: Acknowledge, alarm: Alarm) -> None:
    """Let the acknowledgement pass or say why not.

    :raises ConflictError: another occurrence, or acknowledged before.
    :raises CommandRefusedError: nothing stands that could be acknowledged.
    """
    refuse_other_occurrence(command.occurrence, alarm)
    if alarm.state in NEEDS_ACKNOWLEDGE:
        return
    if alarm.acknowledged_wall_ns is not None:
        name, at = alarm.acknowledged_name or alarm.acknowledged_by or "?", _utc(alarm.acknowledged_wall_ns)
        raise ConflictError(f"{name} 已于 {at} 确认", f"{name} acknowledged it at {at}")
    raise CommandRefusedError("当前没有需要确认的报警", "there is nothing to acknowledge now")


def refuse_raise(command: RaisePriority, alarm: Alarm) -> None:
    """Let the raise pass or say why not.

    :raises CommandRefusedError: it does not stand, or it is as urgent already.
    """
    standing = alarm.state in (State.UNACKNOWLEDGED, State.ACKNOWLEDGED)
    if not standing or alarm.suppressions or command.priority >= alarm.priority:
        raise CommandRefusedError("此报警不需要升级", "its priority needs no raise")


def refuse_reset(command: Reset, alarm: Alarm, winner: Winner | None, condition_false: bool) -> None:
    """Let the reset pass or say why not; `condition_false` only when the readings say so at this moment.

    :raises ConflictError: another occurrence, or reset before.
    :raises CommandRefusedError: not latched, not acknowledged yet, or the condition is not known to be gone.
    """
    refuse_other_occurrence(command.occurrence, alarm)
    if alarm.state is State.NORMAL and winner is not None and winner.occurrence == command.occurrence:
        at = _utc(winner.wall_ns)
        raise ConflictError(f"{winner.person_name} 已于 {at} 复位", f"{winner.person_name} reset it at {at}")
    if alarm.state is State.LATCHED_UNACKNOWLEDGED:
        raise CommandRefusedError("请先确认报警，再复位", "acknowledge the alarm first, then reset it")
    if alarm.state is not State.LATCHED_ACKNOWLEDGED:
        raise CommandRefusedError(
            "该报警当前未锁定，不能复位", "the alarm is not latched now, there is nothing to reset"
        )
    if not condition_false:
        raise CommandRefusedError(
            "当前无法确认报警条件已消失，不能复位；请先恢复测量",
            "the condition is not known to be gone, so it cannot be reset; restore the measurement first",
        )


def refuse_without_comment(comment: str, rules: AlarmClassRules | None) -> None:
    """Let the command pass when it says why; `rules` None: whatever the class, a reason is needed.

    :raises CommandRefusedError: the class asks for a comment and there is none.
    """
    if comment.strip():
        return
    if rules is None:
        raise CommandRefusedError("请写明原因", "give the reason")
    if rules.needs_comment:
        raise CommandRefusedError(
            f"{rules.id} 类报警必须填写说明，请写明看到了什么、采取了什么措施",
            f"alarms of class {rules.id} need a comment: write what you found and what you did",
        )


def refuse_removal(command: RemoveFromService, wall_ns: int) -> None:
    """Let the removal from service pass or say what is missing.

    :raises CommandRefusedError: no second person, nothing that watches meanwhile, or no sensible end.
    """
    if not command.authorised_by.strip() or command.authorised_by.strip() == command.person:
        raise CommandRefusedError(
            "停用报警须由另一人授权，申请人不能自己授权",
            "removal from service must be authorised by a second person, not by the one who asks",
        )
    if not command.interim.strip():
        raise CommandRefusedError(
            "请写明停用期间的临时措施（临时报警、人工监测）",
            "say what watches in its place meanwhile (an interim alarm, a person)",
        )
    if not wall_ns < command.until_wall_ns <= wall_ns + LONGEST_REMOVAL_NS:
        raise CommandRefusedError(
            f"停用的结束时间应在现在之后、{LONGEST_REMOVAL_DAYS} 天之内",
            f"the end must be in the future and within {LONGEST_REMOVAL_DAYS} days",
        )


def refuse_end(command: EndSuppression, alarm: Alarm) -> SuppressionRecord:
    """The suppression that the command ends.

    :raises CommandRefusedError: there is none of this kind.
    """
    for record in alarm.suppressions:
        if record.suppression is command.suppression and record.source == command.source:
            return record
    zh, en = _NOUN[command.suppression]
    raise CommandRefusedError(f"该报警当前没有{zh}", f"the alarm is not {en} now")


def refuse_other_occurrence(occurrence: int | None, alarm: Alarm) -> None:
    """Let a command pass that is about the current occurrence, or about none.

    :raises ConflictError: it is about another one; the message says which stands now.
    """
    if occurrence is None or occurrence == alarm.occurrence:
        return
    if occurrence > alarm.occurrence or alarm.raised_wall_ns is None:
        raise ConflictError(
            f"没有第 {occurrence} 次报警，当前是第 {alarm.occurrence} 次",
            f"there is no occurrence {occurrence}, the current one is {alarm.occurrence}",
        )
    at = _utc(alarm.raised_wall_ns)
    raise ConflictError(
        f"第 {occurrence} 次报警已结束，当前是 {at} 触发的第 {alarm.occurrence} 次，请查看后再操作",
        f"occurrence {occurrence} is over; occurrence {alarm.occurrence} was raised at {at}, look at it first",
    )


def _utc(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
