"""Interlocks, permits and layers inside the scan: what is alarmed, announced anew, unshelved, raised; and the journal."""

import asyncio
import shutil
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from drivers import registry
from monitor.alarms.commands import ConflictError, Shelve
from monitor.alarms.record import Entry
from monitor.alarms.shelving import is_shelved
from monitor.alarms.transition import Alarm
from monitor.app.service import _scan_plan
from monitor.interlocks.axes import Action, Service, Voting
from monitor.interlocks.permit_commands import Approve, CheckFunction, PermitCommand, Request, Revoke
from monitor.interlocks.permits import Permit, PermitState
from monitor.interlocks.state import InterlockState
from monitor.plant.folder import read_plant
from monitor.plant.plant import Plant
from monitor.scan.barriers import beside
from monitor.scan.conditions import Facts
from monitor.scan.inbox import Inbox
from monitor.scan.loop import Scanner
from monitor.scan.pace import LONGEST_NS
from monitor.scan.publisher import Publisher
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from rules.columns.tags import Tag
from rules.verdicts import Verdict
from tests.monitor.scan.support import SECOND_NS, ManualClock, MemoryDisk

DEMO = Path(__file__).resolve().parents[3] / "monitor" / "plant" / "demo"
SIS = "SIS-101"
Answer = TypeVar("Answer")
GRACE_S = 15
MORE = """
[[protections]]
equipment = "T-101"
hazard_source = "HS-2"
required = 2
transfer = "tag('XV-101I.OPEN') == 1"
towards = ["LT-101A.H", "LT-101A.HH"]
layers = [
  { id = "alarm", name_zh = "报警", alarms = ["LT-101A.HH"] },
  { id = "sis", name_zh = "联锁", interlocks = ["SIS-101"] },
  { id = "valve", name_zh = "切断阀", tags = ["XV-101I.CLOSED"] },
]

[[bypass_limits]]
hazard_source = "HS-2"
most = 1
"""


@cache
def plant_of(folder: Path) -> Plant:
    return read_plant(folder, registry).plant


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    """The demo plant whose SIS-101 must act within 5 s, and of which a filling T-101 needs two layers."""
    folder = tmp_path_factory.mktemp("barriers") / "plant"
    shutil.copytree(DEMO, folder)
    path = folder / "interlocks.toml"
    text = path.read_text(encoding="utf-8")
    effects = 'effects = ["XV-101I.CLOSED"]'
    assert text.count(effects) == 1
    better = 'effects = [{ tag = "XV-101I.CLOSED", acted_when = 1, within_s = 5 }]'
    interlocks, _, protections = text.replace(effects, better).partition("# Independent layers")
    assert "[[protections]]" in protections
    path.write_text(interlocks + MORE, encoding="utf-8")
    return plant_of(folder)


