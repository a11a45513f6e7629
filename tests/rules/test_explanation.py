"""An explanation tells the delays as `hold` counts them, and what a restart still waits for."""

from dataclasses import replace

import pytest

from rules.catalog import Bypassed, Delays, Limit, Rule
from rules.compile import compile_rules
from rules.explanation import RuleExplanation, explain_rule
from rules.memory import Memory, seed
from tests.rules.histories import PLANT, Run
from tests.rules.plants import SECOND, snapshot

START = 1000 * SECOND
LEVEL = Limit(
    id="LT-1.H", tag="LT-1", kind="H", set_point=50.0, delays=Delays(on_delay_ns=30 * SECOND, off_delay_ns=5 * SECOND)
)
BYPASS = Bypassed(id="SIS-1.bypass", bits=(("XV-1", 1), ("XV-2", 1)))


class Told:
    """One rule, swept second by second, and what is told of it."""

    def __init__(self, *rules: Rule, active: bool = False) -> None:
        rule_set = compile_rules(rules or (LEVEL,), PLANT)
        memory = seed(rule_set, {rule_set.ids[0]: True}, START) if active else Memory.fresh(rule_set, START)
        self.run = Run(rule_set, memory)

    def at(self, seconds: float, asked_later_s: float = 0.0, **readings: tuple[float, int]) -> RuleExplanation:
        now_ns = START + int(seconds * SECOND)
        seen = snapshot(PLANT, now_ns, {name.replace("_", "-"): reading for name, reading in readings.items()})
        self.run.sweep(seen)
        asked_ns = now_ns + int(asked_later_s * SECOND)
        return explain_rule(self.run.rule_set, self.run.rule_set.ids[0], seen, self.run.memory, asked_ns)


def figures(told: RuleExplanation) -> dict[str, float]:
    return {figure.en: figure.value for figure in told.figures}


def test_a_running_on_delay_tells_the_seconds_left() -> None:
    told = Told()
    assert told.at(0, LT_1=(40.0, 0)).delay_zh == ""
    told.at(1, LT_1=(60.0, 0))
    now = told.at(13, LT_1=(60.0, 0), asked_later_s=0.5)
    assert (now.verdict, now.condition) == (0, 1)
    assert now.delay_zh == "报警延时 30 s 正在计时，已计 12.5 s，还差 17.5 s"
    assert now.delay_en == "on-delay 30 s runs: 12.5 s counted, 17.5 s left"
    assert figures(now).items() >= {"delay": 30.0, "counted": 12.5, "left": 17.5}.items()
    assert now.inputs == ("LT-1",)
    held = told.at(20, LT_1=(60.0, 2), asked_later_s=0.5)
    assert (held.verdict, held.condition) == (2, 2)
    assert held.delay_en == "on-delay 30 s: 19.0 s counted, it stands still while this is UNKNOWN"
    told.at(30, LT_1=(60.0, 0))
    raised = told.at(41, LT_1=(60.0, 0))
    assert (raised.verdict, raised.condition, raised.delay_zh, raised.delay_en) == (1, 1, "", "")


def test_an_off_delay_and_an_alarm_that_unknown_holds() -> None:
    told = Told()
    told.at(0, LT_1=(60.0, 0))
    told.at(30, LT_1=(60.0, 0))
    unknown = told.at(31, LT_1=(40.0, 1))
    assert (unknown.verdict, unknown.condition) == (2, 2)
    assert unknown.delay_en == "it stands while this is UNKNOWN: only FALSE clears"
    told.at(32, LT_1=(40.0, 0))
    going = told.at(35, LT_1=(40.0, 0))
    assert (going.verdict, going.condition) == (1, 0)
    assert going.delay_zh == "恢复延时 5 s 正在计时，已计 3.0 s，还差 2.0 s"
    assert told.at(37, LT_1=(40.0, 0)).delay_zh == ""


def test_after_a_restart_it_names_what_was_not_read_good_yet() -> None:
    told = Told(BYPASS, active=True)
    first = told.at(0, XV_1=(0.0, 0), XV_2=(0.0, 2))
    assert (first.verdict, first.condition, first.awaiting) == (2, 2, ("XV-2",))
    assert "XV-2" in first.delay_zh
    assert first.delay_en.endswith("since the restart XV-2 was not read good; until then no FALSE is believed")
    good = told.at(1, XV_1=(0.0, 0), XV_2=(0.0, 0))
    assert (good.verdict, good.condition, good.awaiting, good.delay_en) == (0, 0, (), "")


def test_a_rule_that_is_not_there() -> None:
    told = Told(replace(LEVEL, id="another"))
    with pytest.raises(KeyError):
        explain_rule(told.run.rule_set, "LT-1.H", snapshot(PLANT, START, {}), told.run.memory, START)
