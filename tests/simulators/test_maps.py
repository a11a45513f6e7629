"""The hand-written maps of the servers against the demo plant folder: written twice, so that one checks the other."""

import csv
import math
import struct
import tomllib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.plant.design import SPHERES, safety_functions, trip_points
from simulators.plant.plant import OVERPRESSURE_MPA, Plant
from simulators.plant.sis import SafetyFunction
from simulators.plc import plc1_map, plc2_map, sis1_map
from simulators.plc.points import ModbusPoint, OpcUaPoint, Point, Scale, is_discrete
from tests.simulators.conftest import ROOT

DEMO = ROOT / "monitor" / "plant" / "demo"
MAPS: dict[str, tuple[Point, ...]] = {
    "PLC-1": plc1_map.POINTS,
    "PLC-2": plc2_map.POINTS,
    "SIS-1": sis1_map.POINTS,
}
POINTS = [(device, point) for device, points in MAPS.items() for point in points]
VARIANT_TYPES = {"bool": "bool", "int16": "int16", "uint16": "uint16", "float": "float32", "double": "float64"}
ENCODING_TYPES = {"bit": "bool", "int16": "int16", "uint16": "uint16", "uint32": "uint32", "float32": "float32"}
WORD_ORDERS = {"PLC-2": "CDAB", "SIS-1": "ABCD"}


def rows() -> dict[str, dict[str, str]]:
    with (DEMO / "tags.csv").open(encoding="utf-8", newline="") as sheet:
        return {row["id"]: row for row in csv.DictReader(sheet)}


def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((DEMO / name).read_text(encoding="utf-8"))


def test_every_tag_is_on_exactly_the_device_the_sheet_says() -> None:
    sheet = rows()
    assert {tag: row["device"] for tag, row in sheet.items()} == {point.tag: device for device, point in POINTS}
    assert len(POINTS) == len(sheet) > 300


def test_the_plant_has_a_value_for_every_point_and_no_other() -> None:
    assert Plant(np.random.default_rng(0)).read().keys() == {point.tag for _, point in POINTS}


@pytest.mark.parametrize(("device", "point"), POINTS, ids=lambda item: item if isinstance(item, str) else item.tag)
def test_address_type_and_scaling(device: str, point: Point) -> None:
    row = rows()[point.tag]
    if isinstance(point, OpcUaPoint):
        assert row["address"] == f"nsu={plc1_map.NAMESPACE};s={point.node}"
        assert row["type"] == VARIANT_TYPES[point.variant]
        return
    bit = "" if point.bit is None else f".{point.bit}"
    assert row["address"] == f"{point.table}:{point.address}{bit}"
    assert row["type"] == ENCODING_TYPES[point.encoding]
    if point.encoding in ("float32", "uint32"):
        assert row["word_order"] == WORD_ORDERS[device]
    if point.scale is None:
        assert row["raw_low"] == row["raw_high"] == ""
    else:
        numbers = tuple(float(row[key]) for key in ("raw_low", "raw_high", "low", "high"))
        assert numbers == (point.scale.raw_low, point.scale.raw_high, point.scale.low, point.scale.high)


@pytest.mark.parametrize("device", ["PLC-2", "SIS-1"])
def test_no_two_points_share_a_register_or_bit(device: str) -> None:
    taken: dict[tuple[str, int, int | None], str] = {}
    for point in MAPS[device]:
        assert isinstance(point, ModbusPoint)
        words = 2 if point.encoding in ("float32", "uint32") else 1
        for offset in range(words):
            place = (point.table, point.address + offset, point.bit)
            assert place not in taken, f"{point.tag} and {taken.get(place)}"
            taken[place] = point.tag
    whole = {(table, address) for table, address, bit in taken if bit is None}
    assert not whole & {(table, address) for table, address, bit in taken if bit is not None}


def test_the_devices_of_the_folder_stand_where_the_simulator_listens_by_default() -> None:
    devices = {device["id"]: device for device in toml("plant.toml")["devices"]}
    assert devices["PLC-1"]["endpoint"] == "opc.tcp://127.0.0.1:48400/redline/"
    assert (devices["PLC-2"]["port"], devices["SIS-1"]["port"]) == (15020, 15021)
    assert devices["PLC-2"]["unit_id"] == plc2_map.UNIT_ID and devices["SIS-1"]["unit_id"] == sis1_map.UNIT_ID


def _bypass(function: SafetyFunction) -> list[dict[str, Any]]:
    return [{"tag": function.bypass, "bypassed_when": int(function.bypassed_when)}]


def test_the_register_of_interlocks_is_what_the_safety_system_does() -> None:
    register = {item["id"]: item for item in toml("interlocks.toml")["interlocks"]}
    functions = {function.name: function for function in safety_functions()}
    assert register.keys() == functions.keys()
    for name, function in functions.items():
        assert register[name]["bypass"] == _bypass(function)
        assert register[name]["trip_tag"] == f"{name}.TRIP"
        closed = {f"XV-{n}I.CLOSED" for n in function.closes_inlets} | {
            f"XV-{n}O.CLOSED" for n in function.closes_outlets
        }
        effects = [item["tag"] if isinstance(item, dict) else item for item in register[name]["effects"]]
        assert {tag for tag in effects if tag.startswith("XV")} == closed


def test_the_approved_trip_points_are_those_of_the_safety_system() -> None:
    register = {item["id"]: item for item in toml("interlocks.toml")["interlocks"] if "trip_point" in item}
    assert {name: item["trip_point"] for name, item in register.items()} == trip_points()
    assert {item["trip_point_tag"] for item in register.values()} == {f"{name}.SP" for name in trip_points()}
    causes = [cause for item in register.values() for cause in item["causes"] if isinstance(cause, dict)]
    shown = {cause["trip_point_tag"]: cause["trip_point"] for cause in causes if "trip_point_tag" in cause}
    assert shown == {f"PT-{n}C.SP": OVERPRESSURE_MPA for n in SPHERES}


def test_priorities_are_rationed() -> None:
    with (DEMO / "alarms.csv").open(encoding="utf-8", newline="") as sheet:
        priorities = [row["priority"] for row in csv.DictReader(sheet)]
    assert priorities.count("1") < 0.10 * len(priorities)
    assert priorities.count("1") < priorities.count("2") < priorities.count("3")


@given(st.floats(-1e6, 1e6, width=32), st.booleans())
def test_floats_keep_their_value_in_either_word_order(value: float, low_word_first: bool) -> None:
    point = ModbusPoint(tag="X", table="hr", address=0, encoding="float32")
    words = point.words(value, low_word_first=low_word_first)
    high, low = reversed(words) if low_word_first else words
    assert struct.unpack(">f", struct.pack(">HH", high, low))[0] == value == point.served(value)


@given(st.floats(-50, 50))
def test_counts_saturate_at_the_range_of_the_card(value: float) -> None:
    scale = Scale(raw_low=0, raw_high=27_648, low=-1.0, high=4.0)
    shown = scale.value(scale.counts(value))
    assert -1.0 <= shown <= 4.0
    if -1.0 <= value <= 4.0:
        assert shown == pytest.approx(value, abs=5.0 / 27_648)


def test_a_broken_wire_shows_on_every_analog_and_not_as_a_number() -> None:
    scaled = ModbusPoint(
        tag="X", table="hr", address=0, encoding="int16", scale=Scale(raw_low=0, raw_high=100, low=0.0, high=1.0)
    )
    assert scaled.words(math.nan, low_word_first=True) == [0x8000]
    assert math.isnan(scaled.served(math.nan))
    assert is_discrete(plc1_map.POINTS[2]) and not is_discrete(scaled)
