"""Puts the HTTP surface together; the service runs it as one task among others and owns the hub's task."""

from fastapi import APIRouter, Depends, FastAPI

from monitor.api import (
    alarms,
    channels,
    console,
    devices,
    equipment,
    health,
    interlocks,
    journal,
    openapi,
    problems,
    pushes,
    session,
    sources,
    stream_socket,
    tags,
)
from monitor.api.caller import logged_in, require
from monitor.api.context import ApiOptions as ApiOptions
from monitor.api.context import Context
from monitor.api.guard import Guard
from monitor.api.ports import Accounts, Board, Clock, History, Journal, PlantCard
from monitor.api.present import Presenter
from monitor.api.stream import StreamHub as StreamHub


def create_api(  # noqa: PLR0913  every port is named once, here
    plant: PlantCard,
    board: Board,
    journal: Journal,
    history: History,
    accounts: Accounts,
    clock: Clock,
    options: ApiOptions,
    hub: StreamHub,
) -> FastAPI:
    """The app: `/api/v1`, the stream, and the console's files.

    The first scan must be committed before it serves; `hub.run()` must run beside it.
    """
    app = new_app(options.version)
    app.state.context = Context(
        plant=plant,
        board=board,
        journal=journal,
        history=history,
        accounts=accounts,
        clock=clock,
        options=options,
        hub=hub,
        presenter=Presenter(plant),
        start_wall_ns=clock.wall_ns(),
    )
    add_routes(app)
    problems.install(app, plant.language)
    app.add_middleware(Guard, allowed_origins=options.allowed_origins, language=plant.language)
    return app


def new_app(version: str) -> FastAPI:
    """An app without routes; its document and pages are served by us, behind the log-in."""
    return FastAPI(
        title="Redline",
        summary="Industrial alarm monitor for major hazard sources",
        version=version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )


def add_routes(app: FastAPI) -> None:
    """Open routes first, then everything behind the log-in, last the console's files."""
    behind_log_in = APIRouter(dependencies=[Depends(logged_in)])
    for reading in (sources, tags, equipment, alarms, interlocks, devices, channels, pushes):
        behind_log_in.include_router(reading.router, dependencies=[Depends(require("plant.read"))])
    for other in (journal, session, openapi):
        behind_log_in.include_router(other.router)
    for part in (health.router, session.open_router, stream_socket.router, behind_log_in):
        app.include_router(part, prefix=openapi.PREFIX)
    app.include_router(console.router)
