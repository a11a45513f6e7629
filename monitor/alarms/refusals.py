"""Why the board refuses a command: who was first, or what to do instead, in both languages."""

from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.alarms.commands import Acknowledge, CommandRefusedError, ConflictError, Reset
from monitor.alarms.lifecycle import NEEDS_ACKNOWLEDGE, State
from monitor.alarms.transition import Alarm


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
    _refuse_other_occurrence(command, alarm)
    if alarm.state in NEEDS_ACKNOWLEDGE:
        return
    if alarm.acknowledged_wall_ns is not None:
        name, at = alarm.acknowledged_name or alarm.acknowledged_by or "?", _utc(alarm.acknowledged_wall_ns)
        raise ConflictError(f"{name} 已于 {at} 确认", f"{name} acknowledged it at {at}")
    raise CommandRefusedError("当前没有需要确认的报警", "there is nothing to acknowledge now")


def refuse_reset(command: Reset, alarm: Alarm, winner: Winner | None, condition_false: bool) -> None:
    """Let the reset pass or say why not; `condition_false` only when the readings say so at this moment.

    :raises ConflictError: another occurrence, or reset before.
    :raises CommandRefusedError: not latched, not acknowledged yet, or the condition is not known to be gone.
    """
    _refuse_other_occurrence(command, alarm)
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


def _refuse_other_occurrence(command: Acknowledge | Reset, alarm: Alarm) -> None:
    if command.occurrence == alarm.occurrence:
        return
    if command.occurrence > alarm.occurrence or alarm.raised_wall_ns is None:
        raise ConflictError(
            f"没有第 {command.occurrence} 次报警，当前是第 {alarm.occurrence} 次",
            f"there is no occurrence {command.occurrence}, the current one is {alarm.occurrence}",
        )
    at = _utc(alarm.raised_wall_ns)
    raise ConflictError(
        f"第 {command.occurrence} 次报警已结束，当前是 {at} 触发的第 {alarm.occurrence} 次，请查看后再操作",
        f"occurrence {command.occurrence} is over; occurrence {alarm.occurrence} was raised at {at}, look at it first",
    )


def _utc(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
