"""DataValues to columns by the layout that the answer before had: for answers in which layouts alternate.

Learnt by one walk; after that one gather compares every mask and type with what was learnt.  Exact by the same induction as
runs: where all before it are as learnt, each DataValue begins where learnt.  What has no fixed size (a text, an array) ends
where it says, and what follows is counted from there.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from drivers.errors import BadFrameError
from drivers.opcua.data_values import (
    HANDLE_SIZE,
    HAS_VALUE,
    NUMBERS,
    Sheet,
    as_float,
    blank_sheet,
    shape,
    sizes,
    take_one,
)
from drivers.opcua.wire import UndecodableError

_Places = npt.NDArray[np.intp]
_UINT16: Final = np.dtype("<u2")
_UINT32: Final = np.dtype("<u4")
_INT64: Final = np.dtype("<i8")
_KINDS: Final = {variant: np.dtype(kind) for variant, kind in NUMBERS.items()}


class _Gather(NamedTuple):
    """Where one kind of number lies: byte offsets, the stretch each is counted from, and the rows it goes to."""

    at: _Places
    stretch: _Places | None
    """None where there is one stretch only."""
    rows: _Places | None
    """None where it is all rows in order."""

    def from_(self, body: bytes, position: int, kind: np.dtype[Any], begins: _Places | None) -> npt.NDArray[Any]:
        """Fetch the numbers; `begins` are the stretches' offsets from `position`."""
        # Overlapping, unaligned, one number per byte: an offset in bytes is an index.
        numbers = np.ndarray((len(body) - position - kind.itemsize + 1,), kind, body, position, (1,))
        return numbers[self.places(begins)]

    def places(self, begins: _Places | None) -> _Places:
        """Offsets from where the first stretch begins; `begins` are those of all stretches."""
        return self.at if begins is None or self.stretch is None else self.at + begins[self.stretch]


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The layout of the DataValues of one answer."""

    count: int
    has_handles: bool
    keys: _Gather
    """Every mask, and the byte behind it where that is a type, because there is a value."""
    wanted: bytes
    """What stands there."""
    handles: _Gather
    values: tuple[tuple[int, _Gather], ...]
    """By VariantType."""
    status: _Gather
    source: _Gather
    odd: tuple[int, ...]
    """Rows of no fixed size; a stretch ends before each."""
    lengths: tuple[int, ...]
    """Bytes of each stretch; one more than `odd`."""

    def take(self, body: bytes, position: int) -> tuple[Sheet, int] | None:
        """Decode DataValues laid out as learnt; None where they are not.

        :returns: the rows and the position behind them.
        :raises UndecodableError: nobody can know where one of them ends.
        :raises BadFrameError: the body ends before they do.
        """
        sheet = blank_sheet(self.count, has_handles=self.has_handles)
        end = position + self.lengths[0]
        begins: _Places | None = None
        if self.odd:
            begins = np.zeros(len(self.lengths), np.intp)
            for stretch, row in enumerate(self.odd, 1):
                # Believed only after the comparison below: were a stretch not as learnt, this is somewhere else.
                try:
                    end = take_one(body, end, sheet, row)
                except (UndecodableError, BadFrameError):
                    return None
                begins[stretch] = end - position
                end += self.lengths[stretch]
        if end + 4 > len(body) or not self._fits(body, position, begins):
            return None
        self._fill(sheet, body, position, begins)
        return sheet, end

    def _fits(self, body: bytes, position: int, begins: _Places | None) -> bool:
        # Byte by byte: numpy takes bytes from anywhere, but copies longer numbers one by one where they are not aligned.
        keys = np.frombuffer(body, np.uint8, offset=position).take(self.keys.places(begins))
        return keys.tobytes() == self.wanted

    def _fill(self, sheet: Sheet, body: bytes, position: int, begins: _Places | None) -> None:
        for gather, kind, column in (
            (self.handles, _UINT32, sheet.handle),
            (self.status, _UINT32, sheet.status),
            (self.source, _INT64, sheet.source),
        ):
            if gather.at.size:
                column[... if gather.rows is None else gather.rows] = gather.from_(body, position, kind, begins)
        for variant, gather in self.values:
            numbers = gather.from_(body, position, _KINDS[variant], begins)
            sheet.value[... if gather.rows is None else gather.rows] = as_float(numbers, variant)


def learn(body: bytes, position: int, count: int, *, has_handles: bool) -> Template:
    """Walk over `count` DataValues and note their layout.

    :raises BadFrameError: the body ends before they do.
    :raises UndecodableError: nobody can know where one of them ends.
    """
    walk = _walk(body, position, count, HANDLE_SIZE if has_handles else 0)
    at = np.array(walk.at, np.intp)
    keys = np.ndarray((len(body) - 1,), _UINT16, body, 0, (1,))[at]
    rows = stretch = None
    if walk.odd:
        rows = np.delete(np.arange(count), walk.odd)
        stretch = np.searchsorted(walk.odd, rows)
        at -= np.array(walk.begins)[stretch]
    else:
        at -= position
    has_value = keys & HAS_VALUE != 0
    wanted = np.where(has_value, keys, keys & 0x00FF)
    parts = _Parts(at, stretch, rows)
    kinds, kind_of = np.unique(wanted, return_inverse=True)
    shapes = [shape(int(kind)) for kind in kinds]
    values = np.array([each.value for each in shapes], np.intp)[kind_of]
    variants = wanted >> 8
    return Template(
        count=count,
        has_handles=has_handles,
        keys=parts.with_types(has_value),
        wanted=b"".join((wanted.astype(np.uint8).tobytes(), (wanted[has_value] >> 8).astype(np.uint8).tobytes())),
        handles=parts.all(-HANDLE_SIZE) if has_handles else _NOTHING,
        values=tuple(
            (int(variant), parts.of((values >= 0) & (variants == variant), values))
            for variant in np.unique(variants[values >= 0])
        ),
        status=parts.of_known(np.array([each.status for each in shapes], np.intp)[kind_of]),
        source=parts.of_known(np.array([each.source for each in shapes], np.intp)[kind_of]),
        odd=tuple(walk.odd),
        lengths=tuple(end - begin for begin, end in zip(walk.begins, walk.ends, strict=True)),
    )


class _Parts(NamedTuple):
    """DataValues of fixed size: offsets, stretches and rows."""

    at: _Places
    stretch: _Places | None
    rows: _Places | None

    def all(self, offset: int) -> _Gather:
        return _Gather(self.at + offset, self.stretch, self.rows)

    def with_types(self, has_value: npt.NDArray[np.bool_]) -> _Gather:
        """All masks, then the types of those that have a value."""
        at = np.concatenate((self.at, self.at[has_value] + 1))
        stretch = None if self.stretch is None else np.concatenate((self.stretch, self.stretch[has_value]))
        return _Gather(at, stretch, None)

    def of_known(self, offsets: _Places) -> _Gather:
        return self.of(offsets >= 0, offsets)

    def of(self, which: npt.NDArray[np.bool_], offsets: _Places) -> _Gather:
        if which.all():
            return _Gather(self.at + offsets, self.stretch, self.rows)
        rows = np.flatnonzero(which)
        return _Gather(
            self.at[rows] + offsets[rows],
            None if self.stretch is None else self.stretch[rows],
            rows if self.rows is None else self.rows[rows],
        )


_NOTHING: Final = _Gather(np.empty(0, np.intp), None, None)


class _Walk(NamedTuple):
    """What one walk over an answer found."""

    at: list[int]
    """Masks of the DataValues of fixed size."""
    odd: list[int]
    begins: list[int]
    """Of the stretches."""
    ends: list[int]


def _walk(body: bytes, position: int, count: int, head: int) -> _Walk:
    found = _Walk([], [], [position], [])
    fixed = sizes()
    note = found.at.append
    mask_at = position + head
    scrap = blank_sheet(1, has_handles=head > 0)
    try:
        for row in range(count):
            size = fixed[body[mask_at] | body[mask_at + 1] << 8]
            if size:
                note(mask_at)
                mask_at += size + head
            else:
                found.odd.append(row)
                found.ends.append(mask_at - head)
                end = take_one(body, mask_at - head, scrap, 0)
                found.begins.append(end)
                mask_at = end + head
    except IndexError:
        raise BadFrameError("the answer ends inside its results") from None
    if mask_at - head > len(body):
        raise BadFrameError("the answer ends inside a DataValue")
    found.ends.append(mask_at - head)
    return found
