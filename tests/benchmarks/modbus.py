"""Modbus TCP beside pymodbus and libmodbus: CPU of a transaction, a fleet of 200 devices, decoding, requests of a plan.

Both sides run on uvloop in this process (libmodbus in its own, in C), in turn within each round, against one stub in another
process.
"""

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import uvloop
from pymodbus.client import AsyncModbusTcpClient

from drivers.modbus.driver import open_driver
from drivers.modbus.line import Line
from drivers.modbus.place import Span, Table
from drivers.modbus.plan import Fill, Limits, coalesce
from drivers.modbus.points import point_of
from drivers.modbus.registers import Decoder
from drivers.modbus.settings import read_settings
from drivers.modbus.wire import ReadFunction, ReadRequest
from monitor.clock import SystemClock
from tests.benchmarks.figures import Figure, of_runs, percentile
from tests.benchmarks.service import Child
from tests.drivers.modbus.device import TagAddress

REGISTERS: Final = 125
CHAIN: Final = 50
BLOCKS: Final = 10
PERIOD_S: Final = 0.1
BATCHES: Final = 10
"""Of a round of decoding on each side; the quickest of each is the round's figure, because a neighbour only makes it slower."""
WARM_S: Final = 2.0
METER: Final = (
    *range(0, 36, 2), 42, 46, 48, 52, 56, 60, 62, 66, 70, 72, 74, 76, 78, 80, 82, 84, 86, 100, 102, 104, 106, 108, 200, 202,
    204, 206, 224, *range(234, 270, 2), *range(334, 382, 2),
)  # fmt: skip
"""First registers of the float values of a three-phase energy meter: input registers, with holes of many sizes."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured."""

    rounds: int = 5
    transactions: int = 4000
    devices: int = 200
    fleet_rounds: int = 2
    fleet_s: float = 5.0
    decodes: int = 100


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """What one run of a fleet gave."""

    tx_s: float
    cpu_us: float
    poll_ms: list[float]
    """From the first request of a poll to its last answer."""


@dataclass(kw_only=True)
class Tally:
    """What the devices of a fleet did so far."""

    is_measuring: bool = False
    is_over: bool = False
    begun: set[int] = field(default_factory=set)
    """Devices that were read once."""
    poll_ms: list[float] = field(default_factory=list)

    def take(self, number: int, poll_ms: float) -> None:
        """A device was polled."""
        self.begun.add(number)
        if self.is_measuring:
            self.poll_ms.append(poll_ms)


@contextmanager
def stub() -> Iterator[int]:
    """The stub's port."""
    with Child("tests.benchmarks.modbus_stub") as source:
        yield int(source.line()["port"])


