"""OPC UA: what a value costs us, asyncua's own client and node-opcua's, and how soon a device that was away is read again."""

import asyncio
import gc
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import uvloop
from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from cryptography.hazmat.primitives.serialization import Encoding

from drivers.opcua.plan import NodeAddress
from drivers.opcua.prepared import PreparedRead
from drivers.opcua.settings import read_settings
from drivers.opcua.subscription import Subscription, Watched
from drivers.opcua.transport import Session
from tests.benchmarks.figures import Figure, median, of_runs
from tests.benchmarks.opcua_stub import CHANGES, MIXED, NAMESPACE, UNIFORM
from tests.benchmarks.service import Child
from tests.drivers.opcua.plant import SystemClock
from tests.drivers.opcua.secured import SERVER_KEY, certificate, pem_of, pki
from tests.node_opcua.install import node_command
from tests.ports import free_port

A_READ = 1000
"""Nodes in one request, on all sides."""
WATCHED = 10_000
"""Nodes in the subscription."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured; the smoke test measures little."""

    pairs: int = 9
    """Of a plain and a bulk measurement, one right after the other."""
    plain_rounds: int = 1
    bulk_rounds: int = 5
    """A round reads every node once."""
    nodes: int = len(UNIFORM)
    rate: int = 10_000
    """Changes a second."""
    subscription_pairs: int = 5
    subscription_s: float = 4.0
    """For each side of a pair."""
    received: int = 3000
    """Answers in one measurement of the bare socket."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One client under measurement: reads every node once; `values` are then read."""

    read_all: Callable[[], Awaitable[object]]
    values: int


