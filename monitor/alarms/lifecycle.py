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
    RETURNED_UNTOLD = "returned_untold"
    """The condition of an occurrence that was never annunciated returned: nobody was told, so nobody has to answer."""
    REACTIVATED = "reactivated"
    """Closes the old occurrence of an alarm that became TRUE again before it was acknowledged or reset."""
    ACKNOWLEDGED = "acknowledged"
    RESET = "reset"
    RE_ALARMED = "re_alarmed"
    """An acknowledged alarm still stands after the time of its class: annunciated again."""
    PRIORITY_RAISED = "priority_raised"
    """Nobody acknowledged it in the time of its class: it rises one priority."""
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    """By design."""
    REMOVED_FROM_SERVICE = "removed_from_service"
    UNSHELVED = "unshelved"
    """The shelf ended, and another suppression stands or the condition is not TRUE."""
    RELEASED = "released"
    """The same for a suppression by design."""
    RETURNED_TO_SERVICE = "returned_to_service"
    """The same for out of service."""
    UNSUPPRESSED = "unsuppressed"
    """The last suppression, whichever, ended while the condition is TRUE: annunciated."""
    DEFINITION_REMOVED = "definition_removed"
    DEFINITION_CHANGED = "definition_changed"


class Suppression(StrEnum):
    """Why an alarm is not annunciated (ISA-18.2: shelved, suppressed by design, out of service)."""

    SHELVED = "shelved"
    BY_DESIGN = "by_design"
    OUT_OF_SERVICE = "out_of_service"


IS_ACTIVE: Final[frozenset[State]] = frozenset(State) - {State.NORMAL}
NEEDS_ACKNOWLEDGE: Final[frozenset[State]] = frozenset(
    {State.UNACKNOWLEDGED, State.RETURNED_UNACKNOWLEDGED, State.LATCHED_UNACKNOWLEDGED}
)
IS_TRUE: Final[frozenset[State]] = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED})
"""The states in which the last decided condition is TRUE."""

BEGINS: Final[dict[Suppression, Trigger]] = {
    Suppression.SHELVED: Trigger.SHELVED,
    Suppression.BY_DESIGN: Trigger.SUPPRESSED,
    Suppression.OUT_OF_SERVICE: Trigger.REMOVED_FROM_SERVICE,
}
ENDS: Final[dict[Suppression, Trigger]] = {
    Suppression.SHELVED: Trigger.UNSHELVED,
    Suppression.BY_DESIGN: Trigger.RELEASED,
    Suppression.OUT_OF_SERVICE: Trigger.RETURNED_TO_SERVICE,
}
QUIET: Final[frozenset[Trigger]] = frozenset(BEGINS.values()) | frozenset(ENDS.values())
"""Nothing new is wrong: journaled and shown, never annunciated."""

TRANSITIONS: Final[dict[tuple[State, Trigger], State]] = {
    (State.NORMAL, Trigger.RAISED): State.UNACKNOWLEDGED,
    (State.UNACKNOWLEDGED, Trigger.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.UNACKNOWLEDGED, Trigger.RETURNED): State.RETURNED_UNACKNOWLEDGED,
    (State.UNACKNOWLEDGED, Trigger.RETURNED_LATCHED): State.LATCHED_UNACKNOWLEDGED,
    (State.UNACKNOWLEDGED, Trigger.RETURNED_UNTOLD): State.NORMAL,
    (State.ACKNOWLEDGED, Trigger.RETURNED): State.NORMAL,
    (State.ACKNOWLEDGED, Trigger.RETURNED_LATCHED): State.LATCHED_ACKNOWLEDGED,
    (State.RETURNED_UNACKNOWLEDGED, Trigger.ACKNOWLEDGED): State.NORMAL,
    (State.LATCHED_UNACKNOWLEDGED, Trigger.ACKNOWLEDGED): State.LATCHED_ACKNOWLEDGED,
    (State.LATCHED_ACKNOWLEDGED, Trigger.RESET): State.NORMAL,
    # nobody does anything
    (State.ACKNOWLEDGED, Trigger.RE_ALARMED): State.UNACKNOWLEDGED,
    (State.UNACKNOWLEDGED, Trigger.PRIORITY_RAISED): State.UNACKNOWLEDGED,
    # the last suppression ends while the condition is TRUE: annunciated again, same occurrence
    (State.UNACKNOWLEDGED, Trigger.UNSUPPRESSED): State.UNACKNOWLEDGED,
    (State.ACKNOWLEDGED, Trigger.UNSUPPRESSED): State.UNACKNOWLEDGED,
    # the condition came back (or a further reason came), or the definition is another one: the occurrence ends
    **{
        (state, trigger): State.NORMAL
        for state in IS_ACTIVE
        for trigger in (Trigger.REACTIVATED, Trigger.DEFINITION_REMOVED, Trigger.DEFINITION_CHANGED)
    },
    # a suppression stands beside the state and does not change it, before or during the alarm
    **{(state, trigger): state for state in State for trigger in QUIET},
}
"""(state, trigger) -> state.  Every other pair stands in NO_STEP; a test holds the two against each other."""

NO_STEP: Final[dict[Trigger, frozenset[State]]] = {
    # RAISED begins an occurrence: one that stands is closed by REACTIVATED first
    Trigger.RAISED: IS_ACTIVE,
    Trigger.RETURNED: frozenset(State) - IS_TRUE,
    Trigger.RETURNED_LATCHED: frozenset(State) - IS_TRUE,
    # who acknowledged it knows of it
    Trigger.RETURNED_UNTOLD: frozenset(State) - {State.UNACKNOWLEDGED},
    Trigger.REACTIVATED: frozenset({State.NORMAL}),
    # refused to the person, with who was first or what to do instead
    Trigger.ACKNOWLEDGED: frozenset(State) - NEEDS_ACKNOWLEDGE,
    Trigger.RESET: frozenset(State) - {State.LATCHED_ACKNOWLEDGED},
    Trigger.RE_ALARMED: frozenset(State) - {State.ACKNOWLEDGED},
    Trigger.PRIORITY_RAISED: frozenset(State) - {State.UNACKNOWLEDGED},
    # nothing is TRUE: UNSHELVED, RELEASED or RETURNED_TO_SERVICE instead
    Trigger.UNSUPPRESSED: frozenset(State) - IS_TRUE,
    Trigger.DEFINITION_REMOVED: frozenset({State.NORMAL}),
    Trigger.DEFINITION_CHANGED: frozenset({State.NORMAL}),
    **{trigger: frozenset[State]() for trigger in QUIET},
}
"""Trigger -> states in which it makes no step."""
