"""Recordings in CSV, and what is said of a wrong cell."""

from pathlib import Path

import numpy as np
import pytest

from monitor.plant.mistakes import Mistake
from monitor.replay.csv_series import read_csv
from monitor.replay.series import NO_READING, Sweeps, block_of
from rules.columns.quality import Quality
from tests.rules.plants import table, tag

PLANT = table(tag("LT-101"), tag("XV-101", discrete=True))
DAY_NS = 1_767_225_600 * 1_000_000_000
"""2026-01-01 in UTC."""


def read(folder: Path, text: str, encoding: str = "utf-8") -> tuple[list[Sweeps], list[Mistake]]:
    path = folder / "recording.csv"
    path.write_bytes(text.encode(encoding))
    mistakes: list[Mistake] = []
    return list(read_csv(path, PLANT, mistakes.append)), mistakes


def test_one_column_a_tag(tmp_path: Path) -> None:
    blocks, mistakes = read(
        tmp_path, "time,LT-101,XV-101\n2026-01-01T00:00:00Z,12.5,1\n2026-01-01T08:00:01+08:00,9?,\n1767225602,!,0!\n"
    )
    assert mistakes == []
    (block,) = blocks
    assert block.wall_ns.tolist() == [DAY_NS, DAY_NS + 10**9, DAY_NS + 2 * 10**9]
    np.testing.assert_array_equal(block.value, [[12.5, 1.0], [9.0, np.nan], [np.nan, 0.0]])
    good, uncertain, bad = int(Quality.GOOD), int(Quality.UNCERTAIN), int(Quality.BAD)
    assert block.quality.tolist() == [[good, good], [uncertain, int(NO_READING)], [bad, bad]]


def test_one_line_a_reading_in_any_order_the_newest_line_of_a_time_wins(tmp_path: Path) -> None:
    blocks, mistakes = read(
        tmp_path,
        "time,tag,value,quality\n1767225602,LT-101,3,uncertain\n1767225600,LT-101,1,\n1767225600,LT-101,2,good\n"
        "1767225600,XV-101,1,bad\n",
    )
    assert mistakes == []
    (block,) = blocks
    np.testing.assert_array_equal(block.value, [[2.0, 1.0], [3.0, np.nan]])
    assert block.quality.tolist() == [[0, int(Quality.BAD)], [int(Quality.UNCERTAIN), int(NO_READING)]]


def test_what_excel_in_china_saves_is_read(tmp_path: Path) -> None:
    blocks, mistakes = read(tmp_path, "time,LT-101\n# 注释\n1767225600,１２.５\n\n", "gb18030")
    assert mistakes == []
    assert blocks[0].value[0, 0] == 12.5


def test_a_long_recording_comes_in_blocks(tmp_path: Path) -> None:
    most = block_of(len(PLANT))
    lines = "".join(f"{1767225600 + second},{second}\n" for second in range(most + 3))
    blocks, mistakes = read(tmp_path, f"time,LT-101\n{lines}")
    assert mistakes == []
    assert [len(block) for block in blocks] == [most, 3]
    assert blocks[1].value[:, 0].tolist() == [most, most + 1, most + 2]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("when,LT-101\n", 1, "when", "first column must be time"),
        ("", 1, "", "first column must be time"),
        ("time,LT-102\n1,2\n", 1, "LT-102", "did you mean LT-101"),
        ("time,LT-101\nyesterday,2\n", 2, "time", "is no time"),
        ("time,LT-101\n2026-01-01T00:00:00,2\n", 2, "time", "no time zone"),
        ("time,LT-101\n1,high\n", 2, "LT-101", "not a number"),
        ("time,LT-101\n1,2,3\n", 2, "", "3 cells for 2 columns"),
        ("time,tag,value\n1,LT-999,2\n", 2, "tag", "no tag LT-999"),
        ("time,tag,value\n1,LT-101\n", 2, "value", "cells are missing"),
        ("time,tag,value,quality\n1,LT-101,2,fine\n", 2, "quality", "must be one of good"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, text: str, line: int, column: str, words: str) -> None:
    _, mistakes = read(tmp_path, text)
    assert any((item.line, item.column) == (line, column) and words in item.en for item in mistakes), mistakes


def test_every_mistake_is_told_and_the_good_lines_are_kept(tmp_path: Path) -> None:
    blocks, mistakes = read(tmp_path, "time,LT-101\n1767225600,a\n1767225601,2\n1767225602,b\n")
    assert [item.line for item in mistakes] == [2, 4]
    assert [block.value[:, 0].tolist() for block in blocks] == [[2.0]]
