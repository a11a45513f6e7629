"""Commands to several alarms, horns, shelves and their ends: through the scan, on disk before anyone is told."""

import asyncio

import pytest

from monitor.alarms.classes import HOUR_NS, AlarmClassRules, Philosophy
from monitor.alarms.commands import Acknowledge, CommandRefusedError, NoSuchAlarmError, Shelve, Silence
from monitor.alarms.positions import OperatorPosition
from monitor.alarms.transition import Alarm
from monitor.scan.loop import Scanner
from tests.monitor.scan.support import DEFINITIONS, LEVEL, SECOND_NS, Bench


def shelve(name: str, occurrence: int, duration_ns: int) -> Shelve:
    return Shelve(
        id=name, occurrence=occurrence, person="li", person_name="李", comment="校验", duration_ns=duration_ns
    )


def acknowledge(name: str, occurrence: int = 1) -> Acknowledge:
    return Acknowledge(id=name, occurrence=occurrence, person="li", person_name="李")


async def test_a_group_is_one_commit_and_each_is_answered() -> None:
    bench = Bench()
    bench.read({LEVEL: 11.0, 1: 1.0})
    await bench.scanner.scan()
    bench.disk.commits.clear()
    names = ["LT-1.H", "NO.SUCH", "LSHH-1.state", "LT-1.H"]
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(bench.publisher.obey_all([acknowledge(name) for name in names]))
        await asyncio.sleep(0)
        assert not asked.done()
        await bench.scanner.scan()
    first, unknown, second, late = asked.result()
    assert isinstance(first, Alarm)
    assert isinstance(second, Alarm)
    assert isinstance(unknown, NoSuchAlarmError)
    assert isinstance(late, CommandRefusedError)
    (commit,) = bench.disk.commits
    assert [(step.id, str(step.trigger)) for step in commit.transitions] == [
        ("LT-1.H", "acknowledged"),
        ("LSHH-1.state", "acknowledged"),
    ]


async def test_a_silence_is_on_disk_with_what_it_silenced_and_later_alarms_sound() -> None:
    bench = Bench()
    bench.read_all(level=11.0)
    await bench.scanner.scan()
    (horn,) = bench.publisher.view().horns
    assert horn.alarms == ("LT-1.H",)
    bench.read({1: 1.0})  # comes in the scan that carries out the silence: nobody has heard it yet
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(bench.publisher.silence(Silence(position="all", person="li", person_name="李")))
        await asyncio.sleep(0)
        await bench.scanner.scan()
    assert not asked.result().is_sounding
    (horn,) = bench.publisher.view().horns
    assert (horn.alarms, horn.silenced_by) == (("LSHH-1.state",), "李")
    (entry,) = [entry for commit in bench.disk.commits for entry in commit.entries]
    assert (entry.kind, entry.person) == ("silence", "li")
    assert entry.values == {"position": "all", "alarms": ["LT-1.H"]}
    assert "消音" in entry.message_zh


async def test_silencing_a_position_that_does_not_exist_is_refused_and_leaves_no_entry() -> None:
    bench = Bench()
    bench.read_all()
    await bench.scanner.scan()
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(refused(bench, Silence(position="north", person="li", person_name="李")))
        await asyncio.sleep(0)
        await bench.scanner.scan()
    assert "north" in asked.result()
    assert bench.disk.commits == []


async def refused(bench: Bench, command: Silence) -> str:
    with pytest.raises(NoSuchAlarmError) as error:
        await bench.publisher.silence(command)
    return error.value.message_en


async def shelved(bench: Bench, name: str, occurrence: int, duration_ns: int) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bench.publisher.obey(shelve(name, occurrence, duration_ns)))
        await asyncio.sleep(0)
        await bench.scanner.scan()


