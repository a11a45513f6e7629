"""A link as the drivers tell it, for tests that have no driver."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.hazards.links import BadItem

SINCE_WALL_NS: Final = 1_767_225_600_123_000_000
"""2026-01-01 00:00:00.123 UTC."""


@dataclass(frozen=True)
class FakeLink:
    """A link as the drivers tell it."""

    device: str
    state: str = "up"
    since_wall_ns: int = SINCE_WALL_NS
    attempts: int = 0
    reconnects: int = 0
    last_error: str = ""
    last_error_zh: str = ""
    batches: int = 0
    readings: int = 0
    overruns: int = 0
    round_trip_ms: float = 0.0
    bad_points: int = 0
    clock_skew_ns: int | None = None
    clock_is_off: bool = False
    readings_per_s: float = 0.0
    bad_items: Sequence[BadItem] = ()
