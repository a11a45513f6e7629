"""Shelving, out of service, suppression by design, re-alarm, rising priority, classes: on the board."""

from dataclasses import replace

import pytest

from monitor.alarms.classes import AlarmClassRules
from monitor.alarms.commands import CommandRefusedError, ConflictError, Reset
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import State, Suppression, Trigger
from tests.monitor.alarms.bench import HOUR, Bench, told
from tests.monitor.alarms.verdicts import WALL, definition


def test_out_of_service_is_for_every_class_and_has_an_end() -> None:
    bench = Bench()
    step = bench.remove("GD-1.HH")
    assert told(step) == "!GD-1.HH#0.1 removed_from_service normal"
    (record,) = step.alarm.suppressions
    assert (record.authorised_by, record.interim, record.person_name) == ("wang", "人工检尺", "李")
    assert bench.scan("GD-1.HH") == ["!GD-1.HH#1.1 raised unacknowledged"]
    assert bench.scan("GD-1.HH", later=24 * HOUR) == ["GD-1.HH#1.2 unsuppressed unacknowledged"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"authorised_by": "li"}, "second person"),
        ({"authorised_by": " "}, "second person"),
        ({"interim": ""}, "watches in its place"),
        ({"comment": " "}, "reason"),
        ({"until_wall_ns": WALL}, "in the future"),
        ({"until_wall_ns": WALL + 31 * 24 * HOUR}, "30 days"),
        ({"occurrence": 3}, "no occurrence 3"),
    ],
)
def test_out_of_service_is_refused_without_what_it_needs(changes: dict[str, object], words: str) -> None:
    bench = Bench()
    with pytest.raises(CommandRefusedError, match=words):
        bench.remove("LT-1.H", **changes)  # type: ignore[arg-type]  # fields by name
    assert bench.board.changed() == ()


def test_only_the_last_suppression_lets_it_speak() -> None:
    bench = Bench()
    bench.scan("LT-1.H")
    bench.shelve("LT-1.H", 1)
    bench.remove("LT-1.H", 1)
    bench.design("LT-1.H")
    assert told(bench.end("LT-1.H")) == "!LT-1.H#1.5 unshelved unacknowledged"
    assert told(bench.end("LT-1.H", Suppression.OUT_OF_SERVICE)) == "!LT-1.H#1.6 returned_to_service unacknowledged"
    assert told(bench.end("LT-1.H", Suppression.BY_DESIGN)) == "LT-1.H#1.7 unsuppressed unacknowledged"


def test_by_design_ends_quietly_when_nothing_is_wrong_and_has_no_time() -> None:
    bench = Bench()
    assert told(bench.design("LT-1.H")) == "!LT-1.H#0.1 suppressed normal"
    assert bench.board.next_deadline_ns() is None
    assert bench.scan(later=1000 * HOUR) == []
    assert told(bench.end("LT-1.H", Suppression.BY_DESIGN)) == "!LT-1.H#0.2 released normal"


def test_two_that_end_together_take_two_steps() -> None:
    bench = Bench()
    bench.scan("LT-1.H")
    bench.shelve("LT-1.H", 1, duration=2 * HOUR)
    bench.remove("LT-1.H", 1, until_wall_ns=WALL + HOUR)
    assert bench.scan("LT-1.H", later=3 * HOUR) == [
        "!LT-1.H#1.4 returned_to_service unacknowledged",
        "LT-1.H#1.5 unsuppressed unacknowledged",
    ]


def test_an_acknowledged_alarm_that_stands_is_said_again() -> None:
    bench = Bench(process=AlarmClassRules(id="process", re_alarm_after_ns=HOUR))
    bench.scan("LT-1.H")
    bench.acknowledge("LT-1.H")
    assert bench.board.next_deadline_ns() == WALL + HOUR
    assert bench.scan("LT-1.H", later=HOUR - 1) == []
    assert bench.scan("LT-1.H", later=1) == ["LT-1.H#1.3 re_alarmed unacknowledged"]
    assert bench.board.alarms()[1].acknowledged_by is None
    assert bench.scan("LT-1.H", later=5 * HOUR) == [], "it waits for an answer, it is not said a third time"
    bench.acknowledge("LT-1.H")
    assert bench.scan("LT-1.H", later=HOUR) == ["LT-1.H#1.5 re_alarmed unacknowledged"]
    bench.acknowledge("LT-1.H")
    assert bench.scan() == ["LT-1.H#1.7 returned normal"]
    assert bench.board.next_deadline_ns() is None


