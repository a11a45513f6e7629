"""Modbus as questions and answers, whatever carries them: reads (1 to 4) and identification (43/14).  No I/O.

A request knows its own bytes and judges the bytes that answer it; the framings (`mbap`, `rtu`) say which bytes belong to which
request.  Nothing that is not provably the answer to a request ever becomes one.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

from drivers.errors import BadFrameError
from drivers.words import Words


class ReadFunction(IntEnum):
    """The function codes that exist here: reading is all Redline does to a plant."""

    READ_COILS = 1
    READ_DISCRETE_INPUTS = 2
    READ_HOLDING_REGISTERS = 3
    READ_INPUT_REGISTERS = 4
    READ_IDENTIFICATION = 43


IS_BITS: Final = frozenset({ReadFunction.READ_COILS, ReadFunction.READ_DISCRETE_INPUTS})
"""Function codes that answer packed bits, eight to a byte, the lowest first."""

MAX_BITS: Final = 2000
MAX_REGISTERS: Final = 125
ADDRESSES: Final = 65536

EXCEPTIONS: Final[Mapping[int, Words]] = MappingProxyType(
    {
        0x01: Words("非法功能码", "illegal function"),
        0x02: Words("非法数据地址", "illegal data address"),
        0x03: Words("非法数据值", "illegal data value"),
        0x04: Words("从站设备故障", "device failure"),
        0x05: Words("已确认，处理中，稍后再问", "acknowledge (busy, asks to come back)"),
        0x06: Words("从站设备忙", "device busy"),
        0x07: Words("否定确认", "negative acknowledge"),
        0x08: Words("存储器奇偶校验错误", "memory parity error"),
        0x0A: Words("网关路径不可用", "gateway path unavailable"),
        0x0B: Words("网关目标设备无响应", "gateway target does not answer"),
    }
)
"""What the exception codes of the specification mean."""

_NOT_SPECIFIED: Final = Words("规范中没有", "not in the specification")

BUSY: Final = frozenset({0x05, 0x06})
"""Exception codes of a device that asks to come back."""

UNIT_OFFLINE: Final = frozenset({0x0A, 0x0B})
"""Exception codes by which a gateway says that it cannot reach the unit behind it."""

EXCEPTION_FLAG: Final = 0x80

_READ = struct.Struct(">BHH")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The device answered with an exception code (1 to 255) instead of values."""

    code: int

    def __str__(self) -> str:
        return self.words.en

    @property
    def words(self) -> Words:
        """The exception by number and meaning."""
        zh, en = EXCEPTIONS.get(self.code, _NOT_SPECIFIED)
        return Words(f"异常 {self.code:02X}（{zh}）", f"exception {self.code:02X} ({en})")


Answer = bytes | Refusal
"""The value bytes as they stood on the wire, exactly as many as were asked for, or the refusal."""


class Request(Protocol):
    """What can be asked; all of it reads."""

    @property
    def unit(self) -> int:
        """Whom it asks, 0 to 255."""
        ...

    @property
    def pdu(self) -> bytes:
        """Function code and what follows, as it stands on the wire."""
        ...

    def size(self, pdu: bytes) -> int | None:
        """How long an answer that begins with these bytes is in the end; None while they are too few to tell.

        :raises BadFrameError: no answer to this request begins like this.
        """
        ...

    def answer(self, pdu: bytes) -> Answer:
        """What a whole answer says.

        :raises BadFrameError: it does not answer this request.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """One read of consecutive addresses of one table of one unit."""

    unit: int
    function: ReadFunction
    start: int
    count: int
    pdu: bytes = field(init=False, repr=False, compare=False)
    lead: bytes = field(init=False, repr=False, compare=False)
    """Function code and byte count: how every answer with values begins."""

    def __post_init__(self) -> None:
        """:raises ValueError: the protocol cannot carry it."""
        most = MAX_BITS if self.function in IS_BITS else MAX_REGISTERS
        if self.function is ReadFunction.READ_IDENTIFICATION:
            raise ValueError(f"identification has a request of its own: {self}")
        if not (0 <= self.unit <= 255 and 1 <= self.count <= most):
            raise ValueError(f"unit must be 0 to 255 and count 1 to {most}: {self}")
        if not 0 <= self.start <= ADDRESSES - self.count:
            raise ValueError(f"a table ends at address {ADDRESSES - 1}: {self}")
        object.__setattr__(self, "pdu", _READ.pack(self.function, self.start, self.count))
        object.__setattr__(self, "lead", bytes((self.function, self.byte_count)))

    @property
    def byte_count(self) -> int:
        """Bytes of values the answer must carry, no more and no less."""
        return (self.count + 7) // 8 if self.function in IS_BITS else 2 * self.count

    def size(self, pdu: bytes) -> int | None:
        """Length of the answer, see Request."""
        if pdu[:1] == bytes((self.function | EXCEPTION_FLAG,)):
            return 2
        if self.lead.startswith(pdu[:2]):
            return 2 + self.byte_count if len(pdu) >= 2 else None
        raise BadFrameError(f"it answers something else: {shown(pdu)}")

    def answer(self, pdu: bytes) -> Answer:
        """The value bytes, or the refusal, see Request."""
        if pdu.startswith(self.lead) and len(pdu) == 2 + self.byte_count:
            return pdu[2:]
        if pdu[0] == self.function | EXCEPTION_FLAG:
            return refusal(pdu)
        if pdu[0] != self.function:
            raise BadFrameError(f"function code {pdu[0]} answers {self.function.value}: {shown(pdu)}")
        raise BadFrameError(f"byte count does not fit, wanted {self.byte_count}: {shown(pdu)}")

    def __str__(self) -> str:
        return f"function code {self.function.value}, start {self.start}, count {self.count}"


Owner = TypeVar("Owner")
"""Whatever the caller wants back with an answer."""


class Exchange(Protocol[Owner]):
    """The open transactions of one connection; after a BadFrameError the connection must be closed."""

    late_answers: int
    """Answers to transactions that are over, and bytes that belong to nobody: recognised and dropped."""

    @property
    def is_full(self) -> bool:
        """Whether another transaction must wait."""
        ...

    def begin(self, request: Request, owner: Owner) -> bytes:
        """Open a transaction and return the bytes to send.

        :raises ValueError: it is full.
        """
        ...

    def receive(self, chunk: bytes) -> list[tuple[Owner, Answer | BadFrameError]]:
        """Take bytes as they arrive; what was answered by them, and what came instead of an answer, with its owner.

        :raises BadFrameError: bytes that cannot be this protocol.
        """
        ...

    def owners(self) -> list[Owner]:
        """Who waits for an answer, oldest first."""
        ...

    def forget(self, owner: Owner) -> None:
        """Wait no longer: an answer that still comes is a late one."""
        ...


def shown(frame: bytes) -> str:
    """The beginning of a frame for an error message."""
    return frame[:16].hex(" ") + (" ..." if len(frame) > 16 else "")


def refusal(pdu: bytes) -> Refusal:
    """The exception in an answer.

    :raises BadFrameError: it is none.
    """
    if len(pdu) != 2 or pdu[1] == 0:
        raise BadFrameError(f"exception answer without exactly one code: {shown(pdu)}")
    return Refusal(pdu[1])
