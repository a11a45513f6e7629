"""The demo plant's own conditions and interlock rules: quiet while the simulated plant is healthy, loud when it is not."""

import importlib.resources
from pathlib import Path

import numpy as np
import pytest

from drivers import registry
from monitor.plant.folder import read_plant
from rules.catalog import RuleSet
from rules.columns.latest import Latest
from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain
from rules.memory import Memory
from rules.verdicts import Verdict
from simulators.plant.plant import Plant
from tests.rules.plants import SECOND, START_WALL_NS, batch

DEMO = Path(str(importlib.resources.files("monitor.plant") / "demo"))
OURS = ("U-110.no-open-inlet", "U-900.deluge-without-pump", "V-201.overpressure-without-trip")


@pytest.fixture(scope="module")
def demo() -> tuple[RuleSet, TagTable]:
    plant = read_plant(DEMO, registry).plant
    return compile_rules([rule for rule in plant.rules if rule.id in OURS], plant.tags), plant.tags


class Watch:
    """Readings into verdicts, a sweep a second."""

    def __init__(self, rule_set: RuleSet, table: TagTable) -> None:
        self.rule_set, self.table, self.latest = rule_set, table, Latest(table)
        self.now = 1000 * SECOND
        self.memory = Memory.fresh(rule_set, self.now)

    def see(self, readings: dict[str, float]) -> dict[str, int]:
        self.now += SECOND
        known = [(self.table.row_of[name], value) for name, value in readings.items() if name in self.table.row_of]
        self.latest.apply(batch([row for row, _ in known], [value for _, value in known], mono_ns=self.now))
        self.frozen = self.latest.freeze(self.now, START_WALL_NS + self.now)
        verdicts, self.memory = evaluate(self.rule_set, self.frozen, self.memory, self.now)
        return dict(zip(self.rule_set.ids, verdicts.verdict.tolist(), strict=True))


def test_a_healthy_plant_raises_none_and_leaves_none_unknown(demo: tuple[RuleSet, TagTable]) -> None:
    watch, plant = Watch(*demo), Plant(np.random.default_rng(7))
    assert watch.rule_set.ids == OURS
    unloaded = 0
    for _ in range(600):
        plant.step(1.0)
        readings = plant.read()
        unloaded += readings["FT-100"] > 10
        assert watch.see(readings) == dict.fromkeys(OURS, int(Verdict.FALSE)), plant.elapsed_s
    assert unloaded > 60, "nothing was unloaded: the first rule was not put to the test"


@pytest.mark.parametrize(
    ("rule", "wrong", "seconds", "words"),
    [
        (
            "U-110.no-open-inlet",
            {"FT-100": 80.0} | {f"XV-{n}I.CLOSED": 1.0 for n in range(101, 109)},
            20,
            "mode U-110.unloading [FT-100 = 80 > 10 TRUE] TRUE",
        ),
        (
            "U-900.deluge-without-pump",
            {"XV-203S.OPEN": 1.0, "P-003A.RUN": 0.0, "P-003B.RUN": 0.0},
            25,
            "XV-203S.OPEN (1) == 1 TRUE",
        ),
        (
            "V-201.overpressure-without-trip",
            {"PT-201A": 1.75, "PT-201B": 1.72, "XV-201I.CLOSED": 0.0},
            25,
            "to act within 20 s",
        ),
    ],
)
def test_each_is_raised_by_what_it_is_for(
    demo: tuple[RuleSet, TagTable], rule: str, wrong: dict[str, float], seconds: int, words: str
) -> None:
    watch, plant = Watch(*demo), Plant(np.random.default_rng(7))
    for _ in range(10):
        plant.step(1.0)
        assert watch.see(plant.read())[rule] == Verdict.FALSE
    for _ in range(seconds):
        plant.step(1.0)
        verdicts = watch.see(plant.read() | wrong)
    assert verdicts[rule] == Verdict.TRUE
    assert [name for name, verdict in verdicts.items() if verdict != Verdict.FALSE] == [rule]
    assert words in explain(watch.rule_set, rule, watch.frozen, watch.memory, watch.now).en
