"""The scan: what it decided is on disk before anyone is told; commands, deadlines, restart, generated alarms."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from monitor.alarms.commands import Acknowledge, CommandRefusedError, ConflictError, NoSuchAlarmError
from monitor.alarms.lifecycle import State
from monitor.alarms.record import Entry
from monitor.hazards.view import ChannelStatus
from monitor.notify.row import Purpose
from rules.columns.quality import Quality
from tests.monitor.links import FakeLink
from tests.monitor.scan.support import DEFINITIONS, LEVEL, SECOND_NS, SWITCH, Bench, acknowledge


async def test_an_alarm_its_outbox_rows_and_its_board_row_are_one_commit() -> None:
    bench = Bench()
    bench.read_all(level=11.0)
    await bench.scanner.scan()
    (commit,) = bench.disk.commits
    assert [(step.id, str(step.trigger)) for step in commit.transitions] == [("LT-1.H", "raised")]
    assert [alarm.id for alarm in commit.alarms] == ["LT-1.H"]
    assert {(row.channel, row.purpose) for row in commit.outbox} == {("duty", Purpose.RAISE), ("bus", Purpose.EVENT)}


async def test_nothing_is_published_before_its_commit_is_on_disk() -> None:
    bench = Bench()
    feed = bench.publisher.subscribe()
    bench.read_all()
    await bench.scanner.scan()
    before = bench.publisher.view()
    shown_during: list[bool] = []
    bench.disk.during = lambda: shown_during.append(bench.publisher.view() is before)
    bench.read({LEVEL: 12.0})
    await bench.scanner.scan()
    assert shown_during == [True]
    view, events = await feed.next()
    assert [(event.seq, event.transition.id) for event in events] == [(1, "LT-1.H")]
    assert events[0].journaled_wall_ns > events[0].transition.decided_wall_ns
    assert view.journal_seq == 1


async def test_a_failing_disk_ends_the_scan_and_tells_nobody() -> None:
    bench = Bench()
    bench.read_all()
    await bench.scanner.scan()
    before = bench.publisher.view()
    bench.disk.fails = True
    bench.read({LEVEL: 12.0})
    with pytest.raises(OSError, match="no space"):
        await bench.scanner.run()
    assert bench.publisher.view() is before


async def test_a_quiet_scan_writes_nothing_and_is_published() -> None:
    bench = Bench()
    for _ in range(3):
        bench.read_all()
        await bench.scanner.scan()
        bench.clock.pass_s(0.2)
    assert bench.disk.commits == []
    assert bench.publisher.view().scan == 3


async def test_a_trip_pulse_inside_one_drain_is_raised_and_returned() -> None:
    bench = Bench()
    bench.read_all()
    await bench.scanner.scan()
    bench.read({SWITCH: 1.0})
    bench.read({SWITCH: 0.0})
    await bench.scanner.scan()
    assert bench.triggers() == [("LSHH-1.state", "raised"), ("LSHH-1.state", "returned")]
    assert bench.states()["LSHH-1.state"] == State.RETURNED_UNACKNOWLEDGED


async def test_bad_quality_neither_raises_nor_clears() -> None:
    bench = Bench()
    bench.read_all(level=11.0)
    await bench.scanner.scan()
    bench.read({LEVEL: float("nan")}, quality=Quality.BAD)
    await bench.scanner.scan()
    alarm = next(alarm for alarm in bench.publisher.view().alarms if alarm.id == "LT-1.H")
    assert alarm.state is State.UNACKNOWLEDGED
    assert alarm.unknown


async def test_a_command_is_answered_after_it_is_on_disk() -> None:
    bench = Bench()
    bench.read_all(switch=1.0)
    await bench.scanner.scan()
    async with asyncio.TaskGroup() as tasks:
        answer = tasks.create_task(bench.publisher.obey(acknowledge("LSHH-1.state", 1)))
        await asyncio.sleep(0)
        bench.disk.during = lambda: answered_early.append(answer.done())
        answered_early: list[bool] = []
        await bench.scanner.scan()
    assert answered_early == [False]
    assert answer.result().state is State.ACKNOWLEDGED
    commit = bench.disk.commits[-1]
    assert commit.transitions[0].person_name == "李国栋"
    assert {supersede.id for supersede in commit.supersede} == {"LSHH-1.state"}


@pytest.mark.parametrize(
    ("alarm_id", "occurrence", "error"),
    [("LSHH-1.state", 7, ConflictError), ("nothing", 1, NoSuchAlarmError)],
)
async def test_a_refused_command_changes_nothing(alarm_id: str, occurrence: int, error: type[Exception]) -> None:
    bench = Bench()
    bench.read_all(switch=1.0)
    await bench.scanner.scan()
    commits = len(bench.disk.commits)
    async with asyncio.TaskGroup() as tasks:
        answer = tasks.create_task(_outcome(bench, acknowledge(alarm_id, occurrence)))
        await asyncio.sleep(0)
        await bench.scanner.scan()
    assert isinstance(answer.result(), error)
    assert len(bench.disk.commits) == commits


async def _outcome(bench: Bench, command: Acknowledge) -> Exception | None:
    try:
        await bench.publisher.obey(command)
    except CommandRefusedError as error:
        return error
    return None


async def test_who_stopped_waiting_does_not_stop_the_scan() -> None:
    bench = Bench()
    bench.read_all(switch=1.0)
    await bench.scanner.scan()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await bench.publisher.obey(acknowledge("LSHH-1.state", 1))
    await bench.scanner.scan()
    assert bench.states()["LSHH-1.state"] == State.ACKNOWLEDGED


async def test_a_dead_device_is_one_link_alarm_and_one_blind_alarm() -> None:
    bench = Bench()
    bench.links(PLC_1="up", PLC_2="up")
    bench.read_all()
    await bench.scanner.scan()
    bench.links(PLC_2="down")
    for _ in range(10):
        bench.clock.pass_s(0.5)
        bench.read({LEVEL: 5.0, SWITCH: 0.0})
        await bench.scanner.scan()
    assert sorted(bench.triggers()) == [("HS-1.blind.PLC-2", "raised"), ("PLC-2.link", "raised")]
    view = bench.publisher.view()
    assert view.blind == (2,)
    assert next(alarm for alarm in view.alarms if alarm.id == "HS-1.blind.PLC-2").detail == ("PT-2",)
    bench.links(PLC_2="up")
    for _ in range(4):
        bench.clock.pass_s(0.5)
        bench.read_all()
        await bench.scanner.scan()
    assert sorted(bench.triggers())[1::2] == [("HS-1.blind.PLC-2", "returned"), ("PLC-2.link", "returned")]


async def test_a_link_that_blinks_shorter_than_its_delay_is_no_alarm() -> None:
    bench = Bench()
    bench.links(PLC_1="up", PLC_2="up")
    bench.read_all()
    await bench.scanner.scan()
    for state in ("down", "up"):
        bench.links(PLC_1=state)
        bench.read_all()
        await bench.scanner.scan()
        bench.clock.pass_s(0.5)
    assert bench.triggers() == []


async def test_a_channel_and_the_disk_are_judged_from_facts() -> None:
    bench = Bench()
    bench.read_all()
    await bench.scanner.scan()
    status = ChannelStatus(
        channel="duty",
        up=False,
        refused=True,
        last_error="93000",
        last_accepted_wall_ns=None,
        waiting=1,
        oldest_waiting_wall_ns=1,
    )
    bench.facts.channels["duty"] = status
    bench.facts.system["system.disk"] = True
    await bench.scanner.scan()
    assert bench.triggers() == [("channel.duty", "raised"), ("system.disk", "raised")]
    bench.facts.channels["duty"] = replace(status, up=True)
    await bench.scanner.scan()
    assert bench.triggers()[-1] == ("channel.duty", "returned")
    assert bench.publisher.view().channels["duty"].up


@pytest.mark.parametrize("step_s", [-3600, 3600])
async def test_a_clock_step_is_journaled_and_alarmed_and_delays_run_on(step_s: int) -> None:
    bench = Bench()
    bench.read_all(pressure=11.0)
    await bench.scanner.scan()
    bench.clock.pass_s(1.0)
    bench.clock.wall += step_s * SECOND_NS
    bench.read_all(pressure=11.0)
    await bench.scanner.scan()
    entries = [entry for commit in bench.disk.commits for entry in commit.entries]
    assert [entry.kind for entry in entries] == ["clock_step"]
    assert f"{step_s:+.3f}" in entries[0].message_zh
    assert ("system.clock_step", "raised") in bench.triggers()
    assert ("PT-2.H", "raised") not in bench.triggers()
    bench.clock.pass_s(1.1)
    bench.read_all(pressure=11.0)
    await bench.scanner.scan()
    assert ("PT-2.H", "raised") in bench.triggers()
    bench.clock.pass_s(61)
    bench.read_all()
    await bench.scanner.scan()
    assert ("system.clock_step", "returned") in bench.triggers()


async def test_a_device_whose_clock_is_off_is_alarmed_until_it_is_right() -> None:
    bench = Bench()
    for off, trigger in ((True, "raised"), (False, "returned")):
        bench.inbox.link(FakeLink("PLC-1", "degraded", clock_skew_ns=60 * SECOND_NS, clock_is_off=off))
        bench.clock.pass_s(1.0)
        bench.read_all()
        await bench.scanner.scan()
        assert ("system.clock_skew", trigger) in bench.triggers()


async def test_after_a_restart_an_acknowledged_alarm_is_not_announced_again() -> None:
    first = Bench()
    first.read_all(level=11.0, switch=1.0)
    await first.scanner.scan()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first.publisher.obey(acknowledge("LT-1.H", 1)))
        await asyncio.sleep(0)
        await first.scanner.scan()
    board = first.publisher.view().alarms
    second = Bench()
    second.scanner.restore(board, seq=3)
    await second.scanner.scan()
    assert second.states()["LT-1.H"] == State.ACKNOWLEDGED, "no FALSE is believed before the input was read"
    second.read_all(level=11.0, switch=0.0)
    await second.scanner.scan()
    assert second.triggers() == [("LSHH-1.state", "returned")]


async def test_a_changed_definition_is_closed_and_judged_anew() -> None:
    first = Bench()
    first.read_all(level=11.0)
    await first.scanner.scan()
    changed = tuple(replace(item, priority=1) if item.id == "LT-1.H" else item for item in DEFINITIONS)
    second = Bench(changed)
    second.scanner.restore(first.publisher.view().alarms, seq=1)
    second.read_all(level=11.0)
    await second.scanner.scan()
    assert second.triggers() == [("LT-1.H", "definition_changed"), ("LT-1.H", "raised")]


async def test_notes_are_committed_with_the_next_scan() -> None:
    bench = Bench()
    bench.scanner.note(Entry(kind="start", wall_ns=1, message_zh="启动", message_en="started"))
    await bench.scanner.scan()
    assert [entry.kind for entry in bench.disk.commits[0].entries] == ["start"]
    assert bench.disk.commits[0].transitions == ()


async def test_the_board_is_settled_when_every_point_was_read_or_the_grace_is_over() -> None:
    for reads in (True, False):
        bench = Bench()
        bench.read({LEVEL: 5.0, SWITCH: 0.0})
        await bench.scanner.scan()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await bench.scanner.settled()
        if reads:
            bench.read_all()
        else:
            bench.clock.pass_s(16)
        await bench.scanner.scan()
        async with asyncio.timeout(1):
            await bench.scanner.settled()


async def test_the_view_carries_frozen_columns() -> None:
    bench = Bench()
    bench.read_all()
    await bench.scanner.scan()
    with pytest.raises(ValueError, match="read-only"):
        bench.publisher.view().snapshot.value[0] = np.pi
