"""Mass balance: against the oracle, and by hand where the numbers are known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.compile import compile_rules
from rules.errors import RulesRefusedError
from rules.evaluate import explain
from rules.geometry import Vessel, Vessels
from rules.kinds.balance import MassBalance, MassBalanceKind
from rules.kinds.balance_group import MassBalanceGroup
from rules.kinds.flow_totals import WIDTH
from tests.rules.kinds.engine_run import Run
from tests.rules.kinds.oracle_balance import Oracle
from tests.rules.kinds.series import GOOD, START_NS, Point, Step, drawn_steps, moment
from tests.rules.plants import SECOND, table, tag

FALSE, TRUE, UNKNOWN = 0, 1, 2
UPRIGHT = Vessel(shape="vertical_cylinder", diameter_m=12.0, height_m=12.0)
SPHERE = Vessel(shape="sphere", diameter_m=12.3)
PLANT = table(
    tag("LT-1", high=12.0),
    tag("LT-2", high=12.3, period_ns=2 * SECOND),
    replace(tag("FI-1", high=20_000.0), eu="m3/h"),
    replace(tag("FI-2", high=20_000.0), eu="m3/h"),
    replace(tag("FO-1", high=20_000.0), eu="m3/h"),
    replace(tag("TT-1"), eu="°C"),
    replace(tag("TT-2"), eu="°C"),
)
SURFACE = math.pi * 36
BASE = MassBalance(
    id="a", levels=(("LT-1", UPRIGHT),), inflows=("FI-1",), outflows=("FO-1",), window_ns=14 * SECOND, tolerance_m3=5.0
)
BOTH = (("LT-1", UPRIGHT), ("LT-2", SPHERE))
RULES = (
    BASE,
    replace(BASE, id="a2", maximum_gap_ns=10 * SECOND, minimum_coverage=0.5),
    replace(BASE, id="b", levels=BOTH, inflows=("FI-1", "FI-2"), minimum_coverage=0.4),
    replace(BASE, id="c", outflows=(), inflows=("FI-2",), tolerance_share=0.5, maximum_gap_ns=12 * SECOND),
    replace(BASE, id="w", temperatures=("TT-1",), flow_temperatures=("TT-2", ""), expansion_per_k=0.0012),
    replace(
        BASE, id="w2", levels=BOTH, temperatures=("TT-2", "TT-1"), expansion_per_k=0.002, inflows=("FI-1", "FI-2"),
        minimum_coverage=0.4,
    ),
)  # fmt: skip
DRAWN = (
    st.sampled_from([5.0, 5.01, 5.02, 5.1, 6.0]),
    st.sampled_from([4.0, 4.01, 4.2]),
    st.sampled_from([0.0, 3600.0, 7200.0]),
    st.sampled_from([0.0, 100.0, 20_000.0]),
    st.sampled_from([0.0, 3600.0]),
    st.sampled_from([20.0, 21.0, 35.0]),
    st.sampled_from([-5.0, 20.0, 40.0]),
)


def group_of(rules: tuple[MassBalance, ...]) -> MassBalanceGroup:
    return MassBalanceKind().group(list(enumerate(rules)), PLANT)


def oracle_of(rule: MassBalance) -> Oracle:
    columns = [Vessels.of([vessel], [1.0]) for _, vessel in rule.levels]
    names = [*(name for name, _ in rule.levels), *rule.inflows, *rule.outflows]
    return Oracle(
        rule,
        [lambda value, of=of: float(of.volume(np.array([value]))[0]) for of in columns],  # type: ignore[misc]  # mypy infers no type for a default
        max(PLANT.tags[PLANT.row_of[name]].scan_period_ns for name in names),
    )


def differential(steps: list[Step]) -> None:
    group, oracles = group_of(RULES), [oracle_of(rule) for rule in RULES]
    state, idle = group.fresh(START_NS), np.zeros(len(RULES), np.bool_)
    for step in steps:
        judged = group.judge(moment(PLANT, step), idle, state)
        again = group.judge(moment(PLANT, step), idle, judged.state)
        assert np.array_equal(judged.condition, again.condition)
        assert all(np.array_equal(judged.state[name], again.state[name], equal_nan=True) for name in state)
        points = dict(zip(PLANT.ids, step.points, strict=True))
        for place, oracle in enumerate(oracles):
            condition, imbalance, allowed = oracle.step(points, step.now_ns)
            assert judged.value[place] == pytest.approx(imbalance, rel=1e-6, abs=1e-6, nan_ok=True)
            assert judged.limit[place] == pytest.approx(allowed, rel=1e-6, abs=1e-6)
            near = abs(abs(imbalance) - allowed) < 1e-6
            assert judged.condition[place] == condition or near, (oracle.rule.id, step)
        state = judged.state


@given(drawn_steps(DRAWN))
@settings(max_examples=30)
def test_equals_the_oracle(steps: list[Step]) -> None:
    differential(steps)


@pytest.mark.soak
@settings(max_examples=10_000)
@given(drawn_steps(DRAWN))
def test_equals_the_oracle_soak(steps: list[Step]) -> None:
    differential(steps)


@given(drawn_steps(DRAWN), st.permutations(range(len(RULES))))
@settings(max_examples=12)
def test_the_order_of_the_rules_changes_nothing(steps: list[Step], order: list[int]) -> None:
    group, other = group_of(RULES), group_of(tuple(RULES[place] for place in order))
    state, mixed, idle = group.fresh(START_NS), other.fresh(START_NS), np.zeros(len(RULES), np.bool_)
    for step in steps:
        judged = group.judge(moment(PLANT, step), idle, state)
        turned = other.judge(moment(PLANT, step), idle, mixed)
        assert judged.condition[order].tolist() == turned.condition.tolist()
        assert np.array_equal(judged.value[order], turned.value, equal_nan=True)
        state, mixed = judged.state, turned.state


@given(drawn_steps(DRAWN))
@settings(max_examples=12)
def test_looking_more_often_changes_nothing(steps: list[Step]) -> None:
    """Totals and samples follow from the readings, not from the evaluations."""
    group, idle = group_of(RULES), np.zeros(len(RULES), np.bool_)
    once, often = group.fresh(START_NS), group.fresh(START_NS)
    for step in steps:
        once = group.judge(moment(PLANT, step), idle, once).state
        for late_ns in (0, 0, 1_000_000):
            often = group.judge(moment(PLANT, replace(step, now_ns=step.now_ns + late_ns)), idle, often).state
    for name in ("total", "sample_mono_ns", "volume", "came", "went", "imbalance"):
        assert np.array_equal(once[name], often[name], equal_nan=True), name


HOUR = replace(BASE, window_ns=3600 * SECOND, tolerance_m3=2.0, tolerance_share=0.01)
TEN_MINUTES = replace(HOUR, window_ns=600 * SECOND)


def test_a_tank_that_gains_what_comes_is_in_balance() -> None:
    """120 m3/h in, 20 out: 100 m3 in the hour, 0.884 m."""
    run = Run(HOUR, PLANT)
    assert run.play(4000, LT_1=lambda at: 5 + 100 / 3600 / SURFACE * at, FI_1=120.0, FO_1=20.0) == FALSE
    assert run.evidence.value[0] == pytest.approx(0.0, abs=1e-6)
    assert run.evidence.limit[0] == pytest.approx(2.0 + 0.01 * 120, rel=0.1)
    zh, en = run.told()
    assert "the tanks gained +9" in en
    assert "out of balance by" in en
    assert "罐内变化 +9" in zh


def test_what_is_missing_is_told() -> None:
    """A tenth of what comes is lost on the way: 12 m3 in the hour against 3.2 allowed."""
    run = Run(HOUR, PLANT)
    assert run.play(4000, LT_1=lambda at: 5 + 88 / 3600 / SURFACE * at, FI_1=120.0, FO_1=20.0) == TRUE
    assert run.evidence.value[0] == pytest.approx(-12.0, rel=0.1)


def test_a_flow_that_swings_between_two_samples_is_integrated() -> None:
    """One reading in ten shows the flow: samples every 112 s would see all or nothing of it."""
    run = Run(HOUR, PLANT)

    def flow(at: int) -> float:
        return 1200.0 if at % 10 == 5 else 0.0

    assert run.play(4000, LT_1=lambda at: 5 + 120 / 3600 / SURFACE * at, FI_1=flow, FO_1=0.0) == FALSE
    assert abs(run.evidence.value[0]) < 0.5


def test_a_gap_of_a_flow_begins_the_window_anew() -> None:
    run = Run(TEN_MINUTES, PLANT)
    run.play(700, LT_1=5.0, FI_1=0.0, FO_1=0.0)
    assert run.seen[-1] == FALSE
    for _ in range(170):  # nothing is heard of the flow
        run.play(1, LT_1=5.0, FO_1=0.0)
    assert run.seen[-1] == UNKNOWN
    assert "not good: FI-1" in run.told()[1]
    assert run.play(350, LT_1=5.0, FI_1=0.0, FO_1=0.0) == UNKNOWN
    assert run.play(350, LT_1=5.0, FI_1=0.0, FO_1=0.0) == FALSE


def test_one_wild_level_is_no_imbalance() -> None:
    run = Run(TEN_MINUTES, PLANT)
    run.play(1400, LT_1=lambda at: 11.0 if at == 750 else 5.0, FI_1=0.0, FO_1=0.0)
    assert TRUE not in run.seen


def test_every_input_is_named() -> None:
    rule_set = compile_rules([RULES[2]], PLANT)
    run = Run(RULES[2], PLANT)
    run.play(5, LT_1=5.0)
    found = explain(rule_set, "b", run.frozen, run.memory, run.now_ns)
    assert found.inputs == ("LT-1", "LT-2", "FI-1", "FI-2", "FO-1")
    assert found.condition == UNKNOWN


def test_an_uncertain_flow_is_no_balance() -> None:
    group, idle = group_of((BASE,)), np.zeros(1, np.bool_)
    state = group.fresh(START_NS)
    for at in range(60):
        now_ns = START_NS + at * SECOND
        points = [Point(5.0, GOOD, now_ns), Point(5.0, GOOD, now_ns), *[Point(0.0, int(at > 30), now_ns)] * 3]
        judged = group.judge(moment(PLANT, Step(now_ns, tuple(points))), idle, state)
        state = judged.state
        if at == 30:
            assert judged.condition[0] == FALSE
    assert judged.condition[0] == UNKNOWN


AS_MEASURED = replace(BASE, window_ns=600 * SECOND, tolerance_m3=2.0)
WARM = replace(
    AS_MEASURED,
    temperatures=("TT-1",),
    expansion_per_k=0.0012,
    expansion_source="data sheet of the supplier",
)
STOOD_M3 = 5 * SURFACE
"""565.5 m3."""


def warming(at: int) -> float:
    """6 K in ten minutes, from 20 degC on."""
    return 20 + 6 * at / 600


def swollen(at: int) -> float:
    """The level of 565.5 m3 (at 20 degC) as it warms: 4.07 m3 more after ten minutes."""
    return 5 * (1 + 0.0012 * (warming(at) - 20))


def test_a_closed_tank_that_warms_up_gains_nothing() -> None:
    as_measured, at_20 = Run(AS_MEASURED, PLANT), Run(WARM, PLANT)
    for run, expected in ((as_measured, TRUE), (at_20, FALSE)):
        assert run.play(700, LT_1=swollen, FI_1=0.0, FO_1=0.0, TT_1=warming) == expected
    assert as_measured.evidence.value[0] == pytest.approx(0.0012 * 6 * STOOD_M3, rel=0.1)
    assert at_20.evidence.value[0] == pytest.approx(0.0, abs=1e-6)
    zh, en = at_20.told()
    assert "volumes at 20 °C (expansion 0.0012 1/K, data sheet of the supplier)" in en
    assert "体积折算到 20 °C（膨胀系数 0.0012 1/K" in zh
    assert "°C" not in as_measured.told()[1]


def test_a_leak_does_not_hide_behind_the_warmth() -> None:
    """The level stands because as much leaks as the warmth adds: 4 m3 in ten minutes."""
    as_measured, at_20 = Run(AS_MEASURED, PLANT), Run(WARM, PLANT)
    for run, expected in ((as_measured, FALSE), (at_20, TRUE)):
        assert run.play(700, LT_1=5.0, FI_1=0.0, FO_1=0.0, TT_1=warming) == expected
    assert at_20.evidence.value[0] == pytest.approx(-0.0012 * 6 * STOOD_M3, rel=0.1)


def test_what_comes_warm_is_less_at_one_temperature() -> None:
    """300 m3 at 40 degC are 293 m3 at 20; a meter that counts at 20 degC by itself needs no temperature."""
    rise = 300 / (1 + 0.0012 * 20) / 600 / SURFACE
    measured = replace(WARM, flow_temperatures=("TT-2", ""))
    for rule, expected in ((measured, FALSE), (WARM, TRUE)):
        run = Run(rule, PLANT)
        assert run.play(700, LT_1=lambda at: 2 + rise * at, FI_1=1800.0, FO_1=0.0, TT_1=20.0, TT_2=40.0) == expected


def test_without_its_temperature_nothing_is_balanced() -> None:
    run = Run(replace(WARM, window_ns=300 * SECOND), PLANT)
    assert run.play(400, LT_1=5.0, FI_1=0.0, FO_1=0.0, TT_1=20.0) == FALSE
    for _ in range(200):
        run.play(1, LT_1=5.0, FI_1=0.0, FO_1=0.0)
    assert run.seen[-1] == UNKNOWN
    assert "not good: TT-1" in run.told()[1]


MANY = tuple(f"F-{number}" for number in range(WIDTH + 1))


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (replace(BASE, levels=()), "tanks"),
        (replace(BASE, levels=(("XX", UPRIGHT),)), "tanks"),
        (replace(BASE, levels=(("XV", UPRIGHT),)), "tanks"),
        (replace(BASE, levels=(("LT-1", Vessel(shape="sphere")),)), "diameter_m"),
        (replace(BASE, levels=(("LT-1", UPRIGHT), ("LT-1", UPRIGHT))), "tanks"),
        (replace(BASE, inflows=("XX",)), "inflow"),
        (replace(BASE, inflows=("LT-2",)), "inflow"),
        (replace(BASE, outflows=("FI-1",)), "inflow"),
        (replace(BASE, inflows=(), outflows=()), "inflow"),
        (replace(BASE, inflows=MANY, outflows=()), "inflow"),
        (replace(BASE, tolerance_m3=0.0), "tolerance_m3"),
        (replace(BASE, tolerance_share=1.0), "tolerance_percent"),
        (replace(BASE, maximum_gap_ns=-1), "maximum_gap_s"),
        (replace(BASE, maximum_gap_ns=21 * SECOND), "maximum_gap_s"),
        (replace(BASE, window_ns=SECOND), "window_s"),
        (replace(BASE, minimum_coverage=0.0), "coverage"),
        (replace(WARM, expansion_per_k=0.0), "expansion_per_k"),
        (replace(WARM, expansion_per_k=0.02), "expansion_per_k"),
        (replace(WARM, expansion_per_k=math.nan), "expansion_per_k"),
        (replace(WARM, temperatures=("XX",)), "temperature"),
        (replace(WARM, temperatures=("XV",)), "temperature"),
        (replace(WARM, temperatures=("LT-2",)), "temperature"),
        (replace(WARM, temperatures=("TT-1", "TT-2")), "temperature"),
        (replace(WARM, flow_temperatures=("TT-2",)), "temperature"),
        (replace(WARM, flow_temperatures=("LT-2", "")), "inflow_temperature"),
        (replace(WARM, flow_temperatures=("", "LT-2")), "outflow_temperature"),
    ],
)
def test_mistakes(rule: MassBalance, field: str) -> None:
    plant = table(*PLANT.tags, tag("XV", discrete=True), *(replace(PLANT.tags[2], id=name) for name in MANY))
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules([rule], plant)
    assert field in [error.field for error in refused.value.errors]
    assert all(error.en for error in refused.value.errors)
