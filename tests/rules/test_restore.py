"""A stored memory goes on after a restart as if the outage had been UNKNOWN; what is broken is left out, never a crash."""

import json
import random
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import KINDS, Delays, DiscreteState, Limit, Rule, RuleSet
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.hold import HoldMemory
from rules.memory import Memory
from rules.port import NEVER
from rules.restore import Restored, restore
from rules.stored import StoredPart, delays_part, state_part
from tests.rules.histories import PLANT, Run, Sweep, rule_lists, snapshots, sweeps
from tests.rules.plants import SECOND, START_WALL_NS, snapshot
from tests.rules.remembering import Rose, RoseKind

pytestmark = pytest.mark.usefixtures("remembering")
START = 1000 * SECOND
LEVEL = Limit(id="LT-1.H", tag="LT-1", kind="H", set_point=50.0, delays=Delays(on_delay_ns=3 * SECOND))
OTHER = replace(LEVEL, id="TT-1.H", tag="TT-1")
SWITCH = DiscreteState(id="XV-1.state", tag="XV-1", abnormal_state=1, delays=Delays(off_delay_ns=5 * SECOND))
RISE = Rose(id="PT-1.rose", tag="PT-1", by=1.0, window_ns=8 * SECOND, hold_ns=60 * SECOND)
FALL = Rose(id="TT-1.rose", tag="TT-1", by=1.0, window_ns=8 * SECOND, hold_ns=60 * SECOND)


def stored(rule_set: RuleSet, memory: Memory, wall_ns: int = START_WALL_NS) -> list[StoredPart]:
    states = [state_part(rule_set, memory, place, wall_ns) for place in range(len(rule_set.groups))]
    return [delays_part(rule_set, memory, wall_ns), *(part for part in states if part is not None)]


def run_of(*rules: Rule) -> Run:
    rule_set = compile_rules(rules, PLANT)
    return Run(rule_set, Memory.fresh(rule_set, START))


def again(run: Run, *rules: Rule, after_s: float = 0.0, mono_ns: int = 50 * SECOND) -> tuple[Run, Restored]:
    """The next process, some seconds of wall time later, on another mono clock."""
    active = dict(zip(run.rule_set.ids, run.memory.holds.active.tolist(), strict=True))
    rule_set = compile_rules(rules or run.rule_set.rules, PLANT)
    wall_ns = START_WALL_NS + int(after_s * SECOND)
    found = restore(rule_set, stored(run.rule_set, run.memory), active, mono_ns, wall_ns)
    return Run(rule_set, found.memory), found


def outage(memory: Memory, mono_ns: int) -> Memory:
    """What the memory is worth after an outage without any storing: all inputs unread, conditions UNKNOWN."""
    holds = memory.holds
    return replace(
        memory,
        start_mono_ns=mono_ns,
        holds=HoldMemory.of(
            mono_ns=mono_ns,
            active=holds.active,
            condition=np.full_like(holds.condition, 2),
            elapsed_ns=np.where(holds.active, 0, holds.elapsed_ns),
        ),
        awaiting=holds.active.copy(),
        inputs_seen_good=np.zeros_like(memory.inputs_seen_good),
    )


def check_like_an_outage(
    rules: list[Rule], before: list[Sweep], after: list[Sweep], outage_ns: int, shift_ns: int, chance: random.Random
) -> None:
    plain = run_of(*rules)
    now_ns = START
    for seen in snapshots(before, START):
        plain.sweep(seen)
        now_ns = seen.mono_ns
    parts = stored(plain.rule_set, plain.memory)
    active = dict(zip(plain.rule_set.ids, plain.memory.holds.active.tolist(), strict=True))
    now_ns += outage_ns
    rule_set = compile_rules(chance.sample(rules, len(rules)), PLANT)
    found = restore(rule_set, parts, active, now_ns + shift_ns, START_WALL_NS + outage_ns)
    assert found.left_out == ()
    restarted = Run(rule_set, found.memory)
    plain.memory = outage(plain.memory, now_ns)
    both = zip(snapshots(after, now_ns), snapshots(after, now_ns + shift_ns), strict=True)
    for seen, seen_by_other_clock in both:
        assert plain.sweep(seen) == restarted.sweep(seen_by_other_clock)


