"""The set-point guard over a whole plant folder: what it says, where, and that the demo plant passes."""

import shutil
from pathlib import Path

import pytest

from drivers import registry
from monitor.plant.folder import read_plant
from monitor.plant.mistakes import Mistake, PlantRefusedError

DEMO = Path(__file__).resolve().parents[3] / "monitor" / "plant" / "demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DEMO, tmp_path / "plant")
    return tmp_path / "plant"


def told(folder: Path) -> list[Mistake]:
    with pytest.raises(PlantRefusedError) as refused:
        read_plant(folder, registry)
    return [mistake for mistake in refused.value.mistakes if mistake.severity == "error"]


def change(folder: Path, name: str, old: str, new: str) -> int:
    """Replace one occurrence; returns its line."""
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text, f"{name} has no {old!r}: the demo plant changed, mend this test"
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_demo_plant_passes() -> None:
    assert read_plant(DEMO, registry).plant.rules


CELLS = [
    # old, new, column, words
    ("LT-101A.HH,LT-101A,HH,10.8,", "LT-101A.HH,LT-101A,HH,11.2,", "HH 11.2 must be below the trip point of SIS-101 11.2"),
    ("LT-101A.HH,LT-101A,HH,10.8,", "LT-101A.HH,LT-101A,HH,11.9,", "HH 11.9 must be below the trip point of SIS-101 11.2"),
    ("LT-101B.HH,LT-101B,HH,10.8,", "LT-101B.HH,LT-101B,HH,11.3,", "below the trip point of SIS-101 11.2"),
    ("LT-201A.LL,LT-201A,LL,0.9,", "LT-201A.LL,LT-201A,LL,0.6,", "LL 0.6 must be above the trip point of SIS-211 0.6"),
    ("PT-201C.HH,PT-201C,HH,1.65,", "PT-201C.HH,PT-201C,HH,1.7,", "HH 1.7 must be below the trip point of SIS-201 1.7"),
    ("GT-201.H,GT-201,H,25,", "GT-201.H,GT-201,H,26,", "H 26 must be no higher than GB/T 50493-2019 5.5.2: 25"),
    ("GT-201.HH,GT-201,HH,50,", "GT-201.HH,GT-201,HH,60,", "HH 60 must be no higher than GB/T 50493-2019 5.5.2: 50"),
    ("AT-101.H,AT-101,H,18,", "AT-101.H,AT-101,H,19,", "H 19 must be no higher than GB/T 50493-2019 5.5.2: 100 % OEL pc_twa"),
    ("AT-101.HH,AT-101,HH,37,", "AT-101.HH,AT-101,HH,38,", "HH 38 must be no higher than GB/T 50493-2019 5.5.2: 200 % OEL"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), CELLS)
def test_a_set_point_that_leaves_no_room_is_refused(folder: Path, old: str, new: str, words: str) -> None:
    line = change(folder, "alarms.csv", old, new)
    (mistake,) = [mistake for mistake in told(folder) if "dead_band" not in mistake.column]
    assert (mistake.file, mistake.line, mistake.column) == ("alarms.csv", line, "set_point")
    assert words in mistake.en
    assert "应" in mistake.zh


def test_the_time_to_respond_is_asked_for(folder: Path) -> None:
    """0.4 m at 1.1 m/h are 1309 s, 1 s goes to the on-delay; 1800 s were promised."""
    line = change(folder, "alarms.csv", 'check the level on site",180', 'check the level on site",1800')
    text = (folder / "alarms.csv").read_text(encoding="utf-8").splitlines()[line - 1]
    (mistake,) = told(folder)
    assert (mistake.line, mistake.column) == (line, "set_point")
    assert "leaves 1" in mistake.en and "1800 s are needed: no higher than" in mistake.en
    must = float(mistake.en.rpartition(" ")[2])
    set_point = text.split(",")[3]
    head = text[: text.index(set_point)]
    change(folder, "alarms.csv", f"{head}{set_point},", f"{head}{must:g},")
    assert read_plant(folder, registry).plant.rules  # what it asked for is enough


