"""The no-change bands of tags: which readings left theirs, found by passes over whole columns."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from rules.columns.quality import FIRST_UNUSABLE
from rules.port import FOREVER, Moment
from rules.runs import Places, merged, places_of_runs

CHUNK: Final = 65_536
"""Rows that are compared at once: what is computed between stays in the cache, and a plant has few chunks."""
NEIGHBOURS: Final = 128
"""Rows of which one time is known at which the first of their bands ends."""
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
    least_silent_ns: npt.NDArray[np.int64]
    """Of each chunk: no `silent_ns` in it is less."""
    first_silent: list[int]
    """Of each chunk: the row that was to be silent first when all of them were looked at."""
    least_look_ns: npt.NDArray[np.int64]
    """Of each run of NEIGHBOURS: no `look_ns` in it is less."""

    @classmethod
    def none(cls, length: int, *, silent: bool, look: bool) -> Self:
        """No band holds: the empty start."""
        chunks, runs = -(-length // CHUNK), -(-length // NEIGHBOURS)
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
            least_silent_ns=np.full(chunks, FOREVER),
            first_silent=[chunk * CHUNK for chunk in range(chunks)],
            least_look_ns=np.full(runs, FOREVER),
        )

    def left(self, moment: Moment) -> "Left":
        """The rows that left their band."""
        found: list[Rows] = []
        silent: list[Rows] = []
        last_ns = FOREVER
        for chunk, start in enumerate(range(0, self.low.shape[0], CHUNK)):
            part = slice(start, start + CHUNK)
            received_ns = moment.received_mono_ns[part]
            rows = self._outside(moment.value[part], part)
            if rows.size:
                found.append(rows + start)
            last_ns = min(last_ns, self._silence(chunk, received_ns, silent, last_ns, moment.mono_ns))
        still, moving = self._which(moment, _joined(found))
        late = _joined(silent)
        if self.watched.size:
            late = merged(late, self.watched[moment.received_mono_ns[self.watched] != self.watched_received_ns])
        return Left(
            still=still,
            moving=merged(moving, self._ended(moment.received_mono_ns)),
            silent=late,
            due_ns=_after(last_ns),
        )

    def _outside(self, value: npt.NDArray[np.float64], part: slice) -> Rows:
        """Of one chunk, from its first row on: those whose value is not in the band."""
        out = value >= self.low[part]
        out &= value <= self.high[part]
        return np.logical_not(out, out=out).nonzero()[0]

    def _which(self, moment: Moment, outside: Rows) -> tuple[Rows, Rows]:
        """Rows that left their band by value (among those `outside`) or quality: of the rules that stay, and of the others."""
        # what cannot be judged has a band of all values, but a NaN is in none
        rows = outside[moment.quality.take(outside) < _FIRST_UNUSABLE]
        value = moment.value.take(rows)
        still = (value >= self.still_low.take(rows)) & (value <= self.still_high.take(rows))
        moving = (value >= self.moving_low.take(rows)) & (value <= self.moving_high.take(rows))
        other: Rows = (moment.quality != self.quality).nonzero()[0]
        return merged(rows[~still], other), merged(rows[~moving], other)

    def _silence(
        self,
        chunk: int,
        received_ns: npt.NDArray[np.int64],
        silent: list[Rows],
        known_ns: int,
        mono_ns: int,
    ) -> int:
        """Tells rows that are `silent` for too long, and the last moment at which all of the chunk are not yet.

        Most chunks need no look at every row: the oldest read and the shortest silence together are late enough, or are
        those of one row that is known.
        """
        if self.silent_ns is None:
            return FOREVER
        start, row = chunk * CHUNK, self.first_silent[chunk]
        bound_ns = int(received_ns.min()) + int(self.least_silent_ns[chunk])
        if bound_ns >= mono_ns and (
            bound_ns >= min(known_ns, FOREVER) or bound_ns == int(received_ns[row - start]) + int(self.silent_ns[row])
        ):
            return bound_ns
        silent_ns = self.silent_ns[start : start + CHUNK]
        last_ns = received_ns + silent_ns
        place = int(last_ns.argmin())
        first_ns, self.first_silent[chunk] = int(last_ns[place]), start + place
        if first_ns != bound_ns:
            self.least_silent_ns[chunk] = int(silent_ns.min())
        if first_ns < mono_ns:
            silent.append((last_ns < mono_ns).nonzero()[0] + start)
        return first_ns

    def _ended(self, received_ns: npt.NDArray[np.int64]) -> Rows:
        """Rows whose band ends with time, ascending."""
        if self.look_ns is None or not self.look_ns.size:
            return _joined([])
        runs: Rows = (self.least_look_ns <= received_ns.max()).nonzero()[0]
        if not runs.size:
            return runs
        begin = runs * NEIGHBOURS
        rows, starts = places_of_runs(begin, np.minimum(begin + NEIGHBOURS, self.look_ns.size) - begin)
        look_ns = self.look_ns.take(rows)
        over = received_ns.take(rows) >= look_ns
        # those that end now get another time to look at; what stays is the least of the others
        look_ns[over] = FOREVER
        self.least_look_ns[runs] = np.minimum.reduceat(look_ns, starts)
        ended: Rows = rows[over]
        return ended

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
                _lower(self.least_look_ns, NEIGHBOURS, moving.rows, moving.look_ns)
            self._narrow(moving.rows)
        self._narrow(still.rows)
        self.quality[still.rows] = moment.quality.take(still.rows)  # with another quality a row left both
        if undecided.size:
            self.still_low[undecided], self.moving_low[undecided], self.low[undecided] = np.nan, np.nan, np.nan
        rows = silence.rows
        if rows.size and self.silent_ns is not None:
            self.silent_ns[rows] = silence.silent_ns
            _lower(self.least_silent_ns, CHUNK, rows, silence.silent_ns)
            watched = np.setdiff1d(self.watched, rows, assume_unique=True) if self.watched.size else self.watched
            self.watched = merged(watched, rows[silence.watched])
            self.watched_received_ns = moment.received_mono_ns[self.watched]

    def _narrow(self, rows: Rows) -> None:
        """The narrower of the two bands of these rows counts."""
        self.low[rows] = np.maximum(self.moving_low.take(rows), self.still_low.take(rows))
        self.high[rows] = np.minimum(self.moving_high.take(rows), self.still_high.take(rows))


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


def _lower(least: npt.NDArray[np.int64], length: int, rows: Rows, values: npt.NDArray[np.int64]) -> None:
    """No bound of so many neighbours is above the values of its rows (ascending)."""
    of = rows // length
    starts = np.flatnonzero(np.diff(of, prepend=-1))
    of = of[starts]
    least[of] = np.minimum(least[of], np.minimum.reduceat(values, starts))
