"""Classes, limits of shelving and operator positions as `plant.toml` says them."""

from pathlib import Path

import pytest

from drivers import registry
from monitor.alarms.classes import BUILT_IN, HOUR_NS, ShelvingLimits
from monitor.alarms.positions import ROLE_NAMES
from monitor.api.roles import ROLES
from monitor.plant.folder import read_plant
from monitor.plant.mistakes import PlantRefusedError
from monitor.plant.philosophy import CLASS_KEYS, POSITION_KEYS, SHELVING_KEYS
from monitor.plant.plant import Plant
from tests.deploy.repository import DOCS, keyed, section
from tests.monitor.plant.test_folder import change

PLANT_FOLDER = (DOCS / "plant-folder.md").read_text(encoding="utf-8")


def added(folder: Path, text: str) -> Plant:
    path = folder / "plant.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8")
    return read_plant(folder, registry).plant


def mistakes(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(PlantRefusedError) as refused:
        added(folder, text)
    return [(mistake.column, mistake.en) for mistake in refused.value.mistakes if mistake.severity == "error"]


def without_positions(folder: Path) -> None:
    """The demo plant has positions of its own: tests that add some begin with none."""
    path = folder / "plant.toml"
    kept: list[str] = []
    inside = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            inside = line == "[[operator_positions]]"
        if not inside:
            kept.append(line)
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def test_what_is_not_said_is_built_in(folder: Path) -> None:
    without_positions(folder)
    philosophy = added(folder, "").philosophy
    assert philosophy.classes == BUILT_IN
    assert philosophy.shelving == ShelvingLimits()
    assert philosophy.positions == ()
    assert [name for name, rules in BUILT_IN.items() if not rules.may_be_shelved] == ["life_safety", "interlock"]


def test_a_class_is_changed_and_an_own_one_is_named_by_alarms(folder: Path) -> None:
    change(folder, "alarms.csv", "LT-101A.HH,", "LT-101A.HH,")  # the row exists
    text = (folder / "alarms.csv").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("LT-101A.H,"))
    assert ",process," in line
    own = line.replace(",process,", ",custody,").replace(",false,", ",,")
    (folder / "alarms.csv").write_text(text.replace(line, own), encoding="utf-8")
    plant = added(
        folder,
        '[[alarm_classes]]\nid = "process"\nlongest_shelve_h = 0.5\nre_alarm_after_s = 3600\nraise_priority_after_s = 60\n'
        '[[alarm_classes]]\nid = "life_safety"\nshelvable = true\ncomment_required = true\n'
        '[[alarm_classes]]\nid = "custody"\nhighly_managed = true\nlatch_default = true\n'
        "[shelving]\nmost_at_once = 5\nmost_risk = 12.5\nweights = [8, 4, 2, 1]\n",
    )
    classes = plant.philosophy.classes
    assert (classes["process"].longest_shelve_ns, classes["process"].shelvable) == (HOUR_NS // 2, True)
    assert classes["process"].re_alarm_after_ns == 3600 * 10**9
    assert classes["process"].raise_priority_after_ns == 60 * 10**9
    assert (classes["life_safety"].may_be_shelved, classes["life_safety"].needs_comment) == (True, True)
    assert (classes["custody"].may_be_shelved, classes["custody"].needs_comment) == (False, True)
    assert classes["equipment"] == BUILT_IN["equipment"]
    assert plant.philosophy.shelving == ShelvingLimits(most_at_once=5, most_risk=12.5, weights=(8.0, 4.0, 2.0, 1.0))
    definition = next(item for item in plant.definitions if item.id == "LT-101A.H")
    assert (definition.alarm_class, definition.latch) == ("custody", True)


def test_positions_own_areas_and_have_seats(folder: Path) -> None:
    without_positions(folder)
    plant = added(
        folder,
        '[[operator_positions]]\nid = "west"\nname_zh = "西区"\nhazard_sources = ["HS-1"]\nroles = ["operator"]\n'
        '[[operator_positions]]\nid = "east"\nname_zh = "东区"\nname_en = "East"\nprocess_units = ["U-100"]\n'
        'accounts = ["east-1", "east-2"]\n',
    )
    west, east = plant.philosophy.positions
    assert (west.name_zh, west.name_en, west.hazard_sources, west.roles) == ("西区", "西区", ("HS-1",), ("operator",))
    assert (east.name_en, east.process_units, east.accounts) == ("East", ("U-100",), ("east-1", "east-2"))


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ('[[alarm_classes]]\nid = "process"\n[[alarm_classes]]\nid = "process"\n', "alarm_classes.id", "twice"),
        ('[[alarm_classes]]\nid = "x"\nlongest_shelve_h = 500\n', "alarm_classes.longest_shelve_h", "168"),
        ('[[alarm_classes]]\nid = "x"\nre_alarm_after_s = 0\n', "alarm_classes.re_alarm_after_s", "from 1"),
        ('[[alarm_classes]]\nid = "x"\nshelvable = true\nhighly_managed = true\n', "alarm_classes.shelvable", "never"),
        ('[[alarm_classes]]\nid = "x"\nshelveable = true\n', "alarm_classes.shelveable", "shelvable"),
        (
            '[[alarm_classes]]\nid = "interlock"\nauthorised_by_name = true\n',
            "alarm_classes.authorised_by_name",
            "must log in",
        ),
        (
            '[[alarm_classes]]\nid = "x"\nhighly_managed = true\nauthorised_by_name = true\n',
            "alarm_classes.authorised_by_name",
            "must log in",
        ),
        ("[shelving]\nweights = [1, 2, 3]\n", "shelving.weights", "four"),
        ('[shelving]\nweights = [1, 2, 3, "4"]\n', "shelving.weights", "four"),
        ("[shelving]\nweights = [1, 2, 3, -4]\n", "shelving.weights", "four"),
        ("[shelving]\nmost_at_once = -1\n", "shelving.most_at_once", "from 0"),
        (
            '[[operator_positions]]\nid = "p"\nname_zh = "岗"\nroles = ["operator"]\n',
            "operator_positions.hazard_sources",
            "owns",
        ),
        (
            '[[operator_positions]]\nid = "p"\nname_zh = "岗"\nhazard_sources = ["HS-9"]\n',
            "operator_positions.hazard_sources",
            "HS-9",
        ),
        (
            '[[operator_positions]]\nid = "p"\nname_zh = "岗"\nprocess_units = ["U-100"]\nroles = ["operater"]\n',
            "operator_positions.roles",
            "did you mean operator",
        ),
        (
            '[[operator_positions]]\nid = "p"\nname_zh = "岗"\nprocess_units = ["U-100"]\n'
            '[[operator_positions]]\nid = "p"\nname_zh = "岗"\nprocess_units = ["U-110"]\n',
            "operator_positions.id",
            "twice",
        ),
        (
            '[[operator_positions]]\nid = "p"\nname_zh = "岗"\nprocess_units = ["U-100"]\n'
            '[[operator_positions]]\nid = "q"\nname_zh = "岗"\nprocess_units = ["U-100"]\n',
            "operator_positions.process_units",
            "owned by position p",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(folder: Path, text: str, column: str, words: str) -> None:
    without_positions(folder)
    found = mistakes(folder, text)
    assert [(where, words in said) for where, said in found] == [(column, True)], found


def test_a_position_without_anybody_is_a_warning(folder: Path) -> None:
    without_positions(folder)
    path = folder / "plant.toml"
    added_text = '\n[[operator_positions]]\nid = "p"\nname_zh = "岗"\nprocess_units = ["U-100"]\n'
    path.write_text(path.read_text(encoding="utf-8") + added_text, encoding="utf-8")
    warnings = read_plant(folder, registry).warnings
    assert any(warning.column == "operator_positions.accounts" for warning in warnings)


def test_every_key_is_documented() -> None:
    for heading, keys in (
        ("### [[alarm_classes]]", CLASS_KEYS),
        ("### [shelving]", SHELVING_KEYS),
        ("### [[operator_positions]]", POSITION_KEYS),
    ):
        documented = keyed(section(PLANT_FOLDER, heading))
        assert set(keys) <= set(documented), heading
        assert set(documented) - set(keys) == set(), heading


def test_the_roles_that_can_sit_are_the_roles_there_are() -> None:
    assert set(ROLE_NAMES) == set(ROLES)
