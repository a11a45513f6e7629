"""The three axes of an interlock, each a table: is it in service, what did it do, how much of its voting is left.

The headline is the first of HEADLINE that applies; standards.md 5.3 is the model, the precedence is ours: what may hurt now
stands before what may hurt later, and what is unknown before what is well.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from rules.verdicts import Verdict

F, T, U = Verdict.FALSE, Verdict.TRUE, Verdict.UNKNOWN


class Service(StrEnum):
    """Whether the interlock is there; the partition that in-service rates count."""

    IN_SERVICE = "in_service"
    BYPASSED_AUTHORISED = "bypassed_authorised"
    BYPASSED_UNAUTHORISED = "bypassed_unauthorised"
    BYPASSED_OVERDUE = "bypassed_overdue"
    RESTORED_UNCHECKED = "restored_unchecked"
    """The bit is back, the function was not checked: counts as bypassed."""
    UNKNOWN = "unknown"
    """Not in service."""


class Action(StrEnum):
    """What the interlock did."""

    READY = "ready"
    TRIPPED = "tripped"
    SPURIOUS_TRIP = "spurious_trip"
    FAILED_TO_TRIP = "failed_to_trip"
    DEMAND_WHILE_BYPASSED = "demand_while_bypassed"
    """It would have tripped."""
    UNKNOWN = "unknown"


class Voting(StrEnum):
    """How much of the m-out-of-n is left."""

    FULL = "full"
    DEGRADED = "degraded"
    LOST = "lost"
    UNKNOWN = "unknown"


class Cover(StrEnum):
    """What the permits say of an interlock now."""

    NONE = "none"
    ACTIVE = "active"
    OVERDUE = "overdue"
    WRONG_INPUT = "wrong_input"
    """A permit runs, but another input is bypassed than it names."""
    RESTORING = "restoring"
    """The bypass was used and is over; its function check is not entered."""


SERVICE: Final[dict[tuple[Verdict, Cover], Service]] = {
    (F, Cover.NONE): Service.IN_SERVICE,
    (F, Cover.ACTIVE): Service.IN_SERVICE,
    (F, Cover.OVERDUE): Service.IN_SERVICE,
    (F, Cover.WRONG_INPUT): Service.IN_SERVICE,
    (F, Cover.RESTORING): Service.RESTORED_UNCHECKED,
    (T, Cover.NONE): Service.BYPASSED_UNAUTHORISED,
    (T, Cover.ACTIVE): Service.BYPASSED_AUTHORISED,
    (T, Cover.OVERDUE): Service.BYPASSED_OVERDUE,
    (T, Cover.WRONG_INPUT): Service.BYPASSED_UNAUTHORISED,
    (T, Cover.RESTORING): Service.BYPASSED_UNAUTHORISED,
    **{(U, cover): Service.UNKNOWN for cover in Cover},
}
"""(a bypass bit stands, what permits say) -> service."""


class Seen(NamedTuple):
    """What decides the action of one interlock."""

    demand: Verdict
    """Its causes vote for a trip, bypassed ones included: the trip condition goes on being evaluated.  A demand that was
    read goes on until its causes are read without one, or the trip is seen: silence ends no demand."""
    tripped: Verdict
    bypassed: Verdict
    """While the bits of a demand cannot be read: what they said of it last."""
    late: bool
    """The demand lasts longer than the effects may take."""
    caused: bool
    """A demand stood when the trip began, or since."""
    unmoved: bool
    """It says that it tripped, and longer than one of its effects may take this one is read not to have acted."""


def action_of(seen: Seen) -> Action:
    """The row of the table that applies; the first that matches."""
    for pattern, action in ACTION:
        if all(wanted is None or wanted == found for wanted, found in zip(pattern, seen, strict=True)):
            return action
    raise AssertionError(seen)  # the last row matches everything


ACTION: Final[tuple[tuple[tuple[Verdict | bool | None, ...], Action], ...]] = (
    # demand, tripped, bypassed, late, caused, unmoved
    # a relay alone stops nothing
    ((None, T, None, None, None, True), Action.FAILED_TO_TRIP),
    ((T, T, None, None, None, None), Action.TRIPPED),
    ((None, T, None, None, True, None), Action.TRIPPED),
    ((F, T, None, None, False, None), Action.SPURIOUS_TRIP),
    ((U, T, None, None, False, None), Action.TRIPPED),
    ((T, F, T, None, None, None), Action.DEMAND_WHILE_BYPASSED),
    ((T, U, T, None, None, None), Action.DEMAND_WHILE_BYPASSED),
    # a trip that nobody saw is not taken for one
    ((T, None, None, True, None, None), Action.FAILED_TO_TRIP),
    ((T, F, F, False, None, None), Action.READY),
    ((F, F, None, None, None, None), Action.READY),
    ((None, None, None, None, None, None), Action.UNKNOWN),
)
"""Rows are tried in this order; None matches anything.  A demand that nothing answers is READY only within the required
time of the effects; with an unknown bypass bit or trip it is UNKNOWN until it is late."""


class Headline(NamedTuple):
    """The one word for an interlock, and from which axis it comes."""

    axis: str
    word: str


HEADLINE: Final[tuple[Headline, ...]] = (
    Headline("action", Action.FAILED_TO_TRIP),
    Headline("action", Action.DEMAND_WHILE_BYPASSED),
    Headline("service", Service.BYPASSED_UNAUTHORISED),
    Headline("service", Service.BYPASSED_OVERDUE),
    Headline("action", Action.TRIPPED),
    Headline("action", Action.SPURIOUS_TRIP),
    Headline("service", Service.BYPASSED_AUTHORISED),
    Headline("voting", Voting.LOST),
    Headline("service", Service.UNKNOWN),
    Headline("service", Service.RESTORED_UNCHECKED),
    Headline("voting", Voting.DEGRADED),
    Headline("action", Action.UNKNOWN),
    Headline("voting", Voting.UNKNOWN),
    Headline("service", Service.IN_SERVICE),
)
"""Precedence of the headline, first match wins."""


def headline_of(service: Service, action: Action, voting: Voting) -> Headline:
    """The first of HEADLINE that applies."""
    found = {"service": service.value, "action": action.value, "voting": voting.value}
    return next(headline for headline in HEADLINE if found[headline.axis] == headline.word)


BYPASSED: Final = frozenset(
    {
        Service.BYPASSED_AUTHORISED,
        Service.BYPASSED_UNAUTHORISED,
        Service.BYPASSED_OVERDUE,
        Service.RESTORED_UNCHECKED,
    }
)
"""What counts as bypassed in rates."""
