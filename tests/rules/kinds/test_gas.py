"""Gas alarms against the oracle; ceilings, stages, precedence, conversion."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import Rule
from rules.compile import compile_rules
from rules.errors import RulesRefusedError
from rules.evaluate import evaluate, explain
from rules.kinds.concentration import mg_per_m3_of, molar_volume_l_per_mol, ppm_of
from rules.kinds.gas import GasLimit
from rules.kinds.gas_faults import GasFault
from rules.memory import Memory
from tests.rules.kinds import oracle_gas as oracle
from tests.rules.kinds.twins import twins
from tests.rules.kinds.walks import (
    BAD,
    FALSE,
    GOOD,
    START_NS,
    TRUE,
    UNCERTAIN,
    UNKNOWN,
    Reading,
    Step,
    assert_a_block_is_sweep_by_sweep,
    assert_evaluating_twice_changes_nothing,
    assert_every_rule_is_told,
    assert_order_means_nothing,
    frozen_plant,
    histories,
    play,
)
from tests.rules.plants import table, tag

PLANT = table(
    replace(tag("GT-1", low=0, high=100), eu="%LEL"),
    replace(tag("AT-1", low=0, high=100), eu="ppm"),
    replace(tag("OT-1", low=0, high=30), eu="%VOL"),
    replace(tag("LP-1", low=0, high=5), eu="LEL.m"),
    replace(tag("GT-1.CODE", low=0, high=255), eu=""),
    tag("GT-1.FAULT", discrete=True),
)
values = st.sampled_from(
    [
        0.0,
        1.0,
        2.0,
        3.0,
        -4.99,
        -5.0,
        -6.0,
        17.0,
        18.0,
        19.0,
        19.5,
        20.9,
        23.0,
        23.5,
        24.0,
        25.0,
        50.0,
        110.0,
        math.nan,
        math.inf,
        -math.inf,
    ]
)
combustible = st.builds(
    GasLimit,
    id=st.just("R"),
    tag=st.just("GT-1"),
    gas=st.just("combustible"),
    stage=st.just(1),
    high=st.sampled_from([18.0, 25.0]),
    dead_band=st.sampled_from([0.0, 1.0]),
    below_zero=st.sampled_from([-5.0, -math.inf]),
)
oxygen = st.builds(
    GasLimit,
    id=st.just("R"),
    tag=st.just("OT-1"),
    gas=st.just("oxygen"),
    stage=st.just(1),
    high=st.sampled_from([23.5, math.inf]),
    low=st.just(19.5),
    dead_band=st.sampled_from([0.0, 0.5]),
)
faults = st.builds(
    GasFault,
    id=st.just("R"),
    tag=st.just("GT-1"),
    below_zero=st.sampled_from([-5.0, -math.inf]),
    over_range=st.sampled_from([110.0, math.inf]),
    fault_tag=st.sampled_from(["", "GT-1.FAULT"]),
    fault_state=st.integers(0, 1),
    code_tag=st.sampled_from(["", "GT-1.CODE"]),
    healthy_codes=st.sampled_from([(0.0,), (0.0, 3.0)]),
)


def numbered(rules: Sequence[GasLimit | GasFault]) -> tuple[Rule, ...]:
    return tuple(replace(rule, id=f"R-{number}") for number, rule in enumerate(rules))


rule_lists = st.lists(combustible | oxygen | faults, min_size=1, max_size=6).map(numbered)
walks = histories(len(PLANT), values)


def agree_with_the_oracle(rules: tuple[Rule, ...], history: list[Step]) -> None:
    rule_set = compile_rules(rules, PLANT)
    for sweep in play(rule_set, PLANT, history):
        for place, rule in enumerate(rules):
            condition = int(sweep.verdicts.condition[place])
            if isinstance(rule, GasLimit):
                assert condition == oracle.gas(rule, sweep.points, sweep.active[place])
            else:
                assert isinstance(rule, GasFault)
                assert (condition, sweep.detail.get(place, ())) == oracle.fault(rule, sweep.points)
    assert_every_rule_is_told(rule_set, PLANT, sweep)


test_arrays_agree_with_the_oracle, test_arrays_agree_with_the_oracle_for_long = twins(
    agree_with_the_oracle, 100, rules=rule_lists, history=walks
)


@settings(max_examples=25)
@given(rules=rule_lists, history=walks)
def test_twice_in_another_order_and_as_a_block_changes_nothing(rules: tuple[Rule, ...], history: list[Step]) -> None:
    rule_set = compile_rules(rules, PLANT)
    assert_evaluating_twice_changes_nothing(rule_set, PLANT, history)
    assert_order_means_nothing(rules, PLANT, history, compile_rules)
    for _, group in rule_set.groups:
        assert_a_block_is_sweep_by_sweep(group, PLANT, history)


def judged(rule: Rule, value: float, quality: int = GOOD, active: bool = False) -> tuple[int, float, str, str]:
    """(condition, limit, explanation zh, en) with `value` on the rule's own tag."""
    of = rule.tag if isinstance(rule, GasLimit | GasFault) else ""
    points = {name: Reading(0.0, GOOD, START_NS) for name in PLANT.ids} | {of: Reading(value, quality, START_NS)}
    rule_set = compile_rules([rule], PLANT)
    shot, memory = frozen_plant(PLANT, START_NS, points), Memory.fresh(rule_set, START_NS)
    verdicts, _ = evaluate(rule_set, shot, memory, START_NS)
    told = explain(rule_set, rule.id, shot, memory, START_NS)
    return int(verdicts.condition[0]), float(verdicts.evidence().limit[0]), told.zh, told.en


