"""Alarm floods (ISA-18.2, EEMUA 191)."""

from typing import Literal

from monitor.api.dto.base import Dto, Text


class FloodState(Dto):
    """Whether one operator position is flooded: begins above 10 new annunciations in 10 minutes, ends below 5."""

    position: str
    """Id of the operator position; `all` where the plant has none of its own."""
    in_flood: bool
    since: str | None
    """When the flood began, or when the last one ended; None: no flood since the service looks."""
    count: int
    """New annunciations in the window that ends now."""
    peak: int
    """Most in any window of this flood, or of the last one."""


class FloodFold(Dto):
    """Alarms that belong together: one line in a flooded list."""

    by: Literal["equipment", "process_unit", "cause"]
    key: str
    """Id of the equipment, process unit or device; or the cause."""
    name: Text
    priority: int
    """The highest among them."""
    count: int
    unacknowledged: int
    since: str
    first_out: list[str]
    """Alarm id that came first; several: their order is undecided within `undecided_within_ms`."""
    undecided_within_ms: float
    alarms: list[str]
    """Alarm ids in the order in which they came."""


class Flood(FloodState):
    """One operator position with its standing alarms folded; folds are made whether or not there is a flood."""

    pinned: list[str]
    """Alarm ids of life safety and interlocks, most urgent first: they stay above the fold."""
    folds: list[FloodFold]
    """Most urgent first."""


class FloodBoard(Dto):
    """All operator positions, and the limits that are applied."""

    at: str
    window_s: float
    begin_above: int
    end_below: int
    positions: list[Flood]
