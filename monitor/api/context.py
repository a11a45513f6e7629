"""What every route works with: the plant, the ports, the options; one frozen value in `app.state`."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import HTTPConnection

from monitor.api.passwords import Verifier
from monitor.api.ports import Accounts, Board, Diagnostics, History, Journal, PlantCard
from monitor.api.present import Presenter
from monitor.api.stream import StreamHub
from monitor.api.throttle import LoginThrottle, RefusalRecord
from monitor.clock import Clock

EXPORTS_AT_ONCE: Final = 2
CONSOLE_DIST = Path(__file__).resolve().parent.parent / "console" / "dist"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOptions:
    """How the HTTP surface behaves; everything has the value of a small plant behind no proxy."""

    version: str
    cookie_secure: bool = False
    session_hours: float = 12.0
    allowed_origins: tuple[str, ...] = ()
    """Further origins (`https://host:port`) that may send commands and open the stream."""
    console_dist: Path = CONSOLE_DIST
    command_timeout_s: float = 10.0
    """A command that is not on disk by then is answered with 503."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything a route may touch."""

    plant: PlantCard
    board: Board
    journal: Journal
    history: History
    accounts: Accounts
    clock: Clock
    options: ApiOptions
    hub: StreamHub
    diagnostics: Diagnostics
    presenter: Presenter
    start_wall_ns: int
    verifier: Verifier = field(default_factory=Verifier)
    throttle: LoginThrottle = field(default_factory=LoginThrottle)
    refusals: RefusalRecord = field(default_factory=RefusalRecord)
    exports: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(EXPORTS_AT_ONCE))
    """Workbooks in the making; the next one waits."""


async def context_of(connection: HTTPConnection) -> Context:
    """The context of the app that serves this connection; a coroutine, for a plain function would run in a thread."""
    context: Context = connection.app.state.context
    return context


Here = Annotated[Context, Depends(context_of)]
