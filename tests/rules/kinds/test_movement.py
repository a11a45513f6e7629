"""Stuck, unplanned movement and leak: against the oracle, and by hand where the numbers are known."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.errors import RulesRefusedError
from rules.geometry import Vessel, Vessels
from rules.kinds.movement import KINDS, Leak, Stuck, UnplannedMovement
from rules.language.conditions import ConditionColumns
from rules.port import Group, State
from tests.rules.kinds.movement_rules import FALSE, LEAK, PLANT, SPHERE, STUCK, TRUE, UNKNOWN, UNPLANNED, UPRIGHT
from tests.rules.kinds.oracle_movement import Oracle
from tests.rules.kinds.series import BAD, GOOD, START_NS, UNCERTAIN, Point, Step, drawn_steps, moment
from tests.rules.plants import SECOND

Movement = Stuck | UnplannedMovement | Leak
STUCKS: tuple[Stuck, ...] = (
    STUCK,
    replace(STUCK, id="s2", tag="LT-2", minimum_coverage=0.5, window_ns=13 * SECOND),
    replace(STUCK, id="s3", condition=None, inflows=("FT",), vessel=UPRIGHT, minimum_coverage=0.5),
    replace(STUCK, id="s4", outflows=("FT",), vessel=SPHERE),
    replace(STUCK, id="s5", condition=None, neighbour="LT-2"),
    replace(STUCK, id="s6", neighbour="LT-2", vessel=UPRIGHT, neighbour_vessel=SPHERE, minimum_coverage=0.6),
)
UNPLANNEDS: tuple[UnplannedMovement, ...] = (
    UNPLANNED,
    replace(UNPLANNED, id="u2", condition=None, minimum_coverage=0.5),
    replace(UNPLANNED, id="u3", tag="LT-2", settle_ns=2 * SECOND, maximum_change=2.5),
)
LEAKS: tuple[Leak, ...] = (
    LEAK,
    replace(LEAK, id="l2", vessel=UPRIGHT, temperature="TT", expansion_per_k=0.001, temperature_tolerance_k=2.0),
    replace(LEAK, id="l3", tag="LT-2", settle_ns=3 * SECOND, minimum_coverage=0.4),
)
DRAWN = (
    st.sampled_from([5.0, 5.0, 5.0, 5.001, 5.005, 5.03]),
    st.sampled_from([3.0, 3.0, 3.0, 3.001, 3.5, 6.0]),
    st.sampled_from([0.0, 3.0, 1000.0, 20_000.0]),
    st.sampled_from([10.0, 20.0, 30.0]),
    st.sampled_from([0.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
)  # fmt: skip


def mostly_open(steps: list[Step]) -> list[Step]:
    """The same with the valve the other way round."""
    turned = []
    for step in steps:
        valve = step.points[4]
        turned.append(Step(step.now_ns, (*step.points[:4], replace(valve, value=1.0 - valve.value))))
    return turned


SERIES = st.tuples(drawn_steps(DRAWN), st.booleans()).map(lambda drawn: mostly_open(drawn[0]) if drawn[1] else drawn[0])


def group_of(rules: Sequence[Movement], plant: TagTable = PLANT) -> Group:
    return KINDS[type(rules[0])].group(list(enumerate(rules)), plant)


def scalar(of: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]) -> Callable[[float], float]:
    return lambda value: float(of(np.array([value]))[0])


def oracle_of(rule: Movement) -> Oracle:
    own = Vessels.of([None if isinstance(rule, UnplannedMovement) else rule.vessel], [1.0])
    other = Vessels.of([rule.neighbour_vessel if isinstance(rule, Stuck) else None], [1.0])
    period_ns = PLANT.tags[PLANT.row_of[rule.tag]].scan_period_ns
    return Oracle(rule, period_ns, scalar(own.volume), scalar(own.area), scalar(other.volume))


def differential(rules: Sequence[Movement], steps: list[Step], active: bool) -> None:
    group, oracles = group_of(rules), [oracle_of(rule) for rule in rules]
    conditions = ConditionColumns.of([rule.condition for rule in rules], PLANT)
    state, asked_state = group.fresh(START_NS), conditions.fresh(START_NS)
    actives = np.full(len(rules), active)
    for step in steps:
        now = moment(PLANT, step)
        asked, asked_state = conditions.judge(now, asked_state)
        judged = group.judge(now, actives, state)
        again = group.judge(now, actives, judged.state)
        assert np.array_equal(judged.condition, again.condition)
        assert all(np.array_equal(judged.state[name], again.state[name], equal_nan=True) for name in state)
        points = dict(zip(PLANT.ids, step.points, strict=True))
        for place, oracle in enumerate(oracles):
            condition, value, limit = oracle.step(points, int(asked[place]), active, step.now_ns)
            assert judged.condition[place] == condition, (oracle.rule.id, oracle.kept, step)
            assert judged.value[place] == pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True)
            assert judged.limit[place] == pytest.approx(limit, rel=1e-6, abs=1e-9, nan_ok=True)
        state = judged.state


FAMILIES = pytest.mark.parametrize("rules", [STUCKS, UNPLANNEDS, LEAKS], ids=["stuck", "unplanned", "leak"])


@FAMILIES
@given(SERIES, st.booleans())
@settings(max_examples=25)
def test_equals_the_oracle(rules: Sequence[Movement], steps: list[Step], active: bool) -> None:
    differential(rules, steps, active)


@pytest.mark.soak
@FAMILIES
@settings(max_examples=10_000)
@given(SERIES, st.booleans())
def test_equals_the_oracle_soak(rules: Sequence[Movement], steps: list[Step], active: bool) -> None:
    differential(rules, steps, active)


@FAMILIES
@given(SERIES, st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_the_order_of_the_rules_changes_nothing(rules: Sequence[Movement], steps: list[Step], chance: object) -> None:
    order = list(range(len(rules)))
    chance.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a Random
    group, other = group_of(rules), group_of([rules[place] for place in order])
    state, mixed, idle = group.fresh(START_NS), other.fresh(START_NS), np.zeros(len(rules), np.bool_)
    for step in steps:
        judged = group.judge(moment(PLANT, step), idle, state)
        turned = other.judge(moment(PLANT, step), idle, mixed)
        assert judged.condition[order].tolist() == turned.condition.tolist()
        assert np.array_equal(judged.value[order], turned.value, equal_nan=True)
        state, mixed = judged.state, turned.state


@pytest.mark.parametrize("quality", [BAD, UNCERTAIN])
@FAMILIES
def test_what_is_not_good_is_a_gap_and_then_unknown(rules: Sequence[Movement], quality: int) -> None:
    rule = rules[0]
    group, idle = group_of([rule]), np.zeros(1, np.bool_)
    state: State = group.fresh(START_NS)
    valve = 0.0 if isinstance(rule, UnplannedMovement | Leak) else 1.0
    verdicts = []
    for at in range(60):
        now_ns = START_NS + at * SECOND
        grade = GOOD if at < 30 else quality
        level, still = Point(5.0 + 0.0001 * (at % 2), grade, now_ns), Point(1.0, GOOD, now_ns)
        step = Step(now_ns, (level, still, still, still, Point(valve, GOOD, now_ns)))
        judged = group.judge(moment(PLANT, step), idle, state)
        state = judged.state
        verdicts.append(int(judged.condition[0]))
    assert verdicts[29] == (TRUE if isinstance(rule, Stuck) else FALSE)
    assert set(verdicts[-20:]) == {UNKNOWN}
    assert verdicts[31] == verdicts[29], "a short gap is no loss of the window"


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (replace(STUCK, tag="XX"), "tag"),
        (replace(STUCK, tag="XV"), "tag"),
        (replace(STUCK, flat_within=-1.0), "flat_within"),
        (replace(STUCK, flat_within=0.02), "minimum_change"),
        (replace(STUCK, minimum_change=math.nan), "minimum_change"),
        (replace(STUCK, window_ns=5 * SECOND), "window_s"),
        (replace(STUCK, minimum_coverage=2.0), "coverage"),
        (replace(STUCK, condition=None), "while"),
        (replace(STUCK, inflows=("FT",)), "equipment"),
        (replace(STUCK, inflows=("XX",), vessel=UPRIGHT), "inflow"),
        (replace(STUCK, outflows=("TT",), vessel=UPRIGHT), "outflow"),
        (replace(STUCK, inflows=("FT",), vessel=UPRIGHT, neighbour="LT-2"), "neighbour"),
        (replace(STUCK, vessel=UPRIGHT, neighbour="LT-2"), "neighbour"),
        (replace(STUCK, neighbour="XV"), "neighbour"),
        (replace(STUCK, tag="TT", vessel=UPRIGHT), "tag"),
        (replace(UNPLANNED, tag="XX"), "tag"),
        (replace(UNPLANNED, tag="XV"), "tag"),
        (replace(UNPLANNED, maximum_change=0.0), "maximum_change"),
        (replace(UNPLANNED, settle_ns=-1), "settle_s"),
        (replace(UNPLANNED, window_ns=SECOND), "window_s"),
        (replace(LEAK, tag="XX"), "tag"),
        (replace(LEAK, temperature="XV", expansion_per_k=0.001), "temperature"),
        (replace(LEAK, temperature="FT", expansion_per_k=0.001), "temperature"),
        (replace(LEAK, temperature="TT"), "expansion_per_k"),
        (replace(LEAK, expansion_per_k=1.2), "expansion_per_k"),
        (replace(LEAK, temperature_tolerance_k=-1.0), "temperature_tolerance_k"),
        (replace(LEAK, maximum_loss_per_h=-1.0), "maximum_loss_per_h"),
        (replace(LEAK, settle_ns=-1), "settle_s"),
        (replace(LEAK, vessel=Vessel(shape="sphere")), "diameter_m"),
    ],
)
def test_mistakes(rule: Movement, field: str) -> None:
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules([rule], PLANT)
    assert field in [error.field for error in refused.value.errors]
    assert all(error.en for error in refused.value.errors)
