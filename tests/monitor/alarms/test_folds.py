"""Folding: tanks, units and causes; life safety and interlocks stay above; what came first is said honestly."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.folds import Folded, belongs_to, fold
from monitor.alarms.identity import definition_hash
from monitor.alarms.judged import never_raised
from monitor.alarms.lifecycle import State, Suppression
from monitor.alarms.transition import Alarm, SuppressionRecord

S = 1_000_000_000
WALL_NS = 1_790_000_000 * S
RESOLUTION_NS = {"LT-1": S, "PT-1": S // 5}
Pair = tuple[AlarmDefinition, Alarm]


def pair(alarm_id: str, second: float = 0.0, *, state: State = State.UNACKNOWLEDGED, **about: Any) -> Pair:
    fields: dict[str, Any] = {"id": alarm_id, "kind": "H", "alarm_class": "process", "priority": 3}
    definition = AlarmDefinition(**(fields | about))
    alarm = never_raised(definition, definition_hash(definition))
    return definition, replace(alarm, state=state, occurrence=1, raised_wall_ns=WALL_NS + round(second * S))


def folded(*pairs: Pair) -> Folded:
    return fold(pairs, RESOLUTION_NS, 5 * S)


def test_a_tank_a_unit_and_a_cause() -> None:
    found = folded(
        pair("A", 0, equipment="T-1", process_unit="U-1"),
        pair("B", 9, equipment="T-1", process_unit="U-1", priority=2),
        pair("C", 20, process_unit="U-1"),
        pair("D", 30, cause_zh="停电", cause_en="power failure"),
        pair("E", 40, alarm_class="system"),
    )
    assert [(item.by, item.key, item.count, item.priority) for item in found.folds] == [
        ("equipment", "T-1", 2, 2),
        ("process_unit", "U-1", 1, 3),
        ("cause", "停电", 1, 3),
        ("cause", "system", 1, 3),
    ]
    power = found.folds[2]
    assert (power.name_zh, power.name_en) == ("停电", "power failure")
    assert found.pinned == ()


def test_what_a_dead_device_causes_is_folded_at_the_device() -> None:
    found = folded(
        pair("PLC-2.link", 0, kind="link", device="PLC-2", alarm_class="system"),
        pair("HS-1.blind.PLC-2", 1, kind="blind", device="PLC-2", alarm_class="system", hazard_source="HS-1"),
        pair("LT-1.no_update", 2, kind="no_update", device="PLC-2", tag="LT-1", equipment="T-1"),
        pair("LT-1.H", 3, device="PLC-2", tag="LT-1", equipment="T-1"),
    )
    assert [(item.by, item.key, item.ids) for item in found.folds] == [
        ("cause", "PLC-2", ("PLC-2.link", "HS-1.blind.PLC-2", "LT-1.no_update")),
        ("equipment", "T-1", ("LT-1.H",)),
    ]


def test_life_safety_and_interlocks_stay_above_the_fold() -> None:
    found = folded(
        pair("gas", 0, alarm_class="life_safety", priority=2, equipment="T-1"),
        pair("old", 0, alarm_class="interlock", priority=1, state=State.ACKNOWLEDGED),
        pair("new", 0, alarm_class="interlock", priority=1),
        pair("level", 0, equipment="T-1"),
    )
    assert found.pinned == ("new", "old", "gas")
    assert [item.ids for item in found.folds] == [("level",)]
    more = fold([pair("own", alarm_class="toxic", equipment="T-1")], {}, S, frozenset({"toxic"}))
    assert (more.pinned, more.folds) == (("own",), ())


def test_normal_and_suppressed_alarms_are_not_there() -> None:
    shelf = SuppressionRecord(
        suppression=Suppression.SHELVED, reason="x", person="li", since_wall_ns=WALL_NS, until_wall_ns=None
    )
    definition, alarm = pair("shelved", equipment="T-1")
    found = folded(
        pair("calm", state=State.NORMAL, equipment="T-1"), (definition, replace(alarm, suppressions=(shelf,)))
    )
    assert found == Folded(pinned=(), folds=())


def test_first_out_is_the_first_where_that_can_be_told() -> None:
    found = folded(
        pair("later", 10, tag="LT-1", equipment="T-1"),
        pair("first", 5, tag="LT-1", equipment="T-1", state=State.ACKNOWLEDGED),
    )
    (tank,) = found.folds
    assert (tank.ids, tank.first_out, tank.undecided_within_ns) == (("first", "later"), ("first",), 0)
    assert (tank.unacknowledged, tank.since_wall_ns) == (1, WALL_NS + 5 * S)


def test_first_out_is_undecided_where_the_scan_classes_overlap() -> None:
    found = folded(pair("slow", 5.5, tag="LT-1", equipment="T-1"), pair("fast", 5, tag="PT-1", equipment="T-1"))
    (tank,) = found.folds
    assert set(tank.first_out) == {"slow", "fast"}
    assert tank.undecided_within_ns == 1_000_000_000


def test_an_on_delay_does_not_hide_who_was_first() -> None:
    """The level crossed its limit at 0 s and was believed after 10 s; the pressure came at 5 s without a delay."""
    found = folded(
        pair("pressure", 5, tag="PT-1", equipment="T-1"),
        pair("level", 10, tag="LT-1", equipment="T-1", on_delay_ns=10 * S),
    )
    assert found.folds[0].first_out == ("level",)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("T-1", "T-2", None)),
            st.sampled_from(("U-1", None)),
            st.sampled_from(("process", "life_safety", "interlock", "equipment")),
            st.integers(1, 4),
            st.integers(0, 30),
            st.sampled_from(list(State)),
        ),
        max_size=40,
    )
)
def test_every_active_alarm_stands_in_exactly_one_place(
    rows: list[tuple[str | None, str | None, str, int, int, State]],
) -> None:
    pairs = [
        pair(f"a{at}", second, state=state, equipment=tank, process_unit=unit, alarm_class=name, priority=priority)
        for at, (tank, unit, name, priority, second, state) in enumerate(rows)
    ]
    found = folded(*pairs)
    listed = [*found.pinned, *(alarm_id for item in found.folds for alarm_id in item.ids)]
    active = {alarm.id for _, alarm in pairs if alarm.state is not State.NORMAL}
    assert len(listed) == len(set(listed))
    assert set(listed) == active
    definitions = {definition.id: definition for definition, _ in pairs}
    for item in found.folds:
        assert item.count == len(item.ids)
        assert item.first_out[0] == item.ids[0]
        assert {belongs_to(definitions[alarm_id]) for alarm_id in item.ids} == {(item.by, item.key)}
    assert [item.priority for item in found.folds] == sorted(item.priority for item in found.folds)
