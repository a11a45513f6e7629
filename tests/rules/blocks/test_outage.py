"""Load cuts and stops through a stretch: what judging every sweep says and counts, at the price of a few sweeps."""

from dataclasses import replace
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.blocks.catalog import course
from rules.blocks.course import Thinned
from rules.catalog import Rule
from rules.compile import compile_rules
from rules.kinds.first_out import Cause
from rules.kinds.load_cuts import LoadCut
from rules.kinds.stops import Stop
from rules.port import NEVER, Group
from rules.stretch import Stretch
from tests.rules.passages import PLANT, TENTH, stretch
from tests.rules.plants import SECOND

CAUSES: Final = (Cause(tag="XV-1.OPEN", state=0), Cause(tag="LT-1", high=80.0))
CUTS: Final = (
    LoadCut(id="cut1", tag="FT-1", drop_percent=20.0, dead_band=5.0, within_ns=SECOND, reference_ns=6 * SECOND,
            accept_after_ns=8 * SECOND, causes=CAUSES),
    LoadCut(id="cut2", tag="FT-1", drop_percent=60.0, within_ns=2 * SECOND, reference_ns=5 * SECOND, accept_after_ns=60 * SECOND,
            least_coverage=0.1, per_ns=SECOND),
    LoadCut(id="cut3", tag="FT-2", drop_percent=30.0, dead_band=10.0, within_ns=SECOND, reference_ns=6 * SECOND,
            accept_after_ns=20 * SECOND, least_coverage=0.2, cause_before_ns=SECOND, causes=CAUSES[1:]),
)  # fmt: skip
STOPS: Final = (
    Stop(id="stop1", tag="FT-2", threshold=20.0, dead_band=5.0, after_ns=SECOND, reference_ns=5 * SECOND, causes=CAUSES),
    Stop(id="stop2", tag="FT-1", threshold=30.0, after_ns=7 * SECOND, per_ns=SECOND),
    Stop(id="stop3", tag="FT-1", threshold=55.0, dead_band=10.0, causes=CAUSES[:1]),
)  # fmt: skip
LATER: Final = ("recent_until_mono_ns",)
"""How far ahead a state has looked: a block looks at other sweeps."""
FLOWS: Final = [PLANT.row_of[name] for name in ("FT-1", "FT-2")]


def group_of(rules: tuple[Rule, ...]) -> Group:
    ((_, group),) = compile_rules(rules, PLANT).groups
    return group


def flowing(seed: int, sweeps: int) -> Stretch:
    """A life of the plant in which flows fall, stand and come back, and its clock is set now and then."""
    life, chance = stretch(seed, sweeps), np.random.default_rng(seed)
    value = life.value.copy()
    for row in FLOWS:
        level = np.repeat(chance.choice([90.0, 60.0, 25.0, 5.0], sweeps), chance.geometric(0.1, sweeps))[:sweeps]
        value[:, row] = np.where(
            np.isfinite(value[:, row]), level + chance.normal(0.0, chance.choice([0.0, 2.0]), sweeps), np.nan
        )
        value[:, row] = np.where(life.quality[:, row] >= 2, life.value[:, row], value[:, row])
    steps = np.where(chance.random(sweeps) < 0.03, chance.integers(-5, 5, sweeps) * SECOND, 0)
    return replace(life, value=value, wall_ns=life.wall_ns + np.cumsum(steps))


def check(rules: tuple[Rule, ...], life: Stretch, decided: bool) -> None:
    """Conditions, and every column of the state after every sweep."""
    group = group_of(rules)
    active, state = np.full(len(rules), decided), group.fresh(life.start_mono_ns)
    found = course(group, life, active, state)
    for at in range(len(life)):
        judged = group.judge(life.moment(at), active, state)
        assert found.condition[at].tolist() == judged.condition.tolist(), at
        state, left = judged.state, found.state_at(at)
        assert left.keys() == state.keys()
        for name, column in state.items():
            if name not in LATER:
                np.testing.assert_array_equal(left[name], column, err_msg=f"{name} after sweep {at}")
        again = group.judge(life.moment(at), active, left)
        np.testing.assert_array_equal(again.value, judged.value)
        assert again.detail == judged.detail


@pytest.mark.parametrize("rules", [CUTS, STOPS])
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), sweeps=st.integers(1, 60), decided=st.booleans())
def test_a_stretch_is_sweep_by_sweep(rules: tuple[Rule, ...], seed: int, sweeps: int, decided: bool) -> None:
    check(rules, flowing(seed, sweeps), decided)


@pytest.mark.soak
@pytest.mark.parametrize("rules", [CUTS, STOPS])
@settings(max_examples=10_000)
@given(seed=st.integers(0, 2**32), sweeps=st.integers(1, 300), decided=st.booleans())
def test_a_stretch_is_sweep_by_sweep_soak(rules: tuple[Rule, ...], seed: int, sweeps: int, decided: bool) -> None:
    check(rules, flowing(seed, sweeps), decided)


def falling(sweeps: int) -> Stretch:
    """A flow that gives 90, falls to 5 in the tenth second and stays there, noisy, until the last ten sweeps."""
    life, chance = stretch(3, sweeps, rough=0.0), np.random.default_rng(1)
    mono_ns = life.start_mono_ns + np.arange(sweeps) * TENTH
    value = np.full(life.value.shape, 1.0)
    value[:, FLOWS] = np.where(np.arange(sweeps) < 100, 90.0, 5.0)[:, np.newaxis] + chance.normal(
        0.0, 0.05, (sweeps, 2)
    )
    value[-10:, FLOWS] = 90.0
    received = np.broadcast_to(mono_ns[:, np.newaxis], value.shape)
    wall_ns = mono_ns + (life.wall_ns[0] - life.mono_ns[0])
    quality = np.zeros(value.shape, np.uint8)
    return replace(life, value=value, quality=quality, mono_ns=mono_ns, wall_ns=wall_ns, received_mono_ns=received)


@pytest.mark.parametrize(("rules", "most"), [(CUTS, 12), (STOPS, 12)])
def test_an_outage_that_runs_is_judged_a_few_times_only(rules: tuple[Rule, ...], most: int) -> None:
    life, group = falling(2000), group_of(rules)
    found = course(group, life, np.zeros(len(rules), np.bool_), group.fresh(life.start_mono_ns))
    assert isinstance(found, Thinned)
    assert len(found.at) <= most, found.at
    half = found.state_at(1000)
    assert (half["since_mono_ns"] != NEVER).all()
    assert half["counted_mono_ns"][0] == life.mono_ns[1000] or half["ended_mono_ns"][0] != NEVER
    check(rules, falling(300), decided=False)
