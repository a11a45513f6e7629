"""Every kind of the demo plant can be stored and taken over: what it remembers is numbers, one row for each rule."""

from pathlib import Path

import numpy as np
import pytest

from drivers import registry
from monitor.plant.folder import read_plant
from monitor.plant.plant import Plant
from rules.columns.latest import Latest
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.fingerprints import fingerprints
from rules.memory import Memory
from rules.restore import restore
from rules.stored import StoredPart, delays_part, state_part
from rules.swap import swap
from tests.rules.plants import SECOND, START_WALL_NS, batch

DEMO = Path(__file__).resolve().parents[2] / "monitor" / "plant" / "demo"
START = 1000 * SECOND


@pytest.fixture(scope="module")
def plant() -> Plant:
    return read_plant(DEMO, registry).plant


def test_every_rule_is_known_again_and_no_two_are_one(plant: Plant) -> None:
    first = fingerprints(compile_rules(plant.rules, plant.tags))
    again = read_plant(DEMO, registry).plant
    assert None not in first
    assert len(set(first)) == len(first)
    assert fingerprints(compile_rules(again.rules, again.tags)) == first


def test_every_kind_goes_through_store_restore_and_swap(plant: Plant) -> None:
    rule_set = compile_rules(plant.rules, plant.tags)
    latest, memory = Latest(plant.tags), Memory.fresh(rule_set, START)
    chance = np.random.default_rng(7)
    rows = list(range(len(plant.tags)))
    now_ns = START
    for _ in range(30):
        now_ns += SECOND
        span = np.where(plant.tags.discrete, 1.0, plant.tags.high - plant.tags.low)
        values = np.where(plant.tags.discrete, 0.0, plant.tags.low) + np.round(chance.random(len(rows)) * span, 0)
        latest.apply(batch(rows, values.tolist(), mono_ns=now_ns))
        _, memory = evaluate(rule_set, latest.freeze(now_ns, START_WALL_NS + now_ns), memory, now_ns)
    wall_ns = START_WALL_NS + now_ns
    parts: list[StoredPart] = [delays_part(rule_set, memory, wall_ns)]
    for place in range(len(rule_set.groups)):
        part = state_part(rule_set, memory, place, wall_ns)
        parts += [part] if part is not None else []
    assert len(parts) > 5
    active = dict(zip(rule_set.ids, memory.holds.active.tolist(), strict=True))
    found = restore(rule_set, parts, active, now_ns, wall_ns)
    assert found.left_out == ()
    # on the same clocks nothing moves: every column is as it was
    for (kind, _), before, after in zip(rule_set.groups, memory.states, found.memory.states, strict=True):
        for name, column in before.items():
            assert np.array_equal(column, after[name], equal_nan=column.dtype.kind == "f"), (kind.__name__, name)
    other = compile_rules(tuple(reversed(plant.rules)), plant.tags)
    swapped = swap(other, swap(rule_set, memory, other, now_ns), rule_set, now_ns)
    for (kind, _), before, after in zip(rule_set.groups, memory.states, swapped.states, strict=True):
        for name, column in before.items():
            assert np.array_equal(column, after[name], equal_nan=column.dtype.kind == "f"), (kind.__name__, name)
    assert np.array_equal(swapped.holds.elapsed_ns, memory.holds.elapsed_ns)