class Yard:
    """One scanner over the plant; every scan reads every device that is not silent."""

    def __init__(self, plant: Plant, before: "Yard | None" = None) -> None:
        self.plant = plant
        self.clock: ManualClock = before.clock if before else ManualClock()
        self.disk: MemoryDisk = before.disk if before else MemoryDisk()
        self.values: dict[str, float] = before.values if before else _all_calm(plant)
        self.silent: set[str] = set()
        self.inbox = Inbox(plant.tags)
        self.publisher = Publisher(self.inbox.wake)
        self.scanner = Scanner(_scan_plan(plant), self.inbox, self.publisher, self.disk, self.clock, Facts())
        if before:
            kept = before.publisher.view()
            self.scanner.restore(kept.alarms, self.disk.seq)
            self.scanner.restore_permits(before.permits(), len(before.permits()))

    async def scan(self, after_s: float = 1.0, **values: float) -> None:
        """Time passes, every device answers, one scan."""
        self.clock.pass_s(after_s)
        self.values |= {name.replace("_", "-"): value for name, value in values.items()}
        for device in {tag.device for tag in self.plant.tags.tags} - self.silent:
            self.inbox.put(self._batch(device))
        await self.scanner.scan()

    async def calm(self) -> None:
        """Read everything, and let the start grace pass."""
        for _ in range(3):
            await self.scan(GRACE_S / 2)

    def _batch(self, device: str) -> ReadingBatch:
        rows = [row for row, tag in enumerate(self.plant.tags.tags) if tag.device == device]
        return ReadingBatch(
            device=device,
            received_mono_ns=self.clock.mono,
            received_wall_ns=self.clock.wall,
            origin=Origin.LIVE,
            row=np.array(rows, np.int32),
            value=np.array([self.values[self.plant.tags.ids[row]] for row in rows]),
            quality=np.full(len(rows), Quality.GOOD, np.uint8),
            status=np.zeros(len(rows), np.uint32),
            source_time_ns=np.full(len(rows), NO_TIME, np.int64),
        )

    async def obey(self, command: PermitCommand) -> Permit:
        """What the next scan answers."""
        return await self._answered(self.publisher.obey_permit(command))

    async def shelve(self, alarm_id: str, occurrence: int = 0) -> Alarm:
        """For ten minutes."""
        command = Shelve(
            id=alarm_id, occurrence=occurrence, person="p", person_name="p", comment="校表", duration_ns=600 * SECOND_NS
        )
        return await self._answered(self.publisher.obey(command))

    async def _answered(self, asked: Coroutine[Any, Any, Answer]) -> Answer:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(asked)
            await asyncio.sleep(0)
            await self.scan(0.1)
        return task.result()

    async def permit(self, hours: float = 4.0, bits: Sequence[str] = ("BPS-101",), interlock: str = SIS) -> str:
        """Asked for by the operator, approved by all of the ladder."""
        start = self.clock.wall
        permit = await self.obey(
            Request(
                interlock=interlock, bits=tuple(bits), reason="换浮球", risk="满罐", measures=("监护",),
                start_wall_ns=start, until_wall_ns=start + int(hours * 3600) * SECOND_NS,
                person="operator", person_name="冯涛",
            )
        )  # fmt: skip
        for role in permit.ladder:
            await self.obey(Approve(id=permit.id, person=role, person_name=role, role=role))
        return permit.id

    def permits(self) -> tuple[Permit, ...]:
        return self.publisher.view().barriers.permits

    def state(self, interlock: str = SIS) -> InterlockState:
        return next(state for state in self.publisher.view().barriers.states if state.id == interlock)

    def alarm(self, alarm_id: str) -> Alarm:
        return next(alarm for alarm in self.publisher.view().alarms if alarm.id == alarm_id)

    def stands(self, alarm_id: str) -> bool:
        return self.alarm(alarm_id).condition_true

    def triggers(self, alarm_id: str) -> list[str]:
        return [str(step.trigger) for each in self.disk.commits for step in each.transitions if step.id == alarm_id]

    def entries(self, kind: str) -> list[Entry]:
        return [entry for each in self.disk.commits for entry in each.entries if entry.kind == kind]

    def told(self) -> list[str]:
        """What the journal says of permits."""
        return [str((entry.values or {})["trigger"]) for entry in self.entries("permit")]


def _all_calm(plant: Plant) -> dict[str, float]:
    """Every tag at a value that demands nothing; trip points as they were approved."""
    approved = {item.trip_point_tag: item.trip_point for item in plant.interlocks}
    return {tag.id: approved.get(tag.id) or _calm(tag) for tag in plant.tags.tags}


def _calm(tag: Tag) -> float:
    """A value that demands nothing: the normal state, or a third of the range."""
    if tag.discrete:
        # the key switches of the emergency stops read 0 when bypassed
        return float(tag.normal_state or (tag.id in ("BPS-901", "BPS-902")))
    return tag.low + (tag.high - tag.low) / 3


@pytest.fixture
async def yard(plant: Plant) -> Yard:
    yard = Yard(plant)
    await yard.calm()
    assert yard.state().service is Service.IN_SERVICE
    assert yard.state().action is Action.READY
    return yard