outages = st.sampled_from([0, SECOND, 3 * SECOND, 100 * SECOND])
# whole slots of every window: which reading of a slot is kept follows the mono clock
shifts = st.sampled_from([-998 * SECOND, 0, 4000 * SECOND])


@settings(max_examples=80, deadline=None)
@given(rule_lists(), sweeps, sweeps, outages, shifts, st.randoms(use_true_random=False))
def test_a_restart_is_an_outage_and_nothing_else(
    rules: list[Rule], before: list[Sweep], after: list[Sweep], outage_ns: int, shift_ns: int, chance: random.Random
) -> None:
    check_like_an_outage(rules, before, after, outage_ns, shift_ns, chance)


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None)
@given(rule_lists(), sweeps, sweeps, outages, shifts, st.randoms(use_true_random=False))
def test_a_restart_is_an_outage_and_nothing_else_at_length(
    rules: list[Rule], before: list[Sweep], after: list[Sweep], outage_ns: int, shift_ns: int, chance: random.Random
) -> None:
    check_like_an_outage(rules, before, after, outage_ns, shift_ns, chance)


@pytest.mark.parametrize("after_s", [0.0, 3600.0, -3600.0])
def test_a_running_on_delay_goes_on_with_what_it_counted(after_s: float) -> None:
    run = run_of(LEVEL)
    for seconds in (0, 1, 2):
        run.sweep(snapshot(PLANT, START + seconds * SECOND, {"LT-1": (60.0, 0)}))
    restarted, found = again(run, after_s=after_s)
    assert found.rules == ("LT-1.H",)
    now_ns = 50 * SECOND
    assert restarted.sweep(snapshot(PLANT, now_ns, {})) == {"LT-1.H": (2, 2)}  # not read yet: held, and nothing counts
    high = {"LT-1": (60.0, 0)}
    assert restarted.sweep(snapshot(PLANT, now_ns + 5 * SECOND, high)) == {"LT-1.H": (0, 1)}
    assert restarted.sweep(snapshot(PLANT, now_ns + 5 * SECOND + 999_999_999, high)) == {"LT-1.H": (0, 1)}
    assert restarted.sweep(snapshot(PLANT, now_ns + 6 * SECOND, high)) == {"LT-1.H": (1, 1)}


def test_false_after_the_restart_takes_the_delay_back() -> None:
    run = run_of(LEVEL)
    for seconds in (0, 2):
        run.sweep(snapshot(PLANT, START + seconds * SECOND, {"LT-1": (60.0, 0)}))
    restarted, _ = again(run)
    restarted.sweep(snapshot(PLANT, 51 * SECOND, {"LT-1": (10.0, 0)}))
    restarted.sweep(snapshot(PLANT, 52 * SECOND, {"LT-1": (60.0, 0)}))
    assert restarted.sweep(snapshot(PLANT, 54 * SECOND, {"LT-1": (60.0, 0)})) == {"LT-1.H": (0, 1)}
    assert restarted.sweep(snapshot(PLANT, 55 * SECOND, {"LT-1": (60.0, 0)})) == {"LT-1.H": (1, 1)}


def test_the_board_wins_over_the_memory() -> None:
    run = run_of(LEVEL, SWITCH)
    run.sweep(snapshot(PLANT, START, {"LT-1": (60.0, 0), "XV-1": (1.0, 0)}))
    run.sweep(snapshot(PLANT, START + SECOND, {"LT-1": (60.0, 0), "XV-1": (0.0, 0)}))  # its off-delay runs
    assert run.memory.holds.active.tolist() == [False, True]
    parts = stored(run.rule_set, run.memory)
    found = restore(run.rule_set, parts, {"LT-1.H": True}, 50 * SECOND, START_WALL_NS)
    memory = found.memory
    assert memory.holds.active.tolist() == [True, False]
    assert memory.holds.elapsed_ns.tolist() == [0, 0]
    assert memory.awaiting.tolist() == [True, False]
    verdicts, _ = evaluate(run.rule_set, snapshot(PLANT, 50 * SECOND, {"LT-1": (10.0, 1)}), memory, 50 * SECOND)
    assert verdicts.verdict.tolist() == [2, 2]  # no FALSE is believed of what was never read good


