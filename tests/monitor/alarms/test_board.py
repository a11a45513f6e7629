import dataclasses

import numpy as np
import pytest

from monitor.alarms.board import Board
from monitor.alarms.commands import Acknowledge, CommandRefusedError, ConflictError, NoSuchAlarmError, Reset
from monitor.alarms.identity import definition_hash
from monitor.alarms.lifecycle import State, Suppression, Trigger
from monitor.alarms.transition import Alarm, SuppressionRecord, Transition
from tests.monitor.alarms.verdicts import FALSE, TRUE, UNKNOWN, WALL, definition, verdicts

A = definition("LT-1.HH")
LATCHED = definition("GD-1.HH", latch=True)
IDS = ("LT-1.HH", "GD-1.HH")


def board() -> Board:
    return Board((A, LATCHED))


def judge(of: Board, first: int, second: int = FALSE, at: int = WALL, **columns: object) -> list[Transition]:
    return list(of.apply(verdicts(IDS, (first, second), **columns), at))  # type: ignore[arg-type]  # fields by name


def acknowledge(name: str = "LT-1.HH", occurrence: int = 1, person: str = "li", comment: str = "") -> Acknowledge:
    return Acknowledge(id=name, occurrence=occurrence, person=person, person_name=f"{person} name", comment=comment)


def reset(occurrence: int = 1, person: str = "wang") -> Reset:
    return Reset(id="GD-1.HH", occurrence=occurrence, person=person, person_name=f"{person} name")


def story(steps: list[Transition]) -> list[tuple[str, Trigger, State, State, int, int]]:
    return [(step.id, step.trigger, step.before, step.after, step.occurrence, step.transition) for step in steps]


def test_false_to_true_raises_a_first_occurrence_with_all_it_knows() -> None:
    of = board()
    assert judge(of, FALSE) == []
    (step,) = judge(of, TRUE, at=WALL + 5, value=(12.35, 0.0), quality=(1, 0))
    assert story([step]) == [("LT-1.HH", Trigger.RAISED, State.NORMAL, State.UNACKNOWLEDGED, 1, 1)]
    assert step.annunciated
    assert step.decided_wall_ns == WALL + 5
    alarm = step.alarm
    assert (alarm.value, alarm.limit, alarm.quality, alarm.received_wall_ns) == (12.35, 12.0, 1, WALL)
    assert (alarm.raised_wall_ns, alarm.changed_wall_ns, alarm.source_time_ns) == (WALL + 5, WALL + 5, None)
    assert alarm.condition_true
    assert not alarm.unknown
    assert alarm.message_zh == "LT-1 1号甲醇罐液位 高高报警 12.35 m ≥ 12.00 m"
    assert alarm.message_key == "HH.raised"
    assert alarm.definition_hash == definition_hash(A)
    assert of.alarms()[0] is alarm


def test_true_again_is_no_step() -> None:
    of = board()
    judge(of, TRUE)
    assert judge(of, TRUE) == []


def test_the_full_way_with_acknowledgement_first() -> None:
    of = board()
    judge(of, TRUE)
    acked = of.obey(acknowledge(comment="seen"), WALL + 1)
    assert story([acked]) == [("LT-1.HH", Trigger.ACKNOWLEDGED, State.UNACKNOWLEDGED, State.ACKNOWLEDGED, 1, 2)]
    assert (acked.person, acked.person_name, acked.comment) == ("li", "li name", "seen")
    assert (acked.alarm.acknowledged_by, acked.alarm.acknowledged_wall_ns) == ("li", WALL + 1)
    assert "已确认：li name" in acked.alarm.message_zh
    (back,) = judge(of, FALSE)
    assert story([back]) == [("LT-1.HH", Trigger.RETURNED, State.ACKNOWLEDGED, State.NORMAL, 1, 3)]
    assert back.person is None


def test_a_return_before_acknowledgement_waits_for_it() -> None:
    of = board()
    judge(of, TRUE)
    (back,) = judge(of, FALSE)
    assert back.after is State.RETURNED_UNACKNOWLEDGED
    assert of.obey(acknowledge(), WALL).after is State.NORMAL


