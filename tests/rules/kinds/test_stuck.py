"""Gauges that stick, by hand where the numbers are known."""

import math
from dataclasses import replace

import pytest

from rules.evaluate import evaluate, next_deadline_ns
from rules.kinds.movement import Stuck
from tests.rules.kinds.engine_run import MINUTES, Run
from tests.rules.kinds.movement_rules import FALSE, PLANT, STUCK, TRUE, UNKNOWN, UPRIGHT
from tests.rules.kinds.series import GOOD
from tests.rules.plants import SECOND, snapshot

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


def test_a_deadline_where_silence_ends_the_judgement() -> None:
    run = Run(replace(STUCK, window_ns=60 * SECOND))
    assert run.play(90, LT=5.0, XV=1.0) == TRUE
    deadline = next_deadline_ns(run.rule_set, run.memory)
    assert deadline is not None
    assert run.now_ns < deadline <= run.now_ns + 15 * SECOND + 1
    stale = snapshot(PLANT, deadline, {"LT": (5.0, GOOD, run.now_ns), "XV": (1.0, GOOD, deadline)})
    verdicts, _ = evaluate(run.rule_set, stale, run.memory, deadline)
    assert verdicts.verdict[0] == UNKNOWN
