"""Who may open a stream, how many, and how one ends with its session."""

from dataclasses import replace

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from monitor.api import dto
from monitor.api.app import ApiOptions
from monitor.api.caller import COOKIE
from monitor.api.stream import StreamOptions
from tests.monitor.api.fakes import PASSWORD
from tests.monitor.api.streaming import close_code, message, next_of, running
from tests.patience import eventually

pytestmark = pytest.mark.slow


async def test_log_out_closes_the_stream_at_once() -> None:
    slow_recheck = StreamOptions(frame_s=0.02, heartbeat_s=0.2, recheck_s=3600)
    async with running(slow_recheck) as run:
        base = f"http://127.0.0.1:{run.port}/api/v1"
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{base}/session", json={"username": "viewer", "password": PASSWORD})
            token = answer.cookies[COOKIE]
            async with run.stream(token) as websocket, run.stream() as other:
                await next_of(websocket, "snapshot")
                await client.delete(f"{base}/session")
                assert await close_code(websocket) == 4401
                await next_of(other, "tags")


async def test_a_session_that_ended_elsewhere_closes_the_stream() -> None:
    async with running() as run, run.stream() as websocket:
        await next_of(websocket, "snapshot")
        run.site.accounts.sessions.clear()
        assert await close_code(websocket) == 4401


@pytest.mark.parametrize(
    ("headers", "status", "slug"),
    [
        ({"cookie": f"{COOKIE}=wrong"}, 401, "login"),
        ({"cookie": ""}, 401, "login"),
        ({"origin": "http://evil.example"}, 403, "origin"),
        ({"origin": "null"}, 403, "origin"),
    ],
)
async def test_who_may_not_is_refused_before_the_socket_opens(headers: dict[str, str], status: int, slug: str) -> None:
    async with running() as run:
        with pytest.raises(InvalidStatus) as refused:
            async with run.stream(headers=headers):
                pass
        assert refused.value.response.status_code == status
        problem = dto.Problem.model_validate(orjson.loads(refused.value.response.body or b""))
        assert problem.type == f"urn:redline:problem:{slug}"
        assert run.site.hub.clients == 0


async def test_a_role_that_may_not_read_gets_no_stream() -> None:
    async with running() as run:
        accounts = run.site.accounts.accounts
        accounts["operator"] = replace(accounts["operator"], role="unheard_of")
        with pytest.raises(InvalidStatus) as refused:
            async with run.stream():
                pass
        assert refused.value.response.status_code == 403


async def test_our_own_page_and_an_allowed_origin_may() -> None:
    options = ApiOptions(version="1", allowed_origins=("https://control.example",))
    async with running(options=options) as run:
        for origin in (f"http://127.0.0.1:{run.port}", "https://control.example"):
            async with run.stream(headers={"origin": origin}) as websocket:
                assert (await message(websocket))["type"] == "alarms"


async def test_the_number_of_streams_is_bounded() -> None:
    async with running(StreamOptions(most_clients=2)) as run, run.stream(), run.stream():
        await eventually(lambda: run.site.hub.clients == 2)
        with pytest.raises(InvalidStatus) as refused:
            async with run.stream():
                pass
        assert refused.value.response.status_code == 503


async def test_a_program_with_a_bearer_token_and_a_lost_connection() -> None:
    async with running() as run:
        url = f"ws://127.0.0.1:{run.port}/api/v1/stream"
        headers = {"authorization": f"Bearer {run.token}"}
        async with connect(url, additional_headers=headers, compression=None, proxy=None) as websocket:
            await next_of(websocket, "snapshot")
            websocket.transport.abort()
        await eventually(lambda: run.site.hub.clients == 0)
