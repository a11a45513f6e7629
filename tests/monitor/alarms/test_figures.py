"""Figures against a slow oracle, and against the words of the standard."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alarms.annunciations import Step, StepColumns, columns
from monitor.alarms.chatter import Standing
from monitor.alarms.figures import DAY_NS, HOUR_NS, TEN_MINUTES_NS, Figures, distribution, figures, verdict
from monitor.alarms.performance import TARGETS, UNITS, FloodLimits, Performance, Target
from tests.monitor.alarms.counted import START_NS, S, is_new, journals, step

PERFORMANCE = Performance(flood=FloodLimits(window_ns=60 * S, begin_above=3, end_below=2))


def of(steps: list[Step], hours: float = 4, performance: Performance = PERFORMANCE) -> Figures:
    return figures(columns(steps), (), START_NS, START_NS + round(hours * HOUR_NS), performance)


def test_a_calm_night() -> None:
    found = of([])
    assert (found.annunciations, found.peak_10_min, found.peak_ns, found.floods, found.flood_ns) == (0, 0, None, 0, 0)
    assert (found.per_hour.count, found.per_hour.maximum, found.per_10_min.count) == (4, 0.0, 24)
    assert found.hourly == (0, 0, 0, 0)
    assert found.acknowledge_s.count == found.unacknowledged == 0
    assert found.acknowledge_s.p50 is None
    assert {item.verdict for item in found.judged if item.figure != "top_10_percent"} == {"acceptable"}


def test_only_what_calls_the_operator_is_counted() -> None:
    """Acknowledgements, returns and steps under suppression are no alarms."""
    steps = [
        step(1, 0),
        step(2, 5, trigger="acknowledged"),
        step(3, 9, trigger="re_alarmed"),
        step(4, 10, trigger="returned"),
        step(5, 11, trigger="shelved"),
        step(6, 20, occurrence=2, annunciated=False),
        step(7, 30, trigger="unsuppressed", occurrence=2),
        step(8, 31, trigger="priority_raised", occurrence=2),
    ]
    found = of(steps)
    assert found.annunciations == 3
    assert (found.shelved, found.suppressed, found.out_of_service) == (1, 0, 0)
    assert (found.acknowledge_s.count, found.acknowledge_s.maximum, found.unacknowledged) == (1, 5.0, 2)


def test_the_answer_to_another_occurrence_does_not_count() -> None:
    steps = [step(1, 0), step(2, 5, trigger="returned"), step(3, 6, "A", "reactivated"), step(4, 6, occurrence=2)]
    found = of([*steps, step(5, 66, trigger="acknowledged", occurrence=2)])
    assert (found.acknowledge_s.count, found.acknowledge_s.p50, found.unacknowledged) == (1, 60.0, 1)


def test_a_flood_is_timed_from_begin_to_end() -> None:
    steps = [step(at, 600 + at, f"T-{at}") for at in range(20)]
    found = of(steps, performance=Performance())
    assert (found.floods, found.peak_10_min, found.per_10_min.maximum) == (1, 20, 20.0)
    # begun by the 11th at 610 s; ended when fewer than five are left in the window: at 1200 + 15 s
    assert found.flood_ns == 605 * S
    verdicts = {item.figure: item.verdict for item in found.judged}
    assert verdicts["peak_10_min"] == verdicts["flood_percent"] == "beyond"
    assert verdicts["per_hour"] == "acceptable"


def test_the_worst_ten_are_named() -> None:
    steps, seq = [], 0
    for rank in range(12):
        for _ in range(rank + 1):
            seq += 1
            steps.append(step(seq, seq * 100, f"T-{rank:02}", occurrence=seq))
    found = of(steps)
    assert found.top[0] == ("T-11", 12)
    assert len(found.top) == 10
    assert [count for _, count in found.top] == list(range(12, 2, -1))


def test_standing_alarms_are_stale() -> None:
    standing = (Standing(id="A", occurrence=1, raised_wall_ns=START_NS - 2 * DAY_NS),)
    found = figures(columns([]), standing, START_NS, START_NS + HOUR_NS, PERFORMANCE)
    assert found.stale == 1


def test_thirty_days_are_enough() -> None:
    assert figures(columns([]), (), 0, 30 * DAY_NS, PERFORMANCE).enough
    assert not figures(columns([]), (), 0, 30 * DAY_NS - 1, PERFORMANCE).enough


def test_a_period_shorter_than_an_interval_has_no_rate() -> None:
    found = of([step(1, 1)], hours=0.1)
    assert found.hourly == (1,)
    assert (found.per_hour.count, found.per_hour.mean, found.per_10_min.mean) == (0, None, None)
    assert {item.figure for item in found.judged if item.verdict == "no_data"} >= {"per_hour", "per_10_min"}


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "no_data"), (6.0, "acceptable"), (6.1, "manageable"), (12.1, "beyond")]
)
def test_verdicts(value: float | None, expected: str) -> None:
    assert verdict(value, TARGETS["per_hour"]) == expected


def test_a_plant_sets_its_own_targets() -> None:
    strict = Target(acceptable=1.0, manageable=2.0, source="site rule", certainty="configured")
    own = replace(PERFORMANCE, targets={**TARGETS, "acknowledge_p90_s": strict})
    found = of([step(1, 0), step(2, 3, trigger="acknowledged")], performance=own)
    (judged,) = [item for item in found.judged if item.figure == "acknowledge_p90_s"]
    assert (judged.value, judged.unit, judged.verdict) == (3.0, "s", "beyond")
    assert set(UNITS) >= set(TARGETS)
    assert {target.certainty for target in TARGETS.values()} == {"found"}


@given(st.lists(st.integers(0, 1000), max_size=50))
def test_a_percentile_is_one_of_the_numbers(numbers: list[int]) -> None:
    found = distribution(np.array(numbers, np.int64))
    if not numbers:
        assert found.mean is found.p50 is found.maximum is None
        return
    ordered = sorted(numbers)
    for share, value in ((0.5, found.p50), (0.9, found.p90), (0.99, found.p99)):
        assert value == ordered[math.ceil(share * len(ordered)) - 1]
    assert found.maximum == ordered[-1]
    assert found.mean == pytest.approx(sum(ordered) / len(ordered))


def slow_waits(steps: list[Step]) -> list[float]:
    waits = []
    for one in steps:
        if not is_new(one):
            continue
        answers = [
            other.decided_wall_ns
            for other in steps
            if other.seq > one.seq and other.trigger == "acknowledged" and other[2:4] == one[2:4]
        ]
        if answers:
            waits.append((answers[0] - one.decided_wall_ns) / S)
    return waits


def slow_flood_ns(times: list[int], to_ns: int, limits: FloodLimits) -> tuple[int, int]:
    """Walk over every moment at which the count changes."""
    moments = sorted({*times, *(at + limits.window_ns for at in times), to_ns})
    flooded, floods, total, before = False, 0, 0, 0
    for now in [at for at in moments if at <= to_ns]:
        total += now - before if flooded else 0
        count = sum(now - limits.window_ns < at <= now for at in times)
        begins = count > limits.begin_above
        floods += begins and not flooded
        flooded = begins or (flooded and count >= limits.end_below)
        before = now
    return floods, total


@given(journals(), st.integers(1, 20))
def test_figures_are_what_the_slow_way_counts(steps: list[Step], quarters: int) -> None:
    to_ns = START_NS + quarters * HOUR_NS // 4
    inside = [one for one in steps if START_NS <= one.decided_wall_ns < to_ns]
    new = [one for one in inside if is_new(one)]
    found = of(steps, hours=quarters / 4)
    times = [one.decided_wall_ns for one in new]
    assert found.annunciations == len(new)
    assert sum(found.hourly) == len(new)
    bins = [
        sum(START_NS + at * TEN_MINUTES_NS <= one < START_NS + (at + 1) * TEN_MINUTES_NS for one in times)
        for at in range((to_ns - START_NS) // TEN_MINUTES_NS)
    ]
    assert found.per_10_min.count == len(bins)
    assert found.per_10_min.maximum == max(bins, default=None)
    assert found.peak_10_min == max((sum(at - TEN_MINUTES_NS < one <= at for one in times) for at in times), default=0)
    assert (found.floods, found.flood_ns) == slow_flood_ns(times, to_ns, PERFORMANCE.flood)
    assert found.priorities == {priority: sum(one.priority == priority for one in new) for priority in (1, 2, 3, 4)}
    names = {one.id: sum(other.id == one.id for other in new) for one in new}
    assert dict(found.top) == names
    waits = sorted(slow_waits(inside))
    assert found.acknowledge_s.count == len(waits)
    assert found.unacknowledged == len(new) - len(waits)
    if waits:
        assert found.acknowledge_s.maximum == pytest.approx(waits[-1])
        assert found.acknowledge_s.p50 == pytest.approx(waits[math.ceil(0.5 * len(waits)) - 1])
    assert found.shelved == sum(one.trigger == "shelved" for one in inside)


def test_columns_hold_what_they_were_given() -> None:
    listed = [step(1, 0, "A"), step(2, 1, "B", "acknowledged", priority=1)]
    found = columns(listed)
    assert (len(found), found.ids, found.triggers) == (2, ("A", "B"), ("raised", "acknowledged"))
    only: StepColumns = found.of(frozenset({"B", "unknown"}))
    assert (only.seq.tolist(), only.priority.tolist(), only.person.tolist()) == ([2], [1], [True])
    assert columns([]).is_new().tolist() == []
