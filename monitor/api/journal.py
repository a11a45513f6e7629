"""`/journal`: what happened, newest first, by cursor; as CSV for a spreadsheet when that is asked for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from monitor.alarms.record import JournalRow
from monitor.api import dto
from monitor.api.caller import require
from monitor.api.context import Context, Here
from monitor.api.journal_csv import BOM, csv_header, csv_lines, csv_note
from monitor.api.parameters import AlarmId, Moment
from monitor.api.problems import speaks_english
from monitor.api.times import rfc3339, wall_ns

router = APIRouter(tags=["journal"], dependencies=[Depends(require("journal.read"))])
CSV_PAGE = 1000
CSV_MOST_ROWS = 100_000


Limit = Annotated[
    int | None,
    Query(ge=1, le=CSV_MOST_ROWS, description="100 if not given; a page holds at most 1000 rows, a CSV 100000"),
]
After = Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$", description="`next` of the page before")]


@router.get(
    "/journal",
    response_model=dto.JournalPage,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def list_journal(
    here: Here,
    request: Request,
    start: Annotated[Moment | None, Query(alias="from")] = None,
    end: Annotated[Moment | None, Query(alias="to")] = None,
    alarm_id: AlarmId = None,
    limit: Limit = None,
    after: After = None,
) -> Response:
    """Journal rows, newest first; `Accept: text/csv` answers with one CSV of up to 100 000 rows."""
    window = Window(
        here,
        None if start is None else wall_ns(start),
        None if end is None else wall_ns(end),
        alarm_id,
    )
    before_seq = None if after is None else int(after)
    if wants_csv(request.headers.get("accept", "")):
        english = speaks_english(request.headers.get("accept-language", ""), here.plant.language)
        return StreamingResponse(
            csv_stream(window, before_seq, limit or CSV_MOST_ROWS, english=english),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="journal-{here.plant.id}.csv"'},
        )
    page = await journal_page(window, before_seq, min(limit or 100, CSV_PAGE))
    return Response(orjson.dumps(page.model_dump(mode="json")), media_type="application/json")


class Window:
    """Which rows are wanted; reads them page by page."""

    def __init__(self, here: Context, from_ns: int | None, to_ns: int | None, alarm_id: str | None) -> None:
        self._here = here
        self._from_ns = from_ns
        self._to_ns = to_ns
        self._id = alarm_id
        self.timezone = here.plant.timezone

    async def read(self, limit: int, before_seq: int | None) -> list[JournalRow]:
        """At most `limit` rows below a seq, newest first."""
        rows = await self._here.journal.rows(
            from_ns=self._from_ns, to_ns=self._to_ns, id=self._id, limit=limit, before_seq=before_seq
        )
        return list(rows)


def wants_csv(accept: str) -> bool:
    """Whether text/csv is asked for before JSON."""
    for part in accept.lower().split(","):
        kind = part.split(";")[0].strip()
        if kind in {"application/json", "text/csv"}:
            return kind == "text/csv"
    return False


async def journal_page(window: Window, before_seq: int | None, limit: int) -> dto.JournalPage:
    """One page; one row more is read to know whether a next page exists."""
    rows = await window.read(limit + 1, before_seq)
    more = len(rows) > limit
    rows = rows[:limit]
    return dto.JournalPage(rows=[present_row(row) for row in rows], next=str(rows[-1].seq) if more else None)


async def csv_stream(window: Window, before_seq: int | None, most: int, *, english: bool) -> AsyncIterator[bytes]:
    """The rows as CSV in pieces; ends with a note when there would have been more."""
    yield BOM + csv_header(english=english)
    written = 0
    while True:
        rows = await window.read(min(CSV_PAGE, most - written) + 1, before_seq)
        page = rows[: min(CSV_PAGE, most - written)]
        if page:
            yield await asyncio.to_thread(csv_lines, page, window.timezone)
            written += len(page)
            before_seq = page[-1].seq
        if len(rows) == len(page):
            return
        if written >= most:
            yield csv_note(page[-1].seq, english=english)
            return


def present_row(row: JournalRow) -> dto.JournalRow:
    """One journal row; what the body says about words and names is lifted beside it."""
    body: dict[str, object] = orjson.loads(row.body)
    name = body.get("person_name")
    return dto.JournalRow(
        seq=row.seq,
        time=rfc3339(row.wall_ns),
        kind=row.kind,
        id=row.id,
        occurrence=row.occurrence,
        transition=row.transition,
        person=row.person,
        person_name=None if name is None else str(name),
        message=dto.Text(zh=str(body.get("message_zh") or ""), en=str(body.get("message_en") or "")),
        body=body,
    )
