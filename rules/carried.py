"""What one evaluation leaves for the next beside the memory: derived, never stored."""

from dataclasses import dataclass, replace
from typing import Final, Self, TypeVar

import numpy as np
import numpy.typing as npt

from rules.columns.quality import FIRST_UNUSABLE
from rules.hold import HoldMemory, merged
from rules.port import FOREVER, Moment, State
from rules.whole import WholeSeen

CHUNK: Final = 16_384
"""Rows that are compared at once: what is computed between stays in the cache."""
_FIRST_UNUSABLE: Final = np.uint8(FIRST_UNUSABLE)
Rows = npt.NDArray[np.intp]
_S = TypeVar("_S", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bands:
    """The no-change band of every tag (row), over all rules that read only it; columns of length n.

    One pass of comparisons finds the rows that left theirs; all others need no look at their rules.
    """

    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    still_low: npt.NDArray[np.float64]
    """Of the rules whose bands do not end with time."""
    still_high: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    """When the band was made."""
    silent_ns: npt.NDArray[np.int64] | None
    """How old the last read may become; None where no rule cares."""
    look_ns: npt.NDArray[np.int64] | None
    """Received time from which the band no longer holds; None where no rule cares."""
    watched: Rows
    """Rows of which any other received time matters, ascending."""
    watched_received_ns: npt.NDArray[np.int64]
    """Received time of the watched rows when the band was made."""

    @classmethod
    def none(cls, length: int, *, silent: bool, look: bool) -> Self:
        """No band holds: the empty start."""
        low, high = np.full(length, -np.inf), np.full(length, np.inf)
        return cls(
            low=low,
            high=high,
            still_low=low,
            still_high=high,
            quality=np.zeros(length, np.uint8),
            silent_ns=np.full(length, FOREVER) if silent else None,
            look_ns=np.full(length, FOREVER) if look else None,
            watched=np.zeros(0, np.intp),
            watched_received_ns=np.zeros(0, np.int64),
        )

    def left(self, moment: Moment) -> "Left":
        """The rows that left their band."""
        found, ended, due_ns = [], [], FOREVER
        for start in range(0, self.low.shape[0], CHUNK):
            part = slice(start, start + CHUNK)
            holds = self._holds(moment, part)
            if self.silent_ns is not None:
                last_ns = moment.received_mono_ns[part] + self.silent_ns[part]
                first_ns = int(last_ns.min())
                due_ns = min(due_ns, first_ns + 1)
                if first_ns < moment.mono_ns:
                    holds &= last_ns >= moment.mono_ns
            found.append((~holds).nonzero()[0] + start)
            if self.look_ns is not None:
                holds &= moment.received_mono_ns[part] >= self.look_ns[part]
                ended.append(holds.nonzero()[0] + start)
        rows = _joined(found)
        if self.watched.size:
            read = self.watched[moment.received_mono_ns[self.watched] != self.watched_received_ns]
            rows = merged(rows, read)
        return Left(rows=rows, ended=_joined(ended), due_ns=due_ns)

    def _holds(self, moment: Moment, part: slice) -> npt.NDArray[np.bool_]:
        value, quality = moment.value[part], moment.quality[part]
        holds = value >= self.low[part]
        holds &= value <= self.high[part]
        if not holds.all():
            # what cannot be judged has a band of all values, but a NaN is in none
            holds |= quality >= _FIRST_UNUSABLE
        holds &= quality == self.quality[part]
        return holds

    def due_ns(self, moment: Moment) -> int:
        """First mono time at which a row leaves its band although nothing is read; FOREVER where none does."""
        if self.silent_ns is None or not self.silent_ns.size:
            return FOREVER
        return int((moment.received_mono_ns + self.silent_ns).min()) + 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Left:
    """Rows that left their bands, ascending."""

    rows: Rows
    """By value, quality or silence: all their rules are judged."""
    ended: Rows
    """By time alone: only the rules whose bands end with time are."""
    due_ns: int
    """First mono time at which a row leaves its band although nothing is read; FOREVER where none does."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowBand:
    """New bands of some rows, as columns of their number."""

    rows: Rows
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    silent_ns: npt.NDArray[np.int64]
    look_ns: npt.NDArray[np.int64]
    watched: npt.NDArray[np.bool_]

    @classmethod
    def widest(cls, rows: Rows) -> Self:
        """Nothing matters yet."""
        return cls(
            rows=rows,
            low=np.full(rows.size, -np.inf),
            high=np.full(rows.size, np.inf),
            silent_ns=np.full(rows.size, FOREVER),
            look_ns=np.full(rows.size, FOREVER),
            watched=np.zeros(rows.size, np.bool_),
        )


def renewed(bands: Bands, still: RowBand, moving: RowBand, moment: Moment, undecided: Rows) -> Bands:
    """The bands with those of some rows made anew: of the rules whose bands stay, and of those whose bands end with time.

    `moving` has all rows of `still`.  `undecided` rows have no band: they are judged at the next evaluation.
    """
    if not moving.rows.size and not undecided.size:
        return bands
    rows, still_low, still_high = still.rows, bands.still_low, bands.still_high
    if rows.size:
        still_low, still_high = _with(still_low, rows, still.low), _with(still_high, rows, still.high)
    low = _with(bands.low, moving.rows, np.maximum(moving.low, still_low[moving.rows]))
    high = _with(bands.high, moving.rows, np.minimum(moving.high, still_high[moving.rows]))
    low[undecided], high[undecided] = np.inf, -np.inf
    watched = np.setdiff1d(bands.watched, rows, assume_unique=True) if bands.watched.size else bands.watched
    watched = merged(watched, rows[still.watched])
    return replace(
        bands,
        low=low,
        high=high,
        still_low=still_low,
        still_high=still_high,
        quality=_changed(bands.quality, rows, moment.quality[rows]),
        silent_ns=None if bands.silent_ns is None else _changed(bands.silent_ns, rows, still.silent_ns),
        look_ns=None if bands.look_ns is None else _changed(bands.look_ns, moving.rows, moving.look_ns),
        watched=watched,
        watched_received_ns=moment.received_mono_ns[watched],
    )


def _joined(parts: list[Rows]) -> Rows:
    return np.concatenate(parts) if parts else np.zeros(0, np.intp)


def _with(column: npt.NDArray[_S], rows: Rows, values: npt.NDArray[_S]) -> npt.NDArray[_S]:
    made = column.copy()
    made[rows] = values
    return made


def _changed(column: npt.NDArray[_S], rows: Rows, values: npt.NDArray[_S]) -> npt.NDArray[_S]:
    """The very same column where nothing differs."""
    return column if bool((column[rows] == values).all()) else _with(column, rows, values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Carried:
    """Of one rule set and its last snapshot; without it everything is judged anew and told as changed.

    It belongs to the memory that it was made with: `holds`, `states` and start; beside others it is not believed.
    """

    start_mono_ns: int
    holds: HoldMemory
    states: tuple[State, ...]
    whole: WholeSeen
    bands: Bands
