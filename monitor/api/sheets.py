"""Tables for a spreadsheet: when CSV is asked for, and how it is written so that Excel in China opens it."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import Header, Query
from starlette.responses import Response

from monitor.api.exports import CSV, csv_file, csv_lines
from monitor.api.times import site_time

CSV_ANSWER: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}
"""What a route that also answers with CSV says of it in the OpenAPI document."""
Accept = Annotated[str, Header()]
Language = Annotated[Literal["zh", "en"], Query(description="of the heads and words of the CSV file")]
Column = tuple[str, str]
"""Name of a column in Chinese and English."""


def is_wanted(accept: str) -> bool:
    """Whether text/csv is asked for before JSON."""
    for part in accept.lower().split(","):
        kind = part.split(";")[0].strip()
        if kind in {"application/json", CSV}:
            return kind == CSV
    return False


def moment(wall_ns: int | None, timezone: ZoneInfo) -> str:
    """A cell with a time as people on site read it; empty where there is none."""
    return "" if wall_ns is None else site_time(wall_ns, timezone)


def heads(columns: Sequence[Column], *, english: bool) -> bytes:
    """The row of column names."""
    return csv_lines([[en if english else zh for zh, en in columns]])


def sheet(columns: Sequence[Column], rows: Iterable[Sequence[object]], name: str, *, english: bool) -> Response:
    """One whole table as a CSV file: UTF-8 with a byte order mark, and no cell that starts a formula."""
    return csv_file(heads(columns, english=english) + csv_lines(rows), f"{name}.csv")
