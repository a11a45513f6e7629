"""Windows against an oracle that walks over readings one by one."""

import math
import statistics
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import windows
from rules.port import NEVER
from rules.windows import Samples

Reading = tuple[int, float, bool]
"""(received ns, value, good)."""
SLOTS = 4

readings = st.lists(
    st.tuples(
        st.integers(1, 400),
        st.sampled_from([0.0, 1.0, -2.5, math.nan, math.inf, -math.inf]),
        st.booleans(),
    ),
    max_size=40,
)  # fmt: skip
"""In any order of time, with duplicates."""


def play(series: Sequence[Sequence[Reading]], window_ns: Sequence[int], slots: int = SLOTS) -> Samples:
    """Keep what rules read at once, step by step; series i is of rule i, all of one length."""
    samples = windows.fresh(len(series), slots)
    window = np.array(window_ns, np.int64)
    for step in zip(*series, strict=True):
        at, value, good = (np.array(column) for column in zip(*step, strict=True))
        samples = windows.kept(
            samples, value.astype(np.float64), good.astype(np.bool_), at.astype(np.int64), window
        )  # fmt: skip
    return samples


def oracle(series: Sequence[Reading], window_ns: int, slots: int = SLOTS) -> list[tuple[int, float]]:
    """What is kept of one series."""
    slot_ns = max(window_ns // slots, 1)
    found: list[tuple[int, float]] = []
    for at, value, good in series:
        if not good or not math.isfinite(value):
            continue
        if found and (at <= found[-1][0] or at // slot_ns <= found[-1][0] // slot_ns):
            continue
        found.append((at, value))
    return found[-(slots + 1) :]


def oracle_coverage(kept: list[tuple[int, float]], window_ns: int, now: int, period_ns: int) -> float:
    """Every ns of the window (now - window, now] once: is there a sample that stands for it?"""
    slot_ns = max(window_ns // SLOTS, 1, period_ns)
    times = [at for at, _ in kept]
    ends = [*times[1:], 1 << 40][: len(times)]
    spans = [(at, min(end, at + 2 * slot_ns)) for at, end in zip(times, ends, strict=True)]
    covered = sum(any(start < ns <= end for start, end in spans) for ns in range(now - window_ns + 1, now + 1))
    return covered / window_ns


def of_rule(samples: Samples, rule: int) -> list[tuple[int, float]]:
    times, values = samples
    return [
        (int(at), float(value))
        for at, value in zip(times[rule], values[rule], strict=True)
        if at != NEVER
    ]  # fmt: skip


def differential(series: list[Reading], window_ns: int, late: int, period_ns: int) -> None:
    samples = play([series, series], [window_ns, 2 * window_ns])
    for rule, window in enumerate((window_ns, 2 * window_ns)):
        wanted = oracle(series, window)
        assert of_rule(samples, rule) == wanted
        now = max([at for at, _, _ in series], default=0) + late
        window_column = np.array([window_ns, 2 * window_ns], np.int64)
        young = windows.inside(samples, window_column, now)[rule]
        times = samples[0][rule]
        assert [int(at) for at in times[young]] == [at for at, _ in wanted if now - at <= window]
        share = windows.coverage(samples, window_column, now, np.array([period_ns] * 2, np.int64))[rule]
        assert share == pytest.approx(oracle_coverage(wanted, window, now, period_ns))


@given(readings, st.integers(1, 60), st.integers(0, 80), st.integers(0, 30))
def test_windows_equal_the_oracle(series: list[Reading], window_ns: int, late: int, period_ns: int) -> None:
    differential(series, window_ns, late, period_ns)


@pytest.mark.soak
@settings(max_examples=10_000)
@given(readings, st.integers(1, 60), st.integers(0, 80), st.integers(0, 30))
def test_windows_equal_the_oracle_soak(series: list[Reading], window_ns: int, late: int, period_ns: int) -> None:
    differential(series, window_ns, late, period_ns)


@given(readings, st.integers(1, 60), st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_what_is_kept_does_not_depend_on_how_often_it_is_looked_at(
    series: list[Reading], window_ns: int, again: list[int]
) -> None:
    looked_at_more_often = [reading for reading, times in zip(series, again, strict=False) for _ in range(1 + times)]
    once, often = play([series], [window_ns]), play([looked_at_more_often], [window_ns])
    assert of_rule(once, 0) == of_rule(often, 0)


@given(st.lists(readings.map(lambda found: (found + [(1, 0.0, False)] * 40)[:40]), min_size=2, max_size=4))
def test_the_samples_of_a_rule_depend_on_this_rule_alone(series: list[list[Reading]]) -> None:
    together = play(series, [20] * len(series))
    for rule, mine in enumerate(series):
        assert of_rule(together, rule) == of_rule(play([mine], [20]), 0)


def test_nothing_new_gives_the_same_objects_and_nothing_given_is_changed() -> None:
    samples = play([[(5, 1.0, True)]], [40])
    column, window = np.array([2.0]), np.array([40], np.int64)
    same = windows.kept(samples, column, np.array([True]), np.array([5], np.int64), window)
    assert same is samples
    before = [column.copy() for column in samples]
    after = windows.kept(samples, column, np.array([True]), np.array([15], np.int64), window)
    assert of_rule(after, 0) == [(5, 1.0), (15, 2.0)]
    assert all(np.array_equal(was, now, equal_nan=True) for was, now in zip(before, samples, strict=True))
    assert not any(column.flags.writeable for column in after)


def test_a_gap_of_the_length_of_the_window_leaves_nothing_inside() -> None:
    """A restart: the samples of before are still there, but they are too old to count."""
    samples = play([[(at, 1.0, True) for at in range(0, 100, 10)] + [(400, 2.0, True)]], [40])
    window = np.array([40], np.int64)
    assert windows.inside(samples, window, 400).sum() == 1
    assert windows.coverage(samples, window, 400)[0] == 0.0
    assert windows.coverage(samples, window, 410)[0] == 0.25


@pytest.mark.parametrize("period_ns", [1, 3, 7, 10, 13, 25, 40])
def test_regular_readings_cover_their_window_whatever_their_period(period_ns: int) -> None:
    samples = play([[(at, 1.0, True) for at in range(1, 400, period_ns)]], [40])
    window, period = np.array([40], np.int64), np.array([period_ns], np.int64)
    last = max(range(1, 400, period_ns))
    assert all(windows.coverage(samples, window, last + late, period)[0] == 1.0 for late in range(period_ns))


def test_a_window_may_end_at_another_time_for_each_rule() -> None:
    series = [(at, 1.0, True) for at in range(0, 100, 10)]
    samples, window = play([series, series], [40, 40]), np.array([40, 40], np.int64)
    ends = np.array([90, 120], np.int64)
    each = [windows.coverage(samples, window, int(end))[rule] for rule, end in enumerate(ends)]
    assert windows.coverage(samples, window, ends).tolist() == each
    assert windows.inside(samples, window, ends).sum(axis=1).tolist() == [5, 2]


def test_a_window_can_begin_anew() -> None:
    series = [(5, 1.0, True), (15, 1.0, True)]
    samples = play([series, series], [40, 40])
    after = windows.forgotten(samples, np.array([True, False]))
    assert of_rule(after, 0) == []
    assert of_rule(after, 1) == [(5, 1.0), (15, 1.0)]
    assert windows.forgotten(after, np.array([True, False])) is after


@given(st.lists(st.tuples(st.integers(-9, 9), st.booleans()), min_size=SLOTS + 1, max_size=SLOTS + 1))
def test_steadied_values_are_medians_of_three(series: list[tuple[int, bool]]) -> None:
    values = np.array([[float(value) for value, _ in series]])
    use = np.array([[good for _, good in series]])
    found = windows.steadied((np.arange(SLOTS + 1)[np.newaxis], values), use)[0]
    for at, median in enumerate(found):
        three = series[at : at + 3]
        wanted = statistics.median(value for value, _ in three) if all(good for _, good in three) else math.nan
        assert median == pytest.approx(wanted, nan_ok=True)