@contextmanager
def libmodbus_client() -> Iterator[Path | None]:
    """The C client, compiled; None where there is no compiler or no library."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "client"
        source = Path(__file__).with_name("libmodbus_client.c")
        compiler = shutil.which("gcc") or "gcc"
        command = [compiler, "-O2", "-I/usr/include/modbus", "-o", str(program), str(source), "-lmodbus"]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            yield None
        else:
            yield program


async def _cost(action: Callable[[], Awaitable[Any]], times: int, transactions: int) -> float:
    """CPU microseconds of this process per transaction."""
    begun = time.process_time()
    for _ in range(times):
        await action()
    return (time.process_time() - begun) / transactions * 1e6


async def _one_by_one(port: int, program: Path | None, size: Size) -> tuple[list[float], list[float], list[float]]:
    """CPU microseconds per transaction of 125 registers at window 1: ours, pymodbus's and libmodbus's, in turn."""
    line = Line(read_settings({"host": "127.0.0.1", "port": port}).line)
    await line.open()
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    assert await client.connect()
    requests = [ReadRequest(1, ReadFunction.READ_HOLDING_REGISTERS, 0, REGISTERS)] * CHAIN
    ours, theirs, in_c = [], [], []
    for number in range(size.rounds + 1):
        our = await _cost(lambda: line.read(requests, 1.0), size.transactions // CHAIN, size.transactions)
        their = await _cost(
            lambda: client.read_holding_registers(0, count=REGISTERS, device_id=1), size.transactions, size.transactions
        )
        if number:  # the first round warms both sides up
            ours.append(our)
            theirs.append(their)
            if program is not None:
                in_c.append(await asyncio.to_thread(_libmodbus, program, port, size))
    await line.close()
    client.close()
    return ours, theirs, in_c


def _libmodbus(program: Path, port: int, size: Size) -> float:
    """CPU microseconds per transaction of the C client."""
    run = [str(program), str(port), str(size.transactions)]
    return float(subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()[0])


async def _measured(poll_one: Callable[[int, Tally], Awaitable[None]], size: Size) -> Fleet:
    """Run a device of the fleet for each number, and count what they do once all of them have begun."""
    tally = Tally()

    async def run_one(number: int) -> None:
        await poll_one(number, tally)

    async with asyncio.TaskGroup() as tasks:
        for number in range(size.devices):
            tasks.create_task(run_one(number))
        while len(tally.begun) < size.devices:
            await asyncio.sleep(0.1)
        await asyncio.sleep(WARM_S)
        tally.is_measuring = True
        begun, cpu = time.monotonic(), time.process_time()
        await asyncio.sleep(size.fleet_s)
        tally.is_measuring = False
        taken_s, cpu_s = time.monotonic() - begun, time.process_time() - cpu
        tally.is_over = True
    transactions = BLOCKS * len(tally.poll_ms)
    return Fleet(tx_s=transactions / taken_s, cpu_us=cpu_s / transactions * 1e6, poll_ms=tally.poll_ms)


async def _our_fleet(port: int, size: Size) -> Fleet:
    """Drivers of the product, from the wire to batches of columns."""
    tags = [
        TagAddress(tag=f"T{n}", row=n, address=f"hr:{n}", type="uint16", scan_period_ns=round(PERIOD_S * 1e9))
        for n in range(BLOCKS * REGISTERS)
    ]
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "max_registers": REGISTERS,
        "connect_timeout_s": 60.0,
        "timeout_s": 5.0,
    }
    clock = SystemClock()

    async def poll_one(number: int, tally: Tally) -> None:
        driver = open_driver(f"D{number}", settings, tags, clock)
        async with driver, aclosing(driver.batches()) as batches:
            async for batch in batches:
                assert len(batch) == len(tags)
                tally.take(number, driver.health().round_trip_ms)
                if tally.is_over:
                    return

    return await _measured(poll_one, size)


async def _their_fleet(port: int, size: Size) -> Fleet:
    """The same fleet with a pymodbus client for each device, registers as it gives them, nothing decoded."""
    loop = asyncio.get_running_loop()

    async def poll_one(number: int, tally: Tally) -> None:
        client = AsyncModbusTcpClient("127.0.0.1", port=port)
        assert await client.connect()
        due_s = loop.time() + PERIOD_S * number / size.devices
        while not tally.is_over:
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            begun_s = time.monotonic()
            for block in range(BLOCKS):
                await client.read_holding_registers(block * REGISTERS, count=REGISTERS, device_id=1)
            tally.take(number, (time.monotonic() - begun_s) * 1e3)
            due_s = max(due_s + PERIOD_S, loop.time())
        client.close()

    return await _measured(poll_one, size)


def _decoding(size: Size) -> tuple[list[float], list[float]]:
    """Nanoseconds per float32: our decoder over a poll of 20 blocks, pymodbus block by block."""
    tags = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{2 * n}", type="float32") for n in range(20 * 62)]
    points = [point_of(tag) for tag in tags]
    blocks = coalesce([point.span for point in points], Limits(max_registers=124))
    values = np.random.default_rng(1).normal(50, 10, len(tags)).astype(">f4")
    wire = values.tobytes()
    answers: list[Any] = [wire[2 * block.start : 2 * (block.start + block.count)] for block in blocks]
    decoder, refused = Decoder(points, blocks), np.zeros(len(tags), np.uint32)
    registers = [np.frombuffer(answer, ">u2").tolist() for answer in answers]
    client = AsyncModbusTcpClient
    ours, theirs = [], []
    for _ in range(size.rounds):
        our, their = [], []
        for _ in range(BATCHES):
            begun = time.perf_counter()
            for _ in range(size.decodes):
                columns = decoder.decode(answers, refused)
            our.append((time.perf_counter() - begun) / size.decodes / len(tags) * 1e9)
            begun = time.perf_counter()
            decoded = [client.convert_from_registers(each, client.DATATYPE.FLOAT32) for each in registers]
            their.append((time.perf_counter() - begun) / len(tags) * 1e9)
        ours.append(min(our))
        theirs.append(min(their))
    assert np.array_equal(columns.value, np.concatenate(decoded))
    return ours, theirs


def _requests(starts: Sequence[int], fill: Fill, max_gap: int) -> int:
    spans = [Span(Table.INPUT_REGISTERS, start, 2) for start in starts]
    return len(coalesce(spans, Limits(fill=fill, max_gap=max_gap)))


def _plan_figures() -> list[Figure]:
    shrunk, filled = _requests(METER, Fill.SHRINK, 0), _requests(METER, Fill.MAX_INSERT, 16)
    of = f"{len(METER)} float32 values of a three-phase energy meter"
    return [
        Figure(name="modbus.requests_vs_naive", value=round(len(METER) / shrunk, 2), unit="x",
               method=f"{of}: {shrunk} requests with fill = shrink, {len(METER)} with one per tag"),
        Figure(name="modbus.requests_vs_naive_filled", value=round(len(METER) / filled, 2), unit="x",
               method=f"{of}: {filled} requests over gaps of up to 16 registers"),
    ]  # fmt: skip


def run(size: Size) -> tuple[list[Figure], list[str]]:
    """All figures of Modbus, and how they were measured."""
    with stub() as port, libmodbus_client() as program:
        ours, theirs, in_c = uvloop.run(_one_by_one(port, program, size))
        fleets = [
            (uvloop.run(_our_fleet(port, size)), uvloop.run(_their_fleet(port, size))) for _ in range(size.fleet_rounds)
        ]
    our_decode, their_decode = _decoding(size)
    figures = _cpu_figures(ours, theirs, in_c) + _fleet_figures(fleets, size)
    figures.append(
        of_runs("modbus.decode_x_pymodbus", _ratio(their_decode, our_decode), "x", "time per float32: convert_from_registers "
                "block by block against one decode of a whole poll (20 blocks, 1240 values, with quality and scaling)")
    )  # fmt: skip
    figures.append(of_runs("modbus.decode_ns", our_decode, "ns", "per float32, word order ABCD"))
    notes = [
        "modbus: one stub on uvloop in another process answers all sides; window 1; ours and pymodbus 3.16.1 in turn on "
        "uvloop in one process, CPU by process_time; libmodbus 3.1 in C in its own process, CPU by getrusage",
        f"modbus fleet: {size.devices} devices, each {BLOCKS} reads of {REGISTERS} registers every {PERIOD_S * 1e3:g} ms; ours "
        "through the product's driver to columns, pymodbus to its lists of registers",
    ]
    if not in_c:
        notes.append(
            "modbus: no libmodbus here (deploy/setup.sh installs it): modbus.cpu_vs_libmodbus was not measured"
        )
    return figures + _plan_figures(), notes


def _ratio(above: Sequence[float], below: Sequence[float]) -> list[float]:
    return [first / second for first, second in zip(above, below, strict=True)]


def _cpu_figures(ours: list[float], theirs: list[float], in_c: list[float]) -> list[Figure]:
    method = "client CPU per transaction of 125 registers, one at a time"
    figures = [
        of_runs("modbus.cpu_x_pymodbus", _ratio(theirs, ours), "x", f"{method}: pymodbus / ours"),
        of_runs("modbus.cpu_us", ours, "us", method),
        of_runs("modbus.cpu_us_pymodbus", theirs, "us", method),
    ]
    if in_c:
        figures.append(of_runs("modbus.cpu_vs_libmodbus", _ratio(ours, in_c), "x", f"{method}: ours / libmodbus in C"))
        figures.append(of_runs("modbus.cpu_us_libmodbus", in_c, "us", method))
    return figures


def _fleet_figures(fleets: Sequence[tuple[Fleet, Fleet]], size: Size) -> list[Figure]:
    asked = f"{size.devices * BLOCKS / PERIOD_S:g} asked for"
    told = "a poll of ten reads, from its first request to its last answer"
    figures = []
    for name, side in (("", 0), ("_pymodbus", 1)):
        runs = [each[side] for each in fleets]
        p99 = [percentile(each.poll_ms, 99) for each in runs]
        figures += [
            of_runs(
                f"modbus.fleet_tx_s{name}", [each.tx_s for each in runs], "1/s", f"transactions of the fleet, {asked}"
            ),
            of_runs(f"modbus.fleet_p99_ms{name}", p99, "ms", told),
            of_runs(f"modbus.fleet_cpu_us{name}", [each.cpu_us for each in runs], "us", "client CPU per transaction"),
        ]
    return figures
