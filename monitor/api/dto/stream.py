"""The stream (WebSocket /api/v1/stream): every message is one JSON object with `type`."""

from typing import Literal

from pydantic import Field

from monitor.api.dto.alarms import Alarm
from monitor.api.dto.base import Dto
from monitor.api.dto.floods import FloodState
from monitor.api.dto.positions import Horn


class StreamTags(Dto):
    """Values: `type` "snapshot" (all rows, first and after a resync) or "tags" (changed rows since `prev`).

    `epoch` names the run of the service and its tag order (ids: GET /tags, same order); a frame whose `prev` is not the
    last frame seen, or another `epoch`, means: ask again with {"type": "resync"}.
    """

    type: Literal["snapshot", "tags"]
    epoch: str
    frame: int
    prev: int
    at: str
    scan_age_ms: float
    row: list[int]
    value: list[float | None]
    quality: list[int]
    """0 good, 1 uncertain, 2 bad, 3 stale, 4 never seen."""
    source_time_ms: list[float | None]
    received_ms: list[float]
    status: Literal["ok", "degraded", "late"]
    devices_up: int
    devices: int
    blind_points: int


class StreamAlarm(Dto):
    """One alarm event, sent at once and never skipped; `seq` is its journal row."""

    type: Literal["alarm"]
    epoch: str
    seq: int
    trigger: str
    before: str
    after: str
    occurrence: int
    transition: int
    annunciated: bool
    decided_at: str
    journaled_at: str
    person_name: str | None
    alarm: Alarm


class StreamAlarms(Dto):
    """All active alarms: first message of a stream and after a resync; alarm events follow from `seq` on."""

    type: Literal["alarms"]
    epoch: str
    seq: int
    at: str
    alarms: list[Alarm]
    horns: list[Horn] = Field(default_factory=list)


class StreamHorn(Dto):
    """The horn of one position, sent when it begins, goes on for another alarm or ends."""

    type: Literal["horn"]
    epoch: str
    at: str
    horn: Horn


class StreamFlood(Dto):
    """How flooded each operator position is: sent when a flood begins or ends, while one lasts, and at most per frame.

    A new stream gets it after `alarms` where a position is flooded; without one there is no flood.  Folds: GET /flood.
    """

    type: Literal["flood"]
    epoch: str
    at: str
    positions: list[FloodState]
