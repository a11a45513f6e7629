"""Gas alarms of rules.toml: ceilings refused with their number and clause; the versioned figures."""

import math
from pathlib import Path

import pytest

from drivers import registry
from monitor.plant.folder import read_plant
from monitor.plant.gas_limits import gas_limits
from rules.kinds.gas import GasLimit
from rules.kinds.gas_faults import GasFault
from tests.monitor.plant.kinds.folders import RuleFolder

TOXIC = 'kind = "gas_toxic"\ntag = "AT-101"\nchemical = "CH3OH"\nstage = 1\nset_point = 18'
LEL = 'kind = "gas_combustible"\ntag = "GT-101"\nstage = 1\nset_point = 20'
FAULT = 'kind = "gas_fault"\ntag = "GT-101"\nfault_tag = "GT-101.FAULT"'


class OtherUnit(RuleFolder):
    """The demo plant with one detector that measures something else."""

    def __init__(self, tmp_path: Path, tag: str, old: str, new: str) -> None:
        super().__init__(tmp_path)
        for name in ("tags.csv", "alarms.csv"):
            text = (self.path / name).read_text(encoding="utf-8").splitlines()
            if name == "tags.csv":
                text = [line.replace(old, new) if line.startswith(f"{tag},") else line for line in text]
            else:
                text = [line for line in text if f",{tag}," not in line]
            (self.path / name).write_text("\n".join(text) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> RuleFolder:
    return RuleFolder(tmp_path)


def test_a_toxic_stage_under_its_ceiling_is_latched_unless_told(folder: RuleFolder) -> None:
    rule, definition = folder.read(TOXIC)
    assert isinstance(rule, GasLimit)
    assert (rule.gas, rule.stage, rule.high, rule.priority, rule.location) == ("toxic", 1, 18.0, 3, "AT-101")
    assert rule.highest == pytest.approx(18.77, abs=0.01) and rule.below_zero == -50
    assert (definition.kind, definition.eu, definition.latch) == ("gas_toxic", "ppm", True)
    _, definition = folder.read(f"{TOXIC}\nlatch = false")
    assert definition.latch is False


def test_a_chemical_is_known_by_formula_number_and_name(folder: RuleFolder) -> None:
    for name in ("67-56-1", "methanol", "甲醇", "ch3oh"):
        rule, _ = folder.read(TOXIC.replace("CH3OH", name))
        assert isinstance(rule, GasLimit) and rule.highest == pytest.approx(18.77, abs=0.01)


def test_every_ceiling_is_refused_with_its_number_and_clause(folder: RuleFolder) -> None:
    key, words, line = folder.one(TOXIC.replace("= 18", "= 100"))
    assert (key, line) == ("set_point", 9)
    assert words == (
        "100 ppm is above the ceiling 18.77 ppm of stage 1 (GB/T 50493-2019 5.5.2: 100 % OEL pc_twa, 25 mg/m3)"
    )
    assert "37.54 ppm of stage 2" in folder.one(TOXIC.replace("stage = 1", "stage = 2").replace("= 18", "= 40"))[1]
    assert "25 %LEL of stage 1 (GB/T 50493-2019 5.5.2)" in folder.one(LEL.replace("= 20", "= 30"))[1]
    assert "50 %LEL of stage 2" in folder.one(LEL.replace("stage = 1", "stage = 2").replace("= 20", "= 60"))[1]


def test_other_limits_of_a_chemical(tmp_path: Path) -> None:
    folder = OtherUnit(tmp_path, "AT-101", "ppm", "ppm")  # without its plain rows: they are bound by the same limits
    rule, _ = folder.read(f'{TOXIC}\noel_basis = "pc_stel"'.replace("= 18", "= 37"))
    assert isinstance(rule, GasLimit) and rule.highest == pytest.approx(37.54, abs=0.01)
    rule, _ = folder.read(f"{TOXIC}\nrange_insufficient = true".replace("= 18", "= 900"))
    assert isinstance(rule, GasLimit) and rule.highest == pytest.approx(0.05 * 33000 * 24.055 / 32.042, rel=1e-3)
    key, words, _ = folder.one(TOXIC.replace("CH3OH", "benzene").replace("= 18", "= 1"))
    assert key == "oel_mg_m3" and "give oel_mg_m3 of the current GBZ 2.1 and oel_source" in words
    own = (
        TOXIC.replace("CH3OH", "benzene").replace("= 18", "= 0.9") + '\noel_mg_m3 = 3\noel_source = "GBZ 2.1-2019 表 1"'
    )
    rule, _ = folder.read(own)
    assert isinstance(rule, GasLimit) and rule.highest == pytest.approx(0.924, abs=0.001)
    assert "GBZ 2.1-2019 表 1" in rule.clause
    assert folder.one(own.replace("oel_source", "#"))[0] == "oel_source"
    assert folder.one(TOXIC.replace("CH3OH", "PH3"))[0] == "molar_mass"


def test_what_a_detector_detects_need_not_be_said_twice(folder: RuleFolder) -> None:
    """AT-101 is equipment that detects methanol; a rule that names a gas goes before it."""
    plain = TOXIC.replace('chemical = "CH3OH"\n', "")
    rule, _ = folder.read(plain)
    assert isinstance(rule, GasLimit) and rule.highest == pytest.approx(18.77, abs=0.01)
    assert "18.77 ppm of stage 1" in folder.one(plain.replace("= 18", "= 100"))[1]
    assert "7.058 ppm of stage 1" in folder.one(TOXIC.replace("CH3OH", "H2S"))[1]
    path = folder.path / "plant.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('chemical = "CH3OH"', "#"), encoding="utf-8")
    assert folder.one(plain)[0] == "chemical"


def test_oxygen_on_both_sides(tmp_path: Path) -> None:
    folder = OtherUnit(tmp_path, "GT-101", ",0,100,%LEL,", ",0,30,%VOL,")
    oxygen = 'kind = "gas_oxygen"\ntag = "GT-101"'
    rule, definition = folder.read(f"{oxygen}\ndead_band = 0.2")
    assert isinstance(rule, GasLimit) and (rule.low, rule.high, rule.stage) == (19.5, 23.5, 1)
    assert (definition.set_point, definition.eu, definition.latch) == (None, "%VOL", True)
    assert "18 %VOL is below the floor 19.5" in folder.one(f"{oxygen}\nlow = 18")[1]
    assert "25 %VOL is above the ceiling 23.5" in folder.one(f"{oxygen}\nhigh = 25")[1]
    rule, _ = folder.read(f"{oxygen}\nstage = 2\nlow = 18\nhigh = 25")
    assert isinstance(rule, GasLimit) and (rule.lowest, rule.highest) == (-math.inf, math.inf)


def test_open_path(tmp_path: Path) -> None:
    folder = OtherUnit(tmp_path, "GT-101", ",0,100,%LEL,", ",0,5,LEL.m,")
    path = 'kind = "gas_open_path"\ntag = "GT-101"\nstage = 2\nset_point = 2'
    rule, _ = folder.read(path)
    assert isinstance(rule, GasLimit) and (rule.high, rule.highest) == (2.0, 2.0)
    assert "2 LEL.m of stage 2" in folder.one(path.replace("set_point = 2", "set_point = 2.5"))[1]


def test_a_fault_is_of_its_own_kind(folder: RuleFolder) -> None:
    rule, definition = folder.read(
        f'{FAULT}\ncode_tag = "VT-201"\nhealthy_codes = [0, 3]\nover_range = 105\nbelow_zero = -4'
    )
    assert rule == GasFault(
        id="x", tag="GT-101", below_zero=-4.0, over_range=105.0, fault_tag="GT-101.FAULT", code_tag="VT-201",
        healthy_codes=(0.0, 3.0),
    )  # fmt: skip
    assert (definition.kind, definition.latch) == ("gas_fault", False)


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        (TOXIC.replace("AT-101", "GT-101"), "tag", "must be ppm / mg/m3"),
        (TOXIC.replace("AT-101", "GT-101.FAULT"), "tag", "must be analog"),
        (LEL.replace("stage = 1\n", ""), "stage", "stage 1 or 2"),
        (LEL.replace("stage = 1", "stage = 3"), "stage", "from 1 to 2"),
        (LEL.replace("set_point = 20", ""), "set_point", "must be given"),
        (f"{LEL}\ndead_band = 20", "dead_band", "less than 20"),
        (f"{LEL}\nbelow_zero = 1", "below_zero", "below 0"),
        (FAULT.replace("GT-101.FAULT", "GT-102"), "fault_tag", "must be discrete"),
        (f"{FAULT}\nhealthy_codes = 0", "healthy_codes", "list of numbers"),
        (f"{FAULT}\nfault_state = 2", "fault_state", "from 0 to 1"),
    ],
)
def test_mistakes(folder: RuleFolder, rule: str, key: str, words: str) -> None:
    found = folder.mistakes(rule)
    assert any(item.column == f"rules.{key}" and words in item.en for item in found), found


