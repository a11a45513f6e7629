"""Which transitions leave, and which reminders they end."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alarms.kinds import KIND_WORDS
from monitor.alarms.lifecycle import Trigger
from monitor.notify.policy import ENDS_REPEATS, decide, follow_up
from monitor.notify.row import Purpose, Status
from tests.monitor.notify.support import MQTT, SECOND, WALL, WECOM, MemoryOutbox, definition, notification, step

BOTH = notification(WECOM, MQTT)


def purposes(channel_id: str, trigger: Trigger, **changes: Any) -> list[Purpose]:
    rows, _ = decide([step(trigger, **changes)], BOTH, WALL)
    return [row.purpose for row in rows if row.channel == channel_id]


@pytest.mark.parametrize(
    ("trigger", "priority", "expected"),
    [
        (Trigger.RAISED, 1, [Purpose.RAISE, Purpose.REPEAT]),
        (Trigger.RAISED, 2, [Purpose.RAISE]),
        (Trigger.RAISED, 3, []),
        (Trigger.UNSUPPRESSED, 1, [Purpose.RAISE, Purpose.REPEAT]),
        (Trigger.UNSUPPRESSED, 2, [Purpose.RAISE]),
        (Trigger.RE_ALARMED, 1, [Purpose.RAISE, Purpose.REPEAT]),
        (Trigger.PRIORITY_RAISED, 2, [Purpose.RAISE]),
        (Trigger.RETURNED, 1, [Purpose.RETURN]),
        (Trigger.RETURNED_LATCHED, 2, [Purpose.RETURN]),
        (Trigger.RETURNED, 4, []),
        (Trigger.ACKNOWLEDGED, 1, [Purpose.ACKNOWLEDGE]),
        (Trigger.ACKNOWLEDGED, 3, []),
        (Trigger.RESET, 1, []),
        (Trigger.REACTIVATED, 1, []),
        (Trigger.DEFINITION_REMOVED, 1, []),
        (Trigger.DEFINITION_CHANGED, 1, []),
    ],
)
def test_what_people_are_told(trigger: Trigger, priority: int, expected: list[Purpose]) -> None:
    assert purposes("duty", trigger, of=definition(priority=priority)) == expected


@pytest.mark.parametrize("trigger", list(Trigger))
@pytest.mark.parametrize("annunciated", [True, False])
def test_mqtt_gets_every_annunciated_transition_once(trigger: Trigger, annunciated: bool) -> None:
    expected = [Purpose.EVENT] if annunciated else []
    assert purposes("bus", trigger, of=definition(priority=4), annunciated=annunciated) == expected


@pytest.mark.parametrize("trigger", list(Trigger))
def test_nobody_is_called_for_a_suppressed_alarm(trigger: Trigger) -> None:
    assert purposes("duty", trigger, annunciated=False) == []


def test_returns_and_acknowledgements_can_be_switched_off() -> None:
    quiet = notification(replace(WECOM, send_returned=False, send_acknowledged=False))
    steps = [step(Trigger.RETURNED, transition=2), step(Trigger.ACKNOWLEDGED, transition=3)]
    rows, supersedes = decide(steps, quiet, WALL)
    assert rows == ()
    assert [one.id for one in supersedes] == ["LT-101A.HH"], "the reminder ends although nobody is told"


def test_the_raised_priority_of_the_alarm_counts_not_that_of_its_definition() -> None:
    rows, _ = decide([step(of=definition(priority=3), priority=1)], BOTH, WALL)
    assert [row.purpose for row in rows if row.channel == "duty"] == [Purpose.RAISE, Purpose.REPEAT]
    assert {row.priority for row in rows} == {1}


def test_the_first_reminder_is_due_later_and_its_follow_ups_go_on() -> None:
    rows, _ = decide([step()], BOTH, WALL)
    repeat = next(row for row in rows if row.purpose == Purpose.REPEAT)
    assert (repeat.repeat, repeat.due_wall_ns) == (1, WALL + 300 * SECOND)
    second = follow_up(repeat, WECOM, WALL + 310 * SECOND)
    assert second is not None
    assert (second.repeat, second.due_wall_ns) == (2, WALL + 610 * SECOND)
    assert (second.status, second.attempts, second.seq) == (Status.WAITING, 0, 0)
    assert second.key != repeat.key


def test_only_reminders_are_followed_up() -> None:
    rows, _ = decide([step()], BOTH, WALL)
    assert [follow_up(row, WECOM, WALL) for row in rows if row.purpose != Purpose.REPEAT] == [None, None]


@pytest.mark.parametrize("trigger", list(Trigger))
@pytest.mark.parametrize("annunciated", [True, False])
def test_what_ends_reminders(trigger: Trigger, annunciated: bool) -> None:
    _, supersedes = decide([step(trigger, occurrence=7, annunciated=annunciated)], BOTH, WALL)
    ended = [(one.id, one.occurrence, one.purposes) for one in supersedes]
    assert ended == ([("LT-101A.HH", 7, (Purpose.REPEAT,))] if trigger in ENDS_REPEATS else [])
    assert Trigger.RETURNED not in ENDS_REPEATS


def test_raised_and_acknowledged_in_one_scan_leaves_no_reminder() -> None:
    rows, _ = decide([step(), step(Trigger.ACKNOWLEDGED, transition=2)], BOTH, WALL)
    assert Purpose.REPEAT not in {row.purpose for row in rows}
    assert [row.purpose for row in rows if row.channel == "duty"] == [Purpose.RAISE, Purpose.ACKNOWLEDGE]


def test_reactivated_ends_the_old_reminder_and_keeps_the_new() -> None:
    steps = [step(Trigger.REACTIVATED, occurrence=1, transition=3), step(occurrence=2)]
    rows, supersedes = decide(steps, BOTH, WALL)
    assert [(one.id, one.occurrence) for one in supersedes] == [("LT-101A.HH", 1)]
    assert [row.occurrence for row in rows if row.purpose == Purpose.REPEAT] == [2]


def test_a_channel_alarm_waits_on_its_own_channel_and_goes_out_over_the_others() -> None:
    down = definition("channel.duty", kind="channel", alarm_class="system", priority=2, tag=None, hazard_source=None)
    rows, _ = decide([step(of=down)], notification(WECOM, replace(WECOM, id="second"), MQTT), WALL)
    assert [row.channel for row in rows] == ["duty", "second", "bus"]


def test_the_body_has_all_words_and_numbers() -> None:
    rows, _ = decide([step(Trigger.ACKNOWLEDGED, transition=2)], BOTH, WALL)
    text = rows[0].body
    body = orjson.loads(text)
    assert text == orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode(), "canonical: sorted, no spaces"
    expected = {
        "site_zh": "滨海罐区",
        "site_en": "Binhai tank farm",
        "hazard_source_zh": "液化烃球罐区",
        "hazard_source_en": "LPG spheres",
        "tag": "LT-101A",
        "subject_zh": "101 球罐液位",
        "kind_zh": "高高",
        "value": 12.35,
        "limit": 12.0,
        "eu": "m",
        "raised_wall_ns": WALL,
        "response_zh": "立即停止进料，现场确认液位",
        "person_name": "张三",
        "comment": "现场已处置",
        "trigger": "acknowledged",
        "occurrence": 1,
        "transition": 2,
    }
    assert {name: body[name] for name in expected} == expected


def test_a_value_that_is_no_number_is_null() -> None:
    rows, _ = decide([step(value=float("nan"), limit=None)], BOTH, WALL)
    body = orjson.loads(rows[0].body)
    assert body["value"] is None
    assert body["limit"] is None


@pytest.mark.parametrize("kind", list(KIND_WORDS))
def test_every_kind_has_words(kind: Any) -> None:
    rows, _ = decide([step(of=definition(kind=kind))], BOTH, WALL)
    body = orjson.loads(rows[0].body)
    assert body["kind_zh"]
    assert body["kind_en"]


ANNOUNCES = {Trigger.RAISED, Trigger.UNSUPPRESSED, Trigger.RE_ALARMED, Trigger.PRIORITY_RAISED}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["A.H", "B.HH", "C.L"]), st.sampled_from(list(Trigger)), st.integers(1, 4), st.booleans()
    ),
    max_size=25,
)


@given(STEPS, st.integers(1, 4))
def test_every_priority_1_raise_is_pushed_once_and_no_reminder_outlives_its_reason(
    history: list[tuple[str, Trigger, int, bool]], per_scan: int
) -> None:
    """Against a plain loop: occurrences that began annunciated at priority 1 and did not end have exactly one reminder."""
    to = notification(WECOM, replace(WECOM, id="second"))
    outbox = MemoryOutbox()
    steps = []
    reminded: dict[tuple[str, int], bool] = {}
    occurrence: dict[str, int] = {}
    for number, (id, trigger, priority, annunciated) in enumerate(history, 1):
        if trigger in ANNOUNCES:
            occurrence[id] = occurrence.get(id, 0) + 1
        key = id, occurrence.get(id, 0)
        steps.append(step(trigger, definition(id, priority=priority), key[1], number, annunciated))
        if trigger in ANNOUNCES:
            reminded[key] = annunciated and priority == 1
        elif trigger not in {Trigger.RETURNED, Trigger.RETURNED_LATCHED}:
            reminded[key] = False
    for start in range(0, len(steps), per_scan):
        outbox.commit(steps[start : start + per_scan], to, WALL + start)
    for channel in ("duty", "second"):
        rows = [row for row in outbox.rows.values() if row.channel == channel]
        for one in steps:
            wanted = one.trigger in ANNOUNCES and one.annunciated and one.alarm.priority == 1
            raised = [row for row in rows if row.transition == one.transition and row.purpose == Purpose.RAISE]
            if one.alarm.priority == 1:
                assert len(raised) == int(wanted)
        alive = {
            (row.id, row.occurrence) for row in rows if row.purpose == Purpose.REPEAT and row.status == Status.WAITING
        }
        assert alive == {key for key, wanted in reminded.items() if wanted}
