"""`/flood`: how flooded each operator position is, with what stands folded by tank, unit and cause."""

import asyncio

from fastapi import APIRouter

from monitor.alarms.flood import PositionFlood
from monitor.alarms.folds import Fold, fold
from monitor.api import dto
from monitor.api.context import Context, Here
from monitor.api.present import Presenter, is_active
from monitor.api.times import rfc3339
from monitor.hazards.view import View

router = APIRouter(tags=["performance"])


@router.get("/flood")
async def read_flood(here: Here) -> dto.FloodBoard:
    """Every operator position: flooded or not, since when, and its standing alarms folded."""
    return await asyncio.to_thread(flood_board, here, here.board.view())  # thousands of alarms take a while to fold


def flood_board(here: Context, view: View) -> dto.FloodBoard:
    """All positions as of one view."""
    limits = here.plant.performance.flood
    states = {state.position: state for state in view.floods}
    ids = here.presenter.positions.ids
    return dto.FloodBoard(
        at=rfc3339(view.wall_ns),
        window_s=limits.window_ns / 1e9,
        begin_above=limits.begin_above,
        end_below=limits.end_below,
        positions=[_flood(here, view, states.get(name, PositionFlood(position=name))) for name in ids],
    )


def _flood(here: Context, view: View, state: PositionFlood) -> dto.Flood:
    presenter = here.presenter
    standing = [
        (definition, alarm)
        for definition, alarm in zip(here.plant.definitions, view.alarms, strict=True)
        if is_active(alarm) and state.position in presenter.positions.heard_at(definition)
    ]
    periods = {tag.id: tag.scan_period_ns for tag in here.plant.tags.tags}
    found = fold(standing, periods, max(periods.values(), default=0))
    names = _names(here)
    return dto.Flood(
        **presenter.flood_state(state).model_dump(),
        pinned=list(found.pinned),
        folds=[_fold(item, names, presenter) for item in found.folds],
    )


def _names(here: Context) -> dict[tuple[str, str], dto.Text]:
    plant = here.plant
    named = [("equipment", item.id, item.name_zh, item.name_en) for item in plant.equipment]
    named += [("process_unit", item.id, item.name_zh, item.name_en) for item in plant.process_units]
    named += [("cause", item.id, item.name_zh, item.name_en) for item in plant.devices]
    return {(by, key): dto.Text(zh=zh, en=en or zh) for by, key, zh, en in named}


def _fold(item: Fold, names: dict[tuple[str, str], dto.Text], presenter: Presenter) -> dto.FloodFold:
    said = dto.Text(zh=item.name_zh or item.key, en=item.name_en or item.key)
    return dto.FloodFold(
        by=item.by,
        key=item.key,
        name=names.get((item.by, item.key), said),
        priority=item.priority,
        count=item.count,
        unacknowledged=item.unacknowledged,
        since=rfc3339(item.since_wall_ns),
        first_out=list(item.first_out),
        undecided_within_ms=item.undecided_within_ns / 1e6,
        alarms=list(item.ids),
    )
