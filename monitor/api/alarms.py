"""`/alarms`: the board as of the last committed scan, and the commands that a person gives it."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query

from monitor.alarms.commands import Acknowledge, CommandRefusedError, Reset
from monitor.alarms.lifecycle import NEEDS_ACKNOWLEDGE, Suppression
from monitor.alarms.transition import Alarm
from monitor.api import dto
from monitor.api.caller import Caller, require
from monitor.api.context import Context, Here
from monitor.api.orders import obey, obey_all, plain_text, refuse_elsewhere
from monitor.api.present import is_active
from monitor.api.problems import ProblemError, not_found

router = APIRouter(tags=["alarms"])
Selection = Literal["active", "all", "unacknowledged", "suppressed", "shelved", "by_design", "out_of_service"]
SUPPRESSIONS: Final = frozenset(Suppression)


@router.get("/alarms")
def list_alarms(here: Here, state: Annotated[Selection, Query()] = "active") -> list[dto.Alarm]:
    """Alarms by priority, then the newest; `active` = not normal and not suppressed."""
    view = here.board.view()
    return here.presenter.alarms([alarm for alarm in view.alarms if is_selected(alarm, state)])


def is_selected(alarm: Alarm, state: Selection) -> bool:
    """Whether an alarm belongs to a selection."""
    if state == "all":
        return True
    if state == "suppressed":
        return bool(alarm.suppressions)
    if state in SUPPRESSIONS:
        return any(record.suppression == state for record in alarm.suppressions)
    if state == "unacknowledged":
        return alarm.state in NEEDS_ACKNOWLEDGE and not alarm.suppressions
    return is_active(alarm)


@router.get("/alarms/{alarm_id}")
def one_alarm(here: Here, alarm_id: str) -> dto.AlarmDetail:
    """One alarm with its cause, consequence and response from the master alarm database."""
    position = here.presenter.position_of.get(alarm_id)
    if position is None:
        raise not_found("没有这个报警。", "There is no such alarm.")
    return here.presenter.alarm_detail(here.board.view().alarms[position])


@router.post("/alarms/acknowledge")
async def acknowledge_group(
    here: Here, body: dto.GroupCommand, caller: Annotated[Caller, Depends(require("alarm.acknowledge"))]
) -> list[dto.GroupAnswer]:
    """Acknowledge several occurrences in one commit; each is answered for itself, in the order asked."""
    refused = [_refusal(here, caller, seen.id) for seen in body.alarms]
    commands = [
        Acknowledge(
            id=seen.id,
            occurrence=seen.occurrence,
            person=caller.person,
            person_name=caller.name(here),
            comment=plain_text(body.comment),
        )
        for seen, reason in zip(body.alarms, refused, strict=True)
        if reason is None
    ]
    outcomes = iter(await obey_all(here, commands) if commands else ())
    return [
        _answer(here, seen, reason if reason is not None else next(outcomes))
        for seen, reason in zip(body.alarms, refused, strict=True)
    ]


def _refusal(here: Context, caller: Caller, alarm_id: str) -> ProblemError | None:
    try:
        refuse_elsewhere(here, caller, alarm_id)
    except ProblemError as problem:
        return problem
    return None


def _answer(here: Context, seen: dto.SeenAlarm, outcome: Alarm | CommandRefusedError | ProblemError) -> dto.GroupAnswer:
    done = isinstance(outcome, Alarm)
    reason = None
    if isinstance(outcome, CommandRefusedError):
        reason = dto.Text(zh=outcome.message_zh, en=outcome.message_en)
    elif isinstance(outcome, ProblemError):
        reason = dto.Text(zh=outcome.zh, en=outcome.en)
    return dto.GroupAnswer(
        id=seen.id,
        occurrence=seen.occurrence,
        acknowledged=done,
        reason=reason,
        alarm=here.presenter.alarm(outcome) if isinstance(outcome, Alarm) else None,
    )


@router.post("/alarms/{alarm_id}/acknowledge")
async def acknowledge(
    here: Here,
    alarm_id: str,
    body: dto.AlarmCommand,
    caller: Annotated[Caller, Depends(require("alarm.acknowledge"))],
) -> dto.Alarm:
    """A named person has seen this occurrence; answered after it is on disk."""
    command = Acknowledge(
        id=alarm_id,
        occurrence=body.occurrence,
        person=caller.person,
        person_name=caller.name(here),
        comment=plain_text(body.comment),
    )
    return await obey(here, caller, command)


@router.post("/alarms/{alarm_id}/reset")
async def reset(
    here: Here, alarm_id: str, body: dto.AlarmCommand, caller: Annotated[Caller, Depends(require("alarm.reset"))]
) -> dto.Alarm:
    """A named person ends a latched alarm whose condition is gone; answered after it is on disk."""
    command = Reset(
        id=alarm_id,
        occurrence=body.occurrence,
        person=caller.person,
        person_name=caller.name(here),
        comment=plain_text(body.comment),
    )
    return await obey(here, caller, command)
