"""`/health`, `/devices`, `/channels`, `/diagnostics`: how the monitor, its links and its channels are."""

from typing import Literal

from monitor.api.dto.base import Dto, Text
from monitor.api.dto.tags import HealthLetter


class Health(Dto):
    """Open to all.  `late`: the last scan is older than 1 s, answered with 503."""

    status: Literal["ok", "degraded", "late"]
    scan_age_ms: float
    devices_up: int
    devices: int
    blind_points: int
    plant_differs: bool
    approval: Literal["unknown", "never_approved", "approved", "drifted"]
    """Of the alarm definitions that run, see GET /definitions/drift."""
    version: str


class BadItem(Dto):
    """One tag of a device without a usable value, and what the device said."""

    tag: str
    reason: Text


class Diagnosis(Dto):
    """One tag whose instrument says that it is not in order."""

    tag: str
    health: HealthLetter


class Device(Dto):
    """One device's link and diagnostics."""

    id: str
    name: Text
    kind: str
    endpoint: str
    state: Literal["down", "connecting", "up", "degraded", "needs_operator"]
    since: str
    attempts: int
    reconnects: int
    last_error: Text
    """Why the link is not, or was not, plainly up; empty while it never failed."""
    batches: int
    readings: int
    overruns: int
    round_trip_ms: float
    readings_per_s: float
    """Over the last second or so."""
    clock_skew_ms: float | None
    """The device's clock minus ours; null where it has none."""
    points: int
    bad_points: int
    bad_items: list[BadItem]
    """The first 50 of the bad points."""
    diagnoses: list[Diagnosis]
    """Tags whose instrument says another state than normal (NE 107), also where the value stays good."""


class Spread(Dto):
    """Durations of the last minute in milliseconds."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class Diagnostics(Dto):
    """What the service measures of itself: the last minute, and counters since the start."""

    loop_lag: Spread
    """By how much a sleep of the event loop overran."""
    scan_duration: Spread
    scan_interval: Spread
    scans: int
    overruns: int
    """Times the inbox had to merge what waited."""
    stream_clients: int


class Channel(Dto):
    """One notification channel."""

    id: str
    kind: str
    up: bool
    refused: bool
    last_error: str
    last_accepted: str | None
    waiting: int
    oldest_waiting: str | None
    answers: bool
    """Whether a human can answer over it; False: "no answers from the phone yet"."""