def test_a_trip_point_over_the_overflow_height_is_refused_where_it_stands(folder: Path) -> None:
    line = change(folder, "interlocks.toml", "trip_point = 11.2", "trip_point = 11.7")
    (mistake,) = told(folder)
    assert (mistake.file, mistake.line, mistake.column) == ("interlocks.toml", line, "interlocks.trip_point")
    assert mistake.en == "11.7 must be below the overflow height of T-101 11.6"


def test_an_alarm_without_an_interlock_must_stay_below_the_overflow(folder: Path) -> None:
    change(folder, "plant.toml", "overflow_height_m = 11.4", "overflow_height_m = 10.1")
    words = [mistake.en for mistake in told(folder)]
    assert "HH 10.4 must be below the overflow height of V-201 10.1" in words
    assert "10.8 must be below the overflow height of V-201 10.1" in words


RULES = """
[[modes]]
id = "T-101.filling"
when = "tag('XV-101I.OPEN') == 1"

[[rules]]
id = "LT-101A.H-mode"
kind = "H"
tag = "LT-101A"
set_point = 9.5
set_points = [{ mode = "T-101.filling", set_point = 9.0 }]
priority = 3
class = "process"
time_to_respond_s = 600
"""


def test_rules_are_compared_with_the_rows_of_the_sheet(folder: Path) -> None:
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    assert read_plant(folder, registry).plant.rules
    change(folder, "rules.toml", "set_point = 9.0", "set_point = 10.9")
    (mistake,) = told(folder)
    assert (mistake.file, mistake.column) == ("rules.toml", "rules.set_points")
    assert mistake.line == RULES[: RULES.index("set_points")].count("\n") + 1
    assert mistake.en == "in mode T-101.filling, H 10.9 must be below HH 10.8 (LT-101A.HH)"
    assert mistake.zh == "工况 T-101.filling 下，H 10.9 应低于 HH 10.8（LT-101A.HH）"


def test_a_plant_bounds_its_own_set_points(folder: Path) -> None:
    bound = 'tags = ["TT-201A"]\nkinds = ["H", "HH"]\nmaximum = 45\nsource_zh = "设计温度"\nsource_en = "design temperature"'
    path = folder / "plant.toml"
    path.write_text(path.read_text(encoding="utf-8") + f"\n[[set_point_bounds]]\n{bound}\n", encoding="utf-8")
    (mistake,) = told(folder)
    assert mistake.en == "HH 50 must be no higher than design temperature: 45"
    assert mistake.zh == "HH 50 应不高于设计温度规定的 45"


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ('tags = ["NO"]\nkinds = ["H"]\nmaximum = 1\nsource_zh = "x"', "tags", "no tag 'NO'"),
        ('kinds = ["H"]\nmaximum = 1\nsource_zh = "x"', "tags", "must be given"),
        ('tags = ["TT-201A"]\nmaximum = 1\nsource_zh = "x"', "kinds", "must be given"),
        ('tags = ["TT-201A"]\nkinds = ["HHH"]\nmaximum = 1\nsource_zh = "x"', "kinds", "no limit alarm 'HHH'"),
        ('tags = ["TT-201A"]\nkinds = ["L"]\nsource_zh = "x"', "maximum", "exactly one"),
        ('tags = ["TT-201A"]\nkinds = ["L"]\nminimum = 0', "source_zh", "must be given"),
        ('tags = ["TT-201A"]\nkinds = ["L"]\nminimum = 0\nsource_zh = "x"\nlaw = 1', "law", "unknown key"),
    ],
)
def test_mistakes_in_bounds(folder: Path, text: str, column: str, words: str) -> None:
    path = folder / "plant.toml"
    path.write_text(path.read_text(encoding="utf-8") + f"\n[[set_point_bounds]]\n{text}\n", encoding="utf-8")
    found = [mistake for mistake in told(folder) if mistake.column == f"set_point_bounds.{column}"]
    assert found
    assert words in found[0].en


METHANOL = 'chemical = "CH3OH"'
ROW = "AT-101.H,AT-101,H,18,"


def detect(folder: Path, words: str) -> None:
    """Let AT-101 detect something else: the first in the file with a chemical."""
    change(folder, "plant.toml", METHANOL, words)


