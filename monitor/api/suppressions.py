"""Shelve, unshelve, take out of service and return: commands that hide alarms for a time, and those that end it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from monitor.alarms.commands import CommandRefusedError, EndSuppression, RemoveFromService, Shelve
from monitor.alarms.lifecycle import Suppression
from monitor.api import dto
from monitor.api.caller import Caller, require
from monitor.api.context import Context, Here
from monitor.api.orders import obey, plain_text

router = APIRouter(tags=["alarms"])
Shelver = Annotated[Caller, Depends(require("alarm.shelve"))]
Remover = Annotated[Caller, Depends(require("alarm.out_of_service"))]


@router.post("/alarms/{alarm_id}/shelve")
async def shelve(here: Here, alarm_id: str, body: dto.Shelving, caller: Shelver) -> dto.Alarm:
    """Shelve an alarm for a time, before or during it; the class, the number and the risk have limits."""
    command = Shelve(
        id=alarm_id,
        occurrence=body.occurrence,
        person=caller.person,
        person_name=caller.name(here),
        comment=plain_text(body.reason),
        duration_ns=round(body.duration_s * 1e9),
    )
    return await obey(here, caller, command)


@router.post("/alarms/{alarm_id}/unshelve")
async def unshelve(here: Here, alarm_id: str, body: dto.Ending, caller: Shelver) -> dto.Alarm:
    """End a shelf before its time; an alarm that stands is annunciated."""
    return await obey(here, caller, _ending(here, caller, alarm_id, Suppression.SHELVED, body))


@router.post("/alarms/{alarm_id}/remove-from-service")
async def remove_from_service(here: Here, alarm_id: str, body: dto.Removal, caller: Remover) -> dto.Alarm:
    """Take an alarm out of service, authorised by a second person, with what watches in its place, until a time."""
    command = RemoveFromService(
        id=alarm_id,
        occurrence=body.occurrence,
        person=caller.person,
        person_name=caller.name(here),
        comment=plain_text(body.reason),
        until_wall_ns=int(body.until.timestamp()) * 1_000_000_000,
        authorised_by=_second_person(here, body.authorised_by),
        interim=plain_text(body.interim),
    )
    return await obey(here, caller, command)


@router.post("/alarms/{alarm_id}/return-to-service")
async def return_to_service(here: Here, alarm_id: str, body: dto.Ending, caller: Remover) -> dto.Alarm:
    """Return an alarm to service; one that stands is annunciated."""
    return await obey(here, caller, _ending(here, caller, alarm_id, Suppression.OUT_OF_SERVICE, body))


def _ending(here: Context, caller: Caller, alarm_id: str, suppression: Suppression, body: dto.Ending) -> EndSuppression:
    return EndSuppression(
        id=alarm_id,
        suppression=suppression,
        occurrence=body.occurrence,
        person=caller.person,
        person_name=caller.name(here),
        comment=plain_text(body.comment),
    )


def _second_person(here: Context, person: str) -> str:
    if person not in {known.id for known in here.plant.persons}:
        raise CommandRefusedError(
            f"plant.toml 中没有人员 {plain_text(person)}，请填写授权人的编号",
            f"plant.toml has no person {plain_text(person)}: give the id of who authorises it",
        )
    return person
