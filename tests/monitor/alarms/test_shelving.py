"""Shelving: what falls silent, what ends it, what may not be shelved."""

import pytest

from monitor.alarms.classes import AlarmClassRules, ShelvingLimits
from monitor.alarms.commands import CommandRefusedError, ConflictError
from monitor.alarms.lifecycle import State, Suppression
from tests.monitor.alarms.bench import HOUR, Bench, told
from tests.monitor.alarms.verdicts import WALL


def test_before_the_alarm_everything_is_kept_and_nothing_is_said() -> None:
    bench = Bench()
    step = bench.shelve("LT-1.H")
    assert told(step) == "!LT-1.H#0.1 shelved normal"
    assert (step.person, step.comment) == ("li", "校验")
    assert step.suppression == step.alarm.suppressions[0]
    assert step.suppression.until_wall_ns == WALL + HOUR
    assert "已搁置：李" in step.alarm.message_zh
    assert bench.scan("LT-1.H") == ["!LT-1.H#1.1 raised unacknowledged"]
    assert bench.scan() == ["!LT-1.H#1.2 returned_untold normal"]
    assert bench.scan("LT-1.H") == ["!LT-1.H#2.1 raised unacknowledged"], "that it comes again does not end a shelf"
    assert told(bench.end("LT-1.H")) == "LT-1.H#2.2 unsuppressed unacknowledged"


def test_during_the_alarm_it_falls_silent_and_comes_back_unacknowledged() -> None:
    bench = Bench()
    bench.scan("LT-1.H")
    bench.acknowledge("LT-1.H")
    assert told(bench.shelve("LT-1.H", 1)) == "!LT-1.H#1.3 shelved acknowledged"
    again = bench.end("LT-1.H")
    assert told(again) == "LT-1.H#1.4 unsuppressed unacknowledged"
    assert (again.alarm.acknowledged_by, again.alarm.acknowledged_wall_ns) == (None, None)
    assert told(bench.acknowledge("LT-1.H")) == "LT-1.H#1.5 acknowledged acknowledged"


def test_a_shelf_ends_at_its_time_and_says_why() -> None:
    bench = Bench()
    bench.shelve("LT-1.H")
    assert bench.board.next_deadline_ns() == WALL + HOUR
    assert bench.scan("LT-1.H", later=HOUR - 1) == ["!LT-1.H#1.1 raised unacknowledged"]
    assert bench.scan("LT-1.H", later=1) == ["LT-1.H#1.2 unsuppressed unacknowledged"]
    alarm = bench.board.alarms()[1]
    assert "到期" in alarm.message_zh
    assert "its time is over" in alarm.message_en
    assert bench.board.next_deadline_ns() is None
    assert bench.scan("LT-1.H", later=HOUR) == []


def test_a_shelf_that_ends_while_nothing_is_wrong_ends_quietly() -> None:
    bench = Bench()
    bench.shelve("LT-1.H")
    assert bench.scan(later=HOUR) == ["!LT-1.H#0.2 unshelved normal"]
    assert bench.board.alarms()[1].suppressions == ()


def test_what_cannot_be_judged_at_the_end_was_true_and_is_said() -> None:
    bench = Bench()
    bench.shelve("LT-1.H")
    bench.scan("LT-1.H")
    assert bench.scan(later=HOUR, unknown=("LT-1.H",)) == ["LT-1.H#1.2 unsuppressed unacknowledged"]


def test_what_came_and_went_in_silence_asks_nobody_for_an_answer() -> None:
    bench = Bench()
    bench.shelve("LT-1.H")
    bench.scan("LT-1.H")
    assert bench.scan() == ["!LT-1.H#1.2 returned_untold normal"]
    assert bench.scan(later=HOUR) == ["!LT-1.H#1.3 unshelved normal"]


def test_what_was_told_once_must_be_answered_though_it_returns_in_silence() -> None:
    bench = Bench()
    bench.scan("LT-1.H")
    bench.shelve("LT-1.H", 1)
    assert bench.scan() == ["!LT-1.H#1.3 returned returned_unacknowledged"]
    assert bench.scan(later=HOUR) == ["!LT-1.H#1.4 unshelved returned_unacknowledged"]
    assert bench.acknowledge("LT-1.H").after is State.NORMAL


def test_what_was_told_between_two_suppressions_must_be_answered() -> None:
    bench = Bench()
    bench.shelve("LT-1.H")
    bench.scan("LT-1.H")
    assert told(bench.end("LT-1.H")) == "LT-1.H#1.2 unsuppressed unacknowledged"
    bench.shelve("LT-1.H", 1)
    assert bench.scan() == ["!LT-1.H#1.4 returned returned_unacknowledged"]


