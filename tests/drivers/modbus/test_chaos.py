"""A converter that does everything wrong at random, late bytes passed on to whoever is connected: no value is ever another's."""

import asyncio
import random
import struct
from dataclasses import dataclass, field

import pytest

from drivers.errors import LinkLostError
from drivers.modbus.line import Line
from drivers.modbus.lines import enter, leave
from drivers.modbus.settings import read_settings
from drivers.modbus.wire import ReadFunction, ReadRequest
from tests.drivers.modbus.gateway import crc

TIMEOUT_S = 0.06
UNITS = range(1, 6)


@dataclass
class Converter:
    """Answers with registers that hold 1000 times the unit plus their address, in one of many ways."""

    is_rtu: bool
    randomness: random.Random
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    tasks: set["asyncio.Task[None] | None"] = field(default_factory=set)
    asked: int = 0
    late: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        self.tasks.add(asyncio.current_task())
        try:
            while True:
                request = await reader.readexactly(8 if self.is_rtu else 12)
                self.asked += 1
                await self.behave(writer, request)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def behave(self, writer: asyncio.StreamWriter, request: bytes) -> None:
        answer = self.answer(request)
        chance = self.randomness.random()
        if chance < 0.80:
            writer.write(answer)
        elif chance < 0.90:
            # later than the timeout, yet no later than once more: to the newest connection, as a serial line would
            self.late += 1
            seconds = TIMEOUT_S * self.randomness.uniform(1.05, 1.9)
            asyncio.get_running_loop().call_later(seconds, self.to_the_newest, answer)
        elif chance < 0.94:
            await asyncio.sleep(0.002)
        elif chance < 0.96:
            writer.write(self.randomness.randbytes(5) + answer if self.is_rtu else answer)
        elif chance < 0.98:
            for byte in answer:
                writer.write(bytes((byte,)))
                await asyncio.sleep(0)
        elif chance < 0.99:
            writer.write(answer[:-1])
        else:
            writer.transport.abort()

    def answer(self, request: bytes) -> bytes:
        unit, function, start, count = struct.unpack(">BBHH", request[:6] if self.is_rtu else request[6:])
        values = b"".join((1000 * unit + at).to_bytes(2, "big") for at in range(start, start + count))
        pdu = bytes((unit, function, len(values))) + values
        return pdu + crc(pdu) if self.is_rtu else request[:4] + len(pdu).to_bytes(2, "big") + pdu

    def to_the_newest(self, answer: bytes) -> None:
        if not self.writers[-1].transport.is_closing():
            self.writers[-1].write(answer)


async def read_for(line: Line, unit: int, seconds: float, seed: int) -> int:
    """Read places of one unit until the time is over; how many values came, each of them checked."""
    randomness, loop = random.Random(seed), asyncio.get_running_loop()
    end_s, right = loop.time() + seconds, 0
    while loop.time() < end_s:
        starts = [randomness.randrange(900) for _ in range(randomness.randint(1, 4))]
        requests = [ReadRequest(unit, ReadFunction.READ_HOLDING_REGISTERS, start, 2) for start in starts]
        try:
            answers = await line.read(requests, TIMEOUT_S)
        except LinkLostError:
            await asyncio.sleep(0.01)
            try:
                await line.open()
            except LinkLostError:
                await asyncio.sleep(0.05)
            continue
        for start, answer in zip(starts, answers, strict=True):
            assert answer == struct.pack(">HH", 1000 * unit + start, 1000 * unit + start + 1), (unit, start, answer)
            right += 1
    return right


@pytest.mark.slow
@pytest.mark.parametrize("is_rtu", [False, True], ids=["tcp", "rtu over tcp"])
async def test_no_value_is_ever_anothers(is_rtu: bool) -> None:
    converter = Converter(is_rtu, random.Random(5))
    server = await asyncio.start_server(converter.serve, "127.0.0.1", 0)
    keys = {
        "host": "127.0.0.1",
        "port": server.sockets[0].getsockname()[1],
        "dead_unit_retry_s": 1.0,
        "shared_line": True,
    }
    line = await enter(read_settings({**keys, "framing": "rtu" if is_rtu else "tcp"}).line)
    right = await asyncio.gather(*(read_for(line, unit, 4.0, seed=unit) for unit in UNITS))
    await leave(line)
    server.close()
    for task in converter.tasks:
        if task is not None:
            task.cancel()
    await server.wait_closed()
    await asyncio.sleep(0.2)
    converter.tasks.clear()
    assert min(right) > 0
    assert converter.late > 3, "the run met what it is about"
