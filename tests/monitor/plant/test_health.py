"""Column `health` and `[health]`: an instrument's own diagnosis is linked, checked, and refused where it means nothing."""

from pathlib import Path

import pytest

from drivers import registry
from monitor.plant.folder import Checked, read_plant
from monitor.plant.mistakes import PlantRefusedError
from rules.columns.health import Health

MEASURED = "LT-101A"


def give(folder: Path, health: str, tag: str = MEASURED, *more: str) -> int:
    """Add the column, fill it for one tag, add rows; the line of that tag."""
    path = folder / "tags.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    columns = head.split(",")
    if "health" not in columns:
        head, rows = f"{head},health", [f"{row}," for row in rows]
        columns.append("health")
    at = next(number for number, row in enumerate(rows) if row.startswith(f"{tag},"))
    cells = rows[at].split(",")
    cells[columns.index("health")] = health
    rows[at] = ",".join(cells)
    path.write_text("\n".join([head, *rows, *more]) + "\n", encoding="utf-8")
    return at + 2


def variable(folder: Path, **cells: str) -> str:
    """A row of the health variable in the columns of the sheet, with the column `health` behind them."""
    given = {
        "id": "LT-101A.HEALTH", "description_zh": "液位表诊断", "hazard_source": "", "device": "PLC-2",
        "address": "hr:9000", "type": "uint16", "low": "0", "high": "10", "eu": "1", "scan_class": "normal", **cells,
    }  # fmt: skip
    lines = (folder / "tags.csv").read_text(encoding="utf-8").splitlines()
    columns = lines[0].split(",")
    measured = dict(
        zip(columns, next(line for line in lines if line.startswith(f"{MEASURED},")).split(","), strict=True)
    )
    given["hazard_source"] = measured["hazard_source"]
    columns = columns if "health" in columns else [*columns, "health"]
    return ",".join(given.get(name, "") for name in columns)


def check(folder: Path) -> Checked:
    return read_plant(folder, registry)


def refused(folder: Path) -> list[tuple[str, int, str, str]]:
    with pytest.raises(PlantRefusedError) as caught:
        check(folder)
    return [(each.file, each.line, each.column, each.en) for each in caught.value.mistakes if each.severity == "error"]


def configure(folder: Path, text: str) -> int:
    """Add `[health]` to the site; the line of its first key."""
    path = folder / "plant.toml"
    before = path.read_text(encoding="utf-8").rstrip("\n") + "\n\n[health]\n"
    path.write_text(before + text + "\n", encoding="utf-8")
    return before.count("\n") + 1


def test_an_instrument_is_linked_to_what_says_its_state(folder: Path) -> None:
    line = give(folder, "LT-101A.HEALTH", MEASURED, variable(folder))
    checked = check(folder)
    table = checked.plant.tags
    assert table.instruments.row.tolist() == [table.row_of[MEASURED]]
    assert table.instruments.said_by.tolist() == [table.row_of["LT-101A.HEALTH"]]
    (warning,) = [each for each in checked.warnings if each.column == "health"]
    assert (warning.file, warning.line) == ("tags.csv", line)
    assert "none of the kind forced" in warning.en
    assert "NE 107 C" in warning.zh


def test_with_an_alarm_of_the_kind_forced_nothing_is_left_to_say(folder: Path) -> None:
    give(folder, "LT-101A.HEALTH", MEASURED, variable(folder))
    path = folder / "alarms.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    columns = lines[0].split(",")
    cells = {
        "tag": MEASURED, "kind": "forced", "priority": "2", "class": "equipment", "cause_zh": "仪表在检查",
        "consequence_zh": "液位无保护", "response_zh": "查工作票", "time_to_respond_s": "600",
    }  # fmt: skip
    path.write_text("\n".join([*lines, ",".join(cells.get(name, "") for name in columns)]) + "\n", encoding="utf-8")
    assert [each for each in check(folder).warnings if each.column == "health"] == []


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"type": "float32"}, "must be of a whole-number type"),
        ({"type": "bool", "address": "di:900", "low": "", "high": "", "eu": ""}, "must be of a whole-number type"),
        ({"raw_low": "0", "raw_high": "100"}, "not scaled"),
        ({"health": "LT-101A.HEALTH"}, "may name no health itself"),
    ],
)
def test_a_variable_that_cannot_be_an_enumeration_is_refused(folder: Path, cells: dict[str, str], words: str) -> None:
    line = give(folder, "LT-101A.HEALTH", MEASURED, variable(folder, **cells))
    assert any(each[:3] == ("tags.csv", line, "health") and words in each[3] for each in refused(folder))


@pytest.mark.parametrize(
    ("health", "words"), [("LT-101A.HELTH", "did you mean"), (MEASURED, "may name no health itself")]
)
def test_a_name_that_leads_nowhere_or_to_itself_is_refused(folder: Path, health: str, words: str) -> None:
    line = give(folder, health, MEASURED, variable(folder))
    ((file, at, column, en),) = refused(folder)
    assert (file, at, column) == ("tags.csv", line, "health")
    assert words in en


def test_other_numbers_are_configured_and_the_rest_stays(folder: Path) -> None:
    configure(folder, "failure = [16, 17]\noff_spec = []")
    codes = check(folder).plant.tags.instruments.codes
    assert (codes.normal, codes.failure, codes.off_spec, codes.check_function) == ((0,), (16, 17), (), (2,))
    assert Health.FAILURE.name.lower() in codes.__slots__


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ('failure = ["F"]', "health.failure", "list of whole numbers"),
        ("failure = 1", "health.failure", "list of whole numbers"),
        ("normal = [true]", "health.normal", "list of whole numbers"),
        ("check_function = [1]", "health.check_function", "means failure and check_function"),
        ("broken = [1]", "health.broken", "unknown key"),
    ],
)
def test_numbers_that_mean_nothing_or_two_things_are_refused(folder: Path, text: str, column: str, words: str) -> None:
    line = configure(folder, text)
    ((file, at, where, en),) = refused(folder)
    assert (file, at, where) == ("plant.toml", line, column)
    assert words in en
