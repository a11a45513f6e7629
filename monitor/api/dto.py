"""What travels over HTTP, as models: the contract that the console and other programs build on (RFC 3339 UTC times)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.api.parameters import Moment


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
    approval: Literal["unknown", "never_approved", "approved", "drifted"]
    """Of the alarm definitions that run, see GET /definitions/drift."""
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
    positions: list[str] = Field(default_factory=list)
    """Operator positions I sit at; empty for somebody who belongs to none."""


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
    """When it ends by itself; None: when somebody ends it."""
    person_name: str = ""
    authorised_by: str = ""
    """The second person, for out of service: id, and the name as it was then."""
    authorised_name: str = ""
    interim: str = ""
    """What stands in for the alarm while it is out of service (GB/T 41261: interim alarm)."""
    source: str = ""
    """By design: id of the plant's suppression behind it (`GET /suppressions`); several may stand."""
    condition: str = ""
    """By design: what has to hold."""
    reason_en: str = ""
    """English of a reason that comes from the plant folder."""


class SuppressedAlarm(Dto):
    """One alarm that a suppression of the plant keeps silent, or would."""

    id: str
    subject: Text
    kind: str
    priority: int
    underlying_state: str
    is_true: bool
    """Its condition holds although nobody is told."""
    unknown: bool
    value: float | None
    limit: float | None
    eu: str


class DesignSuppression(Dto):
    """One suppression by design as it is now, as of the last committed scan."""

    id: str
    kind: Literal["condition", "parent", "eclipse", "device"]
    condition: str
    """What has to hold, as the plant folder says it."""
    parent: str | None
    """The alarm that has to be TRUE, for all but `condition`."""
    reason: Text
    stands: bool
    verdict: Literal["true", "false", "unknown"]
    """Of the condition now; a parent that is silent itself counts as `false`."""
    since: str | None
    until: str | None
    """When it ends at the latest; None: when its condition ends."""
    ending: bool
    """The condition is no longer TRUE, and the release delay runs."""
    barred: bool
    """It stood for its longest time (or that is not known): it waits for its condition to be false once."""
    explanation: Text
    """Why the condition is what it is, in words and numbers."""
    true_below: int
    """Alarms whose condition holds beneath it."""
    alarms: list[SuppressedAlarm]


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
    position: str | None = None
    """Operator position that owns it; None: nobody's own, shown at every position."""
    shelvable: bool = False
    comment_required: bool = False
    """Acknowledge and reset need a comment."""


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
    longest_shelve_s: float = 0.0
    """0: not shelvable."""
    highly_managed: bool = False
    authorised_by_name: bool = False
    """Who authorises a removal from service is only named; else that person enters a password."""
    re_alarm_after_s: float | None = None


class ExplanationFigure(Dto):
    """One number of an explanation."""

    name: Text
    value: float | None
    """None where there is no number."""
    eu: str


class Explanation(Dto):
    """Why an alarm is what it is now, as of the scan at `at`."""

    id: str
    rule: bool
    """False: judged by the service itself (links, blindness, channels, system)."""
    at: str
    verdict: Literal["true", "false", "unknown"]
    """After the delays; `unknown` never clears an alarm."""
    condition: Literal["true", "false", "unknown"]
    """Before the delays."""
    text: Text
    delay: Text
    """What delays, unknown readings and a restart make of the condition; empty when nothing."""
    figures: list[ExplanationFigure]
    inputs: list[str]
    """Tags that decided it."""
    awaiting: list[str]
    """Tags that must be read good once after a restart before `false` is believed."""


class AlarmCommand(Dto):
    """Body of acknowledge and reset; `occurrence` is what the person saw."""

    occurrence: int = Field(ge=1)
    comment: str = Field(default="", max_length=500)


class Shelving(Dto):
    """Body of shelve; `occurrence` is what the person saw, 0 for an alarm that was never raised."""

    occurrence: int = Field(ge=0)
    reason: str = Field(min_length=1, max_length=500)
    duration_s: float = Field(gt=0, le=604_800, allow_inf_nan=False)