def test_true_again_out_of_returned_unacknowledged_is_a_new_occurrence() -> None:
    of = board()
    judge(of, TRUE)
    judge(of, FALSE)
    steps = judge(of, TRUE)
    assert story(steps) == [
        ("LT-1.HH", Trigger.REACTIVATED, State.RETURNED_UNACKNOWLEDGED, State.NORMAL, 1, 3),
        ("LT-1.HH", Trigger.RAISED, State.NORMAL, State.UNACKNOWLEDGED, 2, 1),
    ]
    assert [step.key for step in steps] == [("LT-1.HH", 1, 3), ("LT-1.HH", 2, 1)]


def test_a_new_occurrence_forgets_who_acknowledged_the_old_one() -> None:
    of = board()
    judge(of, TRUE)
    of.obey(acknowledge(comment="c"), WALL)
    judge(of, FALSE)
    (again,) = judge(of, TRUE)
    assert again.occurrence == 2
    assert (again.alarm.acknowledged_by, again.alarm.acknowledged_wall_ns, again.alarm.comment) == (None, None, "")


def test_unknown_never_clears_and_is_shown() -> None:
    of = board()
    judge(of, TRUE, value=(12.5, 1.0))
    assert judge(of, UNKNOWN, value=(np.nan, 1.0), quality=(2, 0)) == []
    alarm = of.alarms()[0]
    assert (alarm.state, alarm.unknown, alarm.condition_true) == (State.UNACKNOWLEDGED, True, True)
    assert (alarm.value, alarm.quality) == (12.5, 2)
    assert judge(of, TRUE, value=(12.6, 1.0)) == []
    assert (of.alarms()[0].unknown, of.alarms()[0].value) == (False, 12.6)


def test_unknown_before_anything_raises_nothing_and_is_shown() -> None:
    of = board()
    assert judge(of, UNKNOWN, UNKNOWN) == []
    assert [alarm.unknown for alarm in of.alarms()] == [True, True]
    assert of.changed() == ()


def test_a_renewed_true_is_a_new_occurrence_and_a_renewed_raise_is_one() -> None:
    of = board()
    assert [step.occurrence for step in judge(of, TRUE, renew=(True, False))] == [1]
    of.obey(acknowledge(), WALL)
    steps = judge(of, TRUE, renew=(True, False), detail={0: ("A", "B")})
    assert story(steps) == [
        ("LT-1.HH", Trigger.REACTIVATED, State.ACKNOWLEDGED, State.NORMAL, 1, 3),
        ("LT-1.HH", Trigger.RAISED, State.NORMAL, State.UNACKNOWLEDGED, 2, 1),
    ]
    assert steps[1].alarm.detail == ("A", "B")
    assert judge(of, UNKNOWN, renew=(True, False)) == []


def test_a_latched_alarm_stays_until_acknowledged_and_reset() -> None:
    of = board()
    judge(of, FALSE, TRUE)
    with pytest.raises(CommandRefusedError, match="not latched"):
        of.obey(reset(), WALL)
    (back,) = judge(of, FALSE, FALSE)
    assert (back.trigger, back.after) == (Trigger.RETURNED_LATCHED, State.LATCHED_UNACKNOWLEDGED)
    with pytest.raises(CommandRefusedError, match="acknowledge the alarm first"):
        of.obey(reset(), WALL)
    assert of.obey(acknowledge("GD-1.HH"), WALL).after is State.LATCHED_ACKNOWLEDGED
    done = of.obey(reset(), WALL + 7_000_000_000)
    assert story([done]) == [("GD-1.HH", Trigger.RESET, State.LATCHED_ACKNOWLEDGED, State.NORMAL, 1, 4)]
    with pytest.raises(ConflictError, match="wang name reset it at 2026-09-21T14:13:27Z") as refused:
        of.obey(reset(person="zhao"), WALL)
    assert refused.value.message_zh == "wang name 已于 2026-09-21T14:13:27Z 复位"


@pytest.mark.parametrize("blocked", [UNKNOWN, TRUE])
def test_no_reset_while_the_condition_is_not_known_to_be_gone(blocked: int) -> None:
    of = board()
    judge(of, FALSE, TRUE)
    of.obey(acknowledge("GD-1.HH"), WALL)
    judge(of, FALSE, FALSE)
    # the condition stands again but its on-delay still runs, or it cannot be judged
    judge(of, FALSE, FALSE if blocked == TRUE else UNKNOWN, condition=(FALSE, blocked))
    with pytest.raises(CommandRefusedError, match="not known to be gone"):
        of.obey(reset(), WALL)
    judge(of, FALSE, FALSE)
    assert of.obey(reset(), WALL).after is State.NORMAL


