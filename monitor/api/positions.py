"""`/positions`: operator positions, who sits there, and their horns."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends

from monitor.alarms.commands import Silence
from monitor.alarms.horn import HornState
from monitor.api import dto
from monitor.api.caller import Caller, logged_in, require
from monitor.api.context import Here
from monitor.api.orders import elsewhere, unconfirmed
from monitor.api.problems import not_found

router = APIRouter(tags=["positions"])


@router.get("/positions")
async def list_positions(here: Here, caller: Annotated[Caller, Depends(logged_in)]) -> list[dto.Position]:
    """Every operator position with its horn; a plant without any has one, `all`, where everybody sits."""
    horns = {state.position: state for state in here.board.view().horns}
    positions = here.presenter.positions
    mine = positions.seats_of(caller.account.username, caller.account.role)
    return [
        dto.Position(
            id=position.id,
            name=dto.Text(zh=position.name_zh, en=position.name_en),
            hazard_sources=list(position.hazard_sources),
            process_units=list(position.process_units),
            accounts=list(position.accounts),
            roles=list(position.roles),
            mine=position.id in mine,
            horn=here.presenter.horn(horns.get(position.id) or HornState(position=position.id)),
        )
        for position in positions.all
    ]


@router.post("/positions/{position_id}/silence")
async def silence(
    here: Here, position_id: str, caller: Annotated[Caller, Depends(require("alarm.acknowledge"))]
) -> dto.Horn:
    """Silence the horn of one position for what it sounds for now; what comes later sounds again."""
    positions = here.presenter.positions
    if position_id not in positions.ids:
        raise not_found("没有这个岗位。", "There is no such operator position.")
    if not positions.may_silence(caller.account.username, caller.account.role, position_id):
        raise elsewhere(position_id)
    command = Silence(position=position_id, person=caller.person, person_name=caller.name(here))
    try:
        async with asyncio.timeout(here.options.command_timeout_s):
            state = await here.board.silence(command)
    except TimeoutError as error:
        raise unconfirmed() from error
    return here.presenter.horn(state)
