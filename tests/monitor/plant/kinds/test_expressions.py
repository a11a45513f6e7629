"""`kind = "expression"` and `[[modes]]` of rules.toml: read, and every mistake with its line and its character."""

import importlib.resources
from pathlib import Path

import pytest

from drivers import registry
from monitor.plant.folder import FILES, read_plant
from monitor.plant.mistakes import Mistake, PlantRefusedError
from rules.kinds.expressions import Expression

DEMO = importlib.resources.files("monitor.plant") / "demo"
GOOD = """
[[modes]]
id = "T-101.filling"
when = "tag('FT-101I') > 5"

[[modes]]
id = "T-101.busy"
when = "mode('T-101.filling') or tag('P-101.RUN') == 1"

[[rules]]
id = "T-101.open-while-full"
kind = "expression"
when = \"\"\"
  mode('T-101.busy')
  and tag('XV-101I.OPEN') == 1
  and tag('LT-101A') > 9 for 30 s\"\"\"
on_delay_s = 2
priority = 2
class = "process"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_bytes((DEMO / name).read_bytes())
    (tmp_path / "rules.toml").write_text("schema = 1\n" + GOOD, encoding="utf-8")
    return tmp_path


def mistakes(folder: Path, old: str, new: str) -> tuple[Mistake, ...]:
    """What is wrong of rules.toml after `old` became `new`."""
    text = (folder / "rules.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "rules.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PlantRefusedError) as refused:
        read_plant(folder, registry)
    return tuple(mistake for mistake in refused.value.mistakes if mistake.file == "rules.toml")


def test_an_expression_takes_its_modes_with_it(folder: Path) -> None:
    plant = read_plant(folder, registry).plant
    (rule,) = (rule for rule in plant.rules if isinstance(rule, Expression))
    assert rule.when.startswith("mode('T-101.busy')\n")
    assert dict(rule.modes) == {
        "T-101.busy": "mode('T-101.filling') or tag('P-101.RUN') == 1",
        "T-101.filling": "tag('FT-101I') > 5",
    }
    assert rule.delays.on_delay_ns == 2_000_000_000
    definition = next(item for item in plant.definitions if item.id == rule.id)
    assert (definition.kind, definition.tag, definition.hazard_source) == ("expression", "FT-101I", "HS-2")


def test_the_tag_of_the_alarm_can_be_named(folder: Path) -> None:
    text = (folder / "rules.toml").read_text(encoding="utf-8")
    (folder / "rules.toml").write_text(text.replace("on_delay_s = 2", "tag = 'LT-101A'"), encoding="utf-8")
    plant = read_plant(folder, registry).plant
    assert next(item for item in plant.definitions if item.kind == "expression").tag == "LT-101A"


CASES = [
    # old, new, line, column of the file, words
    ("tag('LT-101A') > 9", "tag('LT-101X') > 9", 14, "rules.when", "column 62: there is no tag 'LT-101X'; did you mean LT-101"),
    ("tag('LT-101A') > 9", "tag('LT-101A') > tag('PT-101')", 14, "rules.when", "units differ: m and kPa"),
    ("mode('T-101.busy')\n", "mode('T-101.bussy')\n", 14, "rules.when", "did you mean T-101.busy?"),
    ("tag('FT-101I') > 5", "tag('FT-101I') >", 5, "modes.when", "column 16: something is missing after >"),
    ("mode('T-101.filling') or", "mode('T-101.busy') or", 9, "modes.when", "the modes T-101.busy -> T-101.busy name themselves"),
    ("priority = 2", "priority = 2\ntags = 3", 20, "rules.tags", "unknown key"),
    ("on_delay_s = 2", "tag = 'LT-999'", 18, "rules.tag", "there is no tag 'LT-999'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "column", "words"), CASES)
def test_a_mistake_has_its_line_and_character(
    folder: Path, old: str, new: str, line: int, column: str, words: str
) -> None:
    found = mistakes(folder, old, new)
    assert [item for item in found if (item.line, item.column) == (line, column) and words in item.en], found
    assert all(item.zh for item in found)


def test_a_wrong_mode_that_nothing_uses_is_told(folder: Path) -> None:
    (found,) = mistakes(folder, "[[rules]]", "[[modes]]\nid = 'unused'\nwhen = \"tag('XV-101I.OPEN')\"\n[[rules]]")
    assert (found.line, found.column) == (13, "modes.when")
    assert "say which state" in found.en
    assert "请写明状态" in found.zh


def test_the_mistake_shows_the_text_with_a_caret(folder: Path) -> None:
    (found,) = mistakes(folder, "tag('LT-101A') > 9 for 30 s", "tag('LT-101X') > 9")
    words, shown, caret = found.text("zh").splitlines()
    assert words == "rules.toml:14: rules.when: 第 62 个字符：没有位号 'LT-101X'，是否为 LT-101B？"
    assert shown[caret.index("^") :].startswith("LT-101X")
