"""What people ask of permits, and why it can be refused."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Ask for a bypass."""

    interlock: str
    bits: tuple[str, ...]
    reason: str
    risk: str
    measures: tuple[str, ...]
    start_wall_ns: int
    until_wall_ns: int
    person: str
    person_name: str
    check_every_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Give the next approval of the ladder."""

    id: str
    person: str
    person_name: str
    role: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Say no; the comment says why."""

    id: str
    person: str
    person_name: str
    role: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Take a permit back before it was used; the one who asked."""

    id: str
    person: str
    person_name: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """End a permit that was approved; who may approve it may also end it."""

    id: str
    person: str
    person_name: str
    role: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMeasures:
    """Enter that the compensating measures are in place."""

    id: str
    person: str
    person_name: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFunction:
    """Enter the function check after the bypass: passed or not, and what was done."""

    id: str
    person: str
    person_name: str
    passed: bool
    comment: str


PermitCommand = Request | Approve | Refuse | Withdraw | Revoke | CheckMeasures | CheckFunction
