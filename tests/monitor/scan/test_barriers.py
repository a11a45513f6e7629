"""Interlocks inside the scan: what is alarmed, unshelved, raised; and the journal."""

from dataclasses import replace

from monitor.alarms.shelving import is_shelved
from monitor.interlocks.axes import Action, Service, Voting
from monitor.interlocks.permit_commands import Revoke
from monitor.interlocks.permits import PermitState
from monitor.plant.plant import Plant
from monitor.scan.barriers import beside
from tests.monitor.scan.yard import SIS, Yard, changes, told_changes


async def test_a_bit_without_permit_is_unauthorised_and_alarmed(yard: Yard) -> None:
    await yard.scan(BPS_101=1)
    assert yard.state().service is Service.BYPASSED_UNAUTHORISED
    assert yard.state().bypassed_by == ("BPS-101",)
    assert yard.triggers(f"{SIS}.bypass") == ["raised"]
    assert changes(yard.entries("interlock"), "service")[-1] == ("in_service", "bypassed_unauthorised")
    await yard.scan(BPS_101=0)
    assert yard.state().service is Service.IN_SERVICE
    assert changes(yard.entries("interlock"), "service")[-1] == ("bypassed_unauthorised", "in_service")


async def test_a_silent_device_is_unknown_on_all_axes_and_starts_no_alarm(yard: Yard) -> None:
    await yard.permit()
    await yard.scan(BPS_101=1)
    yard.silent = {"SIS-1"}
    await yard.scan(60)
    state = yard.state()
    assert (state.service, state.action, state.voting) == (Service.UNKNOWN, Action.UNKNOWN, Voting.UNKNOWN)
    assert state.tripped is None
    assert yard.stands(f"{SIS}.bypass"), "UNKNOWN clears nothing"
    assert yard.permits()[0].state is PermitState.IN_USE
    for kind in ("demand", "failed", "spurious", "overdue", "voting"):
        assert not yard.stands(f"{SIS}.{kind}")
    yard.silent = set()
    await yard.scan()
    assert yard.state().service is Service.BYPASSED_AUTHORISED


def test_beside_an_interlock_are_the_alarms_of_its_equipment_and_of_its_causes(barrier_plant: Plant) -> None:
    found = beside(barrier_plant.interlocks, barrier_plant.definitions)
    for item, positions in zip(barrier_plant.interlocks, found, strict=True):
        wanted = {
            place
            for place, each in enumerate(barrier_plant.definitions)
            if (item.equipment and each.equipment == item.equipment) or each.tag in item.causes
        }
        assert set(positions) == wanted
        assert len(positions) == len(wanted)
    assert found[0], "SIS-101 has alarms beside it"


async def test_a_shelf_beside_an_interlock_that_goes_out_ends(yard: Yard) -> None:
    for alarm_id in ("LT-101A.H", "LT-102A.H"):
        await yard.shelve(alarm_id)
    await yard.scan(BPS_101=1)
    assert yard.triggers("LT-101A.H") == ["shelved", "unshelved"]
    assert not yard.alarm("LT-101A.H").suppressions
    assert yard.alarm("LT-102A.H").suppressions, "another tank"


async def test_a_bypass_that_nobody_allowed_is_of_the_highest_priority_and_stays_on_no_shelf(
    barrier_plant: Plant,
) -> None:
    """Also where the plant made bypasses shelvable and less urgent, because most of them are allowed."""
    name = f"{SIS}.bypass"
    milder = tuple(replace(each, priority=3) if each.id == name else each for each in barrier_plant.definitions)
    classes = dict(barrier_plant.philosophy.classes)
    classes["interlock"] = replace(classes["interlock"], shelvable=True)
    yard = Yard(
        replace(barrier_plant, definitions=milder, philosophy=replace(barrier_plant.philosophy, classes=classes))
    )
    await yard.calm()
    permit = await yard.permit()
    await yard.scan(BPS_101=1)
    assert (yard.alarm(name).priority, yard.triggers(name)) == (3, ["raised"])
    await yard.shelve(name, occurrence=1)
    assert is_shelved(yard.alarm(name)), "allowed, and the plant lets it be shelved"
    await yard.obey(Revoke(id=permit, person="m", person_name="m", role="manager", comment="停工"))
    await yard.scan()
    await yard.scan()
    assert not yard.alarm(name).suppressions
    assert yard.alarm(name).priority == 1


async def test_more_bypasses_at_once_than_allowed(yard: Yard) -> None:
    await yard.scan(BPS_101=1)
    assert not yard.stands("HS-2.bypasses")
    await yard.scan(BPS_102=1)
    assert yard.triggers("HS-2.bypasses") == ["raised"]
    (raised,) = [step for each in yard.disk.commits for step in each.transitions if step.id == "HS-2.bypasses"]
    assert (raised.alarm.value, raised.alarm.limit) == (2.0, 1.0)
    await yard.scan(BPS_102=0)
    assert not yard.stands("HS-2.bypasses")


async def test_a_start_tells_of_every_interlock(barrier_plant: Plant) -> None:
    yard = Yard(barrier_plant)
    await yard.scan()
    told = told_changes(yard.entries("interlock"))
    of_service = [each["interlock"] for each in told if each["axis"] == "service"]
    assert of_service == [item.id for item in barrier_plant.interlocks]
    assert {each["before"] for each in told} == {"unknown"}
