"""The API on a real socket with streams that tests read."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from monitor.alarms.transition import Transition
from monitor.api.app import ApiOptions
from monitor.api.caller import COOKIE
from monitor.api.listen import listening_socket
from monitor.api.server import uvicorn_server
from monitor.api.stream import StreamOptions
from monitor.api.tokens import fingerprint, new_token
from tests.monitor.api.fake_board import FakeBoard
from tests.monitor.api.fake_plant import FakeClock
from tests.monitor.api.fakes import Site
from tests.patience import eventually

DEADLINE_S = 30


FAST = StreamOptions(frame_s=0.02, heartbeat_s=0.2, send_timeout_s=1.0, recheck_s=0.1, most_clients=30)


class Running:
    """A site behind a real server."""

    def __init__(self, site: Site, server: uvicorn.Server, port: int) -> None:
        self.site = site
        self.server = server
        self.port = port
        self.token = new_token()

    @asynccontextmanager
    async def stream(self, token: str | None = None, **options: Any) -> AsyncIterator[ClientConnection]:
        cookie = {"cookie": f"{COOKIE}={token or self.token}"}
        headers = cookie | options.pop("headers", {})
        url = f"ws://127.0.0.1:{self.port}/api/v1/stream"
        async with connect(url, additional_headers=headers, compression=None, proxy=None, **options) as websocket:
            yield websocket


@asynccontextmanager
async def running(stream: StreamOptions = FAST, options: ApiOptions | None = None) -> AsyncIterator[Running]:
    site = Site(stream=stream, options=options)
    listener = listening_socket("127.0.0.1", 0)
    server = uvicorn_server(site.app)
    run = Running(site, server, listener.getsockname()[1])
    await site.accounts.open_session(fingerprint(run.token), "operator", 2**62)
    async with asyncio.TaskGroup() as group:
        hub = group.create_task(site.hub.run())
        serving = group.create_task(server.serve(sockets=[listener]))
        try:
            async with asyncio.timeout(DEADLINE_S):
                await eventually(lambda: server.started)
                yield run
        finally:
            server.should_exit = True
            await serving
            hub.cancel()


async def message(websocket: ClientConnection) -> dict[str, Any]:
    text = await websocket.recv()
    assert isinstance(text, str)
    found: dict[str, Any] = orjson.loads(text)
    return found


async def next_of(websocket: ClientConnection, kind: str) -> dict[str, Any]:
    while (found := await message(websocket))["type"] != kind:
        pass
    return found


async def close_code(websocket: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await websocket.recv()
    return websocket.close_code


def flood(site: Site, times: int) -> None:
    """Two transitions each time: raise a new occurrence and close the old one."""
    for number in range(times):
        site.board.judge(*(["LT-101.H"] if number % 2 else ["LT-101.HH"]))


def transitions_of(count: int) -> list[Transition]:
    """That many real transitions, not yet published."""
    board = FakeBoard(FakeClock())
    steps: list[Transition] = []
    turn = 0
    while len(steps) < count:
        turn += 1
        steps += board.judge("LT-101.H" if turn % 2 else "LT-101.HH")
    return steps
