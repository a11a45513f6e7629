"""What is read of a history: of every sweep the newest reading of each tag, in whatever order the file has them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from monitor.replay.history_series import HistoryRefusedError, read_history
from monitor.replay.series import NO_READING, Sweeps, block_of
from monitor.store.history_file import HistoryFile
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from tests.rules.plants import SECOND, START_WALL_NS, table, tag

PLANT = table(tag("LT-101"), tag("XV-101", discrete=True))
NONE = int(NO_READING)
Reading = tuple[float, int, float, int]
"""(seconds after the first, row of the file, value, quality)"""


def recorded(folder: Path, readings: Sequence[Reading]) -> Path:
    file = HistoryFile(folder / "history.duckdb", ["GONE", "LT-101", "XV-101"])
    for after_s, row, value, quality in readings:
        file.append(
            [
                ReadingBatch(
                    device="PLC-1",
                    received_mono_ns=round(after_s * SECOND),
                    received_wall_ns=START_WALL_NS + round(after_s * SECOND),
                    origin=Origin.LIVE,
                    row=np.array([row], np.int32),
                    value=np.array([value]),
                    quality=np.array([quality], np.uint8),
                    status=np.zeros(1, np.uint32),
                    source_time_ns=np.full(1, NO_TIME, np.int64),
                )
            ]
        )
    file.close()
    return folder / "history.duckdb"


def read(path: Path, from_s: float | None = None, to_s: float | None = None) -> list[Sweeps]:
    span = [None if at is None else START_WALL_NS + round(at * SECOND) for at in (from_s, to_s)]
    return list(read_history(path, PLANT, SECOND, *span))


def test_the_newest_of_a_sweep_counts_whenever_it_was_written(tmp_path: Path) -> None:
    path = recorded(
        tmp_path,
        [(0.0, 1, 1.0, 0), (0.9, 1, 3.0, 0), (0.5, 1, 2.0, 1), (0.2, 2, 1.0, 0), (1.5, 0, 9.0, 0), (2.0, 1, 4.0, 0)],
    )
    (sweeps,) = read(path)
    np.testing.assert_array_equal(sweeps.value, [[3.0, 1.0], [np.nan, np.nan], [4.0, np.nan]])
    assert sweeps.quality.tolist() == [[0, 0], [NONE, NONE], [0, NONE]]
    assert (sweeps.wall_ns - START_WALL_NS).tolist() == [SECOND, 2 * SECOND, 3 * SECOND]


def test_a_bad_reading_has_its_own_value_or_none(tmp_path: Path) -> None:
    (sweeps,) = read(recorded(tmp_path, [(0.0, 1, 1.0, 0), (0.5, 1, float("nan"), 2)]))
    np.testing.assert_array_equal(sweeps.value[:, 0], [np.nan])
    assert sweeps.quality[:, 0].tolist() == [2]


def test_a_span_of_it(tmp_path: Path) -> None:
    path = recorded(tmp_path, [(float(at), 1, float(at), 0) for at in range(6)])
    (sweeps,) = read(path, 2.0, 5.0)
    assert sweeps.value[:, 0].tolist() == [2.0, 3.0, 4.0]


def test_a_long_one_comes_in_blocks(tmp_path: Path) -> None:
    most = block_of(len(PLANT))
    path = recorded(tmp_path, [(0.0, 1, 1.0, 0), (most + 1.5, 1, 2.0, 0)])
    blocks = read(path)
    assert [len(block) for block in blocks] == [most, 2]
    assert blocks[1].value[:, 0].tolist()[1] == 2.0


def test_what_cannot_be_played_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HistoryRefusedError, match="no history file"):
        read(tmp_path / "history.duckdb")
    with pytest.raises(HistoryRefusedError, match="no reading"):
        read(recorded(tmp_path, []))