def test_a_shelved_alarm_is_not_said_again() -> None:
    bench = Bench(process=AlarmClassRules(id="process", re_alarm_after_ns=HOUR))
    bench.scan("LT-1.H")
    bench.acknowledge("LT-1.H")
    bench.shelve("LT-1.H", 1, duration=5 * HOUR)
    assert bench.scan("LT-1.H", later=4 * HOUR) == []


def test_an_unanswered_alarm_rises_to_the_top_and_begins_anew_next_time() -> None:
    bench = Bench(process=AlarmClassRules(id="process", raise_priority_after_ns=HOUR))
    bench.scan("LT-1.H")
    for priority in (2, 1):
        (step,) = bench.scan("LT-1.H", later=HOUR)
        assert "priority_raised unacknowledged" in step
        assert bench.board.alarms()[1].priority == priority
    assert bench.scan("LT-1.H", later=HOUR) == []
    assert bench.definitions[1].priority == 3
    bench.acknowledge("LT-1.H")
    bench.scan()
    bench.scan("LT-1.H")
    assert bench.board.alarms()[1].priority == 3


@pytest.mark.parametrize("strict", [{"comment_required": True}, {"highly_managed": True}])
def test_a_class_that_wants_words_refuses_a_bare_answer(strict: dict[str, bool]) -> None:
    bench = Bench(life_safety=AlarmClassRules(id="life_safety", **strict))
    bench.scan("GD-1.HH")
    with pytest.raises(CommandRefusedError, match="need a comment") as refused:
        bench.acknowledge("GD-1.HH", comment="  ")
    assert "必须填写说明" in refused.value.message_zh
    bench.acknowledge("GD-1.HH", comment="现场无泄漏")
    bench.scan()
    asked = Reset(id="GD-1.HH", occurrence=1, person="li", person_name="李")
    with pytest.raises(CommandRefusedError, match="need a comment"):
        bench.board.obey(asked, bench.wall)
    assert bench.board.obey(replace(asked, comment="已复位"), bench.wall).after is State.NORMAL


def test_who_was_first_is_told_before_a_comment_is_asked_for() -> None:
    bench = Bench(process=AlarmClassRules(id="process", comment_required=True))
    bench.scan("LT-1.H")
    bench.acknowledge("LT-1.H", comment="看到了")
    with pytest.raises(ConflictError, match="李"):
        bench.acknowledge("LT-1.H")


def many(first: int, last: int) -> tuple[AlarmDefinition, ...]:
    return tuple(definition(f"LT-{number}.HH") for number in range(first, last))


def test_five_hundred_definitions_enabled_or_disabled_make_no_false_clears() -> None:
    everything = many(0, 1000)
    bench = Bench(everything)
    true = tuple(item.id for item in everything)
    assert len(bench.scan(*true)) == 1000
    stored = {alarm.id: alarm for alarm in bench.board.alarms()}

    fewer = Bench(many(0, 500))
    closed = fewer.board.restore(tuple(stored.values()), WALL)
    assert {step.trigger for step in closed} == {Trigger.DEFINITION_REMOVED}
    assert len(closed) == 500
    stored |= {alarm.id: alarm for alarm in fewer.board.changed()}
    unread = tuple(item.id for item in fewer.definitions)
    assert fewer.scan(unknown=unread) == [], "nothing was read yet: nothing returned"
    assert {alarm.state for alarm in fewer.board.alarms()} == {State.UNACKNOWLEDGED}
    assert fewer.scan(*unread) == []
    stored |= {alarm.id: alarm for alarm in fewer.board.alarms()}

    again = Bench(everything)
    assert again.board.restore(tuple(stored.values()), WALL) == ()
    assert again.scan(unknown=true) == []
    assert [again.alarm(f"LT-{number}.HH") for number in (0, 499, 500, 999)] == [
        State.UNACKNOWLEDGED,
        State.UNACKNOWLEDGED,
        State.NORMAL,
        State.NORMAL,
    ]
    back = again.scan(*true)
    assert len(back) == 500, "what is true and was not standing is announced, nothing else"
    assert all("#2.1 raised" in step for step in back)


def test_the_strongest_suppression_names_the_alarm_everywhere() -> None:
    bench = Bench()
    steps = (bench.shelve("LT-1.H"), bench.design("LT-1.H"), bench.remove("LT-1.H"))
    assert [step.alarm.shown_state for step in steps] == ["shelved", "by_design", "out_of_service"]
    assert bench.end("LT-1.H", Suppression.OUT_OF_SERVICE).alarm.shown_state == "by_design"
    assert bench.board.alarms()[0].shown_state == "normal"
