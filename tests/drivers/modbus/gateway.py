"""A gateway in front of a serial line with many units: one request on the line at a time.  No code under test."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.drivers.modbus.device import Device
from tests.drivers.modbus.peer import TABLES


def crc(frame: bytes) -> bytes:
    """CRC-16/MODBUS bit by bit, low byte first."""
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


@dataclass
class Gateway:
    """Units by number; what is in `dead` is silent for `dead_s` (or answered 0B when `tells`), which blocks the line."""

    units: dict[int, Device]
    is_rtu: bool = False
    answer_s: float = 0.0
    dead: set[int] = field(default_factory=set)
    dead_s: float = 0.0
    tells: bool = False
    late_s: dict[int, float] = field(default_factory=dict)
    port: int = 0
    asked: list[tuple[float, int]] = field(default_factory=list)
    """(loop time, unit) of every request on the line."""
    accepted: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    tasks: set["asyncio.Task[None] | None"] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.writers.append(writer)
        self.tasks.add(asyncio.current_task())
        try:
            while True:
                head, unit, pdu = await self._request(reader)
                self.asked.append((asyncio.get_running_loop().time(), unit))
                answer = await self._on_the_line(unit, pdu)
                if answer is not None:
                    self._send(writer, head, unit, answer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> tuple[bytes, int, bytes]:
        if self.is_rtu:
            frame = await reader.readexactly(8)
            return b"", frame[0], frame[1:6]
        head = await reader.readexactly(6)
        body = await reader.readexactly(int.from_bytes(head[4:], "big"))
        return head[:4], body[0], body[1:]

    async def _on_the_line(self, unit: int, pdu: bytes) -> bytes | None:
        if unit in self.dead:
            await asyncio.sleep(self.dead_s)
            return bytes((pdu[0] | 0x80, 0x0B)) if self.tells else None
        await asyncio.sleep(self.late_s.get(unit, self.answer_s))
        if pdu[0] not in TABLES:
            return bytes((pdu[0] | 0x80, 0x01))
        function, start, count = struct.unpack(">BHH", pdu)
        read = self.units[unit].read(TABLES[function], start, count)
        return bytes((function | 0x80, read)) if isinstance(read, int) else bytes((function, len(read))) + read

    def _send(self, writer: asyncio.StreamWriter, head: bytes, unit: int, pdu: bytes) -> None:
        frame = bytes((unit,)) + pdu
        writer.write(frame + crc(frame) if self.is_rtu else head + struct.pack(">H", len(frame)) + frame)


@asynccontextmanager
async def serving(gateway: Gateway) -> AsyncIterator[Gateway]:
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", gateway.port)
    gateway.port = server.sockets[0].getsockname()[1]
    try:
        yield gateway
    finally:
        server.close()
        for writer in gateway.writers:
            writer.transport.abort()
        for task in gateway.tasks:
            if task is not None:
                task.cancel()
        await server.wait_closed()
        await asyncio.sleep(0.01)
        gateway.tasks.clear()
