"""Deviations between tags, and discrete states that do not go together."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from rules.catalog import KINDS, Delays, Rule
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain
from rules.kinds.comparisons import Deviation
from rules.kinds.mismatches import Mismatch, expected, follows, limit_switches
from rules.memory import Memory
from tests.rules.kinds.checks import Points, agrees, block_is_sweep_by_sweep
from tests.rules.kinds.oracle_comparisons import deviation, mismatch
from tests.rules.kinds.readings import BAD, FALSE, GOOD, TRUE, UNCERTAIN, UNKNOWN, Sweep, sweeps_of
from tests.rules.kinds.twins import twins
from tests.rules.plants import SECOND, snapshot, table, tag

ANALOG = ("LT-1", "LT-2", "LT-3", "LT-4")
DISCRETE = ("XV-1.CMD", "XV-1.OPEN", "XV-1.CLOSED", "P-1.RUN")
PLANT = table(*(tag(name) for name in ANALOG), *(tag(name, discrete=True) for name in DISCRETE), tag("TT-1", high=9.0))
values = st.sampled_from([0.0, 9.5, 10.0, 10.5, 12.0, 14.5, 15.0, 20.0, 30.0, math.nan, math.inf, -math.inf])


@st.composite
def deviations(draw: st.DrawFn) -> list[Deviation]:
    rules: list[Deviation] = []
    for number in range(draw(st.integers(1, 5))):
        names = draw(st.permutations(ANALOG))[: draw(st.integers(2, 4))]
        limit = draw(st.sampled_from([0.5, 5.0, 10.0]))
        rules.append(
            Deviation(
                id=f"r{number}",
                tag=names[0],
                against=tuple(names[1:]),
                limit=limit,
                direction=draw(st.sampled_from(["both", "above", "below"])),
                dead_band=draw(st.sampled_from([0.0, 0.5 * limit])),
            )
        )
    return rules


@st.composite
def mismatches(draw: st.DrawFn) -> list[Mismatch]:
    rules: list[Mismatch] = []
    states = st.integers(0, 1)
    for number in range(draw(st.integers(1, 5))):
        names = draw(st.permutations(DISCRETE))
        form = draw(st.integers(0, 3))
        wrong = [
            follows(names[0], names[1], draw(states)),
            limit_switches(names[0], names[1]),
            expected(((names[0], draw(states)),), ((names[1], draw(states)), (names[2], draw(states)))),
            expected((), ((names[0], draw(states)), (names[1], draw(states)))),
        ][form]
        rules.append(Mismatch(id=f"r{number}", wrong=wrong))
    return rules


def check_deviations(rules: list[Deviation], history: list[Sweep]) -> None:
    def oracle(points: Points, active: Sequence[bool], now_ns: int) -> list[int]:
        return [deviation(rule, points, held) for rule, held in zip(rules, active, strict=True)]

    agrees(rules, PLANT, history, oracle)
    block_is_sweep_by_sweep(rules, PLANT, history)


def check_mismatches(rules: list[Mismatch], history: list[Sweep]) -> None:
    agrees(rules, PLANT, history, lambda points, active, now_ns: [mismatch(rule, points) for rule in rules])
    block_is_sweep_by_sweep(rules, PLANT, history)


test_deviations_agree_with_the_oracle, test_deviations_agree_with_the_oracle_for_long = twins(
    check_deviations, 50, rules=deviations(), history=sweeps_of(PLANT, values, most=12)
)


test_mismatches_agree_with_the_oracle, test_mismatches_agree_with_the_oracle_for_long = twins(
    check_mismatches, 60, rules=mismatches(), history=sweeps_of(PLANT, values)
)


RULE = Deviation(id="dev", tag="LT-1", against=("LT-2",), limit=5.0, dead_band=1.0)
MEDIAN = replace(RULE, against=("LT-2", "LT-3", "LT-4"))


def judged(rule: Rule, **readings: tuple[float, int]) -> tuple[int, float]:
    named = {name.replace("_", "-", 1).replace("__", "."): reading for name, reading in readings.items()}
    rule_set = compile_rules([rule], PLANT)
    verdicts, _ = evaluate(rule_set, snapshot(PLANT, 10 * SECOND, named), Memory.fresh(rule_set, SECOND), 10 * SECOND)
    return int(verdicts.condition[0]), float(verdicts.evidence().value[0])


def test_a_median_with_a_bad_member_is_still_known_where_the_others_agree() -> None:
    level, near, far = (10.0, GOOD), (10.2, GOOD), (20.0, GOOD)
    condition, value = judged(MEDIAN, LT_1=level, LT_2=near, LT_3=near, LT_4=(0.0, BAD))
    assert condition == FALSE
    assert value == pytest.approx(0.2)
    assert judged(MEDIAN, LT_1=level, LT_2=far, LT_3=far, LT_4=(0.0, BAD)) == (TRUE, 10.0)
    assert judged(MEDIAN, LT_1=level, LT_2=near, LT_3=far, LT_4=(0.0, BAD))[0] == UNKNOWN
    assert judged(MEDIAN, LT_1=level, LT_2=near, LT_3=(0.0, BAD), LT_4=(0.0, BAD))[0] == UNKNOWN


def test_an_uncertain_member_makes_true_but_not_false() -> None:
    assert judged(RULE, LT_1=(10.0, GOOD), LT_2=(15.0, UNCERTAIN)) == (TRUE, 5.0)
    assert judged(RULE, LT_1=(10.0, GOOD), LT_2=(14.9, UNCERTAIN))[0] == UNKNOWN


def test_a_valve_that_does_not_open_is_named_after_its_time() -> None:
    rule = Mismatch(id="XV-1.mismatch", wrong=follows("XV-1.CMD", "XV-1.OPEN"), delays=Delays(on_delay_ns=10 * SECOND))
    rule_set = compile_rules([rule], PLANT)
    memory = Memory.fresh(rule_set, SECOND)
    said = []
    for second in range(2, 16):
        readings = {"XV-1.CMD": (1.0, GOOD), "XV-1.OPEN": (0.0, GOOD)}
        frozen = snapshot(PLANT, second * SECOND, readings)
        verdicts, memory = evaluate(rule_set, frozen, memory, second * SECOND)
        said.append(int(verdicts.verdict[0]))
    assert said == [FALSE] * 10 + [TRUE] * 4
    assert verdicts.details[0] == ("XV-1.OPEN",)
    told = explain(rule_set, rule.id, frozen, memory, 15 * SECOND)
    assert "XV-1.CMD = 1 + XV-1.OPEN = 0" in told.en
    assert told.inputs == ("XV-1.CMD", "XV-1.OPEN")


def test_both_limit_switches_or_neither() -> None:
    rule = Mismatch(id="x", wrong=limit_switches("XV-1.OPEN", "XV-1.CLOSED"))
    on, off = (1.0, GOOD), (0.0, GOOD)
    found = {(a[0], b[0]): judged(rule, XV_1__OPEN=a, XV_1__CLOSED=b)[0] for a in (on, off) for b in (on, off)}
    assert found == {(1.0, 1.0): TRUE, (0.0, 0.0): TRUE, (1.0, 0.0): FALSE, (0.0, 1.0): FALSE}
    assert judged(rule, XV_1__OPEN=on)[0] == UNKNOWN


def test_two_tags_settle_for_the_slower() -> None:
    slow = table(tag("LT-1"), tag("LT-2", period_ns=5 * SECOND))
    assert compile_rules([RULE], slow).on_delay_ns.tolist() == [5 * SECOND]


@pytest.mark.parametrize(
    ("rule", "field", "word"),
    [
        (replace(RULE, tag="NO"), "tag", "no tag"),
        (replace(RULE, against=("NO",)), "against", "no tag"),
        (replace(RULE, against=()), "against", "names no tag"),
        (replace(RULE, against=("LT-1",)), "against", "twice"),
        (replace(RULE, against=("XV-1.CMD",)), "against", "discrete"),
        (replace(RULE, limit=0.0, dead_band=0.0), "limit", "over 0"),
        (replace(RULE, limit=math.inf), "limit", "over 0"),
        (replace(RULE, dead_band=5.0), "dead_band", "no way to return"),
        (replace(RULE, dead_band=-1.0), "dead_band", "no way to return"),
        (replace(RULE, dead_band=math.nan), "dead_band", "no way to return"),
        (Mismatch(id="dev", wrong=()), "expect", "names no states"),
        (Mismatch(id="dev", wrong=((),)), "expect", "names no states"),
        (Mismatch(id="dev", wrong=((("NO", 1),),)), "expect", "no tag"),
        (Mismatch(id="dev", wrong=((("LT-1", 1),),)), "expect", "analog"),
        (Mismatch(id="dev", wrong=((("XV-1.CMD", 2),),)), "expect", "0 or 1"),
        (Mismatch(id="dev", wrong=((("XV-1.CMD", 1), ("XV-1.CMD", 0)),)), "expect", "itself"),
    ],
)
def test_mistakes(rule: Rule, field: str, word: str) -> None:
    (error,) = KINDS[type(rule)].errors(rule, PLANT)
    assert (error.rule_id, error.field) == ("dev", field)
    assert word in error.en
