"""The body of a ReadResponse to columns, by runs of equal layout; and StatusCode and time as the rest of Redline means them.

The method is exact, not a guess: the first DataValue begins at a known offset, and where every mask and type of a run is
as assumed, each next one begins where assumed.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from drivers.errors import BadFrameError
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME

BAD_NODE_ID_UNKNOWN: Final = 0x80340000
BAD_DECODING_ERROR: Final = 0x80070000
_REFUSALS: Final = np.array(
    [
        0x801F0000,  # BadUserAccessDenied
        0x80330000,  # BadNodeIdInvalid
        BAD_NODE_ID_UNKNOWN,
        0x80350000,  # BadAttributeIdInvalid
        0x803A0000,  # BadNotReadable
        BAD_DECODING_ERROR,
    ],
    np.uint32,
)
"""What a person has to put right: the node is not there, may not be read or holds nothing we know."""
_GOOD_LOCAL_OVERRIDE: Final = 0x00960000
_UNCERTAIN_LAST_USABLE_VALUE: Final = 0x40900000
_CODE_BITS: Final = 0xFFFF0000  # the rest are info bits: limit, overflow, structure changed

_READ_RESPONSE: Final = b"\x01\x00\x7a\x02"
_HEADER_SIZE: Final = 28
_FILETIME_OF_1970: Final = 116_444_736_000_000_000
_FIRST_FILETIME: Final = _FILETIME_OF_1970 - (2**63 - 1) // 100
_LAST_FILETIME: Final = _FILETIME_OF_1970 + (2**63 - 1) // 100

_HAS_VALUE: Final = 0x01
_RESERVED_BITS: Final = 0xC0
_NULL: Final = 0
_NUMBERS: Final = {
    1: "u1",
    2: "i1",
    3: "u1",
    4: "<i2",
    5: "<u2",
    6: "<i4",
    7: "<u4",
    8: "<i8",
    9: "<u8",
    10: "<f4",
    11: "<f8",
}
"""VariantType to numpy; Boolean is read as a byte because any byte but 0 means true."""
_BOOLEAN: Final = 1
_TAIL: Final = (
    (0x02, "status", "<u4"),
    (0x04, "source", "<i8"),
    (0x10, "source_picoseconds", "<u2"),  # on the wire before the server's time; asyncua 2.1.0 has it after
    (0x08, "server", "<i8"),
    (0x20, "server_picoseconds", "<u2"),
)
_FIRST_WINDOW: Final = 16
_WINDOW_GROWTH: Final = 8


class UndecodableError(Exception):
    """Something in the answer cannot be decoded, nor can anybody know where it ends."""


class NotColumnarError(Exception):
    """The answer holds something else than numbers (text, array, structure, diagnostics): decode it element by element."""


class ServiceRefusedError(Exception):
    """The whole Read was refused."""

    def __init__(self, status: int) -> None:
        super().__init__(f"ServiceResult 0x{status:08X}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """DataValues of one answer, in the order asked; all columns have the same length."""

    value: npt.NDArray[np.float64]
    """NaN where there is no number; integers beyond 2**53 are rounded."""
    status: npt.NDArray[np.uint32]
    source_time_ns: npt.NDArray[np.int64]
    """Unix epoch, UTC; NO_TIME where the server says nothing."""
    texts: tuple[tuple[int, str], ...] = ()
    """(index, text) of the nodes whose value is text."""
    answered_ns: int = NO_TIME
    """Server's clock when it answered."""

    def __len__(self) -> int:
        return int(self.value.shape[0])


def blank(count: int, status: int) -> Columns:
    """Make columns without a value, all with one status."""
    return Columns(
        value=np.full(count, np.nan),
        status=np.full(count, status, np.uint32),
        source_time_ns=np.full(count, NO_TIME, np.int64),
    )


