"""Invariants of the tank farm: nothing appears or vanishes, geometry inverts, the same inputs give the same plant."""

import csv
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.plant import design
from simulators.plant.controller import AFTER, Phase, Sequence
from simulators.plant.gas import Detector
from simulators.plant.geometry import Cylinder, Sphere, Vessel
from simulators.plant.lpg import gauge_pressure_mpa
from simulators.plant.plant import Plant
from simulators.plant.tank import Tank, Valve
from tests.simulators.conftest import ROOT

VESSELS: list[Vessel] = [Cylinder(12.0, 12.0), Sphere(12.3)]


def fresh(seed: int = 1) -> Plant:
    return Plant(np.random.default_rng(seed))


@pytest.mark.parametrize("vessel", VESSELS)
@given(part=st.floats(0, 1))
def test_level_is_the_inverse_of_volume(vessel: Vessel, part: float) -> None:
    level_m = part * vessel.height_m
    assert vessel.level_m(vessel.volume_m3(level_m)) == pytest.approx(level_m, abs=1e-6)


def test_full_and_empty_vessels() -> None:
    assert Sphere(12.3).volume_m3(12.3) == pytest.approx(math.pi / 6 * 12.3**3)
    assert Sphere(12.3).volume_m3(99) == Sphere(12.3).volume_m3(12.3)
    assert Cylinder(12.0, 12.0).volume_m3(-1) == 0.0
    assert Cylinder(12.0, 12.0).level_m(1e9) == 12.0


Orders = st.lists(
    st.tuples(st.floats(0.01, 120.0), st.booleans(), st.booleans(), st.sampled_from([1.0, 30.0, 1500.0])), max_size=40
)


