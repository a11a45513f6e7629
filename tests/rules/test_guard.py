"""The set-point guard: what it refuses, that what it asks for is enough, and that it never minds more room."""

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalog import Delays, DiscreteState, Limit
from rules.guard import Bound, SetPoint, bound_breach, order_breaches, response_breach, set_point_of
from rules.kinds.modes import InMode, ModeLimit
from rules.kinds.setpoints import TagLimit
from tests.rules.plants import SECOND

numbers = st.floats(0.0, 20.0).map(lambda value: round(value, 3))
TRIP = Bound(name_zh="联锁 SIS-101 动作值", name_en="the trip point of SIS-101", value=11.2, side="high", reached=True)
OVERFLOW = Bound(name_zh="溢流高度", name_en="the overflow height", value=11.6, side="high", reached=True)
LAW = Bound(name_zh="标准的", name_en="GB:", value=11.0, side="high", or_equal=True)
LOW_TRIP = Bound(name_zh="联锁动作值", name_en="the trip point of SIS-211", value=0.6, side="low")


def limit(kind: str, lowest: float, highest: float | None = None, **in_modes: float) -> SetPoint:
    return SetPoint(
        rule_id=f"LT.{kind}",
        tag="LT",
        kind=kind,  # type: ignore[arg-type]  # one of the words
        lowest=lowest,
        highest=lowest if highest is None else highest,
        in_modes=in_modes,
        fixed=highest is None and not in_modes,
    )


def test_what_a_rule_may_be_set_to() -> None:
    delays = Delays(on_delay_ns=3 * SECOND)
    plain = set_point_of(Limit(id="a", tag="LT", kind="H", set_point=10.0, delays=delays))
    assert plain == SetPoint(rule_id="a", tag="LT", kind="H", lowest=10.0, highest=10.0, lag_s=3.0)
    held = set_point_of(
        TagLimit(id="b", tag="LT", kind="L", set_point_tag="SP", set_point_minimum=1.0, set_point_maximum=3.0)
    )
    assert held == SetPoint(rule_id="b", tag="LT", kind="L", lowest=1.0, highest=3.0, fixed=False)
    by_mode = set_point_of(
        ModeLimit(id="c", tag="LT", kind="HH", set_point=9.0, in_modes=(InMode(mode="m", set_point=8.0),), modes=())
    )
    assert by_mode == SetPoint(
        rule_id="c", tag="LT", kind="HH", lowest=9.0, highest=9.0, in_modes={"m": 8.0}, fixed=False
    )
    assert set_point_of(DiscreteState(id="d", tag="X", abnormal_state=1)) is None


@pytest.mark.parametrize(
    ("set_points", "told"),
    [
        ([limit("H", 9.0), limit("HH", 10.0, 10.5)], []),
        ([limit("H", 9.0), limit("HH", 9.0, 10.5)], [("LT.HH", "set_point_minimum", 9.0)]),
        ([limit("H", 8.0, 10.0), limit("HH", 10.0)], [("LT.H", "set_point_maximum", 10.0)]),
        ([limit("H", 9.0, empty=10.0), limit("HH", 10.0)], [("LT.H", "set_points", 10.0)]),
        ([limit("H", 9.0, empty=5.0), limit("HH", 10.0, empty=6.0)], []),
        ([limit("H", 9.0, empty=5.0), limit("HH", 10.0, empty=5.0)], [("LT.H", "set_points", 5.0)]),
        ([limit("H", 10.0, empty=5.0), limit("HH", 10.0, empty=6.0)], [("LT.H", "set_point", 10.0)]),
        ([limit("LL", 2.0), limit("L", 1.0, 3.0)], [("LT.L", "set_point_minimum", 2.0)]),
        ([limit("LL", 0.5, 1.5), limit("HH", 1.0)], [("LT.LL", "set_point_maximum", 1.0)]),
        ([limit("H", 9.0), limit("HH", 8.0)], []),  # two plain ones: the compiler says it
        ([limit("H", 9.0, 9.5), replace(limit("HH", 8.0), tag="PT")], []),
    ],
)
def test_order(set_points: list[SetPoint], told: list[tuple[str, str, float]]) -> None:
    for given_order in (set_points, set_points[::-1]):
        breaches = list(order_breaches(given_order))
        assert [(each.rule_id, each.field, each.must) for each in breaches] == told
        assert all(f"{each.must:g}" in each.zh and f"{each.must:g}" in each.en for each in breaches)


@pytest.mark.parametrize(
    ("set_point", "field", "must"),
    [
        (limit("HH", 10.9), None, 0.0),
        (limit("HH", 11.0), None, 0.0),  # a law lets it stand on the ceiling
        (limit("HH", 11.1), "set_point", 11.0),
        (limit("HH", 12.0), "set_point", 11.0),
        (limit("HH", 9.0, filling=11.2), "set_points", 11.0),
        (limit("HH", 9.0, 12.0), "set_point_maximum", 11.0),
        (limit("LL", 0.61), None, 0.0),
        (limit("LL", 0.6), "set_point", 0.6),
        (limit("L", 0.2, 2.0), "set_point_minimum", 0.6),
    ],
)
def test_bounds(set_point: SetPoint, field: str | None, must: float) -> None:
    breach = bound_breach(set_point, [TRIP, OVERFLOW, LAW, LOW_TRIP])
    assert (breach is None) == (field is None)
    if breach is not None:
        assert (breach.field, breach.must) == (field, must)


