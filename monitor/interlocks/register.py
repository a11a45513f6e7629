"""The register of interlocks as `interlocks.toml` describes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

Sense = Literal["state", "high", "low"]
"""When an input demands a trip: a discrete state, a value at or above its trip point, at or below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BypassBit:
    """One bypass switch: the interlock input `tag` is bypassed when it reads `bypassed_when` (polarity is stated)."""

    tag: str
    bypassed_when: int
    cause: str | None = None
    """The cause (its tag) that this switch takes out; None takes out the whole interlock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTripPoint:
    """Where the PLC shows the trip point that it uses, and how far it may be from the approved one."""

    tag: str
    tolerance: float
    eu: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One input of the interlock (sensor of the SIF, IEC 61511-1) and when it demands the trip."""

    tag: str
    sense: Sense
    trip_point: float
    """The trip point in the tag's unit; of a discrete tag the state that demands the trip."""
    live: LiveTripPoint | None = None
    """Of an analog cause whose PLC shows its trip point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One final element, and the feedback that shows that it acted."""

    tag: str
    acted_when: int
    within_s: float
    """Required time from the demand to the feedback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterlockClass:
    """What a plant asks of a class of interlocks (`[[interlock_classes]]`); no national figures exist, all is data."""

    id: str
    target_percent: float = 100.0
    """In-service rate (联锁投用率) the class must reach."""
    permit_required: bool = True
    approval: tuple[str, ...] = ("shift_leader", "manager")
    """Roles that approve a bypass in this order, each another person; the one who asks is none of them."""
    longest_s: float = 8 * 3600.0
    """Longest bypass that may be asked for."""
    function_check: bool = True
    """After a permitted bypass the interlock is in service again only when its function was checked."""
    counts_authorised: bool = True
    """Whether an authorised bypass counts against the in-service rate; else it is listed apart."""


BUILT_IN_CLASSES: Final[Mapping[str, InterlockClass]] = {
    # A stops a unit, B equipment; 100 % and 98 % are company practice, a plant may say otherwise
    "A": InterlockClass(id="A", target_percent=100.0, approval=("shift_leader", "safety", "manager")),
    "B": InterlockClass(id="B", target_percent=98.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interlock:
    """One safety instrumented function (SIF) with its causes, effects and bypass bits."""

    id: str
    name_zh: str
    name_en: str
    hazard_source: str
    process_unit: str
    interlock_class: str
    sil: int | None
    causes: tuple[str, ...]
    """Tags whose trip state starts the action."""
    effects: tuple[str, ...]
    """Tags that show the action (valve closed, pump stopped)."""
    bypass_bits: tuple[BypassBit, ...]
    trip_tag: str | None = None
    """The tag that says the interlock has tripped."""
    trip_point: float | None = None
    trip_eu: str = ""
    equipment: str = ""
    inputs: tuple[Cause, ...] = ()
    """The causes with their trip points, in the order of `causes`."""
    outputs: tuple[Effect, ...] = ()
    """The effects with their required times, in the order of `effects`."""
    needed: int = 1
    """m of m-out-of-n: so many inputs must demand it (voting 1oo1, 1oo2, 2oo3 ...)."""
    owner: str = ""
    """Person of `plant.toml` who answers for it."""
    permit_required: bool = True
    proof_test_interval_days: int | None = None
    last_proof_test: date | None = None
    trip_point_tag: str | None = None
    """Tag in which the PLC shows the trip point that it uses."""
    trip_point_tolerance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One independent protection layer of a tank or unit: it is there while all that it names is healthy."""

    id: str
    name_zh: str
    name_en: str
    alarms: tuple[str, ...] = ()
    """Alarms whose tags must not be blind and which must not be suppressed."""
    interlocks: tuple[str, ...] = ()
    """Interlocks that must be in service."""
    tags: tuple[str, ...] = ()
    """Tags that must be readable (isolation valve feedback, gas detectors)."""
    faults: tuple[str, ...] = ()
    """Alarms that say that it is broken: none may be TRUE, and their tags must not be blind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """How many independent layers a tank or unit needs while a transfer runs (`[[protections]]`)."""

    id: str
    equipment: str
    hazard_source: str
    required: int
    layers: tuple[Layer, ...]
    transfer: str = ""
    """Condition (rules language) that a transfer runs; empty: the layers are always needed."""
    towards: tuple[str, ...] = ()
    """Alarms whose priority rises while a layer is out and their value moves towards their limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Everything `interlocks.toml` says."""

    interlocks: tuple[Interlock, ...] = ()
    classes: Mapping[str, InterlockClass] = field(default_factory=lambda: dict(BUILT_IN_CLASSES))
    protections: tuple[Protection, ...] = ()
    simultaneous: Mapping[str, int] = field(default_factory=dict)
    """Hazard source -> most interlocks that may be bypassed at once."""


def trip_point_alarm(interlock: str, cause: str = "") -> str:
    """Id of the alarm that a trip point is not the approved one: of the interlock as a whole, or of one cause."""
    return f"{interlock}.trip_point.{cause}" if cause else f"{interlock}.trip_point"
