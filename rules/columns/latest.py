"""The latest value of every tag: batches in, frozen snapshots out.  The one mutable place of the core."""

from typing import Final

import numpy as np
import numpy.typing as npt

from rules.columns.health import HEALTH_GRACE_NS, kept
from rules.columns.quality import Quality, is_usable
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable

STALE_PERIODS: Final = 3
"""A value is stale after this many scan class periods without a read."""
STALE_AT_LEAST_NS: Final = 1_000_000_000


def stale_after_ns(table: TagTable) -> npt.NDArray[np.int64]:
    """How old the last read of each tag may be before its value is STALE, in nanoseconds, in TagTable order."""
    return np.maximum(table.scan_period_ns * STALE_PERIODS, STALE_AT_LEAST_NS)


class Latest:
    """Latest readings in TagTable order; arrival order wins, whatever the source times say."""

    __slots__ = (
        "_changed",
        "_health",
        "_health_until_ns",
        "_instruments",
        "_older_source_times",
        "_order",
        "_quality",
        "_received_mono_ns",
        "_received_wall_ns",
        "_source_time_ns",
        "_stale_after_ns",
        "_status",
        "_value",
    )

    def __init__(self, table: TagTable, stale_after: npt.NDArray[np.int64] | None = None) -> None:
        """:raises ValueError: `stale_after` (nanoseconds for each tag) has another length than the table."""
        length = len(table)
        self._stale_after_ns = stale_after_ns(table) if stale_after is None else stale_after.astype(np.int64)
        if self._stale_after_ns.shape != (length,):
            raise ValueError(f"stale_after has shape {self._stale_after_ns.shape}, wanted {(length,)}")
        self._value = np.full(length, np.nan)
        self._quality = np.full(length, Quality.NEVER_SEEN, np.uint8)
        self._status = np.zeros(length, np.uint32)
        self._source_time_ns = np.full(length, NO_TIME, np.int64)
        self._received_mono_ns = np.zeros(length, np.int64)
        self._received_wall_ns = np.zeros(length, np.int64)
        self._changed = np.zeros(length, np.bool_)
        self._order = np.zeros(length, np.int64)
        self._older_source_times = 0
        self._instruments = table.instruments
        self._health = self._instruments.unsaid()
        self._health_until_ns: int | None = None

    @property
    def older_source_times(self) -> int:
        """Readings whose source time was older than the one before them; counted, never dropped."""
        return self._older_source_times

    def apply(self, batch: ReadingBatch) -> None:
        """Take over one batch; BACKFILL is history's and changes nothing here.

        GOOD, UNCERTAIN and BAD rows are answers and move the received times; STALE and NEVER_SEEN rows are none.

        :raises IndexError: a row is not in the table.
        """
        if batch.origin is Origin.BACKFILL or len(batch) == 0:
            return
        rows = batch.row
        if int(rows.min()) < 0 or int(rows.max()) >= self._value.shape[0]:
            raise IndexError(f"{batch.device}: a row is outside the {self._value.shape[0]} tags of the plant")
        quality = batch.quality
        # a number that is none cannot be compared; believing its GOOD would read a dead sensor as normal
        quality = np.where(is_usable(quality) & ~np.isfinite(batch.value), np.uint8(Quality.BAD), quality)
        self._older_source_times += self._count_older(rows, batch.source_time_ns)
        self._value[rows] = batch.value
        self._quality[rows] = quality
        self._status[rows] = batch.status
        self._source_time_ns[rows] = batch.source_time_ns
        answered = rows[quality <= np.uint8(Quality.BAD)]
        self._received_mono_ns[answered] = batch.received_mono_ns
        self._received_wall_ns[answered] = batch.received_wall_ns
        self._changed[rows] = True
        if len(self._instruments):
            self._health = kept(self._instruments.said(self._value, self._quality), self._health)

    def freeze(self, mono_ns: int, wall_ns: int) -> Snapshot:
        """The plant at this moment; usable values older than their limit are STALE in it."""
        quality = self._quality.copy()
        quality[is_usable(quality) & (mono_ns - self._received_mono_ns > self._stale_after_ns)] = Quality.STALE
        value, health = self._value.copy(), np.zeros(quality.shape, np.uint8)
        if len(self._instruments):
            if self._health_until_ns is None:
                self._health_until_ns = mono_ns + HEALTH_GRACE_NS
            self._instruments.withhold(quality, np.bool_(mono_ns < self._health_until_ns))
            self._instruments.degrade(value, quality, self._health)
            health[self._instruments.row] = self._health
        changed, self._changed = self._changed, np.zeros_like(self._changed)
        return Snapshot(
            mono_ns=mono_ns,
            wall_ns=wall_ns,
            value=value,
            quality=quality,
            status=self._status.copy(),
            source_time_ns=self._source_time_ns.copy(),
            received_mono_ns=self._received_mono_ns.copy(),
            received_wall_ns=self._received_wall_ns.copy(),
            changed=changed,
            health=health,
        )

    def next_stale_ns(self, mono_ns: int) -> int | None:
        """First moment after `mono_ns` at which a usable value turns STALE if nothing comes; None when none can."""
        due = (self._received_mono_ns + self._stale_after_ns + 1)[is_usable(self._quality)]
        due = due[due > mono_ns]
        return int(due.min()) if due.size else None

    def _count_older(self, rows: npt.NDArray[np.int32], source_time_ns: npt.NDArray[np.int64]) -> int:
        before = self._source_time_ns[rows]
        place = np.arange(rows.shape[0])
        self._order[rows] = place
        if bool((self._order[rows] != place).any()):  # a row stands twice: its own earlier reading comes before it
            by_row = np.argsort(rows, kind="stable")
            again = rows[by_row][1:] == rows[by_row][:-1]
            before[by_row[1:][again]] = source_time_ns[by_row[:-1][again]]
        return int(((source_time_ns != NO_TIME) & (before != NO_TIME) & (source_time_ns < before)).sum())
