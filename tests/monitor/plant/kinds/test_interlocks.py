"""`failed_to_trip`, `spurious_trip`, `trip_point_drift` of rules.toml: from the register, from the table, and their mistakes."""

import importlib.resources
from pathlib import Path

import pytest

from drivers import registry
from monitor.plant.folder import FILES, read_plant
from monitor.plant.mistakes import Mistake, PlantRefusedError
from monitor.plant.plant import Plant
from rules.kinds.interlocks import Cause, Effect, FailedToTrip, SpuriousTrip, TripPointDrift

DEMO = importlib.resources.files("monitor.plant") / "demo"
SECOND = 1_000_000_000
GOOD = """
[[rules]]
id = "SIS-201.no-effect"
kind = "failed_to_trip"
interlock = "SIS-201"
within_s = 20
priority = 1
class = "interlock"

[[rules]]
id = "SIS-201.no-cause"
kind = "spurious_trip"
interlock = "SIS-201"
tolerance_s = 1
priority = 2
class = "interlock"

[[rules]]
id = "SIS-101.trip-point"
kind = "trip_point_drift"
interlock = "SIS-101"
tag = "LT-101A"
tolerance = 0.05
priority = 2
class = "interlock"

[[rules]]
id = "P-201.failed"
kind = "failed_to_trip"
name_zh = "V-201 超压停泵"
causes = [
  { tag = "PT-201A", sense = "high", trip_point = 1.7 },
  { tag = "PT-201B", sense = "high", trip_point = 1.7 },
  { tag = "PT-201C", sense = "high", trip_point = 1.7 },
]
needed = 2
effects = [{ tag = "P-201.RUN", acted_when = 0, within_s = 5 }]
priority = 1
class = "interlock"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_bytes((DEMO / name).read_bytes())
    (tmp_path / "rules.toml").write_text("schema = 1\n" + GOOD, encoding="utf-8")
    return tmp_path


@pytest.fixture
def plant(folder: Path) -> Plant:
    return read_plant(folder, registry).plant


def test_the_register_gives_causes_effects_and_names(plant: Plant) -> None:
    rule = next(rule for rule in plant.rules if rule.id == "SIS-201.no-effect")
    assert isinstance(rule, FailedToTrip)
    assert rule.causes == (
        Cause(tag="LSHH-201", sense="state", trip_point=1.0),
        Cause(tag="PT-201C", sense="high", trip_point=1.7),
    )
    assert rule.effects == (Effect(tag="XV-201I.CLOSED", acted_when=1, within_ns=20 * SECOND),)
    assert rule.needed == 1
    definition = next(item for item in plant.definitions if item.id == rule.id)
    assert (definition.interlock, definition.hazard_source) == ("SIS-201", "HS-1")
    assert definition.subject_zh == "V-201 高高液位及超压联锁"


def test_a_spurious_trip_of_an_interlock_watches_its_trip_tag(plant: Plant) -> None:
    rule = next(rule for rule in plant.rules if rule.id == "SIS-201.no-cause")
    assert isinstance(rule, SpuriousTrip)
    assert rule.effects == (Effect(tag="SIS-201.TRIP", acted_when=1, within_ns=10 * SECOND),)
    assert rule.tolerance_ns == SECOND


def test_the_approved_trip_point_comes_from_the_register(plant: Plant) -> None:
    rule = next(rule for rule in plant.rules if rule.id == "SIS-101.trip-point")
    assert isinstance(rule, TripPointDrift)
    assert (rule.tag, rule.approved, rule.tolerance) == ("LT-101A", 11.2, 0.05)
    definition = next(item for item in plant.definitions if item.id == rule.id)
    assert (definition.set_point, definition.eu) == (11.2, "m")


def test_causes_and_effects_of_the_table_need_no_interlock(plant: Plant) -> None:
    rule = next(rule for rule in plant.rules if rule.id == "P-201.failed")
    assert isinstance(rule, FailedToTrip)
    assert ([cause.tag for cause in rule.causes], rule.needed) == (["PT-201A", "PT-201B", "PT-201C"], 2)
    assert rule.effects[0] == Effect(tag="P-201.RUN", acted_when=0, within_ns=5 * SECOND)


CASES = [
    # old, new, column, words
    ('interlock = "SIS-201"\nwithin_s', 'interlock = "SIS-209"\nwithin_s', "rules.interlock", "there is no interlock 'SIS-209'"),
    ('interlock = "SIS-201"\nwithin_s', "within_s", "rules.causes", "must be given: interlock, or causes"),
    ('interlock = "SIS-201"\nwithin_s', "within_s", "rules.effects", "must be given: interlock, or effects"),
    ("within_s = 20", "within_s = -1", "rules.within_s", "must be from 0"),
    ("tolerance_s = 1", "tolerance_s = -1", "rules.tolerance_s", "must be from 0"),
    ("needed = 2", "needed = 4", "rules.needed", "must be from 1 to 3"),
    ('tag = "PT-201B", sense', 'tag = "PT-201Z", sense', "causes[1].tag", "there is no tag 'PT-201Z'"),
    ('"PT-201B", sense = "high", trip_point = 1.7', '"PT-201B", sense = "high", trip_point = 17', "causes[1].trip_point", "outs"),
    ('tag = "P-201.RUN"', 'tag = "PT-201A"', "effects[0].tag", "not discrete"),
    ('interlock = "SIS-101"\ntag = "LT-101A"\n', 'interlock = "ESD-2"\n', "rules.tag", "the tag with the trip point of the PLC"),
    ('tag = "LT-101A"\n', 'tag = "PT-201A"\n', "rules.tag", "SIS-101 gives its trip point in m, PT-201A is in MPa"),
    ("tolerance = 0.05", "tolerance = -0.05", "rules.tolerance", "must be from 0"),
    ('interlock = "SIS-101"\n', "", "rules.approved", "must be given: the approved trip point"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "column", "words"), CASES)
def test_mistakes_are_told_where_they_are(folder: Path, old: str, new: str, column: str, words: str) -> None:
    text = (folder / "rules.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "rules.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PlantRefusedError) as refused:
        read_plant(folder, registry)
    found: tuple[Mistake, ...] = refused.value.mistakes
    assert [item for item in found if item.column == column and words in item.en and item.zh and item.line], found
