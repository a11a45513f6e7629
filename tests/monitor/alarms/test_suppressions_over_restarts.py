"""Suppressions and waits over a restart, a clock that steps and a definition that changes."""

from dataclasses import replace

import pytest

from monitor.alarms.board import Board
from monitor.alarms.classes import BUILT_IN, AlarmClassRules, Philosophy
from tests.monitor.alarms.bench import ALL, HOUR, Bench, told
from tests.monitor.alarms.verdicts import WALL


def test_a_restart_keeps_every_suppression_and_its_end() -> None:
    bench = Bench()
    bench.scan("LT-1.H")
    bench.shelve("LT-1.H", 1)
    bench.remove("LT-2.L")
    bench.restart(later=HOUR // 2)
    assert bench.board.next_deadline_ns() == WALL + HOUR
    assert bench.scan("LT-1.H", unknown=("LT-2.L",)) == []
    assert bench.scan("LT-1.H", later=HOUR // 2) == ["LT-1.H#1.3 unsuppressed unacknowledged"]


def test_a_shelf_that_ended_while_we_were_down_is_announced_first_thing() -> None:
    bench = Bench()
    bench.scan("LT-1.H")
    bench.shelve("LT-1.H", 1)
    bench.restart(later=3 * HOUR)
    everything = tuple(item.id for item in ALL)
    assert bench.scan(unknown=everything) == ["LT-1.H#1.3 unsuppressed unacknowledged"]


def test_after_a_restart_no_shelf_is_longer_than_its_duration() -> None:
    bench = Bench()
    bench.shelve("LT-1.H")
    bench.restart(later=-5 * HOUR)  # the clock was set back while we were down
    assert bench.board.next_deadline_ns() == bench.wall + HOUR


def test_a_class_that_is_no_longer_shelvable_ends_its_shelves_at_the_start() -> None:
    bench = Bench()
    bench.scan("LT-1.H")
    bench.shelve("LT-1.H", 1)
    bench.philosophy = Philosophy(classes={**BUILT_IN, "process": AlarmClassRules(id="process", highly_managed=True)})
    bench.restart()
    assert bench.scan("LT-1.H") == ["LT-1.H#1.3 unsuppressed unacknowledged"]


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_clock_that_steps_an_hour_moves_no_shelf_and_no_re_alarm(step: int) -> None:
    bench = Bench(process=AlarmClassRules(id="process", re_alarm_after_ns=2 * HOUR))
    bench.scan("LT-1.HH", "LT-1.H")
    bench.acknowledge("LT-1.HH")
    bench.shelve("LT-1.H", 1, duration=HOUR)
    bench.wall += step
    bench.board.clock_stepped(step)
    assert {alarm.id for alarm in bench.board.changed()} >= {"LT-1.H"}, "the moved end is stored"
    assert bench.scan("LT-1.HH", "LT-1.H", later=HOUR - 1) == []
    assert bench.scan("LT-1.HH", "LT-1.H", later=1) == ["LT-1.H#1.3 unsuppressed unacknowledged"]
    assert bench.scan("LT-1.HH", "LT-1.H", later=HOUR - 1) == []
    assert bench.scan("LT-1.HH", "LT-1.H", later=1) == ["LT-1.HH#1.3 re_alarmed unacknowledged"]


def test_out_of_service_ends_at_its_date_whatever_the_clock_did() -> None:
    bench = Bench()
    bench.remove("LT-1.H", until_wall_ns=WALL + 2 * HOUR)
    bench.wall += HOUR
    bench.board.clock_stepped(HOUR)
    assert bench.board.next_deadline_ns() == WALL + 2 * HOUR


def test_waits_count_on_over_a_restart() -> None:
    rules = AlarmClassRules(id="process", re_alarm_after_ns=HOUR, raise_priority_after_ns=HOUR)
    bench = Bench(process=rules)
    bench.scan("LT-1.HH", "LT-1.H")
    bench.acknowledge("LT-1.HH")
    bench.restart(later=HOUR // 2)
    assert bench.board.next_deadline_ns() == WALL + HOUR
    assert bench.scan("LT-1.HH", "LT-1.H", later=HOUR // 2) == [
        "LT-1.HH#1.3 re_alarmed unacknowledged",
        "LT-1.H#1.2 priority_raised unacknowledged",
    ]


def test_a_changed_definition_keeps_its_shelf() -> None:
    bench = Bench()
    bench.scan("LT-1.H")
    bench.shelve("LT-1.H", 1)
    stored = bench.board.alarms()
    changed = tuple(replace(item, set_point=9.0) if item.id == "LT-1.H" else item for item in ALL)
    board = Board(changed, bench.philosophy)
    (closed,) = board.restore(stored, WALL)
    assert told(closed) == "!LT-1.H#1.3 definition_changed normal"
    assert closed.alarm.suppressions == stored[1].suppressions
