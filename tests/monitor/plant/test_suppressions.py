"""Suppression by design as the plant folder says it: `[[suppressions]]`, `eclipsed_by`, dead devices; and every mistake."""

from pathlib import Path

import pytest

from drivers import registry
from monitor.alarms.design_suppression import DesignSuppression
from monitor.plant.folder import Checked, read_plant
from monitor.plant.mistakes import PlantRefusedError
from monitor.plant.suppressions import KEYS
from tests.deploy.repository import DOCS, keyed, section

SECOND = 1_000_000_000
EMPTY = """
[[suppressions]]
id = "V-201.pumping-off"
when = "tag('P-201.RUN') == 0"
alarms = ["LT-201A.L", "LT-201*.L"]
reason_zh = "泵已停"
off_delay_s = 5
maximum_s = 3600
"""


def checked(folder: Path, text: str = "") -> Checked:
    (folder / "rules.toml").write_text("schema = 1\n" + text, encoding="utf-8")
    return read_plant(folder, registry)


def suppressions(folder: Path, text: str = "") -> dict[str, DesignSuppression]:
    return {item.id: item for item in checked(folder, text).plant.suppressions}


def mistakes(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(PlantRefusedError) as refused:
        checked(folder, text)
    return [(mistake.column, mistake.en) for mistake in refused.value.mistakes if mistake.severity == "error"]


def table(**changes: str | None) -> str:
    """One table, with keys changed or left out."""
    plain = {"id": '"x"', "when": "\"tag('P-201.RUN') == 0\"", "alarms": '["LT-201A.L"]', "reason_zh": '"停"'}
    keys = {name: value for name, value in {**plain, **changes}.items() if value is not None}
    return "[[suppressions]]\n" + "".join(f"{name} = {value}\n" for name, value in keys.items())


def test_a_condition_with_patterns(folder: Path) -> None:
    plant = checked(folder, EMPTY).plant
    (found,) = (item for item in plant.suppressions if item.kind == "condition")
    assert found.id == "V-201.pumping-off"
    assert found.alarms == ("LT-201A.L", "LT-201B.L"), "each once, in the order of the list"
    assert (found.reason_zh, found.reason_en) == ("泵已停", "泵已停")
    assert (found.off_delay_ns, found.maximum_ns) == (5 * SECOND, 3600 * SECOND)
    assert (found.when, found.remembers) == ("tag('P-201.RUN') == 0", False)
    (condition,) = plant.suppression_conditions
    assert condition.inputs == ("P-201.RUN",)


def test_modes_are_named_and_a_condition_that_counts_is_known_to(folder: Path) -> None:
    mode = "[[modes]]\nid = 'P-201.off'\nwhen = \"tag('P-201.RUN') == 0 for 10 s\"\nname_zh = '停'\n"
    found = suppressions(folder, mode + table(when="\"mode('P-201.off')\""))["x"]
    assert found.remembers
    assert found.condition == "mode('P-201.off')"


def test_a_parent_is_left_out_of_its_own_pattern(folder: Path) -> None:
    found = suppressions(folder, table(when=None, parent='"LT-201A.bad"', alarms='["LT-201A.*"]'))["x"]
    assert found.kind == "parent"
    assert set(found.alarms) == {"LT-201A.HH", "LT-201A.H", "LT-201A.L", "LT-201A.LL"}
    assert found.condition == "alarm('LT-201A.bad')"


def test_every_device_keeps_the_signal_alarms_of_its_gauges_silent(folder: Path) -> None:
    plant = checked(folder).plant
    devices = {item.parent: item for item in plant.suppressions if item.kind == "device"}
    assert set(devices) == {"PLC-1.link", "PLC-2.link", "SIS-1.link"} & set(devices) != set()
    kinds = {item.id: (item.kind, item.device) for item in plant.definitions}
    for parent, item in devices.items():
        assert parent is not None
        assert all(kinds[name][1] == parent.removesuffix(".link") for name in item.alarms)
        assert {kinds[name][0] for name in item.alarms} <= {
            "bad",
            "uncertain",
            "no_update",
            "never_seen",
            "out_of_band",
        }
    assert {item.parent: item.off_delay_ns for item in devices.values()}["PLC-2.link"] == (5 + 2 + 1) * SECOND
    bad = {item.id for item in plant.definitions if item.kind == "bad" and item.alarm_class != "life_safety"}
    assert bad <= {name for item in devices.values() for name in item.alarms}


# --- eclipsing --------------------------------------------------------------------------------


def with_column(folder: Path, cells: dict[str, str]) -> None:
    """Give alarms.csv the column `eclipsed_by`, filled for some ids."""
    path = folder / "alarms.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [lines[0] + ",eclipsed_by"]
    kept += [f"{line},{cells.get(line.partition(',')[0], '')}" for line in lines[1:]]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def eclipses(folder: Path) -> dict[str | None, tuple[str, ...]]:
    return {item.parent: item.alarms for item in checked(folder).plant.suppressions if item.kind == "eclipse"}


def switch_on(folder: Path) -> None:
    path = folder / "plant.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n[alarms]\neclipse = true\n", encoding="utf-8")


def test_nothing_is_eclipsed_unless_asked_for(folder: Path) -> None:
    assert eclipses(folder) == {}


def test_the_column_names_the_next_level_of_the_tag(folder: Path) -> None:
    with_column(folder, {"LT-201A.H": "HH", "LT-201A.L": "LL"})
    assert eclipses(folder) == {"LT-201A.HH": ("LT-201A.H",), "LT-201A.LL": ("LT-201A.L",)}


