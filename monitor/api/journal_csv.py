"""The journal as CSV that Excel opens in China: UTF-8 with a byte order mark, and no cell that starts a formula."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from monitor.alarms.record import JournalRow
from monitor.api.exports import csv_lines
from monitor.api.times import rfc3339, site_time

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


def journal_heads(*, english: bool) -> bytes:
    """The line of column names."""
    return csv_lines([[en if english else zh for _, zh, en in COLUMNS]])


def journal_lines(rows: Sequence[JournalRow], timezone: str) -> bytes:
    """Some rows as CSV lines; reads the time zone's rules, so not in the loop."""
    zone = ZoneInfo(timezone)
    return csv_lines(_cells(row, zone) for row in rows)


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
    return [fields.get(key) for key, _, _ in COLUMNS]
