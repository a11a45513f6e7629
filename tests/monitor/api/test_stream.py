"""The stream on real sockets: uvicorn on loopback, `websockets` clients, one that never reads."""

import asyncio
import base64
import contextlib
import os
import socket

import numpy as np
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect

from monitor.alarms.commands import Silence
from monitor.api import dto
from monitor.api.caller import COOKIE
from monitor.api.listen import ListenError, listening_socket
from monitor.api.stream import StreamOptions
from tests.monitor.api.fake_plant import snapshot
from tests.monitor.api.streaming import close_code, flood, message, next_of, running, transitions_of
from tests.patience import eventually

pytestmark = pytest.mark.slow


async def test_alarms_snapshot_frames_events() -> None:
    async with running() as run, run.stream() as websocket:
        site = run.site
        alarms = dto.StreamAlarms.model_validate(await message(websocket))
        whole = dto.StreamTags.model_validate(await message(websocket))
        assert (alarms.seq, alarms.alarms, whole.type, len(whole.row)) == (0, [], "snapshot", 6)
        assert alarms.epoch == whole.epoch == site.hub.epoch
        site.board.publish(snapshot=snapshot(value=np.array([7.5, 0.4, 0.0, 0.0, 0.0, 3.0])))
        last = whole.frame
        while True:
            tags = dto.StreamTags.model_validate(await message(websocket))
            assert tags.prev == last
            last = tags.frame
            if tags.row:
                break
        assert (tags.row, tags.value) == ([0], [7.5])
        site.board.judge("LT-101.HH")
        event = dto.StreamAlarm.model_validate(await next_of(websocket, "alarm"))
        assert (event.seq, event.trigger, event.alarm.id) == (1, "raised", "LT-101.HH")
        # what came before is in the first message of whoever comes later
        async with run.stream() as late:
            alarms = dto.StreamAlarms.model_validate(await message(late))
            assert (alarms.seq, [alarm.id for alarm in alarms.alarms]) == (1, ["LT-101.HH"])


async def test_the_horn_is_told_after_its_alarm_and_when_it_falls_silent() -> None:
    async with running() as run, run.stream() as websocket:
        site = run.site
        first = dto.StreamAlarms.model_validate(await message(websocket))
        assert [(horn.position, horn.sounding) for horn in first.horns] == [("all", False)]
        site.board.judge("LT-101.HH", "LT-101.H")
        event = dto.StreamAlarm.model_validate(await next_of(websocket, "alarm"))
        sounding = dto.StreamHorn.model_validate(await next_of(websocket, "horn"))
        assert (sounding.epoch, sounding.horn.alarms) == (event.epoch, ["LT-101.HH"])
        await site.board.silence(Silence(position="all", person="wang", person_name="王强"))
        silent = dto.StreamHorn.model_validate(await next_of(websocket, "horn"))
        assert (silent.horn.sounding, silent.horn.silenced_by) == (False, "王强")
        async with run.stream() as late:
            found = dto.StreamAlarms.model_validate(await message(late))
            assert [horn.silenced_by for horn in found.horns] == ["王强"]


async def test_a_heartbeat_comes_although_nothing_changes_and_tells_a_stopped_scan() -> None:
    async with running() as run, run.stream() as websocket:
        first = await next_of(websocket, "tags")
        run.site.clock.advance(3)
        frames = [first]
        while frames[-1]["status"] != "late":
            frames.append(await next_of(websocket, "tags"))
        assert frames[-1]["scan_age_ms"] == 3000.0
        assert frames[-1]["row"] == []


async def test_resync() -> None:
    async with running() as run, run.stream() as websocket:
        await next_of(websocket, "snapshot")
        run.site.board.judge("LT-101.HH")
        await next_of(websocket, "alarm")
        await websocket.send('{"type":"resync"}')
        alarms = await next_of(websocket, "alarms")
        assert [alarm["id"] for alarm in alarms["alarms"]] == ["LT-101.HH"]
        whole = await next_of(websocket, "snapshot")
        assert (await next_of(websocket, "tags"))["prev"] == whole["frame"]


@pytest.mark.parametrize("text", ["hello", '{"type":"command"}', "x" * 20_000, b"\x00"])
async def test_a_client_that_says_something_else_is_closed(text: str | bytes) -> None:
    async with running() as run, run.stream() as websocket:
        await websocket.send(text)
        assert await close_code(websocket) in {1008, 1009}
        await eventually(lambda: run.site.hub.clients == 0)


