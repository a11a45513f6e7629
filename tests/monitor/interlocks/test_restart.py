"""What an interlock remembers over a restart: deadlines that go on, trips that keep their cause, and whose memory it is."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.interlocks.axes import Action
from monitor.interlocks.feedback import Answer
from monitor.interlocks.register import BypassBit, Cause, Effect, Interlock
from monitor.interlocks.stored import fingerprint
from tests.monitor.interlocks.machine import (
    GRACE_S,
    HOUR_S,
    ONE,
    OTHER,
    PLANT,
    STALE,
    TAGS,
    Machine,
    demanded,
    fails_after_s,
    read_all,
)
from tests.rules.plants import SECOND, table


def test_nothing_is_kept_of_what_is_calm_and_one_row_of_a_demand() -> None:
    machine = Machine()
    machine.see()
    assert machine.disk == {}
    machine.see(LS_1=1.0)
    assert set(machine.disk) == {"SIS-1"}, "in the commit of the scan that read it"
    row = machine.disk["SIS-1"]
    machine.see()
    assert machine.disk["SIS-1"] is row, "a demand that goes on is not written again"
    machine.see(LS_1=0.0)
    machine.see(12.0)
    assert machine.disk == {}


def test_a_deadline_goes_on_and_the_time_nobody_ran_counts() -> None:
    machine = demanded()
    machine.restart(0.5)
    read_all(machine)
    assert fails_after_s(machine) == pytest.approx(1.6, abs=0.11)


def test_a_deadline_that_passed_meanwhile_is_told_when_all_of_it_was_read() -> None:
    machine = demanded()
    machine.restart(60.0)
    assert machine.first(machine.see()).action is Action.UNKNOWN, "its trip may have come and is not read yet"
    machine.unread = {"TR-1"}
    assert machine.first(machine.see()).action is Action.UNKNOWN
    read_all(machine)
    assert machine.first(machine.see()).action is Action.FAILED_TO_TRIP


def test_a_trip_that_came_meanwhile_is_no_failure() -> None:
    machine = demanded()
    machine.restart(60.0)
    machine.see()
    read_all(machine)
    found = machine.see(TR_1=1.0, XV_1=1.0)
    assert machine.first(found).action is Action.TRIPPED
    (feedback,) = machine.first(found).feedback
    assert (feedback.answer, feedback.at_most) == (Answer.UNKNOWN, True), "nobody saw when the valve closed"


def test_a_demand_that_ended_meanwhile_is_no_failure() -> None:
    machine = demanded()
    machine.restart(60.0)
    machine.unread = {"LS-1"}
    machine.see(LS_1=0.0)
    assert machine.first(machine.see()).action is not Action.FAILED_TO_TRIP, "the trip is read, the cause is not"
    read_all(machine)
    assert machine.first(machine.see()).action is Action.READY
    machine.see(12.0)
    assert machine.disk == {}


def test_a_device_that_stays_silent_answers_nothing() -> None:
    machine = demanded()
    machine.restart(60.0)
    machine.see(GRACE_S - 0.1)
    assert machine.watch.due_ns == machine.mono_ns + SECOND // 10
    found = machine.see(0.1)
    assert machine.first(found).action is Action.FAILED_TO_TRIP
    assert machine.first(found).demanded_by == ("LS-1",)


def test_a_silent_device_is_not_waited_for_beyond_the_deadline_when_it_was_read_once() -> None:
    machine = demanded()
    machine.restart(0.5)
    read_all(machine)
    machine.see(0.1)
    machine.readings = {name: (value, STALE) for name, (value, _) in machine.readings.items()}
    assert fails_after_s(machine) == pytest.approx(1.5, abs=0.11)


@pytest.mark.parametrize("step_s", [-HOUR_S, HOUR_S, -1.0, 1.0])
def test_a_clock_that_was_set_meanwhile_changes_no_deadline(step_s: float) -> None:
    machine = demanded()
    machine.restart(0.5, step_s=step_s)
    read_all(machine)
    assert fails_after_s(machine) == pytest.approx(1.6, abs=0.11)


@pytest.mark.parametrize(("step_s", "expected_s"), [(0.0, 1.1), (-HOUR_S, 10.1), (HOUR_S, 0.1)])
def test_over_a_start_of_the_machine_a_deadline_is_bounded(step_s: float, expected_s: float) -> None:
    """Never longer than all of it again, and never sooner than its inputs were read."""
    machine = demanded()
    machine.restart(1.0, step_s=step_s, reboot=True)
    read_all(machine)
    assert fails_after_s(machine) == pytest.approx(expected_s, abs=0.11)


def test_a_clock_that_was_set_back_does_not_begin_the_deadline_at_every_start() -> None:
    machine = demanded()
    machine.restart(1.0, step_s=-HOUR_S, reboot=True)
    machine.see(0.1)
    machine.restart(6.0, reboot=True)
    read_all(machine)
    assert fails_after_s(machine) == pytest.approx(3.9, abs=0.15)


def test_a_demand_that_was_answered_has_not_failed_before_a_device_that_stays_silent() -> None:
    machine = demanded(after_s=1.0)
    machine.see(TR_1=1.0, XV_1=1.0)
    machine.restart(5.0)
    for _ in range(5):
        assert machine.first(machine.see(GRACE_S)).action is Action.UNKNOWN
        assert machine.watch.due_ns is None or machine.watch.due_ns > machine.mono_ns, "nothing is due all the time"
    read_all(machine)
    assert machine.first(machine.see()).action is Action.TRIPPED


def test_it_would_have_tripped_goes_on() -> None:
    machine = Machine()
    machine.see(BP_1=1.0)
    machine.see(LS_1=1.0)
    machine.restart(3.0)
    found = machine.see()
    assert machine.first(found).action is Action.DEMAND_WHILE_BYPASSED
    assert machine.first(found).demanded_by == ("LS-1",)


def test_a_spurious_trip_stays_one_and_a_caused_one_stays_caused() -> None:
    machine = Machine()
    machine.see()
    machine.see(TR_1=1.0, XV_1=1.0, LS_2=1.0)
    machine.see(TR_2=1.0)
    machine.see(LS_2=0.0)
    assert [state.action for state in machine.see(20.0).states] == [Action.SPURIOUS_TRIP, Action.TRIPPED]
    machine.restart(5.0)
    machine.see()
    read_all(machine)
    assert [state.action for state in machine.see().states] == [Action.SPURIOUS_TRIP, Action.TRIPPED]
    machine.see(TR_1=0.0, TR_2=0.0)
    assert machine.disk == {}


def test_a_trip_that_stands_and_was_never_seen_before_is_taken_to_have_had_a_cause() -> None:
    machine = Machine()
    machine.see()
    machine.restart(5.0)
    read_all(machine)
    assert machine.first(machine.see(TR_1=1.0, XV_1=1.0)).action is Action.TRIPPED
    assert machine.first(machine.see(30.0)).action is Action.TRIPPED


def test_the_time_of_an_effect_is_kept_and_told_once() -> None:
    machine = demanded(after_s=1.0)
    found = machine.see(TR_1=1.0, XV_1=1.0)
    assert [change.after for change in found.changes if change.axis == "feedback"] == ["within"]
    machine.restart(5.0)
    read_all(machine)
    after = machine.see()
    assert [change.after for change in after.changes if change.axis == "feedback"] == []
    (feedback,) = machine.first(after).feedback
    assert (feedback.answer, feedback.after_s, feedback.at_most) == (Answer.WITHIN, 2.0, False)


@pytest.mark.parametrize(
    "changed",
    [
        replace(ONE, outputs=(Effect(tag="XV-1", acted_when=1, within_s=20.0),)),
        replace(ONE, inputs=(*ONE.inputs, Cause(tag="LS-2", sense="state", trip_point=1.0))),
        replace(ONE, inputs=(Cause(tag="LS-1", sense="state", trip_point=0.0),)),
        replace(ONE, needed=2),
        replace(ONE, trip_tag=None),
        replace(ONE, bypass_bits=(BypassBit(tag="BP-1", bypassed_when=0),)),
    ],
)
def test_an_interlock_that_was_defined_anew_begins_afresh_and_the_others_go_on(changed: Interlock) -> None:
    machine = demanded()
    machine.see(LS_2=1.0)
    machine.restart(0.0, changed, OTHER)
    assert machine.left_out == ["SIS-1"]
    found = machine.see()
    assert [state.demanded_by for state in found.states] == [(), ("LS-2",)]
    assert set(machine.disk) == {"SIS-2"}


def test_words_permits_and_the_order_of_the_register_change_nothing() -> None:
    machine = demanded()
    named = replace(ONE, name_zh="别的", owner="x", permit_required=False, trip_point_tolerance=1.0)
    machine.restart(0.5, OTHER, named)
    assert machine.left_out == []
    read_all(machine)
    machine.see(0.1)
    assert machine.watch.states[1].demanded_by == ("LS-1",)


def test_another_range_of_a_cause_is_another_definition() -> None:
    wider = table(*(replace(each, high=50.0) if each.id == "LS-1" else each for each in TAGS))
    assert fingerprint(ONE, wider) != fingerprint(ONE, PLANT)
    assert fingerprint(OTHER, wider) == fingerprint(OTHER, PLANT)


def test_an_interlock_that_is_gone_is_forgotten() -> None:
    machine = demanded()
    machine.restart(0.0, OTHER)
    assert machine.left_out == ["SIS-1"]
    machine.see()
    assert machine.disk == {}


times = st.sampled_from([0.0, 0.3, 1.0, 2.0, 5.0, 9.9, 10.1, 30.0])
happening = st.tuples(times, st.fixed_dictionaries({}, optional=dict.fromkeys(PLANT.ids, st.sampled_from([0.0, 1.0]))))


def walked(history: list[tuple[float, dict[str, float]]], killed_at: int) -> None:
    """A service that is killed between two scans and at once read again judges what was open as one that ran on."""
    killed_at %= len(history)
    steady, killed = Machine(), Machine()
    steady.see()
    killed.see()
    for seconds, changed in history[:killed_at]:
        steady.see(seconds, **_words(changed))
        killed.see(seconds, **_words(changed))
    killed.restart(0.0)
    read_all(killed)
    open_or_tripped = set(killed.disk)
    seconds, changed = history[killed_at]
    one, two = steady.see(seconds, **_words(changed)), killed.see(seconds, **_words(changed))
    for before, after in zip(one.states, two.states, strict=True):
        if before.id in open_or_tripped:
            assert after.action is before.action, before.id
            assert after.demanded_by == before.demanded_by


def _words(changed: dict[str, float]) -> dict[str, float]:
    return {name.replace("-", "_"): value for name, value in changed.items()}


@settings(max_examples=25)
@given(st.lists(happening, min_size=2, max_size=8), st.integers(0, 7))
def test_a_kill_between_two_scans_changes_nothing_that_is_open(
    history: list[tuple[float, dict[str, float]]], killed_at: int
) -> None:
    walked(history, killed_at)


@pytest.mark.soak
@settings(max_examples=10_000)
@given(st.lists(happening, min_size=2, max_size=12), st.integers(0, 11))
def test_a_kill_between_two_scans_changes_nothing_that_is_open_for_long(
    history: list[tuple[float, dict[str, float]]], killed_at: int
) -> None:
    walked(history, killed_at)
