"""count and chattering_input of rules.toml."""

from pathlib import Path

import pytest

from rules.kinds.counts import ChatteringInput, Count
from tests.monitor.plant.kinds.folders import RuleFolder

SECOND = 1_000_000_000
COUNT = 'kind = "count"\ntag = "P-101.RUN"\nat_least = 6\nwindow_s = 3600'
LEVEL = 'kind = "count"\ntag = "LT-101A"\nat_least = 3\nwindow_s = 600\nedge = "fall"\nlevel = 2\ndead_band = 0.1'
CHATTER = 'kind = "chattering_input"\ntag = "LSHH-101"'


@pytest.fixture
def folder(tmp_path: Path) -> RuleFolder:
    return RuleFolder(tmp_path)


def test_starts_of_a_pump_and_crossings_of_a_level(folder: RuleFolder) -> None:
    rule, definition = folder.read(f"{COUNT}\ncoverage = 0.5")
    assert rule == Count(
        id="x", tag="P-101.RUN", edge="rise", at_least=6, window_ns=3600 * SECOND, minimum_coverage=0.5
    )
    assert (definition.kind, definition.set_point) == ("count", 6.0)
    rule, _ = folder.read(LEVEL)
    assert rule == Count(
        id="x", tag="LT-101A", edge="fall", at_least=3, window_ns=600 * SECOND, level=2.0, dead_band=0.1
    )


def test_chattering_has_the_defaults_of_the_standard(folder: RuleFolder) -> None:
    rule, _ = folder.read(CHATTER)
    assert rule == ChatteringInput(id="x", tag="LSHH-101", at_least=3, window_ns=60 * SECOND)
    rule, _ = folder.read('kind = "chattering_input"\ntag = "LT-101A"\nswing = 0.2\nat_least = 5\nwindow_s = 120')
    assert rule == ChatteringInput(id="x", tag="LT-101A", at_least=5, window_ns=120 * SECOND, swing=0.2)


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        (COUNT.replace("P-101.RUN", "P-101.RUNS"), "tag", "did you mean"),
        (COUNT.replace("at_least = 6", ""), "at_least", "must be given"),
        (COUNT.replace("at_least = 6", "at_least = 2.5"), "at_least", "whole number"),
        (COUNT.replace("at_least = 6", "at_least = 65"), "at_least", "from 1 to 64"),
        (COUNT.replace("window_s = 3600", ""), "window_s", "must be given"),
        (COUNT.replace("window_s = 3600", "window_s = 1"), "window_s", "cannot show it 6 times"),
        (f"{COUNT}\nlevel = 1", "level", "has no level"),
        (f"{COUNT}\nedge = 'up'", "edge", "one of rise, fall, change"),
        (f"{COUNT}\ncoverage = 0", "coverage", "from 0.01 to 1"),
        (LEVEL.replace("level = 2\n", ""), "level", "must be given"),
        (LEVEL.replace("level = 2\n", "level = 20\n"), "level", "from 0 to 12"),
        (f"{CHATTER}\nswing = 1", "swing", "has no swing"),
        (CHATTER.replace("LSHH-101", "LT-101A"), "swing", "must be given and more than 0"),
        (CHATTER.replace("LSHH-101", "LT-101A") + "\nswing = 0", "swing", "must be given and more than 0"),
        (f"{CHATTER}\nwindow_s = 0", "window_s", "from 1 to"),
    ],
)
def test_mistakes(folder: RuleFolder, rule: str, key: str, words: str) -> None:
    mistakes = {mistake.column.removeprefix("rules."): mistake.en for mistake in folder.mistakes(rule)}
    assert words in mistakes[key]
