"""The register of interlocks as a folder says it, and what is said of a wrong key."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from drivers import registry
from monitor.interlocks.register import BypassBit, Cause, Effect, InterlockClass, Layer
from monitor.plant.folder import read_plant
from monitor.plant.mistakes import PlantRefusedError

DEMO = Path(__file__).resolve().parents[3] / "monitor" / "plant" / "demo"
FULL = """
[[interlock_classes]]
id = "A"
target_percent = 99.5
approval = ["shift_leader", "manager"]
longest_hours = 24
authorised_counts = false

[[interlocks]]
id = "SIS-900"
name_zh = "三取二"
hazard_source = "HS-2"
equipment = "T-101"
voting = "2oo3"
causes = [
  { tag = "LT-101A", sense = "high", trip_point = 11 },
  { tag = "LT-102A", sense = "low", trip_point = 0.5 },
  { tag = "LSHH-101", state = 0 },
]
effects = [{ tag = "XV-101I.CLOSED", acted_when = 0, within_s = 3 }]
bypass = [{ tag = "BPS-101", bypassed_when = 0, cause = "LT-101A" }, { tag = "BPS-102", bypassed_when = 1 }]
proof_test_interval_days = 365
last_proof_test = 2026-03-01

[[protections]]
id = "T-101.more"
equipment = "T-101"
hazard_source = "HS-2"
required = 2
towards = ["LT-101A.HH"]
layers = [
  { id = "alarm", name_zh = "报警", alarms = ["LT-101A.HH"] },
  { id = "sis", name_zh = "联锁", interlocks = ["SIS-900"], tags = ["XV-101I.CLOSED"], faults = ["LT-101A.bad"] },
]

[[bypass_limits]]
hazard_source = "HS-2"
most = 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DEMO, tmp_path / "plant")
    return tmp_path / "plant"


def append(folder: Path, text: str) -> None:
    path = folder / "interlocks.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_everything_that_can_be_said(folder: Path) -> None:
    append(folder, FULL)
    register = read_plant(folder, registry).plant.register
    found = register.interlocks[-1]
    assert found.inputs == (
        Cause(tag="LT-101A", sense="high", trip_point=11.0),
        Cause(tag="LT-102A", sense="low", trip_point=0.5),
        Cause(tag="LSHH-101", sense="state", trip_point=0.0),
    )
    assert found.causes == ("LT-101A", "LT-102A", "LSHH-101")
    assert found.outputs == (Effect(tag="XV-101I.CLOSED", acted_when=0, within_s=3.0),)
    assert found.bypass_bits == (
        BypassBit(tag="BPS-101", bypassed_when=0, cause="LT-101A"),
        BypassBit(tag="BPS-102", bypassed_when=1),
    )
    assert (found.needed, found.equipment, found.last_proof_test) == (2, "T-101", date(2026, 3, 1))
    assert register.classes["A"] == InterlockClass(
        id="A", target_percent=99.5, approval=("shift_leader", "manager"), longest_s=86_400, counts_authorised=False
    )
    (protection,) = register.protections[-1:]
    assert (protection.id, protection.required, protection.towards) == ("T-101.more", 2, ("LT-101A.HH",))
    assert protection.layers[1] == Layer(
        id="sis",
        name_zh="联锁",
        name_en="联锁",
        interlocks=("SIS-900",),
        tags=("XV-101I.CLOSED",),
        faults=("LT-101A.bad",),
    )
    assert register.simultaneous == {"HS-1": 2, "HS-2": 1}


def test_plain_causes_demand_the_trip_in_their_abnormal_state() -> None:
    register = read_plant(DEMO, registry).plant.register
    by_id = {item.id: item for item in register.interlocks}
    assert by_id["SIS-101"].inputs == (Cause(tag="LSHH-101", sense="state", trip_point=1.0),)
    assert by_id["SIS-211"].outputs[1] == Effect(tag="P-201.RUN", acted_when=0, within_s=10.0)


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ('voting = "2oo3"', 'voting = "2oo4"', "voting", "must be 1oo3 to 3oo3"),
        ('voting = "2oo3"', 'voting = "two"', "voting", "must be 1oo3 to 3oo3"),
        ("trip_point = 11 ", "trip_point = 99 ", "trip_point", "outside the range"),
        ('sense = "high"', 'sense = "up"', "sense", ""),
        ("state = 0", "state = 3", "state", ""),
        ('cause = "LT-101A"', 'cause = "LT-109A"', "cause", "did you mean"),
        ("within_s = 3", "within_s = -1", "within_s", ""),
        ("last_proof_test = 2026-03-01", 'last_proof_test = "soon"', "last_proof_test", "is no date"),
        ('approval = ["shift_leader", "manager"]', 'approval = ["manager", "manager"]', "approval", "each named once"),
        ("required = 2", "required = 3", "required", ""),
        ('interlocks = ["SIS-900"], tags', 'interlocks = ["SIS-901"], tags', "interlocks", "did you mean SIS-900"),
        ('alarms = ["LT-101A.HH"]', 'alarms = ["LT-101A.HHH"]', "layers", "did you mean"),
        ('faults = ["LT-101A.bad"]', 'faults = ["LT-101A.worse"]', "layers", "there is no alarm"),
        ('alarms = ["LT-101A.HH"]', "alarms = []", "id", "names no alarm"),
        ('towards = ["LT-101A.HH"]', 'towards = ["LT-101A.XX"]', "towards", "there is no alarm"),
        ('towards = ["LT-101A.HH"]', 'towards = "LT-101A.HH"', "towards", "must be a list"),
        ("most = 1", "most = -1", "most", ""),
        ('equipment = "T-101"\nvoting', 'equipment = "T-999"\nvoting', "equipment", "no equipment"),
        ("target_percent = 99.5", "target_percent = 150", "target_percent", ""),
    ],
)
def test_a_wrong_key_is_named(folder: Path, old: str, new: str, key: str, words: str) -> None:
    assert FULL.count(old) == 1
    append(folder, FULL.replace(old, new))
    with pytest.raises(PlantRefusedError) as refused:
        read_plant(folder, registry)
    found = [item for item in refused.value.mistakes if item.column.rpartition(".")[2] == key]
    assert found, refused.value.mistakes
    assert all(item.file == "interlocks.toml" and item.line > 0 for item in found)
    assert any(words in item.en for item in found), found


def test_an_analog_cause_needs_its_trip_point(folder: Path) -> None:
    append(folder, FULL.replace('{ tag = "LSHH-101", state = 0 }', '{ tag = "LT-103A" }'))
    with pytest.raises(PlantRefusedError) as refused:
        read_plant(folder, registry)
    assert any(item.column.endswith("trip_point") for item in refused.value.mistakes)
