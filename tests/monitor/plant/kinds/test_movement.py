"""stuck, unplanned_movement and leak of rules.toml."""

from pathlib import Path

import pytest

from rules.catalog import Delays
from rules.geometry import Vessel
from rules.kinds.movement import Leak, Stuck, UnplannedMovement
from tests.monitor.plant.kinds.folders import RuleFolder

SECOND = 1_000_000_000
T_101 = Vessel(shape="vertical_cylinder", diameter_m=12.0, height_m=12.0)
STUCK = 'kind = "stuck"\ntag = "LT-101A"\ninflow = "FT-101I"\noutflow = ["FT-101O"]'
WHILE = 'kind = "stuck"\ntag = "PT-101"\nwhile = "tag(\'P-101.RUN\') == 1"\nflat_within = 0.01\nminimum_change = 0.1'
UNPLANNED = 'kind = "unplanned_movement"\ntag = "LT-101A"\nmaximum_change = 0.03'
LEAK = 'kind = "leak"\ntag = "LT-101A"\nmaximum_loss_per_h = 0.5\nwhile = "tag(\'XV-101I.CLOSED\') == 1"'


@pytest.fixture
def folder(tmp_path: Path) -> RuleFolder:
    return RuleFolder(tmp_path)


def test_stuck_by_flow_takes_geometry_and_resolution(folder: RuleFolder) -> None:
    rule, definition = folder.read(f"{STUCK}\non_delay_s = 5")
    assert rule == Stuck(
        id="x",
        tag="LT-101A",
        window_ns=600 * SECOND,
        flat_within=0.006,
        minimum_change=3 * 0.006,
        inflows=("FT-101I",),
        outflows=("FT-101O",),
        vessel=T_101,
        delays=Delays(on_delay_ns=5 * SECOND),
    )
    assert (definition.kind, definition.eu, definition.equipment) == ("stuck", "m", "T-101")
    assert definition.set_point == pytest.approx(0.018)


def test_stuck_by_condition(folder: RuleFolder) -> None:
    rule, _ = folder.read(f"{WHILE}\nwindow_s = 60\ncoverage = 0.5")
    assert isinstance(rule, Stuck)
    assert rule.condition is not None
    assert rule.condition.inputs == ("P-101.RUN",)
    assert (rule.window_ns, rule.minimum_coverage, rule.vessel) == (60 * SECOND, 0.5, None)


def test_stuck_by_neighbour_takes_the_geometry_of_both(folder: RuleFolder) -> None:
    rule, _ = folder.read('kind = "stuck"\ntag = "LT-101A"\nneighbour = "LT-201A"')
    assert isinstance(rule, Stuck)
    assert (rule.neighbour, rule.vessel) == ("LT-201A", T_101)
    assert rule.neighbour_vessel == Vessel(shape="sphere", diameter_m=12.3)


def test_unplanned_movement(folder: RuleFolder) -> None:
    rule, definition = folder.read(f"{UNPLANNED}\nunless = \"tag('XV-101I.CLOSED') == 0\"")
    assert isinstance(rule, UnplannedMovement)
    assert rule.condition is not None
    assert (rule.window_ns, rule.settle_ns, rule.maximum_change) == (1800 * SECOND, 300 * SECOND, 0.03)
    assert (definition.set_point, definition.eu) == (0.03, "m")


def test_leak(folder: RuleFolder) -> None:
    more = 'temperature = "TT-101"\nexpansion_per_k = 0.0012\ntemperature_tolerance_k = 0.5\nsettle_s = 60'
    rule, definition = folder.read(f"{LEAK}\n{more}")
    assert isinstance(rule, Leak)
    assert (rule.vessel, rule.temperature, rule.expansion_per_k) == (T_101, "TT-101", 0.0012)
    assert (rule.window_ns, rule.settle_ns, rule.temperature_tolerance_k) == (14_400 * SECOND, 60 * SECOND, 0.5)
    assert definition.eu == "m3/h"


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        (STUCK.replace("LT-101A", "LT-101Z"), "tag", "did you mean"),
        (STUCK.replace("LT-101A", "P-101.RUN"), "tag", "must be analog"),
        (STUCK.replace('"FT-101O"', '"FT-101X"'), "outflow", "did you mean"),
        (STUCK.replace('"FT-101I"', '"PT-101"'), "inflow", "a flow is in"),
        (f"{STUCK}\nwindow_s = 3", "window_s", "too short"),
        (f"{STUCK}\nflat_within = 0.2\nminimum_change = 0.1", "minimum_change", "must be above flat_within"),
        (f"{STUCK}\ncoverage = 2", "coverage", "from 0.1 to 1"),
        (f"{STUCK}\nequipment = 'P-101'", "equipment", "need the geometry"),
        (f"{STUCK}\nneighbour = 'LT-102A'", "neighbour", "not both"),
        (f"{STUCK}\nfoo = 1", "foo", "unknown key"),
        ('kind = "stuck"\ntag = "LT-101A"', "while", "nothing says when it must move"),
        (WHILE.replace("== 1", "=== 1"), "while", "column"),
        (UNPLANNED.replace("maximum_change = 0.03", ""), "maximum_change", "must be given"),
        (UNPLANNED.replace("0.03", "0.001"), "maximum_change", "finer than LT-101A can show"),
        (f"{UNPLANNED}\nunless = \"tag('XX') == 0\"", "unless", "column"),
        (LEAK.replace("while", "unless"), "while", "must be given"),
        (f"{LEAK}\ntemperature = 'PT-101'\nexpansion_per_k = 0.001", "temperature", "must be in °C"),
        (f"{LEAK}\ntemperature = 'TT-101'", "expansion_per_k", "of use only with the expansion"),
        (f"{LEAK}\nexpansion_per_k = 0.5", "expansion_per_k", "no expansion of a liquid"),
    ],
)
def test_mistakes(folder: RuleFolder, rule: str, key: str, words: str) -> None:
    found = {mistake.column.removeprefix("rules."): mistake for mistake in folder.mistakes(rule)}
    assert key in found
    assert words in found[key].en
    assert found[key].line >= 1
