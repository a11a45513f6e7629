"""Edges, crossings and swings in a window."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import strategies as st

from rules.catalog import KINDS, Rule
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain, next_deadline_ns
from rules.kinds.counts import ChatteringInput, Count
from rules.memory import Memory
from tests.rules.kinds.checks import Points, agrees
from tests.rules.kinds.oracle_counts import Counter
from tests.rules.kinds.readings import FALSE, GOOD, STALE, TRUE, UNCERTAIN, UNKNOWN, Sweep, sweeps_of
from tests.rules.kinds.twins import twins
from tests.rules.plants import SECOND, snapshot, table, tag

PLANT = table(tag("LT-1"), tag("LT-2"), tag("XS-1", discrete=True), tag("XS-2", discrete=True, period_ns=SECOND // 5))
values = st.sampled_from([0.0, 48.0, 49.0, 49.5, 50.0, 50.5, 51.0, 53.0, 100.0, math.nan, math.inf, -math.inf])
windows = st.sampled_from([4 * SECOND, 8 * SECOND, 60 * SECOND])
coverages = st.sampled_from([0.01, 0.5, 0.8])


@st.composite
def counts(draw: st.DrawFn) -> list[Rule]:
    rules: list[Rule] = []
    for number in range(draw(st.integers(1, 4))):
        discrete = draw(st.booleans())
        rules.append(
            Count(
                id=f"r{number}",
                tag=draw(st.sampled_from(["XS-1", "XS-2"] if discrete else ["LT-1", "LT-2"])),
                edge=draw(st.sampled_from(["rise", "fall", "change"])),
                at_least=draw(st.sampled_from([1, 2, 3])),
                window_ns=draw(windows),
                level=None if discrete else 50.0,
                dead_band=0.0 if discrete else draw(st.sampled_from([0.0, 1.0])),
                minimum_coverage=draw(coverages),
            )
        )
    return rules


@st.composite
def chattering(draw: st.DrawFn) -> list[Rule]:
    rules: list[Rule] = []
    for number in range(draw(st.integers(1, 4))):
        discrete = draw(st.booleans())
        rules.append(
            ChatteringInput(
                id=f"r{number}",
                tag=draw(st.sampled_from(["XS-1", "XS-2"] if discrete else ["LT-1", "LT-2"])),
                at_least=draw(st.sampled_from([1, 2, 3])),
                window_ns=draw(windows),
                swing=None if discrete else draw(st.sampled_from([0.5, 1.0, 3.0])),
                minimum_coverage=draw(coverages),
            )
        )
    return rules


def check(rules: list[Rule], history: list[Sweep]) -> None:
    counters = [
        Counter(rule, PLANT.tags[PLANT.row_of[rule.tag]]) for rule in rules if isinstance(rule, Count | ChatteringInput)
    ]

    def oracle(points: Points, active: Sequence[bool], now_ns: int) -> list[int]:
        return [counter.step(points[counter.rule.tag], now_ns) for counter in counters]

    agrees(rules, PLANT, history, oracle)


test_arrays_agree_with_the_oracle, test_arrays_agree_with_the_oracle_for_long = twins(
    check, 60, rules=counts() | chattering(), history=sweeps_of(PLANT, values, most=40)
)


STARTS = Count(id="P-1.starts", tag="XS-1", edge="rise", at_least=3, window_ns=60 * SECOND, minimum_coverage=0.5)


def play(rule: Rule, series: list[tuple[float, int] | None], every_ns: int = SECOND) -> list[int]:
    """Conditions of one rule, a reading each second (None: nothing was read), evaluated at `every_ns`."""
    rule_set = compile_rules([rule], PLANT)
    memory, said = Memory.fresh(rule_set, 1), []
    name, last, received = rule_set.tag_ids[rule_set.input_row[0]], (math.nan, 4), 0
    for second, reading in enumerate(series, start=1):
        if reading is not None:
            last, received = reading, second * SECOND
        for now in range(second * SECOND, (second + 1) * SECOND, every_ns):
            verdicts, memory = evaluate(rule_set, snapshot(PLANT, now, {name: (*last, received)}), memory, now)
            if now == second * SECOND:
                said.append(int(verdicts.condition[0]))
    return said


def good(*values_: float) -> list[tuple[float, int] | None]:
    return [(value, GOOD) for value in values_]


def test_three_starts_in_a_minute() -> None:
    said = play(STARTS, good(0, 1, 0, 1, 0, 1, *[1] * 70))
    assert said[:5] == [UNKNOWN] * 5  # too little of the window was seen to say that nothing happened
    assert said[5:62] == [TRUE] * 57  # the first start leaves the window 60 s after it, to the nanosecond
    assert said[62:] == [FALSE] * 14


def test_a_reading_counts_once_however_often_it_is_evaluated() -> None:
    series = good(0, 1, 0, 1, 0, 0, 0, 1, 1, 0, *[0] * 60)
    assert play(STARTS, series, SECOND // 10) == play(STARTS, series)


def test_enough_is_enough_although_the_tag_can_no_longer_be_read() -> None:
    said = play(STARTS, [*good(0, 1, 0, 1, 0, 1), (1.0, STALE), (math.nan, 2), *[None] * 60])
    assert said[5:62] == [TRUE] * 57
    assert set(said[62:]) == {UNKNOWN}


def test_uncertain_readings_are_no_edges() -> None:
    series = [(float(second % 2), UNCERTAIN) for second in range(60)]
    assert set(play(STARTS, [*series])) == {UNKNOWN}


def test_a_level_counts_again_only_after_the_dead_band() -> None:
    rule = replace(STARTS, tag="LT-1", level=50.0, dead_band=2.0, at_least=2, window_ns=10 * SECOND)
    assert TRUE not in play(rule, good(40, 50, 49, 50, 48, 51, 49, 52, 48, 50))
    assert play(rule, good(40, 50, 49, 50, 47.9, 50))[-1] == TRUE


def test_a_ramp_does_not_chatter_and_a_swing_does() -> None:
    rule = ChatteringInput(id="LT-1.chattering_input", tag="LT-1", swing=2.0, minimum_coverage=0.5)
    assert TRUE not in play(rule, good(*[10.0 + second for second in range(60)]))
    assert TRUE not in play(rule, good(*[10.0 + 1.9 * (second % 2) for second in range(60)]))
    assert play(rule, good(*[10.0 + 2.0 * (second % 2) for second in range(10)]))[:8] == [UNKNOWN] * 7 + [TRUE]


def test_it_tells_when_the_window_has_moved_on() -> None:
    rule_set = compile_rules([replace(STARTS, at_least=1)], PLANT)
    memory = Memory.fresh(rule_set, 1)
    for second, value in ((1, 0.0), (2, 1.0)):
        now = second * SECOND
        verdicts, memory = evaluate(rule_set, snapshot(PLANT, now, {"XS-1": (value, GOOD)}), memory, now)
    assert verdicts.condition.tolist() == [TRUE]
    due = next_deadline_ns(rule_set, memory)
    assert due == 62 * SECOND + 1
    frozen = {"XS-1": (1.0, GOOD, 2 * SECOND)}
    before, _ = evaluate(rule_set, snapshot(PLANT, due - 1, frozen), memory, due - 1)
    after, memory = evaluate(rule_set, snapshot(PLANT, due, frozen), memory, due)
    assert (before.condition.tolist(), after.condition.tolist()) == ([TRUE], [UNKNOWN])
    told = explain(rule_set, "P-1.starts", snapshot(PLANT, due, frozen), memory, due)
    assert "0 times in 60 s, alarm at 1" in told.en
    assert "窗口覆盖" in told.zh


def test_no_rule_knows_of_another() -> None:
    """One rule's row of the memory is the same alone and among others: memory moves rule by rule."""
    other = replace(STARTS, id="other", tag="XS-2", at_least=64, window_ns=600 * SECOND)
    alone, together = compile_rules([STARTS], PLANT), compile_rules([other, STARTS], PLANT)
    memories = [Memory.fresh(alone, 1), Memory.fresh(together, 1)]
    for second in range(1, 40):
        now = second * SECOND
        frozen = snapshot(PLANT, now, {"XS-1": (float(second % 3 == 0), GOOD), "XS-2": (float(second % 2), GOOD)})
        memories = [
            evaluate(rule_set, frozen, memory, now)[1]
            for rule_set, memory in zip((alone, together), memories, strict=True)
        ]
    for name, array in memories[0].states[0].items():
        np.testing.assert_array_equal(array[0], memories[1].states[0][name][1])


