"""`/alarms`: the board as of the last committed scan, and the commands that a person gives it."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from monitor.alarms.commands import Acknowledge, Command, Reset
from monitor.alarms.lifecycle import NEEDS_ACKNOWLEDGE
from monitor.alarms.transition import Alarm
from monitor.api import dto
from monitor.api.caller import Caller, require
from monitor.api.context import Context, Here
from monitor.api.present import is_active
from monitor.api.problems import ProblemError, not_found

router = APIRouter(tags=["alarms"])
Selection = Literal["active", "all", "unacknowledged", "suppressed"]


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
    return await _obey(here, command)


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
    return await _obey(here, command)


async def _obey(here: Context, command: Command) -> dto.Alarm:
    if command.id not in here.presenter.definition_of:
        raise not_found("没有这个报警。", "There is no such alarm.")
    try:
        async with asyncio.timeout(here.options.command_timeout_s):
            alarm = await here.board.obey(command)
    except TimeoutError as error:
        raise ProblemError(
            503,
            "unconfirmed",
            "没有得到确认：请先查看该报警的当前状态，再决定是否重试。",
            "Not confirmed: look at the alarm as it stands before trying again.",
        ) from error
    return here.presenter.alarm(alarm)


def plain_text(text: str) -> str:
    """A comment on one line: control characters and direction marks would falsify how it reads later."""
    return "".join(character if character.isprintable() else " " for character in text).strip()
