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
from rules.evaluate import evaluate, explain, next_deadline_ns
from rules.geometry import Vessel, Vessels
from rules.kinds.movement import KINDS, Leak, Stuck, UnplannedMovement
from rules.language.conditions import ConditionColumns, parse_condition
from rules.memory import Memory
from rules.port import Group, Rule, State
from tests.rules.kinds.oracle_movement import Oracle
from tests.rules.kinds.series import BAD, GOOD, START_NS, UNCERTAIN, Point, Step, drawn_steps, moment
from tests.rules.plants import SECOND, snapshot, table, tag

FALSE, TRUE, UNKNOWN = 0, 1, 2
Movement = Stuck | UnplannedMovement | Leak
UPRIGHT = Vessel(shape="vertical_cylinder", diameter_m=12.0, height_m=12.0)
SPHERE = Vessel(shape="sphere", diameter_m=12.3)
PLANT = table(
    tag("LT", high=12.0),
    tag("LT-2", high=12.0, period_ns=2 * SECOND),
    replace(tag("FT", high=20_000.0), eu="m3/h"),
    replace(tag("TT"), eu="°C"),
    tag("XV", discrete=True),
)
OPEN = parse_condition("tag('XV') == 1", PLANT)
SHUT = parse_condition("tag('XV') == 0", PLANT)
STUCK = Stuck(id="s", tag="LT", window_ns=12 * SECOND, flat_within=0.006, minimum_change=0.02, condition=OPEN)
UNPLANNED = UnplannedMovement(id="u", tag="LT", window_ns=12 * SECOND, maximum_change=0.02, condition=OPEN)
LEAK = Leak(id="l", tag="LT", window_ns=12 * SECOND, maximum_loss_per_h=0.5, condition=SHUT)
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


class Run:
    """One rule in the engine, second by second."""

    def __init__(self, rule: Rule, plant: TagTable = PLANT) -> None:
        self.plant, self.rule_set = plant, compile_rules([rule], plant)
        self.memory, self.now_ns = Memory.fresh(self.rule_set, START_NS), START_NS
        self.seen: list[int] = []

    def play(self, seconds: int, **readings: Callable[[int], float] | float) -> int:
        """Readings by tag (`_` for `-`), a number or a function of the second; returns the last verdict."""
        for at in range(seconds):
            self.now_ns += SECOND
            values = {
                name.replace("_", "-"): (of(at) if callable(of) else of, GOOD) for name, of in readings.items()
            }  # fmt: skip
            self.frozen = snapshot(self.plant, self.now_ns, values)
            verdicts, self.memory = evaluate(self.rule_set, self.frozen, self.memory, self.now_ns)
            self.seen.append(int(verdicts.verdict[0]))
        self.evidence = verdicts.look_up(np.array([0]))
        return self.seen[-1]

    def told(self) -> tuple[str, str]:
        found = explain(self.rule_set, self.rule_set.ids[0], self.frozen, self.memory, self.now_ns)
        return found.zh, found.en


MINUTES = 60
BY_FLOW = Stuck(
    id="s", tag="LT", window_ns=600 * SECOND, flat_within=0.006, minimum_change=0.05, inflows=("FT",), vessel=UPRIGHT
)  # fmt: skip


def test_a_gauge_that_sticks_while_the_tank_is_filled() -> None:
    """Buncefield: 120 m3/h into 113 m2 is 17.7 cm in ten minutes; the gauge shows none of it."""
    run, rate = Run(BY_FLOW), 120 / (math.pi * 36) / 3600
    assert run.play(20 * MINUTES, LT=lambda at: 5 + rate * at, FT=120.0) == FALSE
    stuck_at = 5 + rate * 20 * MINUTES
    run.seen.clear()
    run.play(20 * MINUTES, LT=stuck_at, FT=120.0)
    assert run.seen[-1] == TRUE
    assert 560 <= run.seen.index(TRUE) <= 640
    assert run.evidence.value[0] == 0.0
    assert run.evidence.limit[0] == pytest.approx(rate * 600, rel=0.05)
    zh, en = run.told()
    assert "moved 0 m in 600 s (up to 0.006 is flat), must move 0.17" in en
    assert "600 s 内变化 0 m（不超过 0.006 视为不动），应变化 0.17" in zh


