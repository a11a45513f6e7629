"""A recording in CSV read cell by cell with nothing but `csv`: what every quicker reader must come to."""

import csv
import io
import math
from datetime import datetime
from typing import NamedTuple

from monitor.plant.record import nearest
from monitor.plant.source import half_width
from rules.columns.quality import Quality
from rules.columns.tags import TagTable

Readings = dict[int, dict[int, tuple[float, int]]]
"""Unix nanoseconds -> row -> (value, quality)."""


class Wrong(NamedTuple):
    """A mistake without the name of its file."""

    line: int
    column: str
    en: str


def read_wide(text: str, table: TagTable) -> tuple[Readings, list[Wrong]]:
    """Readings and mistakes of a recording with one column a tag, whose header is in order."""
    found: Readings = {}
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [half_width(cell).strip() for cell in next(reader)]
    wrong = [
        Wrong(1, name, f"there is no tag {name}{nearest(name, table.ids)[1]}")
        for name in header[1:]
        if name not in table.row_of
    ]
    for cells in reader:
        if not any(cells) or cells[0].startswith("#"):
            continue
        try:
            wall_ns = _time(half_width(cells[0]).strip())
        except ValueError as error:
            wrong.append(Wrong(reader.line_num, "time", str(error)))
            continue
        if len(cells) > len(header):
            wrong.append(Wrong(reader.line_num, "", f"has {len(cells)} cells for {len(header)} columns"))
        for name, cell in zip(header[1:], cells[1:], strict=False):
            if name not in table.row_of or not cell.strip():
                continue
            try:
                found.setdefault(wall_ns, {})[table.row_of[name]] = _cell(half_width(cell).strip())
            except ValueError as error:
                wrong.append(Wrong(reader.line_num, name, str(error)))
    return {at: row for at, row in found.items() if row}, wrong


def _time(text: str) -> int:
    try:
        seconds = float(text)
        if abs(seconds) < 9.2e9:
            return round(seconds * 1e9)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time: RFC 3339 or seconds since 1970") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone: write {text}+08:00")
    if not 1700 < moment.year < 2250:
        raise ValueError(f"{text!r} is no time: RFC 3339 or seconds since 1970")
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000


def _cell(text: str) -> tuple[float, int]:
    digits = text.rstrip("?!").strip()
    quality = {"!": Quality.BAD, "?": Quality.UNCERTAIN}.get(text[-1:], Quality.GOOD)
    if not digits and quality is Quality.BAD:
        return math.nan, int(quality)
    try:
        return float(digits), int(quality)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
