"""A recording through rules and board gives what the running scan would have given."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drivers import registry
from monitor.alarms.board import Board
from monitor.alarms.transition import Transition
from monitor.plant.folder import read_plant
from monitor.plant.plant import Plant
from monitor.replay.player import Player, differences, suppressing
from monitor.replay.series import NO_READING, START_MONO_NS, Sweeps
from rules.catalog import Limit, Rule
from rules.columns.latest import Latest
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.memory import Memory
from tests.recordings import batch_of, recording
from tests.rules.plants import SECOND

DEMO = Path(__file__).resolve().parents[3] / "monitor" / "plant" / "demo"


@pytest.fixture(scope="module")
def plant() -> Plant:
    return read_plant(DEMO, registry).plant


def disturbed(plant: Plant, seconds: int) -> Iterator[Sweeps]:
    """The healthy plant, with a tank that rises over its limits, a gauge that dies, and one that is silent for a while."""
    level, dead, silent = (plant.tags.row_of[name] for name in ("LT-101A", "LT-102A", "TT-101"))
    at = 0
    for sweeps in recording(plant.tags, seconds):
        value, quality = sweeps.value.copy(), sweeps.quality.copy()
        for place in range(len(sweeps)):
            value[place, level] = 8.0 + 0.05 * at if at < 100 else 13.0 - 0.05 * (at - 100)
            if 40 <= at < 70:
                value[place, dead], quality[place, dead] = np.nan, 2
            if 50 <= at < 90:
                quality[place, silent] = NO_READING
            at += 1
        yield replace(sweeps, value=value, quality=quality)


def scanned(plant: Plant, blocks: list[Sweeps]) -> list[Transition]:
    """The same through Latest, one sweep after the other."""
    rule_set = compile_rules(plant.rules, plant.tags)
    latest, board = Latest(plant.tags), Board(plant.definitions[: len(plant.rules)], plant.philosophy)
    silent = suppressing(plant, rule_set.ids)
    silent.restore((), START_MONO_NS)
    first_ns, memory, taken = int(blocks[0].wall_ns[0]), Memory.fresh(rule_set, START_MONO_NS), list[Transition]()
    for sweeps in blocks:
        for at in range(len(sweeps)):
            wall_ns = int(sweeps.wall_ns[at])
            mono_ns = wall_ns - first_ns + START_MONO_NS
            latest.apply(batch_of(sweeps, at, mono_ns))
            frozen = latest.freeze(mono_ns, wall_ns)
            verdicts, memory = evaluate(rule_set, frozen, memory, mono_ns)
            taken += silent.apply(board, frozen, verdicts, wall_ns)
    return taken


def told(steps: list[Transition]) -> list[tuple[int, str, str, int, bool, float | None]]:
    return [
        (step.decided_wall_ns, step.id, step.trigger.value, step.occurrence, step.annunciated, step.alarm.value)
        for step in steps
    ]


def test_a_replay_is_what_the_scan_would_have_decided(plant: Plant) -> None:
    blocks = list(disturbed(plant, 220))
    outcome = Player(plant).play(blocks)
    assert outcome.sweeps == 220
    assert {"LT-101A.H", "LT-101A.HH"} <= set(outcome.raised)
    assert told(outcome.transitions) == told(scanned(plant, blocks))


def test_the_healthy_plant_raises_nothing(plant: Plant) -> None:
    outcome = Player(plant).play(recording(plant.tags, 600))
    assert told(outcome.transitions) == []
    assert outcome.readings == 600 * len(plant.tags)


def test_the_time_that_a_rule_was_true_is_counted(plant: Plant) -> None:
    blocks = list(disturbed(plant, 220))
    outcome = Player(plant).play(blocks)
    raised = next(step for step in outcome.transitions if step.id == "LT-101A.HH" and step.trigger.value == "raised")
    returned = next(
        step for step in outcome.transitions if step.id == "LT-101A.HH" and step.trigger.value == "returned"
    )
    assert outcome.true_ns["LT-101A.HH"] == returned.decided_wall_ns - raised.decided_wall_ns
    assert outcome.unknown_ns["LT-102A.HH"] >= 29 * SECOND


def test_new_rules_differ_where_they_should(plant: Plant) -> None:
    def lower(rule: Rule) -> Rule:
        return (
            replace(rule, set_point=rule.set_point - 0.5)
            if isinstance(rule, Limit) and rule.id == "LT-101A.HH"
            else rule
        )

    changed = replace(plant, rules=tuple(lower(rule) for rule in plant.rules))
    blocks = list(disturbed(plant, 220))
    now, new = Player(plant).play(blocks), Player(changed).play(blocks)
    found = differences(now.transitions, new.transitions)
    assert {step.id for _, step in found} == {"LT-101A.HH"}
    assert {side for side, _ in found} == {"only now", "only new"}
    assert differences(now.transitions, now.transitions) == []
