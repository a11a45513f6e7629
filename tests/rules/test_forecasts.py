"""What screens are told of the time left: the numbers of the rule, and never a far limit where nothing is known."""

import math

import pytest

from rules.catalog import Limit
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain
from rules.forecasts import Forecast, forecasts
from rules.geometry import Vessel
from rules.kinds.forecast import MinutesToLimit
from rules.memory import Memory
from rules.verdicts import Verdict
from tests.rules.plants import SECOND, snapshot, table, tag

MINUTE = 60 * SECOND
PLANT = table(tag("LT-1", high=12.0), tag("LT-2", high=12.3), tag("TT-1"))
RULES = compile_rules(
    [
        Limit(id="LT-1.H", tag="LT-1", kind="H", set_point=9.0),
        MinutesToLimit(id="up", tag="LT-1", limit=10.0, rising=True, required_ns=5 * MINUTE, window_ns=MINUTE),
        MinutesToLimit(
            id="sphere",
            tag="LT-2",
            limit=11.4,
            rising=True,
            required_ns=30 * MINUTE,
            window_ns=MINUTE,
            vessel=Vessel(shape="sphere", diameter_m=12.3),
        ),
        MinutesToLimit(id="down", tag="LT-1", limit=1.0, rising=False, required_ns=5 * MINUTE, window_ns=MINUTE),
    ],
    PLANT,
)
START = 1000 * SECOND


def after(seconds: int, per_s: float, quality: int = 0, silent_s: int = 0) -> dict[str, Forecast]:
    """Both levels from 6 m on, read each second; the last reading has `quality`, then nothing for `silent_s`."""
    memory = Memory.fresh(RULES, START)
    for second in range(seconds + 1):
        at, level = START + second * SECOND, 6.0 + per_s * second
        last = quality if second == seconds else 0
        seen = snapshot(PLANT, at, {"LT-1": (level, last), "LT-2": (level, last)})
        _, memory = evaluate(RULES, seen, memory, at)
    now = START + (seconds + silent_s) * SECOND
    if silent_s:
        seen = snapshot(PLANT, now, {"LT-1": (level, 3, at), "LT-2": (level, 3, at)})
        _, memory = evaluate(RULES, seen, memory, now)
    return {found.rule_id: found for found in forecasts(RULES, seen, memory, now)}


def test_each_rule_of_the_kind_and_no_other() -> None:
    assert [(found.rule_id, found.tag, found.limit, found.rising) for found in after(2, 0.0).values()] == [
        ("up", "LT-1", 10.0, True),
        ("sphere", "LT-2", 11.4, True),
        ("down", "LT-1", 1.0, False),
    ]


def test_the_minutes_of_a_straight_rise() -> None:
    """0.6 m/min for two minutes: 7.2 m, 2.8 m are left, 4.67 min; needed are 5."""
    up = after(120, 0.01)["up"]
    assert up.minutes == pytest.approx(2.8 / 0.6, rel=1e-6)
    assert up.trend_per_h == pytest.approx(36.0)
    assert (up.required_min, up.verdict) == (5.0, int(Verdict.TRUE))


def test_near_the_top_of_a_sphere_the_level_is_there_sooner_than_a_straight_line_says() -> None:
    found = after(120, 0.01)
    straight = (11.4 - 7.2) / 0.6
    assert found["sphere"].trend_per_h == pytest.approx(36.0, rel=0.05)
    assert found["sphere"].minutes < straight
    assert found["sphere"].verdict == Verdict.TRUE


def test_what_moves_away_is_never_there() -> None:
    found = after(120, 0.01)["down"]
    assert (found.minutes, found.verdict) == (math.inf, int(Verdict.FALSE))
    assert found.trend_per_h == pytest.approx(36.0)


@pytest.mark.parametrize(
    ("seconds", "quality", "silent_s"),
    [(5, 0, 0), (120, 2, 0), (120, 0, 90)],
    ids=["too little seen", "bad now", "silent"],
)
def test_unknown_is_not_far_away(seconds: int, quality: int, silent_s: int) -> None:
    for found in after(seconds, 0.01, quality, silent_s).values():
        assert math.isnan(found.minutes) and math.isnan(found.trend_per_h)
        assert found.verdict != Verdict.TRUE or silent_s or quality


def test_it_says_what_the_explanation_says() -> None:
    memory = Memory.fresh(RULES, START)
    for second in range(91):
        at = START + second * SECOND
        level = 6.0 + 0.01 * second
        seen = snapshot(PLANT, at, {"LT-1": (level, 0), "LT-2": (level, 0)})
        _, memory = evaluate(RULES, seen, memory, at)
    for found in forecasts(RULES, seen, memory, at):
        told = {figure.en: figure.value for figure in explain(RULES, found.rule_id, seen, memory, at).figures}
        assert found.trend_per_h == pytest.approx(told["trend"])
        assert found.required_min == told["time needed"]
        assert found.limit == told["limit"]
        if math.isfinite(found.minutes):
            assert found.minutes == pytest.approx(told["time left"])
        else:
            assert math.isnan(told["time left"])


def test_a_plant_without_such_rules_has_none() -> None:
    rule_set = compile_rules([Limit(id="LT-1.H", tag="LT-1", kind="H", set_point=9.0)], PLANT)
    seen = snapshot(PLANT, START, {})
    assert list(forecasts(rule_set, seen, Memory.fresh(rule_set, START), START)) == []
