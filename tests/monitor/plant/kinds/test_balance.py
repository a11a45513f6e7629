"""mass_balance of rules.toml, and the geometry of tanks in plant.toml."""

from pathlib import Path

import pytest

from drivers import registry
from monitor.plant.folder import read_plant
from monitor.plant.mistakes import PlantRefusedError
from rules.geometry import Vessel
from rules.kinds.balance import MassBalance
from tests.monitor.plant.kinds.folders import RuleFolder

SECOND = 1_000_000_000
BALANCE = (
    'kind = "mass_balance"\nname_zh = "平衡"\nhazard_source = "HS-2"\ntanks = ["T-101", "T-102"]\n'
    'inflow = ["FT-101I", "FT-102I"]\noutflow = "FT-101O"\ntolerance_m3 = 2\ntolerance_percent = 0.5'
)
WARM = f'{BALANCE}\nexpansion_per_k = 0.0012\nexpansion_source = "data sheet"'
UPRIGHT = Vessel(shape="vertical_cylinder", diameter_m=12.0, height_m=12.0)


@pytest.fixture
def folder(tmp_path: Path) -> RuleFolder:
    return RuleFolder(tmp_path)


def test_a_balance(folder: RuleFolder) -> None:
    rule, definition = folder.read(f"{BALANCE}\nmaximum_gap_s = 120")
    assert rule == MassBalance(
        id="x",
        levels=(("LT-101A", UPRIGHT), ("LT-102A", UPRIGHT)),
        inflows=("FT-101I", "FT-102I"),
        outflows=("FT-101O",),
        window_ns=3600 * SECOND,
        tolerance_m3=2.0,
        tolerance_share=0.005,
        maximum_gap_ns=120 * SECOND,
    )
    assert (definition.tag, definition.hazard_source, definition.eu, definition.set_point) == (None, "HS-2", "m3", 2)


def test_a_balance_at_one_temperature_takes_the_temperatures_of_its_tanks(folder: RuleFolder) -> None:
    rule, _ = folder.read(WARM)
    assert isinstance(rule, MassBalance)
    assert (rule.temperatures, rule.flow_temperatures) == (("TT-101", "TT-102"), ())
    assert (rule.expansion_per_k, rule.expansion_source) == (0.0012, "data sheet")
    rule, _ = folder.read(f'{WARM}\noutflow_temperature = "TT-103"')
    assert isinstance(rule, MassBalance) and rule.flow_temperatures == ("", "", "TT-103")


def test_a_tank_without_a_temperature_is_refused(folder: RuleFolder) -> None:
    path = folder.path / "plant.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('temperature_tag = "TT-102"\n', "", 1), encoding="utf-8")
    assert folder.one(WARM)[:2] == ("tanks", "T-102 has no temperature_tag")


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        (BALANCE.replace('hazard_source = "HS-2"\n', ""), "hazard_source", "must be given"),
        (BALANCE.replace('tanks = ["T-101", "T-102"]\n', ""), "tanks", "must be given"),
        (BALANCE.replace("T-102", "T-109"), "tanks", "did you mean"),
        (BALANCE.replace("T-102", "P-101"), "tanks", "has no level_tag"),
        (BALANCE.replace("FT-101O", "FT-101I"), "inflow", "stands twice"),
        (BALANCE.replace("FT-101O", "TT-101"), "outflow", "a flow is in"),
        (BALANCE.replace("tolerance_m3 = 2", "tolerance_m3 = 0"), "tolerance_m3", "never exact"),
        (f"{BALANCE}\nmaximum_gap_s = 7200", "maximum_gap_s", "no longer than the window"),
        (f"{BALANCE}\nexpansion_per_k = 0.0012", "expansion_source", "must be given"),
        (f'{BALANCE}\nexpansion_source = "data sheet"', "expansion_source", "only with expansion_per_k"),
        (f'{BALANCE}\ninflow_temperature = "TT-101"', "inflow_temperature", "only with expansion_per_k"),
        (f'{WARM}\ninflow_temperature = "TT-101"', "inflow_temperature", "must be 2 tags"),
        (f'{WARM}\noutflow_temperature = "TT-999"', "outflow_temperature", "no tag 'TT-999'"),
        (f'{WARM}\noutflow_temperature = "PT-101"', "outflow_temperature", "must be in °C"),
        (WARM.replace("0.0012", "0.5"), "expansion_per_k", "no expansion of a liquid"),
        (WARM.replace("0.0012", "0"), "expansion_per_k", "of use only with"),
    ],
)
def test_mistakes(folder: RuleFolder, rule: str, key: str, words: str) -> None:
    found = {mistake.column.removeprefix("rules."): mistake for mistake in folder.mistakes(rule)}
    assert key in found
    assert words in found[key].en


TANK = "diameter_m = 12.0\n"


def geometry(folder: RuleFolder, text: str) -> Vessel | None:
    """Of T-101, with `text` in the place of its diameter."""
    path = folder.path / "plant.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(TANK, text, 1), encoding="utf-8")
    (folder.path / "rules.toml").unlink()
    return next(item.vessel for item in read_plant(folder.path, registry).plant.equipment if item.id == "T-101")


@pytest.mark.parametrize(
    ("text", "vessel"),
    [
        ("", None),
        (
            'shape = "horizontal_cylinder"\ndiameter_m = 3\nlength_m = 9\nhead_depth_m = 0.75\n',
            Vessel(shape="horizontal_cylinder", diameter_m=3, length_m=9, head_depth_m=0.75),
        ),
        ('shape = "sphere"\ndiameter_m = 12.3\n', Vessel(shape="sphere", diameter_m=12.3)),
        (
            "strapping = [[0, 0], [6, 700], [12.0, 1380.5]]\n",
            Vessel(shape="table", table=((0, 0), (6, 700), (12, 1380.5))),
        ),
    ],
)
def test_every_geometry(folder: RuleFolder, text: str, vessel: Vessel | None) -> None:
    assert geometry(folder, text) == vessel


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("diameter_m = 0\n", "diameter_m", "above 0"),
        ("diameter_m = 12\nhead_depth_m = 7\n", "head_depth_m", "half the diameter"),
        ('shape = "cone"\n', "shape", "must be one of"),
        ("strapping = [[0, 0], [1, 0]]\n", "strapping", "must grow"),
        ("strapping = [[0, 0], 4]\n", "strapping", "must be [[level in m"),
        ('shape = "horizontal_cylinder"\ndiameter_m = 3\n', "length_m", "above 0"),
    ],
)
def test_mistakes_of_a_geometry(folder: RuleFolder, text: str, key: str, words: str) -> None:
    with pytest.raises(PlantRefusedError) as refused:
        geometry(folder, text)
    found = {mistake.column.removeprefix("equipment."): mistake.en for mistake in refused.value.mistakes}
    assert key in found
    assert words in found[key]
