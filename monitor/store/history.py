"""Every reading in an embedded DuckDB file: written by one thread, asked by another, never in the way of a decision."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import duckdb

from monitor.clock import Clock
from monitor.hazards.trend import TrendColumns
from monitor.store.batches import BatchQueue
from monitor.store.disk import disk_space
from monitor.store.history_file import HistoryFile, open_or_move_aside
from rules.columns.readings import ReadingBatch
from rules.columns.tags import TagTable

logger = logging.getLogger(__name__)
MAX_ROWS: Final = 2_000_000
"""Bound of the queue: 40 s at 50 000 readings a second."""
_FLUSH_EVERY_S: Final = 1.0
_PRUNE_EVERY_NS: Final = 3600 * 1_000_000_000
_RETRY_EVERY_NS: Final = 30 * 1_000_000_000
_DAY_NS: Final = 86_400 * 1_000_000_000


class HistoryStore:
    """Feed it with `put`, ask it with `trend`; `error`, `paused` and `dropped_rows` say what is wrong with it."""

    def __init__(self, path: Path, table: TagTable, keep_days: int, reserve_bytes: int, clock: Clock) -> None:
        self._path = path
        self._tag_ids = table.ids
        self._keep_ns = keep_days * _DAY_NS
        self._reserve_bytes = reserve_bytes
        self._clock = clock
        self._queue = BatchQueue(MAX_ROWS)
        self._file: HistoryFile | None = None
        self._closing = threading.Event()
        self._opened = threading.Event()
        self._next_open_mono_ns = 0
        self._next_prune_mono_ns = 0
        self._asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history-ask")
        self._thread = threading.Thread(target=self._run, name="history-write", daemon=True)
        self._moved_aside = ""
        self._failure = ""
        self._lost_rows = 0
        self.paused = False
        """Nothing is written because less than the journal's reserve is free."""
        self.written_rows = 0

    @property
    def error(self) -> str:
        """Why history is not whole: it cannot be written now, or a damaged file was moved aside; "" when all is well."""
        return self._failure or self._moved_aside

    @property
    def dropped_rows(self) -> int:
        """Readings that history does not have since the start: queue full, paused, or not writable."""
        return self._queue.dropped_rows + self._lost_rows

    def put(self, batch: ReadingBatch) -> None:
        """Take a batch; never waits."""
        self._queue.put(batch)

    async def trend(self, tag: str, from_ns: int, to_ns: int, points: int) -> TrendColumns:
        """At most `points` buckets over [from_ns, to_ns) of wall time, ascending; empty while history fails."""
        return await asyncio.get_running_loop().run_in_executor(self._asking, self._trend, tag, from_ns, to_ns, points)

    def _trend(self, tag: str, from_ns: int, to_ns: int, points: int) -> TrendColumns:
        file = self._file
        if file is None:
            return TrendColumns()
        try:
            return file.trend(tag, from_ns, to_ns, points)
        except duckdb.Error as error:
            logger.warning("history did not answer: %s", error)
            return TrendColumns(oldest_ns=file.oldest_ns)

    def _run(self) -> None:
        self._cycle()
        self._opened.set()
        while not self._closing.wait(_FLUSH_EVERY_S):
            self._cycle()
        self._cycle()
        if self._file is not None:
            try:
                self._file.close()
            except duckdb.Error as error:
                logger.warning("history did not close: %s", error)

    def _cycle(self) -> None:
        """One second's work; a failing disk or file ends in `error`, never in the thread."""
        batches: list[ReadingBatch] = []
        try:
            file = self._ensure_open()
            if file is None:
                return  # the queue keeps what it can until the next try
            self._watch_reserve()
            batches = self._queue.take()
            if self.paused:
                self._lost_rows += sum(len(batch) for batch in batches)
            elif batches:
                self.written_rows += file.append(batches)
            batches = []
            self._prune(file)
        except (duckdb.Error, OSError) as error:
            self._failed(str(error).splitlines()[0])
        except Exception as error:
            logger.exception("history failed")
            self._failed(repr(error))
        self._lost_rows += sum(len(batch) for batch in batches)  # those that could not be appended

    def _ensure_open(self) -> HistoryFile | None:
        if self._file is not None or self._clock.mono_ns() < self._next_open_mono_ns:
            return self._file
        self._next_open_mono_ns = self._clock.mono_ns() + _RETRY_EVERY_NS
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file, moved = open_or_move_aside(self._path, self._tag_ids, self._clock.wall_ns())
        self._moved_aside = moved or self._moved_aside
        self._failure = ""
        return self._file

    def _watch_reserve(self) -> None:
        paused = disk_space(self._path.parent).free_bytes < self._reserve_bytes
        if paused != self.paused:
            logger.warning("history %s: the journal's reserve", "is paused" if paused else "goes on")
        self.paused = paused

    def _prune(self, file: HistoryFile) -> None:
        if self._clock.mono_ns() < self._next_prune_mono_ns:
            return
        self._next_prune_mono_ns = self._clock.mono_ns() + _PRUNE_EVERY_NS
        file.prune(self._clock.wall_ns() - self._keep_ns)

    def _failed(self, reason: str) -> None:
        if reason != self._failure:
            logger.error("history is not written: %s", reason)
        self._failure = reason
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except duckdb.Error as error:
                logger.warning("history did not close: %s", error)

    async def open(self) -> None:
        """Start the thread; returns when the file is open or `error` says why not."""
        self._thread.start()
        await asyncio.to_thread(self._opened.wait)

    async def close(self) -> None:
        """Write what waits and close the file."""
        self._closing.set()
        await asyncio.to_thread(self._thread.join)
        self._asking.shutdown(wait=False)


@asynccontextmanager
async def open_history(
    path: Path, table: TagTable, keep_days: int, reserve_bytes: int, clock: Clock
) -> AsyncIterator[HistoryStore]:
    """Open history; never refuses: a file that cannot be used shows in `error` and is tried again."""
    history = HistoryStore(path, table, keep_days, reserve_bytes, clock)
    await history.open()
    try:
        yield history
    finally:
        await history.close()