def test_a_trip_must_be_above_the_alarm_and_not_on_it() -> None:
    breach = bound_breach(limit("HH", 11.2), [TRIP, OVERFLOW])
    assert breach is not None
    assert breach.en == "HH 11.2 must be below the trip point of SIS-101 11.2"
    assert breach.zh == "HH 11.2 应低于联锁 SIS-101 动作值 11.2"


def test_the_time_to_respond_by_hand() -> None:
    """1.1 m/h: from 10.8 to the trip at 11.2 are 0.4 m, 1309 s; with 1 s of delay 1308 s are left."""
    rise, high_high = 1.1 / 3600, replace(limit("HH", 10.8), lag_s=1.0)
    assert response_breach(high_high, [OVERFLOW, TRIP], rise, 1308.0) is None
    breach = response_breach(high_high, [OVERFLOW, TRIP], rise, 1800.0)
    assert breach is not None
    assert breach.must == pytest.approx(11.2 - 1801 * rise)
    assert "leaves 1308 s before the trip point of SIS-101 11.2" in breach.en
    assert "no higher than 10.649" in breach.en
    assert "应不高于 10.649" in breach.zh
    assert response_breach(high_high, [OVERFLOW], rise, 1800.0) is None  # without an interlock there is more time
    assert response_breach(high_high, [TRIP], 0.0, 1800.0) is None
    assert response_breach(high_high, [LAW, LOW_TRIP], rise, 1e6) is None
    assert response_breach(limit("L", 1.0), [TRIP], rise, 1e6) is None


bounds = st.lists(
    st.builds(
        Bound,
        name_zh=st.just("界"),
        name_en=st.just("bound"),
        value=numbers,
        side=st.sampled_from(["high", "low"]),
        or_equal=st.booleans(),
        reached=st.booleans(),
    ),
    max_size=4,
)
kinds = st.sampled_from(["HH", "H", "L", "LL"])


@given(kind=kinds, value=numbers, within=bounds, step=st.floats(0.001, 20.0))
def test_more_room_is_never_refused(kind: str, value: float, within: list[Bound], step: float) -> None:
    """Monotonic: away from what an alarm warns of, what passed still passes."""
    away = value - step if kind in ("HH", "H") else value + step
    if bound_breach(limit(kind, value), within) is None:
        assert bound_breach(limit(kind, away), within) is None


@given(kind=kinds, value=numbers, within=bounds)
def test_what_it_asks_for_is_enough(kind: str, value: float, within: list[Bound]) -> None:
    breach = bound_breach(limit(kind, value), within)
    if breach is None:
        return
    towards = -math.inf if kind in ("HH", "H") else math.inf
    assert bound_breach(limit(kind, math.nextafter(breach.must, towards)), within) is None
    assert bound_breach(limit(kind, math.nextafter(breach.must, -towards)), within) is not None


@given(
    value=numbers,
    within=bounds,
    rate=st.floats(1e-5, 1.0),
    needed=st.floats(0.0, 7200.0),
    lag=st.floats(0.0, 60.0),
    easier=st.floats(0.0, 1.0),
)
def test_response_is_monotonic(
    value: float, within: list[Bound], rate: float, needed: float, lag: float, easier: float
) -> None:
    """A lower alarm, a slower fill, a faster answer, a shorter delay, a higher bound: never a new refusal."""
    alarm = replace(limit("H", value), lag_s=lag)
    if response_breach(alarm, within, rate, needed) is not None:
        return
    below = [bound for bound in within if bound.reached and bound.side == "high" and bound.value <= value]
    assert response_breach(alarm, within, rate * easier, needed) is None
    assert response_breach(alarm, within, rate, needed * easier) is None
    assert response_breach(replace(alarm, lag_s=lag * easier), within, rate, needed) is None
    if not below:  # a bound below the alarm is another refusal already
        lower = replace(alarm, lowest=value * easier, highest=value * easier)
        assert response_breach(lower, within, rate, needed) is None
        higher = [replace(bound, value=bound.value + easier) for bound in within]
        assert response_breach(alarm, higher, rate, needed) is None


@given(value=numbers, within=bounds, rate=st.floats(1e-4, 1.0), needed=st.floats(1.0, 7200.0))
def test_the_set_point_that_response_asks_for_passes(
    value: float, within: list[Bound], rate: float, needed: float
) -> None:
    alarm = limit("HH", value)
    breach = response_breach(alarm, within, rate, needed)
    if breach is None:
        return
    enough = breach.must - 1e-6
    others = [bound for bound in within if bound.value > value]
    assert response_breach(replace(alarm, lowest=enough, highest=enough), others, rate, needed) is None


@given(
    values=st.lists(numbers, min_size=4, max_size=4, unique=True),
    spread=st.floats(0.0, 0.4),
    swap=st.permutations(["LL", "L", "H", "HH"]),
)
def test_order_passes_exactly_the_ascending_ones(values: list[float], spread: float, swap: list[str]) -> None:
    ordered = sorted(values)
    gap = min(b - a for a, b in itertools.pairwise(ordered))
    width = min(spread, gap) * 0.49
    made = [limit(kind, value - width, value + width + 1e-9) for kind, value in zip(swap, ordered, strict=True)]
    refused = bool(list(order_breaches(made)))
    assert refused == (swap != ["LL", "L", "H", "HH"] or gap <= 2 * width + 1e-9)