def test_toxic_comes_before_combustible_at_one_location(folder: RuleFolder) -> None:
    burns = LEL + '\nlocation = "pump area"\n\n[[rules]]\nid = "y"\npriority = 3\nclass = "life_safety"\n'
    toxic = TOXIC + '\nlocation = "pump area"'
    found = folder.mistakes(burns + toxic)
    assert [item.en for item in found] == ["must stand before x of the same priority: toxic comes before combustible"]
    found = folder.mistakes(burns.replace("priority = 3", "priority = 4") + toxic)
    assert any("priority 4 is after 3 of x" in item.en for item in found)
    folder.write(burns.replace("priority = 3", "priority = 2") + toxic)
    rules = {rule.id: rule for rule in read_plant(folder.path, registry).plant.rules}
    assert isinstance(rules["y"], GasLimit) and (rules["y"].gas, rules["y"].location) == ("toxic", "pump area")


def test_the_figures_are_versioned_and_agree_with_the_printed_table() -> None:
    limits = gas_limits()
    assert limits.version and limits.temperature_c == 20.0
    printed = {"H2S": 7.05, "CO": 17.2, "NO2": 2.61, "Cl2": 0.34, "NH3": 28.2, "SO2": 1.88, "HCN": 0.89, "COCl2": 0.12}
    for name, ppm in printed.items():
        chemical = limits.chemical(name)
        assert chemical is not None and chemical.certainty == "secondary"
        oel = limits.oel_mg_per_m3(chemical)
        assert oel is not None
        assert limits.in_unit(oel[0], "ppm", chemical.molar_mass_g_per_mol) == pytest.approx(ppm, rel=0.015)
    benzene = limits.chemical("71-43-2")
    assert benzene is not None and limits.oel_mg_per_m3(benzene) is None, "its figure is not confirmed: configuration"
    assert len({chemical.cas for chemical in limits.chemicals}) == len(limits.chemicals)


def test_a_file_of_another_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gas_limits.toml"
    path.write_text("schema = 2\n", encoding="utf-8")
    with pytest.raises(ValueError, match="schema 2 is not 1"):
        gas_limits(path)
