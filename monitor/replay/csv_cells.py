"""Cells of a recording in CSV one by one, and where is told what is wrong with them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from monitor.plant.mistakes import Mistake, Report
from monitor.plant.record import nearest
from monitor.plant.source import half_width
from rules.columns.quality import Quality
from rules.columns.tags import TagTable

MOST_TOLD: Final = 200
"""Mistakes that are told; a file with more is of another kind."""
QUALITY: Final[Mapping[str, Quality]] = {"good": Quality.GOOD, "uncertain": Quality.UNCERTAIN, "bad": Quality.BAD}
_MARKS: Final[Mapping[str, Quality]] = {"?": Quality.UNCERTAIN, "!": Quality.BAD}
_FURTHEST_NS: Final = 2**63 - 1
"""1677 to 2262: what a column of times can hold."""
Reading = tuple[int, int, float, int]
"""(wall_ns, row, value, quality)"""


class Told:
    """Where mistakes go, with the file they are of."""

    def __init__(self, file: str, report: Report) -> None:
        self.file = file
        self._report = report
        self._count = 0

    def __call__(self, line: int, column: str, zh: str, en: str) -> None:
        """Report a mistake, unless `MOST_TOLD` were reported."""
        self._count += 1
        if self._count <= MOST_TOLD:
            self._report(Mistake(file=self.file, line=line, column=column, zh=zh, en=en))


def row_of(table: TagTable, name: str, line: int, column: str, told: Told) -> int:
    """Row of a tag; -1 and a mistake where the plant has none of that name."""
    row = table.row_of.get(name, -1)
    if row < 0:
        zh, en = nearest(name, table.ids)
        told(line, column, f"没有位号 {name}{zh}", f"there is no tag {name}{en}")
    return row


@lru_cache(maxsize=64)  # one line a reading: those of one moment stand together
def time_ns(cell: str) -> int | None:
    """Unix nanoseconds of RFC 3339 or of seconds since 1970; None where the cell is neither.

    :raises LookupError: a moment without a time zone.
    """
    text = half_width(cell).strip()
    try:
        found = round(float(text) * 1e9)
    except (ValueError, OverflowError):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            raise LookupError(text) from None
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
        found = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
    return found if abs(found) <= _FURTHEST_NS else None


def read_time(cell: str, line: int, told: Told) -> int | None:
    """The time of a line; None and a mistake where it has none."""
    try:
        found = time_ns(cell)
    except LookupError as error:
        text = error.args[0]
        told(line, "time", f"{text} 没有时区：写成 {text}+08:00", f"{text} has no time zone: write {text}+08:00")
        return None
    if found is None:
        text = half_width(cell).strip()
        zh = f"{text!r} 不是时间：RFC 3339 或 1970 年起的秒数"
        told(line, "time", zh, f"{text!r} is no time: RFC 3339 or seconds since 1970")
    return found


def number(cell: str) -> tuple[float, int] | None:
    """(value, quality) of a cell: `12.5`, `12.5?` uncertain, `12.5!` or `!` bad; None where it is no number."""
    text = half_width(cell).strip()
    mark = _MARKS.get(text[-1:], Quality.GOOD)
    digits = text.rstrip("?!").strip()
    if not digits and mark is Quality.BAD:
        return float("nan"), int(Quality.BAD)
    try:
        return float(digits), int(mark)
    except ValueError:
        return None


def read_number(cell: str, line: int, column: str, told: Told) -> tuple[float, int] | None:
    """(value, quality) of a cell; None and a mistake where it is no number."""
    found = number(cell)
    if found is None:
        text = half_width(cell).strip()
        told(line, column, f"{text!r} 不是数字", f"{text!r} is not a number")
    return found


def read_long(cells: list[str], table: TagTable, line: int, told: Told) -> list[Reading]:
    """The reading of a line `time,tag,value[,quality]`; none and a mistake where it has none."""
    wall_ns = read_time(cells[0], line, told)
    if wall_ns is None:
        return []
    if len(cells) < 3:
        told(line, "value", "缺少单元格：time,tag,value", "cells are missing: time,tag,value")
        return []
    row = row_of(table, cells[1].strip(), line, "tag", told)
    read = read_number(cells[2] or "!", line, "value", told)
    if row < 0 or read is None:
        return []
    value, quality = read
    word = cells[3].strip().lower() if len(cells) > 3 else ""
    if word and word not in QUALITY:
        listed = tuple(QUALITY)
        told(line, "quality", f"{word!r} 应为 {'、'.join(listed)}", f"{word!r} must be one of {', '.join(listed)}")
        return []
    return [(wall_ns, row, value, int(QUALITY[word]) if word else quality)]
