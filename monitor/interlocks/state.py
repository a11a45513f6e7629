"""What is known of one interlock now, in words; made anew only when something of it changed."""

from dataclasses import dataclass

from monitor.interlocks.axes import Action, Cover, Headline, Service, Voting, headline_of
from monitor.interlocks.feedback import Feedback
from rules.verdicts import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class InterlockState:
    """One interlock on its three axes, with what decided them."""

    id: str
    service: Service
    action: Action
    voting: Voting
    cover: Cover
    """What the permits say."""
    demand: Verdict
    """Whether its causes vote for a trip, bypassed ones included."""
    trip: Verdict
    bypassed_by: tuple[str, ...]
    """Tags of the bits that stand in their bypassed state."""
    demanded_by: tuple[str, ...]
    """Tags of the causes that demand the trip; those of an open demand while none can be read."""
    unmoved: tuple[str, ...] = ()
    """Tags of the effects that have not acted although it says that it tripped, and should have."""
    feedback: tuple[Feedback, ...] = ()
    """Every effect and its answer to the demand that stands, or to the last one; in register order."""
    service_since_wall_ns: int | None = None
    """When `service` became what it is; None before anything was read."""
    action_since_wall_ns: int | None = None
    unused_permit: bool = False
    """A permit runs while no bit is bypassed."""

    @property
    def headline(self) -> Headline:
        """The one word for it, by the stated precedence."""
        return headline_of(self.service, self.action, self.voting)

    @property
    def tripped(self) -> bool | None:
        """None where it cannot be judged."""
        return None if self.trip is Verdict.UNKNOWN else self.trip is Verdict.TRUE
