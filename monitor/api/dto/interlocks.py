"""`/interlocks`, `/protections`: interlocks, how often they act, layers of protection."""

from typing import Literal

from monitor.api.dto.base import Dto, Text


class EffectFeedback(Dto):
    """One effect of an interlock, and its answer to the demand that stands, or to the last one of this run."""

    tag: str
    within_s: float
    """Required time from the demand to the feedback."""
    answer: Literal["within", "late", "not_moved", "waiting", "unknown"] | None
    """None: nothing was demanded since the start."""
    after_s: float | None
    """From the demand to the feedback; None where there was none."""
    at_most: bool
    """It acted while it could not be read: `after_s` is the longest that it can have taken."""
    by_source_time: bool
    """Both devices told when; else by when it was read."""


class CauseTripPoint(Dto):
    """The trip point of one cause, and where the PLC shows it."""

    tag: str
    sense: Literal["high", "low"]
    trip_point: float | None
    eu: str
    live_tag: str
    tolerance: float | None
    """How far the PLC's may be from the approved one, in `eu`."""
    alarm: str
    """Id of the alarm that it is further."""


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
    """When its bypass alarm was raised; goes on through a restart."""
    service_since: str | None
    """When `service` became what it is, as this run saw it; None before anything was read."""
    action_since: str | None
    """When `action` became what it is, as this run saw it."""
    bypassed_by: list[str]
    demanded_by: list[str]
    causes: list[str]
    effects: list[str]
    feedback: list[EffectFeedback]
    """Each of `effects`, in their order."""
    live_trip_points: list[CauseTripPoint]
    """Of the causes whose PLC shows its trip point."""
    bypass_bits: list[str]
    voting_needed: int
    """m of m-out-of-n."""
    trip_point: float | None
    trip_eu: str
    trip_point_tag: str | None
    """Tag in which the PLC shows the trip point that it uses."""
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
    short: bool | None
    """Fewer layers than required while a transfer runs or may run; None while nothing was read yet."""
    layers: list[ProtectionLayer]