class Removal(Dto):
    """Body of remove-from-service; another person than the one who asks authorises it."""

    occurrence: int = Field(ge=0)
    reason: str = Field(min_length=1, max_length=500)
    until: Moment
    authorised_by: str = Field(min_length=1, max_length=64)
    """User name of who authorises it; id of a person where the class says `authorised_by_name`."""
    password: str = Field(default="", max_length=256)
    """Of that account, entered by that person; not needed where the class says `authorised_by_name`."""
    interim: str = Field(min_length=1, max_length=500)
    """What watches in its place meanwhile."""


class Ending(Dto):
    """Body of unshelve and return-to-service; `occurrence` may be left out: ending hides nothing."""

    occurrence: int | None = Field(default=None, ge=0)
    comment: str = Field(default="", max_length=500)


class SeenAlarm(Dto):
    """One occurrence that a person saw."""

    id: str = Field(min_length=1, max_length=64)
    occurrence: int = Field(ge=1)


class GroupCommand(Dto):
    """Body of the group acknowledgement."""

    alarms: list[SeenAlarm] = Field(min_length=1, max_length=500)
    comment: str = Field(default="", max_length=500)


class GroupAnswer(Dto):
    """What became of one alarm of a group: acknowledged, or why not."""

    id: str
    occurrence: int
    acknowledged: bool
    reason: Text | None
    alarm: Alarm | None


class Horn(Dto):
    """The horn of one operator position; `alarms` are those it sounds for."""

    position: str
    sounding: bool
    alarms: list[str]
    silenced_by: str | None
    silenced_at: str | None


class Position(Dto):
    """One operator position: what it owns, who sits there, its horn.  A plant without any has one, `all`."""

    id: str
    name: Text
    hazard_sources: list[str]
    process_units: list[str]
    accounts: list[str]
    roles: list[str]
    mine: bool
    horn: Horn


class Interlock(Dto):
    """One interlock as far as it is known now."""

    id: str
    name: Text
    hazard_source: str
    process_unit: str
    interlock_class: str
    sil: int | None
    equipment: str
    service: Literal[
        "in_service",
        "bypassed_authorised",
        "bypassed_unauthorised",
        "bypassed_overdue",
        "restored_unchecked",
        "unknown",
    ]
    action: Literal["ready", "tripped", "spurious_trip", "failed_to_trip", "demand_while_bypassed", "unknown"]
    voting: Literal["full", "degraded", "lost", "unknown"]
    headline: str
    """The one word for it: the first that applies of a stated precedence (docs/interlocks.md)."""
    permit: Literal["none", "active", "overdue", "wrong_input", "restoring"]
    """What the permits say of it."""
    unused_permit: bool
    """A permit runs while no bit is bypassed."""
    demand: bool | None
    """Whether its causes vote for a trip, bypassed ones included."""
    tripped: bool | None
    bypassed_since: str | None
    bypassed_by: list[str]
    demanded_by: list[str]
    causes: list[str]
    effects: list[str]
    bypass_bits: list[str]
    voting_needed: int
    """m of m-out-of-n."""
    trip_point: float | None
    trip_eu: str
    owner: str
    proof_test_due: str | None
    """Date of the next proof test; None where the register states none."""
    proof_test_overdue: bool
    alarm: str
    """Id of its bypass alarm."""


class InterlockRate(Dto):
    """In-service rate of one group of interlocks in one period; hours are summed over its interlocks."""

    group: str
    start: str
    end: str
    interlocks: int
    percent: float | None
    target_percent: float | None
    met: bool | None
    bypass_hours: float
    hours: dict[str, float]
    """Service state -> hours; together all the time of the group."""


class PermitApproval(Dto):
    """One step of the ladder."""

    role: str
    name: str
    at: str


class PermitCheck(Dto):
    """Somebody looked whether the compensating measures are in place."""

    name: str
    at: str
    note: str


class Permit(Dto):
    """One bypass permit."""

    id: str
    interlock: str
    bits: list[str]
    state: Literal[
        "requested", "approved", "in_use", "restoring", "closed", "refused", "withdrawn", "revoked", "expired"
    ]
    reason: str
    risk: str
    measures: list[str]
    start: str
    until: str
    passed_percent: float | None
    """How much of its time has passed, while it runs."""
    overdue: bool
    requested_by: str
    requested_at: str
    ladder: list[str]
    next_role: str | None
    approvals: list[PermitApproval]
    check_every_s: float | None
    check_due: str | None
    checks: list[PermitCheck]
    missed: int
    used_at: str | None
    cleared_at: str | None
    ended_at: str | None
    ended_by: str
    ended_note: str


