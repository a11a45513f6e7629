"""Arrays and oracle must agree on any history: values, qualities, time steps, delays, dead bands, restarts."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import BadQuality, Bypassed, Delays, DiscreteState, Limit, NoUpdate, Rule
from rules.compile import compile_rules
from rules.evaluate import evaluate, next_deadline_ns
from rules.kinds.rates import RateOfChange
from rules.memory import Memory, seed
from tests.rules.oracle import GOOD, NEVER_SEEN, STALE, Oracle, Point
from tests.rules.plants import SECOND, snapshot, table, tag

ANALOG = ("LT-1", "PT-1", "TT-1")
DISCRETE = ("HS-1", "HS-2", "XS-1")
PLANT = table(*(tag(name) for name in ANALOG), *(tag(name, discrete=True) for name in DISCRETE))
TICK = SECOND // 2

delays = st.builds(
    Delays,
    on_delay_ns=st.sampled_from([0, 1, TICK, 2 * TICK, 3 * TICK]),
    off_delay_ns=st.sampled_from([0, 1, TICK, 2 * TICK, 3 * TICK]),
)
set_points = st.sampled_from([20.0, 50.0, 80.0])


@st.composite
def rule(draw: st.DrawFn, number: int) -> Rule:
    name, held = f"rule-{number}", draw(delays)
    kind = draw(st.sampled_from(["limit", "limit", "limit", "state", "no_update", "bad", "bypass", "rate", "rate"]))
    analog, discrete = draw(st.sampled_from(ANALOG)), draw(st.sampled_from(DISCRETE))
    if kind == "limit":
        return Limit(
            id=name,
            tag=f"{analog}",
            kind=draw(st.sampled_from(["HH", "H", "L", "LL"])),
            set_point=draw(set_points),
            dead_band=draw(st.sampled_from([0.0, 0.5, 5.0])),
            delays=held,
        )
    if kind == "state":
        return DiscreteState(id=name, tag=discrete, abnormal_state=draw(st.integers(0, 1)), delays=held)
    if kind == "no_update":
        return NoUpdate(id=name, tag=analog, after_ns=draw(st.sampled_from([SECOND, 2 * SECOND])), delays=held)
    if kind == "bad":
        return BadQuality(id=name, tag=analog, delays=held)
    if kind == "rate":
        return RateOfChange(
            id=name,
            tag=analog,
            direction=draw(st.sampled_from(["rise", "fall", "either"])),
            limit=draw(st.sampled_from([60.0, 300.0, 1200.0])),
            window_ns=draw(st.sampled_from([4 * SECOND, 8 * SECOND])),
            dead_band=draw(st.sampled_from([0.0, 30.0])),
            minimum_coverage=draw(st.sampled_from([0.1, 0.5])),
            delays=held,
        )
    bits = draw(st.lists(st.sampled_from(DISCRETE), min_size=1, max_size=3, unique=True))
    return Bypassed(id=name, bits=tuple((bit, draw(st.integers(0, 1))) for bit in bits), delays=held)


def one_limit_per_tag(rules: list[Rule]) -> list[Rule]:
    """Keep what compiles: limits on one tag would have to be in order, which is not what is tested here."""
    seen: set[str] = set()
    kept: list[Rule] = []
    for item in rules:
        if isinstance(item, Limit):
            if item.tag in seen:
                continue
            seen.add(item.tag)
        kept.append(item)
    return kept


rule_lists = (
    st.integers(1, 8).flatmap(lambda n: st.tuples(*(rule(i) for i in range(n)))).map(list).map(one_limit_per_tag)
)
values = st.sampled_from([0.0, 14.9, 15.0, 20.0, 20.5, 25.0, 49.5, 49.7, 50.0, 75.0, 79.4, 79.6, 80.0, 100.0, math.nan])
qualities = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 4])
change = st.tuples(
    st.integers(0, len(PLANT) - 1), values, st.sampled_from([0.0, 1.0, 0.5, math.nan]), qualities, st.booleans()
)
scans = st.lists(
    st.tuples(
        st.sampled_from([0, 1, TICK // 2, TICK, TICK, 2 * TICK, 7 * TICK]), st.lists(change, max_size=4), st.booleans()
    ),
    min_size=1,
    max_size=25,
)


History = list[tuple[int, list[tuple[int, float, float, int, bool]], bool]]
histories = given(rules=rule_lists, history=scans, seeded=st.sets(st.integers(0, 7)), restart_at=st.integers(0, 30))


@settings(max_examples=300, deadline=None)
@histories
def test_arrays_agree_with_the_oracle(rules: list[Rule], history: History, seeded: set[int], restart_at: int) -> None:
    agree(rules, history, seeded, restart_at)


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None)
@histories
def test_arrays_agree_with_the_oracle_at_length(
    rules: list[Rule], history: History, seeded: set[int], restart_at: int
) -> None:
    agree(rules, history, seeded, restart_at)


def agree(rules: list[Rule], history: History, seeded: set[int], restart_at: int) -> None:
    """The oracle, the rules judged within their bands, and the rules judged all anew each time say the same."""
    rule_set = compile_rules(rules, PLANT)
    now = 5 * SECOND
    active = {f"rule-{number}": True for number in seeded}
    memory, oracle = seed(rule_set, active, now), Oracle(rules, now, active)
    points = {name: Point() for name in PLANT.ids}
    for number, (step_ns, changes, wait_for_deadline) in enumerate(history):
        deadline = next_deadline_ns(rule_set, memory)
        now = deadline if wait_for_deadline and deadline is not None and deadline > now else now + step_ns
        for row, value, bit, quality, answered in changes:
            name = PLANT.ids[row]
            received = now if answered and quality < STALE else points[name].received_ns
            number_of = bit if name in DISCRETE else value
            points[name] = Point(math.nan if quality == NEVER_SEEN else number_of, quality, received)
        if number == restart_at:
            decided = {
                rule_id: bool(held) for rule_id, held in zip(rule_set.ids, memory.holds.active.tolist(), strict=True)
            }
            memory, oracle = seed(rule_set, decided, now), Oracle(rules, now, decided)
            points = {name: replace(point, received_ns=0, quality=NEVER_SEEN) for name, point in points.items()}
        frozen = snapshot(PLANT, now, {name: (p.value, p.quality, p.received_ns) for name, p in points.items()})
        anew, dense = evaluate(rule_set, frozen, replace(memory, carried=None), now)
        verdicts, memory = evaluate(rule_set, frozen, memory, now)
        same(dense, memory)
        assert anew.verdict.tolist() == verdicts.verdict.tolist()
        assert anew.condition.tolist() == verdicts.condition.tolist()
        conditions, expected = oracle.evaluate(points, now)
        assert verdicts.condition.tolist() == conditions, (number, rules)
        assert verdicts.verdict.tolist() == expected, (number, rules)
        assert memory.holds.active.tolist() == [timer.active for timer in oracle.timers]
        for place, item in enumerate(rules):
            if isinstance(item, Limit):
                assert verdicts.evidence().quality[place] == points[item.tag].quality


def same(left: Memory, right: Memory) -> None:
    """All that is remembered is the same, whatever was judged to know it."""
    assert left.holds.active.tolist() == right.holds.active.tolist()
    assert left.holds.elapsed_ns.tolist() == right.holds.elapsed_ns.tolist()
    assert left.awaiting.tolist() == right.awaiting.tolist()
    assert left.due_ns == right.due_ns
    for one, other in zip(left.states, right.states, strict=True):
        assert one.keys() == other.keys()
        for name, array in one.items():
            np.testing.assert_array_equal(array, other[name])


@settings(max_examples=150, deadline=None)
@given(rules=rule_lists, history=scans)
def test_nothing_changes_before_the_deadline_that_was_told(
    rules: list[Rule], history: list[tuple[int, list[tuple[int, float, float, int, bool]], bool]]
) -> None:
    """With the readings standing still, a verdict may change at next_deadline_ns and not one nanosecond earlier."""
    rule_set, now = compile_rules(rules, PLANT), 5 * SECOND
    memory = Memory.fresh(rule_set, now)
    points = {name: Point() for name in PLANT.ids}
    for step_ns, changes, _ in history:
        now += step_ns
        for row, value, bit, quality, _ in changes:
            name = PLANT.ids[row]
            points[name] = Point(bit if name in DISCRETE else value, quality, now if quality <= GOOD + 2 else 0)
        readings = {name: (p.value, p.quality, p.received_ns) for name, p in points.items()}
        verdicts, memory = evaluate(rule_set, snapshot(PLANT, now, readings), memory, now)
        deadline, decided = next_deadline_ns(rule_set, memory), memory.holds.active.tolist()
        quiet_until = 10**12 if deadline is None else deadline - 1
        if quiet_until > now:
            before, at = evaluate(rule_set, snapshot(PLANT, quiet_until, readings), memory, quiet_until)
            assert at.holds.active.tolist() == decided
            assert before.condition.tolist() == verdicts.condition.tolist()
        if deadline is not None:
            then, at = evaluate(rule_set, snapshot(PLANT, deadline, readings), memory, deadline)
            assert (
                at.holds.active.tolist() != decided
                or then.condition.tolist() != verdicts.condition.tolist()
                or then.verdict.tolist() != verdicts.verdict.tolist()
            )
