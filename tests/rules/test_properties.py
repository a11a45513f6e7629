"""What must not matter: the order of rows in a batch, a batch in two parts, an evaluation more at the same moment."""

import random
from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import Rule, RuleSet
from rules.columns.latest import Latest
from rules.columns.readings import ReadingBatch
from rules.compile import compile_rules
from rules.evaluate import evaluate, next_deadline_ns
from rules.memory import Memory
from tests.rules.plants import SECOND, START_WALL_NS, batch
from tests.rules.test_oracle import ANALOG, PLANT, rule_lists

START = 5 * SECOND
Sweep = tuple[int, dict[int, tuple[float, float, int]]]
"""(time since the last sweep, row -> (analog value, bit, quality))."""
sweeps: st.SearchStrategy[list[Sweep]] = st.lists(
    st.tuples(
        st.sampled_from([0, 1, SECOND // 2, SECOND, 3 * SECOND]),
        st.dictionaries(
            st.integers(0, len(PLANT) - 1),
            st.tuples(st.sampled_from([14.9, 20.0, 49.7, 50.0, 79.6, 80.0]), st.sampled_from([0.0, 1.0]),
                      st.sampled_from([0, 0, 0, 1, 2, 3])),
            max_size=len(PLANT),
        ),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip
Parts = Callable[[list[int]], list[list[int]]]
"""Rows of one device's batch -> the batches they come in."""


def read(rows: list[int], sweep: Sweep, now_ns: int) -> ReadingBatch:
    values = [sweep[1][row][0] if PLANT.ids[row] in ANALOG else sweep[1][row][1] for row in rows]
    return batch(rows, values, mono_ns=now_ns, quality=[sweep[1][row][2] for row in rows])


def said(rule_set: RuleSet, history: list[Sweep], parts: Parts, times: int = 1) -> list[tuple[object, ...]]:
    """Conditions, verdicts, what is active and the deadline after each sweep."""
    latest, memory, now_ns = Latest(PLANT), Memory.fresh(rule_set, START), START
    told: list[tuple[object, ...]] = []
    for sweep in history:
        now_ns += sweep[0]
        for rows in parts(sorted(sweep[1])):
            latest.apply(read(rows, sweep, now_ns))
        for _ in range(times):
            frozen = latest.freeze(now_ns, START_WALL_NS + now_ns)
            verdicts, memory = evaluate(rule_set, frozen, memory, now_ns)
        told.append((
            verdicts.condition.tolist(), memory.holds.active.tolist(), memory.holds.elapsed_ns.tolist(),
            next_deadline_ns(rule_set, memory) if times == 1 else None,
            [{name: array.tolist() for name, array in state.items()} for state in memory.states].__repr__(),
        ))  # fmt: skip
    return told


@settings(max_examples=80, deadline=None)
@given(rules=rule_lists, history=sweeps, chance=st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_a_split_changes_anything(
    rules: list[Rule], history: list[Sweep], chance: random.Random
) -> None:
    rule_set = compile_rules(rules, PLANT)

    def shuffled(rows: list[int]) -> list[list[int]]:
        return [chance.sample(rows, len(rows))]

    def split(rows: list[int]) -> list[list[int]]:
        cut = chance.randint(0, len(rows))
        return [rows[:cut], rows[cut:]]

    plain = said(rule_set, history, lambda rows: [rows])
    assert said(rule_set, history, shuffled) == plain
    assert said(rule_set, history, split) == plain


@settings(max_examples=80, deadline=None)
@given(rules=rule_lists, history=sweeps)
def test_an_evaluation_more_at_the_same_moment_changes_nothing(rules: list[Rule], history: list[Sweep]) -> None:
    """No verdict, nothing remembered; a dead band acts from the decision on, so a condition may, and no verdict with it."""
    rule_set = compile_rules(rules, PLANT)
    latest, memory, now_ns = Latest(PLANT), Memory.fresh(rule_set, START), START
    for sweep in history:
        now_ns += sweep[0]
        latest.apply(read(sorted(sweep[1]), sweep, now_ns))
        frozen = latest.freeze(now_ns, START_WALL_NS + now_ns)
        before = memory.holds.active
        verdicts, memory = evaluate(rule_set, frozen, memory, now_ns)
        decided = memory.holds.active is not before and bool((memory.holds.active != before).any())
        again, after = evaluate(rule_set, frozen, memory, now_ns)
        assert again.verdict.tolist() == verdicts.verdict.tolist()
        if not decided:
            assert again.changed.size == 0
        assert after.holds.active.tolist() == memory.holds.active.tolist()
        for one, other in zip(memory.states, after.states, strict=True):
            for name, array in one.items():
                np.testing.assert_array_equal(array, other[name])
        memory = after


@settings(max_examples=80, deadline=None)
@given(rules=rule_lists, history=sweeps)
def test_what_is_not_told_as_changed_has_not_changed(rules: list[Rule], history: list[Sweep]) -> None:
    rule_set = compile_rules(rules, PLANT)
    latest, memory, now_ns = Latest(PLANT), Memory.fresh(rule_set, START), START
    shown = np.full((2, len(rule_set)), 9, np.uint8)
    for sweep in history:
        now_ns += sweep[0]
        latest.apply(read(sorted(sweep[1]), sweep, now_ns))
        verdicts, memory = evaluate(rule_set, latest.freeze(now_ns, START_WALL_NS + now_ns), memory, now_ns)
        shown[0, verdicts.changed] = verdicts.verdict[verdicts.changed]
        shown[1, verdicts.changed] = verdicts.condition[verdicts.changed]
        assert shown[0].tolist() == verdicts.verdict.tolist()
        assert shown[1].tolist() == verdicts.condition.tolist()
        some = np.arange(0, len(rule_set), 2)
        for name in ("value", "limit", "quality", "source_time_ns", "received_wall_ns"):
            whole = getattr(verdicts.evidence(), name)
            np.testing.assert_array_equal(getattr(verdicts.at(some), name), whole[some])
