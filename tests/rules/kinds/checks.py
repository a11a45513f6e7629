"""What every group of rules must keep, whatever it judges: checks that the tests of the kinds share."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rules.catalog import KINDS
from rules.columns.tags import TagTable
from rules.port import Group, Judged, Rule, State
from tests.rules.kinds.readings import START_NS, Point, Sweep, block_of, moment_of

Points = Mapping[str, Point]
Oracle = Callable[[Points, Sequence[bool], int], list[int]]
"""(points by tag, active by rule, now) -> conditions by rule; called once for each sweep, remembers by itself."""


def group_of(rules: Sequence[Rule], table: TagTable) -> Group:
    """All rules of one kind, which have no mistakes."""
    kind = KINDS[type(rules[0])]
    assert not [error for rule in rules for error in kind.errors(rule, table)]
    return kind.group(list(enumerate(rules)), table)


def agrees(rules: Sequence[Rule], table: TagTable, history: Sequence[Sweep], oracle: Oracle) -> list[Judged]:
    """Arrays and oracle give the same conditions; twice at one moment the same again; nothing given is changed."""
    group, said = group_of(rules, table), []
    state = group.fresh(START_NS)
    for number, sweep in enumerate(history):
        moment, active = moment_of(table, sweep), np.array(sweep.active[: len(rules)])
        before = {name: array.copy() for name, array in state.items()}
        judged = group.judge(moment, active, state)
        same(state, before)
        points = dict(zip(table.ids, sweep.points, strict=True))
        assert judged.condition.tolist() == oracle(points, sweep.active[: len(rules)], sweep.now_ns), (number, rules)
        again = group.judge(moment, active, judged.state)
        assert again.condition.tolist() == judged.condition.tolist(), (number, rules)
        same(again.state, judged.state)
        for place in range(len(rules)):
            told = group.explain(place, moment, bool(active[place]), judged.state)
            assert told.condition == judged.condition[place]
            assert told.zh and told.en and set(told.inputs) <= set(table.ids)
        said.append(judged)
        state = judged.state
    return said


def block_is_sweep_by_sweep(rules: Sequence[Rule], table: TagTable, history: Sequence[Sweep]) -> None:
    """A timeless group judges a block of time as it judges each of its sweeps, with one `active` for all."""
    group = group_of(rules, table)
    assert group.timeless
    active, state = np.array(history[0].active[: len(rules)]), group.fresh(START_NS)
    block = group.judge(block_of(table, history), active, state)
    for number, sweep in enumerate(history):
        one = group.judge(moment_of(table, sweep), active, state)
        assert block.condition[number].tolist() == one.condition.tolist()
        for name in ("value", "limit", "row"):
            whole = np.broadcast_to(getattr(block, name), block.condition.shape)
            np.testing.assert_array_equal(whole[number], getattr(one, name))


def same(left: State, right: State) -> None:
    """Two states hold the same."""
    assert set(left) == set(right)
    for name, array in left.items():
        np.testing.assert_array_equal(array, right[name])
