"""The safety system as a table, and its effect on the plant."""

import itertools

import numpy as np
import pytest

from simulators.plant import design
from simulators.plant.controller import Phase
from simulators.plant.plant import Plant
from simulators.plant.sis import NEXT_TRIPPED, SafetyFunction, SafetySystem, Step


@pytest.mark.parametrize("step", [Step(*bits) for bits in itertools.product((False, True), repeat=4)])
def test_the_table_says_what_the_words_say(step: Step) -> None:
    demanded = step.demand and not step.bypassed
    if demanded:
        expected = True  # an unbypassed demand trips and cannot be reset away
    elif step.reset:
        expected = False
    else:
        expected = step.tripped  # the latch holds, and a bypass never trips
    assert NEXT_TRIPPED[step] is expected


def test_the_table_is_complete() -> None:
    assert len(NEXT_TRIPPED) == 16


@pytest.mark.parametrize("bypassed_when", [False, True])
def test_the_bypass_switch_has_its_polarity(bypassed_when: bool) -> None:
    system = SafetySystem(
        (SafetyFunction(name="S", demands=("D",), bypass="B", bypassed_when=bypassed_when, closes_inlets=(1,)),)
    )
    system.step({"D": True}, {"B": bypassed_when}, frozenset())
    assert system.inlets_closed() == frozenset()
    system.step({"D": True}, {"B": not bypassed_when}, frozenset())
    assert system.inlets_closed() == {1}
    system.step({"D": False}, {"B": not bypassed_when}, frozenset())
    assert system.tripped["S"], "latched"
    system.step({"D": False}, {"B": not bypassed_when}, frozenset({"S"}))
    assert not system.tripped["S"]


def overfilled(number: int, *, bypassed: bool) -> Plant:
    """The tank stands above its switch while its controller is blind and fills."""
    plant = Plant(np.random.default_rng(3))
    tank, sequence = plant.tanks[number], plant.sequences[number]
    plant.stick(f"LT-{number}A")
    sequence.phase = Phase.HAND
    sequence.hand_inlet_open = True
    tank.volume_m3 = tank.design.vessel.volume_m3(tank.design.switch_high_m + 0.05)
    plant.field_inputs[f"BPS-{number}"] = bypassed
    for _ in range(20):
        plant.step(1.0)
    return plant


@pytest.mark.parametrize("number", design.ALL_TANKS)
def test_high_high_closes_the_inlet_of_that_tank(number: int) -> None:
    plant = overfilled(number, bypassed=False)
    readings = plant.read()
    assert readings[f"LSHH-{number}"] == 1.0
    assert readings[f"SIS-{number}.TRIP"] == 1.0
    assert readings[f"XV-{number}I.CLOSED"] == 1.0 and readings[f"FT-{number}I"] < 2.0
    assert sum(readings[f"SIS-{n}.TRIP"] for n in design.ALL_TANKS) == 1.0


@pytest.mark.parametrize("number", design.ALL_TANKS)
def test_a_bypassed_interlock_lets_it_fill_on(number: int) -> None:
    plant = overfilled(number, bypassed=True)
    readings = plant.read()
    assert readings[f"LSHH-{number}"] == 1.0 and readings[f"BPS-{number}"] == 1.0
    assert readings[f"SIS-{number}.TRIP"] == 0.0
    assert readings[f"XV-{number}I.OPEN"] == 1.0 and readings[f"FT-{number}I"] > 50.0


def test_a_hung_relay_never_trips_until_it_is_mended() -> None:
    plant = overfilled(101, bypassed=False)
    plant.safety.hung.add("SIS-101")
    plant.step(1.0)
    assert plant.read()["LSHH-101"] == 1.0
    assert plant.read()["SIS-101.TRIP"] == 0.0
    plant.safety.hung.clear()
    plant.step(1.0)
    assert plant.read()["SIS-101.TRIP"] == 1.0


def test_a_trip_without_cause_closes_the_valve_and_is_latched() -> None:
    plant = Plant(np.random.default_rng(3))
    assert plant.read()["LSHH-102"] == 0.0
    plant.safety.tripped["SIS-102"] = True
    for _ in range(5):
        plant.step(1.0)
    assert (plant.read()["SIS-102.TRIP"], plant.read()["XV-102I.CLOSED"]) == (1.0, 1.0)
    plant.resets.add("SIS-102")
    plant.step(1.0)
    assert plant.read()["SIS-102.TRIP"] == 0.0


