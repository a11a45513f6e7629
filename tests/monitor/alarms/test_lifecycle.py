"""The table of the life cycle: every pair of state and trigger is decided, and what is decided makes sense."""

import itertools

import pytest

from monitor.alarms.lifecycle import (
    BEGINS,
    ENDS,
    IS_ACTIVE,
    IS_TRUE,
    NEEDS_ACKNOWLEDGE,
    NO_STEP,
    QUIET,
    TRANSITIONS,
    State,
    Suppression,
    Trigger,
)

PAIRS = list(itertools.product(State, Trigger))


@pytest.mark.parametrize(("state", "trigger"), PAIRS)
def test_every_pair_is_either_a_step_or_no_step(state: State, trigger: Trigger) -> None:
    assert ((state, trigger) in TRANSITIONS) is not (state in NO_STEP[trigger])


def test_the_table_holds_nothing_else() -> None:
    assert len(PAIRS) == 6 * 18
    assert len(TRANSITIONS) + sum(len(states) for states in NO_STEP.values()) == len(PAIRS)
    assert set(NO_STEP) == set(Trigger)


def test_every_suppression_begins_and_ends_and_leaves_the_state_alone() -> None:
    assert set(BEGINS) == set(ENDS) == set(Suppression)
    assert {*BEGINS.values(), *ENDS.values()} == QUIET
    assert len(QUIET) == 2 * len(Suppression)
    for state, trigger in itertools.product(State, QUIET):
        assert TRANSITIONS[state, trigger] is state


def test_only_a_condition_or_the_end_of_a_suppression_makes_an_alarm_unacknowledged() -> None:
    into = {trigger for (_, trigger), after in TRANSITIONS.items() if after is State.UNACKNOWLEDGED} - QUIET
    assert into == {Trigger.RAISED, Trigger.UNSUPPRESSED, Trigger.RE_ALARMED, Trigger.PRIORITY_RAISED}


def test_what_is_true_can_become_normal_only_by_a_return_or_the_end_of_its_occurrence() -> None:
    out = {trigger for (before, trigger), after in TRANSITIONS.items() if before in IS_TRUE and after is State.NORMAL}
    closing = {Trigger.REACTIVATED, Trigger.DEFINITION_REMOVED, Trigger.DEFINITION_CHANGED}
    assert out == {Trigger.RETURNED, Trigger.RETURNED_UNTOLD, *closing}
    for state in IS_ACTIVE:
        assert {TRANSITIONS[state, trigger] for trigger in closing} == {State.NORMAL}


def test_an_acknowledgement_and_nothing_else_answers_what_was_told() -> None:
    for before, trigger in TRANSITIONS:
        after = TRANSITIONS[before, trigger]
        closes = trigger in {Trigger.REACTIVATED, Trigger.DEFINITION_REMOVED, Trigger.DEFINITION_CHANGED}
        if before in NEEDS_ACKNOWLEDGE and after not in NEEDS_ACKNOWLEDGE and not closes:
            assert trigger is Trigger.ACKNOWLEDGED or (before, trigger) == (
                State.UNACKNOWLEDGED,
                Trigger.RETURNED_UNTOLD,
            )


def test_every_state_can_be_reached_and_left() -> None:
    moves = [(before, after) for (before, _), after in TRANSITIONS.items() if before is not after]
    assert {before for before, _ in moves} == {after for _, after in moves} == set(State)
