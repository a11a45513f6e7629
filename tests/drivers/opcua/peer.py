"""A peer between driver and server that answers in its own way, message by message: what no honest server can be made to do.

It speaks the framing of OPC 10000-6 without security: it collects the chunks of an answer, lets a test say what is sent
instead, cuts it into chunks, and numbers them anew.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.drivers.opcua.encoding import header as response_header
from tests.drivers.opcua.encoding import string
from tests.drivers.opcua.proxy import Proxy

OPEN_CHANNEL: Final = 446
READ: Final = 631
CREATE_ITEMS: Final = 751
PUBLISH: Final = 826
REPUBLISH: Final = 832
"""Requests, by the numbers of their binary encodings."""
_HEADER: Final = 8
_NUMBERS: Final = 8
"""Sequence number and request id."""

Chunks = Sequence[tuple[bytes, bytes]]
"""What is sent for one answer: kind of each chunk (`C`, `F` or `A`) and its part of the body."""
Play = Callable[[int, bytes], Chunks | None]
"""What to send instead of the answer to a request of this kind; None for the answer itself, nothing for none."""


def aborted(status: int, reason: bytes = b"out of buffers") -> tuple[bytes, bytes]:
    """The chunk that gives an answer up."""
    return b"A", struct.pack("<I", status) + string(reason)


def fault(status: int) -> bytes:
    """A ServiceFault."""
    return b"\x01\x00\x8d\x01" + response_header(status, 132_223_104_000_000_000)


@dataclass
class Side:
    """One direction of one connection."""

    stream: bytearray = field(default_factory=bytearray)
    parts: list[bytes] = field(default_factory=list)
    """Of the message whose chunks are coming in."""
    number: int = 0
    """Sequence number of the last chunk sent."""

    def chunks(self, data: bytes) -> Iterator[bytes]:
        """Every chunk that is whole by now."""
        self.stream += data
        while len(self.stream) >= _HEADER:
            size = struct.unpack_from("<I", self.stream, 4)[0]
            if len(self.stream) < size:
                return
            yield bytes(self.stream[:size])
            del self.stream[:size]


class Peer(Proxy):
    """Passes requests on and plays with the answers; one connection at a time."""

    def __init__(self, port: int, play: Play, *, largest: int = 65_535, says: tuple[int, ...] = ()) -> None:
        """`largest`: bytes of a chunk; `says`: the four numbers of the Acknowledge, the server's own if empty."""
        super().__init__(port)
        self.play = play
        self.asked: list[int] = []
        """Kind of every request, in order."""
        self.largest_request = 0
        """Bytes of a chunk of a request."""
        self.sent_chunks = 0
        self._largest, self._says = largest, says
        self._begin()

    def _begin(self) -> None:
        self._up, self._down = Side(), Side()
        self._kinds: dict[int, int] = {}

    def seen(self, data: bytes, *, to_server: bool) -> bytes:
        """Look at what passes."""
        if to_server:
            if data[:4] == b"HELF":
                self._begin()
            for chunk in self._up.chunks(data):
                self._hear(chunk)
            return data
        return b"".join(self._answer(chunk) for chunk in self._down.chunks(data))

    def _hear(self, chunk: bytes) -> None:
        if chunk[:3] not in (b"MSG", b"OPN"):
            return
        at = _numbers_at(chunk)
        self.largest_request = max(self.largest_request, len(chunk))
        (request,) = struct.unpack_from("<I", chunk, at + 4)
        if request not in self._kinds:  # the first chunk has the kind
            self._kinds[request] = struct.unpack_from("<H", chunk, at + _NUMBERS + 2)[0]
            self.asked.append(self._kinds[request])

    def _answer(self, chunk: bytes) -> bytes:
        if chunk[:4] == b"ACKF" and self._says:
            return chunk[:12] + struct.pack("<4I", *self._says)
        if chunk[:3] not in (b"MSG", b"OPN"):
            return chunk
        at = _numbers_at(chunk)
        self._down.parts.append(chunk[at + _NUMBERS :])
        if chunk[3:4] != b"F":
            return b""
        body, self._down.parts = b"".join(self._down.parts), []
        (request,) = struct.unpack_from("<I", chunk, at + 4)
        sent = self.play(self._kinds[request], body)
        found = []
        for kind, part in self._cut(body, at + _NUMBERS) if sent is None else sent:
            self._down.number += 1
            numbers = struct.pack("<II", self._down.number, request)
            size = struct.pack("<I", at + _NUMBERS + len(part))
            found.append(chunk[:3] + kind + size + chunk[_HEADER:at] + numbers + part)
        self.sent_chunks += len(found)
        return b"".join(found)

    def _cut(self, body: bytes, before: int) -> Chunks:
        room = self._largest - before
        parts = [body[begin : begin + room] for begin in range(0, len(body), room)]
        return [(b"F" if number == len(parts) else b"C", part) for number, part in enumerate(parts, 1)]


def _numbers_at(chunk: bytes) -> int:
    """Where sequence number and request id of a chunk stand: behind its security header."""
    if chunk[:3] == b"MSG":
        return 16
    at = 12
    for _ in range(3):  # policy, certificate, thumbprint
        (length,) = struct.unpack_from("<i", chunk, at)
        at += 4 + max(length, 0)
    return at
