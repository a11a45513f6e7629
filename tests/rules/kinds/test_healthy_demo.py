"""The simulated plant in good health raises none of the agreement, early sign and gas alarms that come with it."""

from pathlib import Path

import numpy as np

from drivers import registry
from monitor.plant.folder import read_plant
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds import agreement, early_signs, gas
from rules.kinds.drift import Drift
from rules.memory import Memory
from simulators.plant.plant import Plant
from tests.rules.kinds.test_change_points import START_NS, shot
from tests.rules.plants import SECOND

DEMO = Path(__file__).resolve().parents[3] / "monitor" / "plant" / "demo"
FAMILIES = (*agreement.KINDS, *early_signs.KINDS, *gas.KINDS)
SECONDS = 1500
"""Enough for every one of them but the drift to be judged: the variance learns from three windows of 320 s."""


def test_a_healthy_plant_raises_none_of_them_and_all_are_judged() -> None:
    plant = read_plant(DEMO, registry).plant
    rules = [rule for rule in plant.rules if type(rule) in FAMILIES]
    assert {type(rule) for rule in rules} == set(FAMILIES), "the demo plant shows every kind"
    rule_set = compile_rules(rules, plant.tags)
    simulated, memory = Plant(np.random.default_rng(20261122)), Memory.fresh(rule_set, START_NS)
    raised: set[str] = set()
    for second in range(SECONDS):
        simulated.step(1.0)
        shown = simulated.read()
        now = START_NS + second * SECOND
        values = np.array([shown.get(name, 0.0) for name in plant.tags.ids])
        verdicts, memory = evaluate(rule_set, shot(plant.tags, values, now), memory, now)
        raised |= {verdicts.ids[place] for place in np.flatnonzero(verdicts.condition == 1).tolist()}
    assert raised == set()
    judged = {rule.id for rule, said in zip(rules, verdicts.condition.tolist(), strict=True) if said == 0}
    assert judged >= {rule.id for rule in rules if not isinstance(rule, Drift)}
