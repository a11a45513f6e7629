"""Trip points that the PLC shows: an alarm for each cause that names one, and what is said of a tag that cannot be it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from drivers import registry
from monitor.interlocks.register import LiveTripPoint
from monitor.plant.folder import read_plant
from monitor.plant.mistakes import Mistake, PlantRefusedError
from monitor.plant.plant import Plant
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds.trip_points import TripPointDrift
from rules.memory import seed
from rules.verdicts import Verdict
from tests.rules.plants import SECOND, snapshot

DEMO = Path(__file__).resolve().parents[3] / "monitor" / "plant" / "demo"
LIVE = 'trip_point_tag = "PT-201C.SP" }'
ALARM = "SIS-201.trip_point.PT-201C"


@pytest.fixture(scope="module")
def plant() -> Plant:
    """The demo plant as it is; read once."""
    return read_plant(DEMO, registry).plant


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DEMO, tmp_path / "plant")
    return tmp_path / "plant"


def changed(folder: Path, old: str, new: str, name: str = "interlocks.toml") -> int:
    """The line of what was changed."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def mistakes(folder: Path) -> tuple[Mistake, ...]:
    with pytest.raises(PlantRefusedError) as refused:
        read_plant(folder, registry)
    return refused.value.mistakes


def rule_of(plant: Plant, name: str = ALARM) -> TripPointDrift:
    (rule,) = [rule for rule in plant.rules if rule.id == name]
    assert isinstance(rule, TripPointDrift)
    return rule


def test_a_cause_that_names_its_live_trip_point_has_an_alarm_of_its_own(plant: Plant) -> None:
    (interlock,) = [item for item in plant.interlocks if item.id == "SIS-201"]
    assert [cause.live for cause in interlock.inputs] == [
        None,
        LiveTripPoint(tag="PT-201C.SP", tolerance=0.0025, eu="MPa"),
    ], "a thousandth of the range of the gauge"
    assert rule_of(plant) == TripPointDrift(id=ALARM, tag="PT-201C.SP", approved=1.7, tolerance=0.0025)
    place = next(at for at, each in enumerate(plant.definitions) if each.id == ALARM)
    definition = plant.definitions[place]
    assert plant.rules[place].id == ALARM, "rules and definitions stand in one order"
    assert (definition.kind, definition.priority, definition.interlock) == ("trip_point_drift", 2, "SIS-201")
    assert (definition.tag, definition.set_point, definition.eu) == ("PT-201C.SP", 1.7, "MPa")
    assert definition.subject_zh.endswith(" PT-201C")
    assert definition.alarm_class == "interlock"
    assert any(each.id == "SIS-201.trip_point" for each in plant.definitions), "beside that of the interlock"


def test_all_live_trip_points_of_the_demo_are_watched(plant: Plant) -> None:
    named = {item.trip_point_tag for item in plant.interlocks} | {
        cause.live.tag for item in plant.interlocks for cause in item.inputs if cause.live
    }
    watched = {rule.tag for rule in plant.rules if isinstance(rule, TripPointDrift)}
    assert watched == named - {None}
    assert {tag.id for tag in plant.tags.tags if tag.id.endswith(".SP")} == watched