class PermitRequest(Dto):
    """Body of a request for a bypass."""

    interlock: str = Field(min_length=1, max_length=64)
    bits: list[str] = Field(min_length=1, max_length=50)
    reason: str = Field(min_length=1, max_length=500)
    risk: str = Field(min_length=1, max_length=500)
    measures: list[str] = Field(min_length=1, max_length=20)
    """What watches in place of the interlock."""
    start: Moment | None = None
    """Now if not given."""
    until: Moment
    check_every_s: float | None = Field(default=None, ge=60, le=86_400, allow_inf_nan=False)
    """How often somebody must enter that the measures are in place."""


class PermitComment(Dto):
    """Body of a step of a permit; refuse, revoke and check-measures need the comment."""

    comment: str = Field(default="", max_length=500)


class FunctionCheck(Dto):
    """Body of the function check after a bypass."""

    passed: bool
    comment: str = Field(min_length=1, max_length=500)


class ProtectionLayer(Dto):
    """One protection layer now."""

    id: str
    name: Text
    available: bool
    missing: list[str]


class Protection(Dto):
    """How many independent protection layers a tank or unit has now."""

    id: str
    equipment: str
    hazard_source: str
    available: int
    required: int
    transfer: bool | None
    """Whether a transfer runs; None cannot be judged and counts as running."""
    short: bool
    layers: list[ProtectionLayer]


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


class BadItem(Dto):
    """One tag of a device without a usable value, and what the device said."""

    tag: str
    reason: str


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
    readings_per_s: float
    """Over the last second or so."""
    clock_skew_ms: float | None
    """The device's clock minus ours; null where it has none."""
    points: int
    bad_points: int
    bad_items: list[BadItem]
    """The first 50 of the bad points."""


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


# --- how alarms are performing (ISA-18.2, EEMUA 191) ----------------------------------------------


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


class NuisanceAlarm(Dto):
    """One alarm that says too much or nothing any more."""

    id: str
    position: str
    subject: Text
    priority: int
    count: int
    """Chattering: bursts; fleeting: times; stale: times."""
    worst: float
    """Chattering: most annunciations inside the criterion's time; fleeting: shortest s; stale: longest s."""
    first_at: str
    last_at: str
    standing: bool
    """It stands now."""


class NuisanceCriteria(Dto):
    """When an alarm counts as what; `[alarm_performance]` in plant.toml."""

    chattering_count: int
    chattering_within_s: float
    fleeting_within_s: float
    fleeting_alone_s: float
    stale_after_s: float


class Nuisance(Dto):
    """Chattering, fleeting and stale alarms of a period, the worst first."""

    begin: str
    end: str
    criteria: NuisanceCriteria
    chattering: list[NuisanceAlarm]
    fleeting: list[NuisanceAlarm]
    stale: list[NuisanceAlarm]


class Distribution(Dto):
    """Not only an average: averages hide floods.  None where nothing was counted."""

    count: int
    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None
    maximum: float | None


class TopAlarm(Dto):
    """One of the alarms that come most often."""

    id: str
    subject: Text
    count: int
    share: float
    """Of all annunciations of the position, 0 to 1."""


class JudgedFigure(Dto):
    """One figure against its target."""

    figure: str
    value: float | None
    unit: str
    acceptable: float | None
    """"Very likely acceptable" up to here."""
    manageable: float | None
    """"Maximum manageable" up to here."""
    verdict: Literal["acceptable", "manageable", "beyond", "no_data"]
    source: str
    """Where the target stands."""
    certainty: Literal["found", "configured"]