OXYGEN = GasLimit(id="R", tag="OT-1", gas="oxygen", stage=1, high=23.5, low=19.5)
LEL = GasLimit(id="R", tag="GT-1", gas="combustible", stage=1, high=25.0, highest=25.0, clause="C", below_zero=-5.0)


@pytest.mark.parametrize(
    ("value", "condition", "limit"),
    [(19.5, TRUE, 19.5), (19.6, FALSE, 19.5), (20.9, FALSE, 19.5), (23.4, FALSE, 23.5), (23.5, TRUE, 23.5)],
)
def test_oxygen_is_watched_on_both_sides(value: float, condition: int, limit: float) -> None:
    assert judged(OXYGEN, value)[:2] == (condition, limit)


def test_a_detector_below_zero_is_not_believed_to_be_without_gas() -> None:
    assert judged(LEL, -4.9)[0] == FALSE
    condition, _, zh, en = judged(LEL, -5.0)
    assert condition == UNKNOWN and "零点漂移" in zh and "drifted below zero" in en
    assert judged(GasFault(id="R", tag="GT-1", below_zero=-5.0), -5.0)[0] == TRUE


def test_uncertain_gas_is_an_alarm_and_bad_is_neither() -> None:
    assert judged(LEL, 25.0, UNCERTAIN)[0] == TRUE
    assert judged(LEL, 3.0, UNCERTAIN)[0] == UNKNOWN
    assert judged(LEL, 90.0, BAD)[0] == UNKNOWN
    assert judged(GasFault(id="R", tag="GT-1"), 90.0, BAD)[0] == TRUE


def test_concentrations_by_volume_and_by_mass() -> None:
    assert molar_volume_l_per_mol(20) == pytest.approx(24.055, abs=0.001)
    assert molar_volume_l_per_mol(25) == pytest.approx(24.465, abs=0.001)
    assert molar_volume_l_per_mol(0) == pytest.approx(22.414, abs=0.001)
    assert ppm_of(10, 34.08) == pytest.approx(7.06, abs=0.01)  # hydrogen sulfide, as the tables print it
    assert ppm_of(1, 70.906) == pytest.approx(0.34, abs=0.005)  # chlorine
    assert ppm_of(20, 17.031) == pytest.approx(28.2, abs=0.1)  # ammonia
    assert ppm_of(10, 34.08, 25) > ppm_of(10, 34.08, 20)


