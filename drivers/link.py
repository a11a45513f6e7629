"""The states of a link to a device, as a table."""

from enum import StrEnum
from typing import Final


class LinkState(StrEnum):
    """What can be said of one device's link."""

    DOWN = "down"
    CONNECTING = "connecting"
    UP = "up"
    DEGRADED = "degraded"
    """Answers, but points are refused or periods overrun."""
    NEEDS_OPERATOR = "needs_operator"
    """Refused credentials, certificate or configuration: a person must act."""


class LinkEvent(StrEnum):
    """What happens to a link."""

    ATTEMPT = "attempt"
    CONNECTED = "connected"
    IMPAIRED = "impaired"
    RECOVERED = "recovered"
    LOST = "lost"
    REFUSED = "refused"


LINK_TRANSITIONS: Final[dict[tuple[LinkState, LinkEvent], LinkState]] = {
    (LinkState.DOWN, LinkEvent.ATTEMPT): LinkState.CONNECTING,
    (LinkState.NEEDS_OPERATOR, LinkEvent.ATTEMPT): LinkState.CONNECTING,
    (LinkState.CONNECTING, LinkEvent.CONNECTED): LinkState.UP,
    (LinkState.CONNECTING, LinkEvent.LOST): LinkState.DOWN,
    (LinkState.CONNECTING, LinkEvent.REFUSED): LinkState.NEEDS_OPERATOR,
    (LinkState.UP, LinkEvent.IMPAIRED): LinkState.DEGRADED,
    (LinkState.UP, LinkEvent.LOST): LinkState.DOWN,
    (LinkState.UP, LinkEvent.REFUSED): LinkState.NEEDS_OPERATOR,
    (LinkState.DEGRADED, LinkEvent.RECOVERED): LinkState.UP,
    (LinkState.DEGRADED, LinkEvent.LOST): LinkState.DOWN,
    (LinkState.DEGRADED, LinkEvent.REFUSED): LinkState.NEEDS_OPERATOR,
}
"""(state, event) -> state; an event that is not here changes nothing."""

IS_UP: Final[frozenset[LinkState]] = frozenset({LinkState.UP, LinkState.DEGRADED})


def step(state: LinkState, event: LinkEvent) -> LinkState:
    """Apply one event; the state itself where the table says nothing."""
    return LINK_TRANSITIONS.get((state, event), state)
