"""`/sources`: major hazard sources with their responsible persons and what is wrong in them now."""

from collections import Counter

from fastapi import APIRouter

from monitor.api import dto
from monitor.api.context import Context, Here
from monitor.api.interlocks import bypassed_since, states_of
from monitor.api.present import is_active
from monitor.api.problems import not_found
from monitor.hazards.source import HazardSource
from monitor.hazards.view import View
from monitor.interlocks.axes import BYPASSED

router = APIRouter(tags=["sources"])


@router.get("/sources")
def list_sources(here: Here) -> list[dto.Source]:
    """All hazard sources."""
    view = here.board.view()
    return [present_source(here, view, source) for source in here.plant.hazard_sources]


@router.get("/sources/{source_id}")
def one_source(here: Here, source_id: str) -> dto.Source:
    """One hazard source."""
    for source in here.plant.hazard_sources:
        if source.id == source_id:
            return present_source(here, here.board.view(), source)
    raise not_found("没有这个危险源。", "There is no such hazard source.")


def present_source(here: Context, view: View, source: HazardSource) -> dto.Source:
    """One hazard source with its blind points, active alarms and bypassed interlocks."""
    tags = here.plant.tags.tags
    person = here.presenter.person
    return dto.Source(
        id=source.id,
        name=dto.Text(zh=source.name_zh, en=source.name_en),
        level=source.level,
        chemicals=[
            dto.Chemical(
                name=dto.Text(zh=item.name_zh, en=item.name_en),
                cas=item.cas,
                quantity_t=item.quantity_t,
                critical_quantity_t=item.critical_quantity_t,
            )
            for item in source.chemicals
        ],
        principal_responsible=person(source.principal_responsible),
        technical_responsible=person(source.technical_responsible),
        operation_responsible=person(source.operation_responsible),
        points=sum(1 for tag in tags if tag.hazard_source == source.id),
        blind_points=[tags[row].id for row in view.blind if tags[row].hazard_source == source.id],
        alarms_by_priority=_alarms_by_priority(here, view, source.id),
        bypassed=_bypassed(here, view, source.id),
        interlocks=sum(1 for item in here.plant.interlocks if item.hazard_source == source.id),
    )


def _alarms_by_priority(here: Context, view: View, source: str) -> dict[str, int]:
    definition_of = here.presenter.definition_of
    counts = Counter(
        alarm.priority for alarm in view.alarms if is_active(alarm) and definition_of[alarm.id].hazard_source == source
    )
    return {str(priority): counts[priority] for priority in (1, 2, 3, 4)}


def _bypassed(here: Context, view: View, source: str) -> list[dto.BypassSince]:
    states = states_of(view)
    return [
        dto.BypassSince(
            interlock=item.id,
            name=dto.Text(zh=item.name_zh, en=item.name_en),
            since=bypassed_since(item.id, view, here.presenter),
        )
        for item in here.plant.interlocks
        if item.hazard_source == source and states[item.id].service in BYPASSED
    ]
