"""`/tags`: values with quality, limits, history."""

from typing import Literal

from monitor.api.dto.base import Dto, Text

HealthLetter = Literal["N", "M", "S", "C", "F", "?"]
"""NE 107: maintenance required, out of specification, function check, failure; N: none of them; ?: an unknown number."""


class Limits(Dto):
    """Set-points of one tag that are configured."""

    hh: float | None = None
    h: float | None = None
    l: float | None = None  # noqa: E741 - the limit's own name
    ll: float | None = None


class Tag(Dto):
    """One tag as of the last committed scan."""

    id: str
    description: Text
    hazard_source: str
    process_unit: str
    equipment: str
    device: str
    address: str
    eu: str
    low: float
    high: float
    discrete: bool
    normal_state: int | None
    scan_class: str
    resolution: float
    limits: Limits
    value: float | None
    quality: Literal["good", "uncertain", "bad", "stale", "never_seen"]
    reason: Text
    """Why the quality is not good; empty texts when it is."""
    health: HealthLetter | None
    """State of its instrument as it was said last (NE 107); null: nothing says one, or nothing did yet."""
    health_tag: str | None
    """The tag that says it."""
    status: int
    source_time: str | None
    received_time: str | None
    time_resolution_ms: float
    alarms: list[str]
    """Ids of alarm definitions on this tag."""


class Trend(Dto):
    """Columnar history, ready for uPlot: `t` ascending (unix seconds), None where nothing good was stored."""

    tag: str
    eu: str
    t: list[float]
    value: list[float | None]
    minimum: list[float | None]
    maximum: list[float | None]
    quality: list[int]
    oldest: str | None
    """Oldest moment history still holds."""


class Forecast(Dto):
    """How long until a value reaches a limit, as one rule of the kind `minutes_to_limit` sees it."""

    id: str
    """Of the alarm."""
    tag: str
    at: str
    limit: float
    eu: str
    rising: bool
    """True: a limit to stay below (HH, overflow); False: one to stay above."""
    required_min: float
    """What people need to act: with less left the alarm comes."""
    verdict: Literal["true", "false", "unknown"]
    trend_per_h: float | None
    """`eu` per hour; None while it is not known."""
    known: bool
    """False: value or trend is not known, so nothing can be said.  Unknown is not far away."""
    minutes: float | None
    """None where it is not known, or where the value does not move towards the limit."""
