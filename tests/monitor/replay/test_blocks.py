"""A recording played as blocks of time gives the very transitions, times and board that judging every sweep gives."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import registry
from monitor.alarms.design_suppression import DesignSuppression
from monitor.plant.folder import read_plant
from monitor.plant.plant import Plant
from monitor.replay.player import Player
from monitor.replay.series import NO_READING, Sweeps
from rules.language.conditions import parse_condition
from tests.recordings import recording
from tests.rules.plants import SECOND

DEMO = Path(__file__).resolve().parents[3] / "monitor" / "plant" / "demo"
SHORT = 50
"""Rules that are kept of the kinds that have very many."""


@pytest.fixture(scope="module")
def plant() -> Plant:
    """The demo plant with all rules of rare kinds, some of the common ones, and suppressions that come and go."""
    whole = read_plant(DEMO, registry).plant
    count = len(whole.rules)
    kinds = [type(rule) for rule in whole.rules]
    kept = [at for at, kind in enumerate(kinds) if kinds[:at].count(kind) < SHORT]
    ids = {whole.rules[at].id for at in kept}
    hold = parse_condition("tag('XV-101I.OPEN') == 1 for 3 s", whole.tags)
    more = (
        DesignSuppression(
            id="open", kind="condition", alarms=("LT-101A.H", "LT-101A.HH"), reason_zh="", reason_en="", when=hold.text,
            remembers=True, off_delay_ns=4 * SECOND, maximum_ns=30 * SECOND,
        ),
        DesignSuppression(
            id="eclipsed", kind="eclipse", alarms=("LT-101B.H",), reason_zh="", reason_en="", parent="LT-101B.HH",
            off_delay_ns=2 * SECOND,
        ),
    )  # fmt: skip
    assert {"LT-101A.H", "LT-101A.HH", "LT-101B.H", "LT-101B.HH"} <= ids
    own = [item for item in whole.suppressions if item.when]
    return replace(
        whole,
        rules=tuple(whole.rules[at] for at in kept),
        definitions=(*(whole.definitions[at] for at in kept), *whole.definitions[count:]),
        suppressions=(*own, *more),
        suppression_conditions=(*whole.suppression_conditions, hold),
    )


def life(plant: Plant, seed: int, seconds: int) -> Iterator[Sweeps]:
    """The plant at 1 Hz with tanks that run over, gauges that die, freeze or fall silent, and valves that move."""
    chance = np.random.default_rng(seed)
    moved = chance.choice(len(plant.tags), 60, replace=False)
    moved = np.union1d(moved, [plant.tags.row_of[name] for name in ("LT-101A", "LT-101B", "XV-101I.OPEN", "PT-003")])
    for sweeps in recording(plant.tags, seconds, block=int(chance.integers(40, 200)), seed=seed % 5):
        value, quality = sweeps.value.copy(), sweeps.quality.copy()
        count = len(sweeps)
        for row in moved.tolist():
            low, high = plant.tags.low[row], plant.tags.high[row]
            first, length = int(chance.integers(0, count)), int(chance.integers(1, 60))
            part = slice(first, first + length)
            match int(chance.integers(0, 6)):
                case 0:
                    value[part, row], quality[part, row] = np.nan, 2
                case 1:
                    quality[part, row] = chance.choice([1, 2, 3])
                case 2:
                    quality[part, row] = NO_READING
                case 3:
                    value[part, row] = value[first, row]
                case 4 if not plant.tags.discrete[row]:
                    value[part, row] = low + (high - low) * np.clip(chance.normal(0.8, 0.3), 0.0, 1.0)
                case _:
                    ones = chance.integers(0, 2, len(value[part, row]))
                    value[part, row] = ones if plant.tags.discrete[row] else low + (high - low) * ones
        yield replace(sweeps, value=value, quality=quality)


def assert_blocks_are_sweep_by_sweep(plant: Plant, blocks: list[Sweeps]) -> int:
    fast, slow = Player(plant), Player(plant, sweep_by_sweep=True)
    ours, theirs = fast.play(blocks), slow.play(blocks)
    for one, other in zip(ours.transitions, theirs.transitions, strict=False):
        assert one == other
    assert len(ours.transitions) == len(theirs.transitions)
    assert (ours.raised, ours.true_ns, ours.unknown_ns) == (theirs.raised, theirs.true_ns, theirs.unknown_ns)
    assert (ours.sweeps, ours.readings, ours.from_wall_ns, ours.to_wall_ns) == (
        theirs.sweeps, theirs.readings, theirs.from_wall_ns, theirs.to_wall_ns
    )  # fmt: skip
    assert theirs.evaluated == theirs.sweeps
    return len(ours.transitions)


@settings(max_examples=2)
@given(seed=st.integers(0, 2**16))
def test_blocks_are_sweep_by_sweep(plant: Plant, seed: int) -> None:
    assert assert_blocks_are_sweep_by_sweep(plant, list(life(plant, seed, 90))) > 10


@pytest.mark.soak
@settings(max_examples=10_000)
@given(seed=st.integers(0, 2**32), seconds=st.integers(1, 900))
def test_blocks_are_sweep_by_sweep_for_long(plant: Plant, seed: int, seconds: int) -> None:
    assert_blocks_are_sweep_by_sweep(plant, list(life(plant, seed, seconds)))
