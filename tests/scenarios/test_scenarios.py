from pathlib import Path

import pytest

from tests.scenarios.harness import Play, load

FILES = sorted(Path(__file__).parent.glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    scenario = load(path)
    play = Play(scenario).run()
    assert play.lines == scenario["expect"]
    assert play.spans() == sorted(scenario.get("unknown", []))
    assert len(play.keys) == len(set(play.keys)), "a key (id, occurrence, transition) was given twice"


def test_the_scenarios_are_found() -> None:
    assert len(FILES) >= 15
