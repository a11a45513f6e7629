"""A shadow folder: its own rules over the plant's tags, refused with file and line, read again when it changes."""

import asyncio
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from drivers import registry
from monitor.app import shadow as shadow_module
from monitor.app.shadow import read_shadow, watch_shadow
from monitor.cli.run import run_service
from monitor.plant.folder import fingerprint, read_plant
from monitor.plant.mistakes import PlantRefusedError
from monitor.plant.plant import Plant
from monitor.scan.shadow import Shadow
from rules.catalog import Limit, Rule
from rules.compile import compile_rules
from tests.monitor.scan.support import ManualClock

DEMO = Path(__file__).resolve().parents[2] / "monitor" / "plant" / "demo"


@pytest.fixture(scope="module")
def plant() -> Plant:
    return read_plant(DEMO, registry).plant


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A plant, and an empty shadow beside it."""
    shutil.copytree(DEMO, tmp_path / "plant")
    (tmp_path / "shadow").mkdir()
    yield tmp_path / "plant", tmp_path / "shadow"


def changed_alarms(shadow: Path, old: str, new: str) -> None:
    text = (DEMO / "alarms.csv").read_text(encoding="utf-8")
    assert old in text
    (shadow / "alarms.csv").write_text(text.replace(old, new, 1), encoding="utf-8")


def limit(rules: Iterable[Rule], rule_id: str) -> Limit:
    found = next(rule for rule in rules if rule.id == rule_id)
    assert isinstance(found, Limit)
    return found


def test_its_own_alarms_over_the_tags_and_other_rules_of_the_plant(plant: Plant, folders: tuple[Path, Path]) -> None:
    changed_alarms(folders[1], "LT-201A.H,LT-201A,H,9.8", "LT-201A.H,LT-201A,H,9.5")
    plan = read_shadow(plant, *folders)
    assert limit(plan.rule_set.rules, "LT-201A.H").set_point == 9.5
    assert limit(plant.rules, "LT-201A.H").set_point == 9.8
    assert plan.rule_set.tag_ids == plant.tags.ids
    assert set(plan.rule_set.ids) == set(compile_rules(plant.rules, plant.tags).ids)
    assert plan.fingerprint == fingerprint(*folders) != fingerprint(folders[0])


def test_an_unknown_tag_is_refused_with_file_and_line(plant: Plant, folders: tuple[Path, Path]) -> None:
    changed_alarms(folders[1], "LT-201A.L,LT-201A,L,1.5", "LT-999.L,LT-999,L,1.5")
    with pytest.raises(PlantRefusedError) as refused:
        read_shadow(plant, *folders)
    wrong = [mistake for mistake in refused.value.mistakes if mistake.severity == "error"]
    assert [(mistake.file, mistake.line, mistake.column) for mistake in wrong] == [("alarms.csv", 4, "tag")]


def test_the_command_says_so_and_does_not_start(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    changed_alarms(folders[1], "LT-201A.L,LT-201A,L,1.5", "LT-999.L,LT-999,L,1.5")
    given = {"state_dir": folders[1] / "state"}
    assert run_service(folders[0], given, "en", folders[1]) == 1
    told = capsys.readouterr().err
    assert "alarms.csv:4: " in told
    assert "LT-999" in told
    assert f"shadow rules {folders[1]}: refused, 1 mistakes" in told
    assert not (folders[1] / "state").exists()


def test_a_folder_without_any_rules_is_refused(plant: Plant, folders: tuple[Path, Path]) -> None:
    with pytest.raises(PlantRefusedError, match=r"none of alarms\.csv, interlocks\.toml, rules\.toml"):
        read_shadow(plant, *folders)


def test_tags_that_changed_since_the_start_are_refused(plant: Plant, folders: tuple[Path, Path]) -> None:
    changed_alarms(folders[1], "LT-201A.H,LT-201A,H,9.8", "LT-201A.H,LT-201A,H,9.5")
    path = folders[0] / "tags.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], lines[2], lines[1], *lines[3:]]), encoding="utf-8")
    with pytest.raises(PlantRefusedError, match="restart the service first"):
        read_shadow(plant, *folders)


async def test_it_is_read_again_when_its_files_change(
    plant: Plant, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow_module, "LOOK_EVERY_S", 0.01)
    live = compile_rules(plant.rules, plant.tags)
    await asyncio.to_thread(changed_alarms, folders[1], "LT-201A.H,LT-201A,H,9.8", "LT-201A.H,LT-201A,H,9.5")
    shadow = Shadow(await asyncio.to_thread(read_shadow, plant, *folders), live, ManualClock())
    assert (shadow.state.same, shadow.state.changed) == (len(live) - 1, 1)
    watching = asyncio.ensure_future(watch_shadow(plant, folders[0], shadow))

    async def until(word: str, changed: int) -> None:
        async with asyncio.timeout(20):
            while (shadow.state.word, shadow.state.changed) != (word, changed):
                await asyncio.sleep(0.01)

    await asyncio.to_thread(changed_alarms, folders[1], "LT-201A.L,LT-201A,L,1.5", "LT-999.L,LT-999,L,1.5")
    await until("refused", 1)
    assert "alarms.csv:4" in shadow.state.reason_en
    await asyncio.to_thread(shutil.copy, DEMO / "alarms.csv", folders[1])
    await until("on", 0)
    assert shadow.state.reason_en == ""
    watching.cancel()
