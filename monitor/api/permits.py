"""`/permits`: ask for a bypass, approve it, look after it, close it; every step is on disk before it is answered."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final, Literal, TypedDict

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from monitor.api import dto
from monitor.api.caller import Caller, require
from monitor.api.context import Context, Here
from monitor.api.exports import csv_stream, file_headers, pages, sent_as_read
from monitor.api.orders import plain_text, unconfirmed
from monitor.api.parameters import Moment
from monitor.api.permit_sheet import permit_heads, permit_lines
from monitor.api.problems import not_found
from monitor.api.sheets import CSV_ANSWER, Accept, Language, is_wanted
from monitor.api.times import rfc3339, rfc3339_or_none, wall_ns
from monitor.interlocks.permit_commands import (
    Approve,
    CheckFunction,
    CheckMeasures,
    PermitCommand,
    Refuse,
    Request,
    Revoke,
    Withdraw,
)
from monitor.interlocks.permits import OPEN, Permit, PermitSearch, PermitState

router = APIRouter(tags=["permits"])
Asker = Annotated[Caller, Depends(require("permit.request"))]
Approver = Annotated[Caller, Depends(require("permit.approve"))]
PermitId = str
State = Literal[
    "open",
    "all",
    "requested",
    "approved",
    "in_use",
    "restoring",
    "closed",
    "refused",
    "withdrawn",
    "revoked",
    "expired",
]


PAGE: Final = 100


class PermitParameters(BaseModel):
    """The query of `/permits`."""

    model_config = ConfigDict(populate_by_name=True)

    state: State = "open"
    interlock: Annotated[str | None, Field(max_length=64)] = None
    start: Annotated[Moment | None, Field(alias="from", description="asked for at this moment or later")] = None
    end: Annotated[Moment | None, Field(alias="to", description="asked for before this moment")] = None
    before: Annotated[
        int | None, Field(ge=1, lt=2**63, description="number of the oldest permit of the page before")
    ] = None
    limit: Annotated[int | None, Field(ge=1, le=500, description="100 if not given; a file holds all then")] = None
    language: Language = "zh"

    def search(self) -> PermitSearch:
        """What is looked for."""
        named = [] if self.state == "all" else [PermitState(self.state)] if self.state != "open" else OPEN
        return PermitSearch(
            interlock=self.interlock,
            states=frozenset(named),
            from_ns=None if self.start is None else wall_ns(self.start),
            to_ns=None if self.end is None else wall_ns(self.end),
        )


@router.get("/permits", response_model=list[dto.Permit], responses=CSV_ANSWER)
async def list_permits(
    here: Here, asked: Annotated[PermitParameters, Query()], accept: Accept = ""
) -> list[dto.Permit] | Response:
    """Permits, newest first; `open`: requested, approved, in use or not yet checked.  As CSV the whole permit book."""
    where = asked.search()
    if is_wanted(accept):
        return await _permit_book(here, where, asked)
    found = await here.journal.permits(where, before=asked.before, limit=asked.limit or PAGE)
    return [present_permit(here, permit) for permit in found]


async def _permit_book(here: Here, where: PermitSearch, asked: PermitParameters) -> Response:
    english = asked.language == "en"

    async def read(limit: int, before: int | None) -> Sequence[Permit]:
        return await here.journal.permits(where, before=before, limit=limit)

    pieces = csv_stream(
        permit_heads(english=english),
        pages(read, lambda permit: permit.number, asked.before, asked.limit),
        lambda page: permit_lines(page, here.plant.timezone, english=english),
        lambda permit: f"before={permit.number}",
        english=english,
    )
    return await sent_as_read(pieces, file_headers("permits.csv", asked.limit))


@router.get("/permits/{permit_id}")
async def one_permit(here: Here, permit_id: PermitId) -> dto.Permit:
    """One permit as it stands."""
    return present_permit(here, await _found(here, permit_id))


@router.post("/permits", status_code=201)
async def request_permit(here: Here, body: dto.PermitRequest, caller: Asker) -> dto.Permit:
    """Ask for a bypass: which bits, why, from when to when, what may happen and what watches meanwhile."""
    return await _obey(
        here,
        Request(
            interlock=body.interlock,
            bits=tuple(body.bits),
            reason=plain_text(body.reason),
            risk=plain_text(body.risk),
            measures=tuple(plain_text(measure) for measure in body.measures),
            start_wall_ns=here.clock.wall_ns() if body.start is None else wall_ns(body.start),
            until_wall_ns=wall_ns(body.until),
            person=caller.person,
            person_name=caller.name(here),
            check_every_s=body.check_every_s,
        ),
    )


@router.post("/permits/{permit_id}/approve")
async def approve(here: Here, permit_id: PermitId, body: dto.PermitComment, caller: Approver) -> dto.Permit:
    """Give the next approval of the ladder, in the role of the caller's account."""
    return await _obey(here, Approve(role=caller.account.role, **_said(here, permit_id, body, caller)))


