"""Files of many rows: read page by page, sent while they are read, and never cut without saying so."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from starlette.responses import Response, StreamingResponse

CSV: Final = "text/csv"
BOM: Final = b"\xef\xbb\xbf"
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MOST_ROWS_HEADER: Final = "redline-most-rows"
"""Present where a file holds at most so many rows; one that was cut says in its last row how to go on."""
EXPORT_PAGE = 1000
"""Rows that are in memory at once."""
_Row = TypeVar("_Row")


def defused(cell: object) -> object:
    """A text cell that a spreadsheet would run as a formula gets an apostrophe in front; numbers stay numbers."""
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return "'" + cell
    return cell


def csv_lines(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV in UTF-8, no cell of which starts a formula."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([defused(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def cut_words(rest: str, *, english: bool) -> str:
    """What the last row of a cut file says; `rest` are the parameters that ask for what is missing."""
    if english:
        return f"# cut at the most rows a file holds; go on with {rest}"
    return f"# 行数已达上限，其余记录请用 {rest} 继续导出"


def file_headers(name: str, most: int | None = None) -> dict[str, str]:
    """Headers of a file for a person to keep; `most`: rows that it can hold, None for any number."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return headers if most is None else {**headers, MOST_ROWS_HEADER: str(most)}


def csv_file(content: bytes, name: str, most: int | None = None) -> Response:
    """A CSV file that is there as a whole; the byte order mark is put in front."""
    return Response(BOM + content, media_type=f"{CSV}; charset=utf-8", headers=file_headers(name, most))


async def pages(
    read: Callable[[int, int | None], Awaitable[Sequence[_Row]]],
    number: Callable[[_Row], int],
    before: int | None,
    most: int | None,
) -> AsyncIterator[tuple[Sequence[_Row], bool]]:
    """Pages of up to `most` rows in all, newest first, each with whether it is the last one and more rows were left out.

    `read` answers with at most so many rows whose `number` is below the given one.
    """
    written = 0
    while True:
        size = EXPORT_PAGE if most is None else min(EXPORT_PAGE, most - written)
        rows = await read(size + 1, before)
        page, more = rows[:size], len(rows) > size
        written += len(page)
        full = written == most
        if page:
            before = number(page[-1])
            yield page, more and full
        if not more or full:
            return


async def csv_stream(
    head: bytes,
    chosen: AsyncIterator[tuple[Sequence[_Row], bool]],
    lines: Callable[[Sequence[_Row]], bytes],
    rest: Callable[[_Row], str],
    *,
    english: bool,
) -> AsyncIterator[bytes]:
    """Head and rows in pieces, a piece a page; ends with a row that says so when there would have been more."""
    piece = BOM + head
    async for page, cut in chosen:
        yield piece + await asyncio.to_thread(lines, page)
        piece = csv_lines([[cut_words(rest(page[-1]), english=english)]]) if cut else b""
    if piece:
        yield piece


async def sent_as_read(pieces: AsyncIterator[bytes], headers: Mapping[str, str]) -> StreamingResponse:
    """A CSV file that is sent while the rest of it is read; what fails before its first piece is refused as a whole."""
    first = await anext(pieces)

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return StreamingResponse(all_of_them(), media_type=f"{CSV}; charset=utf-8", headers=dict(headers))
