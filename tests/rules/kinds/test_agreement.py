"""Instruments of one quantity against the oracle, and the cases an engineer would ask about."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import Rule
from rules.compile import compile_rules
from rules.errors import RulesRefusedError
from rules.evaluate import evaluate, explain
from rules.kinds.disagreement import Disagreement
from rules.kinds.drift import Drift
from rules.kinds.votes_left import VoteDegraded
from rules.kinds.voting import Voter, Voting
from rules.memory import Memory
from rules.predicates import m_of_n
from tests.rules.kinds import oracle_agreement as oracle
from tests.rules.kinds.twins import twins
from tests.rules.kinds.walks import (
    BAD,
    FALSE,
    GOOD,
    STALE,
    START_NS,
    TRUE,
    UNCERTAIN,
    UNKNOWN,
    Reading,
    Step,
    assert_a_block_is_sweep_by_sweep,
    assert_evaluating_twice_changes_nothing,
    assert_every_rule_is_told,
    assert_nothing_changes_before_the_deadline,
    assert_order_means_nothing,
    frozen_plant,
    histories,
    play,
)
from tests.rules.plants import SECOND, table, tag

ANALOG, DISCRETE = ("LT-A", "LT-B", "LT-C", "LT-D"), ("LS-A", "LS-B", "LS-C")
PLANT = table(*(tag(name) for name in ANALOG), *(tag(name, discrete=True) for name in DISCRETE))
WINDOW_NS = 32 * SECOND
values = st.sampled_from(
    [0.0, 1.0, 9.5, 10.0, 10.25, 10.5, 11.0, 12.0, 49.0, 50.0, 51.0, 99.0, 0.5, math.nan, math.inf, -math.inf]
)


@st.composite
def disagreements(draw: st.DrawFn, name: str) -> Rule:
    tags = draw(st.permutations(ANALOG))[: draw(st.integers(2, 3))]
    return Disagreement(id=name, tags=tuple(tags), tolerance=draw(st.sampled_from([0.5, 1.0, 39.0])), dead_band=0.25)


@st.composite
def drifts(draw: st.DrawFn, name: str) -> Rule:
    tags = draw(st.permutations(ANALOG))
    return Drift(
        id=name,
        tag=tags[0],
        others=tuple(tags[1 : draw(st.integers(2, 3))]),
        tolerance=draw(st.sampled_from([0.5, 1.0])),
        dead_band=draw(st.sampled_from([0.0, 0.25])),
        window_ns=WINDOW_NS,
        least_coverage=draw(st.sampled_from([0.03, 0.1, 0.5])),
    )


@st.composite
def votings(draw: st.DrawFn, name: str) -> Rule:
    tags = draw(st.permutations((*ANALOG, *DISCRETE)))[: draw(st.integers(1, 4))]
    voters = tuple(
        Voter(
            tag=item,
            side=draw(st.sampled_from(["high", "low"])),
            set_point=draw(st.sampled_from([0.0, 1.0] if item in DISCRETE else [10.0, 50.0])),
            dead_band=draw(st.sampled_from([0.0, 0.5])),
        )
        for item in tags
    )
    needed = draw(st.integers(1, len(tags)))
    degraded = sorted(draw(st.lists(st.integers(0, needed), max_size=len(tags))), reverse=True)
    return Voting(id=name, voters=voters, needed=needed, degraded=tuple(degraded))


@st.composite
def degradeds(draw: st.DrawFn, name: str) -> Rule:
    return VoteDegraded(id=name, tags=tuple(draw(st.permutations((*ANALOG, *DISCRETE)))[: draw(st.integers(2, 4))]))


rule_lists = st.lists(st.sampled_from([disagreements, drifts, votings, degradeds]), min_size=1, max_size=6).flatmap(
    lambda makers: st.tuples(*(make(f"R-{number}") for number, make in enumerate(makers)))
)
walks = histories(len(PLANT), values)


def agree_with_the_oracle(rules: tuple[Rule, ...], history: list[Step]) -> None:
    rule_set = compile_rules(rules, PLANT)
    drifting = {rule.id: oracle.DriftOracle(rule) for rule in rules if isinstance(rule, Drift)}
    for sweep in play(rule_set, PLANT, history):
        for place, rule in enumerate(rules):
            active, names = sweep.active[place], sweep.detail.get(place, ())
            condition, value = int(sweep.verdicts.condition[place]), float(sweep.value[place])
            if isinstance(rule, Disagreement):
                wanted, largest, liars = oracle.disagreement(rule, sweep.points, active)
                assert (condition, names) == (wanted, liars)
                assert math.isnan(value) if largest is None else value == largest
            elif isinstance(rule, Drift):
                wanted, mean = drifting[rule.id].judge(sweep.points, active, sweep.now)
                assert condition == wanted
                assert math.isnan(value) if mean is None else value == pytest.approx(mean, abs=1e-9)
            elif isinstance(rule, Voting):
                assert (condition, value, names) == oracle.voting(rule, sweep.points, set(DISCRETE), active)
            elif isinstance(rule, VoteDegraded):
                assert (condition, names) == oracle.vote_degraded(rule, sweep.points)
    assert_every_rule_is_told(rule_set, PLANT, sweep)


test_arrays_agree_with_the_oracle, test_arrays_agree_with_the_oracle_for_long = twins(
    agree_with_the_oracle, 100, rules=rule_lists, history=walks
)


@settings(max_examples=50)
@given(rules=rule_lists, history=walks)
def test_nothing_changes_before_the_deadline_that_was_told(rules: tuple[Rule, ...], history: list[Step]) -> None:
    assert_nothing_changes_before_the_deadline(compile_rules(rules, PLANT), PLANT, history)


@settings(max_examples=25)
@given(rules=rule_lists, history=walks)
def test_evaluating_twice_and_another_order_change_nothing(rules: tuple[Rule, ...], history: list[Step]) -> None:
    assert_evaluating_twice_changes_nothing(compile_rules(rules, PLANT), PLANT, history)
    assert_order_means_nothing(rules, PLANT, history, compile_rules)


@settings(max_examples=50)
@given(rules=rule_lists, history=walks)
def test_a_block_of_time_is_judged_as_sweep_by_sweep(rules: tuple[Rule, ...], history: list[Step]) -> None:
    for of_kind, group in compile_rules(rules, PLANT).groups:
        if of_kind is not Drift:
            assert_a_block_is_sweep_by_sweep(group, PLANT, history)


@given(
    bits=st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=5), min_size=1, max_size=5), needed=st.integers(1, 5)
)
def test_m_of_n_is_true_false_or_unknown_for_every_filling_of_the_unknown(bits: list[list[int]], needed: int) -> None:
    first = np.cumsum([0] + [len(of_rule) for of_rule in bits])[:-1]
    flat = np.array([bit for of_rule in bits for bit in of_rule], np.uint8)
    found = m_of_n(flat, first, np.full(len(bits), needed))
    for condition, of_rule in zip(found.tolist(), bits, strict=True):
        surely, perhaps = of_rule.count(TRUE), len(of_rule) - of_rule.count(FALSE)
        assert condition == (TRUE if surely >= needed else FALSE if perhaps < needed else UNKNOWN)


def judged(rule: Rule, **readings: tuple[float, int]) -> tuple[int, tuple[str, ...], str, str]:
    """(condition, names, explanation zh, en); LT_A stands for LT-A."""
    points = {name: Reading(10.0, GOOD, START_NS) for name in PLANT.ids}
    points |= {name.replace("_", "-"): Reading(*reading, START_NS) for name, reading in readings.items()}
    rule_set = compile_rules([rule], PLANT)
    shot, memory = frozen_plant(PLANT, START_NS, points), Memory.fresh(rule_set, START_NS)
    verdicts, _ = evaluate(rule_set, shot, memory, START_NS)
    told = explain(rule_set, rule.id, shot, memory, START_NS)
    return int(verdicts.condition[0]), dict(verdicts.details).get(0, ()), told.zh, told.en


THREE = Disagreement(id="R", tags=("LT-A", "LT-B", "LT-C"), tolerance=0.5)
TWO = Disagreement(id="R", tags=("LT-A", "LT-B"), tolerance=0.5)


def test_of_three_the_one_far_from_the_median_lies() -> None:
    condition, names, zh, en = judged(THREE, LT_A=(10.0, GOOD), LT_B=(10.1, GOOD), LT_C=(12.0, GOOD))
    assert (condition, names) == (TRUE, ("LT-C",))
    assert zh == "成立：LT-A = 10，LT-B = 10.1，LT-C = 12；最远与中位值相差 1.9，允许 0.5；LT-C 不可信"
    assert en.endswith("at most 1.9 away from the median, allowed 0.5; LT-C is the one that lies")


def test_three_that_all_differ_and_two_that_differ_are_undecidable() -> None:
    condition, names, _, en = judged(THREE, LT_A=(9.0, GOOD), LT_B=(10.0, GOOD), LT_C=(11.0, GOOD))
    assert (condition, names) == (TRUE, ("LT-A", "LT-B", "LT-C")) and "cannot be decided" in en
    condition, names, zh, _ = judged(TWO, LT_A=(10.0, GOOD), LT_B=(10.6, GOOD))
    assert (condition, names) == (TRUE, ("LT-A", "LT-B")) and "无法判定" in zh


def test_a_distance_of_exactly_the_tolerance_is_allowed() -> None:
    assert judged(TWO, LT_A=(10.0, GOOD), LT_B=(10.5, GOOD))[0] == FALSE
    assert judged(TWO, LT_A=(10.0, GOOD), LT_B=(10.500001, GOOD))[0] == TRUE


def test_a_bad_member_never_counts_as_agreeing() -> None:
    assert judged(THREE, LT_C=(10.0, BAD))[0] == UNKNOWN
    assert judged(THREE, LT_C=(math.nan, GOOD))[0] == UNKNOWN
    assert judged(THREE, LT_C=(10.0, UNCERTAIN))[0] == UNKNOWN
    condition, names, _, _ = judged(THREE, LT_A=(12.0, GOOD), LT_C=(10.0, BAD))
    assert (condition, names) == (TRUE, ("LT-A", "LT-B"))


def two_of_three(*degraded: int) -> Voting:
    voters = tuple(Voter(tag=name, side="high", set_point=50.0) for name in ANALOG[:3])
    return Voting(id="R", voters=voters, needed=2, degraded=degraded)


HIGH, LOW = (60.0, GOOD), (10.0, GOOD)
CASES: list[tuple[tuple[int, ...], tuple[float, int], tuple[float, int], tuple[float, int], int]] = [
    ((), LOW, LOW, LOW, FALSE),
    ((), HIGH, LOW, LOW, FALSE),
    ((), HIGH, HIGH, LOW, TRUE),
    ((), HIGH, LOW, (0.0, BAD), UNKNOWN),  # no degradation: what the bad one would say is not known
    ((1, 1), HIGH, LOW, (0.0, BAD), TRUE),  # 2oo3 -> 1oo2
    ((2,), HIGH, LOW, (0.0, BAD), UNKNOWN),  # 2oo3 -> 2oo2: not TRUE, but the bad one is not healthy either
    ((2,), HIGH, HIGH, (0.0, BAD), TRUE),
    ((1, 1), LOW, LOW, (0.0, STALE), FALSE),  # whatever the third says, two are needed
    ((1, 1), LOW, (0.0, BAD), (0.0, BAD), UNKNOWN),
    ((1, 1), HIGH, (0.0, BAD), (0.0, BAD), TRUE),  # 1oo1
    ((1, 0), LOW, (0.0, BAD), (0.0, BAD), TRUE),  # 1oo2 -> trip
    ((1, 1), HIGH, (10.0, UNCERTAIN), (10.0, UNCERTAIN), UNKNOWN),
]


@pytest.mark.parametrize(("degraded", "a", "b", "c", "condition"), CASES)
def test_two_out_of_three(
    degraded: tuple[int, ...], a: tuple[float, int], b: tuple[float, int], c: tuple[float, int], condition: int
) -> None:
    assert judged(two_of_three(*degraded), LT_A=a, LT_B=b, LT_C=c)[0] == condition


def test_a_vote_tells_its_voters_and_its_degradation() -> None:
    condition, names, zh, en = judged(two_of_three(1, 1), LT_A=HIGH, LT_C=(0.0, BAD))
    assert (condition, names) == (TRUE, ("LT-A",))
    assert zh.endswith("；2 取 1，已有 1 票（1 个不可用，由 2oo3 降级）")
    assert en.endswith("; 1 of 2 needed, 1 vote (1 cannot be used, degraded from 2oo3)")


def test_a_degraded_vote_names_what_is_lost() -> None:
    rule = VoteDegraded(id="R", tags=("LT-A", "LT-B", "LS-A"))
    assert judged(rule, LS_A=(0.0, GOOD))[:2] == (FALSE, ())
    assert judged(rule, LT_B=(10.0, BAD))[:2] == (TRUE, ("LT-B",))
    assert judged(rule, LT_B=(10.0, STALE))[0] == UNKNOWN, "its device stopped: the link tells that"
    assert judged(rule, LT_A=(10.0, BAD), LT_B=(10.0, STALE))[:2] == (TRUE, ("LT-A",))
    stopped = {"LT_A": (10.0, STALE), "LT_B": (10.0, STALE), "LS_A": (0.0, STALE)}
    assert judged(rule, **stopped)[0] == UNKNOWN, "a dead device is one alarm, not one for every vote"


def test_drift_needs_a_window_and_finds_a_slow_error() -> None:
    rule = Drift(id="R", tag="LT-A", others=("LT-B",), tolerance=0.5, window_ns=WINDOW_NS)
    rule_set = compile_rules([rule], PLANT)
    memory, seen = Memory.fresh(rule_set, START_NS), []
    for second in range(120):
        now = START_NS + second * SECOND
        error = 0.0 if second < 50 else 1.0
        points = {name: Reading(10.0, GOOD, now) for name in PLANT.ids} | {"LT-A": Reading(10.0 + error, GOOD, now)}
        verdicts, memory = evaluate(rule_set, frozen_plant(PLANT, now, points), memory, now)
        seen.append(int(verdicts.condition[0]))
    assert set(seen[:15]) == {UNKNOWN} and seen[16] == FALSE
    assert seen.index(TRUE) == 66, "half the window and one more must show the error before its mean is beyond 0.5"
    assert set(seen[66:]) == {TRUE}


REFUSED: list[tuple[Rule, str, str]] = [
    (Disagreement(id="R", tags=("LT-A",), tolerance=1.0), "tags", "needs 2 to 3"),
    (Disagreement(id="R", tags=("LT-A", "LT-A"), tolerance=1.0), "tags", "stands twice"),
    (Disagreement(id="R", tags=("LT-A", "LS-A"), tolerance=1.0), "tags", "LS-A is discrete"),
    (Disagreement(id="R", tags=("LT-A", "LT-X"), tolerance=1.0), "tags", "no tag 'LT-X'"),
    (Disagreement(id="R", tags=("LT-A", "LT-B"), tolerance=0.0), "tolerance", "more than 0"),
    (Disagreement(id="R", tags=("LT-A", "LT-B"), tolerance=math.nan), "tolerance", "more than 0"),
    (Disagreement(id="R", tags=("LT-A", "LT-B"), tolerance=1.0, dead_band=1.0), "dead_band", "less than"),
    (Drift(id="R", tag="LT-A", others=(), tolerance=1.0), "others", "needs 2 to 3"),
    (Drift(id="R", tag="LT-A", others=("LT-B",), tolerance=1.0, window_ns=SECOND), "window_s", "too short"),
    (Drift(id="R", tag="LT-A", others=("LT-B",), tolerance=1.0, least_coverage=0.0), "coverage", "above 0"),
    (Voting(id="R", voters=(), needed=1), "tags", "needs 1 to 8"),
    (Voting(id="R", voters=two_of_three().voters, needed=4), "vote", "can never be TRUE"),
    (Voting(id="R", voters=two_of_three().voters, needed=1, degraded=(2,)), "degrade", "never makes it harder"),
    (Voting(id="R", voters=two_of_three().voters, needed=1, degraded=(1, 1, 1, 1)), "degrade", "4 steps for 3"),
    (Voting(id="R", voters=(Voter(tag="LS-A", side="high", set_point=5.0),), needed=1), "set_point", "state 0 or 1"),
    (Voting(id="R", voters=(Voter(tag="LT-A", side="high", set_point=500.0),), needed=1), "set_point", "outside"),
    (
        Voting(id="R", voters=(Voter(tag="LT-A", side="high", set_point=5.0, dead_band=-1),), needed=1),
        "dead_band",
        "width",
    ),
    (VoteDegraded(id="R", tags=("LT-A",)), "tags", "2 instruments"),
    (VoteDegraded(id="R", tags=("LT-A", "LT-Z")), "tags", "no tag 'LT-Z'"),
]


@pytest.mark.parametrize(("rule", "field", "words"), REFUSED, ids=[f"{case[1]}-{case[2]}" for case in REFUSED])
def test_mistakes_are_told(rule: Rule, field: str, words: str) -> None:
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules([rule], PLANT)
    assert any(error.field == field and words in error.en for error in refused.value.errors), refused.value.errors


def test_units_must_be_the_same() -> None:
    mixed = table(tag("LT-A"), replace(tag("LT-B"), eu="mm"))
    with pytest.raises(RulesRefusedError, match="LT-B is in mm, LT-A in m"):
        compile_rules([TWO], mixed)