@router.post("/permits/{permit_id}/refuse")
async def refuse(here: Here, permit_id: PermitId, body: dto.PermitComment, caller: Approver) -> dto.Permit:
    """Say no; the comment says why."""
    return await _obey(here, Refuse(role=caller.account.role, **_said(here, permit_id, body, caller)))


@router.post("/permits/{permit_id}/revoke")
async def revoke(here: Here, permit_id: PermitId, body: dto.PermitComment, caller: Approver) -> dto.Permit:
    """End an approved permit; a bypass that stands is unauthorised from now on."""
    return await _obey(here, Revoke(role=caller.account.role, **_said(here, permit_id, body, caller)))


@router.post("/permits/{permit_id}/withdraw")
async def withdraw(here: Here, permit_id: PermitId, body: dto.PermitComment, caller: Asker) -> dto.Permit:
    """Take one's own request back before it is used."""
    return await _obey(here, Withdraw(**_said(here, permit_id, body, caller)))


@router.post("/permits/{permit_id}/check-measures")
async def check_measures(here: Here, permit_id: PermitId, body: dto.PermitComment, caller: Asker) -> dto.Permit:
    """Enter that the compensating measures are in place."""
    return await _obey(here, CheckMeasures(**_said(here, permit_id, body, caller)))


@router.post("/permits/{permit_id}/check-function")
async def check_function(here: Here, permit_id: PermitId, body: dto.FunctionCheck, caller: Asker) -> dto.Permit:
    """Enter the function check after the bypass; passed, the interlock is in service again."""
    return await _obey(here, CheckFunction(passed=body.passed, **_said(here, permit_id, body, caller)))


class _Said(TypedDict):
    """Which permit, who, and what they say of it."""

    id: str
    person: str
    person_name: str
    comment: str


def _said(here: Context, permit_id: str, body: dto.PermitComment | dto.FunctionCheck, caller: Caller) -> _Said:
    return _Said(id=permit_id, person=caller.person, person_name=caller.name(here), comment=plain_text(body.comment))


async def _obey(here: Context, command: PermitCommand) -> dto.Permit:
    if not isinstance(command, Request):
        await _found(here, command.id)
    try:
        async with asyncio.timeout(here.options.command_timeout_s):
            permit = await here.board.obey_permit(command)
    except TimeoutError as error:
        raise unconfirmed() from error
    return present_permit(here, permit)


async def _found(here: Context, permit_id: str) -> Permit:
    _, _, number = permit_id.rpartition("-")
    if number.isdecimal() and len(number) < 12:
        found = await here.journal.permits(PermitSearch(), before=int(number) + 1, limit=1)
        if found and found[0].id == permit_id:
            return found[0]
    raise not_found("没有这个许可。", "There is no such permit.")


def present_permit(here: Context, permit: Permit) -> dto.Permit:
    """One permit for people, with how much of its time has passed."""
    now_ns = here.clock.wall_ns()
    length_ns = permit.until_wall_ns - permit.start_wall_ns
    passed = (now_ns - permit.start_wall_ns) / length_ns if length_ns > 0 else 1.0
    running = permit.state in (PermitState.APPROVED, PermitState.IN_USE, PermitState.RESTORING)
    return dto.Permit(
        id=permit.id,
        interlock=permit.interlock,
        bits=list(permit.bits),
        state=permit.state.value,
        reason=permit.reason,
        risk=permit.risk,
        measures=list(permit.measures),
        start=rfc3339(permit.start_wall_ns),
        until=rfc3339(permit.until_wall_ns),
        passed_percent=round(min(max(100 * passed, 0.0), 999.0), 1) if running else None,
        overdue=permit.state is PermitState.IN_USE and now_ns >= permit.until_wall_ns,
        requested_by=permit.requested_name,
        requested_at=rfc3339(permit.requested_wall_ns),
        ladder=list(permit.ladder),
        next_role=permit.next_role if permit.state is PermitState.REQUESTED else None,
        approvals=[
            dto.PermitApproval(role=item.role, name=item.person_name, at=rfc3339(item.wall_ns))
            for item in permit.approvals
        ],
        check_every_s=permit.check_every_s,
        check_due=rfc3339_or_none(permit.check_due_wall_ns),
        checks=[
            dto.PermitCheck(name=item.person_name, at=rfc3339(item.wall_ns), note=item.note) for item in permit.checks
        ],
        missed=permit.missed,
        used_at=rfc3339_or_none(permit.used_wall_ns),
        cleared_at=rfc3339_or_none(permit.cleared_wall_ns),
        ended_at=rfc3339_or_none(permit.ended_wall_ns),
        ended_by=permit.ended_name,
        ended_note=permit.ended_note,
    )