@pytest.mark.parametrize(("number", "function", "moved_m", "acts"), [
    (101, "SIS-101", 11.4, "LSHH-101"), (201, "SIS-201", 11.2, "LSHH-201"), (202, "SIS-212", 0.3, "LSLL-202"),
])  # fmt: skip
def test_a_trip_point_that_was_moved_is_shown_and_acted_on(
    number: int, function: str, moved_m: float, acts: str
) -> None:
    plant = Plant(np.random.default_rng(3))
    tank, approved_m = plant.tanks[number], plant.trip_points_m[function]
    assert plant.read()[f"{function}.SP"] == approved_m
    between_m = (approved_m + moved_m) / 2
    plant.stick(f"LT-{number}A")
    plant.trip_points_m[function] = moved_m
    tank.volume_m3 = tank.design.vessel.volume_m3(between_m)
    plant.step(0.1)
    assert plant.read()[f"{function}.SP"] == moved_m
    assert plant.read()[acts] == 0.0, "it acts too late"
    plant.trip_points_m[function] = approved_m
    plant.step(0.1)
    assert plant.read()[acts] == 1.0


def test_overpressure_trips_the_sphere() -> None:
    plant = Plant(np.random.default_rng(3))
    plant.stuck["PT-201C"] = 1.8
    for _ in range(10):
        plant.step(1.0)
    assert plant.read()["SIS-201.TRIP"] == 1.0
    assert plant.read()["XV-201I.CLOSED"] == 1.0


def test_a_trip_pressure_that_was_moved_is_shown_and_acted_on() -> None:
    plant = Plant(np.random.default_rng(3))
    assert plant.read()["PT-201C.SP"] == 1.7
    plant.trip_pressures_mpa["PT-201C"] = 2.0
    plant.stuck["PT-201C"] = 1.8
    plant.step(1.0)
    plant.step(1.0)
    assert plant.read()["PT-201C.SP"] == 2.0
    assert plant.read()["SIS-201.TRIP"] == 0.0, "it acts too late"
    plant.trip_pressures_mpa["PT-201C"] = 1.7
    plant.step(1.0)
    assert plant.read()["SIS-201.TRIP"] == 1.0


def test_low_low_stops_the_pump_and_closes_the_outlet() -> None:
    plant = Plant(np.random.default_rng(3))
    assert plant.read()["P-202.RUN"] in (0.0, 1.0)
    tank = plant.tanks[202]
    tank.volume_m3 = tank.design.vessel.volume_m3(0.55)
    plant.stick("LT-202A")
    for _ in range(10):
        plant.step(1.0)
    readings = plant.read()
    assert readings["LSLL-202"] == 1.0 and readings["SIS-212.TRIP"] == 1.0
    assert readings["P-202.RUN"] == 0.0 and readings["XV-202O.CLOSED"] == 1.0


@pytest.mark.parametrize(("name", "tanks"), [("ESD-1", design.SPHERES), ("ESD-2", design.METHANOL)])
def test_the_emergency_stop_closes_everything_of_its_area(name: str, tanks: tuple[int, ...]) -> None:
    plant = Plant(np.random.default_rng(3))
    for _ in range(10):
        plant.step(1.0)
    assert any(plant.read()[f"XV-{n}I.OPEN"] for n in tanks), "something was open before"
    plant.field_inputs[f"{name}.BUTTON"] = False
    for _ in range(10):
        plant.step(1.0)
    readings = plant.read()
    for number in design.ALL_TANKS:
        closed = readings[f"XV-{number}I.CLOSED"] and readings[f"XV-{number}O.CLOSED"]
        assert closed == 1.0 if number in tanks else True
        if number in tanks:
            assert readings[f"P-{number}.RUN"] == 0.0
    other = design.METHANOL if tanks is design.SPHERES else design.SPHERES
    assert any(readings[f"XV-{n}I.OPEN"] or readings[f"XV-{n}O.OPEN"] for n in other)
    plant.field_inputs[f"{name}.BUTTON"] = True
    plant.step(1.0)
    assert plant.read()[f"{name}.TRIP"] == 1.0, "released, but not reset"
    plant.resets.add(name)
    plant.step(1.0)
    assert plant.read()[f"{name}.TRIP"] == 0.0
