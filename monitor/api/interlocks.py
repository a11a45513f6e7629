"""`/interlocks`: in service, bypassed or unknown, and since when."""

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import Response

from monitor.alarms.lifecycle import IS_ACTIVE
from monitor.api import dto
from monitor.api.context import Here
from monitor.api.interlock_sheets import matrix_sheet
from monitor.api.present import Presenter, finite
from monitor.api.problems import not_found
from monitor.api.sheets import CSV_ANSWER, Accept, Language, is_wanted
from monitor.api.times import rfc3339_or_none
from monitor.hazards.view import View
from monitor.interlocks.axes import BYPASSED
from monitor.interlocks.feedback import Feedback
from monitor.interlocks.layers import ProtectionState
from monitor.interlocks.proof_tests import proof_test_due, site_date
from monitor.interlocks.register import Interlock, Protection, trip_point_alarm
from monitor.interlocks.state import InterlockState
from monitor.interlocks.watch import states_by_id
from rules.verdicts import Verdict

router = APIRouter(tags=["interlocks"])


@router.get("/interlocks", response_model=list[dto.Interlock], responses=CSV_ANSWER)
def list_interlocks(here: Here, accept: Accept = "", language: Language = "zh") -> list[dto.Interlock] | Response:
    """All interlocks as far as they are known now; as CSV the interlock matrix."""
    view = here.board.view()
    states = states_of(view)
    if is_wanted(accept):
        return matrix_sheet(here.plant, states, view.wall_ns, english=language == "en")
    return [present_interlock(item, states[item.id], view, here.presenter) for item in here.plant.interlocks]


@router.get("/interlocks/{interlock_id}")
def one_interlock(here: Here, interlock_id: str) -> dto.Interlock:
    """One interlock; its timeline is `/journal?id=<interlock>`, its permits `/permits?interlock=<interlock>`."""
    view = here.board.view()
    item = next((item for item in here.plant.interlocks if item.id == interlock_id), None)
    if item is None:
        raise not_found("没有这个联锁。", "There is no such interlock.")
    return present_interlock(item, states_of(view)[item.id], view, here.presenter)


@router.get("/protections")
def list_protections(here: Here) -> list[dto.Protection]:
    """How many independent protection layers each tank or unit has now, and what is out."""
    found = {state.id: state for state in here.board.view().barriers.protections}
    return [present_protection(item, found[item.id]) for item in here.plant.register.protections if item.id in found]


def present_protection(item: Protection, state: ProtectionState) -> dto.Protection:
    """One tank or unit with its layers."""
    layers = {layer.id: layer for layer in state.layers}
    return dto.Protection(
        id=item.id,
        equipment=item.equipment,
        hazard_source=item.hazard_source,
        available=state.available,
        required=state.required,
        transfer=_known(state.transfer),
        short=_known(state.short),
        layers=[
            dto.ProtectionLayer(
                id=layer.id,
                name=dto.Text(zh=layer.name_zh, en=layer.name_en),
                available=layers[layer.id].available,
                missing=list(layers[layer.id].missing),
            )
            for layer in item.layers
        ],
    )


def _known(verdict: Verdict) -> bool | None:
    """None where it cannot be judged."""
    return None if verdict is Verdict.UNKNOWN else verdict is Verdict.TRUE


def states_of(view: View) -> Mapping[str, InterlockState]:
    """Interlock id -> what readings and permits say of it."""
    return states_by_id(view.barriers.states)


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


def present_feedback(item: Interlock, state: InterlockState) -> list[dto.EffectFeedback]:
    """Every effect with its required time, and what it did where something was demanded."""
    known = state.feedback or tuple(Feedback(tag=each.tag, within_s=each.within_s) for each in item.outputs)
    return [
        dto.EffectFeedback(
            tag=each.tag,
            within_s=each.within_s,
            answer=None if each.answer is None else each.answer.value,
            after_s=each.after_s,
            at_most=each.at_most,
            by_source_time=each.by_source_time,
        )
        for each in known
    ]


def present_live_trip_points(item: Interlock) -> list[dto.CauseTripPoint]:
    """The causes whose PLC shows the trip point that it uses, with the alarm that watches it."""
    return [
        dto.CauseTripPoint(
            tag=cause.tag,
            sense="low" if cause.sense == "low" else "high",
            trip_point=finite(cause.trip_point),
            eu=cause.live.eu,
            live_tag=cause.live.tag,
            tolerance=finite(cause.live.tolerance),
            alarm=trip_point_alarm(item.id, cause.tag),
        )
        for cause in item.inputs
        if cause.live is not None
    ]


def present_interlock(item: Interlock, state: InterlockState, view: View, presenter: Presenter) -> dto.Interlock:
    """One interlock with its state."""
    due, today = proof_test_due(item), site_date(view.wall_ns, presenter.plant.timezone)
    return dto.Interlock(
        id=item.id,
        name=dto.Text(zh=item.name_zh, en=item.name_en),
        hazard_source=item.hazard_source,
        process_unit=item.process_unit,
        interlock_class=item.interlock_class,
        sil=item.sil,
        equipment=item.equipment,
        service=state.service.value,
        action=state.action.value,
        voting=state.voting.value,
        headline=state.headline.word,
        permit=state.cover.value,
        unused_permit=state.unused_permit,
        demand=_known(state.demand),
        tripped=state.tripped,
        bypassed_since=bypassed_since(item.id, view, presenter) if state.service in BYPASSED else None,
        service_since=rfc3339_or_none(state.service_since_wall_ns),
        action_since=rfc3339_or_none(state.action_since_wall_ns),
        bypassed_by=list(state.bypassed_by),
        demanded_by=list(state.demanded_by),
        causes=list(item.causes),
        effects=list(item.effects),
        feedback=present_feedback(item, state),
        live_trip_points=present_live_trip_points(item),
        bypass_bits=[bit.tag for bit in item.bypass_bits],
        trip_point=finite(item.trip_point),
        trip_eu=item.trip_eu,
        trip_point_tag=item.trip_point_tag,
        voting_needed=item.needed,
        owner=item.owner,
        proof_test_due=None if due is None else due.isoformat(),
        proof_test_overdue=due is not None and due < today,
        alarm=bypass_alarm(item.id),
    )
