"""Modbus TCP on bytes: requests of function codes 1 to 4 out, checked answers in.  No I/O.

One request is outstanding at a time (window 1), because real servers drop pipelined ones.  Nothing that is not provably the
answer to that request ever becomes one: transaction id, protocol id, unit, function code and byte count must all fit.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from drivers.errors import BadFrameError


class ReadFunction(IntEnum):
    """The function codes that exist here: reading is all Redline does to a plant."""

    READ_COILS = 1
    READ_DISCRETE_INPUTS = 2
    READ_HOLDING_REGISTERS = 3
    READ_INPUT_REGISTERS = 4


IS_BITS: Final = frozenset({ReadFunction.READ_COILS, ReadFunction.READ_DISCRETE_INPUTS})
"""Function codes that answer packed bits, eight to a byte, the lowest first."""

MAX_BITS: Final = 2000
MAX_REGISTERS: Final = 125
ADDRESSES: Final = 65536

EXCEPTIONS: Final[Mapping[int, str]] = MappingProxyType(
    {
        0x01: "illegal function",
        0x02: "illegal data address",
        0x03: "illegal data value",
        0x04: "device failure",
        0x05: "acknowledge (busy, asks to come back)",
        0x06: "device busy",
        0x07: "negative acknowledge",
        0x08: "memory parity error",
        0x0A: "gateway path unavailable",
        0x0B: "gateway target does not answer",
    }
)
"""What the exception codes of the specification mean."""

_REQUEST = struct.Struct(">HHHBBHH")
_HEADER = struct.Struct(">HHHB")
_HEADER_LENGTH = 7
_LENGTH_BYTES_END = 6
_EXCEPTION_FLAG = 0x80
_TRANSACTIONS = 0x10000
_REMEMBERED = 4096
"""How many earlier transaction ids count as late answers rather than as foreign ones."""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """One read of consecutive addresses of one table of one unit."""

    unit: int
    function: ReadFunction
    start: int
    count: int

    def __post_init__(self) -> None:
        """:raises ValueError: the protocol cannot carry it."""
        most = MAX_BITS if self.function in IS_BITS else MAX_REGISTERS
        if not (0 <= self.unit <= 255 and 1 <= self.count <= most):
            raise ValueError(f"unit must be 0 to 255 and count 1 to {most}: {self}")
        if not 0 <= self.start <= ADDRESSES - self.count:
            raise ValueError(f"a table ends at address {ADDRESSES - 1}: {self}")

    @property
    def byte_count(self) -> int:
        """Bytes of values the answer must carry, no more and no less."""
        return (self.count + 7) // 8 if self.function in IS_BITS else 2 * self.count


@dataclass(frozen=True, slots=True)
class Refusal:
    """The device answered with an exception code (1 to 255) instead of values."""

    code: int

    def __str__(self) -> str:
        return f"exception {self.code:02X} ({EXCEPTIONS.get(self.code, 'not in the specification')})"


Answer = bytes | Refusal
"""The value bytes as they stood on the wire, exactly `byte_count` of them, or the refusal."""


class Exchange:
    """The transactions of one connection, one at a time; after any BadFrameError the connection must be closed."""

    __slots__ = ("_buffer", "_request", "_transaction", "_used", "late_answers")

    def __init__(self) -> None:
        self._buffer = b""
        self._request: ReadRequest | None = None
        self._transaction = 0
        self._used = 0
        self.late_answers = 0
        """Answers to earlier transactions, recognised and dropped."""

    def begin(self, request: ReadRequest) -> bytes:
        """Open the next transaction and return the bytes to send.

        :raises ValueError: one is still open.
        """
        if self._request is not None:
            raise ValueError("a transaction is still open: window is 1")
        # 0 is left out: broken gateways answer everything with transaction id 0
        self._transaction = self._transaction % (_TRANSACTIONS - 1) + 1
        self._used = min(self._used + 1, _REMEMBERED)
        self._request = request
        return _REQUEST.pack(self._transaction, 0, 6, request.unit, request.function, request.start, request.count)

    def receive(self, chunk: bytes) -> Answer | None:
        """Take bytes as they arrive; the answer once it is complete, None while it is not.

        :raises BadFrameError: bytes that cannot be Modbus TCP, or an answer that does not fit the open request.
        """
        self._buffer = self._buffer + chunk if self._buffer else chunk
        answer: Answer | None = None
        while (frame := self._next_frame()) is not None:
            if self._is_late(frame):
                self.late_answers += 1
            else:
                answer = self._checked(frame)
        return answer

    def _next_frame(self) -> bytes | None:
        """Cut one whole frame off the buffer, judging its header as soon as it is there."""
        buffer = self._buffer
        if len(buffer) < _LENGTH_BYTES_END:
            return None
        protocol = buffer[2] << 8 | buffer[3]
        length = buffer[4] << 8 | buffer[5]
        if protocol != 0:
            raise BadFrameError(f"protocol id {protocol} instead of 0: {_shown(buffer)}")
        if not 3 <= length <= 254:
            raise BadFrameError(f"length {length} outside 3 to 254: {_shown(buffer)}")
        end = _LENGTH_BYTES_END + length
        if len(buffer) < end:
            return None
        self._buffer = buffer[end:]
        return buffer[:end]

    def _is_late(self, frame: bytes) -> bool:
        """Whether it answers a transaction of this connection that is over."""
        transaction = frame[0] << 8 | frame[1]
        if self._request is not None and transaction == self._transaction:
            return False
        age = (self._transaction - transaction) % (_TRANSACTIONS - 1)
        return transaction != 0 and age < self._used

    def _checked(self, frame: bytes) -> Answer:
        """The answer in a frame that must belong to the open request."""
        request = self._request
        transaction, _, _, unit = _HEADER.unpack_from(frame)
        if request is None or transaction != self._transaction:
            raise BadFrameError(f"transaction id {transaction} was never asked: {_shown(frame)}")
        if unit != request.unit:
            raise BadFrameError(f"unit {unit} answers instead of unit {request.unit}: {_shown(frame)}")
        answer = _answer(frame, request)
        self._request = None
        return answer


def _answer(frame: bytes, request: ReadRequest) -> Answer:
    function = frame[_HEADER_LENGTH]
    body = frame[_HEADER_LENGTH + 1 :]
    if function == request.function | _EXCEPTION_FLAG:
        if len(body) != 1 or body[0] == 0:
            raise BadFrameError(f"exception answer without exactly one code: {_shown(frame)}")
        return Refusal(body[0])
    if function != request.function:
        raise BadFrameError(f"function code {function} answers {request.function.value}: {_shown(frame)}")
    if not body or body[0] != request.byte_count or len(body) != 1 + request.byte_count:
        raise BadFrameError(f"byte count does not fit, wanted {request.byte_count}: {_shown(frame)}")
    return body[1:]


def _shown(frame: bytes) -> str:
    return frame[:16].hex(" ") + (" ..." if len(frame) > 16 else "")
