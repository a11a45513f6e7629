"""Movements nobody planned and leaks, by hand where the numbers are known."""

import math
from dataclasses import replace

import pytest

from rules.compile import compile_rules
from rules.errors import RulesRefusedError
from rules.evaluate import explain
from rules.kinds.movement import Leak
from tests.rules.kinds.engine_run import MINUTES, Run
from tests.rules.kinds.movement_rules import FALSE, SHUT, STUCK, TRUE, UNKNOWN, UNPLANNED, UPRIGHT
from tests.rules.plants import SECOND, table, tag


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


def test_a_change_finer_than_the_instrument_is_refused() -> None:
    plant = table(replace(tag("LT", high=12.0), resolution=0.006), tag("XV", discrete=True))
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules([replace(UNPLANNED, maximum_change=0.005, condition=None)], plant)
    assert [error.field for error in refused.value.errors] == ["maximum_change"]
