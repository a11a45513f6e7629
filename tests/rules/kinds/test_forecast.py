"""Minutes to a limit: against the oracle, and by hand where the numbers are known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.errors import RulesRefusedError
from rules.evaluate import evaluate, explain, next_deadline_ns
from rules.geometry import Vessel, Vessels
from rules.kinds.forecast import MinutesToLimit, MinutesToLimitKind
from rules.kinds.forecast_group import MinutesToLimitGroup, minutes_to
from rules.memory import Memory
from rules.port import State
from tests.rules.kinds.oracle_forecast import Oracle
from tests.rules.kinds.series import BAD, GOOD, START_NS, Point, Step, drawn_steps, moment
from tests.rules.plants import SECOND, snapshot, table, tag

UPRIGHT = Vessel(shape="vertical_cylinder", diameter_m=12.0, height_m=12.0)
SPHERE = Vessel(shape="sphere", diameter_m=12.3)
PLANT = table(tag("LT-1", high=12.0), tag("LT-2", high=12.3, period_ns=2 * SECOND))
BASE = MinutesToLimit(
    id="a", tag="LT-1", limit=10.0, rising=True, required_ns=5 * SECOND, window_ns=15 * SECOND
)  # fmt: skip
RULES = (
    BASE,
    replace(BASE, id="b", vessel=UPRIGHT, dead_band_ns=10 * SECOND, window_ns=24 * SECOND),
    replace(BASE, id="c", tag="LT-2", vessel=SPHERE, limit=11.4, required_ns=60 * SECOND, minimum_coverage=0.5),
    replace(BASE, id="d", tag="LT-2", vessel=SPHERE, limit=2.0, rising=False, required_ns=60 * SECOND, minimum_rate=90.0),
    replace(BASE, id="e", limit=3.0, rising=False, minimum_rate=360.0, minimum_coverage=0.9),
)  # fmt: skip
LEVELS = [st.sampled_from([2.0, 3.0, 8.0, 9.0, 9.5, 9.9, 10.0, 10.5, 11.4, 11.9])] * 2


def group_of(rules: tuple[MinutesToLimit, ...], plant: TagTable = PLANT) -> MinutesToLimitGroup:
    return MinutesToLimitKind().group(list(enumerate(rules)), plant)


def oracles(rules: tuple[MinutesToLimit, ...], plant: TagTable = PLANT) -> list[Oracle]:
    made = []
    for rule in rules:
        columns = Vessels.of([rule.vessel], [1.0])
        made.append(
            Oracle(
                rule,
                plant.tags[plant.row_of[rule.tag]].scan_period_ns,
                lambda value, columns=columns: float(columns.volume(np.array([value]))[0]),  # type: ignore[misc]  # mypy infers no type for a default
                lambda value, columns=columns: float(columns.area(np.array([value]))[0]),  # type: ignore[misc]  # mypy infers no type for a default
            )
        )
    return made


def differential(steps: list[Step], active: bool) -> None:
    group, plain = group_of(RULES), oracles(RULES)
    state: State = group.fresh(START_NS)
    for step in steps:
        judged = group.judge(moment(PLANT, step), np.full(len(RULES), active), state)
        again = group.judge(moment(PLANT, step), np.full(len(RULES), active), judged.state)
        assert np.array_equal(judged.condition, again.condition)
        assert all(np.array_equal(judged.state[name], again.state[name], equal_nan=True) for name in state)
        for place, oracle in enumerate(plain):
            condition, minutes = oracle.step(step.points[PLANT.row_of[oracle.rule.tag]], active, step.now_ns)
            assert judged.condition[place] == condition, (oracle.rule.id, step)
            assert judged.value[place] == pytest.approx(minutes, rel=1e-6, nan_ok=True)
        state = judged.state


@given(drawn_steps(LEVELS), st.booleans())
@settings(max_examples=30)
def test_equals_the_oracle(steps: list[Step], active: bool) -> None:
    differential(steps, active)


@pytest.mark.soak
@settings(max_examples=10_000)
@given(drawn_steps(LEVELS), st.booleans())
def test_equals_the_oracle_soak(steps: list[Step], active: bool) -> None:
    differential(steps, active)


@given(drawn_steps(LEVELS, min_size=20, max_size=30), st.permutations(range(len(RULES))))
@settings(max_examples=20)
def test_the_order_of_the_rules_changes_nothing(steps: list[Step], order: list[int]) -> None:
    group, other = group_of(RULES), group_of(tuple(RULES[place] for place in order))
    state, mixed = group.fresh(START_NS), other.fresh(START_NS)
    idle = np.zeros(len(RULES), np.bool_)
    for step in steps:
        judged, turned = (
            group.judge(moment(PLANT, step), idle, state),
            other.judge(moment(PLANT, step), idle, mixed),
        )  # fmt: skip
        assert judged.condition[order].tolist() == turned.condition.tolist()
        assert np.array_equal(judged.value[order], turned.value, equal_nan=True)
        state, mixed = judged.state, turned.state


def filled(
    rule: MinutesToLimit, start: float, per_s: float, seconds: int, quality: int = GOOD
) -> tuple[MinutesToLimitGroup, State, int, float, Step]:
    """A tank that moves evenly, read every second; returns what the rule says at the end."""
    group = group_of((rule,))
    state = group.fresh(START_NS)
    idle = np.zeros(1, np.bool_)
    for at in range(seconds + 1):
        now_ns = START_NS + at * SECOND
        grade = quality if at == seconds else GOOD
        point = (start + per_s * at, grade, now_ns)
        step = Step(now_ns, tuple(Point(*point) for _ in range(2)))
        judged = group.judge(moment(PLANT, step), idle, state)
        state = judged.state
    return group, state, int(judged.condition[0]), float(judged.value[0]), step


FALSE, TRUE, UNKNOWN = 0, 1, 2
QUARTER = replace(BASE, required_ns=15 * 60 * SECOND, window_ns=600 * SECOND, vessel=UPRIGHT, limit=10.8)


def test_an_upright_tank_reaches_its_limit_in_time_by_its_rate() -> None:
    # 120 m3/h into a tank of 12 m: 1.061 m/h; from 10.4 m to 10.8 m that takes 22.6 min
    rate = 120 / (math.pi * 36) / 3600
    _, _, condition, minutes, _ = filled(QUARTER, 10.4 - 700 * rate, rate, 700)
    assert condition == FALSE
    assert minutes == pytest.approx(0.4 / rate / 60, rel=1e-6)
    _, _, condition, minutes, _ = filled(QUARTER, 10.6 - 700 * rate, rate, 700)
    assert condition == TRUE
    assert minutes == pytest.approx(0.2 / rate / 60, rel=1e-6)


def test_a_sphere_fills_faster_towards_its_top() -> None:
    """At constant volume flow; without the geometry the same level would be told to last longer."""
    columns = Vessels.of([SPHERE, None], [1.0, 1.0])
    level, limit, flow = 10.4, 11.4, 100 / 3600
    surface = float(columns.area(np.array([level, level]))[0])
    found = minutes_to(
        np.array([level, level]), np.array([flow, flow / surface]), np.array([limit, limit]), columns
    )  # fmt: skip
    cap = math.pi / 3 * (limit**2 * (18.45 - limit) - level**2 * (18.45 - level))
    assert found[0] == pytest.approx(cap / flow / 60)
    assert found[1] == pytest.approx(1.0 / (flow / surface) / 60, rel=1e-3)
    assert found[0] < 0.8 * found[1]


@pytest.mark.parametrize(
    ("value", "rate", "limit", "rising", "minutes"),
    [
        (9.0, 0.001, 10.0, True, 1000 / 60),
        (9.0, -0.001, 10.0, True, math.inf),
        (9.0, 0.0, 10.0, True, math.inf),
        (10.5, 0.001, 10.0, True, 0.0),
        (10.0, 0.001, 10.0, True, 0.0),
        (10.5, -0.001, 10.0, True, math.inf),
        (3.0, -0.001, 2.0, False, 1000 / 60),
        (1.0, -0.001, 2.0, False, 0.0),
        (math.nan, 0.001, 10.0, True, math.nan),
        (9.0, math.nan, 10.0, True, math.nan),
    ],
)
def test_minutes_to(value: float, rate: float, limit: float, rising: bool, minutes: float) -> None:
    columns = Vessels.of([None], [1.0])
    found = minutes_to(np.array([value]), np.array([rate]), np.array([limit]), columns, np.array([rising]))
    assert found[0] == pytest.approx(minutes, nan_ok=True)


def test_a_limit_lies_where_the_value_is_not() -> None:
    columns = Vessels.of([None, None], [1.0, 1.0])
    found = minutes_to(np.array([9.0, 3.0]), np.array([0.1, -0.1]), np.array([10.0, 2.0]), columns)
    assert found.tolist() == pytest.approx([10 / 60, 10 / 60])


def test_too_short_a_time_and_silence_are_unknown() -> None:
    rate = 0.0005
    assert filled(QUARTER, 10.5, rate, 300)[2] == UNKNOWN
    group, state, condition, _, step = filled(QUARTER, 10.5, rate, 700)
    assert condition == TRUE
    # the last sample may be 150 s old (a quarter of the window), then the trend is no longer known
    idle, last_ns = np.zeros(1, np.bool_), int(state["sample_mono_ns"][0, -1])
    for late_ns, wanted in ((150 * SECOND, TRUE), (150 * SECOND + 1, UNKNOWN)):
        later = Step(last_ns + late_ns, step.points)
        assert group.judge(moment(PLANT, later), idle, state).condition[0] == wanted
    assert group.judge(moment(PLANT, step), idle, state).due_ns == last_ns + 150 * SECOND + 1


def test_a_bad_gauge_does_not_clear_and_an_uncertain_one_may_raise() -> None:
    rate = 0.0005
    assert filled(QUARTER, 10.4, rate, 700, BAD)[2] == UNKNOWN
    assert filled(QUARTER, 10.4, rate, 700, 1)[2] == TRUE
    assert filled(QUARTER, 4.0, rate, 700, 1)[2] == UNKNOWN


def test_one_wild_reading_is_no_trend() -> None:
    group = group_of((QUARTER,))
    state, idle = group.fresh(START_NS), np.zeros(1, np.bool_)
    seen = []
    for at in range(1500):
        now_ns = START_NS + at * SECOND
        level = 11.9 if at == 900 else 9.0
        point = Point(level, GOOD, now_ns)
        judged = group.judge(moment(PLANT, Step(now_ns, (point, point))), idle, state)
        state = judged.state
        seen.append(int(judged.condition[0]))
    assert set(seen[600:]) == {FALSE}


def test_through_the_engine_with_deadline_and_explanation() -> None:
    rule_set = compile_rules([QUARTER], PLANT)
    memory = Memory.fresh(rule_set, START_NS)
    for at in range(701):
        now_ns = START_NS + at * SECOND
        frozen = snapshot(PLANT, now_ns, {"LT-1": (10.4 + 0.0003 * at, GOOD)})
        verdicts, memory = evaluate(rule_set, frozen, memory, now_ns)
    assert verdicts.verdict[0] == TRUE
    deadline = next_deadline_ns(rule_set, memory)
    assert deadline is not None
    assert deadline > now_ns
    told = explain(rule_set, "a", frozen, memory, now_ns)
    assert told.condition == TRUE
    assert "LT-1 = 10.61" in told.en
    assert "trend +1.08 m/h, at 10.8 m in 10.6 min; 15 min are needed" in told.en
    assert "趋势 +1.08 m/h，10.6 分钟后到 10.8 m；至少需要 15 分钟" in told.zh
    assert [figure.en for figure in told.figures] == ["time left", "time needed", "trend", "limit"]
    assert told.inputs == ("LT-1",)


def test_explanations_of_no_trend_and_of_another_direction() -> None:
    group, state, _, _, step = filled(QUARTER, 10.5, 0.0005, 100)
    told = group.explain(0, moment(PLANT, step), False, state)
    assert told.condition == UNKNOWN
    assert "cover 17% of the window of 600 s (needs 75%): no trend" in told.en
    assert "600 s 窗口只有 17% 有好值（至少 75%），趋势不明" in told.zh
    group, state, _, _, step = filled(QUARTER, 10.5, -0.0005, 700)
    told = group.explain(0, moment(PLANT, step), False, state)
    assert told.condition == FALSE
    assert "trend -1.8 m/h, not towards 10.8 m" in told.en


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (replace(BASE, tag="XX"), "tag"),
        (replace(BASE, tag="XV"), "tag"),
        (replace(BASE, limit=math.nan), "limit"),
        (replace(BASE, limit=12.5), "limit"),
        (replace(BASE, limit=11.0, vessel=replace(UPRIGHT, height_m=10.5)), "limit"),
        (replace(BASE, minimum_rate=-1.0), "minimum_rate"),
        (replace(BASE, required_ns=0), "required_min"),
        (replace(BASE, dead_band_ns=-1), "dead_band_min"),
        (replace(BASE, window_ns=3 * SECOND), "window_s"),
        (replace(BASE, minimum_coverage=0.0), "coverage"),
        (replace(BASE, minimum_coverage=1.1), "coverage"),
        (replace(BASE, vessel=Vessel(shape="sphere")), "diameter_m"),
        (replace(BASE, tag="PT", limit=1.0, vessel=UPRIGHT), "tag"),
    ],
)
def test_mistakes(rule: MinutesToLimit, field: str) -> None:
    pressure = replace(tag("PT"), eu="MPa")
    plant = table(tag("LT-1", high=12.0), tag("XV", discrete=True), pressure)
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules([rule], plant)
    assert field in [error.field for error in refused.value.errors]
    assert all(error.en for error in refused.value.errors)


def test_an_infinite_value_is_no_value() -> None:
    group, state, condition, _, step = filled(BASE, 9.0, 0.01, 40)
    wild = Step(step.now_ns, (Point(math.inf, GOOD, step.now_ns),) * 2)
    assert condition == FALSE
    assert group.judge(moment(PLANT, wild), np.zeros(1, np.bool_), state).condition[0] == UNKNOWN
