"""The polling loop against a real peer: down at start, silence, fifty reconnects that leave nothing behind."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.modbus.driver import open_driver
from drivers.port import Driver
from monitor.clock import SystemClock
from tests.drivers.modbus.device import TagAddress
from tests.drivers.modbus.peer import Connection, listening
from tests.drivers.polling import DOWN, UP, Heard, Waits, polling

TAGS = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{n}", scan_period_ns=20_000_000) for n in range(10)]


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def modbus(port: int, **settings: object) -> Callable[[], Driver]:
    keys = {"host": "127.0.0.1", "port": port, "timeout_s": 2.0, **settings}
    return lambda: open_driver("D", keys, TAGS, SystemClock())


@pytest.mark.slow
async def test_a_device_down_at_start_is_a_device_down_and_comes_up_when_it_comes() -> None:
    async with listening() as peer:
        port = peer.port
    heard = Heard()
    async with polling(modbus(port), heard):
        await heard.until(lambda: DOWN in heard.states())
        assert "no connection to 127.0.0.1" in next(s for s in heard.links if s.state is DOWN).last_error
        async with listening(port=port):
            await heard.until(lambda: len(heard.batches) > 3)
            assert heard.states()[-1] is UP
        seen = len(heard.links)
        await heard.until(lambda: any(status.state is DOWN for status in heard.links[seen:]))
        count = len(heard.batches)
        async with listening(port=port):
            await heard.until(lambda: len(heard.batches) > count + 3)
        assert heard.links[-1].reconnects == 1


@pytest.mark.slow
async def test_a_device_that_falls_silent_is_down_within_its_timeout() -> None:
    heard = Heard()
    async with listening() as peer, polling(modbus(peer.port, timeout_s=0.2), heard):
        await heard.until(lambda: len(heard.batches) > 3)
        peer.script = lambda connection, asked: None
        await heard.until(lambda: DOWN in heard.states())
        count = len(heard.batches)
        down = next(status for status in heard.links if status.state is DOWN)
        assert "no answer within 0.2 s" in down.last_error
        peer.script = peer.good
        await heard.until(lambda: len(heard.batches) > count)
        assert heard.states()[-1] is UP


@pytest.mark.slow
async def test_fifty_reconnects_leak_neither_a_descriptor_nor_a_task(waits: Waits) -> None:
    heard = Heard()
    answers = 0

    def script(connection: Connection, asked: object) -> None:
        nonlocal answers
        answers += 1
        if answers % 3 == 0:
            connection.transport.abort()
        elif answers % 7 == 0:
            connection.send(b"\x00" * 40)
        else:
            peer.good(connection, asked)  # type: ignore[arg-type]  # as the peer was asked

    async with listening(script) as peer, polling(modbus(peer.port), heard):
        await heard.until(lambda: peer.accepted >= 5)
        descriptors, tasks = open_descriptors(), len(asyncio.all_tasks())
        await heard.until(lambda: peer.accepted >= 60)
        # an attempt that is just being made has a task and a socket of its own: what leaked never goes away
        await heard.until(lambda: open_descriptors() <= descriptors + 2 and len(asyncio.all_tasks()) <= tasks)
        assert len(peer.connections) <= 2
    assert heard.links[-1].reconnects >= 15