def test_one_key_does_it_for_all_pairs_that_may_be_silent(folder: Path) -> None:
    switch_on(folder)
    with_column(folder, {"LT-201A.H": "none"})
    found = eclipses(folder)
    assert "LT-201A.HH" not in found
    assert found["LT-201A.LL"] == ("LT-201A.L",)
    assert found["LT-201B.HH"] == ("LT-201B.H",)
    assert not any(str(parent).startswith(("GT-", "AT-")) for parent in found), "gas alarms are of class life_safety"


@pytest.mark.parametrize(
    ("alarm", "cell", "words"),
    [
        ("LT-201A.H", "LL", "H takes HH"),
        ("LT-201A.HH", "HH", "H takes HH"),
        ("LT-201B.L", "LL", "has no LL alarm"),
        ("GT-101.H", "HH", "may not be suppressed by design"),
    ],
)
def test_what_cannot_be_eclipsed(folder: Path, alarm: str, cell: str, words: str) -> None:
    with_column(folder, {alarm: cell})
    ((column, text),) = mistakes(folder, "")
    assert column == "eclipsed_by"
    assert words in text


# --- mistakes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"when": None}, "suppressions.id", "either when or parent"),
        ({"parent": '"LT-201A.bad"'}, "suppressions.when", "either when or parent"),
        ({"when": None, "parent": '"LT-201A.bda"'}, "suppressions.parent", "did you mean LT-201A.bad"),
        ({"when": "\"tag('P-201.RUNN') == 0\""}, "suppressions.when", "P-201.RUNN"),
        ({"alarms": "[]"}, "suppressions.alarms", "at least one"),
        ({"alarms": '["LT-999.*"]'}, "suppressions.alarms", "no alarm matches"),
        ({"alarms": '["LT-201A.LX"]'}, "suppressions.alarms", "there is no alarm"),
        ({"alarms": '["LSHH-201.state"]'}, "suppressions.alarms", "life_safety"),
        ({"alarms": '["*"]'}, "suppressions.alarms", "may not be suppressed"),
        ({"alarms": '["system.disk"]'}, "suppressions.alarms", "this service itself"),
        ({"reason_zh": None}, "suppressions.reason_zh", "must be given"),
        ({"off_delay_s": "601"}, "suppressions.off_delay_s", "from 0 to 600"),
        ({"maximum_s": "0"}, "suppressions.maximum_s", "from 1"),
        ({"whne": '"x"'}, "suppressions.whne", "unknown key"),
        ({"id": '"eclipse.x"'}, "suppressions.id", "generated"),
    ],
)
def test_every_mistake_is_told(folder: Path, changes: dict[str, str | None], column: str, words: str) -> None:
    found = mistakes(folder, table(**changes))
    assert any(place == column and words in text for place, text in found), found


def test_all_mistakes_at_once_with_their_lines(folder: Path) -> None:
    text = table(when="\"tag('NO') == 0\"", reason_zh=None) + table(maximum_s="-1", alarms='["nobody"]')
    with pytest.raises(PlantRefusedError) as refused:
        checked(folder, text)
    found = [(item.line, item.column) for item in refused.value.mistakes if item.file == "rules.toml"]
    wanted = {(2, "reason_zh"), (4, "when"), (7, "id"), (9, "alarms"), (11, "maximum_s")}
    assert set(found) == {(line, f"suppressions.{key}") for line, key in wanted}


def test_an_id_stands_once(folder: Path) -> None:
    assert any("stands twice" in text for _, text in mistakes(folder, table() + table()))


def test_alarms_that_keep_each_other_silent_are_refused(folder: Path) -> None:
    one = table(when=None, parent='"LT-201A.H"', alarms='["LT-201A.L"]')
    two = table(id='"y"', when=None, parent='"LT-201A.L"', alarms='["LT-201A.H"]')
    assert any("circle" in text for _, text in mistakes(folder, one + two))


def test_a_mild_parent_over_an_urgent_child_is_a_warning(folder: Path) -> None:
    found = checked(folder, table(when=None, parent='"LT-201A.L"', alarms='["LT-201A.HH"]')).warnings
    assert any(item.column == "suppressions.parent" and "more urgent" in item.en for item in found)


def test_a_class_may_allow_or_forbid_it(folder: Path) -> None:
    path = folder / "plant.toml"
    plain = path.read_text(encoding="utf-8")
    path.write_text(plain + '\n[[alarm_classes]]\nid = "process"\nsuppressible = false\n', encoding="utf-8")
    assert any("class process" in text for _, text in mistakes(folder, table()))
    path.write_text(plain + '\n[[alarm_classes]]\nid = "life_safety"\nsuppressible = true\n', encoding="utf-8")
    assert suppressions(folder, table(alarms='["LSHH-201.state"]'))["x"].alarms == ("LSHH-201.state",)
    path.write_text(plain + '\n[[alarm_classes]]\nid = "process"\nhighly_managed = true\n', encoding="utf-8")
    assert any("class process" in text for _, text in mistakes(folder, table()))
    both = '\n[[alarm_classes]]\nid = "process"\nhighly_managed = true\nsuppressible = true\n'
    path.write_text(plain + both, encoding="utf-8")
    assert any("never suppressed" in text for _, text in mistakes(folder, ""))


@pytest.mark.parametrize("share", ["0.05", "1.5"])
def test_the_share_of_bad_points_has_bounds(folder: Path, share: str) -> None:
    path = folder / "plant.toml"
    path.write_text(path.read_text(encoding="utf-8") + f"\n[alarms]\ndevice_bad_share = {share}\n", encoding="utf-8")
    assert [column for column, _ in mistakes(folder, "")] == ["alarms.device_bad_share"]


def test_every_key_is_documented() -> None:
    text = (DOCS / "rules" / "suppression.md").read_text(encoding="utf-8")
    assert set(KEYS) <= set(keyed(section(text, "## [[suppressions]]")))
