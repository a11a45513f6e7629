"""Permits inside the scan: in the commit that is answered, announced anew, told to each role, through a restart."""

import pytest

from monitor.alarms.commands import ConflictError
from monitor.interlocks.axes import Service
from monitor.interlocks.permit_commands import Approve, CheckFunction
from monitor.interlocks.permits import PermitState
from monitor.plant.plant import Plant
from monitor.scan.pace import LONGEST_NS
from tests.monitor.scan.yard import SIS, Yard


async def test_a_permitted_bypass_overstays_and_is_announced_anew(yard: Yard) -> None:
    permit = await yard.permit()
    await yard.scan(BPS_101=1)
    assert yard.state().service is Service.BYPASSED_AUTHORISED
    assert not yard.stands(f"{SIS}.overdue")
    assert yard.told() == ["requested", "approved_by_one", "approved", "used"]
    for hours, mark, role, words in (
        (2, 50, "operator", "操作员 / operator"),
        (1.2, 80, "shift_leader", "班长 / shift leader"),
    ):
        await yard.scan(hours * 3600)
        told = yard.entries("permit")[-1].values or {}
        assert (told["trigger"], told["mark"], told["role"]) == ("mark", mark, role)
        assert yard.stands(f"{SIS}.permit")
        assert yard.alarm(f"{SIS}.permit").detail == (permit, f"{mark}% {words}")
    assert yard.triggers(f"{SIS}.bypass") == ["raised"]
    await yard.scan(0.9 * 3600)
    assert yard.state().service is Service.BYPASSED_OVERDUE
    assert yard.stands(f"{SIS}.overdue")
    assert yard.triggers(f"{SIS}.bypass") == ["raised", "reactivated", "raised"]
    assert yard.told()[-1] == "mark"
    await yard.scan(BPS_101=0)
    assert yard.state().service is Service.RESTORED_UNCHECKED
    assert not yard.stands(f"{SIS}.overdue")
    check = CheckFunction(id=permit, person="i", person_name="仪表", passed=True, comment="合格")
    closed = await yard.obey(check)
    assert closed.state is PermitState.CLOSED
    await yard.scan()
    assert yard.state().service is Service.IN_SERVICE


async def test_a_step_is_in_the_commit_that_is_answered(yard: Yard) -> None:
    commits = len(yard.disk.commits)
    permit = await yard.permit()
    kept = [each for each in yard.disk.commits[commits:] if each.permits]
    assert [each.permits[0].state.value for each in kept] == ["requested", "requested", "approved"]
    assert all([entry.kind for entry in each.entries if entry.kind == "permit"] == ["permit"] for each in kept)
    with pytest.raises(ExceptionGroup) as refused:
        await yard.obey(Approve(id=permit, person="x", person_name="x", role="manager"))
    assert refused.group_contains(ConflictError)


async def test_the_permit_and_its_clock_survive_a_restart(barrier_plant: Plant, yard: Yard) -> None:
    await yard.permit()
    await yard.scan(BPS_101=1)
    await yard.scan(2 * 3600)
    assert yard.told()[-1] == "mark"
    again = Yard(barrier_plant, yard)
    again.clock.pass_s(1.5 * 3600)
    await again.scan()
    assert again.state().service is Service.BYPASSED_AUTHORISED
    told = again.entries("permit")[-1].values or {}
    assert (told["mark"], told["role"]) == (80, "shift_leader"), "what passed while nobody ran is told, 50 % not again"
    await again.scan(0.6 * 3600)
    assert again.state().service is Service.BYPASSED_OVERDUE


async def test_marks_that_were_passed_at_once_are_told_to_each_role(yard: Yard) -> None:
    permit = await yard.permit()
    await yard.scan(BPS_101=1)
    await yard.scan(3.5 * 3600)
    assert yard.alarm(f"{SIS}.permit").detail == (permit, "50% 操作员 / operator", "80% 班长 / shift leader")
    await yard.scan(3600)
    told = yard.alarm(f"{SIS}.permit").detail
    assert told == (permit, "100% 值班领导 / duty manager")


async def test_the_wrong_input_is_unauthorised(barrier_plant: Plant) -> None:
    yard = Yard(barrier_plant)
    await yard.calm()
    await yard.permit(interlock="SIS-102", bits=("BPS-102",))
    await yard.scan(BPS_101=1)
    assert yard.state().service is Service.BYPASSED_UNAUTHORISED
    assert yard.state("SIS-102").unused_permit
    assert not yard.stands("SIS-102.permit")
    await yard.scan(16 * 60)
    assert yard.stands("SIS-102.permit"), "nobody uses it"


async def test_an_approved_permit_makes_no_scan_come_sooner(yard: Yard) -> None:
    await yard.permit()
    await yard.scan(60)
    due = yard.scanner._wall_deadline_ns()
    assert due is None or due - yard.clock.mono > LONGEST_NS
