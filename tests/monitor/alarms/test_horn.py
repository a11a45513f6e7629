"""Operator positions and their horns."""

import pytest

from monitor.alarms.classes import HOUR_NS, AlarmClassRules, Philosophy
from monitor.alarms.commands import NoSuchAlarmError, Silence
from monitor.alarms.horn import Horns
from monitor.alarms.positions import WHOLE_PLANT, OperatorPosition, Positions
from tests.monitor.alarms.bench import Bench
from tests.monitor.alarms.verdicts import FALSE, TRUE, WALL, definition, verdicts

WEST = OperatorPosition(id="west", name_zh="西", name_en="W", hazard_sources=("HS-1",), accounts=("anna",))
EAST = OperatorPosition(id="east", name_zh="东", name_en="E", process_units=("U-2",), roles=("operator",))
TANK = definition("LT-1.HH", hazard_source="HS-1", process_unit="U-1", priority=1)
PUMP = definition("P-2.state", hazard_source="HS-1", process_unit="U-2", priority=2)
MINOR = definition("TT-3.H", hazard_source="HS-1", process_unit="U-1", priority=3)
LINK = definition("PLC-1.link", kind="link", tag=None, priority=2)
ALL = (TANK, PUMP, MINOR, LINK)


class Sounding:
    """A board and its horns, told everything as the scan tells it."""

    def __init__(self, positions: tuple[OperatorPosition, ...] = (WEST, EAST)) -> None:
        self.bench = Bench(ALL)
        self.horns = Horns(Positions(positions))

    def scan(self, *true: str) -> None:
        ids = [item.id for item in ALL]
        said = verdicts(ids, [TRUE if name in true else FALSE for name in ids])
        self.horns.hear(self.bench.board.apply(said, WALL))

    def silence(self, position: str) -> None:
        self.horns.silence(Silence(position=position, person="li", person_name="李"), WALL + 5)

    def heard(self) -> dict[str, tuple[str, ...]]:
        return {state.position: state.alarms for state in self.horns.states() if state.is_sounding}


# --- positions --------------------------------------------------------------------------------
def test_a_unit_goes_before_its_source_and_what_belongs_nowhere_belongs_to_all() -> None:
    positions = Positions((WEST, EAST))
    assert [positions.owner_of(item) for item in ALL] == ["west", "east", "west", None]
    assert positions.heard_at(LINK) == ("west", "east")
    assert positions.heard_at(PUMP) == ("east",)


def test_operators_answer_where_they_sit_and_everybody_above_everywhere() -> None:
    positions = Positions((WEST, EAST))
    assert positions.seats_of("anna", "operator") == ("west", "east")
    assert positions.seats_of("bert", "operator") == ("east",)
    assert positions.seats_of("carl", "shift_leader") == ()
    assert [positions.may_answer("bert", "operator", item) for item in ALL] == [False, True, False, True]
    assert all(positions.may_answer("carl", role, TANK) for role in ("shift_leader", "engineer", "manager", "admin"))
    assert [positions.may_silence("bert", "operator", name) for name in positions.ids] == [False, True]
    assert positions.may_silence("carl", "shift_leader", "west")


def test_a_plant_without_positions_is_one() -> None:
    positions = Positions(Philosophy().positions)
    assert positions.all == (WHOLE_PLANT,)
    assert [positions.owner_of(item) for item in ALL] == [None] * 4
    assert positions.seats_of("anybody", "viewer") == ("all",)
    assert positions.may_answer("anybody", "operator", TANK)


# --- horns ------------------------------------------------------------------------------------
def test_a_horn_sounds_where_the_alarm_belongs_until_it_is_answered() -> None:
    plant = Sounding()
    assert plant.heard() == {}
    plant.scan("LT-1.HH", "TT-3.H")
    assert plant.heard() == {"west": ("LT-1.HH",)}, "priority 3 makes no sound"
    plant.scan("LT-1.HH", "P-2.state", "PLC-1.link")
    assert plant.heard() == {"west": ("LT-1.HH", "PLC-1.link"), "east": ("P-2.state", "PLC-1.link")}
    plant.horns.hear([plant.bench.acknowledge("LT-1.HH"), plant.bench.acknowledge("PLC-1.link")])
    assert plant.heard() == {"east": ("P-2.state",)}


def test_it_goes_on_although_the_condition_is_gone() -> None:
    plant = Sounding()
    plant.scan("LT-1.HH")
    plant.scan()
    assert plant.heard() == {"west": ("LT-1.HH",)}
    plant.horns.hear([plant.bench.acknowledge("LT-1.HH")])
    assert plant.heard() == {}


def test_a_silence_is_for_what_sounds_now_at_that_position() -> None:
    plant = Sounding()
    plant.scan("PLC-1.link")
    plant.silence("west")
    assert plant.heard() == {"east": ("PLC-1.link",)}
    (west, _) = plant.horns.states()
    assert (west.silenced_by, west.silenced_wall_ns) == ("李", WALL + 5)
    plant.scan("PLC-1.link", "LT-1.HH")
    assert plant.heard()["west"] == ("LT-1.HH",)
    plant.scan("PLC-1.link", "LT-1.HH")
    assert plant.heard()["west"] == ("LT-1.HH",)


def test_what_comes_again_sounds_again() -> None:
    plant = Sounding()
    plant.scan("LT-1.HH")
    plant.silence("west")
    plant.scan()
    plant.scan("LT-1.HH")
    assert plant.heard() == {"west": ("LT-1.HH",)}


def test_shelving_silences_and_the_end_of_the_shelf_sounds() -> None:
    plant = Sounding()
    plant.scan("LT-1.HH")
    plant.horns.hear([plant.bench.shelve("LT-1.HH", 1)])
    assert plant.heard() == {}
    plant.horns.hear([plant.bench.end("LT-1.HH")])
    assert plant.heard() == {"west": ("LT-1.HH",)}


def test_after_a_restart_what_waits_for_an_answer_sounds() -> None:
    plant = Sounding()
    plant.scan("LT-1.HH", "P-2.state", "TT-3.H")
    plant.bench.acknowledge("LT-1.HH")
    again = Horns(Positions((WEST, EAST)))
    again.restore(ALL, plant.bench.board.alarms())
    assert [state.alarms for state in again.states()] == [(), ("P-2.state",)]


def test_an_unknown_position_is_refused() -> None:
    with pytest.raises(NoSuchAlarmError, match="north"):
        Sounding().silence("north")


def test_the_states_are_the_same_object_until_something_changes() -> None:
    plant = Sounding()
    first = plant.horns.states()
    plant.scan("TT-3.H")
    assert plant.horns.states() is first
    plant.scan("LT-1.HH", "TT-3.H")
    assert plant.horns.states() is not first


def test_a_rising_priority_begins_to_sound() -> None:
    plant = Sounding()
    rules = AlarmClassRules(id="process", raise_priority_after_ns=HOUR_NS)
    plant.bench = Bench(ALL, process=rules)
    plant.scan("TT-3.H")
    assert plant.heard() == {}
    said = verdicts([item.id for item in ALL], [FALSE, FALSE, TRUE, FALSE])
    plant.horns.hear(plant.bench.board.apply(said, WALL + HOUR_NS))
    assert plant.heard() == {"west": ("TT-3.H",)}
