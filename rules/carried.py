"""What one evaluation leaves for the next beside the memory: derived, never stored."""

from dataclasses import dataclass, replace
from typing import Final, Self, TypeVar

import numpy as np
import numpy.typing as npt

from rules.columns.quality import FIRST_UNUSABLE
from rules.hold import HoldMemory
from rules.port import FOREVER, Moment, State

CHUNK: Final = 16_384
"""Rows that are compared at once: what is computed between stays in the cache."""
_FIRST_UNUSABLE: Final = np.uint8(FIRST_UNUSABLE)
Rows = npt.NDArray[np.intp]
_S = TypeVar("_S", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bands:
    """The no-change band of every tag (row), over all rules of a layer that read it; columns of length n.

    One pass of comparisons finds the rows that left theirs; all others need no look at their rules.
    """

    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    """When the band was made."""
    silent_ns: npt.NDArray[np.int64] | None
    """How old the last read may become; None where no rule of the layer cares."""
    look_ns: npt.NDArray[np.int64] | None
    """Received time from which the band no longer holds; None where no rule of the layer cares."""
    watched: Rows
    """Rows of which any other received time matters, ascending."""
    watched_received_ns: npt.NDArray[np.int64]
    """Received time of the watched rows when the band was made."""

    @classmethod
    def none(cls, length: int, *, silent: bool, look: bool) -> Self:
        """No band holds: the empty start."""
        return cls(
            low=np.full(length, -np.inf),
            high=np.full(length, np.inf),
            quality=np.zeros(length, np.uint8),
            silent_ns=np.full(length, FOREVER) if silent else None,
            look_ns=np.full(length, FOREVER) if look else None,
            watched=np.zeros(0, np.intp),
            watched_received_ns=np.zeros(0, np.int64),
        )

    def left(self, moment: Moment) -> tuple[Rows, int]:
        """Rows that left their band, ascending; and the first mono time at which one does so although nothing is read."""
        found, due_ns = [], FOREVER
        for start in range(0, self.low.shape[0], CHUNK):
            part = slice(start, start + CHUNK)
            holds = self._holds(moment, part)
            if self.silent_ns is not None:
                last_ns = moment.received_mono_ns[part] + self.silent_ns[part]
                first_ns = int(last_ns.min())
                due_ns = min(due_ns, first_ns + 1)
                if first_ns < moment.mono_ns:
                    holds &= last_ns >= moment.mono_ns
            found.append(np.flatnonzero(~holds) + start)
        rows = np.concatenate(found) if found else np.zeros(0, np.intp)
        if self.watched.size:
            read = self.watched[moment.received_mono_ns[self.watched] != self.watched_received_ns]
            if read.size:
                rows = np.union1d(rows, read)
        return rows, due_ns

    def _holds(self, moment: Moment, part: slice) -> npt.NDArray[np.bool_]:
        value, quality = moment.value[part], moment.quality[part]
        holds = value >= self.low[part]
        holds &= value <= self.high[part]
        if not holds.all():
            # what cannot be judged has a band of all values, but a NaN is in none
            holds |= quality >= _FIRST_UNUSABLE
        holds &= quality == self.quality[part]
        if self.look_ns is not None:
            holds &= moment.received_mono_ns[part] < self.look_ns[part]
        return holds

    def due_ns(self, moment: Moment) -> int:
        """First mono time at which a row leaves its band although nothing is read; FOREVER where none does."""
        if self.silent_ns is None or not self.silent_ns.size:
            return FOREVER
        return int((moment.received_mono_ns + self.silent_ns).min()) + 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowBand:
    """New bands of some rows, as columns of their number."""

    rows: Rows
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    silent_ns: npt.NDArray[np.int64] | None
    look_ns: npt.NDArray[np.int64] | None
    watched: npt.NDArray[np.bool_]


def renewed(bands: Bands, made: RowBand, moment: Moment, undecided: Rows) -> Bands:
    """The bands with those of some rows made anew; `undecided` rows have none, they are judged at the next evaluation."""
    if not made.rows.size and not undecided.size:
        return bands
    rows = made.rows
    low, high = _with(bands.low, rows, made.low), _with(bands.high, rows, made.high)
    low[undecided], high[undecided] = np.inf, -np.inf
    quality = moment.quality[rows]
    changed = bool((quality != bands.quality[rows]).any())
    watched = np.setdiff1d(bands.watched, rows, assume_unique=True) if bands.watched.size else bands.watched
    if bool(made.watched.any()):
        watched = np.union1d(watched, rows[made.watched])
    return replace(
        bands,
        low=low,
        high=high,
        quality=_with(bands.quality, rows, quality) if changed else bands.quality,
        silent_ns=_changed(bands.silent_ns, rows, made.silent_ns),
        look_ns=_changed(bands.look_ns, rows, made.look_ns),
        watched=watched,
        watched_received_ns=moment.received_mono_ns[watched],
    )


def _with(column: npt.NDArray[_S], rows: Rows, values: npt.NDArray[_S]) -> npt.NDArray[_S]:
    made = column.copy()
    made[rows] = values
    return made


def _changed(
    column: npt.NDArray[np.int64] | None, rows: Rows, values: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.int64] | None:
    if column is None or values is None or bool((column[rows] == values).all()):
        return column
    return _with(column, rows, values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Carried:
    """Of one rule set and its last snapshot; without it everything is judged anew and told as changed.

    It belongs to the memory that it was made with: `holds`, `states` and start; beside others it is not believed.
    """

    start_mono_ns: int
    holds: HoldMemory
    states: tuple[State, ...]
    bands: tuple[Bands, ...]
    """Of each layer of the rule set."""