def decode(body: bytes, count: int) -> Columns:
    """Decode the body of a ReadResponse to `count` nodes, from its type id to its last byte.

    :raises NotColumnarError: it has something that this method cannot hold.
    :raises ServiceRefusedError: the server refused the whole Read.
    :raises BadFrameError: it is damaged, or answers another number of nodes.
    """
    answered_ns = _header(body, count)
    columns = blank(count, 0)
    position, index = _HEADER_SIZE + 4, 0
    window = _FIRST_WINDOW
    while index < count:
        layout = _layout(body, position)
        records = _run(body, position, layout, min(window, count - index))
        taken = len(records)
        _store(columns, records, layout, slice(index, index + taken))
        # Growing windows keep the cost linear where layouts alternate.
        window = window * _WINDOW_GROWTH if taken == window else _FIRST_WINDOW
        index += taken
        position += taken * layout.itemsize
    _check_end(body, position)
    return Columns(
        value=columns.value,
        status=columns.status,
        source_time_ns=columns.source_time_ns,
        answered_ns=answered_ns,
    )


def refused(status: npt.NDArray[np.uint32]) -> int:
    """Count the nodes whose status says that a person has to put something right."""
    return int(np.isin(status & np.uint32(_CODE_BITS), _REFUSALS).sum())


def join(parts: Sequence[Columns]) -> Columns:
    """Put the answers to parts of one question behind each other."""
    if len(parts) == 1:
        return parts[0]
    begins = np.cumsum([0, *(len(part) for part in parts)])
    return Columns(
        value=np.concatenate([np.empty(0), *(part.value for part in parts)]),
        status=np.concatenate([np.empty(0, np.uint32), *(part.status for part in parts)]),
        source_time_ns=np.concatenate([np.empty(0, np.int64), *(part.source_time_ns for part in parts)]),
        texts=tuple(
            (int(begin) + index, text) for begin, part in zip(begins, parts, strict=False) for index, text in part.texts
        ),
        answered_ns=parts[-1].answered_ns if parts else NO_TIME,
    )


def scatter(columns: Columns, where: npt.NDArray[np.intp], onto: Columns) -> Columns:
    """Write columns to the elements `where` of other columns, which change."""
    onto.value[where] = columns.value
    onto.status[where] = columns.status
    onto.source_time_ns[where] = columns.source_time_ns
    return Columns(
        value=onto.value,
        status=onto.status,
        source_time_ns=onto.source_time_ns,
        texts=tuple((int(where[index]), text) for index, text in columns.texts),
        answered_ns=columns.answered_ns,
    )


