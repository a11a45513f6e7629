"""`/health`: open to all, and never 200 while nothing scans."""

from fastapi import APIRouter, Response

from monitor.api import dto
from monitor.api.condition import condition
from monitor.api.context import Here

router = APIRouter(tags=["health"])


@router.get("/health", responses={503: {"model": dto.Health, "description": "late: the last scan is older than 1 s"}})
async def health(here: Here, response: Response) -> dto.Health:
    """Whether the service scans, and what it cannot see."""
    view = here.board.view()
    now = condition(here.plant, view, here.clock.mono_ns())
    if now.status == "late":
        response.status_code = 503
    return dto.Health(
        status=now.status,
        scan_age_ms=now.scan_age_ms,
        devices_up=now.devices_up,
        devices=now.devices,
        blind_points=now.blind_points,
        plant_differs=view.plant_differs,
        approval="unknown" if view.drift is None else view.drift.state,
        version=here.options.version,
    )
