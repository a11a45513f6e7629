"""The driver against servers that other people wrote, over TCP and over serial lines, and pymodbus's client beside it."""

import asyncio
import os
import pty
import random
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient
from pymodbus.server import ModbusSerialServer, ModbusTcpServer

from drivers.errors import LinkLostError
from drivers.modbus.driver import open_driver
from drivers.modbus.lines import enter, leave
from drivers.modbus.settings import read_settings
from drivers.modbus.wire import ReadFunction, ReadRequest
from monitor.clock import SystemClock
from rules.columns.quality import Quality
from rules.columns.readings import ReadingBatch
from tests.drivers.modbus.device import Device, TagAddress, scalar
from tests.drivers.modbus.driving import scattered_tags
from tests.drivers.modbus.gateway import crc
from tests.drivers.modbus.peers import compiled, contents, node_server, running, serial_line, simulated

pytestmark = pytest.mark.slow


async def one_batch(tags: list[TagAddress], **settings: object) -> ReadingBatch:
    driver = open_driver("PLC", {"timeout_s": 5.0, **settings}, tags, SystemClock())
    async with driver, aclosing(driver.batches()) as batches:
        return await anext(batches)


def agrees(batch: ReadingBatch, tags: list[TagAddress], device: Device) -> None:
    expected = np.array([scalar(device, tag) for tag in tags])
    assert not batch.status.any()
    assert batch.raw is not None
    np.testing.assert_array_equal(batch.raw, expected)
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(batch.value[finite], expected[finite])
    assert (batch.quality == np.where(finite, Quality.GOOD, Quality.BAD)).all()


def everything(count: int = 300) -> list[TagAddress]:
    return scattered_tags(random.Random(11), count)


async def test_libmodbus_over_tcp(tmp_path: Path) -> None:
    program = await asyncio.to_thread(compiled, tmp_path)
    with running(str(program), "tcp", "0") as (port,):
        tags = everything()
        agrees(await one_batch(tags, host="127.0.0.1", port=int(port)), tags, contents())
        beyond = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{address}") for n, address in enumerate((5, 599, 600))]
        batch = await one_batch(beyond, host="127.0.0.1", port=int(port), max_gap=125)
        assert batch.status.tolist() == [0, 0, 2]


async def test_modbus_serial_of_node_over_tcp() -> None:
    with running(*node_server()) as (port,):
        tags = everything()
        agrees(await one_batch(tags, host="127.0.0.1", port=int(port), window=4), tags, contents())


async def test_libmodbus_over_a_serial_line(tmp_path: Path) -> None:
    program = await asyncio.to_thread(compiled, tmp_path)
    with (
        serial_line() as (far, near),
        serial_line() as (other_far, other_near),
        bridged(far, other_far),
        running(str(program), "rtu", other_near),
    ):
        tags = everything(60)
        agrees(await one_batch(tags, serial_port=near, baud_rate=19200), tags, contents())


async def test_pymodbus_over_rtu_in_tcp() -> None:
    device = contents()
    server = ModbusTcpServer(simulated(device), address=("127.0.0.1", 0), framer=FramerType.RTU)
    await server.serve_forever(background=True)
    try:
        port = server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # pymodbus' own type is narrower
        tags = everything()
        agrees(await one_batch(tags, host="127.0.0.1", port=port, framing="rtu"), tags, device)
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus has no type there


async def test_pymodbus_over_a_serial_line_and_its_client_reads_the_same() -> None:
    device = contents()
    with serial_line() as (far, near), serial_line() as (other_far, other_near), bridged(far, other_far):
        server = ModbusSerialServer(simulated(device), port=other_near, baudrate=19200, framer=FramerType.RTU)
        await server.serve_forever(background=True)
        try:
            tags = everything(60)
            agrees(await one_batch(tags, serial_port=near, baud_rate=19200), tags, device)
            client = AsyncModbusSerialClient(near, baudrate=19200, timeout=5)
            assert await client.connect()
            theirs = await client.read_holding_registers(0, count=100, device_id=1)
            client.close()
        finally:
            await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus has no type there
    assert theirs.registers == [device.word("hr", n) for n in range(100)]