@pytest.mark.parametrize("number", [101, 201])
@given(orders=Orders, start=st.floats(0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_mass_balance_of_one_tank(number: int, orders: list[tuple[float, bool, bool, float]], start: float) -> None:
    built = design.tank_design(number)
    tank = Tank(built, start * built.overflow_m, 22.0)
    first_m3 = tank.volume_m3
    for dt_s, fill, send, lapse in orders:
        before = (tank.volume_m3, tank.received_m3, tank.sent_m3, tank.spilled_m3)
        tank.inlet.commanded_open, tank.outlet.commanded_open, tank.pump.commanded = fill, send, send
        tank.time_lapse = lapse
        tank.step(dt_s, 22.0)
        assert 0.0 <= tank.volume_m3 <= built.vessel.volume_m3(built.overflow_m) + 1e-9
        assert tank.received_m3 >= before[1] and tank.sent_m3 >= before[2] and tank.spilled_m3 >= before[3]
        moved_m3 = (tank.inflow_m3_per_h - tank.outflow_m3_per_h) * dt_s * lapse / 3600
        spilled_m3 = tank.spilled_m3 - before[3]
        assert tank.volume_m3 - before[0] == pytest.approx(moved_m3 - spilled_m3, abs=1e-6)
    balance = tank.received_m3 - tank.sent_m3 - tank.spilled_m3
    assert tank.volume_m3 - first_m3 == pytest.approx(balance, abs=1e-6)


def test_an_open_inlet_nobody_closes_spills_at_the_overflow() -> None:
    tank = Tank(design.tank_design(101), 11.5, 22.0)
    tank.inlet.commanded_open = True
    for _ in range(200):
        tank.step(10.0, 22.0)
    assert tank.level_m == pytest.approx(11.6)
    assert tank.spilled_m3 > 0 and tank.spill_m3_per_s == pytest.approx(120 / 3600)


def test_a_valve_needs_its_travel_time() -> None:
    valve = Valve(4.0, commanded_open=True)
    assert valve.is_closed and not valve.is_open
    valve.step(2.0)
    assert not valve.is_closed and not valve.is_open
    valve.step(2.0)
    assert valve.is_open and not valve.is_closed


def test_lpg_pressure_is_plausible_and_rises_with_temperature() -> None:
    pressures = [gauge_pressure_mpa(t) for t in range(-20, 60, 5)]
    assert pressures == sorted(pressures)
    assert 0.45 < gauge_pressure_mpa(25.0) < 0.55
    assert 0.9 < gauge_pressure_mpa(50.0) < 1.1


def test_a_detector_follows_a_near_release_and_forgets_it() -> None:
    detector = Detector("GT-101", {"T-101": 1.0, "T-102": 0.5}, 30.0)
    for _ in range(100):
        detector.step(0.5, {"T-101": 3.0}, 2.0)
    assert detector.reading == pytest.approx(45.0, abs=0.1)
    detector.step(0.5, {"T-999": 100.0}, 2.0)
    assert detector.reading < 45.0
    for _ in range(100):
        detector.step(0.5, {}, 2.0)
    assert detector.reading == pytest.approx(0.0, abs=0.1)
    for _ in range(100):
        detector.step(0.5, {"T-101": 1e9}, 2.0)
    assert detector.reading <= 100.0 and detector.reading == pytest.approx(100.0, abs=0.1)


def test_the_automatic_sequence_goes_round_and_the_hand_stays() -> None:
    phase = Phase.FILL
    seen = [phase := AFTER[phase] for _ in range(4)]
    assert set(seen) == set(Phase) - {Phase.HAND} and seen[-1] is Phase.FILL
    sequence = Sequence(phase=Phase.HAND, fill_to_m=9.0, send_to_m=3.0, stop_filling_m=9.5)
    sequence.step(1e9, 0.0)
    assert sequence.phase is Phase.HAND
    sequence.hand_inlet_open = True
    assert sequence.wants_inlet_open(9.4) and not sequence.wants_inlet_open(9.5)


def test_the_same_seed_and_steps_give_the_same_readings() -> None:
    one, two, other = fresh(7), fresh(7), fresh(8)
    for dt_s in (0.05, 0.05, 1.0, 30.0, 0.05):
        for plant in (one, two, other):
            plant.step(dt_s)
    assert one.read() == two.read()
    assert one.read() != other.read()
    assert one.read() is not one.read()


@pytest.mark.parametrize("dt_s", [0.0, -1.0, math.nan])
def test_time_only_goes_forward(dt_s: float) -> None:
    with pytest.raises(ValueError, match="dt_s"):
        fresh().step(dt_s)


def test_a_release_reaches_the_detectors_of_its_place_only() -> None:
    plant = fresh()
    plant.releases_kg_per_s["T-105"] = 10.0
    for _ in range(60):
        plant.step(0.5)
    readings = plant.read()
    assert readings["GT-103"] > 50 and readings["AT-101"] > 100
    assert readings["GT-101"] < 5 and readings["GT-205"] < 5


def test_a_hot_sphere_opens_its_deluge_and_calls_fire_water() -> None:
    plant = fresh()
    plant.tanks[203].temperature_c = 70.0
    for _ in range(30):
        plant.step(1.0)
    readings = plant.read()
    assert readings["XV-203S.OPEN"] == 1.0 and readings["XV-201S.OPEN"] == 0.0
    assert readings["P-003A.RUN"] == 1.0 and readings["FT-003"] > 250


@pytest.mark.slow
def test_a_quiet_day_stays_inside_every_alarm_limit_and_range() -> None:
    with (ROOT / "monitor/plant/demo/alarms.csv").open(encoding="utf-8", newline="") as sheet:
        alarms = [row for row in csv.DictReader(sheet) if row["tag"] and row["kind"] in ("HH", "H", "L", "LL", "state")]
    with (ROOT / "monitor/plant/demo/tags.csv").open(encoding="utf-8", newline="") as sheet:
        ranges = {row["id"]: (float(row["low"]), float(row["high"])) for row in csv.DictReader(sheet)}
    plant = fresh()
    moved = {number: tank.level_m for number, tank in plant.tanks.items()}
    for _ in range(1440):
        plant.step(60.0)
        readings = plant.read()
        for alarm in alarms:
            value, set_point = readings[alarm["tag"]], float(alarm["set_point"])
            if alarm["kind"] == "state":
                assert value != set_point, alarm["id"]
            elif alarm["kind"] in ("HH", "H"):
                assert value < set_point, alarm["id"]
            else:
                assert value > set_point, alarm["id"]
        for tag, (low, high) in ranges.items():
            assert low <= readings[tag] <= high, tag
    assert all(abs(plant.tanks[number].level_m - level_m) > 0.2 for number, level_m in moved.items())
