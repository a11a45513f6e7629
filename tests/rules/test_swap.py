"""Hot swap: unchanged rules go on as if nothing had happened, others begin anew."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import Delays, DiscreteState, Limit, Rule
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.fingerprints import fingerprints
from rules.memory import Memory, seed
from rules.swap import swap, with_rows
from tests.rules.histories import PLANT, Run, Sweep, rule_lists, snapshots, sweeps
from tests.rules.plants import SECOND, snapshot, table, tag
from tests.rules.remembering import Rose

pytestmark = pytest.mark.usefixtures("remembering")
START = 100 * SECOND


def run_of(rules: list[Rule], of: TagTable = PLANT) -> Run:
    rule_set = compile_rules(rules, of)
    return Run(rule_set, Memory.fresh(rule_set, START))


def check_order(rules: list[Rule], before: list[Sweep], after: list[Sweep], chance: random.Random) -> None:
    plain, swapped = run_of(rules), run_of(rules)
    moments = list(snapshots([*before, *after], START))
    for place, seen in enumerate(moments):
        if place >= len(before):
            other = chance.sample(rules, len(rules))
            # the tags of the new set stand in another order too
            tags = TagTable(chance.sample(PLANT.tags, len(PLANT)))
            new_set = compile_rules(other, tags)
            swapped = Run(new_set, swap(swapped.rule_set, swapped.memory, new_set, seen.mono_ns))
            seen_by_other = reordered(seen, tags)
        else:
            seen_by_other = seen
        assert plain.sweep(seen) == swapped.sweep(seen_by_other)


def reordered(seen: Snapshot, tags: TagTable) -> Snapshot:
    rows = np.array([PLANT.row_of[tag_id] for tag_id in tags.ids])
    columns = {
        name: getattr(seen, name)[rows]
        for name in ("value", "quality", "status", "source_time_ns", "received_mono_ns", "received_wall_ns", "changed")
    }
    return replace(seen, **columns)


@settings(max_examples=60, deadline=None)
@given(rule_lists(), sweeps, sweeps, st.randoms(use_true_random=False))
def test_the_same_rules_in_another_order_change_no_later_verdict(
    rules: list[Rule], before: list[Sweep], after: list[Sweep], chance: random.Random
) -> None:
    check_order(rules, before, after, chance)


def test_what_was_decided_in_spite_of_unknown_is_said_again_after_a_swap_at_that_moment() -> None:
    rule = DiscreteState(id="R", tag="XV-1", abnormal_state=1, delays=Delays(on_delay_ns=SECOND))
    before = [
        Sweep(after_ns=0, readings={"XV-1": (1.0, 0)}),
        Sweep(after_ns=SECOND, readings={"XV-1": (0.0, 2)}),  # the delay runs out as its input turns BAD
    ]
    check_order([rule], before, [Sweep(after_ns=0, readings={}), Sweep(after_ns=1, readings={})], random.Random(1))


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None)
@given(rule_lists(), sweeps, sweeps, st.randoms(use_true_random=False))
def test_the_same_rules_in_another_order_change_no_later_verdict_at_length(
    rules: list[Rule], before: list[Sweep], after: list[Sweep], chance: random.Random
) -> None:
    check_order(rules, before, after, chance)


@settings(max_examples=60, deadline=None)
@given(rule_lists(least=2), sweeps, sweeps, st.data())
def test_one_changed_rule_disturbs_no_other(
    rules: list[Rule], before: list[Sweep], after: list[Sweep], data: st.DataObject
) -> None:
    victim = data.draw(st.integers(0, len(rules) - 1))
    changed = replace(rules[victim], delays=Delays(on_delay_ns=7 * SECOND, off_delay_ns=7 * SECOND))
    removed = data.draw(st.booleans())
    new_rules = [*rules[:victim], *([] if removed else [changed]), *rules[victim + 1 :]]
    plain, swapped = run_of(rules), run_of(rules)
    for place, seen in enumerate(snapshots([*before, *after], START)):
        if place == len(before):
            new_set = compile_rules(new_rules, PLANT)
            swapped = Run(new_set, swap(swapped.rule_set, swapped.memory, new_set, seen.mono_ns))
        wanted, found = plain.sweep(seen), swapped.sweep(seen)
        if place >= len(before):
            wanted.pop(rules[victim].id)
            found.pop(rules[victim].id, None)
        assert wanted == found


LEVEL = Limit(id="LT-1.H", tag="LT-1", kind="H", set_point=50.0, delays=Delays(on_delay_ns=3 * SECOND))
SWITCH = DiscreteState(id="XV-1.state", tag="XV-1", abnormal_state=1)
RISE = Rose(id="PT-1.rose", tag="PT-1", by=1.0, window_ns=4 * SECOND, hold_ns=60 * SECOND)
HIGH = {"LT-1": (60.0, 0), "XV-1": (1.0, 0), "PT-1": (5.0, 0)}


def test_a_running_delay_goes_on_and_a_changed_one_begins_anew() -> None:
    other = replace(LEVEL, id="TT-1.H", tag="TT-1")
    run = run_of([LEVEL, other])
    both = {"LT-1": (60.0, 0), "TT-1": (60.0, 0)}
    for seconds in (0, 1, 2):
        run.sweep(snapshot(PLANT, START + seconds * SECOND, both))
    new_set = compile_rules([replace(other, set_point=49.0), LEVEL], PLANT)
    swapped = Run(new_set, swap(run.rule_set, run.memory, new_set, START + 2 * SECOND))
    told = swapped.sweep(snapshot(PLANT, START + 3 * SECOND, both))
    assert told == {"LT-1.H": (1, 1), "TT-1.H": (0, 1)}
    swapped.sweep(snapshot(PLANT, START + 5 * SECOND, both))
    assert swapped.sweep(snapshot(PLANT, START + 6 * SECOND, both))["TT-1.H"] == (1, 1)


def test_what_was_true_stays_true_though_its_definition_changed_until_its_inputs_are_good() -> None:
    run = run_of([SWITCH])
    assert run.sweep(snapshot(PLANT, START, HIGH)) == {"XV-1.state": (1, 1)}
    new_set = compile_rules([replace(SWITCH, tag="XV-2")], PLANT)
    swapped = Run(new_set, swap(run.rule_set, run.memory, new_set, START))
    assert swapped.memory.holds.active.tolist() == [True]
    assert swapped.sweep(snapshot(PLANT, START + 1, HIGH)) == {"XV-1.state": (2, 2)}  # XV-2 was never read
    assert swapped.memory.holds.active.tolist() == [True]
    assert swapped.sweep(snapshot(PLANT, START + 2, {"XV-2": (0.0, 0)})) == {"XV-1.state": (0, 0)}


def test_waiting_for_inputs_after_a_restart_goes_on_through_a_swap() -> None:
    rule_set = compile_rules([SWITCH], PLANT)
    run = Run(rule_set, seed(rule_set, {"XV-1.state": True}, START))
    new_set = compile_rules([LEVEL, SWITCH], PLANT)
    swapped = Run(new_set, swap(run.rule_set, run.memory, new_set, START))
    assert swapped.memory.awaiting.tolist() == [False, True]
    told = swapped.sweep(snapshot(PLANT, START, {"XV-1": (0.0, 1)}))
    assert told["XV-1.state"] == (2, 2)
    assert swapped.sweep(snapshot(PLANT, START + 1, {"XV-1": (0.0, 0)}))["XV-1.state"] == (0, 0)


def test_a_new_range_of_a_tag_makes_its_rules_anew_and_a_new_description_does_not() -> None:
    def of(**changes: object) -> TagTable:
        return table(replace(tag("LT-1"), **changes), tag("PT-1"))  # type: ignore[arg-type]  # fields by name

    prints = [fingerprints(compile_rules([LEVEL, RISE], of(**changes))) for changes in (
        {}, {"description_zh": "液位"}, {"high": 80.0}, {"eu": "mm"},
    )]  # fmt: skip
    assert prints[0] == prints[1]
    assert prints[0][0] != prints[2][0]
    assert prints[0][0] != prints[3][0]
    assert prints[0][1] == prints[2][1] == prints[3][1]  # another tag's rule
    assert len(set(prints[0])) == 2
    assert None not in prints[0]


def test_a_rule_that_cannot_be_written_down_is_never_known_again() -> None:
    rule_set = compile_rules([replace(RISE, by=Opaque(1.0))], PLANT)
    assert fingerprints(rule_set) == (None,)
    run = Run(rule_set, Memory.fresh(rule_set, START))
    run.sweep(snapshot(PLANT, START, HIGH))
    assert run.memory.states[0]["sample_mono_ns"].max() == START
    again = swap(rule_set, run.memory, compile_rules(rule_set.rules, PLANT), START)
    assert again.states[0]["sample_mono_ns"].max() < 0


def test_what_conditions_remember_may_come_and_go_with_the_rules_that_need_it() -> None:
    places = np.array([1])
    plain = {"sample": np.array([1.0, 2.0])}
    timed = {"sample": np.array([7.0, 8.0]), "condition_since_mono_ns": np.array([[5], [6]])}
    added = with_rows(timed, plain, places, places)
    assert added is not None
    assert {name: column.tolist() for name, column in added.items()} == {
        "sample": [7.0, 2.0],
        "condition_since_mono_ns": [[5], [6]],
    }
    dropped = with_rows(plain, timed, places, places)
    assert dropped is not None
    assert {name: column.tolist() for name, column in dropped.items()} == {"sample": [1.0, 8.0]}
    assert with_rows(plain, {"another": plain["sample"]}, places, places) is None
    assert with_rows(plain, {"sample": plain["sample"].astype(np.float32)}, places, places) is None
    assert with_rows(plain, {"sample": np.zeros((2, 3))}, places, places) is None


class Opaque(float):
    __repr__ = object.__repr__