def run(size: Size) -> tuple[list[Figure], list[str]]:
    """Measure everything."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures, notes = runner.run(_reads(size))
    return figures, notes


async def _reads(size: Size) -> tuple[list[Figure], list[str]]:
    figures: list[Figure] = []
    notes = [
        "opcua: client and server in two processes over 127.0.0.1; the server is asyncua's for channel and session and answers "
        "Reads from ready-made bytes (tests/benchmarks/opcua_stub.py), so each client meets its own limit; CPU is "
        "time.process_time() of the client's process, event loop uvloop on both sides of a pair",
    ]
    numbers, mixed = list(UNIFORM[: size.nodes]), list(MIXED[: size.nodes])
    with stub() as port:
        async with theirs(port, numbers) as plain, ours(port, numbers) as (bulk, session, prepared):
            pairs = await interleaved(plain, bulk, size)
            await right_values(session, prepared, numbers)
            figures.append(ratio("opcua.read_cpu_x_asyncua", pairs, "Client.read_values", size))
            figures.append(await received(bulk, size))
            notes.append(f"opcua.read_cpu_x_asyncua: {in_words(pairs)}")
            pairs = await _beside_node_opcua(port, numbers, bulk, size)
            figures.append(ratio("opcua.read_cpu_x_node_opcua", pairs, "node-opcua's session.read, warmed up", size))
            notes.append(f"opcua.read_cpu_x_node_opcua: {in_words(pairs)}; process.cpuUsage() there")
        async with theirs(port, mixed) as plain, ours(port, mixed) as (bulk, session, prepared):
            pairs = await interleaved(plain, bulk, size)
            figures.append(
                ratio(
                    "opcua.mixed_layout_cpu_x_asyncua",
                    pairs,
                    "Double, Boolean, Int32, Float in turn, 1 % Bad",
                    size,
                )
            )
            notes.append(f"opcua.mixed_layout_cpu_x_asyncua: {in_words(pairs)}")
    with tempfile.TemporaryDirectory() as folder:
        figure, note = await _encrypted(Path(folder), numbers, size)
    pairs = await _subscriptions(size)
    method = (
        f"asyncua's Subscription with a handler over ours with two Publishes outstanding: CPU for a change at {size.rate} "
        f"changes/s, {CHANGES} a message; median of {size.subscription_pairs} pairs of {size.subscription_s:g} s each"
    )
    figures += [
        figure,
        of_runs("opcua.subscription_cpu_x_asyncua", [theirs / ours for theirs, ours in pairs], "x", method),
    ]
    return figures, [*notes, note, f"opcua.subscription_cpu_x_asyncua: {in_words(pairs)}"]


async def _beside_node_opcua(port: int, numbers: Sequence[int], bulk: Side, size: Size) -> list[tuple[float, float]]:
    """CPU of a value for node-opcua in a process of its own and for us, one right after the other."""
    with tempfile.TemporaryDirectory() as settings, NodeClient(port, numbers, Path(settings)) as client:
        for _ in range(4):  # its compiler needs some rounds
            await asyncio.to_thread(client.cost_us, size.bulk_rounds)
        pairs = []
        for _ in range(size.pairs):
            node = await asyncio.to_thread(client.cost_us, size.bulk_rounds)
            pairs.append((node, await cost_us(bulk, size.bulk_rounds)))
    return pairs


class NodeClient:
    """node-opcua's client in its own process (tests/node_opcua/client.js)."""

    def __init__(self, port: int, numbers: Sequence[int], settings: Path) -> None:
        command, environment = node_command(
            "client.js",
            f"opc.tcp://127.0.0.1:{port}/stub",
            str(NAMESPACE),
            str(numbers[0]),
            str(len(numbers)),
            str(A_READ),
        )
        self._process = subprocess.Popen(
            command,
            env=environment | {"XDG_CONFIG_HOME": str(settings), "HOME": str(settings)},  # where it makes a certificate
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Self:
        self._said()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.kill()
        self._process.communicate()

    def cost_us(self, rounds: int) -> float:
        """CPU of its process for one value, microseconds."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{rounds}\n")
        self._process.stdin.flush()
        said = self._said()
        return float(said["cpu_us"]) / float(said["values"])

    def _said(self) -> dict[str, Any]:
        """The next line of JSON; its own remarks are skipped."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                said: dict[str, Any] = json.loads(line)
                return said
        raise AssertionError(f"node-opcua's client ended with {self._process.wait()}")


async def _encrypted(folder: Path, numbers: list[int], size: Size) -> tuple[Figure, str]:
    """The same over Basic256Sha256, signed and encrypted, certificates checked on our side."""
    shown = certificate()
    (folder / "server.der").write_bytes(shown.public_bytes(Encoding.DER))
    (folder / "server.pem").write_bytes(pem_of(SERVER_KEY))
    trust = pki(folder / "pki", shown)

    async def secure(client: Client) -> None:
        client.application_uri = "urn:test:redline"
        await client.set_security(
            SecurityPolicyBasic256Sha256,
            trust.own_certificate,
            trust.own_key,
            server_certificate=str(folder / "server.der"),
        )

    with stub(folder) as port:
        security = {"security": "sign_and_encrypt", "pki": str(folder / "pki")}
        async with theirs(port, numbers, secure) as plain, ours(port, numbers, **security) as (bulk, _, _):
            pairs = await interleaved(plain, bulk, size)
    name = "opcua.read_cpu_x_asyncua_encrypted"
    return ratio(name, pairs, "the same over SignAndEncrypt, Basic256Sha256", size), f"{name}: {in_words(pairs)}"


async def _subscriptions(size: Size) -> list[tuple[float, float]]:
    """CPU of a change for asyncua's subscription and for ours, one right after the other."""
    numbers = list(UNIFORM[: size.nodes])[:WATCHED]
    pairs = []
    with publisher() as (port, child):
        for _ in range(size.subscription_pairs):
            async with theirs_subscribed(port, numbers) as told:
                plain = await cost_of_change_us(child, told, size)
            async with ours_subscribed(port, numbers) as told:
                pairs.append((plain, await cost_of_change_us(child, told, size)))
    return pairs


async def cost_of_change_us(child: Child, told: Callable[[], int], size: Size) -> float:
    """CPU of this process for a change while the stub publishes, microseconds; `told` counts the changes."""
    child.tell(str(size.rate))
    child.line()
    await asyncio.sleep(size.subscription_s / 4)
    gc.collect()
    before, begun = told(), time.process_time()
    await asyncio.sleep(size.subscription_s)
    used, changes = time.process_time() - begun, told() - before
    child.tell("0")
    child.line()
    assert changes > size.rate * size.subscription_s / 4, f"only {changes} changes arrived: the machine is too busy"
    return used / changes * 1e6


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
    settings = read_settings({"endpoint": f"opc.tcp://127.0.0.1:{port}/stub", "max_concurrent_requests": 4})
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
        async with Subscription(session.connection, SystemClock(), 100.0, 2) as subscription:
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
async def ours(port: int, numbers: Sequence[int], **security: Any) -> AsyncIterator[tuple[Side, Session, PreparedRead]]:
    """Our session with a prepared read, as the driver uses it."""
    settings = read_settings({"endpoint": f"opc.tcp://127.0.0.1:{port}/stub", "max_nodes_per_read": A_READ, **security})
    async with Session(settings, SystemClock(), "bench") as session:
        prepared = session.prepare([NodeAddress(None, NAMESPACE, "i", str(number)) for number in numbers])

        async def read_all() -> None:
            await session.read(prepared)

        for _ in range(3):  # proven and learnt
            await read_all()
        assert not session.decoding.slow_because
        yield Side(read_all=read_all, values=len(numbers)), session, prepared


async def right_values(session: Session, prepared: PreparedRead, numbers: Sequence[int]) -> None:
    """What is measured must be right, too."""
    columns = await session.read(prepared)
    wanted = [number % 2 if number > 10_000 else number for number in numbers]
    assert np.array_equal(columns.value, wanted)
    assert not columns.status.any()


async def cost_us(side: Side, rounds: int) -> float:
    """CPU of this process for one value, microseconds."""
    gc.collect()  # nobody pays for what the other side threw away
    begun = time.process_time()
    for _ in range(rounds):
        await side.read_all()
    return (time.process_time() - begun) / (rounds * side.values) * 1e6


async def interleaved(plain: Side, bulk: Side, size: Size) -> list[tuple[float, float]]:
    """CPU of a value on both sides, microseconds, one side right after the other."""
    return [(await cost_us(plain, size.plain_rounds), await cost_us(bulk, size.bulk_rounds)) for _ in range(size.pairs)]


def ratio(name: str, pairs: Sequence[tuple[float, float]], what: str, size: Size) -> Figure:
    """How many times less CPU our side takes."""
    method = (
        f"{what}: CPU for a value over ours, {A_READ} nodes a Read; median of {size.pairs} pairs, each {size.plain_rounds} "
        f"plain rounds then {size.bulk_rounds} of ours"
    )
    return of_runs(name, [plain / bulk for plain, bulk in pairs], "x", method)


def in_words(pairs: Sequence[tuple[float, float]]) -> str:
    """Both sides of a ratio."""
    plain, bulk = median([plain for plain, _ in pairs]), median([bulk for _, bulk in pairs])
    return f"{plain:.2f} us CPU a value there, {bulk:.4f} us here (medians)"


async def received(bulk: Side, size: Size) -> Figure:
    """CPU of a whole Read over the CPU of merely receiving the same bytes from a socket."""
    answer = 36 + A_READ * 26  # frame, header and values, as the stub sends them
    runs = []
    for _ in range(size.pairs):
        bare = await asyncio.to_thread(receive, answer, size.received)
        whole = await cost_us(bulk, size.bulk_rounds * 4)
        runs.append(whole / (bare / A_READ))
    method = (
        f"CPU of Session.read for a value over CPU of recv_into for the same {answer} bytes/{A_READ} values from another "
        f"process over 127.0.0.1; median of {size.pairs} pairs"
    )
    return of_runs("opcua.read_x_recv", runs, "x", method)


def receive(answer: int, count: int) -> float:
    """CPU microseconds for receiving `answer` bytes with a blocking socket, `count` times."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with Child("tests.benchmarks.opcua_sender", str(port), str(answer), str(count)):
            connection, _ = listener.accept()
            with connection:
                buffer = memoryview(bytearray(answer))
                begun = time.process_time()
                for _ in range(count):
                    got = 0
                    while got < answer:
                        got += connection.recv_into(buffer[got:])
                return (time.process_time() - begun) / count * 1e6