class Figures(Dto):
    """How the alarms of one operator position performed in a period; only new annunciations are counted."""

    position: str
    days: float
    enough: bool
    """At least 30 days, which the standard asks for as data basis."""
    annunciations: int
    per_10_min: Distribution
    """Over the whole 10-minute intervals of the period."""
    per_hour: Distribution
    hourly: list[int]
    """Annunciations of each hour from `begin` on."""
    peak_10_min: int
    """Most in any 10 minutes, wherever they begin."""
    peak_at: str | None
    floods: int
    flood_s: float
    flood_fraction: float
    top: list[TopAlarm]
    priorities: dict[str, int]
    """"1" to "4" -> annunciations."""
    chattering: int
    fleeting: int
    stale: int
    """Alarms, not times."""
    acknowledge_s: Distribution
    """From the annunciation to the acknowledgement."""
    unacknowledged: int
    """Annunciations that nobody acknowledged inside the period."""
    shelved: int
    suppressed: int
    """By design."""
    out_of_service: int
    judged: list[JudgedFigure]


class FiguresReport(Dto):
    """Every operator position, or the one that was asked for."""

    begin: str
    end: str
    positions: list[Figures]


class SequenceEvent(Dto):
    """One event of the sequence-of-events sheet."""

    seq: int
    """Its journal row."""
    id: str
    occurrence: int
    trigger: str
    priority: int
    subject: Text
    message: Text
    tag: str | None
    device: str | None
    value: float | None
    eu: str
    at: str
    """Best estimate; the truth lies between `earliest` and `latest`."""
    earliest: str
    latest: str
    time_from: Literal["source", "received", "decided"]
    """`source`: the device stamped it; `received`: read by us (Modbus has no time); `decided`: judged by us."""
    resolution_ms: float
    decided_at: str
    first_out: bool
    """It may have been the first."""
    undecided_with_next: int
    """With so many rows below it the order is undecided ..."""
    undecided_within_ms: float
    """... within so many milliseconds; 0 where the order is certain."""


class Sequence(Dto):
    """What happened in which order, by the time at which it happened, as far as that can be known."""

    begin: str
    end: str
    complete: bool
    """False: more events than one sheet holds; ask for a shorter period."""
    events: list[SequenceEvent]


class DefinitionDrift(Dto):
    """One alarm definition that runs otherwise than approved."""

    id: str
    drift: Literal["never_approved", "changed", "removed"]
    approved_hash: str | None
    running_hash: str | None


class ShadowDifference(Dto):
    """One rule that was TRUE in one set and not in the other."""

    id: str
    live: bool | None
    """TRUE in the live set now; None where it has no such rule."""
    shadow: bool | None
    since: str | None
    """They differ since; None while they agree."""
    times: int
    """How often they began to differ since the comparison began."""
    live_raised: int
    """How often it became TRUE since then."""
    shadow_raised: int


class Shadow(Dto):
    """A second set of rules judged beside the live one, and what it says otherwise; it raises nothing."""

    state: Literal["none", "on", "refused", "off"]
    """none: not asked for; refused: changed files have mistakes, what was read before goes on; off: it failed."""
    reason: Text
    folder: str
    fingerprint: str
    since: str | None
    """When the comparison began."""
    rules: int
    same: int
    changed: int
    """Of one id and another definition."""
    only_live: int
    only_shadow: int
    differing: int
    """Rules that differ now."""
    differences: list[ShadowDifference]
    """Those that differ now first, the longest first, then the most frequent; at most 200."""


class Drift(Dto):
    """The master alarm database as approved, as it runs, and as it stands in the plant folder."""

    state: Literal["unknown", "never_approved", "approved", "drifted"]
    """`unknown`: not compared yet; `never_approved`: no approval was ever recorded, which is shown but no alarm."""
    drift: int
    """Definitions that run otherwise than approved; the target is 0."""
    files_differ: bool
    """The files in the folder are not the approved ones."""
    approved_at: str | None
    approved_by: str | None
    approved_by_name: str | None
    reason: str
    approved_fingerprint: str | None
    running_fingerprint: str
    folder_fingerprint: str
    definitions: list[DefinitionDrift]


class DefinitionStep(Dto):
    """One entry in the history of a definition."""

    seq: int
    at: str
    step: Literal["approved", "changed_when_active", "removed_when_active"]
    hash: str | None
    person: str | None
    person_name: str | None
    message: Text


class DefinitionHistory(Dto):
    """What is recorded about one definition, newest first."""

    id: str
    running_hash: str | None
    approved_hash: str | None
    steps: list[DefinitionStep]


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
