"""Lines of a wide recording that need no reader of CSV: as many cells as columns, a number or nothing in each; all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from monitor.replay.csv_cells import number, time_ns
from monitor.replay.decimals import LONGEST, decimals
from monitor.replay.series import NO_READING
from rules.columns.quality import Quality

_COMMA, _NEW_LINE, _RETURN, _QUOTE = (np.uint8(ord(sign)) for sign in ',\n\r"')
_Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainLines:
    """A piece of text line by line; what a line says counts where it is plain."""

    size: _Places
    """Bytes of each line, with its end."""
    is_plain: npt.NDArray[np.bool_]
    wall_ns: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    """Shape (lines, columns behind the time)."""
    quality: npt.NDArray[np.uint8]
    """The same shape: Quality, or NO_READING."""


def plain_lines(content: bytes, columns: int) -> PlainLines:
    """Read a piece that begins with a line and holds whole ones; `columns` counts the time, and is 2 or more.

    Its lines end by line feeds, with carriage returns nowhere but before those.
    """
    whole = content if content.endswith(b"\n") else content + b"\n"
    text = np.frombuffer(whole + b"\n" * (LONGEST + 1), np.uint8)
    ends = np.flatnonzero((text[: len(whole)] == _COMMA) | (text[: len(whole)] == _NEW_LINE))
    last = np.flatnonzero(text[ends] == _NEW_LINE)  # of the cells of each line
    cells = np.diff(last, prepend=-1)
    count = len(last)
    lines = PlainLines(
        size=np.diff(np.minimum(ends[last] + 1, len(content)), prepend=0),
        is_plain=cells == columns,
        wall_ns=np.zeros(count, np.int64),
        value=np.full((count, columns - 1), np.nan),
        quality=np.full((count, columns - 1), NO_READING, np.uint8),
    )
    candidates = np.flatnonzero(lines.is_plain)
    if candidates.size:
        cell = last[candidates, np.newaxis] + np.arange(1 - columns, 1)
        start, end = np.where(cell > 0, ends[cell - 1] + 1, 0), ends[cell]
        _read(whole, text, (start, end), candidates, lines)
    return lines


def _read(
    content: bytes, text: npt.NDArray[np.uint8], cells: tuple[_Places, _Places], into: _Places, lines: PlainLines
) -> None:
    """Fill in the lines `into` whose cells stand at (start, end); those that are not plain after all are marked."""
    start, end = cells
    end[:, -1] -= text[end[:, -1] - 1] == _RETURN  # a line of two cells and more does not begin with its end
    if b'"' in content:
        quoted = (end - start >= 2) & (text[start] == _QUOTE) & (text[end - 1] == _QUOTE)
        start, end = start + quoted, end - quoted
    for line, first, behind in zip(into.tolist(), start[:, 0].tolist(), end[:, 0].tolist(), strict=True):
        wall_ns = _moment(content[first:behind])
        lines.is_plain[line] = wall_ns is not None
        lines.wall_ns[line] = wall_ns or 0
    start, end = start[:, 1:], end[:, 1:]
    flat = np.ascontiguousarray(start).reshape(-1)
    length = (end - start).reshape(-1)
    value, known = decimals(text, flat, length)
    quality = np.where(known, np.uint8(Quality.GOOD), NO_READING)
    odd = np.flatnonzero(~known & (length > 0))
    of = np.ones(len(into), np.bool_)
    value[odd], quality[odd], sound = _odd_cells(content, flat[odd], length[odd])
    of[odd[~sound] // start.shape[1]] = False
    value[quality == NO_READING] = np.nan
    lines.value[into], lines.quality[into] = value.reshape(start.shape), quality.reshape(start.shape)
    lines.is_plain[into] &= of


def _odd_cells(
    content: bytes, start: _Places, length: _Places
) -> tuple[Sequence[float], Sequence[int], npt.NDArray[np.bool_]]:
    """(values, qualities, whether they could be read) of cells that are no plain decimals."""
    found = [
        _cell(content[first : first + count]) for first, count in zip(start.tolist(), length.tolist(), strict=True)
    ]
    read = [each or (np.nan, int(NO_READING)) for each in found]
    sound = np.array([each is not None for each in found], np.bool_)
    return [value for value, _ in read], [quality for _, quality in read], sound


@lru_cache(maxsize=4096)  # what is odd stands again and again: `!`, `0?`
def _cell(cell: bytes) -> tuple[float, int] | None:
    """(value, quality) of one cell, NO_READING of a blank one; None where a reader of CSV must look at it."""
    try:
        return float(cell), int(Quality.GOOD)
    except ValueError:
        pass
    if b'"' in cell:
        return None
    text = cell.decode()
    return number(text) if text.strip() else (np.nan, int(NO_READING))


def _moment(cell: bytes) -> int | None:
    """The time of a line; None where a reader of CSV must look at it."""
    if b'"' in cell or cell.startswith(b"#"):
        return None
    try:
        return time_ns(cell.decode())
    except LookupError:
        return None