CHATTERS = ChatteringInput(id="x", tag="LT-1", swing=1.0)
CROSSES = replace(STARTS, id="x", tag="LT-1", level=50.0)


@pytest.mark.parametrize(
    ("rule", "field", "word"),
    [
        (replace(STARTS, id="x", tag="NO"), "tag", "no tag"),
        (replace(STARTS, id="x", level=0.5), "level", "no level"),
        (replace(CROSSES, level=None), "level", "give the level"),
        (replace(CROSSES, level=math.nan), "level", "give the level"),
        (replace(CROSSES, dead_band=-1.0), "dead_band", "0 or more"),
        (replace(CROSSES, at_least=0), "at_least", "1 to 64"),
        (replace(CROSSES, at_least=65, window_ns=600 * SECOND), "at_least", "1 to 64"),
        (replace(CROSSES, minimum_coverage=0.0), "minimum_coverage", "at most 1"),
        (replace(CROSSES, at_least=40), "window_s", "at least 78 s"),
        (replace(CROSSES, edge="change", at_least=62), "window_s", "at least 61 s"),
        (replace(CHATTERS, tag="NO"), "tag", "no tag"),
        (replace(CHATTERS, tag="XS-1"), "swing", "no swing"),
        (replace(CHATTERS, swing=None), "swing", "give the swing"),
        (replace(CHATTERS, swing=0.0), "swing", "give the swing"),
        (replace(CHATTERS, window_ns=SECOND), "window_s", "too short"),
    ],
)
def test_mistakes(rule: Rule, field: str, word: str) -> None:
    (error,) = KINDS[type(rule)].errors(rule, PLANT)
    assert (error.rule_id, error.field) == ("x", field)
    assert word in error.en
