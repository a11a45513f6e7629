"""rate of rules.toml."""

from pathlib import Path

import pytest

from rules.kinds.rates import RateOfChange
from tests.monitor.plant.kinds.folders import RuleFolder

SECOND = 1_000_000_000
RATE = 'kind = "rate"\ntag = "LT-101A"\nlimit = 0.5\nwindow_s = 60'


@pytest.fixture
def folder(tmp_path: Path) -> RuleFolder:
    return RuleFolder(tmp_path)


def test_a_rate_is_either_way_unless_said(folder: RuleFolder) -> None:
    rule, definition = folder.read(RATE)
    assert rule == RateOfChange(id="x", tag="LT-101A", direction="either", limit=0.5, window_ns=60 * SECOND)
    assert (definition.kind, definition.set_point, definition.eu) == ("rate", 0.5, "m/min")


def test_a_fall_is_shown_with_a_minus(folder: RuleFolder) -> None:
    rule, definition = folder.read(f'{RATE}\ndirection = "fall"\ndead_band = 0.1\ncoverage = 0.25')
    assert rule == RateOfChange(
        id="x", tag="LT-101A", direction="fall", limit=0.5, window_ns=60 * SECOND, dead_band=0.1, minimum_coverage=0.25
    )
    assert (definition.set_point, definition.dead_band) == (-0.5, 0.1)


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        (RATE.replace("LT-101A", "LT-101"), "tag", "did you mean"),
        (RATE.replace("LT-101A", "P-101.RUN"), "tag", "must be analog"),
        (RATE.replace("limit = 0.5", ""), "limit", "must be given"),
        (RATE.replace("limit = 0.5", "limit = -1"), "limit", "direction says which way"),
        (RATE.replace("window_s = 60", ""), "window_s", "must be given"),
        (RATE.replace("window_s = 60", "window_s = 0.1"), "window_s", "too short"),
        (f"{RATE}\ndirection = 'up'", "direction", "one of rise, fall, either"),
        (f"{RATE}\ndead_band = 0.5", "dead_band", "must be less than 0.5"),
        (f"{RATE}\ncoverage = 0.9", "coverage", "from 0.01 to 0.5"),
    ],
)
def test_mistakes(folder: RuleFolder, rule: str, key: str, words: str) -> None:
    found_key, told, line = folder.one(rule)
    assert (found_key, line > 0) == (key, True)
    assert words in told