async def test_a_shelf_makes_no_push_ends_reminders_and_its_end_is_pushed() -> None:
    bench = Bench()
    bench.read_all(level=11.0)
    await bench.scanner.scan()
    bench.disk.commits.clear()
    await shelved(bench, "LT-1.H", 1, 60 * SECOND_NS)
    (commit,) = bench.disk.commits
    assert commit.outbox == ()
    assert [(item.id, item.occurrence) for item in commit.supersede] == [("LT-1.H", 1)]
    assert [alarm.id for alarm in commit.alarms] == ["LT-1.H"]
    assert not bench.publisher.view().horns[0].is_sounding
    bench.clock.pass_s(59)
    bench.read_all(level=11.0)
    await bench.scanner.scan()
    assert bench.triggers() == [("LT-1.H", "shelved")]
    bench.clock.pass_s(1)
    bench.read_all(level=11.0)
    await bench.scanner.scan()
    last = bench.disk.commits[-1]
    assert [(step.id, str(step.trigger), step.annunciated) for step in last.transitions] == [
        ("LT-1.H", "unsuppressed", True)
    ]
    assert {row.channel for row in last.outbox} == {"duty", "bus"}
    assert bench.publisher.view().horns[0].alarms == ("LT-1.H",)


async def test_the_scan_wakes_when_a_shelf_ends() -> None:
    bench = Bench()
    bench.read_all(level=11.0)
    await bench.scanner.scan()
    await shelved(bench, "LT-1.H", 1, 100_000_000)
    await bench.scanner.wait()
    bench.clock.pass_s(0.1)
    await asyncio.wait_for(bench.scanner.wait(), 20)  # due: does not wait for a batch
    await bench.scanner.scan()
    assert bench.triggers()[-1] == ("LT-1.H", "unsuppressed")


async def test_a_clock_step_during_a_shelf_is_stored_and_a_restart_keeps_the_end() -> None:
    bench = Bench()
    bench.read_all(level=11.0)
    await bench.scanner.scan()
    await shelved(bench, "LT-1.H", 1, HOUR_NS)
    bench.clock.wall += HOUR_NS
    bench.clock.pass_s(60)
    bench.read_all(level=11.0)
    await bench.scanner.scan()
    commit = bench.disk.commits[-1]
    assert "clock_step" in {entry.kind for entry in commit.entries}
    (stored,) = [alarm for alarm in commit.alarms if alarm.id == "LT-1.H"]
    left_ns = (stored.suppressions[0].until_wall_ns or 0) - bench.clock.wall
    assert left_ns == HOUR_NS - 60 * SECOND_NS
    again = Scanner(bench.plan, bench.inbox, bench.publisher, bench.disk, bench.clock, bench.facts)
    again.restore(bench.publisher.view().alarms, bench.disk.seq)
    bench.clock.pass_s(3539)
    bench.read_all(level=11.0)
    await again.scan()
    assert ("LT-1.H", "unsuppressed") not in bench.triggers()
    bench.clock.pass_s(1)
    await again.scan()
    assert bench.triggers()[-1] == ("LT-1.H", "unsuppressed")


async def test_classes_and_positions_of_the_plan_are_those_of_the_board() -> None:
    west = OperatorPosition(id="west", name_zh="西", name_en="W", hazard_sources=("HS-1",))
    east = OperatorPosition(id="east", name_zh="东", name_en="E", process_units=("U-9",))
    rules = AlarmClassRules(id="process", re_alarm_after_ns=10 * SECOND_NS)
    philosophy = Philosophy(classes={"process": rules}, positions=(west, east))
    bench = Bench(DEFINITIONS, philosophy)
    bench.read_all(level=11.0)
    await bench.scanner.scan()
    assert [state.alarms for state in bench.publisher.view().horns] == [("LT-1.H",), ()]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bench.publisher.obey(acknowledge("LT-1.H")))
        await asyncio.sleep(0)
        await bench.scanner.scan()
    assert bench.publisher.view().horns[0].alarms == ()
    bench.clock.pass_s(10)
    bench.read_all(level=11.0)
    await bench.scanner.scan()
    assert bench.triggers()[-1] == ("LT-1.H", "re_alarmed")
    assert bench.publisher.view().horns[0].alarms == ("LT-1.H",)
