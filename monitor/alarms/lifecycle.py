"""What an alarm may do next: states, triggers and the table between them (ISA-18.2-2016 figure 3, latched states added)."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """The six states; suppression is a set beside them, not a state."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED_UNACKNOWLEDGED = "returned_unacknowledged"
    LATCHED_UNACKNOWLEDGED = "latched_unacknowledged"
    LATCHED_ACKNOWLEDGED = "latched_acknowledged"


class Trigger(StrEnum):
    """Why a transition happened."""

    RAISED = "raised"
    RETURNED = "returned"
    RETURNED_LATCHED = "returned_latched"
    REACTIVATED = "reactivated"
    """Closes the old occurrence of an alarm that became TRUE again before it was acknowledged or reset."""
    ACKNOWLEDGED = "acknowledged"
    RESET = "reset"
    UNSUPPRESSED = "unsuppressed"
    DEFINITION_REMOVED = "definition_removed"
    DEFINITION_CHANGED = "definition_changed"


class Suppression(StrEnum):
    """Why an alarm is not annunciated (ISA-18.2: shelved, suppressed by design, out of service)."""

    SHELVED = "shelved"
    BY_DESIGN = "by_design"
    OUT_OF_SERVICE = "out_of_service"


TRANSITIONS: Final[dict[tuple[State, Trigger], State]] = {
    (State.NORMAL, Trigger.RAISED): State.UNACKNOWLEDGED,
    (State.UNACKNOWLEDGED, Trigger.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.UNACKNOWLEDGED, Trigger.RETURNED): State.RETURNED_UNACKNOWLEDGED,
    (State.UNACKNOWLEDGED, Trigger.RETURNED_LATCHED): State.LATCHED_UNACKNOWLEDGED,
    (State.ACKNOWLEDGED, Trigger.RETURNED): State.NORMAL,
    (State.ACKNOWLEDGED, Trigger.RETURNED_LATCHED): State.LATCHED_ACKNOWLEDGED,
    (State.RETURNED_UNACKNOWLEDGED, Trigger.ACKNOWLEDGED): State.NORMAL,
    (State.LATCHED_UNACKNOWLEDGED, Trigger.ACKNOWLEDGED): State.LATCHED_ACKNOWLEDGED,
    (State.LATCHED_ACKNOWLEDGED, Trigger.RESET): State.NORMAL,
    # the condition came back (or a further reason came): the old occurrence ends, a new one begins with RAISED
    (State.UNACKNOWLEDGED, Trigger.REACTIVATED): State.NORMAL,
    (State.ACKNOWLEDGED, Trigger.REACTIVATED): State.NORMAL,
    (State.RETURNED_UNACKNOWLEDGED, Trigger.REACTIVATED): State.NORMAL,
    (State.LATCHED_UNACKNOWLEDGED, Trigger.REACTIVATED): State.NORMAL,
    (State.LATCHED_ACKNOWLEDGED, Trigger.REACTIVATED): State.NORMAL,
    # suppression ends while the condition is TRUE: annunciated again, same occurrence
    (State.UNACKNOWLEDGED, Trigger.UNSUPPRESSED): State.UNACKNOWLEDGED,
    (State.ACKNOWLEDGED, Trigger.UNSUPPRESSED): State.UNACKNOWLEDGED,
}
"""(state, trigger) -> state.  DEFINITION_REMOVED and DEFINITION_CHANGED lead to NORMAL from every state but NORMAL."""

IS_ACTIVE: Final[frozenset[State]] = frozenset(State) - {State.NORMAL}
NEEDS_ACKNOWLEDGE: Final[frozenset[State]] = frozenset(
    {State.UNACKNOWLEDGED, State.RETURNED_UNACKNOWLEDGED, State.LATCHED_UNACKNOWLEDGED}
)
for _state in IS_ACTIVE:
    TRANSITIONS[_state, Trigger.DEFINITION_REMOVED] = State.NORMAL
    TRANSITIONS[_state, Trigger.DEFINITION_CHANGED] = State.NORMAL
