"""Several messages with one write: where the server offers it, in order, and a closed connection is noticed."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.websockets import WebSocket, WebSocketDisconnect

from monitor.api import dto
from monitor.api.server import StreamProtocol
from monitor.api.stream import TOGETHER_EXTENSION, send_all
from tests.monitor.api.streaming import next_of, running, transitions_of

TEXTS = ["one", "二", "three"]


def websocket(sent: list[Any], extensions: dict[str, Any]) -> WebSocket:
    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(said: Any) -> None:
        sent.append(said.get("text", said["type"]))

    return WebSocket({"type": "websocket", "extensions": extensions}, receive, send)


async def test_without_the_extension_each_goes_alone() -> None:
    sent: list[Any] = []
    socket = websocket(sent, {})
    await socket.accept()
    await send_all(socket, TEXTS)
    assert sent[1:] == TEXTS


async def test_with_it_several_go_together_and_one_goes_alone() -> None:
    sent: list[Any] = []

    async def together(texts: Sequence[str]) -> None:
        sent.append(tuple(texts))

    socket = websocket(sent, {TOGETHER_EXTENSION: {"send": together}})
    await socket.accept()
    await send_all(socket, TEXTS)
    await send_all(socket, TEXTS[:1])
    assert sent[1:] == [tuple(TEXTS), "one"]


async def test_a_connection_that_is_gone_is_a_disconnect() -> None:
    async def together(_texts: Sequence[str]) -> None:
        raise OSError("the connection is closed")

    with pytest.raises(WebSocketDisconnect):
        await send_all(websocket([], {TOGETHER_EXTENSION: {"send": together}}), TEXTS)


@pytest.mark.slow
async def test_on_a_real_socket_they_arrive_whole_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []
    original = StreamProtocol.send_together

    async def counted(self: StreamProtocol, texts: Sequence[str]) -> None:
        groups.append(len(texts))
        await original(self, texts)

    monkeypatch.setattr(StreamProtocol, "send_together", counted)
    async with running() as run, run.stream() as stream:
        await next_of(stream, "snapshot")
        steps = transitions_of(150)
        run.site.board.publish(steps)
        async with asyncio.timeout(20):
            told = [dto.StreamAlarm.model_validate(await next_of(stream, "alarm")) for _ in steps]
    assert [(event.alarm.id, event.transition) for event in told] == [(step.id, step.transition) for step in steps]
    assert max(groups) > 1