@pytest.mark.parametrize(
    ("words", "most"),
    [
        ('chemical = "67-56-1"', 18.768),
        ('chemical = "甲醇"\noel_basis = "pc_stel"', 37.536),
        ('chemical = "C6H6"\noel_mg_m3 = 3.0\noel_source = "GBZ 2.1-2019"', 0.923),  # 3 / 78.114 x 24.055 ppm
        ('chemical = "NH3"\nrange_insufficient = true', 25.423),  # 5 % of 360 mg/m3
    ],
)
def test_a_plain_row_of_a_toxic_detector_is_bound_by_what_it_detects(folder: Path, words: str, most: float) -> None:
    detect(folder, words)
    change(folder, "alarms.csv", "AT-101.HH,AT-101,HH,37,3,", "AT-101.HH,AT-101,HH,500,0,")
    change(folder, "alarms.csv", f"{ROW}2,", f"AT-101.H,AT-101,H,{most + 0.01:.3f},0,")
    found = [mistake for mistake in told(folder) if mistake.en.startswith(f"H {most + 0.01:g} must be no higher")]
    assert found
    assert float(found[0].en.rpartition(" ")[2]) == pytest.approx(most, abs=0.001)
    change(folder, "alarms.csv", f"AT-101,H,{most + 0.01:.3f},", f"AT-101,H,{most:.3f},")
    assert not [mistake for mistake in told(folder) if mistake.en.startswith("H ")]


def test_a_detector_of_which_nobody_says_what_it_detects_is_a_warning(folder: Path) -> None:
    detect(folder, "# chemical")
    warnings = read_plant(folder, registry).warnings
    told_of = [warning for warning in warnings if "AT-101" in warning.en]
    assert [(warning.file, warning.column) for warning in told_of] == [("alarms.csv", "set_point")] * 2
    assert "not checked against GB/T 50493-2019" in told_of[0].en and "未按" in told_of[0].zh


def test_the_gas_rules_of_a_tag_bind_its_plain_rows(folder: Path) -> None:
    """AT-102 has stages in rules.toml; what they know of methanol holds for a row as well."""
    change(folder, "plant.toml", METHANOL, "# AT-101")
    detect(folder, "# AT-102")
    path = folder / "alarms.csv"
    row = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(ROW))
    path.write_text(
        path.read_text(encoding="utf-8") + row.replace("AT-101.H,AT-101,H,18,", "AT-102.H,AT-102,H,20,") + "\n",
        encoding="utf-8",
    )
    (mistake,) = told(folder)
    assert mistake.en.startswith("H 20 must be no higher than GB/T 50493-2019 5.5.2: 100 % OEL pc_twa, 25 mg/m3: 18.7")
    assert mistake.zh.startswith("H 20 应不高于 GB/T 50493-2019 5.5.2")


@pytest.mark.parametrize(("kind", "value"), [("H", 24.0), ("L", 19.0)])
def test_oxygen_is_bound_on_both_sides(folder: Path, kind: str, value: float) -> None:
    detect(folder, 'chemical = "O2"')
    change(folder, "tags.csv", "ir:50,float32,ABCD,,,0,1000,ppm", "ir:50,float32,ABCD,,,0,30,%VOL")
    path = folder / "alarms.csv"
    rows = path.read_text(encoding="utf-8").splitlines()
    rows = [row for row in rows if not row.startswith("AT-101.HH")]
    rows = [row.replace(f"{ROW}2,", f"AT-101.{kind},AT-101,{kind},{value:g},0.1,") for row in rows]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    (mistake,) = told(folder)
    limit = {"H": "no higher than GB/T 50493-2019 5.5.2: 23.5", "L": "no lower than GB/T 50493-2019 5.5.2: 19.5"}[kind]
    assert mistake.en == f"{kind} {value:g} must be {limit}"


def test_only_a_detector_detects(folder: Path) -> None:
    change(folder, "plant.toml", 'id = "T-101"\n', 'id = "T-101"\nchemical = "CH3OH"\n')
    (mistake,) = told(folder)
    assert (mistake.column, mistake.en) == ("equipment.chemical", "unknown key")
