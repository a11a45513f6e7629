"""A recording in the service's own history (`history.duckdb` or a copy of it)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb
import numpy as np

from monitor.replay.series import NO_READING, Sweeps, block_of
from rules.columns.tags import TagTable

_READINGS: Final = """
SELECT (time_ns - $from_ns) // $period_ns AS sweep, tag, arg_max(value, time_ns) AS value, arg_max(quality, time_ns) AS quality
FROM reading WHERE time_ns >= $from_ns AND time_ns < $to_ns GROUP BY ALL ORDER BY sweep
"""


class HistoryRefusedError(Exception):
    """The file cannot be played; says what to do."""


def read_history(
    path: Path, table: TagTable, period_ns: int, from_ns: int | None = None, to_ns: int | None = None
) -> Iterator[Sweeps]:
    """Sweeps of `period_ns`, each with the newest reading of every tag inside it; tags that are gone are left out.

    :raises HistoryRefusedError: the file is missing, locked by the running service, damaged or empty.
    """
    if not path.is_file():
        raise HistoryRefusedError(f"there is no history file {path}")
    try:
        connection = duckdb.connect(str(path), read_only=True, config={"autoinstall_known_extensions": False})
    except duckdb.Error as error:
        raise HistoryRefusedError(
            f"{path} cannot be opened ({error}): the running service locks it; stop it or play a copy"
        ) from error
    with connection:
        yield from _blocks(connection, table, period_ns, (from_ns, to_ns))


def _blocks(
    connection: duckdb.DuckDBPyConnection, table: TagTable, period_ns: int, span: tuple[int | None, int | None]
) -> Iterator[Sweeps]:
    first, last = connection.execute("SELECT min(time_ns), max(time_ns) FROM reading").fetchall()[0]
    if first is None:
        raise HistoryRefusedError("the history holds no reading")
    begin = max(first, span[0] if span[0] is not None else first)
    end = min(last + 1, span[1] if span[1] is not None else last + 1)
    keys = dict(connection.execute("SELECT key, id FROM tag").fetchall())
    row_of_key = np.full(max(keys, default=0) + 1, -1, np.int32)
    for key, tag_id in keys.items():
        row_of_key[key] = table.row_of.get(tag_id, -1)
    step_ns = block_of(len(table)) * period_ns
    for at in range(begin, end, step_ns):
        parameters = {"from_ns": at, "to_ns": min(at + step_ns, end), "period_ns": period_ns}
        found = connection.execute(_READINGS, parameters).fetchnumpy()
        rows = row_of_key[found["tag"]]
        known = rows >= 0
        sweep = found["sweep"][known].astype(np.intp)
        count = -(-(parameters["to_ns"] - at) // period_ns)
        value = np.full((count, len(table)), np.nan)
        quality = np.full((count, len(table)), NO_READING, np.uint8)
        value[sweep, rows[known]] = np.ma.filled(found["value"].astype(np.float64), np.nan)[known]
        quality[sweep, rows[known]] = found["quality"][known]
        wall_ns = at + (np.arange(count, dtype=np.int64) + 1) * period_ns
        yield Sweeps(wall_ns=wall_ns, value=value, quality=quality)
