"""How DataValues lie on the wire, and one of them decoded by itself where bulk decoding cannot hold it.

A DataValue is a mask, a Variant, and a tail: status, source time, source picoseconds, server time, server picoseconds.  In
a notification the ClientHandle stands before it.
"""

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from drivers.errors import BadFrameError
from drivers.opcua import wire
from drivers.opcua.variants import FIXED_SIZES, NULL, end_of_variant, text_of
from drivers.opcua.wire import UndecodableError

HAS_VALUE: Final = 0x01
HAS_STATUS: Final = 0x02
HAS_SOURCE: Final = 0x04
BOOLEAN: Final = 1
_FLOAT: Final = 10
NUMBERS: Final = {
    BOOLEAN: "u1",  # any byte but 0 means true
    2: "i1",
    3: "u1",
    4: "<i2",
    5: "<u2",
    6: "<i4",
    7: "<u4",
    8: "<i8",
    9: "<u8",
    _FLOAT: "<f4",
    11: "<f8",
}
"""VariantType to numpy, for those that are a number."""
HANDLE_SIZE: Final = 4
NO_HANDLES: Final = np.empty(0, np.uint32)

_RESERVED_BITS: Final = 0xC0
_TAIL: Final = (
    (HAS_STATUS, "status", "<u4"),
    (HAS_SOURCE, "source", "<i8"),
    (0x10, "source_picoseconds", "<u2"),  # on the wire before the server's time; asyncua 2.1.0 has it after
    (0x08, "server", "<i8"),
    (0x20, "server_picoseconds", "<u2"),
)


class Shape(NamedTuple):
    """Where number, status and source time of a DataValue of fixed size lie, in bytes from its mask; -1 where there is none."""

    value: int
    status: int
    source: int


@dataclass(slots=True, eq=False)
class Sheet:
    """Columns in the making; what is not written stays no value, Good, no time."""

    value: npt.NDArray[np.float64]
    status: npt.NDArray[np.uint32]
    source: npt.NDArray[np.int64]
    """100 ns since 1601; 0 is none."""
    handle: npt.NDArray[np.uint32]
    """Empty in an answer, which has none."""
    texts: list[tuple[int, str]] = field(default_factory=list)

    def columns(self, answered_ns: int) -> wire.Columns:
        """Hand the columns over."""
        return wire.Columns(
            value=self.value,
            status=self.status,
            source_time_ns=wire.filetime_to_ns(self.source),
            texts=tuple(self.texts),
            answered_ns=answered_ns,
        )


def blank_sheet(count: int, *, has_handles: bool) -> Sheet:
    """Make a sheet of `count` rows."""
    return Sheet(
        np.full(count, np.nan),
        np.zeros(count, np.uint32),
        np.zeros(count, np.int64),
        np.zeros(count, np.uint32) if has_handles else NO_HANDLES,
    )


@cache
def sizes() -> bytes:
    """Size of a DataValue by mask + 256 x variant type; 0 where it is not fixed."""
    table = bytearray(1 << 16)
    for mask in range(0x40):
        tail = 1 + _tail(mask)[0]
        if mask & HAS_VALUE:
            for variant, size in FIXED_SIZES.items():
                table[mask | variant << 8] = tail + 1 + size
        else:  # the byte behind the mask is something else then
            table[mask::256] = bytes([tail]) * 256
    return bytes(table)


@cache
def shape(key: int) -> Shape:
    """Lay out a DataValue of fixed size by mask + 256 x variant type."""
    mask = key & 0xFF
    variant = key >> 8 if mask & HAS_VALUE else NULL
    value = 2 if mask & HAS_VALUE and variant in NUMBERS else -1
    behind = 2 + FIXED_SIZES[variant] if mask & HAS_VALUE else 1
    _, status, source = _tail(mask)
    return Shape(value, behind + status if status >= 0 else -1, behind + source if source >= 0 else -1)


@cache
def record(key: int, *, has_handles: bool) -> np.dtype[np.void]:
    """Lay out a run of DataValues of fixed size as a numpy record; `key` is its first field behind the handle."""
    mask = key & 0xFF
    fields = [("handle", "<u4")] if has_handles else []
    fields.append(("key", "<u2" if mask & HAS_VALUE else "u1"))
    if mask & HAS_VALUE:
        variant = key >> 8
        kind = NUMBERS.get(variant, f"V{FIXED_SIZES[variant]}")
        if variant != NULL:
            fields.append(("value" if variant in NUMBERS else "opaque", kind))
    fields += [(name, kind) for bit, name, kind in _TAIL if mask & bit]
    return np.dtype(fields)


def key_at(body: bytes, position: int) -> int:
    """Mask + 256 x variant type of the DataValue at `position`, the mask alone where it has no value.

    :raises BadFrameError: the body ends before.
    """
    if position + 2 > len(body):
        raise BadFrameError("the answer ends inside its results")
    mask = body[position]
    return mask | body[position + 1] << 8 if mask & HAS_VALUE else mask


def as_float(numbers: npt.NDArray[Any], variant: int) -> npt.NDArray[np.float64]:
    """Turn numbers of one VariantType as they lie on the wire into float64; 0.0 or 1.0 for a Boolean."""
    if variant == BOOLEAN:
        numbers = numbers != 0
    elif variant == _FLOAT:
        with np.errstate(invalid="ignore"):  # it may be a signalling NaN, of which numpy warns
            return numbers.astype(np.float64)
    return numbers.astype(np.float64)


def take_one(body: bytes, position: int, sheet: Sheet, index: int) -> int:
    """Decode the DataValue at `position`, whatever it holds, to row `index`; return the position behind it.

    :raises UndecodableError: nobody can know where it ends.
    :raises BadFrameError: the body ends inside it.
    """
    if sheet.handle.size:
        sheet.handle[index] = int.from_bytes(body[position : position + HANDLE_SIZE], "little")
        position += HANDLE_SIZE
    key = key_at(body, position)
    mask = key & 0xFF
    if mask & _RESERVED_BITS:
        raise UndecodableError(f"DataValue with the reserved bits 0x{mask & _RESERVED_BITS:02X}")
    position += 1
    if mask & HAS_VALUE:
        begin, position = position, end_of_variant(body, position)
        sheet.value[index] = _number(body, begin)
        text = text_of(body, begin)
        if text is not None:
            sheet.texts.append((index, text))
    tail, status, source = _tail(mask)
    end = position + tail
    if end > len(body):
        raise BadFrameError("the answer ends inside a DataValue")
    if status >= 0:
        sheet.status[index] = int.from_bytes(body[position + status : position + status + 4], "little")
    if source >= 0:
        sheet.source[index] = int.from_bytes(body[position + source : position + source + 8], "little", signed=True)
    return end


@cache
def _tail(mask: int) -> tuple[int, int, int]:
    """Size of what follows the value, and where in it status and source time lie; -1 where they do not."""
    size = 0
    places = {}
    for bit, name, kind in _TAIL:
        if mask & bit:
            places[name] = size
            size += np.dtype(kind).itemsize
    return size, places.get("status", -1), places.get("source", -1)


def _number(body: bytes, position: int) -> float:
    variant = body[position]
    kind = NUMBERS.get(variant)
    if kind is None:
        return math.nan
    number = float(np.frombuffer(body, kind, 1, position + 1)[0])
    return float(number != 0) if variant == BOOLEAN else number
