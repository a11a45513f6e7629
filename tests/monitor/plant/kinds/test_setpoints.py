"""HH, H, L, LL of rules.toml."""

from pathlib import Path

import pytest

from rules.catalog import Delays
from rules.kinds.modes import InMode, ModeLimit
from rules.kinds.setpoints import TagLimit
from tests.monitor.plant.kinds.folders import RuleFolder

SECOND = 1_000_000_000
MODES = """
[[modes]]
id = "T-101.filling"
when = "tag('XV-101I.OPEN') == 1"

[[modes]]
id = "T-101.resting"
when = "not mode('T-101.filling')"

"""
FROM_TAG = 'kind = "H"\ntag = "LT-101A"\nset_point_tag = "LT-101B"\nset_point_maximum = 10.5\nset_point_minimum = 5'
BY_MODE = 'kind = "H"\ntag = "LT-101A"\nset_point = 10\nset_points = [{ mode = "T-101.resting", set_point = 9.5 }]'


@pytest.fixture
def folder(tmp_path: Path) -> RuleFolder:
    return RuleFolder(tmp_path)


def test_from_a_tag(folder: RuleFolder) -> None:
    rule, definition = folder.read(f"{FROM_TAG}\nfallback = 9\ndead_band = 0.2\non_delay_s = 2")
    assert rule == TagLimit(
        id="x",
        tag="LT-101A",
        kind="H",
        set_point_tag="LT-101B",
        set_point_minimum=5.0,
        set_point_maximum=10.5,
        fallback=9.0,
        dead_band=0.2,
        delays=Delays(on_delay_ns=2 * SECOND),
    )
    assert (definition.kind, definition.tag, definition.eu, definition.set_point) == ("H", "LT-101A", "m", 9.0)
    assert (definition.hazard_source, definition.equipment) == ("HS-2", "T-101")


def test_by_mode_with_the_conditions_of_all_modes_that_it_needs(folder: RuleFolder) -> None:
    rule, definition = folder.read(f"{BY_MODE}\ndead_band = 0.1", MODES)
    assert rule == ModeLimit(
        id="x",
        tag="LT-101A",
        kind="H",
        set_point=10.0,
        in_modes=(InMode(mode="T-101.resting", set_point=9.5),),
        modes=(("T-101.filling", "tag('XV-101I.OPEN') == 1"), ("T-101.resting", "not mode('T-101.filling')")),
        dead_band=0.1,
    )
    assert definition.set_point == 10.0


def test_set_points_may_be_tables_of_their_own(folder: RuleFolder) -> None:
    text = 'kind = "H"\ntag = "LT-101A"\nset_point = 10\n[[rules.set_points]]\nmode = "T-101.filling"\nset_point = 9'
    rule, _ = folder.read(text, MODES)
    assert isinstance(rule, ModeLimit)
    assert rule.set_points == (9.0, 10.0)


@pytest.mark.parametrize(
    ("rule", "key", "words"),
    [
        ('kind = "H"\ntag = "LT-101A"', "set_point_tag", "give set_point_tag or set_points"),
        (f"{FROM_TAG}\nset_point = 9", "set_point_tag", "exactly one"),
        (FROM_TAG.replace("LT-101B", "LT-101C"), "set_point_tag", "did you mean"),
        (FROM_TAG.replace("LT-101B", "LT-101A"), "set_point_tag", "its own set-point"),
        (FROM_TAG.replace("LT-101B", "PT-101"), "set_point_tag", "one unit is needed"),
        (FROM_TAG.replace("LT-101B", "LSHH-101"), "set_point_tag", "must be analog"),
        (FROM_TAG.replace("minimum = 5", "minimum = 10.6"), "set_point_minimum", "above set_point_maximum"),
        (FROM_TAG.replace("maximum = 10.5", "maximum = 13"), "set_point_maximum", "must be from 0 to 12"),
        (f"{FROM_TAG}\nfallback = 11", "fallback", "must be from 5 to 10.5"),
        (FROM_TAG.replace("maximum = 10.5", "maximum = 11"), "set_point_maximum", "must be below HH 10.8 (LT-101A.HH)"),
        (BY_MODE.replace("T-101.resting", "T-101.empty"), "set_points[0].mode", "there is no mode"),
        (BY_MODE.replace("9.5", "99"), "set_points[0].set_point", "must be from 0 to 12"),
        (BY_MODE.replace("set_point = 10\n", ""), "set_point", "must be given"),
        (BY_MODE.replace(", set_point = 9.5", ", value = 9.5"), "set_points[0].value", "unknown key"),
        (f"{BY_MODE}\nfallback = 9", "set_point_tag", "exactly one"),
    ],
)
def test_mistakes(folder: RuleFolder, rule: str, key: str, words: str) -> None:
    found = folder.mistakes(rule, MODES)
    (mistake,) = [item for item in found if item.column.removeprefix("rules.") == key]
    assert words in mistake.en
    assert mistake.line > MODES.count("\n")


def test_a_mode_twice(folder: RuleFolder) -> None:
    twice = BY_MODE.replace("}]", '}, { mode = "T-101.resting", set_point = 9 }]')
    assert folder.one(twice, MODES)[:2] == ("set_points[1].mode", "mode T-101.resting stands twice")
