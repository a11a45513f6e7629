"""Modbus TCP framing: a transaction id, so that several requests may be open and a late answer is known.  No I/O."""

import struct
from typing import Final, Generic

from drivers.errors import BadFrameError
from drivers.modbus.wire import Answer, Owner, Request, shown

_HEADER: Final = struct.Struct(">HHHB")
_UNIT_AT: Final = 6
_LENGTH_END: Final = 6
_TRANSACTIONS: Final = 0x10000
_REMEMBERED: Final = 4096
"""How many earlier transaction ids count as late answers rather than as foreign ones."""


class MbapExchange(Generic[Owner]):
    """The transactions of one Modbus TCP connection, at most `window` open; see `wire.Exchange`."""

    __slots__ = ("_buffer", "_open", "_transaction", "_used", "late_answers", "window")

    def __init__(self, window: int = 1) -> None:
        self.window = window
        self._buffer = b""
        self._open: dict[int, tuple[Request, Owner]] = {}
        self._transaction = 0
        self._used = 0
        self.late_answers = 0

    @property
    def is_full(self) -> bool:
        """Whether another transaction must wait."""
        return len(self._open) >= self.window

    def begin(self, request: Request, owner: Owner) -> bytes:
        """Open the next transaction and return the bytes to send.

        :raises ValueError: as many as the window are open.
        """
        if len(self._open) >= self.window:
            raise ValueError(f"{len(self._open)} transactions are still open: window is {self.window}")
        # 0 is left out: broken gateways answer everything with transaction id 0
        self._transaction = self._transaction % (_TRANSACTIONS - 1) + 1
        self._used = min(self._used + 1, _REMEMBERED)
        self._open[self._transaction] = (request, owner)
        pdu = request.pdu
        return _HEADER.pack(self._transaction, 0, len(pdu) + 1, request.unit) + pdu

    def receive(self, chunk: bytes) -> list[tuple[Owner, Answer | BadFrameError]]:
        """Take bytes as they arrive, see `wire.Exchange`.

        :raises BadFrameError: bytes that cannot be Modbus TCP, or a transaction that was never asked.
        """
        buffer = self._buffer + chunk if self._buffer else chunk
        replies: list[tuple[Owner, Answer | BadFrameError]] = []
        at, size = 0, len(buffer)
        while size - at >= _LENGTH_END:
            length = _length(buffer, at)
            end = at + _LENGTH_END + length
            if end > size:
                break
            transaction = buffer[at] << 8 | buffer[at + 1]
            asked = self._open.pop(transaction, None)
            if asked is not None:
                request, owner = asked
                replies.append((owner, _answer(request, buffer[at + _UNIT_AT], buffer[at + _UNIT_AT + 1 : end])))
            elif self._is_late(transaction):
                self.late_answers += 1
            else:
                raise BadFrameError(f"transaction id {transaction} was never asked: {shown(buffer[at:end])}")
            at = end
        self._buffer = buffer[at:]
        return replies

    def owners(self) -> list[Owner]:
        """Who waits for an answer, oldest first."""
        return [owner for _, owner in self._open.values()]

    def forget(self, owner: Owner) -> None:
        """Wait no longer: an answer that still comes is a late one."""
        for transaction, (_, waiting) in list(self._open.items()):
            if waiting is owner:
                del self._open[transaction]

    def _is_late(self, transaction: int) -> bool:
        """Whether it was one of the last transactions of this connection and is not open."""
        age = (self._transaction - transaction) % (_TRANSACTIONS - 1)
        return transaction != 0 and age < self._used


def _length(buffer: bytes, at: int) -> int:
    """Bytes that follow the length field, judged as soon as the field is there."""
    protocol = buffer[at + 2] << 8 | buffer[at + 3]
    length = buffer[at + 4] << 8 | buffer[at + 5]
    if protocol != 0:
        raise BadFrameError(f"protocol id {protocol} instead of 0: {shown(buffer[at:])}")
    if not 3 <= length <= 254:
        raise BadFrameError(f"length {length} outside 3 to 254: {shown(buffer[at:])}")
    return length


def _answer(request: Request, unit: int, pdu: bytes) -> Answer | BadFrameError:
    if unit != request.unit:
        return BadFrameError(f"unit {unit} answers instead of unit {request.unit}: {shown(pdu)}")
    try:
        return request.answer(pdu)
    except BadFrameError as error:
        return error
