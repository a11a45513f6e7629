import math

import numpy as np
import pytest

from rules.catalog import BadQuality, Bypassed, DiscreteState, Limit, NoUpdate
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME
from rules.compile import compile_rules
from rules.evaluate import evaluate, next_deadline_ns
from rules.hold import HoldMemory, hold, next_due_ns
from rules.memory import Memory, seed
from rules.verdicts import Verdict
from tests.rules.plants import SECOND, START_WALL_NS, snapshot, table, tag

FALSE, TRUE, UNKNOWN = int(Verdict.FALSE), int(Verdict.TRUE), int(Verdict.UNKNOWN)
PLANT = table(tag("LT"), tag("HS-1", discrete=True), tag("HS-2", discrete=True))
HIGH = compile_rules([Limit(id="H", tag="LT", kind="H", set_point=80.0, dead_band=5.0)], PLANT)


def high(value: float, quality: int, memory: Memory, at: int = SECOND) -> tuple[int, Memory]:
    verdicts, after = evaluate(HIGH, snapshot(PLANT, at, {"LT": (value, quality)}), memory, at)
    return int(verdicts.verdict[0]), after


@pytest.mark.parametrize(
    ("value", "quality", "verdict"),
    [
        (79.999, Quality.GOOD, FALSE),
        (80.0, Quality.GOOD, TRUE),
        (80.0, Quality.UNCERTAIN, TRUE),
        (79.0, Quality.UNCERTAIN, UNKNOWN),
        (99.0, Quality.BAD, UNKNOWN),
        (99.0, Quality.STALE, UNKNOWN),
        (math.nan, Quality.NEVER_SEEN, UNKNOWN),
        (math.nan, Quality.GOOD, UNKNOWN),
    ],
)
def test_a_limit_in_three_values(value: float, quality: int, verdict: int) -> None:
    assert high(value, quality, Memory.fresh(HIGH, 0))[0] == verdict


def test_the_dead_band_acts_on_return_only() -> None:
    memory = Memory.fresh(HIGH, 0)
    seen = []
    for value in (76.0, 79.9, 80.0, 76.0, 75.0, 74.9, 76.0, 79.9):
        verdict, memory = high(value, Quality.GOOD, memory)
        seen.append(verdict)
    assert seen == [FALSE, FALSE, TRUE, TRUE, TRUE, FALSE, FALSE, FALSE]


def test_the_dead_band_survives_a_time_without_knowledge() -> None:
    memory = Memory.fresh(HIGH, 0)
    seen = []
    for value, quality in ((80.0, 0), (76.0, 2), (76.0, 0), (74.0, 1), (74.0, 0)):
        verdict, memory = high(value, quality, memory)
        seen.append(verdict)
    assert seen == [TRUE, UNKNOWN, TRUE, UNKNOWN, FALSE]


def test_after_a_restart_no_false_is_believed_before_every_input_was_good_once() -> None:
    rule_set = compile_rules(
        [Bypassed(id="b", bits=(("HS-1", 1), ("HS-2", 1))), NoUpdate(id="n", tag="LT", after_ns=SECOND)], PLANT
    )
    memory = seed(rule_set, {"b": True, "n": True, "gone": True}, 0)
    seen = []
    for readings in (
        {"HS-1": (0.0, 0), "LT": (math.nan, 2)},
        {"HS-1": (0.0, 2), "HS-2": (0.0, 0), "LT": (1.0, 1)},
        {"HS-1": (0.0, 0), "HS-2": (0.0, 0), "LT": (1.0, 0)},
    ):
        verdicts, memory = evaluate(rule_set, snapshot(PLANT, 5 * SECOND, readings), memory, 5 * SECOND)
        seen.append(verdicts.verdict.tolist())
    # in the second step both bits were read good once, but one is bad now: UNKNOWN for its own sake
    assert seen == [[UNKNOWN, UNKNOWN], [UNKNOWN, UNKNOWN], [FALSE, FALSE]]
    assert not memory.awaiting.any()


def test_a_restart_believes_true_at_once() -> None:
    verdict, memory = high(77.0, Quality.UNCERTAIN, seed(HIGH, {"H": True}, 0))
    assert (verdict, bool(memory.holds.active[0])) == (TRUE, True)


