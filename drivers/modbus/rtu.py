"""Modbus RTU framing: unit, function code, data, checksum; no transaction id, so one request is open at a time.  No I/O.

Nothing on the wire tells an answer from a late answer to the same question asked of other addresses: who uses this must not
ask a unit again before a late answer cannot come any more (`units`), and flush or reopen the link after every timeout.
"""

from typing import Final, Generic

from drivers.errors import BadFrameError
from drivers.modbus.wire import EXCEPTION_FLAG, Answer, Owner, Request

_CHECKSUM: Final = 2
_MOST_WAITING: Final = 1024
"""Bytes that may wait without becoming an answer; more is a line that never falls silent."""


def _table() -> tuple[int, ...]:
    """What one byte does to a checksum: polynomial 0xA001, the reflected 0x8005."""
    values = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        values.append(value)
    return tuple(values)


_TABLE: Final = _table()


def checksum(frame: bytes) -> bytes:
    """CRC-16 of Modbus as it stands on the wire, low byte first."""
    value = 0xFFFF
    for byte in frame:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return bytes((value & 0xFF, value >> 8))


class RtuExchange(Generic[Owner]):
    """The transactions of one RTU link, one at a time; see `wire.Exchange`."""

    __slots__ = ("_buffer", "_open", "late_answers")

    def __init__(self) -> None:
        self._buffer = b""
        self._open: tuple[Request, Owner] | None = None
        self.late_answers = 0

    @property
    def is_full(self) -> bool:
        """Whether another transaction must wait."""
        return self._open is not None

    def begin(self, request: Request, owner: Owner) -> bytes:
        """Open a transaction and return the bytes to send; what came before it belongs to nobody.

        :raises ValueError: one is still open.
        """
        if self._open is not None:
            raise ValueError("a transaction is still open: RTU has no transaction id, its window is 1")
        self._flush()
        self._open = (request, owner)
        frame = bytes((request.unit,)) + request.pdu
        return frame + checksum(frame)

    def receive(self, chunk: bytes) -> list[tuple[Owner, Answer | BadFrameError]]:
        """Take bytes as they arrive; the answer may stand behind noise or behind an answer of another unit.

        :raises BadFrameError: bytes without end that hold no answer.
        """
        self._buffer += chunk
        if self._open is None:
            self._flush()
            return []
        request, owner = self._open
        found = _found(request, self._buffer)
        if found is None:
            if len(self._buffer) > _MOST_WAITING:
                raise BadFrameError(f"{len(self._buffer)} bytes and no answer to {request} of unit {request.unit}")
            return []
        answer, begin, end = found
        self.late_answers += begin > 0 or end < len(self._buffer)
        self._buffer = b""
        self._open = None
        return [(owner, answer)]

    def owners(self) -> list[Owner]:
        """Who waits for an answer."""
        return [] if self._open is None else [self._open[1]]

    def forget(self, owner: Owner) -> None:
        """Wait no longer."""
        if self._open is not None and self._open[1] is owner:
            self._open = None
            self._flush()

    def _flush(self) -> None:
        """Throw away what came; it counts as late where it is anything."""
        self.late_answers += bool(self._buffer)
        self._buffer = b""


def _found(request: Request, buffer: bytes) -> tuple[Answer, int, int] | None:
    """The whole frame in the buffer whose unit, function code, length and checksum are those of an answer to the request."""
    unit, function = request.unit, request.pdu[0]
    for begin in range(len(buffer) - 2 - _CHECKSUM):
        if buffer[begin] != unit or buffer[begin + 1] & ~EXCEPTION_FLAG != function:
            continue
        try:
            size = request.size(buffer[begin + 1 :])
            end = len(buffer) + 1 if size is None else begin + 1 + size + _CHECKSUM
            if end <= len(buffer) and checksum(buffer[begin : end - _CHECKSUM]) == buffer[end - _CHECKSUM : end]:
                return request.answer(buffer[begin + 1 : end - _CHECKSUM]), begin, end
        except BadFrameError:
            continue
    return None
