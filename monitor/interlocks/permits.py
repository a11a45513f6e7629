"""Bypass permits (联锁摘除审批): what was asked, who approved, how long, and the table of steps a permit takes.  Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class PermitState(StrEnum):
    """Where a permit stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    IN_USE = "in_use"
    """A bit that it covers was seen bypassed."""
    RESTORING = "restoring"
    """All its bits are back; the function check is not entered yet."""
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"
    """Its time ended before it was approved or used."""


class PermitTrigger(StrEnum):
    """What moves a permit on."""

    REQUESTED = "requested"
    APPROVED_BY_ONE = "approved_by_one"
    APPROVED = "approved"
    """The last approval of the ladder."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    USED = "used"
    CLEARED = "cleared"
    """All its bits are back, and the class asks for a function check."""
    CLEARED_UNCHECKED = "cleared_unchecked"
    """All its bits are back, and the class asks for no function check."""
    CHECKED = "checked"
    CHECK_FAILED = "check_failed"
    ENDED = "ended"
    """Its time is over."""
    MARK = "mark"
    """A share of its time has passed."""
    MEASURE_CHECKED = "measure_checked"
    """A compensating measure was looked at."""
    MEASURE_MISSED = "measure_missed"
    """Nobody looked in time."""


S, T = PermitState, PermitTrigger
PERMIT_STEPS: Final[dict[tuple[PermitState, PermitTrigger], PermitState]] = {
    (S.REQUESTED, T.REQUESTED): S.REQUESTED,
    (S.REQUESTED, T.APPROVED_BY_ONE): S.REQUESTED,
    (S.REQUESTED, T.APPROVED): S.APPROVED,
    (S.REQUESTED, T.REFUSED): S.REFUSED,
    (S.REQUESTED, T.WITHDRAWN): S.WITHDRAWN,
    (S.REQUESTED, T.ENDED): S.EXPIRED,
    (S.APPROVED, T.USED): S.IN_USE,
    (S.APPROVED, T.WITHDRAWN): S.WITHDRAWN,
    (S.APPROVED, T.REVOKED): S.REVOKED,
    (S.APPROVED, T.ENDED): S.EXPIRED,
    (S.APPROVED, T.MARK): S.APPROVED,
    (S.IN_USE, T.CLEARED): S.RESTORING,
    (S.IN_USE, T.CLEARED_UNCHECKED): S.CLOSED,
    (S.IN_USE, T.REVOKED): S.REVOKED,
    (S.IN_USE, T.MARK): S.IN_USE,
    (S.IN_USE, T.MEASURE_CHECKED): S.IN_USE,
    (S.IN_USE, T.MEASURE_MISSED): S.IN_USE,
    (S.RESTORING, T.USED): S.IN_USE,
    (S.RESTORING, T.CHECKED): S.CLOSED,
    (S.RESTORING, T.CHECK_FAILED): S.RESTORING,
    (S.RESTORING, T.MARK): S.RESTORING,
}
"""(state, trigger) -> next state; a pair that is not here cannot happen, a person who asks for it is told why."""
OPEN: Final = frozenset({S.REQUESTED, S.APPROVED, S.IN_USE, S.RESTORING})
"""Permits that still matter."""
MARKS: Final = ((50, "operator"), (80, "shift_leader"), (100, "manager"))
"""At which share of the time (%) which role is told."""
ROLE_WORDS: Final = {
    "operator": ("操作员", "operator"),
    "shift_leader": ("班长", "shift leader"),
    "manager": ("值班领导", "duty manager"),
}
"""What these roles are called, Chinese and English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One step of the ladder."""

    role: str
    person: str
    person_name: str
    wall_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureCheck:
    """Somebody looked whether the compensating measures are in place."""

    wall_ns: int
    person: str
    person_name: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """One permit as it stands; times are Unix epoch, UTC, nanoseconds."""

    id: str
    interlock: str
    bits: tuple[str, ...]
    """Tags of the bypass bits that it covers."""
    reason: str
    risk: str
    measures: tuple[str, ...]
    """What watches in place of the interlock."""
    start_wall_ns: int
    until_wall_ns: int
    requested_by: str
    requested_name: str
    requested_wall_ns: int
    ladder: tuple[str, ...]
    """Roles that must approve, in order."""
    state: PermitState = PermitState.REQUESTED
    approvals: tuple[Approval, ...] = ()
    check_every_s: float | None = None
    """How often the measures are looked at while it is in use."""
    checks: tuple[MeasureCheck, ...] = ()
    check_due_wall_ns: int | None = None
    """When the measures must have been looked at again; None while it is not in use or nobody asked for it."""
    missed: int = 0
    """Checks that nobody entered in time."""
    marks_told: tuple[int, ...] = ()
    used_wall_ns: int | None = None
    cleared_wall_ns: int | None = None
    ended_wall_ns: int | None = None
    ended_by: str = ""
    ended_name: str = ""
    ended_note: str = ""
    """What the function check found, or why it was refused, withdrawn or revoked."""

    @property
    def number(self) -> int:
        """The running number at the end of its id; later permits have higher ones."""
        return int(self.id.rpartition("-")[2])

    @property
    def next_role(self) -> str | None:
        """Who must approve next; None when all have."""
        return self.ladder[len(self.approvals)] if len(self.approvals) < len(self.ladder) else None

    def is_running(self, wall_ns: int) -> bool:
        """Whether it allows a bypass now; one in use goes on covering its bits after its end, as overdue."""
        if self.state in (PermitState.IN_USE, PermitState.RESTORING):
            return wall_ns < self.until_wall_ns
        return self.state is PermitState.APPROVED and self.start_wall_ns <= wall_ns < self.until_wall_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitSearch:
    """Which permits are looked for; None and empty: any."""

    interlock: str | None = None
    states: frozenset[PermitState] = frozenset()
    from_ns: int | None = None
    """Asked for at this wall time or later."""
    to_ns: int | None = None
    """Asked for before this wall time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitStep:
    """One step of one permit, as the journal keeps it."""

    permit: Permit
    """After the step."""
    trigger: PermitTrigger
    before: PermitState | None
    wall_ns: int
    person: str = ""
    person_name: str = ""
    comment: str = ""
    mark: int = 0
    """Share of its time (%), of a MARK."""
    role: str = ""
    """Who is told (MARK), or in which role somebody approved."""
