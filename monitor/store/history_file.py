"""The DuckDB file of history: every statement on it, run by the threads of `monitor.store.history`."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt

from monitor.hazards.trend import TrendColumns
from rules.columns.quality import FIRST_UNUSABLE
from rules.columns.readings import NO_TIME, Origin, ReadingBatch

logger = logging.getLogger(__name__)
MEMORY_LIMIT: Final = "512MB"

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS tag (id VARCHAR PRIMARY KEY, key INTEGER NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS reading (
    tag INTEGER NOT NULL, time_ns BIGINT NOT NULL, source_time_ns BIGINT, value DOUBLE, quality UTINYINT NOT NULL
);
"""
_APPEND: Final = f"""
INSERT INTO reading
SELECT tag, time_ns, CASE WHEN source_time_ns > {NO_TIME + 1} THEN source_time_ns END,
       CASE WHEN isfinite(value) THEN value END, quality
FROM incoming
"""
_TREND: Final = f"""
SELECT max(time_ns) AS time_ns,
       arg_max(value, time_ns) FILTER (quality < {int(FIRST_UNUSABLE)} AND value IS NOT NULL) AS value,
       min(value) FILTER (quality < {int(FIRST_UNUSABLE)}) AS minimum,
       max(value) FILTER (quality < {int(FIRST_UNUSABLE)}) AS maximum,
       max(quality) AS quality
FROM reading
WHERE tag = $key AND time_ns >= $from_ns AND time_ns < $to_ns
GROUP BY (time_ns - $from_ns) // $width_ns
ORDER BY time_ns
"""


class HistoryFile:
    """An open file.  Row numbers do not persist: `key_of_row` holds the small key that the file gave to each tag id."""

    def __init__(self, path: Path, tag_ids: Sequence[str]) -> None:
        """:raises duckdb.Error: it is damaged, locked by another process, or the disk refuses."""
        self._connection = duckdb.connect(
            str(path), config={"memory_limit": MEMORY_LIMIT, "threads": 1, "autoinstall_known_extensions": False}
        )
        try:
            self._run(_TABLES)
            self._key_of_row = self._keys(tag_ids)
            self._key_of_id = dict(zip(tag_ids, self._key_of_row.tolist(), strict=True))
            self.oldest_ns = self._oldest()
        except duckdb.Error:
            self._connection.close()
            raise

    def _keys(self, tag_ids: Sequence[str]) -> npt.NDArray[np.int32]:
        known: dict[str, int] = dict(self._run("SELECT id, key FROM tag"))
        following = max(known.values(), default=-1) + 1
        new = [tag_id for tag_id in tag_ids if tag_id not in known]
        if new:
            added = {tag_id: following + number for number, tag_id in enumerate(new)}
            self._run("BEGIN")
            self._connection.executemany("INSERT INTO tag VALUES (?, ?)", [list(pair) for pair in added.items()])
            self._run("COMMIT")
            known |= added
        return np.array([known[tag_id] for tag_id in tag_ids], np.int32)

    def _oldest(self) -> int | None:
        oldest: int | None = self._run("SELECT min(time_ns) FROM reading")[0][0]
        return oldest

    def _run(self, statement: str, parameters: Sequence[object] = ()) -> list[Any]:
        """All rows at once: a connection with a result that was not read to its end takes no other statement."""
        rows: list[Any] = self._connection.execute(statement, list(parameters)).fetchall()
        return rows

    def append(self, batches: Sequence[ReadingBatch]) -> int:
        """Add batches in one transaction straight from their columns; returns the number of rows.

        A backfilled reading stands at its source time where it has one, every other at the moment it was received.

        :raises duckdb.Error: the disk refuses.
        """
        time_ns = np.concatenate([_moments(batch) for batch in batches])
        incoming = {
            "tag": self._key_of_row[np.concatenate([batch.row for batch in batches])],
            "time_ns": time_ns,
            "source_time_ns": np.concatenate([batch.source_time_ns for batch in batches]),
            "value": np.concatenate([batch.value for batch in batches]),
            "quality": np.concatenate([batch.quality for batch in batches]),
        }
        self._connection.register("incoming", incoming)
        try:
            self._run(_APPEND)
        finally:
            self._connection.unregister("incoming")
        first = int(time_ns.min())
        self.oldest_ns = first if self.oldest_ns is None else min(first, self.oldest_ns)
        return int(time_ns.shape[0])

    def prune(self, before_ns: int) -> None:
        """Forget what is older.

        :raises duckdb.Error: the disk refuses.
        """
        self._run("DELETE FROM reading WHERE time_ns < ?", [before_ns])
        self._run("CHECKPOINT")
        self.oldest_ns = self._oldest()

    def trend(self, tag: str, from_ns: int, to_ns: int, points: int) -> TrendColumns:
        """At most `points` buckets over [from_ns, to_ns); may run in another thread than the writer's.

        :raises duckdb.Error: the file fails.
        """
        key = self._key_of_id.get(tag)
        if key is None or to_ns <= from_ns or points < 1:
            return TrendColumns(oldest_ns=self.oldest_ns)
        width_ns = -(-(to_ns - from_ns) // points)
        with self._connection.cursor() as cursor:
            cursor.execute(_TREND, {"key": key, "from_ns": from_ns, "to_ns": to_ns, "width_ns": width_ns})
            found = cursor.fetchall()
        time_ns, value, minimum, maximum, quality = zip(*found, strict=True) if found else ((), (), (), (), ())
        return TrendColumns(
            time_ns=list(time_ns),
            value=list(value),
            minimum=list(minimum),
            maximum=list(maximum),
            quality=list(quality),
            oldest_ns=self.oldest_ns,
        )

    def close(self) -> None:
        """Write all to the file and close it."""
        self._connection.close()


def _moments(batch: ReadingBatch) -> npt.NDArray[np.int64]:
    received = np.full(len(batch), batch.received_wall_ns, np.int64)
    if batch.origin is not Origin.BACKFILL:
        return received
    return np.where(batch.source_time_ns == NO_TIME, received, batch.source_time_ns)


def open_or_move_aside(path: Path, tag_ids: Sequence[str], wall_ns: int) -> tuple[HistoryFile, str]:
    """Open; a damaged file is moved aside and a fresh one begun.  Returns the file and what was wrong ("" for nothing).

    :raises duckdb.Error: locked by another process, or the disk refuses; nothing was moved.
    """
    try:
        return HistoryFile(path, tag_ids), ""
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        if "lock on file" in text or "Permission denied" in text or not path.is_file():
            raise
        aside = path.with_name(f"{path.name}.damaged-{wall_ns // 1_000_000_000}")
        logger.warning("history is damaged and was moved to %s: %s", aside, text)
        path.rename(aside)
        log = path.with_name(f"{path.name}.wal")
        if log.exists():
            log.rename(aside.with_name(f"{aside.name}.wal"))
        return HistoryFile(path, tag_ids), f"damaged file moved to {aside.name}: {text}"
