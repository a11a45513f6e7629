"""`[alarm_performance]`: the standard's values by default, a plant's own with bounds, mistakes with their line."""

from pathlib import Path

import pytest

from monitor.alarms.performance import TARGETS, UNITS, Performance
from monitor.plant.document import read_document
from monitor.plant.mistakes import Mistake
from monitor.plant.performance import KEYS, read_performance


def read(tmp_path: Path, text: str) -> tuple[Performance, list[Mistake]]:
    mistakes: list[Mistake] = []
    path = tmp_path / "plant.toml"
    path.write_text(text, encoding="utf-8")
    document = read_document(path, mistakes.append)
    assert document is not None
    return read_performance(document), mistakes


def test_nothing_given_is_the_standard(tmp_path: Path) -> None:
    found, mistakes = read(tmp_path, "schema = 1\n")
    assert mistakes == []
    assert found == Performance()
    assert (found.flood.begin_above, found.flood.end_below, found.flood.window_ns) == (10, 5, 600_000_000_000)


def test_a_plant_has_its_own(tmp_path: Path) -> None:
    text = """
[alarm_performance]
flood_window_s = 20
flood_begin_above = 8
flood_end_below = 3
chattering_count = 5
chattering_within_s = 300
stale_after_h = 12

[alarm_performance.targets]
per_hour = [5, 10.5]
per_day = [144, 288]
"""
    found, mistakes = read(tmp_path, text)
    assert mistakes == []
    assert (found.flood.window_ns, found.flood.begin_above, found.flood.end_below) == (20_000_000_000, 8, 3)
    assert (found.nuisance.chattering_count, found.nuisance.chattering_within_ns) == (5, 300_000_000_000)
    assert found.nuisance.stale_after_ns == 12 * 3600 * 1_000_000_000
    assert (found.targets["per_hour"].manageable, found.targets["per_hour"].certainty) == (10.5, "configured")
    assert found.targets["per_day"].acceptable == 144.0
    assert found.targets["stale"] == TARGETS["stale"]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("flood_window_s = 1", "flood_window_s"),
        ("flood_begin_above = 20.5", "flood_begin_above"),
        ("chattering_count = 1", "chattering_count"),
        ('stale_after_h = "long"', "stale_after_h"),
        ("flood_end_below = 11", "flood_end_below"),
        ("flood_windows = 600", "flood_windows"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, line: str, column: str) -> None:
    found, mistakes = read(tmp_path, f"schema = 1\n[alarm_performance]\n{line}\n")
    assert [(item.line, item.column.rpartition(".")[2]) for item in mistakes] == [(3, column)]
    assert found.nuisance == Performance().nuisance


@pytest.mark.parametrize("value", ["5", "[5]", "[5, 4]", '["5", 6]', "[-1, 2]", "[1, 2, 3]"])
def test_a_target_is_two_numbers(tmp_path: Path, value: str) -> None:
    found, mistakes = read(tmp_path, f"[alarm_performance.targets]\nper_hour = {value}\n")
    assert [item.line for item in mistakes] == [2]
    assert found.targets == TARGETS


def test_an_unknown_figure_is_refused(tmp_path: Path) -> None:
    _, mistakes = read(tmp_path, "[alarm_performance.targets]\nper_our = [1, 2]\n")
    assert "per_hour" in mistakes[0].en


def test_every_key_and_figure_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "plant-folder.md").read_text(encoding="utf-8")
    part = text.partition("### [alarm_performance]")[2].partition("\n## ")[0]
    for name in (*KEYS, *UNITS):
        assert f"`{name}`" in part, name