@pytest.mark.parametrize(
    ("shown", "quality", "verdict"),
    [
        (1.7, 0, Verdict.FALSE), (1.7000000477, 0, Verdict.FALSE), (1.7024, 0, Verdict.FALSE), (1.7026, 0, Verdict.TRUE),
        (1.69, 0, Verdict.TRUE), (2.0, 0, Verdict.TRUE), (2.0, 2, Verdict.UNKNOWN), (1.7, 3, Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_it_is_raised_beyond_its_tolerance_on_either_side(
    plant: Plant, shown: float, quality: int, verdict: Verdict
) -> None:
    rules = compile_rules((rule_of(plant),), plant.tags)
    seen = snapshot(plant.tags, SECOND, {"PT-201C.SP": (shown, quality)})
    found, _ = evaluate(rules, seen, seed(rules, {}, 0), SECOND)
    assert np.array_equal(found.verdict, [verdict])


def test_the_tolerance_is_configured(folder: Path) -> None:
    changed(folder, LIVE, LIVE.replace(" }", ", trip_point_tolerance = 0.05 }"))
    assert rule_of(read_plant(folder, registry).plant).tolerance == 0.05


def test_its_priority_is_changed_in_the_sheet_of_alarms_as_of_any_generated_one(folder: Path) -> None:
    sheet = folder / "alarms.csv"
    text = sheet.read_text(encoding="utf-8")
    heads = text.splitlines()[0].lstrip("\ufeff").split(",")
    row = {"id": ALARM, "priority": "1"}
    sheet.write_text(f"{text.rstrip()}\n{','.join(row.get(head, '') for head in heads)}\n", encoding="utf-8")
    (definition,) = [each for each in read_plant(folder, registry).plant.definitions if each.id == ALARM]
    assert definition.priority == 1


@pytest.mark.parametrize(
    ("old", "new", "column", "words"),
    [
        (LIVE, LIVE.replace("PT-201C.SP", "PT-201C.SPP"), "trip_point_tag", "did you mean PT-201C.SP"),
        (LIVE, LIVE.replace("PT-201C.SP", "LSHH-201"), "trip_point_tag", "is discrete"),
        (LIVE, LIVE.replace("PT-201C.SP", "SIS-201.SP"), "trip_point_tag", "is in MPa, tag SIS-201.SP is in m"),
        (LIVE, LIVE.replace(" }", ", trip_point_tolerance = -1 }"), "trip_point_tolerance", "from 0"),
        (LIVE, "trip_point_tolerance = 0.1 }", "trip_point_tolerance", "no trip_point_tag"),
        ('{ tag = "LSHH-201" }', '{ tag = "LSHH-201", trip_point_tag = "SIS-201.SP" }', "trip_point_tag", "has no trip point"),
        (
            LIVE, LIVE + ', { tag = "PT-201C", sense = "low", trip_point = 0.1, trip_point_tag = "PT-201C.SP" }',
            "trip_point_tag", "watched already",
        ),
        (
            'id = "SIS-201"\n', f'id = "{"S" * 50}"\n', "trip_point_tag", "has more than 64 characters",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_watched_is_named_at_its_line(folder: Path, old: str, new: str, column: str, words: str) -> None:
    changed(folder, old, new)
    path = folder / "interlocks.toml"
    text = path.read_text(encoding="utf-8").replace('interlocks = ["SIS-201"]', f'interlocks = ["{"S" * 50}"]')
    path.write_text(text if "S" * 50 in new else path.read_text(encoding="utf-8"), encoding="utf-8")
    found = [item for item in mistakes(folder) if item.column.endswith(column)]
    assert any(words in item.en for item in found), mistakes(folder)
    assert all(item.file == "interlocks.toml" and item.line > 0 for item in found)


@pytest.mark.parametrize(
    ("old", "new", "column", "words"),
    [
        ('trip_point_tag = "SIS-214.SP"', 'trip_point_tag = "LSLL-204"', "trip_point_tag", "is discrete"),
        ('trip_point_tag = "SIS-214.SP"', 'trip_point_tag = "PT-201C.SP"', "trip_point_tag", "is in m, tag PT-201C.SP is in MPa"),
    ],
)  # fmt: skip
def test_the_tag_of_a_whole_interlock_is_checked_too(folder: Path, old: str, new: str, column: str, words: str) -> None:
    line = changed(folder, old, new)
    (found,) = [item for item in mistakes(folder) if item.column.endswith(column)]
    assert (found.file, found.line) == ("interlocks.toml", line)
    assert words in found.en


def test_a_tag_without_an_approved_trip_point_compares_with_nothing(folder: Path) -> None:
    changed(
        folder,
        'trip_tag = "ESD-1.TRIP"\n',
        'trip_tag = "ESD-1.TRIP"\ntrip_point_tag = "SIS-201.SP"\n',
    )
    (found,) = [item for item in mistakes(folder) if item.column.endswith("trip_point")]
    assert "must be given" in found.en


def test_an_approved_value_outside_the_range_of_what_shows_it_is_refused(folder: Path) -> None:
    changed(
        folder,
        "PT-201C.SP,201 号球罐超压联锁设定值（SIS 内）,V-201 overpressure trip point in the SIS,HS-1,U-200,V-201,SIS-1,"
        "ir:132,float32,ABCD,,,0,2.5",
        "PT-201C.SP,201 号球罐超压联锁设定值（SIS 内）,V-201 overpressure trip point in the SIS,HS-1,U-200,V-201,SIS-1,"
        "ir:132,float32,ABCD,,,0,1.5",
        "tags.csv",
    )
    (found,) = [item for item in mistakes(folder) if item.column.endswith("trip_point_tag")]
    assert "1.7 is outside the range of PT-201C.SP, 0 to 1.5 MPa" in found.en


def test_in_rules_toml_a_cause_has_no_live_trip_point(folder: Path) -> None:
    rules = folder / "rules.toml"
    text = rules.read_text(encoding="utf-8")
    more = f'{{ tag = "PT-201A", sense = "high", trip_point = 1.7, {LIVE}'
    old = '{ tag = "PT-201A", sense = "high", trip_point = 1.7 }'
    assert text.count(old) == 1
    rules.write_text(text.replace(old, more), encoding="utf-8")
    assert any("unknown key" in item.en and item.column.endswith("trip_point_tag") for item in mistakes(folder))
