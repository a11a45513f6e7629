"""A recording in CSV: one column a tag (`time,LT-101,...`) or one line a reading (`time,tag,value[,quality]`)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from monitor.plant.mistakes import Mistake, Report
from monitor.plant.source import half_width, read_text
from monitor.replay.csv_cells import Reading, Told, read_long
from monitor.replay.csv_lines import Records
from monitor.replay.csv_wide import WideReader
from monitor.replay.series import NO_READING, Sweeps, block_of
from rules.columns.tags import TagTable

LONG: Final = ("time", "tag", "value", "quality")


def read_csv(path: Path, table: TagTable, report: Report) -> Iterator[Sweeps]:
    """Read a recording; mistakes go to `report`, all of them, and their cells are left out.

    A cell is a number, `12.5?` an uncertain one, `12.5!` or `!` a bad one, empty: nothing was read.  Times are RFC 3339
    or seconds since 1970; lines need not be in order: the newest line of one time wins.
    """
    told = Told(path.name, report)
    records = Records(read_text(path, report) or "", told)
    header = [half_width(cell).strip() for cell in next(records, [])]
    if not header or header[0] != "time":
        zh = "第一列应为 time：列为 time,位号… 或 time,tag,value,quality"
        en = "the first column must be time: columns are time,<tags> or time,tag,value,quality"
        report(Mistake(file=path.name, line=1, column=header[0] if header else "", zh=zh, en=en))
    elif tuple(header) in (LONG, LONG[:3]):
        yield from _sweeps(_long(records, table, told), len(table))
    else:
        yield from WideReader(records, header, table, told).sweeps()


def _long(records: Records, table: TagTable, told: Told) -> Iterator[Reading]:
    for cells in records:
        if any(cells) and not cells[0].startswith("#"):
            yield from read_long(cells, table, records.line, told)


def _sweeps(readings: Iterator[Reading], tags: int) -> Iterator[Sweeps]:
    """Blocks of sweeps, one sweep for each time that occurs."""
    columns = list(zip(*readings, strict=True))
    if not columns:
        return
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
