"""What people ask of permits, and why it can be refused."""

from dataclasses import dataclass

from monitor.alarms.commands import Instruction


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
class Approve(Instruction):
    """Give the next approval of the ladder."""

    role: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse(Instruction):
    """Say no; the comment says why."""

    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(Instruction):
    """Take a permit back before it was used; the one who asked."""

    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke(Instruction):
    """End a permit that was approved; who may approve it may also end it."""

    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMeasures(Instruction):
    """Enter that the compensating measures are in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFunction(Instruction):
    """Enter the function check after the bypass: passed or not, and what was done."""

    passed: bool


PermitCommand = Request | Approve | Refuse | Withdraw | Revoke | CheckMeasures | CheckFunction
