"""Puts the HTTP surface together; the service runs it as one task among others and owns the hub's task."""

from typing import Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from monitor.api import (
    alarms,
    channels,
    console,
    definitions,
    design_suppressions,
    devices,
    diagnostics,
    equipment,
    explanation,
    figures,
    floods,
    forecasts,
    health,
    interlock_rates,
    interlocks,
    journal,
    openapi,
    permits,
    positions,
    problems,
    pushes,
    sequence,
    session,
    shadow,
    sources,
    stream_socket,
    suppressions,
    tags,
)
from monitor.api.caller import logged_in, require
from monitor.api.context import ApiOptions as ApiOptions
from monitor.api.context import Context
from monitor.api.guard import Guard
from monitor.api.ports import Accounts, Board, Diagnostics, History, Journal, PlantCard
from monitor.api.stream import StreamHub as StreamHub
from monitor.clock import Clock


def create_api(  # noqa: PLR0913 - every port is named once, here
    plant: PlantCard,
    board: Board,
    journal: Journal,
    history: History,
    accounts: Accounts,
    clock: Clock,
    options: ApiOptions,
    hub: StreamHub,
    measured: Diagnostics,
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
        diagnostics=measured,
        presenter=hub.presenter,
        start_wall_ns=clock.wall_ns(),
    )
    add_routes(app)
    problems.install(app, plant.language, methods_of)
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


OPEN: Final[tuple[APIRouter, ...]] = (health.router, session.open_router, stream_socket.router)
PLANT: Final[tuple[APIRouter, ...]] = tuple(
    module.router
    for module in (
        sources,
        tags,
        equipment,
        alarms,
        explanation,
        forecasts,
        suppressions,
        design_suppressions,
        positions,
        interlock_rates,  # before interlocks: /interlocks/rates is no interlock
        interlocks,
        permits,
        devices,
        channels,
        pushes,
        diagnostics,
        floods,
        figures,
        sequence,
        definitions,
        shadow,
    )
)
OTHERS: Final[tuple[APIRouter, ...]] = (journal.router, session.router, openapi.router)


def add_routes(app: FastAPI) -> None:
    """Open routes first, then everything behind the log-in, last the console's files."""
    behind_log_in = APIRouter(dependencies=[Depends(logged_in)])
    for router in PLANT:
        behind_log_in.include_router(router, dependencies=[Depends(require("plant.read"))])
    for router in OTHERS:
        behind_log_in.include_router(router)
    for router in (*OPEN, behind_log_in):
        app.include_router(router, prefix=openapi.PREFIX)
    app.include_router(console.router)


def methods_of(path: str) -> frozenset[str]:
    """What a path takes: of the API, every method of every route that it fits; of the console, GET and HEAD."""
    if not path.startswith("/api/"):
        return frozenset({"GET", "HEAD"})
    routes = [route for router in (*OPEN, *PLANT, *OTHERS) for route in router.routes if isinstance(route, APIRoute)]
    relative = path.removeprefix(openapi.PREFIX)
    # a path that is written out is not what happens to fit an id beside it: /alarms/acknowledge is no alarm
    fitting = [route for route in routes if route.path == relative] or [
        route for route in routes if route.path_regex.fullmatch(relative)
    ]
    return frozenset(method for route in fitting for method in route.methods or ())