def test_no_update_counts_from_the_last_read_or_the_start() -> None:
    rule_set = compile_rules([NoUpdate(id="n", tag="LT", after_ns=2 * SECOND)], PLANT)
    memory = Memory.fresh(rule_set, 10 * SECOND)
    never = snapshot(PLANT, 12 * SECOND, {})
    verdicts, memory = evaluate(rule_set, never, memory, 12 * SECOND)
    assert verdicts.verdict.tolist() == [UNKNOWN]
    assert next_deadline_ns(rule_set, memory) == 12 * SECOND + 1
    verdicts, memory = evaluate(rule_set, never, memory, 12 * SECOND + 1)
    assert verdicts.verdict.tolist() == [TRUE]
    assert next_deadline_ns(rule_set, memory) is None
    read = snapshot(PLANT, 13 * SECOND, {"LT": (math.nan, Quality.BAD, 13 * SECOND)})
    verdicts, memory = evaluate(rule_set, read, memory, 13 * SECOND)
    assert verdicts.verdict.tolist() == [FALSE]
    assert next_deadline_ns(rule_set, memory) == 15 * SECOND + 1
    old = snapshot(PLANT, 12 * SECOND, {"LT": (1.0, Quality.GOOD, 3 * SECOND)})
    verdicts, _ = evaluate(rule_set, old, Memory.fresh(rule_set, 10 * SECOND), 12 * SECOND)
    assert verdicts.verdict.tolist() == [FALSE]


@pytest.mark.parametrize(
    ("quality", "verdict"),
    [
        (Quality.GOOD, FALSE),
        (Quality.UNCERTAIN, UNKNOWN),
        (Quality.BAD, TRUE),
        (Quality.STALE, UNKNOWN),
        (Quality.NEVER_SEEN, UNKNOWN),
    ],
)
def test_bad_quality(quality: int, verdict: int) -> None:
    rule_set = compile_rules([BadQuality(id="q", tag="LT")], PLANT)
    verdicts, _ = evaluate(rule_set, snapshot(PLANT, 1, {"LT": (1.0, quality)}), Memory.fresh(rule_set, 0), 1)
    assert verdicts.verdict.tolist() == [verdict]


@pytest.mark.parametrize("abnormal", [0, 1])
@pytest.mark.parametrize(
    ("value", "quality", "same", "other"),
    [(0.0, 0, TRUE, FALSE), (1.0, 0, FALSE, TRUE), (0.0, 1, TRUE, UNKNOWN), (0.5, 0, UNKNOWN, UNKNOWN), (0.0, 3, 2, 2)],
)
def test_a_discrete_state(abnormal: int, value: float, quality: int, same: int, other: int) -> None:
    rule_set = compile_rules([DiscreteState(id="s", tag="HS-1", abnormal_state=abnormal)], PLANT)
    verdicts, _ = evaluate(rule_set, snapshot(PLANT, 1, {"HS-1": (value, quality)}), Memory.fresh(rule_set, 0), 1)
    assert verdicts.verdict.tolist() == [same if abnormal == 0 else other]


@pytest.mark.parametrize("first", [FALSE, TRUE, UNKNOWN])
@pytest.mark.parametrize("second", [FALSE, TRUE, UNKNOWN])
def test_bypass_is_a_kleene_or_that_says_which_bit_decided(first: int, second: int) -> None:
    rule_set = compile_rules([Bypassed(id="b", bits=(("HS-1", 0), ("HS-2", 1)))], PLANT)
    readings = {
        "HS-1": {FALSE: (1.0, 0), TRUE: (0.0, 0), UNKNOWN: (0.0, 2)}[first],
        "HS-2": {FALSE: (0.0, 0), TRUE: (1.0, 0), UNKNOWN: (1.0, 3)}[second],
    }
    verdicts, _ = evaluate(rule_set, snapshot(PLANT, 7, readings), Memory.fresh(rule_set, 0), 7)
    both = (first, second)
    expected = TRUE if TRUE in both else UNKNOWN if UNKNOWN in both else FALSE
    decider = both.index(expected)
    assert verdicts.verdict.tolist() == [expected]
    assert verdicts.evidence().quality[0] == (readings["HS-1"], readings["HS-2"])[decider][1]
    assert verdicts.evidence().limit.tolist() == [float(decider)]
    names = tuple(name for name, verdict in zip(("HS-1", "HS-2"), both, strict=True) if verdict == TRUE)
    assert verdicts.details == ({0: names} if names else {})


def test_verdicts_carry_what_was_judged() -> None:
    rule_set = compile_rules(
        [
            Limit(id="H", tag="LT", kind="H", set_point=80.0),
            NoUpdate(id="n", tag="LT", after_ns=SECOND),
            DiscreteState(id="s", tag="HS-1", abnormal_state=1),
        ],
        PLANT,
    )
    frozen = snapshot(PLANT, SECOND, {"LT": (81.0, 0), "HS-1": (1.0, 1)})
    verdicts, _ = evaluate(rule_set, frozen, Memory.fresh(rule_set, 0), SECOND)
    evidence = verdicts.evidence()
    np.testing.assert_array_equal(evidence.value, [81.0, math.nan, 1.0])
    np.testing.assert_array_equal(evidence.limit, [80.0, math.nan, 1.0])
    assert evidence.quality.tolist() == [0, 0, 1]
    assert evidence.source_time_ns.tolist() == [NO_TIME] * 3
    assert evidence.received_wall_ns.tolist() == [START_WALL_NS + SECOND] * 3
    assert verdicts.at(np.array([2, 0])).value.tolist() == [1.0, 81.0]
    assert not verdicts.renew.size


