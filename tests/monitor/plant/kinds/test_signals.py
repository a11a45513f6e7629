"""uncertain, never_seen, out_of_band, forced: in rules.toml and in alarms.csv; the column `signal` of tags.csv."""

from pathlib import Path

import pytest

from drivers import registry
from monitor.plant.folder import read_plant
from monitor.plant.mistakes import PlantRefusedError
from rules.catalog import Delays, Rule
from rules.kinds.signals import Forced, NeverSeen, OutOfBand, Uncertain
from tests.monitor.plant.kinds.folders import RuleFolder

SECOND = 1_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> RuleFolder:
    return RuleFolder(tmp_path)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("uncertain", Uncertain(id="x", tag="LT-101B")),
        ("out_of_band", OutOfBand(id="x", tag="LT-101B")),
        ("forced", Forced(id="x", tag="LT-101B")),
        ("never_seen", NeverSeen(id="x", tag="LT-101B", after_ns=15 * SECOND)),
    ],
)
def test_both_files_say_the_same(folder: RuleFolder, kind: str, wanted: Rule) -> None:
    rule, definition = folder.read(f'kind = "{kind}"\ntag = "LT-101B"')
    assert rule == wanted
    assert (definition.kind, definition.tag) == (kind, "LT-101B")
    sheet = folder.path / "alarms.csv"
    text = sheet.read_text(encoding="utf-8")
    sheet.write_text(f"{text}x,LT-101B,{kind},,,,,3,equipment,,,,,,,,\n", encoding="utf-8")
    (folder.path / "rules.toml").write_text("", encoding="utf-8")
    assert next(item for item in read_plant(folder.path, registry).plant.rules if item.id == "x") == wanted


def test_the_time_of_never_seen(folder: RuleFolder) -> None:
    rule, _ = folder.read('kind = "never_seen"\ntag = "XV-101I.OPEN"\nafter_s = 60\noff_delay_s = 1')
    assert rule == NeverSeen(id="x", tag="XV-101I.OPEN", after_ns=60 * SECOND, delays=Delays(off_delay_ns=SECOND))
    sheet = folder.path / "alarms.csv"
    text = sheet.read_text(encoding="utf-8")
    sheet.write_text(f"{text},LT-101B,never_seen,90,,,,3,equipment,,,,,,,,\n", encoding="utf-8")
    rules = {item.id: item for item in read_plant(folder.path, registry).plant.rules}
    assert rules["LT-101B.never_seen"] == NeverSeen(id="LT-101B.never_seen", tag="LT-101B", after_ns=90 * SECOND)


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        ('kind = "forced"\ntag = "LT-101"', "tag", "did you mean"),
        ('kind = "out_of_band"\ntag = "LSHH-101"', "kind", "only an analog tag has a band"),
        ('kind = "never_seen"\ntag = "LT-101A"\nafter_s = -1', "after_s", "from 0 to 3600"),
        ('kind = "forced"\ntag = "LT-101A"\nafter_s = 1', "after_s", "unknown key"),
    ],
)
def test_mistakes(folder: RuleFolder, rule: str, key: str, words: str) -> None:
    found, told, _ = folder.one(rule)
    assert found == key
    assert words in told


def test_a_discrete_tag_has_no_band_in_the_sheet_either(folder: RuleFolder) -> None:
    sheet = folder.path / "alarms.csv"
    text = sheet.read_text(encoding="utf-8")
    sheet.write_text(f"{text},LSHH-101,out_of_band,,,,,3,equipment,,,,,,,,\n", encoding="utf-8")
    with pytest.raises(PlantRefusedError) as refused:
        read_plant(folder.path, registry)
    mistake = next(item for item in refused.value.mistakes if item.severity == "error")
    assert (mistake.file, mistake.line, mistake.column) == ("alarms.csv", text.count("\n") + 1, "kind")


def test_the_column_signal(folder: RuleFolder) -> None:
    sheet = folder.path / "tags.csv"
    lines = sheet.read_text(encoding="utf-8").splitlines()
    assert "signal" not in lines[0]
    signals = ["signal" if n == 0 else "4-20mA" if line.startswith("LT-101B,") else "" for n, line in enumerate(lines)]
    made = [f"{line},{signal}" for line, signal in zip(lines, signals, strict=True)]
    sheet.write_text("\n".join(made), encoding="utf-8")
    plant = read_plant(folder.path, registry).plant
    found = {each.tag: each.signal for device in plant.devices for each in device.addresses if each.signal}
    assert found == {"LT-101B": "4-20mA"}
    sheet.write_text("\n".join(made).replace("4-20mA", "0-20mA"), encoding="utf-8")
    with pytest.raises(PlantRefusedError) as refused:
        read_plant(folder.path, registry)
    assert any(item.column == "signal" and "one of 4-20mA" in item.en for item in refused.value.mistakes)
