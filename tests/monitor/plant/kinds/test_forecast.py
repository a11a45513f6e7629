"""minutes_to_limit of rules.toml."""

from pathlib import Path

import pytest

from rules.geometry import Vessel
from rules.kinds.forecast import MinutesToLimit
from tests.monitor.plant.kinds.folders import RuleFolder

SECOND = 1_000_000_000
MINUTES = 'kind = "minutes_to_limit"\ntag = "LT-101A"\nlimit = "HH"\nrequired_min = 15'


@pytest.fixture
def folder(tmp_path: Path) -> RuleFolder:
    return RuleFolder(tmp_path)


def test_the_set_point_of_an_alarm(folder: RuleFolder) -> None:
    rule, definition = folder.read(MINUTES)
    assert rule == MinutesToLimit(
        id="x",
        tag="LT-101A",
        limit=10.8,
        rising=True,
        required_ns=15 * 60 * SECOND,
        window_ns=300 * SECOND,
        dead_band_ns=90 * SECOND,
        vessel=Vessel(shape="vertical_cylinder", diameter_m=12.0, height_m=12.0),
    )
    assert (definition.kind, definition.set_point, definition.dead_band, definition.eu) == (
        "minutes_to_limit", 15, 1.5, "min",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "found", "rising"),
    [
        ('"overflow"', 11.6, True),
        ('"L"', 1.5, False),
        ('"LL"', 0.9, False),
        ("9.5", 9.5, True),
        ('2.5\ndirection = "falling"', 2.5, False),
    ],
)
def test_every_way_to_give_a_limit(folder: RuleFolder, limit: str, found: float, rising: bool) -> None:
    rule, _ = folder.read(MINUTES.replace('"HH"', limit) + "\ndead_band_min = 0\nminimum_rate = 0.02")
    assert isinstance(rule, MinutesToLimit)
    assert (rule.limit, rule.rising, rule.dead_band_ns, rule.minimum_rate) == (found, rising, 0, 0.02)


@pytest.mark.parametrize(("required_min", "window_s"), [(1, 60), (15, 300), (45, 600)])
def test_the_window_leaves_time_to_act(folder: RuleFolder, required_min: int, window_s: int) -> None:
    rule, _ = folder.read(MINUTES.replace("15", str(required_min)))
    assert isinstance(rule, MinutesToLimit)
    assert rule.window_ns == window_s * SECOND


def test_a_value_without_geometry(folder: RuleFolder) -> None:
    rule, _ = folder.read('kind = "minutes_to_limit"\ntag = "PT-101"\nlimit = 1.0\nrequired_min = 5')
    assert isinstance(rule, MinutesToLimit)
    assert rule.limit == 1.0


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        (MINUTES.replace("LT-101A", "LT-101Z"), "tag", "did you mean"),
        (MINUTES.replace('"HH"', '"HHH"'), "limit", "must be a number or one of HH, H, L, LL, overflow"),
        (MINUTES.replace('"HH"', "99"), "limit", "outside the range"),
        (MINUTES.replace('limit = "HH"\n', ""), "limit", "must be given"),
        (MINUTES.replace("LT-101A", "FT-101I"), "limit", "has no HH alarm"),
        (MINUTES.replace("LT-101A", "FT-101I").replace("HH", "overflow"), "limit", "no overflow height"),
        (f"{MINUTES}\ndirection = 'rising'", "direction", "leave it out"),
        (MINUTES.replace("15", "0"), "required_min", "no time to act in"),
        (MINUTES.replace("required_min = 15", ""), "required_min", "must be given"),
        (f"{MINUTES}\nwindow_s = 2", "window_s", "too short"),
    ],
)
def test_mistakes(folder: RuleFolder, rule: str, key: str, words: str) -> None:
    found = {mistake.column.removeprefix("rules."): mistake for mistake in folder.mistakes(rule)}
    assert key in found
    assert words in found[key].en
    assert found[key].line >= 1