def test_the_end_of_the_transfer_proves_no_gauge() -> None:
    run = Run(BY_FLOW)
    assert run.play(30 * MINUTES, LT=5.0, FT=120.0) == TRUE
    assert run.play(60 * MINUTES, LT=5.0, FT=0.0) == UNKNOWN
    assert "active, returns only when it moves" in run.told()[1]
    assert run.play(15 * MINUTES, LT=lambda at: 5.0 - 0.0001 * at, FT=0.0) == FALSE


def test_a_resting_tank_is_not_stuck() -> None:
    run = Run(BY_FLOW)
    assert run.play(60 * MINUTES, LT=5.0, FT=0.0) == FALSE
    assert TRUE not in run.seen


def test_the_neighbour_moves_the_other_way() -> None:
    rule = Stuck(id="s", tag="LT", window_ns=60 * SECOND, flat_within=0.006, minimum_change=0.05, neighbour="LT-2")
    run = Run(rule)
    assert run.play(5 * MINUTES, LT=5.0, LT_2=8.0) == FALSE
    assert run.play(5 * MINUTES, LT=5.0, LT_2=lambda at: 8.0 - 0.001 * at) == TRUE
    other = Run(rule)
    assert other.play(10 * MINUTES, LT=lambda at: 5.0 + 0.001 * at, LT_2=lambda at: 8.0 - 0.001 * at) == FALSE


def test_a_transfer_that_has_just_begun_asks_for_nothing_yet() -> None:
    run = Run(replace(STUCK, window_ns=60 * SECOND))
    assert run.play(30, LT=5.0, XV=0.0) == FALSE
    assert run.play(40, LT=5.0, XV=1.0) == FALSE
    assert run.play(20, LT=5.0, XV=1.0) == TRUE


def test_one_wild_reading_is_no_movement() -> None:
    run = Run(replace(STUCK, window_ns=60 * SECOND))
    run.play(40, LT=5.0, XV=1.0)
    assert run.play(50, LT=lambda at: 9.9 if at == 10 else 5.0, XV=1.0) == TRUE


def test_a_movement_nobody_planned() -> None:
    rule = replace(UNPLANNED, window_ns=600 * SECOND, maximum_change=0.03, settle_ns=60 * SECOND)
    run = Run(rule)
    assert run.play(2 * MINUTES, LT=5.0, XV=1.0) == FALSE
    assert run.play(10 * MINUTES, LT=lambda at: 5.0 + 0.001 * at, XV=1.0) == FALSE, "a planned one"
    assert run.play(30 * MINUTES, LT=5.6, XV=0.0) == FALSE
    run.seen.clear()
    assert run.play(10 * MINUTES, LT=lambda at: 5.6 - 0.0002 * at, XV=0.0) == TRUE
    assert 150 <= run.seen.index(TRUE) <= 220, "30 mm at 0.2 mm/s take 150 s"
    assert run.evidence.value[0] < -0.03
    assert "moved -0.1" in run.told()[1]
    assert run.play(1, LT=5.48, XV=1.0) == FALSE


def test_a_movement_soon_after_a_transfer_is_seen_before_the_window_is_full() -> None:
    run = Run(replace(UNPLANNED, window_ns=3600 * SECOND, maximum_change=0.03))
    run.play(60, LT=5.0, XV=1.0)
    assert run.play(4 * MINUTES, LT=lambda at: 5.0 - 0.0001 * at, XV=0.0) == FALSE
    assert run.play(8 * MINUTES, LT=lambda at: 4.976 - 0.0001 * at, XV=0.0) == TRUE