def agree(left: Columns, right: Columns) -> bool:
    """Tell whether two decodings of one answer mean the same; times to the microsecond, which is all asyncua keeps."""
    return (
        np.array_equal(left.value, right.value, equal_nan=True)
        and np.array_equal(left.status, right.status)
        and np.array_equal(left.source_time_ns // 1000, right.source_time_ns // 1000)
        and left.texts == right.texts
    )


def filetime_to_ns(filetime: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Turn 100 ns since 1601 into Unix nanoseconds; NO_TIME for 0 and for what int64 nanoseconds cannot hold."""
    if filetime.size and filetime.min() >= _FIRST_FILETIME and filetime.max() <= _LAST_FILETIME:
        return (filetime - _FILETIME_OF_1970) * 100
    known = (filetime >= _FIRST_FILETIME) & (filetime <= _LAST_FILETIME) & (filetime != 0)
    return np.where(known, (np.where(known, filetime, _FILETIME_OF_1970) - _FILETIME_OF_1970) * 100, NO_TIME)


def quality(status: npt.NDArray[np.uint32], value: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Say how far each value may be believed; NaN and infinity are BAD whatever the status says."""
    severity = status >> 30
    code = status & np.uint32(_CODE_BITS)
    result = np.full(status.shape, Quality.BAD, np.uint8)
    result[severity == 0] = Quality.GOOD
    result[severity == 1] = Quality.UNCERTAIN
    result[code == _GOOD_LOCAL_OVERRIDE] = Quality.UNCERTAIN
    result[code == _UNCERTAIN_LAST_USABLE_VALUE] = Quality.STALE
    result[~np.isfinite(value)] = Quality.BAD
    return result


def _header(body: bytes, count: int) -> int:
    """Check the ResponseHeader and the number of results; return the server's time of the answer."""
    if len(body) < _HEADER_SIZE + 4:
        raise BadFrameError(f"answer of {len(body)} bytes is too short for a ReadResponse")
    if body[:4] != _READ_RESPONSE:
        raise BadFrameError(f"answer is no ReadResponse: it begins with {body[:4].hex()}")
    timestamp, _handle, status, diagnostics, strings = struct.unpack_from("<qIIBi", body, 4)
    if status >> 30:  # also Uncertain: asyncua takes it for a failure, too
        raise ServiceRefusedError(status)
    if diagnostics or strings > 0 or body[25:28] != b"\0\0\0":
        raise NotColumnarError("the response header carries diagnostics or an additional header")
    (results,) = struct.unpack_from("<i", body, _HEADER_SIZE)
    if results != count:
        raise BadFrameError(f"{results} results for {count} nodes")
    return int(filetime_to_ns(np.array([timestamp], np.int64))[0])


@cache
def _record(mask: int, variant: int) -> np.dtype[np.void]:
    """Layout of one DataValue."""
    fields = [("mask", "u1")]
    if mask & _HAS_VALUE:
        fields.append(("variant", "u1"))
        if variant != _NULL:
            fields.append(("value", _NUMBERS[variant]))
    fields += [(name, kind) for bit, name, kind in _TAIL if mask & bit]
    return np.dtype(fields)


def _layout(body: bytes, position: int) -> np.dtype[np.void]:
    """Find the layout of the DataValue that begins at `position`."""
    if position + 2 > len(body):
        raise BadFrameError("the answer ends inside its results")
    mask = body[position]
    variant = body[position + 1] if mask & _HAS_VALUE else _NULL
    if mask & _RESERVED_BITS:
        raise NotColumnarError(f"DataValue with the reserved bits 0x{mask & _RESERVED_BITS:02X}")
    if variant != _NULL and variant not in _NUMBERS:
        raise NotColumnarError(f"variant type {variant}")
    return _record(mask, variant)


def _run(body: bytes, position: int, layout: np.dtype[np.void], most: int) -> npt.NDArray[np.void]:
    """Take the longest run, up to `most`, of DataValues that have this layout."""
    fits = min(most, (len(body) - position) // layout.itemsize)
    if fits == 0:
        raise BadFrameError("the answer ends inside a DataValue")
    records = np.frombuffer(body, layout, fits, position)
    same = records["mask"] == records["mask"][0]
    if "variant" in (layout.names or ()):
        same &= records["variant"] == records["variant"][0]
    return records if same.all() else records[: int(same.argmin())]


def _store(columns: Columns, records: npt.NDArray[np.void], layout: np.dtype[np.void], where: slice) -> None:
    names = layout.names or ()
    if "value" in names:
        values = records["value"]
        columns.value[where] = values != 0 if records["variant"][0] == _BOOLEAN else values
    if "status" in names:
        columns.status[where] = records["status"]
    if "source" in names:
        columns.source_time_ns[where] = filetime_to_ns(records["source"].astype(np.int64))


def _check_end(body: bytes, position: int) -> None:
    """After the results only an empty list of diagnostics may follow."""
    if len(body) < position + 4:
        raise BadFrameError("the answer ends before its diagnostics")
    (diagnostics,) = struct.unpack_from("<i", body, position)
    if diagnostics > 0:
        raise NotColumnarError("the answer carries diagnostics")
    if len(body) != position + 4:
        raise BadFrameError(f"{len(body) - position - 4} bytes follow the answer")