def told_changes(entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """Every change of an axis that these entries tell."""
    found: list[Mapping[str, Any]] = []
    for entry in entries:
        told = (entry.values or {})["changes"]
        assert isinstance(told, list)
        found += told
    return found


def changes(entries: Sequence[Entry], axis: str) -> list[tuple[str, str]]:
    told = told_changes(entries)
    return [(each["before"], each["after"]) for each in told if each["axis"] == axis and each["interlock"] == SIS]


async def test_a_bit_without_permit_is_unauthorised_and_alarmed(yard: Yard) -> None:
    await yard.scan(BPS_101=1)
    assert yard.state().service is Service.BYPASSED_UNAUTHORISED
    assert yard.state().bypassed_by == ("BPS-101",)
    assert yard.triggers(f"{SIS}.bypass") == ["raised"]
    assert changes(yard.entries("interlock"), "service")[-1] == ("in_service", "bypassed_unauthorised")
    await yard.scan(BPS_101=0)
    assert yard.state().service is Service.IN_SERVICE
    assert changes(yard.entries("interlock"), "service")[-1] == ("bypassed_unauthorised", "in_service")


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


async def test_the_permit_and_its_clock_survive_a_restart(plant: Plant, yard: Yard) -> None:
    await yard.permit()
    await yard.scan(BPS_101=1)
    await yard.scan(2 * 3600)
    assert yard.told()[-1] == "mark"
    again = Yard(plant, yard)
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


async def test_the_wrong_input_is_unauthorised(plant: Plant) -> None:
    yard = Yard(plant)
    await yard.calm()
    await yard.permit(interlock="SIS-102", bits=("BPS-102",))
    await yard.scan(BPS_101=1)
    assert yard.state().service is Service.BYPASSED_UNAUTHORISED
    assert yard.state("SIS-102").unused_permit
    assert not yard.stands("SIS-102.permit")
    await yard.scan(16 * 60)
    assert yard.stands("SIS-102.permit"), "nobody uses it"


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
    assert told_changes(yard.entries("interlock")[-1:])[-1]["detail"]["unmoved"] == ["XV-101I.CLOSED"]
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


def test_beside_an_interlock_are_the_alarms_of_its_equipment_and_of_its_causes(plant: Plant) -> None:
    found = beside(plant.interlocks, plant.definitions)
    for item, positions in zip(plant.interlocks, found, strict=True):
        wanted = {
            place
            for place, each in enumerate(plant.definitions)
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


async def test_a_priority_rises_while_a_layer_is_out_and_the_value_moves_towards_its_limit(yard: Yard) -> None:
    for level in (10.5, 10.5, 10.5):
        await yard.scan(6, LT_101A=level)
    before = yard.alarm("LT-101A.H").priority
    assert yard.stands("LT-101A.H")
    for level in (10.5, 10.6, 10.7):
        await yard.scan(11, LT_101A=level)
    assert yard.alarm("LT-101A.H").priority == before, "every layer is there"
    await yard.scan(11, LT_101A=10.65)
    await yard.scan(11, BPS_101=1, LT_101A=10.65)
    assert yard.alarm("LT-101A.H").priority == before, "it moves away"
    await yard.scan(11, LT_101A=10.72)
    assert yard.alarm("LT-101A.H").priority == before - 1
    await yard.scan(11, LT_101A=10.75)
    assert yard.alarm("LT-101A.H").priority == before - 1, "once"
    highest = yard.alarm("LT-101A.HH").priority
    await yard.scan(11, LT_101A=10.9)
    await yard.scan(2)
    assert yard.stands("LT-101A.HH")
    assert yard.alarm("LT-101A.HH").priority == highest - 1, "raised as soon as it stands"


async def test_a_bypass_that_nobody_allowed_is_of_the_highest_priority_and_stays_on_no_shelf(plant: Plant) -> None:
    """Also where the plant made bypasses shelvable and less urgent, because most of them are allowed."""
    name = f"{SIS}.bypass"
    milder = tuple(replace(each, priority=3) if each.id == name else each for each in plant.definitions)
    classes = dict(plant.philosophy.classes)
    classes["interlock"] = replace(classes["interlock"], shelvable=True)
    yard = Yard(replace(plant, definitions=milder, philosophy=replace(plant.philosophy, classes=classes)))
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


async def test_layers_are_needed_only_while_a_transfer_runs(yard: Yard) -> None:
    await yard.scan(BPS_101=1)
    yard.values["XV-101I.OPEN"] = 1.0
    await yard.scan()
    (state,) = yard.publisher.view().barriers.protections
    assert (state.available, state.required, state.short) == (2, 2, Verdict.FALSE)
    await yard.shelve("LT-101A.HH")
    assert not yard.stands("T-101.layers"), "beside a bypassed interlock nothing stays shelved"
    yard.silent = {"PLC-2"}
    await yard.scan(60)
    (state,) = yard.publisher.view().barriers.protections
    assert (state.available, state.transfer, state.short) == (0, Verdict.UNKNOWN, Verdict.TRUE)
    assert set(state.missing) == {"LT-101A.HH", SIS, "XV-101I.CLOSED"}
    assert yard.triggers("T-101.layers") == ["raised"]
    yard.silent = set()
    yard.values["XV-101I.OPEN"] = 0.0
    await yard.scan()
    assert not yard.stands("T-101.layers")


async def test_at_the_start_nothing_is_known_of_layers(plant: Plant) -> None:
    yard = Yard(plant)
    yard.silent = {tag.device for tag in plant.tags.tags}
    await yard.scan(1)
    (state,) = yard.publisher.view().barriers.protections
    assert (state.available, state.short) == (0, Verdict.UNKNOWN)
    assert not yard.stands("T-101.layers")
    await yard.scan(GRACE_S)
    (state,) = yard.publisher.view().barriers.protections
    assert state.short is Verdict.TRUE
    assert yard.stands("T-101.layers")


async def test_an_approved_permit_makes_no_scan_come_sooner(yard: Yard) -> None:
    await yard.permit()
    await yard.scan(60)
    due = yard.scanner._wall_deadline_ns()
    assert due is None or due - yard.clock.mono > LONGEST_NS


async def test_a_start_tells_of_every_interlock(plant: Plant) -> None:
    yard = Yard(plant)
    await yard.scan()
    told = told_changes(yard.entries("interlock"))
    of_service = [each["interlock"] for each in told if each["axis"] == "service"]
    assert of_service == [item.id for item in plant.interlocks]
    assert {each["before"] for each in told} == {"unknown"}