def test_without_a_condition_it_must_never_move() -> None:
    run = Run(replace(UNPLANNED, condition=None, window_ns=60 * SECOND))
    assert run.play(90, LT=5.0) == FALSE
    assert run.play(60, LT=lambda at: 5.0 + 0.001 * at) == TRUE
    assert "transfer: none" in run.told()[1]


HOUR_LEAK = Leak(
    id="l",
    tag="LT",
    window_ns=3600 * SECOND,
    maximum_loss_per_h=0.5,
    condition=SHUT,
    vessel=UPRIGHT,
    temperature="TT",
    expansion_per_k=0.0012,
    temperature_tolerance_k=0.5,
)


def test_a_leak_is_what_temperature_does_not_explain() -> None:
    """5 m are 565 m3; one degree is 0.68 m3 of them, the tolerance of half a degree 0.34 m3/h."""
    cooling, leaking = Run(HOUR_LEAK), Run(HOUR_LEAK)

    def level(at: int) -> float:
        return 5.0 * (1 + 0.0012 * (20 - at / 3600 - 20))

    assert cooling.play(90 * MINUTES, LT=level, TT=lambda at: 20 - at / 3600, XV=0.0) == FALSE
    assert cooling.evidence.value[0] == pytest.approx(0.0, abs=0.01)
    assert cooling.evidence.limit[0] == pytest.approx(0.5 + 0.34, abs=0.01)
    lost = 1.0 / (math.pi * 36) / 3600
    assert leaking.play(90 * MINUTES, LT=lambda at: level(at) - lost * at, TT=lambda at: 20 - at / 3600, XV=0.0) == TRUE
    assert leaking.evidence.value[0] == pytest.approx(1.0, abs=0.02)
    assert "loses 1 m3/h over 3600 s, 0.838 m3/h is allowed" in leaking.told()[1]
    assert leaking.play(1, LT=4.0, TT=20.0, XV=1.0) == FALSE


def test_a_gain_is_no_leak() -> None:
    run = Run(HOUR_LEAK)
    assert run.play(90 * MINUTES, LT=lambda at: 5 + 0.0001 * at, TT=20.0, XV=0.0) == FALSE


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


def test_a_deadline_where_silence_ends_the_judgement() -> None:
    run = Run(replace(STUCK, window_ns=60 * SECOND))
    assert run.play(90, LT=5.0, XV=1.0) == TRUE
    deadline = next_deadline_ns(run.rule_set, run.memory)
    assert deadline is not None
    assert run.now_ns < deadline <= run.now_ns + 15 * SECOND + 1
    stale = snapshot(PLANT, deadline, {"LT": (5.0, GOOD, run.now_ns), "XV": (1.0, GOOD, deadline)})
    verdicts, _ = evaluate(run.rule_set, stale, run.memory, deadline)
    assert verdicts.verdict[0] == UNKNOWN


def test_explanations_name_the_gap_and_every_input() -> None:
    run = Run(replace(STUCK, window_ns=60 * SECOND))
    run.play(20, LT=5.0, XV=1.0)
    zh, en = run.told()
    assert "of the window of 60 s (needs 75%)" in en
    assert "60 s 窗口只有" in zh
    found = explain(run.rule_set, "s", run.frozen, run.memory, run.now_ns)
    assert found.condition == UNKNOWN
    assert found.inputs == ("LT", "XV")
    leak = Run(HOUR_LEAK)
    leak.play(5, LT=5.0, TT=20.0, XV=0.0)
    assert explain(leak.rule_set, "l", leak.frozen, leak.memory, leak.now_ns).inputs == ("LT", "TT", "XV")


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


def test_a_change_finer_than_the_instrument_is_refused() -> None:
    plant = table(replace(tag("LT", high=12.0), resolution=0.006), tag("XV", discrete=True))
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules([replace(UNPLANNED, maximum_change=0.005, condition=None)], plant)
    assert [error.field for error in refused.value.errors] == ["maximum_change"]