@contextmanager
def bridged(one: int, other: int) -> Iterator[None]:
    """A cable between the far ends of two pseudo-terminals."""
    stopping = threading.Event()

    def carry(source: int, target: int) -> None:
        os.set_blocking(source, False)
        while not stopping.wait(0.001):
            try:
                data = os.read(source, 4096)
            except (BlockingIOError, OSError):
                continue
            os.write(target, data)

    threads = [threading.Thread(target=carry, args=ends) for ends in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


# --- a slave of our own on the far end, that misbehaves ------------------------------------------
Slave = Callable[[bytes], None]


@contextmanager
def slave(far: int, answer: Callable[[bytes], bytes]) -> Iterator[list[bytes]]:
    """Reads requests of eight bytes from the far end and writes what `answer` says; the requests it saw."""
    loop = asyncio.get_running_loop()
    seen: list[bytes] = []
    waiting = bytearray()

    def readable() -> None:
        waiting.extend(os.read(far, 4096))
        while len(waiting) >= 8:
            request = bytes(waiting[:8])
            del waiting[:8]
            assert crc(request[:6]) == request[6:]
            seen.append(request)
            if data := answer(request):
                os.write(far, data)

    os.set_blocking(far, False)
    loop.add_reader(far, readable)
    try:
        yield seen
    finally:
        loop.remove_reader(far)


def right(request: bytes) -> bytes:
    """Registers that hold their own address."""
    start, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
    frame = request[:2] + bytes((2 * count,)) + b"".join(n.to_bytes(2, "big") for n in range(start, start + count))
    return frame + crc(frame)


def asking(unit: int, start: int) -> ReadRequest:
    return ReadRequest(unit, ReadFunction.READ_HOLDING_REGISTERS, start, 2)


def of(start: int) -> bytes:
    return start.to_bytes(2, "big") + (start + 1).to_bytes(2, "big")


async def test_noise_and_broken_checksums_on_a_serial_line_are_never_values() -> None:
    first, broken = (right(bytes.fromhex(asked)) for asked in ("0103000000020000", "0103000900020000"))
    answers = iter([b"\x00" + first, b"\xff\x7e\x00", broken[:-1] + b"\x00"])

    def answer(request: bytes) -> bytes:
        return next(answers, b"") or right(request)

    with serial_line() as (far, near), slave(far, answer):
        line = await enter(read_settings({"serial_port": near, "dead_unit_retry_s": 1.0}).line)
        assert await line.read([asking(1, 0)], 1.0) == [of(0)], "a noise byte in front"
        for start in (4, 9):
            with pytest.raises(LinkLostError, match="no answer within"):
                await line.read([asking(1, start)], 0.1)
            await asyncio.sleep(line.units.wait_s(1, asyncio.get_running_loop().time()) + 0.01)
        assert await line.read([asking(1, 20)], 1.0) == [of(20)]
        await leave(line)


async def test_a_late_answer_on_a_serial_line_is_nobodys_value() -> None:
    """Asked for 0, timed out, answered late: neither the next unit nor the same unit, asked for 500, may take it."""
    loop = asyncio.get_running_loop()
    late = True

    def answer(request: bytes) -> bytes:
        if request[0] == 1 and late:
            loop.call_later(0.45, os.write, far, right(request))
            return b""
        return right(request)

    with serial_line() as (far, near), slave(far, answer) as seen:
        line = await enter(read_settings({"serial_port": near, "dead_unit_retry_s": 1.0}).line)
        assert await line.read([asking(2, 7)], 1.0) == [of(7)]
        with pytest.raises(LinkLostError, match="no answer"):
            await line.read([asking(1, 0)], 0.3)
        late = False
        for start in range(40, 80):
            assert await line.read([asking(2, start)], 1.0) == [of(start)]
        with pytest.raises(LinkLostError, match="unit 1 was silent"):
            await line.read([asking(1, 500)], 0.3)
        await asyncio.sleep(line.units.wait_s(1, loop.time()) + 0.01)
        assert await line.read([asking(1, 500)], 0.5) == [of(500)]
        assert sum(request[0] == 1 for request in seen) == 2
        await leave(line)


async def test_a_unit_alone_on_a_serial_line_is_not_asked_again_while_its_late_answer_may_come() -> None:
    """Nobody else is there to be spared: it is the swap of two values that this waits for."""
    loop = asyncio.get_running_loop()

    def answer(request: bytes) -> bytes:
        loop.call_later(0.45 if len(seen) == 1 else 0.2, os.write, far, right(request))
        return b""

    with serial_line() as (far, near), slave(far, answer) as seen:
        line = await enter(read_settings({"serial_port": near, "dead_unit_retry_s": 1.0}).line)
        answers = []
        for start in (0, *[500] * 60):
            try:
                answers += await line.read([asking(1, start)], 0.3)
                break
            except LinkLostError:
                await asyncio.sleep(0.02)
                await line.open()
        await leave(line)
    assert answers == [of(500)]


async def test_a_serial_port_that_is_pulled_is_a_lost_link_at_once() -> None:
    far, near = pty.openpty()
    tty.setraw(far)
    with slave(far, right):
        line = await enter(read_settings({"serial_port": os.ttyname(near)}).line)
        assert await line.read([asking(1, 3)], 1.0) == [of(3)]
    os.close(far)
    async with asyncio.timeout(5.0):
        with pytest.raises(LinkLostError, match="closed the connection"):
            await line.idle(60.0)
    await leave(line)
    os.close(near)


async def test_a_serial_port_that_is_not_there_is_told() -> None:
    with pytest.raises(LinkLostError, match="no connection to /dev/no-such-port"):
        await enter(read_settings({"serial_port": "/dev/no-such-port"}).line)
