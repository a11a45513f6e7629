"""Every kind of the demo plant can be stored and taken over: what it remembers is numbers, one row for each rule."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from drivers import registry
from monitor.plant.folder import read_plant
from monitor.plant.plant import Plant
from rules.catalog import RuleSet
from rules.columns.latest import Latest
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.fingerprints import fingerprints
from rules.memory import Memory
from rules.restore import restore
from rules.stored import StoredPart, delays_part, state_part
from rules.swap import swap
from rules.verdicts import Verdict
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


def edited(tmp_path: Path) -> Plant:
    """The demo plant after somebody changed the set-point of LT-101A.HH and put another rule before it."""
    shutil.copytree(DEMO, tmp_path / "plant")
    path = tmp_path / "plant" / "alarms.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    changed = [row.replace("LT-101A.HH,LT-101A,HH,10.8,", "LT-101A.HH,LT-101A,HH,10.7,") for row in reversed(rows)]
    assert changed != list(reversed(rows))
    path.write_text("\n".join((head, *changed)) + "\n", encoding="utf-8")
    return read_plant(tmp_path / "plant", registry).plant


@pytest.mark.parametrize("way", ["swap", "restart"])
def test_an_edited_folder_goes_on_with_the_running_delays_of_unchanged_rules(
    plant: Plant, tmp_path: Path, way: str
) -> None:
    """Both levels are over HH, whose delay is 1 s: 0.6 s are counted when the files change."""
    old_set, plant_after = compile_rules(plant.rules, plant.tags), edited(tmp_path)
    new_set = compile_rules(plant_after.rules, plant_after.tags)
    latest, memory = Latest(plant.tags), Memory.fresh(old_set, START)
    rows = [plant.tags.row_of[name] for name in ("LT-101A", "LT-102A")]

    def judged(at_ns: int, memory: Memory, rule_set: RuleSet) -> tuple[dict[str, int], Memory]:
        latest.apply(batch(rows, [10.9, 10.9], mono_ns=at_ns))
        verdicts, after = evaluate(rule_set, latest.freeze(at_ns, START_WALL_NS + at_ns), memory, at_ns)
        found = dict(zip(rule_set.ids, verdicts.verdict.tolist(), strict=True))
        return {name: found[name] for name in ("LT-101A.HH", "LT-102A.HH")}, after

    for tenths in (0, 2, 4, 6):
        _, memory = judged(START + tenths * SECOND // 10, memory, old_set)
    now_ns = START + 6 * SECOND // 10
    if way == "swap":
        memory = swap(old_set, memory, new_set, now_ns)
    else:
        parts = [delays_part(old_set, memory, START_WALL_NS + now_ns)]
        memory = restore(new_set, parts, {}, now_ns, START_WALL_NS + now_ns).memory
    _, memory = judged(now_ns, memory, new_set)  # after a restart a delay goes on from the first reading
    told, memory = judged(START + SECOND, memory, new_set)
    assert told == {"LT-101A.HH": int(Verdict.FALSE), "LT-102A.HH": int(Verdict.TRUE)}, (
        "0.4 s were left of the unchanged one"
    )
    told, _ = judged(START + 21 * SECOND // 10, memory, new_set)
    assert told == {"LT-101A.HH": int(Verdict.TRUE), "LT-102A.HH": int(Verdict.TRUE)}