def test_a_latched_alarm_that_comes_again_is_a_new_occurrence() -> None:
    of = board()
    for state in (State.LATCHED_UNACKNOWLEDGED, State.LATCHED_ACKNOWLEDGED):
        judge(of, FALSE, TRUE)
        judge(of, FALSE, FALSE)
        if state is State.LATCHED_ACKNOWLEDGED:
            of.obey(acknowledge("GD-1.HH", of.alarms()[1].occurrence), WALL)
        assert of.alarms()[1].state is state
    steps = judge(of, FALSE, TRUE)
    assert [step.trigger for step in steps] == [Trigger.REACTIVATED, Trigger.RAISED]
    assert steps[1].occurrence == 3


def test_the_second_acknowledgement_learns_who_was_first() -> None:
    of = board()
    judge(of, TRUE)
    of.obey(acknowledge(), WALL)
    with pytest.raises(ConflictError) as refused:
        of.obey(acknowledge(person="wang"), WALL + 9)
    assert refused.value.message_en == "li name acknowledged it at 2026-09-21T14:13:20Z"
    assert refused.value.message_zh == "li name 已于 2026-09-21T14:13:20Z 确认"
    judge(of, FALSE)
    with pytest.raises(ConflictError, match="li name"):
        of.obey(acknowledge(person="wang"), WALL + 9)
    assert of.alarms()[0].acknowledged_by == "li"


def test_an_acknowledgement_of_another_occurrence_is_a_conflict() -> None:
    of = board()
    judge(of, TRUE)
    judge(of, FALSE)
    judge(of, TRUE)
    with pytest.raises(ConflictError, match="occurrence 1 is over; occurrence 2 was raised at 2026-09-21T14:13:20Z"):
        of.obey(acknowledge(), WALL)
    with pytest.raises(ConflictError, match="there is no occurrence 7"):
        of.obey(acknowledge(occurrence=7), WALL)
    assert of.alarms()[0].state is State.UNACKNOWLEDGED


def test_commands_without_an_alarm_are_refused() -> None:
    of = board()
    with pytest.raises(NoSuchAlarmError, match=r"there is no alarm NOPE\.H"):
        of.obey(acknowledge("NOPE.H"), WALL)
    with pytest.raises(CommandRefusedError, match="nothing to acknowledge"):
        of.obey(acknowledge(occurrence=0), WALL)
    with pytest.raises(ConflictError):
        of.obey(acknowledge(), WALL)


def test_only_rows_that_took_a_step_are_to_be_persisted() -> None:
    of = board()
    judge(of, TRUE, UNKNOWN)
    assert [alarm.id for alarm in of.changed()] == ["LT-1.HH"]
    assert of.changed() == ()
    judge(of, TRUE, FALSE, value=(13.0, 1.0))
    judge(of, UNKNOWN, UNKNOWN)
    assert of.changed() == ()
    of.obey(acknowledge(), WALL)
    judge(of, FALSE, TRUE)
    assert [(alarm.id, alarm.state) for alarm in of.changed()] == [
        ("LT-1.HH", State.NORMAL),
        ("GD-1.HH", State.UNACKNOWLEDGED),
    ]


def test_a_quiet_scan_makes_no_object() -> None:
    of = board()
    judge(of, FALSE, TRUE, value=(1.0, 5.0))
    before = of.alarms()
    judge(of, FALSE, TRUE, value=(2.0, 5.0))
    assert of.alarms() is before
    judge(of, FALSE, TRUE, value=(2.0, 6.0))
    assert of.alarms()[0] is before[0]
    assert of.alarms()[1].value == 6.0


def test_under_suppression_steps_are_journaled_but_not_annunciated() -> None:
    of = board()
    shelved = SuppressionRecord(
        suppression=Suppression.SHELVED, reason="r", person="li", since_wall_ns=WALL, until_wall_ns=None
    )
    of.restore([dataclasses.replace(of.alarms()[0], suppressions=(shelved,))], WALL)
    (step,) = judge(of, TRUE)
    assert not step.annunciated
    assert step.alarm.suppressions == (shelved,)


def restarted(old: Board, *definitions: object) -> tuple[Board, tuple[Transition, ...]]:
    new = Board(definitions or (A, LATCHED))  # type: ignore[arg-type]  # objects of a parameter list
    return new, new.restore(old.changed(), WALL + 100)


