"""Tables for a spreadsheet: when CSV is asked for, and how it is written so that Excel in China opens it."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import Header, Query
from starlette.responses import Response

from monitor.api.journal_csv import BOM, defused
from monitor.api.times import site_time

CSV: Final = "text/csv"
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


def sheet(columns: Sequence[Column], rows: Iterable[Sequence[object]], name: str, *, english: bool) -> Response:
    """One table as a CSV file: UTF-8 with a byte order mark, and no cell that starts a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([en if english else zh for zh, en in columns])
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return Response(
        BOM + text.getvalue().encode("utf-8", "replace"),
        media_type=f"{CSV}; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )
