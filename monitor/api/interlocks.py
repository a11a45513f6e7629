"""`/interlocks`: in service, bypassed or unknown, and since when."""

from collections.abc import Mapping

from fastapi import APIRouter

from monitor.alarms.lifecycle import IS_ACTIVE
from monitor.api import dto
from monitor.api.context import Here
from monitor.api.ports import PlantCard
from monitor.api.present import Presenter, finite
from monitor.api.times import rfc3339_or_none
from monitor.hazards.view import View
from monitor.interlocks.register import Interlock
from monitor.interlocks.state import InterlockState, judge

router = APIRouter(tags=["interlocks"])


@router.get("/interlocks")
def list_interlocks(here: Here) -> list[dto.Interlock]:
    """All interlocks as far as they are known now."""
    view = here.board.view()
    states = states_of(here.plant, view)
    return [present_interlock(item, states[item.id], view, here.presenter) for item in here.plant.interlocks]


def states_of(plant: PlantCard, view: View) -> Mapping[str, InterlockState]:
    """Interlock id -> what the readings say of it."""
    return {state.id: state for state in judge(plant.interlocks, plant.tags, view.snapshot)}


def bypass_alarm(interlock: str) -> str:
    """Id of the alarm that an interlock is bypassed."""
    return f"{interlock}.bypass"


def bypassed_since(interlock: str, view: View, presenter: Presenter) -> str | None:
    """When its bypass alarm was raised, None where it does not stand (or its on-delay still runs)."""
    position = presenter.position_of.get(bypass_alarm(interlock))
    if position is None:
        return None
    alarm = view.alarms[position]
    return rfc3339_or_none(alarm.raised_wall_ns) if alarm.state in IS_ACTIVE else None


def present_interlock(item: Interlock, state: InterlockState, view: View, presenter: Presenter) -> dto.Interlock:
    """One interlock with its state."""
    return dto.Interlock(
        id=item.id,
        name=dto.Text(zh=item.name_zh, en=item.name_en),
        hazard_source=item.hazard_source,
        process_unit=item.process_unit,
        interlock_class=item.interlock_class,
        sil=item.sil,
        service=state.service,
        tripped=state.tripped,
        bypassed_since=bypassed_since(item.id, view, presenter) if state.service == "bypassed" else None,
        causes=list(item.causes),
        effects=list(item.effects),
        bypass_bits=[bit.tag for bit in item.bypass_bits],
        trip_point=finite(item.trip_point),
        trip_eu=item.trip_eu,
        alarm=bypass_alarm(item.id),
    )
