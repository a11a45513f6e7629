"""The journal as CSV that Excel opens in China: UTF-8 with a byte order mark, and no cell that starts a formula."""

import csv
import io
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from monitor.alarms.record import JournalRow
from monitor.api.times import rfc3339, site_time

BOM: Final = b"\xef\xbb\xbf"
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

COLUMNS: Final[tuple[tuple[str, str, str], ...]] = (
    ("seq", "序号", "seq"),
    ("time", "时间(UTC)", "time (UTC)"),
    ("site_time", "现场时间", "site time"),
    ("kind", "类别", "kind"),
    ("id", "报警编号", "alarm id"),
    ("occurrence", "发生次", "occurrence"),
    ("transition", "步序", "transition"),
    ("trigger", "触发", "trigger"),
    ("before", "原状态", "state before"),
    ("after", "新状态", "state after"),
    ("priority", "优先级", "priority"),
    ("hazard_source", "危险源", "hazard source"),
    ("tag", "位号", "tag"),
    ("value", "值", "value"),
    ("limit", "限值", "limit"),
    ("eu", "单位", "unit"),
    ("person", "人员编号", "person id"),
    ("person_name", "人员", "person"),
    ("comment", "备注", "comment"),
    ("message_zh", "内容(中文)", "message (zh)"),
    ("message_en", "内容(英文)", "message (en)"),
)


def defused(cell: object) -> object:
    """A text cell that a spreadsheet would run as a formula gets an apostrophe in front; numbers stay numbers."""
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return "'" + cell
    return cell


def csv_header(*, english: bool) -> bytes:
    """The line of column names."""
    return _encode([[en if english else zh for _, zh, en in COLUMNS]])


def csv_lines(rows: Sequence[JournalRow], timezone: str) -> bytes:
    """Some rows as CSV lines; reads the time zone's rules, so not in the loop."""
    zone = ZoneInfo(timezone)
    return _encode([_cells(row, zone) for row in rows])


def csv_note(seq: int, *, english: bool) -> bytes:
    """The last line of a file that was cut."""
    zh = f"# 行数已达上限，更早的记录请用 after={seq} 继续导出"
    en = f"# cut at the most rows a file holds; go on with after={seq}"
    return _encode([[en if english else zh]])


def _cells(row: JournalRow, timezone: ZoneInfo) -> list[object]:
    body: dict[str, object] = orjson.loads(row.body)
    fields = {
        **body,
        "seq": row.seq,
        "time": rfc3339(row.wall_ns),
        "site_time": site_time(row.wall_ns, timezone),
        "kind": row.kind,
        "id": row.id,
        "occurrence": row.occurrence,
        "transition": row.transition,
        "person": row.person,
    }
    return [defused(fields.get(key)) for key, _, _ in COLUMNS]


def _encode(lines: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode("utf-8", "replace")