@pytest.mark.parametrize(("after_s", "left_s"), [(0.0, 60), (20.0, 40), (3600.0, 0), (-3600.0, 60)])
def test_a_moment_ahead_comes_nearer_by_the_time_that_passed_and_no_further_than_now(
    after_s: float, left_s: int
) -> None:
    run = run_of(RISE)
    run.sweep(snapshot(PLANT, START, {"PT-1": (1.0, 0)}))
    run.sweep(snapshot(PLANT, START + 2 * SECOND, {"PT-1": (9.0, 0)}))
    restarted, found = again(run, after_s=after_s)
    (state,) = found.memory.states
    assert state["until_mono_ns"].tolist() == [50 * SECOND + left_s * SECOND]
    passed_ns = max(0, int(after_s * SECOND))
    samples = state["sample_mono_ns"][0]
    assert samples[-2:].tolist() == [48 * SECOND - passed_ns, 50 * SECOND - passed_ns]
    assert samples[0] == NEVER
    assert (state["rises"].tolist(), state["rose"].tolist()) == ([1], [True])
    told = restarted.sweep(snapshot(PLANT, 50 * SECOND, {"PT-1": (9.0, 2)}))
    assert told == {"PT-1.rose": (1, 1) if left_s else (2, 2)}


def test_what_is_defined_anew_or_gone_is_left_out_and_the_rest_is_taken_over() -> None:
    run = run_of(LEVEL, RISE, FALL, OTHER)
    for seconds in (0, 2):
        readings = {"LT-1": (60.0, 0), "TT-1": (60.0 + seconds, 0), "PT-1": (1.0 + seconds, 0)}
        run.sweep(snapshot(PLANT, START + seconds * SECOND, readings))
    _, found = again(run, FALL, replace(LEVEL, set_point=49.0), replace(RISE, by=0.5))
    assert found.rules == ("TT-1.rose",)
    # the set has limits and rises in the order of the catalogue: rises are the last group
    assert found.memory.states[-1]["rises"].tolist() == [1, 0]
    assert found.memory.holds.elapsed_ns.tolist() == [0, 0, 0]
    assert [(item.part, item.rules) for item in found.left_out] == [("delays", 2), ("Rose", 1)]


def test_a_kind_of_another_version_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(LEVEL, RISE)
    for seconds in (0, 2):
        run.sweep(snapshot(PLANT, START + seconds * SECOND, {"LT-1": (60.0, 0), "PT-1": (1.0 + seconds, 0)}))
    parts = stored(run.rule_set, run.memory)
    monkeypatch.setattr(RoseKind, "version", 4)
    found = restore(run.rule_set, parts, {}, 50 * SECOND, START_WALL_NS)
    assert found.rules == ("LT-1.H",)
    (left,) = found.left_out
    assert (left.part, left.rules) == ("Rose", 0)
    assert left.reason == "it was stored by version 3 of the kind, this is version 4"


def test_a_kind_that_no_rule_has_any_more_is_told() -> None:
    run = run_of(LEVEL, RISE)
    run.sweep(snapshot(PLANT, START, {"LT-1": (60.0, 0), "PT-1": (1.0, 0)}))
    _, found = again(run, LEVEL)
    assert [(item.part, item.reason) for item in found.left_out] == [("Rose", "no rule of this kind is left")]


def changed(part: StoredPart, change: Callable[[dict[str, Any]], None]) -> StoredPart:
    """The part with another first line."""
    text, _, data = zlib.decompress(part.body).partition(b"\n")
    head = json.loads(text)
    change(head)
    return replace(part, body=zlib.compress(json.dumps(head).encode() + b"\n" + data))