def test_after_a_restart_nothing_is_announced_twice() -> None:
    old = board()
    judge(old, TRUE, TRUE)
    old.obey(acknowledge(), WALL)
    kept = old.alarms()
    new, closed = restarted(old)
    assert closed == ()
    assert new.alarms() == kept
    assert judge(new, UNKNOWN, UNKNOWN) == []
    assert judge(new, TRUE, TRUE) == []
    (back,) = judge(new, FALSE, TRUE)
    assert (back.trigger, back.occurrence, back.transition) == (Trigger.RETURNED, 1, 3)


def test_after_a_restart_no_reset_before_the_first_verdict() -> None:
    old = board()
    judge(old, FALSE, TRUE)
    old.obey(acknowledge("GD-1.HH"), WALL)
    judge(old, FALSE, FALSE)
    new, _ = restarted(old)
    with pytest.raises(CommandRefusedError, match="not known to be gone"):
        new.obey(reset(), WALL)
    judge(new, FALSE, FALSE)
    assert new.obey(reset(), WALL).after is State.NORMAL


def test_a_changed_definition_closes_the_alarm_and_is_judged_anew() -> None:
    old = board()
    judge(old, TRUE)
    changed = dataclasses.replace(A, set_point=11.0)
    new, (closed,) = restarted(old, changed, LATCHED)
    assert story([closed]) == [("LT-1.HH", Trigger.DEFINITION_CHANGED, State.UNACKNOWLEDGED, State.NORMAL, 1, 2)]
    assert closed.alarm.definition_hash == definition_hash(changed)
    assert new.changed() == (closed.alarm,)
    (raised,) = judge(new, TRUE)
    assert (raised.trigger, raised.occurrence) == (Trigger.RAISED, 2)


def test_a_changed_definition_of_a_normal_alarm_is_taken_quietly() -> None:
    old = board()
    judge(old, TRUE)
    old.obey(acknowledge(), WALL)
    judge(old, FALSE)
    new, closed = restarted(old, dataclasses.replace(A, priority=2), LATCHED)
    assert closed == ()
    assert (new.alarms()[0].occurrence, new.alarms()[0].priority) == (1, 2)
    assert new.changed() == ()


def test_a_removed_definition_closes_its_alarm() -> None:
    old = board()
    judge(old, TRUE, TRUE)
    new, (closed,) = restarted(old, LATCHED)
    assert story([closed]) == [("LT-1.HH", Trigger.DEFINITION_REMOVED, State.UNACKNOWLEDGED, State.NORMAL, 1, 2)]
    assert (closed.definition.kind, closed.definition.priority) == ("HH", 1)
    assert [alarm.id for alarm in new.alarms()] == ["GD-1.HH"]
    assert new.changed() == (closed.alarm,)
    # stored as normal now: the next restart has nothing to close, and the definition may come back
    again = Board((A, LATCHED))
    assert again.restore((closed.alarm,), WALL) == ()
    (raised,) = again.apply(verdicts(IDS, (TRUE, FALSE)), WALL)
    assert raised.occurrence == 2


def test_verdicts_of_other_definitions_are_refused() -> None:
    with pytest.raises(ValueError, match="not those of the board"):
        board().apply(verdicts(("GD-1.HH", "LT-1.HH"), (FALSE, FALSE)), WALL)
    with pytest.raises(ValueError, match="stands twice"):
        Board((A, A))


def test_steps_stand_in_definition_order() -> None:
    of = board()
    judge(of, FALSE, TRUE)
    assert [step.id for step in judge(of, TRUE, FALSE)] == ["LT-1.HH", "GD-1.HH"]


def test_every_field_of_a_definition_counts_in_its_hash() -> None:
    other = {"set_point": 12.5, "response_zh": "x", "priority": 2, "latch": True, "on_delay_ns": 1}
    hashes = {definition_hash(definition("LT-1.HH", **{name: value})) for name, value in other.items()}
    assert len(hashes | {definition_hash(A)}) == len(other) + 1
    assert definition_hash(definition("LT-1.HH")) == definition_hash(A)


def test_an_alarm_row_is_a_value() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        board().alarms()[0].occurrence = 5  # type: ignore[misc]  # frozen: it must refuse
    assert isinstance(board().alarms()[0], Alarm)
