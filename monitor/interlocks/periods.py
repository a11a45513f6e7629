"""Shifts, days and months in site time: the periods that rates are told for.  Pure; the calendar is its subject."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Length = Literal["shift", "day", "month"]


def periods(from_ns: int, to_ns: int, length: Length, zone: str, shifts: Sequence[time]) -> Iterator[tuple[int, int]]:
    """The periods (from, to) that touch [from_ns, to_ns), whole, oldest first; `shifts` are the hours they begin at."""
    tz = ZoneInfo(zone)
    day = datetime.fromtimestamp(from_ns / 1e9, tz).date() - timedelta(days=1)
    edges = _edges(day, datetime.fromtimestamp(to_ns / 1e9, tz).date() + timedelta(days=32), length, tz, shifts)
    before = next(edges)
    for edge in edges:
        if edge > from_ns and before < to_ns:
            yield before, edge
        before = edge


def _edges(first: date, last: date, length: Length, tz: ZoneInfo, shifts: Sequence[time]) -> Iterator[int]:
    day = first.replace(day=1) if length == "month" else first
    while day <= last:
        if length == "shift":
            yield from (_ns(datetime.combine(day, begin, tz)) for begin in sorted(shifts))
        else:
            yield _ns(datetime.combine(day, time(), tz))
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1) if length == "month" else day + timedelta(days=1)


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000
