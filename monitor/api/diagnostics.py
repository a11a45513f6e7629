"""`/diagnostics`: what the service measures of itself."""

from typing import Annotated

from fastapi import APIRouter, Query

from monitor.api import dto
from monitor.api.context import Here
from monitor.api.ports import Spread

router = APIRouter(tags=["plant"])
Seconds = Annotated[int, Query(ge=1, le=60, description="how far back the durations go")]


@router.get("/diagnostics")
async def read_diagnostics(here: Here, seconds: Seconds = 60) -> dto.Diagnostics:
    """How late the event loop is and how long scans take, over the last minute; counters since the start."""
    view = here.board.view()
    window_ns = seconds * 1_000_000_000
    return dto.Diagnostics(
        loop_lag=_spread(here.diagnostics.loop_lag(window_ns)),
        scan_duration=_spread(here.diagnostics.scan_duration(window_ns)),
        scan_interval=_spread(here.diagnostics.scan_interval(window_ns)),
        scans=view.scan,
        overruns=view.overruns,
        stream_clients=here.hub.clients,
    )


def _spread(spread: Spread) -> dto.Spread:
    return dto.Spread(count=spread.count, p50_ms=spread.p50_ms, p99_ms=spread.p99_ms, max_ms=spread.max_ms)
