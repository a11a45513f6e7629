"""`python -m tests.benchmarks.modbus_stub`: any Modbus TCP device as cheap as can be: function code 3, registers all 0.

Answers every request of a segment; prints its port as JSON, ends with its standard input.
"""

import asyncio
import json
import os
import sys

import uvloop

REQUEST = 12


class Unit(asyncio.Protocol):
    """One connection; the answer's values are ready made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert hasattr(transport, "write")
        self._write = transport.write
        self._ready: dict[bytes, bytes] = {}

    def data_received(self, data: bytes) -> None:
        if len(data) == REQUEST:
            self._write(data[:4] + self._rest(data[6:]))
            return
        frames = [data[at : at + REQUEST] for at in range(0, len(data), REQUEST)]
        self._write(b"".join(frame[:4] + self._rest(frame[6:]) for frame in frames))

    def _rest(self, asked: bytes) -> bytes:
        """Everything behind the protocol id."""
        if asked not in self._ready:
            count = 2 * int.from_bytes(asked[4:6], "big")
            self._ready[asked] = (3 + count).to_bytes(2, "big") + asked[:2] + bytes((count,)) + bytes(count)
        return self._ready[asked]


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Unit, "127.0.0.1", 0, backlog=1000)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    ended: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sys.stdin.fileno(), lambda: None if os.read(sys.stdin.fileno(), 1) else ended.set_result(None))
    await ended
    server.close()


if __name__ == "__main__":
    uvloop.run(serve())
