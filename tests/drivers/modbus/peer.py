"""A Modbus TCP peer that misbehaves as told: real sockets, no code under test."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from tests.drivers.modbus.device import FUNCTIONS, Device

TABLES = {function: table for table, function in FUNCTIONS.items()}


@dataclass(frozen=True)
class Asked:
    """One request as it stood on the wire."""

    transaction: int
    unit: int
    function: int
    start: int
    count: int


def packed(transaction: int, unit: int, pdu: bytes) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def truth(device: Device, asked: Asked) -> bytes:
    """The right answer."""
    read = device.read(TABLES[asked.function], asked.start, asked.count)
    if isinstance(read, int):
        return packed(asked.transaction, asked.unit, bytes([asked.function | 0x80, read]))
    return packed(asked.transaction, asked.unit, bytes([asked.function, len(read)]) + read)


class Connection(asyncio.Protocol):
    """The peer's side of one connection."""

    def __init__(self, peer: "Peer") -> None:
        self.peer = peer
        self.buffer = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one without inheriting from it
        self.peer.connections.append(self)
        self.peer.accepted += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.peer.connections.remove(self)

    def data_received(self, data: bytes) -> None:
        self.peer.segments.append(len(data) // 12)
        self.buffer += data
        while len(self.buffer) >= 12:
            request, self.buffer = self.buffer[:12], self.buffer[12:]
            transaction, protocol, length, unit, function, start, count = struct.unpack(">HHHBBHH", request)
            assert (protocol, length) == (0, 6)
            assert not self.buffer or self.peer.window > 1, "two requests at once: the window is not 1"
            asked = Asked(transaction, unit, function, start, count)
            self.peer.asked.append(asked)
            self.peer.script(self, asked)

    def send(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def send_later(self, seconds: float, data: bytes) -> None:
        asyncio.get_running_loop().call_later(seconds, self.send, data)


Script = Callable[[Connection, Asked], None]


@dataclass
class Peer:
    """A listening peer; `script` may be changed at any time."""

    device: Device
    script: Script
    port: int = 0
    accepted: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    window: int = 1
    segments: list[int] = field(default_factory=list)
    """Requests that arrived together."""

    def good(self, connection: Connection, asked: Asked) -> None:
        connection.send(truth(self.device, asked))


@asynccontextmanager
async def listening(script: Script | None = None, device: Device | None = None, port: int = 0) -> AsyncIterator[Peer]:
    """A peer on 127.0.0.1; answers rightly unless a script says otherwise."""
    peer = Peer(device or Device(), lambda connection, asked: None)
    peer.script = script or peer.good
    server = await asyncio.get_running_loop().create_server(lambda: Connection(peer), "127.0.0.1", port)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for connection in list(peer.connections):
            connection.transport.abort()
        await server.wait_closed()
        while peer.connections:
            await asyncio.sleep(0)
