"""`python -m tests.benchmarks.modbus_field PORT...`: Modbus TCP devices out of numpy arrays, for the benchmark only.

Answers function codes 2 and 3 (window 1).  All analog values move every 100 ms.  Each line `COUNT SECONDS` on standard input
makes it drive COUNT points beyond their limit at random moments within SECONDS and back again after a second or two; every such
write is a line of JSON on standard output with the wall time at which it was in the tables, `{"done": true}` ends the round.
`COUNT SECONDS hold` leaves them there.
"""

import asyncio
import json
import struct
import sys
import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from tests.benchmarks.synthetic_plant import (
    ANALOGS,
    BEYOND,
    DISCRETES,
    NOISE,
    NORMAL,
    analog_id,
    discrete_id,
)

MOVE_S: Final = 0.1
BACK_AFTER_S: Final = (1.0, 2.0)
HEADER: Final = struct.Struct(">HHHBBHH")
"""Transaction, protocol, length, unit, function code, start, count."""


class Field:
    """The tables of all devices."""

    def __init__(self, devices: int, seed: int = 1) -> None:
        self.random = np.random.default_rng(seed)
        self.centre = np.full((devices, ANALOGS), NORMAL)
        self.analogs = self.centre.astype(">f4")
        self.registers = self.analogs.view(">u2")
        self.bits = np.zeros((devices, DISCRETES), np.uint8)

    def move(self) -> None:
        """Give every analog point another value near its centre."""
        self.analogs[:] = self.centre + self.random.uniform(-NOISE, NOISE, self.centre.shape)

    def drive(self, device: int, place: int, *, is_abnormal: bool) -> str:
        """Put one point beyond its limit or back; returns its alarm's id.  Places above the analogs are discretes."""
        if place >= ANALOGS:
            self.bits[device, place - ANALOGS] = is_abnormal
            return f"{discrete_id(device, place - ANALOGS)}.state"
        self.centre[device, place] = BEYOND if is_abnormal else NORMAL
        self.analogs[device, place] = self.centre[device, place]
        return f"{analog_id(device, place)}.H"

    def answer(self, device: int, function: int, start: int, count: int) -> bytes:
        """The body of an answer, from the byte count on; empty for what is not served."""
        if function == 3 and start + count <= self.registers.shape[1]:
            body = self.registers[device, start : start + count].tobytes()
        elif function == 2 and start + count <= DISCRETES:
            body = np.packbits(self.bits[device, start : start + count], bitorder="little").tobytes()
        else:
            return b""
        return bytes((len(body),)) + body


class Unit(asyncio.Protocol):
    """One connection to one device."""

    def __init__(self, field: Field, device: int) -> None:
        self._field = field
        self._device = device
        self._waiting = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._waiting += data
        while len(self._waiting) >= HEADER.size:
            transaction, protocol, _, unit, function, start, count = HEADER.unpack_from(self._waiting)
            self._waiting = self._waiting[HEADER.size :]
            body = self._field.answer(self._device, function, start, count)
            pdu = bytes((function,)) + body if body else bytes((function | 0x80, 0x02))
            self._transport.write(struct.pack(">HHHB", transaction, protocol, len(pdu) + 1, unit) + pdu)


def _say(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)


async def _drive_once(field: Field, device: int, place: int, after_s: float, back_s: float | None) -> None:
    """One point beyond its limit and (unless it is held there) back, each write told with its moment."""
    await asyncio.sleep(after_s)
    _put(field, device, place, is_abnormal=True)
    if back_s is not None:
        await asyncio.sleep(back_s)
        _put(field, device, place, is_abnormal=False)


def _put(field: Field, device: int, place: int, *, is_abnormal: bool) -> None:
    alarm_id = field.drive(device, place, is_abnormal=is_abnormal)
    _say({"wall_ns": time.time_ns(), "alarm_id": alarm_id, "is_abnormal": is_abnormal})


async def _round(field: Field, count: int, seconds: float, *, hold: bool) -> None:
    """`count` different points, half of them discretes where there are enough, spread over `seconds`."""
    devices = field.centre.shape[0]
    analogs = [(device, place) for device in range(devices) for place in range(ANALOGS)]
    discretes = [(device, ANALOGS + place) for device in range(devices) for place in range(DISCRETES)]
    half = min(count // 2, len(discretes))
    chosen = [discretes[at] for at in field.random.choice(len(discretes), half, replace=False)]
    chosen += [analogs[at] for at in field.random.choice(len(analogs), count - half, replace=False)]
    async with asyncio.TaskGroup() as tasks:
        for device, place in chosen:
            after_s = float(field.random.uniform(0, seconds))
            back_s = None if hold else float(field.random.uniform(*BACK_AFTER_S))
            tasks.create_task(_drive_once(field, device, place, after_s, back_s))
    _say({"done": True})


async def _move_for_ever(field: Field) -> None:
    while True:
        await asyncio.sleep(MOVE_S)
        field.move()


async def serve(ports: Sequence[int]) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    field = Field(len(ports))
    servers = [
        await loop.create_server(lambda device=device: Unit(field, device), "127.0.0.1", port)  # type: ignore[misc]  # mypy infers no type for a default
        for device, port in enumerate(ports)
    ]
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    _say({"listening": len(servers)})
    async with asyncio.TaskGroup() as tasks:
        moving = tasks.create_task(_move_for_ever(field))
        while line := await orders.readline():
            count, seconds, *words = line.split()
            await _round(field, int(count), float(seconds), hold=words == [b"hold"])
        moving.cancel()
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(serve([int(port) for port in sys.argv[1:]]))
