"""Random histories of readings, played through the engine: what arrives, with which quality, and when."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from rules.catalog import Rule, RuleSet
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.evaluate import evaluate, explain, next_deadline_ns
from rules.memory import Memory
from rules.port import Group, Moment
from rules.verdicts import Verdicts
from tests.rules.plants import SECOND, START_WALL_NS, snapshot

FALSE, TRUE, UNKNOWN = 0, 1, 2
GOOD, UNCERTAIN, BAD, STALE, NEVER_SEEN = range(5)
START_NS = 100 * SECOND


@dataclass(frozen=True)
class Reading:
    """One tag as the rules see it."""

    value: float = math.nan
    quality: int = NEVER_SEEN
    received_ns: int = 0
    source_ns: int = NO_TIME

    @property
    def usable(self) -> bool:
        return self.quality <= UNCERTAIN and math.isfinite(self.value)

    @property
    def good(self) -> bool:
        return self.quality == GOOD and math.isfinite(self.value)


Points = Mapping[str, Reading]
Step = tuple[int, list[tuple[int, float, int, int, int | None]]]
"""(time since the last step, changes); a change: (row, value, quality, received so long ago, source time so long ago)."""


def histories(
    tags: int,
    values: st.SearchStrategy[float],
    *,
    steps: Sequence[int] = (0, 1, SECOND // 2, SECOND, SECOND, 2 * SECOND, 7 * SECOND),
    longest: int = 25,
) -> st.SearchStrategy[list[Step]]:
    """Steps with duplicate and out-of-order times, every quality, NaN and infinities as `values` gives them."""
    ages = st.sampled_from([0, 0, 0, 0, 1, SECOND, 5 * SECOND])
    change = st.tuples(
        st.integers(0, tags - 1),
        values,
        st.sampled_from([0, 0, 0, 0, 0, 1, 1, 2, 3, 4]),
        ages,
        st.none() | ages,
    )
    return st.lists(
        st.tuples(st.sampled_from(list(steps)), st.lists(change, max_size=max(4, tags))), min_size=1, max_size=longest
    )


def frames(table: TagTable, history: Sequence[Step]) -> Iterator[tuple[int, Points]]:
    """What stands at each step."""
    now, points = START_NS, dict.fromkeys(table.ids, Reading())
    for step_ns, changes in history:
        now += step_ns
        for row, value, quality, age_ns, source_age_ns in changes:
            name, before = table.ids[row], points[table.ids[row]]
            shown = math.nan if quality == NEVER_SEEN else value
            received = now - age_ns if quality < STALE else before.received_ns
            source = NO_TIME if source_age_ns is None else START_WALL_NS + now - source_age_ns
            points[name] = Reading(shown, quality, received, source)
        yield now, dict(points)


def frozen_plant(table: TagTable, now: int, points: Points) -> Snapshot:
    readings = {name: (p.value, p.quality, p.received_ns) for name, p in points.items()}
    made = snapshot(table, now, readings)
    return replace(made, source_time_ns=np.array([points[name].source_ns for name in table.ids], np.int64))


@dataclass(frozen=True)
class Sweep:
    """One evaluation: what stood, what was active before, what was decided."""

    now: int
    points: Points
    active: list[bool]
    verdicts: Verdicts
    before: Memory
    after: Memory

    @property
    def detail(self) -> dict[int, tuple[str, ...]]:
        return dict(self.verdicts.details)

    @property
    def value(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        return self.verdicts.evidence().value


def play(rule_set: RuleSet, table: TagTable, history: Sequence[Step]) -> Iterator[Sweep]:
    memory = Memory.fresh(rule_set, START_NS)
    for now, points in frames(table, history):
        verdicts, after = evaluate(rule_set, frozen_plant(table, now, points), memory, now)
        yield Sweep(now, points, memory.holds.active.tolist(), verdicts, memory, after)
        memory = after


def assert_evaluating_twice_changes_nothing(rule_set: RuleSet, table: TagTable, history: Sequence[Step]) -> None:
    for sweep in play(rule_set, table, history):
        again, memory = evaluate(rule_set, frozen_plant(table, sweep.now, sweep.points), sweep.after, sweep.now)
        known = np.array(sweep.active) == memory.holds.active  # a decided verdict may move the dead band, nothing else
        np.testing.assert_array_equal(again.condition[known], sweep.verdicts.condition[known])
        for one, other in zip(memory.states, sweep.after.states, strict=True):
            for name in one:
                np.testing.assert_array_equal(one[name], other[name])


def assert_every_rule_is_told(rule_set: RuleSet, table: TagTable, sweep: Sweep) -> None:
    """Each explanation says what was judged, in both languages and with its inputs."""
    for place, rule_id in enumerate(rule_set.ids):
        told = explain(rule_set, rule_id, frozen_plant(table, sweep.now, sweep.points), sweep.before, sweep.now)
        assert told.condition == int(sweep.verdicts.condition[place]) and told.zh and told.en and told.inputs


def assert_nothing_changes_before_the_deadline(rule_set: RuleSet, table: TagTable, history: Sequence[Step]) -> None:
    """With the readings standing still, no condition changes before the moment that was told."""
    for sweep in play(rule_set, table, history):
        deadline = next_deadline_ns(rule_set, sweep.after)
        quiet_until = sweep.now + 3600 * SECOND if deadline is None else deadline - 1
        if quiet_until <= sweep.now:
            continue
        then, after = evaluate(rule_set, frozen_plant(table, quiet_until, sweep.points), sweep.after, quiet_until)
        decided = sweep.after.holds.active == np.array(sweep.active)  # what was just decided acts on the dead band now
        np.testing.assert_array_equal(then.condition[decided], sweep.verdicts.condition[decided])
        np.testing.assert_array_equal(after.holds.active[decided], sweep.after.holds.active[decided])


def assert_order_means_nothing(rules: Sequence[Rule], table: TagTable, history: Sequence[Step], compile_: Any) -> None:
    """The same plant with its tags and its rules in reverse order decides the same."""
    turned = TagTable(tuple(reversed(table.tags)))
    forward, backward = compile_(list(rules), table), compile_(list(reversed(rules)), turned)
    last = len(table) - 1
    mirrored = [(step, [(last - change[0], *change[1:]) for change in changes]) for step, changes in history]
    there = play(forward, table, history)
    back = play(backward, turned, mirrored)
    for one, other in zip(there, back, strict=True):
        assert one.verdicts.condition.tolist() == other.verdicts.condition.tolist()[::-1]
        np.testing.assert_array_equal(one.value, other.value[::-1])


def assert_a_block_is_sweep_by_sweep(group: Group, table: TagTable, history: Sequence[Step]) -> None:
    """A timeless group judges a block of time at once as it judges each sweep."""
    assert group.timeless
    seen = [(now, frozen_plant(table, now, points)) for now, points in frames(table, history)]
    names = ("value", "quality", "status", "source_time_ns", "received_mono_ns")
    block = Moment(
        mono_ns=seen[-1][0],
        wall_ns=START_WALL_NS + seen[-1][0],
        start_mono_ns=START_NS,
        tag_ids=table.ids,
        **{name: np.stack([getattr(shot, name) for _, shot in seen]) for name in names},
    )
    for active in (np.zeros(group.position.size, np.bool_), np.ones(group.position.size, np.bool_)):
        at_once = group.judge(block, active, group.fresh(START_NS))
        for place, (now, shot) in enumerate(seen):
            alone = group.judge(Moment.of(shot, table.ids, START_NS, now), active, group.fresh(START_NS))
            np.testing.assert_array_equal(at_once.condition[place], alone.condition)
            np.testing.assert_array_equal(np.broadcast_to(at_once.value, at_once.condition.shape)[place], alone.value)
            np.testing.assert_array_equal(np.broadcast_to(at_once.row, at_once.condition.shape)[place], alone.row)
