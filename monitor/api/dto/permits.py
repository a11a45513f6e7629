"""`/permits`: bypass permits and what people say of them."""

from typing import Literal

from pydantic import Field

from monitor.api.dto.base import Dto
from monitor.api.parameters import Moment


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
