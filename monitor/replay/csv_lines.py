"""The records of a CSV text, one after the other or passed over as whole lines that somebody reads at once."""

import csv
import re
from collections.abc import Iterator
from typing import Final, Self

from monitor.replay.csv_cells import Told

_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)?")
_LONE_RETURN: Final = re.compile(rb"\r(?!\n)")
_PIECE: Final = 1 << 19
"""Bytes that are taken at once: what is made of them stays beside the processor."""


class Records:
    """Iterates over records; a quoted cell may go on over several lines."""

    def __init__(self, text: str, told: Told) -> None:
        self._content = text.encode()
        self._told = told
        self._at = 0
        self._reader = csv.reader(self._lines())
        self.line = 0
        """Of the record that was read last, where it ends; from 1."""
        self.lines_have_one_end = b"\r" not in self._content or not _LONE_RETURN.search(self._content)
        """Every line ends by a line feed, with or without a carriage return before it."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> list[str]:
        try:
            return next(self._reader)
        except csv.Error as error:  # a cell without an end: nothing behind it can be told apart
            zh = f"引号不配对：{error}；单元格内的引号要写成两个"
            self._told(self.line, "", zh, f"broken quoting: {error}; a quote inside a cell is written twice")
            self._at = len(self._content)
            raise StopIteration from None

    @property
    def are_over(self) -> bool:
        """Nothing is left."""
        return self._at >= len(self._content)

    def whole_lines(self) -> bytes:
        """Lines from here on, at least one if any is left; they stay until they are skipped.  Only where `lines_have_one_end`."""
        end = self._content.rfind(b"\n", self._at, self._at + _PIECE) + 1
        if not end:
            end = self._content.find(b"\n", self._at) + 1 or len(self._content)
        return self._content[self._at : end]

    def skip(self, size: int, lines: int) -> None:
        """Pass over so many bytes, which are so many whole lines."""
        self._at += size
        self.line += lines

    def _lines(self) -> Iterator[str]:
        while not self.are_over:
            found = _LINE.match(self._content, self._at)
            assert found is not None  # it matches an empty line
            self.skip(len(found[0]), 1)
            yield found[0].decode()
