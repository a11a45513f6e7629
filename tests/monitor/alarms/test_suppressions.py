"""Shelving, out of service, suppression by design, re-alarm, rising priority, classes: on the board."""

from dataclasses import replace

import pytest

from monitor.alarms.board import Board
from monitor.alarms.classes import BUILT_IN, HOUR_NS, AlarmClassRules, Philosophy, ShelvingLimits
from monitor.alarms.commands import (
    Acknowledge,
    CommandRefusedError,
    ConflictError,
    EndSuppression,
    RemoveFromService,
    Reset,
    Shelve,
    SuppressByDesign,
)
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import State, Suppression, Trigger
from monitor.alarms.transition import Transition
from tests.monitor.alarms.verdicts import FALSE, TRUE, UNKNOWN, WALL, definition, verdicts

HH, H = definition("LT-1.HH", priority=1), definition("LT-1.H", kind="H", priority=3)
LL, L = definition("LT-2.LL", kind="LL", priority=1), definition("LT-2.L", kind="L", priority=3)
GAS = definition("GD-1.HH", alarm_class="life_safety", latch=True)
BLIND = definition("HS.blind.P", kind="blind", alarm_class="system", tag=None)
ALL = (HH, H, LL, L, GAS, BLIND)
HOUR = HOUR_NS


class Bench:
    """A board whose conditions a test names; FALSE where it names none."""

    def __init__(
        self,
        definitions: tuple[AlarmDefinition, ...] = ALL,
        limits: ShelvingLimits | None = None,
        **classes: AlarmClassRules,
    ) -> None:
        self.definitions = definitions
        self.philosophy = Philosophy(classes={**BUILT_IN, **classes}, shelving=limits or ShelvingLimits())
        self.board = Board(definitions, self.philosophy)
        self.wall = WALL

    def scan(self, *true: str, later: int = 0, renew: str = "", unknown: tuple[str, ...] = ()) -> list[str]:
        self.wall += later
        said = [TRUE if item.id in true else UNKNOWN if item.id in unknown else FALSE for item in self.definitions]
        ids = [item.id for item in self.definitions]
        steps = self.board.apply(verdicts(ids, said, renew=[name == renew for name in ids]), self.wall)
        return [told(step) for step in steps]

    def restart(self, later: int = 0) -> None:
        stored = self.board.alarms()
        self.wall += later
        self.board = Board(self.definitions, self.philosophy)
        assert self.board.restore(stored, self.wall) == ()

    def shelve(self, name: str, occurrence: int = 0, duration: int = HOUR, reason: str = "校验") -> Transition:
        asked = Shelve(
            id=name, occurrence=occurrence, person="li", person_name="李", comment=reason, duration_ns=duration
        )
        return self.board.obey(asked, self.wall)

    def remove(self, name: str, occurrence: int = 0, **changes: object) -> Transition:
        asked = RemoveFromService(
            id=name,
            occurrence=occurrence,
            person="li",
            person_name="李",
            comment="拆检",
            until_wall_ns=self.wall + 24 * HOUR,
            authorised_by="wang",
            interim="人工检尺",
        )
        return self.board.obey(replace(asked, **changes), self.wall)  # type: ignore[arg-type]  # fields by name

    def design(self, name: str) -> Transition:
        return self.board.obey(SuppressByDesign(id=name, person="p-7", person_name="作业票", comment="清罐"), self.wall)

    def end(self, name: str, kind: Suppression = Suppression.SHELVED) -> Transition:
        return self.board.obey(EndSuppression(id=name, suppression=kind, person="li", person_name="李"), self.wall)

    def acknowledge(self, name: str, occurrence: int = 1, comment: str = "") -> Transition:
        asked = Acknowledge(id=name, occurrence=occurrence, person="li", person_name="李", comment=comment)
        return self.board.obey(asked, self.wall)

    def alarm(self, name: str) -> State:
        return next(alarm.state for alarm in self.board.alarms() if alarm.id == name)


def told(step: Transition) -> str:
    return f"{'' if step.annunciated else '!'}{step.id}#{step.occurrence}.{step.transition} {step.trigger} {step.after}"


# --- shelving ---------------------------------------------------------------------------------
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


# --- out of service, by design ----------------------------------------------------------------
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


# --- when nobody does anything ----------------------------------------------------------------
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


# --- comments ---------------------------------------------------------------------------------
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


# --- restart and clocks -----------------------------------------------------------------------
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


# --- five hundred at once ---------------------------------------------------------------------
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
