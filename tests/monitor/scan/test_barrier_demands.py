"""Demands and trips inside the scan: alarms at their deadline, the journal, and what goes on over a restart."""

import pytest

from monitor.interlocks.axes import Action
from monitor.plant.plant import Plant
from tests.monitor.scan.support import SECOND_NS
from tests.monitor.scan.yard import GRACE_S, SIS, Yard, told_changes


async def test_it_would_have_tripped(yard: Yard) -> None:
    await yard.permit()
    await yard.scan(BPS_101=1)
    await yard.scan(LSHH_101=1)
    assert yard.state().action is Action.DEMAND_WHILE_BYPASSED
    assert yard.triggers(f"{SIS}.demand") == ["raised"]
    assert yard.state().headline.word == "demand_while_bypassed"
    await yard.scan(LSHH_101=0)
    assert yard.state().action is Action.READY
    assert not yard.stands(f"{SIS}.demand")


async def test_it_fails_to_trip_at_its_deadline_without_any_reading(yard: Yard) -> None:
    await yard.scan(LSHH_101=1)
    assert yard.state().action is Action.READY
    due = yard.scanner._barriers.next_mono_ns()
    assert due is not None
    assert due - yard.clock.mono == 5 * SECOND_NS + 1
    await yard.scan(4.5)
    assert yard.scanner._barriers.next_mono_ns() == due
    yard.clock.pass_s(0.5)
    await yard.scanner.scan()
    assert not yard.stands(f"{SIS}.failed"), "exactly the required time is not too late"
    yard.clock.mono = due
    await yard.scanner.scan()
    assert yard.state().action is Action.FAILED_TO_TRIP
    assert yard.triggers(f"{SIS}.failed") == ["raised"]
    assert yard.alarm(f"{SIS}.failed").priority == 1


async def test_it_trips_in_time_and_says_how_fast(yard: Yard) -> None:
    await yard.scan(LSHH_101=1)
    yard.values["SIS-101.TRIP"] = 1.0
    await yard.scan(2)
    assert yard.state().action is Action.TRIPPED
    assert not yard.stands(f"{SIS}.failed")
    assert not yard.stands(f"{SIS}.spurious")
    told = told_changes(yard.entries("interlock")[-1:])
    (change,) = [each for each in told if each["axis"] == "action"]
    detail = change["detail"]
    assert (detail["first_out"], detail["response_s"], detail["required_s"]) == (["LSHH-101"], 2.0, 5.0)


async def test_a_trip_whose_valve_hangs_has_failed_and_names_the_valve(yard: Yard) -> None:
    yard.values |= {"LSHH-101": 1.0, "SIS-101.TRIP": 1.0, "XV-101I.CLOSED": 0.0}
    await yard.scan()
    await yard.scan(5)
    assert yard.state().action is Action.TRIPPED
    await yard.scan(1.1)
    assert yard.state().action is Action.FAILED_TO_TRIP
    assert yard.triggers(f"{SIS}.failed") == ["raised"]
    assert yard.alarm(f"{SIS}.failed").detail == ("XV-101I.CLOSED",)
    failed, feedback = told_changes(yard.entries("interlock")[-1:])
    assert failed["detail"]["unmoved"] == ["XV-101I.CLOSED"]
    assert (feedback["axis"], feedback["after"]) == ("feedback", "not_moved")
    await yard.scan(**{"XV-101I.CLOSED": 1.0})
    assert yard.state().action is Action.TRIPPED
    assert not yard.stands(f"{SIS}.failed")


async def test_a_trip_without_cause_is_spurious(yard: Yard) -> None:
    yard.values["SIS-101.TRIP"] = 1.0
    await yard.scan()
    assert not yard.stands(f"{SIS}.spurious"), "its cause may still be read"
    await yard.scan()
    assert yard.state().action is Action.SPURIOUS_TRIP
    assert yard.triggers(f"{SIS}.spurious") == ["raised"]