@given(ppm=st.floats(0, 1e6), mass=st.floats(1, 500), temperature=st.floats(-60, 80, allow_nan=False))
def test_conversion_there_and_back(ppm: float, mass: float, temperature: float) -> None:
    assert ppm_of(mg_per_m3_of(ppm, mass, temperature), mass, temperature) == pytest.approx(ppm)


@pytest.mark.parametrize(("mass", "temperature"), [(0.0, 20.0), (-1.0, 20.0), (math.nan, 20.0), (30.0, -300.0)])
def test_a_conversion_without_sense_is_refused(mass: float, temperature: float) -> None:
    with pytest.raises(ValueError, match=r"molar mass|no gas"):
        ppm_of(1.0, mass, temperature)


def refusals(*rules: Rule) -> list[tuple[str, str]]:
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules(rules, PLANT)
    return [(f"{error.rule_id}.{error.field}", error.en) for error in refused.value.errors]


TOXIC = GasLimit(id="T", tag="AT-1", gas="toxic", stage=1, high=7.0, location="pump area", priority=2)
BURNS = GasLimit(id="C", tag="GT-1", gas="combustible", stage=1, high=20.0, location="pump area", priority=2)
REFUSED: list[tuple[list[Rule], str, str]] = [
    ([replace(LEL, high=30.0)], "R.set_point", "30 %LEL is above the ceiling 25 of stage 1 (C)"),
    ([replace(OXYGEN, low=18.0, lowest=19.5, clause="C")], "R.low", "18 %VOL is below the floor 19.5 of stage 1 (C)"),
    ([replace(OXYGEN, high=25.0, highest=23.5)], "R.high", "above the ceiling 23.5"),
    ([replace(LEL, tag="AT-1")], "R.tag", "combustible gas is watched in %LEL"),
    ([replace(LEL, tag="GT-1.FAULT")], "R.tag", "GT-1.FAULT is discrete"),
    ([replace(LEL, tag="GT-9")], "R.tag", "no tag 'GT-9'"),
    ([replace(LEL, stage=3)], "R.stage", "1 or 2"),
    ([replace(LEL, high=math.inf)], "R.set_point", "must be given"),
    ([replace(LEL, dead_band=25.0)], "R.dead_band", "no way to return"),
    ([LEL, replace(LEL, id="R2", stage=2, highest=50.0)], "R2.set_point", "stage 2 25 must be above stage 1 25 (R)"),
    ([OXYGEN, replace(OXYGEN, id="R2", stage=2, high=24.0)], "R2.low", "stage 2 19.5 must be below stage 1"),
    ([replace(TOXIC, priority=3), BURNS], "T.priority", "priority 3 is after 2 of C: toxic comes before combustible"),
    ([BURNS, TOXIC], "T.id", "must stand before C"),
    ([GasFault(id="F", tag="GT-1", fault_tag="AT-1")], "F.fault_tag", "needs a discrete tag"),
    ([GasFault(id="F", tag="GT-1", code_tag="X")], "F.code_tag", "no tag 'X'"),
    ([GasFault(id="F", tag="GT-1", below_zero=1.0)], "F.below_zero", "must be below 0"),
    ([GasFault(id="F", tag="GT-1", code_tag="GT-1.CODE", healthy_codes=())], "F.healthy_codes", "at least one"),
    ([GasFault(id="F", tag="GT-1", fault_state=2)], "F.fault_state", "0 or 1"),
]


@pytest.mark.parametrize(("rules", "field", "words"), REFUSED, ids=[f"{case[1]}" for case in REFUSED])
def test_mistakes_are_told(rules: list[Rule], field: str, words: str) -> None:
    found = refusals(*rules)
    assert any(at == field and words in reason for at, reason in found), found


def test_toxic_before_combustible_and_two_stages_are_good() -> None:
    second = replace(BURNS, id="C2", stage=2, high=40.0, priority=1)
    assert len(compile_rules([TOXIC, BURNS, second], PLANT)) == 3
    assert len(compile_rules([BURNS, replace(TOXIC, priority=1)], PLANT)) == 2
