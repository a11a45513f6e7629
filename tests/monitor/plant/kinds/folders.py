"""The demo plant with a `rules.toml` of a test: what is read from it, and every mistake in it."""

import re
import shutil
from pathlib import Path

import pytest

from drivers import registry
from monitor.alarms.definition import AlarmDefinition
from monitor.plant.folder import read_plant
from monitor.plant.mistakes import Mistake, PlantRefusedError
from rules.catalog import Rule

DEMO = Path(__file__).resolve().parents[4] / "monitor" / "plant" / "demo"
HEAD = '[[rules]]\nid = "x"\npriority = 3\nclass = "process"\n'


def is_chinese(text: str) -> bool:
    """Whether there is anything Chinese in it, beside what is quoted from the folder."""
    return any("\u4e00" <= sign <= "\u9fff" for sign in re.sub(r"'[^']*'|\([^()]*\)", "", text))


class RuleFolder:
    """A copy of the demo plant whose rules.toml holds what a test writes."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "plant"
        shutil.copytree(DEMO, self.path)

    def write(self, rule: str, before: str = "") -> None:
        """One `[[rules]]` table with the id x, after other tables."""
        (self.path / "rules.toml").write_text(f"{before}{HEAD}{rule}\n", encoding="utf-8")

    def read(self, rule: str, before: str = "") -> tuple[Rule, AlarmDefinition]:
        """The rule x and its alarm."""
        self.write(rule, before)
        plant = read_plant(self.path, registry).plant
        (definition,) = (item for item in plant.definitions if item.id == "x")
        (found,) = (item for item in plant.rules if item.id == "x")
        return found, definition

    def mistakes(self, rule: str, before: str = "") -> list[Mistake]:
        """Everything that is wrong with it."""
        self.write(rule, before)
        with pytest.raises(PlantRefusedError) as refused:
            read_plant(self.path, registry)
        found = [mistake for mistake in refused.value.mistakes if mistake.severity == "error"]
        assert all(mistake.file == "rules.toml" for mistake in found)
        assert all(is_chinese(mistake.zh) and not is_chinese(mistake.en) for mistake in found), found
        return found

    def one(self, rule: str, before: str = "") -> tuple[str, str, int]:
        """(key, English words, line) of the only mistake."""
        (mistake,) = self.mistakes(rule, before)
        return mistake.column.removeprefix("rules."), mistake.en, mistake.line
