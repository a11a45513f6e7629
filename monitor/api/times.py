"""Moments as they travel: RFC 3339 in UTC with milliseconds, and back to integer nanoseconds."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
ROOM_NS: Final = 2 * 366 * 86_400_000_000_000
"""What a period may reach beyond a moment, so that this fits in 64 bits too."""
LAST_NS: Final = 2**63 - 1 - ROOM_NS


def rfc3339(wall_ns: int) -> str:
    """Write a wall time as `2026-01-31T08:30:00.123Z`."""
    return _rfc3339(wall_ns // 1_000_000)


@lru_cache(maxsize=1024)  # the alarms of one scan share their moments
def _rfc3339(milliseconds: int) -> str:
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def rfc3339_or_none(wall_ns: int | None) -> str | None:
    """Write a wall time, None where there is none."""
    return None if wall_ns is None else rfc3339(wall_ns)


def wall_ns(moment: datetime) -> int:
    """Turn an aware moment into Unix nanoseconds, cut to what 64 bits hold with room for a period (1679 to 2260)."""
    nanoseconds = (moment - EPOCH) // MICROSECOND * 1000
    return max(-LAST_NS, min(nanoseconds, LAST_NS))


def site_time(wall: int, timezone: ZoneInfo) -> str:
    """Write a wall time as people on site read it: `2026-01-31 16:30:00.123`."""
    moment = (EPOCH + timedelta(milliseconds=wall // 1_000_000)).astimezone(timezone)
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
