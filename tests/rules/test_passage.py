"""A block of time says at every sweep what `evaluate` says, sweep by sweep, with every kind of rule."""

from collections.abc import Iterator, Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import KINDS
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds.counts import ChatteringInput, Count
from rules.memory import Memory
from rules.passage import Passage, Passing
from rules.stretch import Stretch
from rules.verdicts import Evidence, Verdicts
from tests.rules.passages import EVERY_KIND, PLANT, snapshot, stretch

RULE_SET = compile_rules(EVERY_KIND, PLANT)
LATER = ("until_mono_ns", "recent_until_mono_ns", "condition_judged_mono_ns")
"""How far ahead a state has looked, and when it did last: a block looks at other sweeps."""
COUNTS = np.array([isinstance(rule, Count | ChatteringInput) for rule in EVERY_KIND])
"""A scan tells a count as of when it was judged last, a passage as of now: its condition is the same."""


def rules_named(told: npt.NDArray[np.bool_]) -> list[str]:
    return [RULE_SET.ids[position] for position in np.flatnonzero(told)]


def cut(whole: Stretch, at: Sequence[int]) -> Iterator[Stretch]:
    """The same sweeps as several stretches."""
    ends = [*sorted(at), len(whole)]
    for first, end in zip([0, *ends], ends, strict=False):
        part = whole.since(first)
        if end > first:
            yield Stretch(
                **{
                    name: getattr(part, name)[: end - first]
                    if name not in ("start_mono_ns", "tag_ids")
                    else getattr(part, name)
                    for name in (field.name for field in fields(Stretch))
                }
            )


def one_by_one(whole: Stretch) -> tuple[list[Verdicts], Memory]:
    memory = Memory.fresh(RULE_SET, whole.start_mono_ns)
    told = []
    for at in range(len(whole)):
        verdicts, memory = evaluate(RULE_SET, snapshot(whole, at), memory, int(whole.mono_ns[at]))
        told.append(verdicts)
    return told, memory


def assert_same_evidence(here: Verdicts, there: Verdicts, where: str) -> None:
    """Of the rules that changed: what they rest on, and what they name."""
    changed = here.changed
    ours, theirs = here.at(changed), there.at(changed)
    for name in Evidence.__slots__:
        one, other = getattr(ours, name), getattr(theirs, name)
        differs = ~((one == other) | ((one != one) & (other != other))) & ~COUNTS[changed]
        named = [RULE_SET.ids[position] for position in changed[differs].tolist()]
        assert not named, f"{where}: {name} of {named}: {one[differs]} is not {other[differs]}"
    for position in changed.tolist():
        assert here.details.get(position) == there.details.get(position), f"{where}: {RULE_SET.ids[position]}"


def assert_a_block_is_sweep_by_sweep(whole: Stretch, cuts: Sequence[int]) -> None:
    expected, memory = one_by_one(whole)
    passing, first = Passing.fresh(RULE_SET, whole.start_mono_ns), 0
    for part in cut(whole, cuts):
        passage, at = Passage(RULE_SET, part, passing), 0
        while at < len(part):
            turn = passage.next(at)
            for sweep in range(at, min(turn + 1, len(part))):
                told = passage.step(sweep) if sweep == turn else passage.verdicts(sweep)
                wanted, where = expected[first + sweep], f"sweep {first + sweep}"
                for name in ("condition", "verdict"):
                    differs = getattr(told, name) != getattr(wanted, name)
                    assert not differs.any(), f"{where}: {name} of {rules_named(differs)}"
                if sweep == turn:
                    assert set(told.changed.tolist()) >= set(_moved(expected, first + sweep)), where
                    assert_same_evidence(told, wanted, where)
            at = turn + 1
        passing, first = passage.after(), first + len(part)
    assert_same_states(memory, passing)


def _moved(told: list[Verdicts], at: int) -> list[int]:
    if at == 0:
        return list(range(len(RULE_SET)))
    moved = (told[at].verdict != told[at - 1].verdict) | (told[at].condition != told[at - 1].condition)
    return np.flatnonzero(moved).tolist()


def assert_same_states(memory: Memory, passing: Passing) -> None:
    for (of_kind, _), ours, theirs in zip(RULE_SET.groups, passing.states, memory.states, strict=True):
        assert ours.keys() == theirs.keys()
        for name, array in ours.items():
            if name not in LATER:
                equal = np.array_equal(array, theirs[name], equal_nan=array.dtype.kind == "f")
                assert equal, f"{of_kind.__name__}.{name}: {array} is not {theirs[name]}"


def test_every_kind_is_here() -> None:
    assert {type(rule) for rule in EVERY_KIND} == set(KINDS)


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32), sweeps=st.integers(1, 60), cuts=st.lists(st.integers(1, 50), max_size=2))
def test_a_block_is_sweep_by_sweep(seed: int, sweeps: int, cuts: list[int]) -> None:
    assert_a_block_is_sweep_by_sweep(stretch(seed, sweeps), [at for at in cuts if at < sweeps])


@pytest.mark.soak
@settings(max_examples=10_000)
@given(seed=st.integers(0, 2**32), sweeps=st.integers(1, 60), cuts=st.lists(st.integers(1, 50), max_size=4))
def test_a_block_is_sweep_by_sweep_many_times(seed: int, sweeps: int, cuts: list[int]) -> None:
    assert_a_block_is_sweep_by_sweep(stretch(seed, sweeps), [at for at in cuts if at < sweeps])


@pytest.mark.soak
@settings(max_examples=500)
@given(seed=st.integers(0, 2**32), sweeps=st.integers(1, 400), cuts=st.lists(st.integers(1, 300), max_size=4))
def test_a_block_is_sweep_by_sweep_for_long(seed: int, sweeps: int, cuts: list[int]) -> None:
    assert_a_block_is_sweep_by_sweep(stretch(seed, sweeps), [at for at in cuts if at < sweeps])
