"""The driver against a server that is not asyncua's: node-opcua in its own process, with picoseconds and a small limit."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest

from drivers.opcua.data_values import key_at
from drivers.opcua.driver import OpcUaDriver, open_driver
from drivers.opcua.requests import EncodedRead
from rules.columns.quality import Quality
from rules.columns.readings import ReadingBatch
from tests.drivers.opcua.driving import CLOCK
from tests.drivers.opcua.plant import tags
from tests.node_opcua.process import NodeProcess
from tests.ports import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

COUNT, MOST = 100, 40
URI = "urn:test:node"
PICOSECONDS = 0x10 | 0x20


class NodeServer:
    """node-opcua's server (tests/node_opcua/server.js)."""

    def __init__(self, process: NodeProcess, port: int) -> None:
        self._process = process
        self.endpoint = f"opc.tcp://127.0.0.1:{port}/node"

    def set(self, name: str, value: float) -> int:
        """Set a variable; its source time in Unix milliseconds."""
        return int(self._process.asked(f"{name} {value}")["at_ms"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeServer]:
    port = free_port()
    with NodeProcess(tmp_path_factory.mktemp("node-opcua"), "server.js", port, COUNT, MOST) as process:
        yield NodeServer(process, port)


@contextlib.asynccontextmanager
async def reading(
    server: NodeServer, **settings: Any
) -> AsyncIterator[tuple[OpcUaDriver, AsyncIterator[ReadingBatch]]]:
    """A driver that is entered, and its batches."""
    addresses = tags([f"V{number}" for number in range(COUNT)], uri=URI, period_s=0.2)
    driver = open_driver("PLC-1", {"endpoint": server.endpoint, **settings}, addresses, CLOCK)
    assert isinstance(driver, OpcUaDriver)
    async with driver, contextlib.aclosing(driver.batches()) as batches:
        yield driver, batches


async def test_values_statuses_and_times_with_picoseconds_are_right(server: NodeServer) -> None:
    bodies: list[bytes] = []
    async with reading(server) as (driver, batches):
        connection = driver._session.connection
        plain = connection.ask

        async def listen(request: EncodedRead) -> asyncio.Future[Any]:
            answer = await plain(request)
            answer.add_done_callback(lambda told: bodies.append(bytes(told.result())))
            return answer

        connection.ask = listen  # type: ignore[method-assign]  # the place between driver and server
        for _ in range(3):
            batch = await anext(batches)
        now_ns = CLOCK.wall_ns()
        assert driver.health().impairment.en == "", "both ways of decoding agree"
        assert driver._session.limits.nodes_per_read == MOST
    assert len(bodies) == 3 * 3, "no Read asks for more than the server allows"
    assert any(key_at(body, 32) & PICOSECONDS for body in bodies), "without picoseconds this test proves nothing"
    expected = [number % 2 if number % 3 == 0 else number + 0.5 for number in range(COUNT)]
    np.testing.assert_array_equal(batch.value, expected)
    uncertain = np.arange(COUNT) % 10 == 0
    assert (batch.quality[uncertain] == Quality.UNCERTAIN).all()
    assert (batch.quality[~uncertain] == Quality.GOOD).all()
    assert (batch.source_time_ns <= now_ns).all()
    assert (batch.source_time_ns > now_ns - 300_000_000_000).all()


async def test_a_change_comes_by_subscription_with_the_time_of_its_source(server: NodeServer) -> None:
    async with reading(server, acquisition="subscribe") as (driver, batches):
        await anext(batches)  # everything is read once, then watched
        await anext(batches)
        at_ms = await asyncio.to_thread(server.set, "V7", 4711.25)
        async with asyncio.timeout(30):
            async for batch in batches:
                found = np.flatnonzero((batch.row == 7) & (batch.value == 4711.25))
                if len(found):
                    break
        assert batch.source_time_ns[found[0]] // 1_000_000 == at_ms
        assert batch.quality[found[0]] == Quality.GOOD
        assert "differs" not in driver.health().impairment.en
