"""A recording in CSV: one column a tag (`time,LT-101,...`) or one line a reading (`time,tag,value[,quality]`)."""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import Final

import numpy as np

from monitor.plant.mistakes import Mistake, Report
from monitor.plant.record import nearest
from monitor.plant.source import half_width, read_text
from monitor.replay.series import NO_READING, Sweeps, block_of
from rules.columns.quality import Quality
from rules.columns.tags import TagTable

MOST_TOLD: Final = 200
"""Mistakes that are told; a file with more is of another kind."""
QUALITY: Final[Mapping[str, Quality]] = {"good": Quality.GOOD, "uncertain": Quality.UNCERTAIN, "bad": Quality.BAD}
LONG: Final = ("time", "tag", "value", "quality")
_GOOD: Final = int(Quality.GOOD)
_Reading = tuple[int, int, float, int]
"""(wall_ns, row, value, quality)"""


def read_csv(path: Path, table: TagTable, report: Report) -> Iterator[Sweeps]:
    """Read a recording; mistakes go to `report`, all of them, and their cells are left out.

    A cell is a number, `12.5?` an uncertain one, `12.5!` or `!` a bad one, empty: nothing was read.  Times are RFC 3339
    or seconds since 1970; lines need not be in order: the newest line of one time wins.
    """
    text = read_text(path, report)
    lines = csv.reader(io.StringIO(text or "", newline=""))
    header = [half_width(cell).strip() for cell in next(lines, [])]
    if not header or header[0] != "time":
        zh = "第一列应为 time：列为 time,位号… 或 time,tag,value,quality"
        en = "the first column must be time: columns are time,<tags> or time,tag,value,quality"
        report(Mistake(file=path.name, line=1, column=header[0] if header else "", zh=zh, en=en))
        return
    told = _Told(path.name, report)
    long = tuple(header) in (LONG, LONG[:3])
    rows = [] if long else [_row(table, name, 1, name, told) for name in header[1:]]
    readings: list[_Reading] = []
    for cells in lines:
        line = lines.line_num
        if not any(cells) or cells[0].startswith("#"):
            continue
        wall_ns = _time(cells[0], line, told)
        if wall_ns is None:
            continue
        if long:
            readings += _long(cells, wall_ns, table, line, told)
        else:
            readings += _wide(cells, header, rows, wall_ns, line, told)
    yield from sweeps_of(readings, len(table))


def sweeps_of(readings: list[_Reading], tags: int) -> Iterator[Sweeps]:
    """Blocks of sweeps, one sweep for each time that occurs."""
    if not readings:
        return
    columns = list(zip(*readings, strict=True))
    at, row = np.array(columns[0], np.int64), np.array(columns[1], np.int32)
    value, quality = np.array(columns[2], np.float64), np.array(columns[3], np.uint8)
    times, sweep = np.unique(at, return_inverse=True)
    order = np.argsort(sweep, kind="stable")  # lines of one time keep their order: the last one wins
    sweep, row, value, quality = sweep[order], row[order], value[order], quality[order]
    block = block_of(tags)
    for first in range(0, len(times), block):
        here = times[first : first + block]
        inside = slice(*np.searchsorted(sweep, (first, first + len(here))).tolist())
        values = np.full((len(here), tags), np.nan)
        qualities = np.full((len(here), tags), NO_READING, np.uint8)
        values[sweep[inside] - first, row[inside]] = value[inside]
        qualities[sweep[inside] - first, row[inside]] = quality[inside]
        yield Sweeps(wall_ns=here, value=values, quality=qualities)


class _Told:
    """Where mistakes go, with the file they are of."""

    def __init__(self, file: str, report: Report) -> None:
        self.file = file
        self._report = report
        self._count = 0

    def __call__(self, line: int, column: str, zh: str, en: str) -> None:
        self._count += 1
        if self._count <= MOST_TOLD:
            self._report(Mistake(file=self.file, line=line, column=column, zh=zh, en=en))


def _row(table: TagTable, name: str, line: int, column: str, told: _Told) -> int:
    row = table.row_of.get(name, -1)
    if row < 0:
        zh, en = nearest(name, table.ids)
        told(line, column, f"没有位号 {name}{zh}", f"there is no tag {name}{en}")
    return row


def _time(cell: str, line: int, told: _Told) -> int | None:
    text = half_width(cell).strip()
    try:
        return round(float(text) * 1e9)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        told(
            line,
            "time",
            f"{text!r} 不是时间：RFC 3339 或 1970 年起的秒数",
            f"{text!r} is no time: RFC 3339 or seconds since 1970",
        )
        return None
    if moment.tzinfo is None:
        told(line, "time", f"{text} 没有时区：写成 {text}+08:00", f"{text} has no time zone: write {text}+08:00")
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def _wide(cells: list[str], header: list[str], rows: list[int], wall_ns: int, line: int, told: _Told) -> list[_Reading]:
    if len(cells) == len(header) and min(rows, default=0) >= 0:
        with suppress(ValueError):  # a mark, an empty cell: cell by cell
            return list(zip(repeat(wall_ns), rows, map(float, cells[1:]), repeat(_GOOD), strict=False))
    if len(cells) > len(header):
        told(
            line,
            "",
            f"有 {len(cells)} 个单元格，只有 {len(header)} 列",
            f"has {len(cells)} cells for {len(header)} columns",
        )
    found: list[_Reading] = []
    for cell, row, name in zip(cells[1:], rows, header[1:], strict=False):
        if row >= 0 and cell.strip():
            read = _cell(cell, line, name, told)
            if read is not None:
                found.append((wall_ns, row, *read))
    return found


def _long(cells: list[str], wall_ns: int, table: TagTable, line: int, told: _Told) -> list[_Reading]:
    if len(cells) < 3:
        told(line, "value", "缺少单元格：time,tag,value", "cells are missing: time,tag,value")
        return []
    row = _row(table, cells[1].strip(), line, "tag", told)
    read = _cell(cells[2] or "!", line, "value", told)
    if row < 0 or read is None:
        return []
    value, quality = read
    if len(cells) > 3 and cells[3].strip():
        word = cells[3].strip().lower()
        if word not in QUALITY:
            told(
                line, "quality", f"{word!r} 应为 {'、'.join(QUALITY)}", f"{word!r} must be one of {', '.join(QUALITY)}"
            )
            return []
        quality = int(QUALITY[word])
    return [(wall_ns, row, value, quality)]


def _cell(cell: str, line: int, column: str, told: _Told) -> tuple[float, int] | None:
    text = half_width(cell).strip()
    mark = {"?": Quality.UNCERTAIN, "!": Quality.BAD}.get(text[-1:], Quality.GOOD)
    number = text.rstrip("?!").strip()
    if not number and mark is Quality.BAD:
        return float("nan"), int(Quality.BAD)
    try:
        return float(number), int(mark)
    except ValueError:
        told(line, column, f"{text!r} 不是数字", f"{text!r} is not a number")
        return None