def test_a_snapshot_of_another_plant_is_refused() -> None:
    with pytest.raises(ValueError, match="compiled for 3"):
        evaluate(HIGH, snapshot(table(tag("LT")), 1, {}), Memory.fresh(HIGH, 0), 1)


def column(*values: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.array(values, np.uint8)


def run_hold(steps: list[tuple[int, int]], on_s: int = 0, off_s: int = 0, active: bool = False) -> list[int]:
    """(second, condition) in, verdicts out."""
    on, off = np.array([on_s * SECOND]), np.array([off_s * SECOND])
    memory = HoldMemory.fresh(1, 0, np.array([active]))
    seen = []
    for second, condition in steps:
        memory = hold(column(condition), on, off, memory, second * SECOND).memory
        seen.append(int(memory.verdict[0]))
    return seen


def test_on_delay_counts_while_true() -> None:
    assert run_hold([(1, TRUE), (2, TRUE), (3, TRUE), (4, TRUE)], on_s=2) == [FALSE, FALSE, TRUE, TRUE]


def test_on_delay_is_held_by_unknown() -> None:
    steps = [(1, TRUE), (2, UNKNOWN), (9, UNKNOWN), (10, TRUE), (11, TRUE)]
    assert run_hold(steps, on_s=2) == [FALSE, UNKNOWN, UNKNOWN, FALSE, TRUE]


def test_on_delay_that_ran_out_before_the_unknown_still_raises() -> None:
    assert run_hold([(1, TRUE), (4, UNKNOWN), (5, UNKNOWN)], on_s=2) == [FALSE, TRUE, UNKNOWN]


def test_a_delay_that_runs_out_under_unknown_says_the_same_when_asked_again_at_that_moment() -> None:
    steps = [(1, TRUE), (4, UNKNOWN), (4, UNKNOWN), (4, UNKNOWN), (5, UNKNOWN), (5, UNKNOWN), (6, TRUE)]
    assert run_hold(steps, on_s=2) == [FALSE, TRUE, TRUE, TRUE, UNKNOWN, UNKNOWN, TRUE]


def test_at_that_moment_another_condition_is_another_answer() -> None:
    assert run_hold([(1, TRUE), (4, UNKNOWN), (4, FALSE), (4, UNKNOWN)], on_s=2) == [FALSE, TRUE, FALSE, UNKNOWN]


def test_on_delay_is_reset_by_false() -> None:
    assert run_hold([(1, TRUE), (2, FALSE), (3, TRUE), (4, TRUE), (5, TRUE)], on_s=2) == [0, 0, 0, 0, 1]


def test_unknown_alone_never_raises() -> None:
    assert run_hold([(1, UNKNOWN), (50, UNKNOWN)]) == [UNKNOWN, UNKNOWN]


@pytest.mark.parametrize("disturbance", [TRUE, UNKNOWN])
def test_off_delay_counts_while_false_and_is_reset_by_anything_else(disturbance: int) -> None:
    steps = [(1, FALSE), (2, FALSE), (3, disturbance), (4, FALSE), (5, FALSE), (6, FALSE)]
    assert run_hold(steps, off_s=2, active=True) == [TRUE, TRUE, disturbance, TRUE, TRUE, FALSE]


def test_a_clock_that_goes_back_counts_nothing() -> None:
    assert run_hold([(5, TRUE), (1, TRUE), (2, TRUE)], on_s=2) == [FALSE, FALSE, FALSE]


def test_the_first_running_delay_is_the_next_deadline() -> None:
    on, off = np.array([5, 9, 9]) * SECOND, np.array([9, 9, 3]) * SECOND
    memory = HoldMemory.fresh(3, 0, np.array([False, False, True]))
    assert next_due_ns(on, off, memory) is None
    memory = hold(column(TRUE, UNKNOWN, FALSE), on, off, memory, 10 * SECOND).memory
    assert next_due_ns(on, off, memory) == 13 * SECOND
    memory = hold(column(TRUE, UNKNOWN, TRUE), on, off, memory, 12 * SECOND).memory
    assert next_due_ns(on, off, memory) == 15 * SECOND


def test_memory_is_frozen() -> None:
    memory = HoldMemory.fresh(2, 0)
    after = hold(column(TRUE, FALSE), np.zeros(2, np.int64), np.zeros(2, np.int64), memory, 1).memory
    assert memory.active.tolist() == [False, False]
    assert after.active.tolist() == [True, False]
    for frozen in (after.verdict, after.active, after.pending, after.counted_ns, after.elapsed_ns, after.condition):
        with pytest.raises(ValueError, match="read-only"):
            frozen[0] = 0
