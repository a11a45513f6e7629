"""A recording in the service's own history (`history.duckdb` or a copy of it)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt

from monitor.replay.series import NO_READING, Sweeps, block_of
from rules.columns.tags import TagTable

_READINGS: Final = "SELECT time_ns, tag, value, quality FROM reading WHERE time_ns >= $from_ns AND time_ns < $to_ns"


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
        until = min(at + step_ns, end)
        found = connection.execute(_READINGS, {"from_ns": at, "to_ns": until}).fetchnumpy()
        count = -(-(until - at) // period_ns)
        value = np.full((count, len(table)), np.nan)
        quality = np.full((count, len(table)), NO_READING, np.uint8)
        sweep, rows = (found["time_ns"] - at) // period_ns, row_of_key[found["tag"]]
        newest_last = _in_order(found["time_ns"], rows >= 0)
        # of several readings of a tag in one sweep the last one stays
        place = sweep[newest_last] * len(table) + rows[newest_last]
        value.reshape(-1)[place] = np.ma.filled(found["value"].astype(np.float64), np.nan)[newest_last]
        quality.reshape(-1)[place] = found["quality"][newest_last]
        wall_ns = at + (np.arange(count, dtype=np.int64) + 1) * period_ns
        yield Sweeps(wall_ns=wall_ns, value=value, quality=quality)


def _in_order(time_ns: npt.NDArray[np.int64], known: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Where the readings of tags that are known stand, by time; the file mostly has them so."""
    at = np.flatnonzero(known)
    times = time_ns[at]
    return at if bool((times[1:] >= times[:-1]).all()) else at[np.argsort(times, kind="stable")]
