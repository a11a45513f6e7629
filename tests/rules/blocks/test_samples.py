"""The samples of a block are those that `windows.kept` keeps, one sweep after the other."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import windows
from rules.blocks.samples import Kept
from rules.port import NEVER

RULES, SLOTS = 3, 4
WINDOW_NS = np.array([4, 40, 13], np.int64)


def readings(seed: int, sweeps: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    chance = np.random.default_rng(seed)
    value = chance.normal(0.0, 1.0, (sweeps, RULES))
    value[chance.random(value.shape) < 0.1] = np.nan
    good = chance.random(value.shape) < chance.choice([0.3, 0.9, 1.0])
    received = np.cumsum(chance.integers(0, int(chance.choice([2, 6])), value.shape), axis=0) + 1
    return value, good, received


def before(seed: int) -> windows.Samples:
    """What an earlier stretch may have left."""
    samples = windows.fresh(RULES, SLOTS)
    for value, good, received in zip(*readings(seed + 1, seed % 7), strict=True):
        samples = windows.kept(samples, value, good, received - 40, WINDOW_NS)
    return samples


def same(one: windows.Samples, other: windows.Samples) -> bool:
    return np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1], equal_nan=True)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), sweeps=st.integers(1, 40), forgetful=st.booleans())
def test_what_every_sweep_leaves(seed: int, sweeps: int, forgetful: bool) -> None:
    value, good, received = readings(seed, sweeps)
    gone = np.random.default_rng(seed).random(good.shape) < (0.15 if forgetful else 0.0)
    good &= ~gone
    beside = value * 2.0
    samples, seconds = before(seed), np.full((RULES, SLOTS + 1), 7.0)
    kept = Kept.of(samples, value, good, received, WINDOW_NS, gone if forgetful else None)
    made = kept.beside(seconds, beside)
    last_ns, spread = kept.last_ns(), kept.spread(np.full(RULES, -1.0), value[kept.new])
    newest, rules = np.full(RULES, -1.0), np.arange(RULES)
    newest[(samples[0][:, -1] == NEVER)] = -1.0
    for at in range(sweeps):
        forgotten = windows.forgotten(samples, gone[at])
        newest[gone[at]] = np.nan
        after = windows.kept(forgotten, value[at], good[at], received[at], WINDOW_NS)
        new = windows.new_places(forgotten, after)
        seconds, newest[new], samples = windows.kept_beside(seconds, new, beside[at]), value[at][new], after
        sweep = np.full(RULES, at)
        assert same(kept.windows(sweep, rules), samples)
        np.testing.assert_array_equal(kept.beside_windows(made, sweep, rules), seconds)
        np.testing.assert_array_equal(last_ns[at], samples[0][:, -1])
        np.testing.assert_array_equal(spread[at], newest)
        mine = kept.new[0] == at
        assert sorted(kept.new[1][mine].tolist()) == new.tolist()


def test_a_reading_that_is_none_is_not_kept() -> None:
    value = np.array([[np.nan, np.inf, 1.0]])
    kept = Kept.of(windows.fresh(3, SLOTS), value, np.ones((1, 3), np.bool_), np.full((1, 3), 9), WINDOW_NS)
    assert [of.tolist() for of in kept.new] == [[0], [2]]


@pytest.mark.parametrize(("received", "taken"), [(7, False), (8, True)])
def test_a_slot_that_has_its_sample_takes_no_other(received: int, taken: bool) -> None:
    """Slots of four: 4 to 7, 8 to 11."""
    window_ns = np.array([16], np.int64)
    samples = windows.kept(windows.fresh(1, SLOTS), np.zeros(1), np.ones(1, np.bool_), np.array([5]), window_ns)
    kept = Kept.of(samples, np.ones((1, 1)), np.ones((1, 1), np.bool_), np.array([[received]]), window_ns)
    assert bool(kept.new[0].size) is taken
