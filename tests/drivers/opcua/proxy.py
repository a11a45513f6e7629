"""A proxy between driver and server that misbehaves byte by byte: it stalls, swallows, delays, resets, half-closes."""

import asyncio
import contextlib
import socket
import struct
from typing import Self

_LINGER_NOT = struct.pack("ii", 1, 0)
"""Close by RST and not by FIN."""


class Proxy:
    """Passes bytes both ways until told otherwise."""

    def __init__(self, port: int, delay_s: float = 0.0) -> None:
        """`delay_s`: how much later every byte arrives, either way."""
        self._upstream = port
        self._delay_s = delay_s
        self.port = 0
        self.passing = asyncio.Event()
        """Cleared: bytes wait; a black hole until it is set again."""
        self.passing.set()
        self._writers: list[asyncio.StreamWriter] = []
        self.accepted = 0
        self.passed = 0
        """Bytes that reached the other side."""

    @property
    def endpoint(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}/plc"

    async def __aenter__(self) -> Self:
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        self.passing.set()
        self.reset()
        await self._group.__aexit__(None, None, None)
        await self._server.wait_closed()

    def stall(self, seconds: float) -> None:
        """Pass nothing for a while; what came meanwhile arrives then."""
        self.passing.clear()
        asyncio.get_running_loop().call_later(seconds, self.passing.set)

    def reset(self) -> None:
        """Reset every connection, of both sides, in the middle of whatever it carries."""
        for writer in self._writers:
            connected = writer.get_extra_info("socket")
            if connected is not None and connected.fileno() >= 0:
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            writer.transport.abort()
        self._writers.clear()

    def half_close(self) -> None:
        """Tell both sides that nothing more will come, and go on taking what they send."""
        for writer in self._writers:
            if not writer.transport.is_closing():
                writer.write_eof()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._writers += [writer, up_writer]
        self._group.create_task(self._pump(reader, up_writer, to_server=True))
        self._group.create_task(self._pump(up_reader, writer, to_server=False))

    def seen(self, data: bytes, *, to_server: bool) -> bytes:
        """What is passed on instead of `data`; for proxies that look inside."""
        return data

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_server: bool) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                await self.passing.wait()
                data = self.seen(data, to_server=to_server)
                if self._delay_s:
                    loop.call_later(self._delay_s, self._pass, writer, data)
                else:
                    self._pass(writer, data)
                    await writer.drain()
        if self._delay_s:
            loop.call_later(self._delay_s, writer.transport.abort)
        else:
            writer.transport.abort()

    def _pass(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if not writer.transport.is_closing() and writer.can_write_eof():
            with contextlib.suppress(RuntimeError):  # it said itself that nothing more comes
                writer.write(data)
                self.passed += len(data)