async def test_each_effect_is_in_the_journal_with_its_own_time(yard: Yard) -> None:
    await yard.scan(LSHH_101=1)
    yard.values |= {"SIS-101.TRIP": 1.0, "XV-101I.CLOSED": 1.0}
    await yard.scan(2)
    (entry,) = [each for each in yard.entries("interlock")[-1:] if each.id == SIS]
    assert entry.message_zh.endswith("XV-101I.CLOSED 2.00 s 按时到位（限 5 s）")
    assert entry.message_en.endswith("XV-101I.CLOSED 2.00 s acted in time (within 5 s)")
    (told,) = [each for each in told_changes([entry]) if each["axis"] == "feedback"]
    (effect,) = told["detail"]["effects"]
    assert (effect["tag"], effect["answer"], effect["after_s"], effect["within_s"]) == (
        "XV-101I.CLOSED", "within", 2.0, 5.0,
    )  # fmt: skip


# --- over a restart -------------------------------------------------------------------------------


async def test_a_demand_is_on_disk_with_the_scan_that_read_it_and_goes_with_its_end(yard: Yard) -> None:
    commits = len(yard.disk.commits)
    await yard.scan(LSHH_101=1)
    (row,) = [row for each in yard.disk.commits[commits:] for row in each.interlocks]
    assert (row.id, row.wall_ns) == (SIS, yard.clock.wall)
    await yard.scan()
    await yard.scan(LSHH_101=0)
    await yard.scan(7)
    await yard.scan()
    assert [row.body is None for row in yard.disk.commits[-1].interlocks] == [True]
    assert yard.remembered() == {}


async def test_a_deadline_goes_on_over_a_restart_and_is_told_once(barrier_plant: Plant, yard: Yard) -> None:
    await yard.scan(LSHH_101=1)
    began = yard.clock.mono
    await yard.scan(3)
    again = Yard(barrier_plant, yard)
    again.clock.pass_s(1.0)
    again.silent = {"SIS-1", "PLC-2"}
    await again.scan(0.5)
    assert again.state().action is Action.UNKNOWN
    again.silent = set()
    await again.scan(0.1)
    assert not again.stands(f"{SIS}.failed")
    again.clock.mono = again.scanner._barriers.next_mono_ns() or 0
    assert again.clock.mono - began == 5 * SECOND_NS + 1, "at the first deadline"
    await again.scanner.scan()
    assert again.state().action is Action.FAILED_TO_TRIP
    assert again.triggers(f"{SIS}.failed") == ["raised"]
    third = Yard(barrier_plant, again)
    await third.scan(2)
    assert third.triggers(f"{SIS}.failed") == ["raised"], "it was told already"


@pytest.mark.parametrize("step_s", [-3600, 3600])
async def test_a_clock_that_was_set_between_two_runs_changes_no_deadline(
    barrier_plant: Plant, yard: Yard, step_s: int
) -> None:
    await yard.scan(LSHH_101=1)
    await yard.scan(3)
    again = Yard(barrier_plant, yard, wall_step_s=step_s)
    await again.scan(1)
    assert not again.stands(f"{SIS}.failed")
    await again.scan(1.1)
    assert again.triggers(f"{SIS}.failed") == ["raised"]


async def test_a_deadline_that_passed_while_nobody_ran_is_told_when_it_is_read(
    barrier_plant: Plant, yard: Yard
) -> None:
    await yard.scan(LSHH_101=1)
    yard.clock.pass_s(600)
    again = Yard(barrier_plant, yard)
    again.silent = {"SIS-1"}
    await again.scan(1)
    assert not again.stands(f"{SIS}.failed"), "it may have tripped long ago"
    await again.scan(GRACE_S)
    assert again.triggers(f"{SIS}.failed") == ["raised"], "nobody saw it"


async def test_a_trip_without_cause_stays_one_over_a_restart(barrier_plant: Plant, yard: Yard) -> None:
    yard.values |= {"SIS-101.TRIP": 1.0, "XV-101I.CLOSED": 1.0}
    await yard.scan()
    await yard.scan(2)
    assert yard.state().action is Action.SPURIOUS_TRIP
    again = Yard(barrier_plant, yard)
    for _ in range(3):
        await again.scan(5)
        assert again.state().action is Action.SPURIOUS_TRIP
    assert again.triggers(f"{SIS}.spurious") == ["raised"]