def test_who_acknowledged_in_silence_has_answered() -> None:
    bench = Bench()
    bench.shelve("LT-1.H")
    bench.scan("LT-1.H")
    bench.acknowledge("LT-1.H")
    assert bench.scan() == ["!LT-1.H#1.3 returned normal"]


@pytest.mark.parametrize(("worse", "milder"), [("LT-1.HH", "LT-1.H"), ("LT-2.LL", "LT-2.L")])
def test_the_next_level_ends_the_shelf_of_the_level_before(worse: str, milder: str) -> None:
    bench = Bench()
    bench.scan(milder)
    bench.shelve(milder, 1)
    assert bench.scan(milder) == []
    assert bench.scan(milder, worse) == [
        f"{worse}#1.1 raised unacknowledged",
        f"{milder}#1.3 unsuppressed unacknowledged",
    ]
    alarm = next(item for item in bench.board.alarms() if item.id == milder)
    assert f"恶化：{worse}" in alarm.message_zh
    assert told(bench.shelve(milder, 1)), "while the worse one stands and is seen it may be shelved again"
    assert bench.scan(milder, worse) == []


def test_another_tag_or_a_milder_level_ends_nothing() -> None:
    bench = Bench()
    bench.shelve("LT-2.L")
    bench.shelve("LT-1.HH")
    assert bench.scan("LT-1.HH", "LT-1.H") == [
        "!LT-1.HH#1.1 raised unacknowledged",
        "LT-1.H#1.1 raised unacknowledged",
    ]


def test_a_further_blind_point_ends_the_shelf_of_blindness() -> None:
    bench = Bench()
    bench.scan("HS.blind.P")
    bench.shelve("HS.blind.P", 1)
    assert bench.scan("HS.blind.P") == []
    assert bench.scan("HS.blind.P", renew="HS.blind.P") == [
        "!HS.blind.P#1.3 reactivated normal",
        "!HS.blind.P#2.1 raised unacknowledged",
        "HS.blind.P#2.2 unsuppressed unacknowledged",
    ]


def test_what_may_not_be_shelved_says_what_to_do() -> None:
    bench = Bench(custody=AlarmClassRules(id="custody", highly_managed=True))
    with pytest.raises(CommandRefusedError, match="removed from service") as refused:
        bench.shelve("GD-1.HH")
    assert "停用" in refused.value.message_zh
    with pytest.raises(CommandRefusedError, match="8 h at most"):
        bench.shelve("LT-1.H", duration=8 * HOUR + 1)
    with pytest.raises(CommandRefusedError, match="8 h at most"):
        bench.shelve("LT-1.H", duration=0)
    with pytest.raises(CommandRefusedError, match="reason"):
        bench.shelve("LT-1.H", reason="  ")
    bench.scan("LT-1.H")
    with pytest.raises(ConflictError, match="no occurrence 5"):
        bench.shelve("LT-1.H", 5)
    with pytest.raises(ConflictError, match="occurrence 0 is over"):
        bench.shelve("LT-1.H", 0)
    assert all(alarm.suppressions == () for alarm in bench.board.alarms())


def test_a_class_may_allow_life_safety_and_highly_managed_never_is() -> None:
    assert told(Bench(life_safety=AlarmClassRules(id="life_safety")).shelve("GD-1.HH")).endswith("shelved normal")
    strict = AlarmClassRules(id="process", shelvable=True, highly_managed=True)
    with pytest.raises(CommandRefusedError, match="may not be shelved"):
        Bench(process=strict).shelve("LT-1.H")


def test_number_and_risk_have_limits_for_the_whole_plant() -> None:
    bench = Bench(limits=ShelvingLimits(most_at_once=2))
    bench.shelve("LT-1.H")
    bench.shelve("LT-2.L")
    bench.shelve("LT-2.L", duration=2 * HOUR)  # the same again with another end is not a third
    with pytest.raises(CommandRefusedError, match="2 alarms are shelved"):
        bench.shelve("LT-1.HH")
    bench.end("LT-2.L")
    bench.shelve("LT-1.HH")
    risky = Bench(limits=ShelvingLimits(most_risk=12))
    risky.shelve("LT-1.HH")
    risky.shelve("LT-1.H")
    with pytest.raises(CommandRefusedError, match="would be 14, above 12"):
        risky.shelve("LT-2.L")


def test_shelving_again_replaces_the_end_and_keeps_one_shelf() -> None:
    bench = Bench()
    bench.shelve("LT-1.H", duration=4 * HOUR)
    step = bench.shelve("LT-1.H", duration=HOUR, reason="早些")
    (record,) = step.alarm.suppressions
    assert (record.until_wall_ns, record.reason) == (WALL + HOUR, "早些")
    assert step.transition == 2


def test_ending_what_does_not_stand_is_refused() -> None:
    bench = Bench()
    for kind in Suppression:
        with pytest.raises(CommandRefusedError, match=r"is not .* now"):
            bench.end("LT-1.H", kind)
