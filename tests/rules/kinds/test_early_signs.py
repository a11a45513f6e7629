"""CUSUM, variance, load cut and stop against the oracle."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import Rule
from rules.compile import compile_rules
from rules.errors import RulesRefusedError
from rules.kinds.cusum import Cusum, samples_between_false_alarms, samples_to_detect
from rules.kinds.first_out import Cause
from rules.kinds.load_cuts import LoadCut
from rules.kinds.stops import Stop
from rules.kinds.variance import Variance
from tests.rules.kinds import oracle_early_signs as oracle
from tests.rules.kinds.twins import twins
from tests.rules.kinds.walks import (
    Step,
    assert_evaluating_twice_changes_nothing,
    assert_every_rule_is_told,
    assert_nothing_changes_before_the_deadline,
    assert_order_means_nothing,
    histories,
    play,
)
from tests.rules.plants import SECOND, table, tag

PLANT = table(tag("FT-1"), tag("PT-1"), tag("P-1.RUN", discrete=True), tag("HS-1", discrete=True))
values = st.sampled_from([0.0, 1.0, 1.0, 4.0, 5.0, 6.0, 49.0, 50.0, 50.5, 60.0, 100.0, math.nan, math.inf, -math.inf])
causes = st.lists(
    st.sampled_from([Cause(tag="PT-1", low=5.0), Cause(tag="P-1.RUN", state=0), Cause(tag="HS-1", state=1)]),
    unique=True,
).map(tuple)
cusums = st.builds(
    Cusum,
    id=st.just("R"),
    tag=st.just("FT-1"),
    target=st.sampled_from([None, 50.0]),
    sigma=st.sampled_from([None, 1.0, 20.0]),
    least_sigma=st.just(0.5),
    slack=st.sampled_from([0.0, 0.5]),
    decision=st.sampled_from([1.0, 4.0]),
    sample_ns=st.sampled_from([SECOND, 2 * SECOND]),
    learn_samples=st.sampled_from([2, 3]),
    silence_ns=st.just(6 * SECOND),
    capped=st.booleans(),
    reset_tag=st.sampled_from(["", "HS-1"]),
)
variances = st.builds(
    Variance,
    id=st.just("R"),
    tag=st.just("FT-1"),
    ratio=st.sampled_from([1.5, 4.0]),
    dead_band=st.sampled_from([0.0, 0.5]),
    window_ns=st.just(32 * SECOND),
    reference_sigma=st.sampled_from([None, 1.0, 20.0]),
    learn_windows=st.sampled_from([1, 2]),
    least_sigma=st.just(0.5),
    least_coverage=st.sampled_from([0.1, 0.3]),
)
load_cuts = st.builds(
    LoadCut,
    id=st.just("R"),
    tag=st.just("FT-1"),
    drop_percent=st.sampled_from([10.0, 50.0]),
    dead_band=st.sampled_from([0.0, 5.0]),
    within_ns=st.sampled_from([2 * SECOND, 10 * SECOND]),
    reference_ns=st.just(32 * SECOND),
    least_reference=st.sampled_from([0.0, 5.0]),
    accept_after_ns=st.sampled_from([60 * SECOND, 600 * SECOND]),
    least_coverage=st.sampled_from([0.02, 0.2]),
    causes=causes,
    cause_before_ns=st.sampled_from([SECOND, 60 * SECOND]),
    skew_ns=st.sampled_from([0, SECOND]),
)
stops = st.builds(
    Stop,
    id=st.just("R"),
    tag=st.just("FT-1"),
    threshold=st.just(5.0),
    dead_band=st.sampled_from([0.0, 1.0]),
    after_ns=st.sampled_from([0, SECOND, 3 * SECOND]),
    reference_ns=st.just(32 * SECOND),
    causes=causes,
    cause_before_ns=st.sampled_from([SECOND, 60 * SECOND]),
    skew_ns=st.sampled_from([0, SECOND]),
)


def numbered(rules: Any) -> tuple[Rule, ...]:
    return tuple(replace(rule, id=f"R-{number}") for number, rule in enumerate(rules))


rule_lists = st.lists(cusums | variances | load_cuts | stops, min_size=1, max_size=5).map(numbered)
walks = histories(
    len(PLANT), values, steps=(0, 1, SECOND // 2, SECOND, SECOND, SECOND, 2 * SECOND, 7 * SECOND), longest=40
)
makers: dict[type[Rule], Any] = {
    Cusum: oracle.CusumOracle,
    Variance: oracle.VarianceOracle,
    LoadCut: oracle.LoadCutOracle,
    Stop: oracle.StopOracle,
}


def close(one: float, other: float | None) -> bool:
    return math.isnan(one) if other is None else math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def near_a_limit(value: float | None, rule: Rule) -> bool:
    """Two ways to add the same numbers may differ by a last digit, and so on either side of a limit."""
    limits: tuple[float, ...] = ()
    if isinstance(rule, Cusum):
        limits = (rule.decision,)
    elif isinstance(rule, Variance):
        limits = (rule.ratio, rule.ratio - rule.dead_band)
    elif isinstance(rule, LoadCut):
        limits = (rule.drop_percent, rule.drop_percent - rule.dead_band)
    return value is not None and any(math.isclose(value, at, rel_tol=1e-9) for at in limits)


def agree_with_the_oracle(rules: tuple[Rule, ...], history: list[Step]) -> None:
    rule_set = compile_rules(rules, PLANT)
    oracles: list[Any] = [makers[type(rule)](rule) for rule in rules]
    for sweep in play(rule_set, PLANT, history):
        for place, (rule, own) in enumerate(zip(rules, oracles, strict=True)):
            active, names = sweep.active[place], sweep.detail.get(place, ())
            condition, value = int(sweep.verdicts.condition[place]), float(sweep.value[place])
            if isinstance(rule, Stop):
                assert (condition, names) == own.judge(sweep.points, active)
                continue
            if isinstance(rule, LoadCut):
                wanted, number, causes_wanted = own.judge(sweep.points, active, sweep.now)
                if near_a_limit(number, rule):
                    return
                assert names == causes_wanted
            elif isinstance(rule, Cusum):
                wanted, number = own.judge(sweep.points, sweep.now)
            else:
                wanted, number = own.judge(sweep.points, active, sweep.now)
            if near_a_limit(number, rule):
                return
            assert condition == wanted
            assert close(value, number)
    agree_on_losses(rules, oracles, rule_set, sweep.after)
    assert_every_rule_is_told(rule_set, PLANT, sweep)


def agree_on_losses(rules: tuple[Rule, ...], oracles: list[Any], rule_set: Any, memory: Any) -> None:
    for place, (rule, own) in enumerate(zip(rules, oracles, strict=True)):
        if not isinstance(rule, Stop | LoadCut) or own.last is None:
            continue
        for (_, group), state in zip(rule_set.groups, memory.states, strict=True):
            mine = np.flatnonzero(group.position == place)
            if mine.size:
                assert state["since_mono_ns"][mine[0]] == own.last.since
                lost = float(state["lost"][mine[0]])
                assert close(lost, None if own.last.reference is None else own.last.lost)


test_arrays_agree_with_the_oracle, test_arrays_agree_with_the_oracle_for_long = twins(
    agree_with_the_oracle, 100, rules=rule_lists, history=walks
)


@settings(max_examples=50)
@given(rules=rule_lists, history=walks)
def test_nothing_changes_before_the_deadline_that_was_told(rules: tuple[Rule, ...], history: list[Step]) -> None:
    assert_nothing_changes_before_the_deadline(compile_rules(rules, PLANT), PLANT, history)


@settings(max_examples=40)
@given(rules=rule_lists, history=walks)
def test_evaluating_twice_and_another_order_change_nothing(rules: tuple[Rule, ...], history: list[Step]) -> None:
    assert_evaluating_twice_changes_nothing(compile_rules(rules, PLANT), PLANT, history)
    assert_order_means_nothing(rules, PLANT, history, compile_rules)


@pytest.mark.parametrize(
    ("slack", "decision", "samples"), [(0.5, 4.0, 168), (0.5, 5.0, 465), (0.25, 8.0, 370), (1.0, 2.52, 374)]
)
def test_the_run_length_on_target_is_that_of_the_tables(slack: float, decision: float, samples: float) -> None:
    """Montgomery, Introduction to Statistical Quality Control, tables of two-sided CUSUMs; Siegmund is a few percent off."""
    assert samples_between_false_alarms(slack, decision) == pytest.approx(samples, rel=0.06)


def test_a_shift_of_one_sigma_is_found_after_as_many_samples_as_the_tables_say() -> None:
    assert samples_to_detect(1.0, 0.5, 5.0) == pytest.approx(10.4, rel=0.03)
    assert samples_to_detect(0.5, 0.5, 5.0) == pytest.approx(38.0, rel=0.03)
    assert math.isinf(samples_between_false_alarms(2.0, 1000.0))


CUSUM = Cusum(id="R", tag="FT-1", least_sigma=0.1)
VARIANCE = Variance(id="R", tag="FT-1", least_sigma=0.1)
CUT = LoadCut(id="R", tag="FT-1", drop_percent=30.0)
STOP = Stop(id="R", tag="FT-1", threshold=5.0)
REFUSED: list[tuple[Rule, str, str]] = [
    (replace(CUSUM, tag="X"), "tag", "no tag"),
    (replace(CUSUM, tag="HS-1"), "tag", "is discrete"),
    (replace(CUSUM, sigma=0.0), "sigma", "more than 0"),
    (replace(CUSUM, least_sigma=0.0), "least_sigma", "more than 0"),
    (replace(CUSUM, target=math.nan), "target", "not a number"),
    (replace(CUSUM, slack=-1.0), "slack", "0 or more"),
    (replace(CUSUM, decision=0.0), "decision", "more than 0"),
    (replace(CUSUM, learn_samples=1), "learn_samples", "2 or more"),
    (replace(CUSUM, sample_ns=1), "sample_s", "scan class period"),
    (replace(CUSUM, silence_ns=SECOND), "silence_s", "two samples"),
    (replace(CUSUM, reset_tag="PT-1"), "reset_tag", "discrete"),
    (replace(CUSUM, reset_state=2), "reset_state", "0 or 1"),
    (replace(VARIANCE, tag="X"), "tag", "no tag"),
    (replace(VARIANCE, ratio=1.0), "ratio", "more than 1"),
    (replace(VARIANCE, dead_band=4.0), "dead_band", "less than the ratio"),
    (replace(VARIANCE, window_ns=SECOND), "window_s", "too short"),
    (replace(VARIANCE, reference_sigma=0.0), "reference_sigma", "more than 0"),
    (replace(VARIANCE, least_sigma=0.0), "least_sigma", "more than 0"),
    (replace(VARIANCE, learn_windows=0), "learn_windows", "1 or more"),
    (replace(VARIANCE, least_coverage=2.0), "coverage", "at most 1"),
    (replace(CUT, tag="X"), "tag", "no tag"),
    (replace(CUT, drop_percent=100.0), "drop_percent", "between 0 and 100"),
    (replace(CUT, dead_band=30.0), "dead_band", "less than the drop"),
    (replace(CUT, within_ns=0), "within_s", "more than 0"),
    (replace(CUT, accept_after_ns=SECOND), "accept_after_s", "no less than"),
    (replace(CUT, reference_ns=SECOND), "reference_s", "too short"),
    (replace(CUT, least_reference=-1.0), "least_reference", "0 or more"),
    (replace(CUT, per_ns=0), "per_s", "more than 0"),
    (replace(CUT, skew_ns=-1), "clock_skew_s", "0 or more"),
    (replace(STOP, tag="X"), "tag", "no tag"),
    (replace(STOP, threshold=500.0), "threshold", "outside the range"),
    (replace(STOP, after_ns=-1), "after_s", "0 or more"),
    (replace(STOP, dead_band=-1.0), "dead_band", "0 or more"),
    (replace(STOP, causes=(Cause(tag="X", low=1.0),)), "causes", "no tag 'X'"),
    (replace(STOP, causes=(Cause(tag="PT-1"),)), "causes", "needs low or high"),
    (replace(STOP, causes=(Cause(tag="PT-1", low=2.0, high=1.0),)), "causes", "low below high"),
    (replace(STOP, causes=(Cause(tag="HS-1"),)), "causes", "give the state 0 or 1"),
    (replace(STOP, causes=(Cause(tag="HS-1", state=1),) * 2), "causes", "stands twice"),
]


@pytest.mark.parametrize(
    ("rule", "field", "words"), REFUSED, ids=[f"{type(c[0]).__name__}-{c[1]}-{c[2]}" for c in REFUSED]
)
def test_mistakes_are_told(rule: Rule, field: str, words: str) -> None:
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules([rule], PLANT)
    assert any(error.field == field and words in error.en for error in refused.value.errors), refused.value.errors
