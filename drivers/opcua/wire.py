"""DataValues as columns; StatusCode and time as the rest of Redline means them; what can be wrong with an answer."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

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

_FILETIME_OF_1970: Final = 116_444_736_000_000_000
_FIRST_FILETIME: Final = _FILETIME_OF_1970 - (2**63 - 1) // 100
_LAST_FILETIME: Final = _FILETIME_OF_1970 + (2**63 - 1) // 100
_HIGHEST_BYTE: Final = 7 if sys.byteorder == "little" else 0
_TIME_NS_OF_1601: Final = np.array(-_FILETIME_OF_1970 * 100 % 2**64, np.uint64).view(np.int64)
"""Beyond int64; what is multiplied wraps, and this addition wraps it back."""


class UndecodableError(Exception):
    """Something in the answer cannot be decoded, nor can anybody know where it ends."""


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


def pick(columns: Columns, positions: npt.NDArray[np.intp]) -> Columns:
    """Some elements of columns, in the order of their positions."""
    texts = dict(columns.texts)
    return Columns(
        value=columns.value[positions],
        status=columns.status[positions],
        source_time_ns=columns.source_time_ns[positions],
        texts=tuple((index, texts[place]) for index, place in enumerate(positions.tolist()) if place in texts)
        if texts
        else (),
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
    # Nearly always: the highest byte of every FILETIME from 1829 to 2057 is 1.
    if filetime.tobytes()[_HIGHEST_BYTE::8] == b"\x01" * filetime.size:
        time_ns = filetime * 100
        time_ns += _TIME_NS_OF_1601
        return time_ns
    known = (filetime >= _FIRST_FILETIME) & (filetime <= _LAST_FILETIME)
    return np.where(known, (np.where(known, filetime, _FILETIME_OF_1970) - _FILETIME_OF_1970) * 100, NO_TIME)


def time_of(filetime: int) -> int:
    """Turn one 100 ns since 1601 into Unix nanoseconds, as `filetime_to_ns` does."""
    return (filetime - _FILETIME_OF_1970) * 100 if _FIRST_FILETIME <= filetime <= _LAST_FILETIME else NO_TIME


def filetime_of(time_ns: int) -> int:
    """Turn Unix nanoseconds into 100 ns since 1601."""
    return time_ns // 100 + _FILETIME_OF_1970


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
