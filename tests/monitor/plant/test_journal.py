"""`[journal]` of plant.toml: how long the journal is kept, and the floor of Order 40."""

import importlib.resources
from pathlib import Path

import pytest

from drivers import registry
from monitor.plant.folder import FILES, read_plant
from monitor.plant.mistakes import PlantRefusedError
from monitor.plant.site import JOURNAL_KEEP_DAYS

DEMO = importlib.resources.files("monitor.plant") / "demo"


def folder_with(folder: Path, lines: str) -> Path:
    for name in FILES:
        (folder / name).write_bytes((DEMO / name).read_bytes())
    with (folder / "plant.toml").open("a", encoding="utf-8") as file:
        file.write(lines)
    return folder


@pytest.mark.parametrize(
    ("lines", "days"), [("", JOURNAL_KEEP_DAYS), ("\n[journal]\nkeep_days = 30\n", 30), ("\n[journal]\n", 1096)]
)
def test_three_years_unless_said_otherwise(tmp_path: Path, lines: str, days: int) -> None:
    assert read_plant(folder_with(tmp_path, lines), registry).plant.journal_keep_days == days


@pytest.mark.parametrize("value", ["29", "1", "0", "-5", "99999", '"long"', "30.5"])
def test_less_than_order_40_asks_for_is_refused(tmp_path: Path, value: str) -> None:
    folder = folder_with(tmp_path, f"\n[journal]\nkeep_days = {value}\n")
    line = len((folder / "plant.toml").read_text(encoding="utf-8").splitlines())
    with pytest.raises(PlantRefusedError) as refused:
        read_plant(folder, registry)
    (mistake,) = [item for item in refused.value.mistakes if item.severity == "error"]
    assert (mistake.file, mistake.line, mistake.column) == ("plant.toml", line, "journal.keep_days")
    if value in ("29", "1"):
        assert "Order 40" in mistake.en
        assert "40 号令" in mistake.zh


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlantRefusedError) as refused:
        read_plant(folder_with(tmp_path, "\n[journal]\nkeep_day = 40\n"), registry)
    (mistake,) = [item for item in refused.value.mistakes if item.severity == "error"]
    assert "did you mean keep_days" in mistake.en
