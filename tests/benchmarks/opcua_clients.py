"""The clients that the OPC UA benchmark compares: asyncua's, node-opcua's and ours, and the server that they read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from asyncua import ua
from asyncua.client.client import Client

from drivers.opcua.plan import NodeAddress
from drivers.opcua.prepared import PreparedRead
from drivers.opcua.publishing import Publishing
from drivers.opcua.settings import read_settings
from drivers.opcua.subscription import Subscription, Watched
from drivers.opcua.transport import Session
from tests.benchmarks.opcua_stub import NAMESPACE
from tests.benchmarks.service import Child
from tests.drivers.opcua.plant import SystemClock
from tests.node_opcua.process import NodeProcess
from tests.ports import free_port

A_READ: Final = 1000
"""Nodes in one request, on all sides."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One client under measurement: reads every node once; `values` are then read."""

    read_all: Callable[[], Awaitable[object]]
    values: int


class NodeClient(NodeProcess):
    """node-opcua's client in its own process (tests/node_opcua/client.js)."""

    def __init__(self, port: int, numbers: Sequence[int], folder: Path) -> None:
        endpoint = f"opc.tcp://127.0.0.1:{port}/stub"
        super().__init__(folder, "client.js", endpoint, NAMESPACE, numbers[0], len(numbers), A_READ)

    def cost_us(self, rounds: int) -> float:
        """CPU of its process for one value, microseconds."""
        said = self.asked(str(rounds))
        return float(said["cpu_us"]) / float(said["values"])


@asynccontextmanager
async def theirs_subscribed(port: int, numbers: Sequence[int]) -> AsyncIterator[Callable[[], int]]:
    """asyncua's own subscription; how many changes its handler was told."""
    told = 0

    class Handler:
        def datachange_notification(self, node: object, value: object, data: object) -> None:
            nonlocal told
            told += 1

    async with Client(f"opc.tcp://127.0.0.1:{port}/stub", timeout=30, watchdog_intervall=60) as client:
        subscription = await client.create_subscription(100, Handler())
        nodes = [client.get_node(ua.NodeId(ua.Int32(number), ua.Int16(NAMESPACE))) for number in numbers]
        await subscription.subscribe_data_change(nodes)
        yield lambda: told


@asynccontextmanager
async def ours_subscribed(port: int, numbers: Sequence[int]) -> AsyncIterator[Callable[[], int]]:
    """Our subscription, its changes put into an image; how many were told."""
    settings = read_settings({"endpoint": f"opc.tcp://127.0.0.1:{port}/stub", "acquisition": "subscribe"})
    image = np.zeros(len(numbers))
    told = 0

    async def follow(subscription: Subscription) -> None:
        nonlocal told
        while True:
            await subscription.wait(1.0)
            for arrived in subscription.take():
                publication = arrived.publication
                image[publication.handle] = publication.columns.value
                told += len(publication.handle)

    async with Session(settings, SystemClock(), "bench") as session:
        prepared = session.prepare([NodeAddress(None, NAMESPACE, "i", str(number)) for number in numbers])
        items = [
            Watched(handle=handle, node=node, sampling_ms=100.0, discrete=False, dead_band=0.0)
            for handle, node in enumerate(prepared.wanted)
        ]
        async with (
            Publishing(session.connection, session.decoding, 2) as publishing,
            Subscription(session.connection, publishing, SystemClock(), 100.0) as subscription,
        ):
            assert not (await subscription.watch(items, session.limits)).any()
            async with asyncio.TaskGroup() as tasks:
                following = tasks.create_task(follow(subscription))
                yield lambda: told
                following.cancel()
    assert (image == 1.0).any(), "what is measured must be right, too"


@contextmanager
def stub(folder: Path | None = None) -> Iterator[int]:
    """The server in its own process; its port."""
    with publisher(folder) as (port, _):
        yield port


@contextmanager
def publisher(folder: Path | None = None) -> Iterator[tuple[int, Child]]:
    """The server in its own process; its port, and whom to tell how much it shall publish."""
    port = free_port()
    with Child("tests.benchmarks.opcua_stub", str(port), *([str(folder)] if folder else [])) as child:
        child.line()
        yield port, child


@asynccontextmanager
async def theirs(
    port: int, numbers: Sequence[int], secure: Callable[[Client], Awaitable[None]] | None = None
) -> AsyncIterator[Side]:
    """asyncua's own client with its plain call."""
    client = Client(f"opc.tcp://127.0.0.1:{port}/stub", timeout=30, watchdog_intervall=60)
    if secure is not None:
        await secure(client)
    async with client:
        nodes = [client.get_node(ua.NodeId(ua.Int32(number), ua.Int16(NAMESPACE))) for number in numbers]
        requests = [nodes[begin : begin + A_READ] for begin in range(0, len(nodes), A_READ)]

        async def read_all() -> None:
            for request in requests:
                await client.read_values(request)

        await read_all()
        yield Side(read_all=read_all, values=len(numbers))


@asynccontextmanager
async def ours(port: int, numbers: Sequence[int], **more: Any) -> AsyncIterator[tuple[Side, Session, PreparedRead]]:
    """Our session with a prepared read, as the driver uses it; `more` are further settings of the device."""
    settings = read_settings({"endpoint": f"opc.tcp://127.0.0.1:{port}/stub", "max_nodes_per_read": A_READ, **more})
    async with Session(settings, SystemClock(), "bench") as session:
        prepared = session.prepare([NodeAddress(None, NAMESPACE, "i", str(number)) for number in numbers])

        async def read_all() -> None:
            await session.read(prepared)

        for _ in range(3):  # proven and learnt
            await read_all()
        assert not session.decoding.slow_because
        yield Side(read_all=read_all, values=len(numbers)), session, prepared
