"""When the function of an interlock must be tested next (IEC 61511-1, proof test interval of the safety requirements)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.interlocks.register import Interlock


def proof_test_due(interlock: Interlock) -> date | None:
    """The day of the next proof test; None where the register states no interval or no last test."""
    if interlock.proof_test_interval_days is None or interlock.last_proof_test is None:
        return None
    return interlock.last_proof_test + timedelta(days=interlock.proof_test_interval_days)


def site_date(wall_ns: int, timezone: str) -> date:
    """The day at the site."""
    return datetime.fromtimestamp(wall_ns / 1e9, ZoneInfo(timezone)).date()
