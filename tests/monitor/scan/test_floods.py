"""The scan's flood watch: what is counted where, what is journaled, and a restart in the middle of a flood."""

from monitor.alarms.annunciations import columns
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import Trigger
from monitor.alarms.performance import FloodLimits, Owners
from monitor.alarms.positions import OperatorPosition, Positions
from monitor.alarms.transition import Transition
from monitor.scan.floods import FloodWatch, owners_of
from tests.monitor.alarms.counted import START_NS, step
from tests.monitor.store.samples import transition

S = 1_000_000_000
LIMITS = FloodLimits(window_ns=60 * S, begin_above=3, end_below=2)
TWO = Owners(positions=("east", "west"), heard_at={"A": ("east",), "B": ("west",)})


def raised(*ids: str, trigger: Trigger = Trigger.RAISED, annunciated: bool = True) -> list[Transition]:
    return [transition(alarm_id, trigger=trigger, annunciated=annunciated) for alarm_id in ids]


def test_a_flood_begins_and_ends_in_the_journal() -> None:
    watch = FloodWatch(Owners(), LIMITS)
    assert watch.hear(raised("A", "B", "C"), 0, 100) == []
    (begin,) = watch.hear(raised("A"), S, 101)
    assert (begin.kind, begin.wall_ns, begin.person) == ("flood", 101, None)
    assert begin.values == {"position": "all", "begins": True, "count": 4, "peak": 4, "window_s": 60.0}
    assert "开始" in begin.message_zh
    assert watch.hear([], 59 * S, 102) == []
    (end,) = watch.hear([], 60 * S, 103)
    assert end.values is not None
    assert (end.values["begins"], end.values["count"], end.values["peak"]) == (False, 1, 4)
    assert not watch.states[0].in_flood


def test_only_what_calls_the_operator_is_counted() -> None:
    watch = FloodWatch(Owners(), LIMITS)
    for trigger in (Trigger.RETURNED, Trigger.ACKNOWLEDGED, Trigger.RESET, Trigger.SHELVED, Trigger.PRIORITY_RAISED):
        watch.hear(raised("A", "B", "C", trigger=trigger), 0, 0)
    watch.hear(raised("A", "B", annunciated=False), 0, 0)
    assert watch.states[0].count == 0
    for trigger in (Trigger.RAISED, Trigger.UNSUPPRESSED, Trigger.RE_ALARMED):
        watch.hear(raised("A", trigger=trigger), 0, 0)
    assert watch.states[0].count == 3


def test_positions_hear_their_own_and_what_nobody_owns() -> None:
    watch = FloodWatch(TWO, LIMITS)
    watch.hear(raised("A", "A", "B", "PLC-1.link"), 0, 0)
    assert [(state.position, state.count) for state in watch.states] == [("east", 3), ("west", 2)]


def test_a_quiet_scan_leaves_the_same_states() -> None:
    watch = FloodWatch(TWO, LIMITS)
    watch.hear(raised("A"), 0, 0)
    states = watch.states
    assert watch.hear([], S, S) == []
    assert watch.states is states


def test_a_restart_goes_on_in_the_flood_without_a_new_entry() -> None:
    listed = [step(at, at, "A", occurrence=at) for at in range(1, 6)]
    listed.append(step(6, 6, "A", "acknowledged", occurrence=5))
    watch = FloodWatch(TWO, LIMITS)
    watch.seed(columns(listed), 5 * S, START_NS + 10 * S)
    east, west = watch.states
    assert (east.in_flood, east.count, east.since_wall_ns) == (True, 5, START_NS + 4 * S)
    assert (west.in_flood, west.count) == (False, 0)
    assert watch.hear(raised("A"), 6 * S, START_NS + 11 * S) == []
    ended = [watch.hear([], at * S, START_NS + (at + 5) * S) for at in range(7, 70)]
    assert sum(len(entries) for entries in ended) == 1


def test_nothing_to_count_from() -> None:
    watch = FloodWatch(TWO, LIMITS)
    watch.seed(columns([]), 5 * S, START_NS)
    assert [(state.in_flood, state.count, state.since_wall_ns) for state in watch.states] == [(False, 0, None)] * 2


def test_owners_are_those_of_the_positions() -> None:
    positions = Positions(
        [
            OperatorPosition(id="east", name_zh="东", name_en="east", hazard_sources=("HS-1",)),
            OperatorPosition(id="west", name_zh="西", name_en="west", process_units=("U-9",)),
        ]
    )
    fields = {"kind": "H", "alarm_class": "process", "priority": 3}
    definitions = [
        AlarmDefinition(id="A", hazard_source="HS-1", **fields),  # type: ignore[arg-type]  # fields by name
        AlarmDefinition(id="B", hazard_source="HS-1", process_unit="U-9", **fields),  # type: ignore[arg-type]  # fields by name
        AlarmDefinition(id="C", **fields),  # type: ignore[arg-type]  # fields by name
    ]
    owners = owners_of(positions, definitions)
    assert [owners.of(alarm_id) for alarm_id in "ABC"] == [(0,), (1,), (0, 1)]
    assert owners_of(Positions(), definitions).positions == ("all",)
