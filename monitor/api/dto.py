"""What travels over HTTP, as models: the contract that the console and other programs build on (RFC 3339 UTC times)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Dto(BaseModel):
    """Base of every body: unknown fields are refused, aliases are what travels."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class Text(Dto):
    """One text in both languages."""

    zh: str
    en: str


class Problem(Dto):
    """RFC 9457 problem+json; `title` and `detail` say what to do."""

    type: str
    title: str
    status: int
    detail: str
    detail_text: Text | None = None
    errors: list[str] = Field(default_factory=list)
    """Every wrong field, not the first."""


class Health(Dto):
    """Open to all.  `late`: the last scan is older than 1 s, answered with 503."""

    status: Literal["ok", "degraded", "late"]
    scan_age_ms: float
    devices_up: int
    devices: int
    blind_points: int
    plant_differs: bool
    version: str


class Login(Dto):
    """Log-in of a person."""

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class Session(Dto):
    """Who I am and what I may do."""

    username: str
    person: str | None
    name: Text
    role: str
    permissions: list[str]
    site: Text
    plant: str
    timezone: str
    language: Literal["zh", "en"]
    server_time: str
    history_keep_days: int


class Person(Dto):
    """A responsible person as shown."""

    id: str
    name: Text
    mobile: str


class Chemical(Dto):
    """One chemical of a hazard source."""

    name: Text
    cas: str
    quantity_t: float
    critical_quantity_t: float


class BypassSince(Dto):
    """An interlock of the source that is bypassed now."""

    interlock: str
    name: Text
    since: str | None


class Source(Dto):
    """One major hazard source with what is wrong in it now."""

    id: str
    name: Text
    level: int
    chemicals: list[Chemical]
    principal_responsible: Person
    technical_responsible: Person
    operation_responsible: Person
    points: int
    blind_points: list[str]
    alarms_by_priority: dict[str, int]
    """"1" to "4" -> active alarms."""
    bypassed: list[BypassSince]
    interlocks: int


class Limits(Dto):
    """Set-points of one tag that are configured."""

    hh: float | None = None
    h: float | None = None
    l: float | None = None  # noqa: E741
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


class SuppressionDto(Dto):
    """One suppression of one alarm."""

    suppression: Literal["shelved", "by_design", "out_of_service"]
    reason: str
    person: str
    since: str
    until: str | None


class Alarm(Dto):
    """One alarm as it stands (design section 10)."""

    id: str
    occurrence: int
    transition: int
    tag: str | None
    device: str | None
    interlock: str | None
    equipment: str | None
    process_unit: str | None
    hazard_source: str | None
    kind: str
    alarm_class: str = Field(alias="class")
    state: str
    """A state, or the strongest suppression while one stands."""
    underlying_state: str
    suppressions: list[SuppressionDto]
    unknown: bool
    priority: int
    definition_priority: int
    value: float | None
    limit: float | None
    eu: str
    raised_at: str | None
    changed_at: str | None
    source_time: str | None
    received_at: str | None
    subject: Text
    message: Text
    detail: list[str]
    acknowledged_by: str | None
    acknowledged_name: str | None
    acknowledged_at: str | None
    comment: str


class AlarmDetail(Alarm):
    """One alarm with its guidance from the master alarm database."""

    cause: Text
    consequence: Text
    response: Text
    time_to_respond_s: float | None
    set_point: float | None
    dead_band: float
    on_delay_s: float
    off_delay_s: float
    latch: bool


class AlarmCommand(Dto):
    """Body of acknowledge and reset; `occurrence` is what the person saw."""

    occurrence: int = Field(ge=1)
    comment: str = Field(default="", max_length=500)


class Interlock(Dto):
    """One interlock as far as it is known now."""

    id: str
    name: Text
    hazard_source: str
    process_unit: str
    interlock_class: str
    sil: int | None
    service: Literal["in_service", "bypassed", "unknown"]
    tripped: bool | None
    bypassed_since: str | None
    causes: list[str]
    effects: list[str]
    bypass_bits: list[str]
    trip_point: float | None
    trip_eu: str
    alarm: str
    """Id of its bypass alarm."""


class Equipment(Dto):
    """One piece of equipment with the tags the overview draws."""

    id: str
    name: Text
    kind: str
    process_unit: str
    hazard_source: str
    height_m: float | None
    overflow_height_m: float | None
    fill_rate_m_per_h: float | None
    level_tag: str | None
    second_level_tag: str | None
    level_switch_tag: str | None
    pressure_tag: str | None
    temperature_tag: str | None
    inflow_tag: str | None
    outflow_tag: str | None
    inlet_valve_tag: str | None
    outlet_valve_tag: str | None


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
    last_error: str
    batches: int
    readings: int
    overruns: int
    round_trip_ms: float
    points: int
    bad_points: int


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


class JournalRow(Dto):
    """One journal row; `body` is what was stored."""

    seq: int
    time: str
    kind: str
    id: str | None
    occurrence: int | None
    transition: int | None
    person: str | None
    person_name: str | None
    message: Text
    body: dict[str, object]


class JournalPage(Dto):
    """Rows newest first; `next` is the `after` of the next page, None at the end."""

    rows: list[JournalRow]
    next: str | None


class Push(Dto):
    """One outbox row with its times: what was sent where, and what came of it."""

    seq: int
    id: str
    occurrence: int
    transition: int
    channel: str
    purpose: str
    priority: int
    status: Literal["waiting", "in_flight", "accepted", "refused", "superseded"]
    attempts: int
    last_error: str
    queued_at: str
    due_at: str
    sent_at: str | None
    accepted_at: str | None


# --- the stream (WebSocket /api/v1/stream): every message is one JSON object with `type` ---------


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
