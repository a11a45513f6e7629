"""What one evaluation leaves for the next beside the memory: derived, never stored, and written to by the next one."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from rules.columns.quality import FIRST_UNUSABLE
from rules.hold import HoldMemory
from rules.joint import JointBands
from rules.port import FOREVER, Moment, State
from rules.runs import Places, merged
from rules.whole import WholeSeen

CHUNK: Final = 16_384
"""Rows that are compared at once: what is computed between stays in the cache."""
_FIRST_UNUSABLE: Final = np.uint8(FIRST_UNUSABLE)
Rows = Places


@dataclass(slots=True, kw_only=True, eq=False)
class Bands:
    """The no-change band of every tag (row), over all rules that read only it; columns of length n.

    One pass of comparisons finds the rows that left theirs; all others need no look at their rules.
    """

    low: npt.NDArray[np.float64]
    """The narrower of the next two."""
    high: npt.NDArray[np.float64]
    still_low: npt.NDArray[np.float64]
    """Of the rules whose bands do not end with time."""
    still_high: npt.NDArray[np.float64]
    moving_low: npt.NDArray[np.float64]
    """Of those whose bands do."""
    moving_high: npt.NDArray[np.float64]
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
    least_silent_ns: list[int]
    """Of each chunk: no `silent_ns` in it is less."""
    least_look_ns: list[int]
    """Of each chunk: no `look_ns` in it is less."""

    @classmethod
    def none(cls, length: int, *, silent: bool, look: bool) -> Self:
        """No band holds: the empty start."""
        chunks = -(-length // CHUNK)
        return cls(
            low=np.full(length, -np.inf),
            high=np.full(length, np.inf),
            still_low=np.full(length, -np.inf),
            still_high=np.full(length, np.inf),
            moving_low=np.full(length, -np.inf),
            moving_high=np.full(length, np.inf),
            quality=np.zeros(length, np.uint8),
            silent_ns=np.full(length, FOREVER) if silent else None,
            look_ns=np.full(length, FOREVER) if look else None,
            watched=np.zeros(0, np.intp),
            watched_received_ns=np.zeros(0, np.int64),
            least_silent_ns=[FOREVER] * chunks,
            least_look_ns=[FOREVER] * chunks,
        )

    def left(self, moment: Moment) -> "Left":
        """The rows that left their band."""
        found: list[Rows] = []
        ended: list[Rows] = []
        silent: list[Rows] = []
        last_ns = FOREVER
        for chunk, start in enumerate(range(0, self.low.shape[0], CHUNK)):
            part = slice(start, start + CHUNK)
            received_ns = moment.received_mono_ns[part]
            rows = self._left(moment, part)
            if rows.size:
                found.append(rows + start)
            ended += self._ended(chunk, received_ns)
            last_ns = min(last_ns, self._silence(chunk, received_ns, silent, last_ns, moment.mono_ns))
        rows, late = _joined(found), _joined(silent)
        if self.watched.size:
            late = merged(late, self.watched[moment.received_mono_ns[self.watched] != self.watched_received_ns])
        still, moving = self._which(moment, rows)
        return Left(still=still, moving=merged(moving, _joined(ended)), silent=late, due_ns=_after(last_ns))

    def _which(self, moment: Moment, rows: Rows) -> tuple[Rows, Rows]:
        """Of rows that left their band: those that left it of the rules that stay, and of those that end with time."""
        value = moment.value.take(rows)
        other = moment.quality.take(rows) != self.quality.take(rows)
        still = (value >= self.still_low.take(rows)) & (value <= self.still_high.take(rows))
        moving = (value >= self.moving_low.take(rows)) & (value <= self.moving_high.take(rows))
        return rows[other | ~still], rows[other | ~moving]

    def _left(self, moment: Moment, part: slice) -> Rows:
        """Of one chunk, from its first row on: those whose value or quality left the band."""
        value, quality = moment.value[part], moment.quality[part]
        out = value >= self.low[part]
        out &= value <= self.high[part]
        rows: Rows = np.logical_not(out, out=out).nonzero()[0]
        if rows.size:
            # what cannot be judged has a band of all values, but a NaN is in none
            rows = rows[quality.take(rows) < _FIRST_UNUSABLE]
        other = quality != self.quality[part]
        return merged(rows, other.nonzero()[0]) if other.any() else rows

    def _silence(
        self,
        chunk: int,
        received_ns: npt.NDArray[np.int64],
        silent: list[Rows],
        known_ns: int,
        mono_ns: int,
    ) -> int:
        """Tells rows that are `silent` for too long, and the last moment at which all of the chunk are not yet.

        Most chunks need no look at every row: the oldest read and the shortest silence together are late enough.
        """
        if self.silent_ns is None:
            return FOREVER
        bound_ns = int(received_ns.min()) + self.least_silent_ns[chunk]
        if bound_ns >= min(known_ns, FOREVER) and bound_ns >= mono_ns:
            return FOREVER
        silent_ns = self.silent_ns[chunk * CHUNK : (chunk + 1) * CHUNK]
        last_ns = received_ns + silent_ns
        first_ns = int(last_ns.min())
        if first_ns != bound_ns:
            self.least_silent_ns[chunk] = int(silent_ns.min())
        if first_ns < mono_ns:
            silent.append((last_ns < mono_ns).nonzero()[0] + chunk * CHUNK)
        return first_ns

    def _ended(self, chunk: int, received_ns: npt.NDArray[np.int64]) -> list[Rows]:
        """Rows of a chunk whose band ends with time."""
        if self.look_ns is None or int(received_ns.max()) < self.least_look_ns[chunk]:
            return []
        start = chunk * CHUNK
        look_ns = self.look_ns[start : start + CHUNK]
        over = received_ns >= look_ns
        # those that end now get another time to look at; what stays is the least of the others
        self.least_look_ns[chunk] = int(np.where(over, FOREVER, look_ns).min())
        return [over.nonzero()[0] + start]

    def due_ns(self, moment: Moment) -> int:
        """First mono time at which a row leaves its band although nothing is read; FOREVER where none does."""
        if self.silent_ns is None or not self.silent_ns.size:
            return FOREVER
        return _after(int((moment.received_mono_ns + self.silent_ns).min()))

    def renew(self, still: "RowBand", moving: "RowBand", silence: "RowBand", moment: Moment, undecided: Rows) -> None:
        """Take over bands: of the rules whose bands stay, of those that end with time, of those that only silence matters to.

        `undecided` rows have no band: they are judged at the next evaluation.
        """
        self.still_low[still.rows], self.still_high[still.rows] = still.low, still.high
        if moving.rows.size:
            self.moving_low[moving.rows], self.moving_high[moving.rows] = moving.low, moving.high
            if self.look_ns is not None:
                self.look_ns[moving.rows] = moving.look_ns
                _lower(self.least_look_ns, moving.rows, moving.look_ns)
        self.still_low[undecided], self.moving_low[undecided] = np.inf, np.inf
        rows = merged(merged(still.rows, moving.rows), np.unique(undecided))
        self.low[rows] = np.maximum(self.moving_low.take(rows), self.still_low.take(rows))
        self.high[rows] = np.minimum(self.moving_high.take(rows), self.still_high.take(rows))
        self.quality[rows] = moment.quality.take(rows)
        rows = silence.rows
        if rows.size and self.silent_ns is not None:
            self.silent_ns[rows] = silence.silent_ns
            _lower(self.least_silent_ns, rows, silence.silent_ns)
            watched = np.setdiff1d(self.watched, rows, assume_unique=True) if self.watched.size else self.watched
            self.watched = merged(watched, rows[silence.watched])
            self.watched_received_ns = moment.received_mono_ns[self.watched]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Left:
    """Rows that left their bands, ascending."""

    still: Rows
    """By value or quality: the rules whose bands stay are judged."""
    moving: Rows
    """By value, quality or time: the rules whose bands end with time are."""
    silent: Rows
    """Too old, or read again after that: only the rules that silence matters to are."""
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


def _joined(parts: list[Rows]) -> Rows:
    return np.concatenate(parts) if parts else np.zeros(0, np.intp)


def _after(last_ns: int) -> int:
    return FOREVER if last_ns >= FOREVER else last_ns + 1


def _lower(least: list[int], rows: Rows, values: npt.NDArray[np.int64]) -> None:
    """No bound of a chunk is above the values of its rows (ascending)."""
    starts = np.flatnonzero(np.diff(rows // CHUNK, prepend=-1))
    chunks = (rows[starts] // CHUNK).tolist()
    for chunk, value in zip(chunks, np.minimum.reduceat(values, starts).tolist(), strict=True):
        least[chunk] = min(least[chunk], value)


@dataclass(slots=True, kw_only=True, eq=False)
class Carried:
    """Of one rule set and its last snapshot; without it everything is judged anew and told as changed.

    It belongs to the memory that it was made with: `holds`, `states` and start; beside others it is not believed.  The
    next evaluation takes it and writes to its bands, so it is given out once.
    """

    start_mono_ns: int
    holds: HoldMemory
    states: tuple[State, ...]
    whole: WholeSeen
    bands: Bands
    joint: JointBands
    spent: bool = False