@pytest.mark.parametrize(
    "change",
    [
        lambda head: head.update(format=2),
        lambda head: head.pop("format"),
        lambda head: head["ids"].pop(),
        lambda head: head.update(ids=[head["ids"][0]] * 2),
        lambda head: head["arrays"].pop(),
        lambda head: head["arrays"][0].__setitem__(0, "something_else"),
        lambda head: head["arrays"][0].__setitem__(1, "|O"),
        lambda head: head["arrays"][0].__setitem__(1, "<f4"),
        lambda head: head["arrays"][0].__setitem__(2, [2, 2**62]),
        lambda head: head["arrays"][0].__setitem__(2, [-2, -5]),
        lambda head: head.update(arrays="all"),
        lambda head: head.update(version="young"),
    ],
)
def test_a_part_that_is_not_what_this_version_writes_is_left_out(change: Callable[[dict[str, Any]], None]) -> None:
    run = run_of(RISE, FALL)
    run.sweep(snapshot(PLANT, START, {"PT-1": (1.0, 0), "TT-1": (2.0, 0)}))
    (part,) = stored(run.rule_set, run.memory)[1:]
    found = restore(run.rule_set, [changed(part, change)], {}, 50 * SECOND, START_WALL_NS)
    assert found.rules == ()
    (left,) = found.left_out
    assert left.rules == 0
    assert np.array_equal(
        found.memory.states[0]["sample_mono_ns"], run.rule_set.groups[0][1].fresh(0)["sample_mono_ns"]
    )


def test_one_rule_with_impossible_numbers_is_left_out_alone() -> None:
    run = run_of(RISE, FALL)
    run.sweep(snapshot(PLANT, START, {"PT-1": (1.0, 0), "TT-1": (2.0, 0)}))
    samples = run.memory.states[0]["sample_mono_ns"].copy()
    samples[0, -1] = START + 2**62
    run.memory = replace(run.memory, states=({**run.memory.states[0], "sample_mono_ns": samples},))
    _, found = again(run)
    assert found.rules == ("TT-1.rose",)
    assert [(item.part, item.rules) for item in found.left_out] == [("Rose", 1)]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_bytes_never_stop_the_start(data: st.DataObject) -> None:
    run = run_of(LEVEL, RISE)
    for seconds in (0, 2):
        run.sweep(snapshot(PLANT, START + seconds * SECOND, {"LT-1": (60.0, 0), "PT-1": (1.0, 0)}))
    parts = []
    for part in stored(run.rule_set, run.memory):
        inside = data.draw(st.booleans())  # damage what was compressed, so that the checksum does not tell it
        body = bytearray(zlib.decompress(part.body) if inside else part.body)
        for _ in range(data.draw(st.integers(0, 3))):
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
        cut = bytes(body[: data.draw(st.integers(0, len(body)))])
        parts.append(replace(part, body=zlib.compress(cut) if inside else cut))
    found = restore(run.rule_set, parts, {}, 50 * SECOND, START_WALL_NS)
    evaluate(run.rule_set, snapshot(PLANT, 51 * SECOND, {"LT-1": (60.0, 0)}), found.memory, 51 * SECOND)


def test_a_state_that_is_no_numbers_is_refused_when_it_is_stored() -> None:
    run = run_of(RISE)
    names = np.array(["one"])
    run.memory = replace(run.memory, states=({**run.memory.states[0], "name": names},))
    with pytest.raises(ValueError, match="Rose"):
        state_part(run.rule_set, run.memory, 0, START_WALL_NS)


def test_every_kind_has_a_name_of_its_own_and_a_version() -> None:
    assert len({kind.__name__ for kind in KINDS}) == len(KINDS)
    assert "delays" not in {kind.__name__ for kind in KINDS}
    assert all(isinstance(kind.version, int) for kind in KINDS.values())
