"""Shelve, unshelve, take out of service and return: commands that hide alarms for a time, and those that end it."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request

from monitor.alarms.commands import CommandRefusedError, EndSuppression, RemoveFromService, Shelve
from monitor.alarms.lifecycle import Suppression
from monitor.api import dto
from monitor.api.caller import Caller, require
from monitor.api.context import Context, Here
from monitor.api.credentials import prove
from monitor.api.orders import obey, plain_text, refuse_elsewhere
from monitor.api.problems import ProblemError
from monitor.api.roles import permissions_of

router = APIRouter(tags=["alarms"])
Shelver = Annotated[Caller, Depends(require("alarm.shelve"))]
Remover = Annotated[Caller, Depends(require("alarm.out_of_service"))]
ANOTHER: Final = ("停用报警须由另一人授权，申请人不能自己授权", "a second person authorises it, not the one who asks")


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
async def remove_from_service(
    here: Here, request: Request, alarm_id: str, body: dto.Removal, caller: Remover
) -> dto.Alarm:
    """Take an alarm out of service until a time, with what watches in its place; a second person authorises it.

    The second person proves who it is with the password of an account that may authorise, at the same screen; where the
    alarm's class says `authorised_by_name`, the id of a person is enough.
    """
    refuse_elsewhere(here, caller, alarm_id)
    second, second_name = await _second_person(
        here, caller, alarm_id, body, request.client.host if request.client else ""
    )
    command = RemoveFromService(
        id=alarm_id,
        occurrence=body.occurrence,
        person=caller.person,
        person_name=caller.name(here),
        comment=plain_text(body.reason),
        until_wall_ns=int(body.until.timestamp()) * 1_000_000_000,
        authorised_by=second,
        authorised_name=second_name,
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


async def _second_person(
    here: Context, caller: Caller, alarm_id: str, body: dto.Removal, address: str
) -> tuple[str, str]:
    """Id and name of who authorises it.

    :raises ProblemError: 403, no proof or no permission; 429, too many failures.
    :raises CommandRefusedError: nobody of this plant, or the one who asks.
    """
    definition = here.presenter.definition_of[alarm_id]
    if here.plant.philosophy.rules_of(definition.alarm_class).authorised_by_name:
        return _named(here, body.authorised_by)
    if body.authorised_by == caller.account.username:
        raise CommandRefusedError(*ANOTHER)
    account = await prove(here, body.authorised_by, body.password, address, asked_by=caller.person)
    if account is None:
        # not 401: the one who asks is logged in all the same
        raise ProblemError(
            403,
            "authorisation",
            "授权人的用户名或密码不正确，请授权人本人输入。",
            "Wrong user name or password of the one who authorises: that person enters them.",
        )
    if "alarm.authorise" not in permissions_of(account.role):
        raise ProblemError(
            403,
            "authorisation",
            f"{account.username} 的角色不能授权停用报警，请值班长、工程师、安全员或值班领导授权。",
            f"The role of {account.username} may not authorise this; "
            "ask a shift leader, an engineer, the safety officer or the leader on duty.",
        )
    if account.person is None:
        raise CommandRefusedError(
            f"账号 {account.username} 没有对应的人员，不能授权；请用本人的账号",
            f"the account {account.username} is nobody of plant.toml and cannot authorise; use the account of a person",
        )
    if account.person == caller.account.person:
        raise CommandRefusedError(*ANOTHER)
    return account.person, Caller(account=account, token_sha256=b"").name(here)


def _named(here: Context, person: str) -> tuple[str, str]:
    if person not in {known.id for known in here.plant.persons}:
        raise CommandRefusedError(
            f"plant.toml 中没有人员 {plain_text(person)}，请填写授权人的编号",
            f"plant.toml has no person {plain_text(person)}: give the id of who authorises it",
        )
    name = here.presenter.person_name(person, person)
    return person, name.en if here.plant.language == "en" else name.zh
