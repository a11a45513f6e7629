"""Many lines at once say what a reader says that looks at every cell."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.plant.mistakes import Mistake
from monitor.replay import csv_lines
from monitor.replay.csv_series import read_csv
from monitor.replay.decimals import LONGEST, decimals
from monitor.replay.plain_lines import plain_lines
from monitor.replay.series import NO_READING
from rules.columns.quality import Quality
from tests.monitor.replay.csv_oracle import Readings, Wrong, read_wide
from tests.rules.plants import table, tag

IDS: Final = ("LT-101", "PT-201", "TT-301", "XV-101")
PLANT: Final = table(*(tag(name) for name in IDS))
ODD: Final = (
    "", " ", "!", "?", "0!", "12.5?", "7!!", "nan", "inf", "-inf", "1e400", "１２.５", "-0", "+.5", "5.", ".", "-", "1_0",
    "1.2.3", "12.345678901234567", "9007199254740993", "0000000000000000000.5", "high", '"4"', '""', '"a\nb"', '"1,2"', '"',
    '"7?"', 'x"y', '"5"6', ' "5"', "　", "\x01", "1 2", "1-2", "é",
)  # fmt: skip
TIMES: Final = (
    "1767225600", "1767225600.25", "1767225601", "2026-01-01T00:00:00Z", "2026-01-01T08:00:01+08:00", "2026-01-01T00:00:00.5Z",
    "2026-01-01T00:00:00", "", "yesterday", "1e300", "9999-12-31T00:00:00Z",
    "１７６７２２５６０２", '"1767225603"', "# note", '"', " 1767225604 ",
)  # fmt: skip
numbers = st.floats(-1e6, 1e6).map(lambda value: f"{value:.3f}")
cells = numbers | numbers | st.integers(-100, 100).map(str) | st.sampled_from(ODD)
headers = st.lists(st.sampled_from((*IDS, "LT-102")), min_size=1, max_size=5) | st.permutations(IDS)


@st.composite
def files(draw: st.DrawFn) -> str:
    """Mostly right lines, some of another length, some wrong; their ends are those of three systems."""
    header = draw(headers)
    width = st.just(len(header)) | st.just(len(header)) | st.integers(0, len(header) + 1)
    lines = [",".join(["time", *header])]
    for _ in range(draw(st.integers(0, 12))):
        at = draw(st.integers(1_767_225_600, 1_767_225_610).map(str) | st.sampled_from(TIMES))
        count = draw(width)
        lines.append(
            ",".join([at, *draw(st.lists(cells if draw(st.booleans()) else numbers, min_size=count, max_size=count))])
        )
    end = draw(st.sampled_from(("\n", "\n", "\r\n", "\r")))
    return end.join(lines) + draw(st.sampled_from(("", end)))


def read(text: str, piece: int) -> tuple[Readings, list[Wrong]]:
    """What `read_csv` makes of a text that it takes in pieces of so many bytes."""
    mistakes: list[Mistake] = []
    found: Readings = {}
    with TemporaryDirectory() as folder, patch.object(csv_lines, "_PIECE", piece):
        path = Path(folder) / "recording.csv"
        path.write_bytes(text.encode())
        for sweeps in read_csv(path, PLANT, mistakes.append):
            for at, value, quality in zip(sweeps.wall_ns.tolist(), sweeps.value, sweeps.quality, strict=True):
                assert at not in found
                assert np.isnan(value[quality == NO_READING]).all()
                rows = np.flatnonzero(quality != NO_READING).tolist()
                found[at] = {row: (float(value[row]), int(quality[row])) for row in rows}
    assert list(found) == sorted(found)
    return found, [Wrong(item.line, item.column, item.en) for item in mistakes]


def told(readings: Readings) -> dict[int, dict[int, tuple[str, int]]]:
    """The same to compare: NaN equals NaN, and -0.0 is not 0.0."""
    return {at: {row: (repr(value), quality) for row, (value, quality) in of.items()} for at, of in readings.items()}


def check(text: str, piece: int) -> None:
    readings, wrong = read(text, piece)
    slow, slow_wrong = read_wide(text, PLANT)
    assert told(readings) == told(slow)
    assert wrong == slow_wrong


@given(text=files(), piece=st.integers(1, 400))
@settings(max_examples=50)
def test_any_file_is_read_as_cell_by_cell(text: str, piece: int) -> None:
    check(text, piece)


@pytest.mark.soak
@given(text=files(), piece=st.integers(1, 400))
@settings(max_examples=10_000)
def test_any_file_is_read_as_cell_by_cell_soak(text: str, piece: int) -> None:
    check(text, piece)


def test_a_line_that_is_read_at_once_needs_no_reader_of_csv() -> None:
    content = b'1767225600,1.5,-2\r\n2026-01-01T00:00:01Z,,0.5?\n"1767225602","3",""\n1,2\n1767225603,!,nan'
    lines = plain_lines(content, 3)
    assert lines.is_plain.tolist() == [True, True, True, False, True]
    assert lines.size.tolist() == [len(line) for line in content.splitlines(keepends=True)]
    start_ns = 1_767_225_600_000_000_000
    assert lines.wall_ns[lines.is_plain].tolist() == [start_ns + second * 10**9 for second in range(4)]
    good, uncertain, bad, nothing = int(Quality.GOOD), int(Quality.UNCERTAIN), int(Quality.BAD), int(NO_READING)
    assert lines.quality[lines.is_plain].tolist() == [[good, good], [nothing, uncertain], [good, nothing], [bad, good]]
    np.testing.assert_array_equal(
        lines.value[lines.is_plain], [[1.5, -2.0], [math.nan, 0.5], [3.0, math.nan], [math.nan, math.nan]]
    )


@pytest.mark.parametrize(
    "line", [b"1,2,high", b'1,"2,3"', b'1,2,"', b'1,""" """,4', b"# 1,2,3", b"x,2,3", b"1,2,3,4", b"", b"1,2"]
)
def test_what_is_unusual_is_left_to_the_reader_of_csv(line: bytes) -> None:
    lines = plain_lines(b"1,2,3\n" + line + b"\n4,5,6\n", 3)
    assert lines.is_plain.tolist() == [True, False, True]


def test_a_quoted_cell_goes_on_over_pieces_and_the_lines_behind_it_are_read() -> None:
    text = 'time,LT-101,PT-201\n1,2,3\n2,"4\n5,6\n7",8\n9,10,11\n'
    for piece in range(1, 60):
        readings, wrong = read(text, piece)
        assert readings == {
            10**9: {0: (2.0, 0), 1: (3.0, 0)},
            2 * 10**9: {1: (8.0, 0)},
            9 * 10**9: {0: (10.0, 0), 1: (11.0, 0)},
        }
        assert [(item.line, item.column) for item in wrong] == [(5, "LT-101")]


def test_a_quote_that_never_ends_is_told() -> None:
    text = 'time,LT-101\n1,2\n2,"' + "3" * 200_000
    readings, wrong = read(text, 1 << 19)
    assert readings == {10**9: {0: (2.0, 0)}}
    ((line, column, words),) = wrong
    assert (line, column) == (3, "")
    assert "broken quoting" in words


def decimals_of(texts: list[str]) -> tuple[list[float], list[bool]]:
    whole = np.frombuffer((",".join(texts) + "," * (LONGEST + 1)).encode(), np.uint8)
    length = np.array([len(text) for text in texts], np.intp)
    value, known = decimals(whole, np.concatenate([[0], np.cumsum(length + 1)[:-1]]).astype(np.intp), length)
    return value.tolist(), known.tolist()


@given(texts=st.lists(st.from_regex(r"[+-]?[0-9]{0,18}\.?[0-9]{0,18}", fullmatch=True), min_size=1))
@settings(max_examples=50)
def test_a_decimal_is_what_float_says_or_is_left_to_it(texts: list[str]) -> None:
    for text, value, known in zip(texts, *decimals_of(texts), strict=True):
        if known:
            assert (value, math.copysign(1.0, value)) == (float(text), math.copysign(1.0, float(text))), text
        else:
            short = len(text) <= 16 and sum(sign.isdigit() for sign in text) <= 15
            assert not short or not any(sign.isdigit() for sign in text), text


@pytest.mark.parametrize(
    "text", ["", "-", ".", "+.", "1-2", "1e5", "1.2.3", "--1", "1_0", "x", " 1", "9007199254740993", "0" * 19]
)
def test_what_is_no_plain_decimal_is_left_to_float(text: str) -> None:
    assert decimals_of(["1", text, "2.5"])[1] == [True, False, True]