async def test_twenty_clients_see_the_same_and_every_event_in_order() -> None:
    async with running() as run, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(run.stream()) for _ in range(20)]
        for client in clients:
            await next_of(client, "snapshot")
        flood(run.site, 150)
        total = run.site.board.seq
        assert total > 200

        async def events(client: ClientConnection) -> list[str]:
            texts: list[str] = []
            while len(texts) < total:
                text = await client.recv()
                assert isinstance(text, str)
                if orjson.loads(text)["type"] == "alarm":
                    texts.append(text)
            return texts

        seen = await asyncio.gather(*(events(client) for client in clients))
        assert [orjson.loads(text)["seq"] for text in seen[0]] == list(range(1, total + 1))
        assert all(texts == seen[0] for texts in seen)
        assert run.site.hub.clients == 20


async def test_a_flood_in_one_scan_does_not_throw_out_clients_that_read() -> None:
    async with running() as run, run.stream() as websocket:
        await next_of(websocket, "snapshot")
        board = run.site.board
        steps = transitions_of(2500)
        board.publish(steps)
        seqs = [(await next_of(websocket, "alarm"))["seq"] for _ in range(len(steps))]
        assert seqs == list(range(1, len(steps) + 1))


def silent_peer(port: int, token: str) -> socket.socket:
    """A WebSocket client that shakes hands and never reads again, with a small buffer."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    peer.sendall(
        f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nCookie: {COOKIE}={token}\r\n\r\n".encode()
    )
    return peer


async def test_a_client_that_never_reads_is_dropped_and_holds_nobody_up() -> None:
    async with running() as run, run.stream() as reader:
        peer = await asyncio.to_thread(silent_peer, run.port, run.token)
        try:
            await eventually(lambda: run.site.hub.clients == 2)
            seqs: list[int] = []

            async def read() -> None:
                while True:
                    found = await message(reader)
                    if found["type"] == "alarm":
                        seqs.append(found["seq"])

            reading = asyncio.get_running_loop().create_task(read())
            try:
                while run.site.hub.clients == 2:
                    flood(run.site, 10)
                    await asyncio.sleep(0.01)
                await eventually(lambda: len(seqs) == run.site.board.seq)
            finally:
                reading.cancel()
            assert seqs == list(range(1, run.site.board.seq + 1))
            # its connection is gone too, with what waited in its buffers
            await eventually(lambda: len(run.server.server_state.connections) == 1)
        finally:
            peer.close()


async def test_a_client_over_the_bound_is_closed_with_1013() -> None:
    patient = StreamOptions(frame_s=0.02, heartbeat_s=0.2, send_timeout_s=20.0, most_clients=30)
    async with running(patient) as run, run.stream(max_queue=1) as websocket:
        await next_of(websocket, "snapshot")
        [client] = run.site.hub._clients
        while client._end is None:  # reads nothing meanwhile: the queue behind the full buffers grows
            flood(run.site, 100)
            await asyncio.sleep(0.005)
        assert await close_code(websocket) == 1013
        await eventually(lambda: run.site.hub.clients == 0)


async def test_the_end_of_the_service_is_told() -> None:
    async with running() as run, run.stream() as websocket:
        await next_of(websocket, "snapshot")
        run.server.should_exit = True
        assert await close_code(websocket) == 1012
    assert run.site.board.feeds[0].closed
    assert not run.site.hub.is_running


async def test_messages_are_not_compressed() -> None:
    async with running() as run:
        url = f"ws://127.0.0.1:{run.port}/api/v1/stream"
        headers = {"authorization": f"Bearer {run.token}"}
        async with connect(url, additional_headers=headers, proxy=None) as websocket:
            assert websocket.protocol.extensions == []


# --- the socket ---------------------------------------------------------------------------------
def test_a_port_in_use_is_said_in_both_languages() -> None:
    with contextlib.closing(listening_socket("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(ListenError) as refused:
            listening_socket("127.0.0.1", port)
        assert "--port" in refused.value.message_en
        assert "占用" in refused.value.message_zh
        assert str(port) in refused.value.message_en
        assert first.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 4000
    with contextlib.closing(listening_socket("127.0.0.1", port)):
        pass  # and it can be had again at once


def test_a_host_that_is_not_ours() -> None:
    with pytest.raises(ListenError) as refused:
        listening_socket("203.0.113.7", 0)
    assert "203.0.113.7" in refused.value.message_zh
    assert "--host" in refused.value.message_en
