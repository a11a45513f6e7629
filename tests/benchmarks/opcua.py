"""OPC UA: what a value costs us, asyncua's own client and node-opcua's, and how soon a device that was away is read again."""

import asyncio
import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uvloop
from asyncua.client.client import Client
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from cryptography.hazmat.primitives.serialization import Encoding

from drivers.opcua.prepared import PreparedRead
from drivers.opcua.transport import Session
from drivers.opcua.trust import TrustFolder
from tests.benchmarks.figures import Figure, median, of_runs, percentile
from tests.benchmarks.opcua_clients import (
    A_READ,
    NodeClient,
    Side,
    ours,
    ours_subscribed,
    publisher,
    stub,
    theirs,
    theirs_subscribed,
)
from tests.benchmarks.opcua_outages import reconnects
from tests.benchmarks.opcua_receive import received
from tests.benchmarks.opcua_stub import CHANGES, MIXED, UNIFORM
from tests.benchmarks.service import Child
from tests.drivers.opcua.secured import SERVER_KEY, certificate, pem_of, pki

WATCHED = 10_000
"""Nodes in the subscription."""

LARGE = 10_000
"""Nodes in one Read, for comparison; the figures are of 1000."""


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
    outages: int = 20
    outage_s: float = 20.0


SHORT = Size(pairs=5, subscription_pairs=3, subscription_s=3.0, outages=3, outage_s=5.0)
"""Seven minutes less, most of them outages."""


def run(size: Size) -> tuple[list[Figure], list[str]]:
    """Measure everything."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures, notes = runner.run(_reads(size))
    times = reconnects(size.outages, size.outage_s)
    method = (
        f"redline run with one device behind a relay that goes away {size.outages} times for {size.outage_s:g} s (connections "
        "reset, nobody listens): from its listener's return to the first good value in GET /tags/{id}; p95, runs: each outage"
    )
    shown = tuple(round(each, 3) for each in times)
    figures.append(
        Figure(name="opcua.reconnect_p95_s", value=percentile(shown, 95), unit="s", method=method, runs=shown)
    )
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
            notes.append(f"opcua.read_cpu_x_asyncua: {in_words(pairs)}")
            bare = await received(bulk, cost_us, pairs=size.pairs, rounds=size.bulk_rounds * 4, messages=size.received)
            figures.append(bare.figure())
            notes.append(f"opcua.read_x_recv: {bare.in_words()}")
            notes.append(
                f"opcua: {await _in_large_reads(port, numbers, size):.4f} us CPU a value in Reads of {LARGE} nodes"
            )
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


async def _in_large_reads(port: int, numbers: Sequence[int], size: Size) -> float:
    """CPU microseconds of a value where a Read asks for many more nodes."""
    async with ours(port, numbers[:LARGE], max_nodes_per_read=LARGE) as (bulk, _, _):
        return median([await cost_us(bulk, size.bulk_rounds) for _ in range(size.pairs)])


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


def make_folder(folder: Path) -> TrustFolder:
    """Certificates of both sides, each trusting the other."""
    shown = certificate()
    (folder / "server.der").write_bytes(shown.public_bytes(Encoding.DER))
    (folder / "server.pem").write_bytes(pem_of(SERVER_KEY))
    return pki(folder / "pki", shown)


async def _encrypted(folder: Path, numbers: list[int], size: Size) -> tuple[Figure, str]:
    """The same over Basic256Sha256, signed and encrypted, certificates checked on our side."""
    trust = await asyncio.to_thread(make_folder, folder)

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
        f"plain rounds (one Read after the other) then {size.bulk_rounds} of ours (two Reads under way, as by default)"
    )
    return of_runs(name, [plain / bulk for plain, bulk in pairs], "x", method)


def in_words(pairs: Sequence[tuple[float, float]]) -> str:
    """Both sides of a ratio."""
    plain, bulk = median([plain for plain, _ in pairs]), median([bulk for _, bulk in pairs])
    return f"{plain:.2f} us CPU a value there, {bulk:.4f} us here (medians)"
