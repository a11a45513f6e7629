"""A recording with one column a tag: many plain lines at once, line after line where something is unusual."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.replay.csv_cells import Told, read_number, read_time, row_of
from monitor.replay.csv_lines import Records
from monitor.replay.plain_lines import PlainLines, plain_lines
from monitor.replay.series import NO_READING, Sweeps, block_of
from rules.columns.tags import TagTable


class _Piece(NamedTuple):
    """Lines in their order: length t, and of shape (t, columns)."""

    wall_ns: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]

    def part(self, lines: slice | npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "_Piece":
        """Some of them."""
        return _Piece(self.wall_ns[lines], self.value[lines], self.quality[lines])


class WideReader:
    """Reads what stands behind the header."""

    def __init__(self, records: Records, header: Sequence[str], table: TagTable, told: Told) -> None:
        self._records = records
        self._header = header
        self._told = told
        self._tags = len(table)
        rows = [row_of(table, name, 1, name, told) for name in header[1:]]
        self._rows = list(dict.fromkeys(row for row in rows if row >= 0))
        place = {row: at for at, row in enumerate(self._rows)}
        self._place = [place.get(row, -1) for row in rows]
        """Where a column goes; of several columns of one tag the last that says something counts."""
        self._may_be_plain = records.lines_have_one_end and 0 < len(rows) == len(self._rows)

    def sweeps(self) -> Iterator[Sweeps]:
        """Blocks of sweeps, one sweep for each time that occurs."""
        pieces = list(self._pieces())
        if not pieces:
            return
        whole = _in_order(_Piece(*map(np.concatenate, zip(*pieces, strict=True))))
        pieces.clear()
        block = block_of(self._tags)
        for first in range(0, len(whole.wall_ns), block):
            here = whole.part(slice(first, first + block))
            value = np.full((len(here.wall_ns), self._tags), np.nan)
            quality = np.full(value.shape, NO_READING, np.uint8)
            value[:, self._rows], quality[:, self._rows] = here.value, here.quality
            yield Sweeps(wall_ns=here.wall_ns, value=value, quality=quality)

    def _pieces(self) -> Iterator[_Piece]:
        while not self._records.are_over:
            if self._may_be_plain:
                yield from self._plain(plain_lines(self._records.whole_lines(), len(self._header)))
            else:
                yield from self._record()

    def _plain(self, lines: PlainLines) -> Iterator[_Piece]:
        """Runs of plain lines as they are; a record that is not plain may go on over several lines, and over the last one."""
        turns = np.append(np.flatnonzero(np.diff(lines.is_plain)) + 1, len(lines.size))
        at = 0
        while at < len(lines.size):
            if not lines.is_plain[at]:
                before = self._records.line
                yield from self._record()
                at += self._records.line - before
                continue
            behind = int(turns[np.searchsorted(turns, at, "right")])
            run = slice(at, behind)
            self._records.skip(int(lines.size[run].sum()), behind - at)
            yield _Piece(lines.wall_ns[run], lines.value[run], lines.quality[run])
            at = behind

    def _record(self) -> Iterator[_Piece]:
        """The next record cell by cell; nothing where it is empty, a comment or without a time."""
        cells = next(self._records, [])
        line = self._records.line
        if not any(cells) or cells[0].startswith("#"):
            return
        wall_ns = read_time(cells[0], line, self._told)
        if wall_ns is None:
            return
        if len(cells) > len(self._header):
            zh = f"有 {len(cells)} 个单元格，只有 {len(self._header)} 列"
            self._told(line, "", zh, f"has {len(cells)} cells for {len(self._header)} columns")
        value, quality = np.full(len(self._rows), np.nan), np.full(len(self._rows), NO_READING, np.uint8)
        for cell, place, name in zip(cells[1:], self._place, self._header[1:], strict=False):
            if place >= 0 and cell.strip():
                read = read_number(cell, line, name, self._told)
                if read is not None:
                    value[place], quality[place] = read
        yield _Piece(np.array([wall_ns]), value[np.newaxis], quality[np.newaxis])


def _in_order(lines: _Piece) -> _Piece:
    """Lines that say something by time, those of one time put into one: what a later one says counts."""
    speaking = (lines.quality != NO_READING).any(axis=1)
    if not bool(speaking.all()):
        lines = lines.part(speaking)
    if bool((lines.wall_ns[1:] > lines.wall_ns[:-1]).all()):
        return lines
    lines = lines.part(np.argsort(lines.wall_ns, kind="stable"))
    wall_ns, value, quality = lines
    new = np.append(True, wall_ns[1:] != wall_ns[:-1])
    if bool(new.all()):
        return lines
    begin = np.flatnonzero(new)
    said = quality != NO_READING
    # the last line that says something of a tag among those of one time
    newest = np.maximum.reduceat(np.where(said, np.arange(len(wall_ns))[:, np.newaxis], -1), begin, axis=0)
    known = newest >= 0
    value = np.where(known, np.take_along_axis(value, np.maximum(newest, 0), axis=0), np.nan)
    quality = np.where(known, np.take_along_axis(quality, np.maximum(newest, 0), axis=0), NO_READING)
    return _Piece(wall_ns[begin], value, quality)
