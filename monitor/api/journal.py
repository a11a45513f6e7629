"""`/journal`: what happened, newest first, by cursor; as CSV or as a workbook when that is asked for."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from monitor.alarms.record import JournalRow
from monitor.alarms.search import JournalSearch
from monitor.api import dto
from monitor.api.caller import require
from monitor.api.context import Context, Here
from monitor.api.exports import CSV, EXPORT_PAGE, csv_stream, file_headers, pages, sent_as_read
from monitor.api.journal_csv import journal_heads, journal_lines
from monitor.api.journal_xlsx import MEDIA_TYPE as XLSX
from monitor.api.journal_xlsx import JournalSheet
from monitor.api.parameters import Moment
from monitor.api.problems import speaks_english
from monitor.api.times import rfc3339, wall_ns

router = APIRouter(tags=["journal"], dependencies=[Depends(require("journal.read"))])
MOST_ROWS = 100_000
JSON: Final = "application/json"
FORMATS: Final = (JSON, CSV, XLSX)
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Word = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]


class JournalParameters(BaseModel):
    """The query of `/journal`."""

    model_config = ConfigDict(populate_by_name=True)

    start: Annotated[Moment | None, Field(alias="from")] = None
    end: Annotated[Moment | None, Field(alias="to")] = None
    alarm_id: Annotated[Id | None, Field(alias="id")] = None
    tag: Id | None = None
    hazard_source: Id | None = None
    trigger: Annotated[Word | None, Field(description="of a transition: raised, acknowledged, cleared ...")] = None
    state: Annotated[Word | None, Field(description="the state that a transition led to")] = None
    person: Annotated[Id | None, Field(description="id of the person who acted")] = None
    kind: Annotated[Word | None, Field(description="transition, start, login ...")] = None
    text: Annotated[
        str | None, Field(min_length=1, max_length=100, description="part of message, comment or person's name")
    ] = None
    limit: Annotated[
        int | None,
        Field(ge=1, le=MOST_ROWS, description="100 if not given; a page holds at most 1000 rows, a file 100000"),
    ] = None
    after: Annotated[str | None, Field(pattern=r"^[0-9]{1,18}$", description="`next` of the page before")] = None


@router.get(
    "/journal",
    response_model=dto.JournalPage,
    responses={
        200: {
            "content": {
                CSV: {"schema": {"type": "string"}},
                XLSX: {"schema": {"type": "string", "format": "binary"}},
            }
        }
    },
)
async def list_journal(here: Here, request: Request, asked: Annotated[JournalParameters, Query()]) -> Response:
    """Journal rows, newest first; `Accept` text/csv or that of a workbook answers with one file of up to 100 000 rows."""
    window = Window(here, asked)
    before_seq = None if asked.after is None else int(asked.after)
    wanted = wanted_format(request.headers.get("accept", ""))
    if wanted == JSON:
        page = await journal_page(window, before_seq, min(asked.limit or 100, EXPORT_PAGE))
        return Response(orjson.dumps(page.model_dump(mode="json")), media_type=JSON)
    english = speaks_english(request.headers.get("accept-language", ""), here.plant.language)
    most = asked.limit or MOST_ROWS
    name = f"journal-{here.plant.id}.{'csv' if wanted == CSV else 'xlsx'}"
    headers = file_headers(name, most)
    if wanted == CSV:
        return await sent_as_read(csv_pieces(window, before_seq, most, english=english), headers)
    folder = await asyncio.to_thread(_temporary_folder)
    discard = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    try:
        async with here.exports:
            path = await workbook(folder / name, window, before_seq, most, english=english)
    except BaseException:
        await discard()
        raise
    return FileResponse(path, media_type=XLSX, headers=headers, background=discard)


def _temporary_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="redline-export-"))


class Window:
    """Which rows are wanted; reads them page by page."""

    def __init__(self, here: Context, asked: JournalParameters) -> None:
        self._here = here
        self._from_ns = None if asked.start is None else wall_ns(asked.start)
        self._to_ns = None if asked.end is None else wall_ns(asked.end)
        self._id = asked.alarm_id
        self._where = JournalSearch(**{name: getattr(asked, name) for name in JournalSearch.__slots__})
        self.timezone = here.plant.timezone

    async def read(self, limit: int, before_seq: int | None) -> list[JournalRow]:
        """At most `limit` rows below a seq, newest first."""
        rows = await self._here.journal.rows(
            from_ns=self._from_ns,
            to_ns=self._to_ns,
            id=self._id,
            limit=limit,
            before_seq=before_seq,
            where=self._where,
        )
        return list(rows)

    def pages(self, before_seq: int | None, most: int) -> AsyncIterator[tuple[Sequence[JournalRow], bool]]:
        """Pages of up to `most` rows in all, each with whether it is the last one and more rows were left out."""
        return pages(self.read, lambda row: row.seq, before_seq, most)


def wanted_format(accept: str) -> str:
    """The first known media type of an Accept header; JSON when there is none."""
    for part in accept.lower().split(","):
        kind = part.split(";")[0].strip()
        if kind in FORMATS:
            return kind
    return JSON


async def journal_page(window: Window, before_seq: int | None, limit: int) -> dto.JournalPage:
    """One page; one row more is read to know whether a next page exists."""
    rows = await window.read(limit + 1, before_seq)
    more = len(rows) > limit
    rows = rows[:limit]
    return dto.JournalPage(rows=[present_row(row) for row in rows], next=str(rows[-1].seq) if more else None)


def csv_pieces(window: Window, before_seq: int | None, most: int, *, english: bool) -> AsyncIterator[bytes]:
    """The rows as CSV in pieces; ends with a row that says so when there would have been more."""
    return csv_stream(
        journal_heads(english=english),
        window.pages(before_seq, most),
        lambda page: journal_lines(page, window.timezone),
        lambda row: f"after={row.seq}",
        english=english,
    )


async def workbook(path: Path, window: Window, before_seq: int | None, most: int, *, english: bool) -> Path:
    """The rows as a workbook at `path`, written page by page in a thread.

    :raises OSError: the disk refuses.
    """
    sheet = await asyncio.to_thread(JournalSheet, path, window.timezone, english=english)
    try:
        async for page, cut in window.pages(before_seq, most):
            await asyncio.to_thread(sheet.add, page)
            if cut:
                await asyncio.to_thread(sheet.note, page[-1].seq)
    finally:
        await asyncio.to_thread(sheet.close)
    return path


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
