"""DataValues to columns by runs of equal layout.

Exact, not a guess: the first DataValue begins at a known place, and where every mask and type of a run is as assumed, each
next one begins where assumed.
"""

import numpy as np
import numpy.typing as npt

from drivers.errors import BadFrameError
from drivers.opcua.data_values import (
    HANDLE_SIZE,
    HAS_VALUE,
    NO_HANDLES,
    Sheet,
    as_float,
    key_at,
    record,
    sizes,
    take_one,
)


def take_uniform(body: bytes, position: int, count: int, *, has_handles: bool) -> tuple[Sheet, int] | None:
    """Decode `count` DataValues that all have one layout; None where they have not.

    :returns: the rows and the position behind them.
    :raises BadFrameError: the body ends inside the first.
    """
    mask_at = position + (HANDLE_SIZE if has_handles else 0)
    key = key_at(body, mask_at)
    if not sizes()[key]:
        return None
    layout = record(key, has_handles=has_handles)
    end = position + count * layout.itemsize
    if end > len(body) or not _all_are(body, mask_at, end, layout.itemsize, count):
        return None
    if key & HAS_VALUE and not _all_are(body, mask_at + 1, end, layout.itemsize, count):
        return None
    records = np.frombuffer(body, layout, count, position)
    names = layout.names or ()
    sheet = Sheet(
        _values(records, key) if "value" in names else np.full(count, np.nan),
        records["status"].astype(np.uint32) if "status" in names else np.zeros(count, np.uint32),
        records["source"] if "source" in names else np.zeros(count, np.int64),  # copied when it becomes nanoseconds
        records["handle"].astype(np.uint32) if has_handles else NO_HANDLES,
    )
    return sheet, end


def _all_are(body: bytes, position: int, end: int, step: int, count: int) -> bool:
    """Tell whether every `step`th byte is as the one at `position`; without numpy, whose code is seldom in the caches here."""
    return body[position:end:step] == body[position : position + 1] * count


def take_runs(body: bytes, position: int, sheet: Sheet, most: int) -> tuple[int, int]:
    """Decode up to `most` runs from `position` on to the rows of `sheet`, from the first on.

    :returns: how many rows are filled, and the position behind the last of them.
    :raises BadFrameError: the body ends before the rows do.
    :raises UndecodableError: nobody can know where one of them ends.
    """
    count = len(sheet.value)
    has_handles = bool(sheet.handle.size)
    head = HANDLE_SIZE if has_handles else 0
    fixed = sizes()
    index = 0
    while index < count and most > 0:
        most -= 1
        key = key_at(body, position + head)
        if not fixed[key]:
            position = take_one(body, position, sheet, index)
            index += 1
            continue
        layout = record(key, has_handles=has_handles)
        records = _run(body, position, layout, key, count - index)
        _store(sheet, records, key, slice(index, index + len(records)))
        index += len(records)
        position += len(records) * layout.itemsize
    return index, position


def _run(body: bytes, position: int, layout: np.dtype[np.void], key: int, most: int) -> npt.NDArray[np.void]:
    """Take the longest run, up to `most`, of DataValues that have this layout."""
    fits = min(most, (len(body) - position) // layout.itemsize)
    if fits == 0:
        raise BadFrameError("the answer ends inside a DataValue")
    records = np.frombuffer(body, layout, fits, position)
    same = records["key"] == key
    return records if np.count_nonzero(same) == fits else records[: int(same.argmin())]


def _store(sheet: Sheet, records: npt.NDArray[np.void], key: int, where: slice) -> None:
    names = records.dtype.names or ()
    if "handle" in names:
        sheet.handle[where] = records["handle"]
    if "value" in names:
        sheet.value[where] = _values(records, key)
    if "status" in names:
        sheet.status[where] = records["status"]
    if "source" in names:
        sheet.source[where] = records["source"]


def _values(records: npt.NDArray[np.void], key: int) -> npt.NDArray[np.float64]:
    return as_float(records["value"], key >> 8)
