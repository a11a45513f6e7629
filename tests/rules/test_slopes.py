"""The robust slope against a plain loop over all pairs, and what it is for: outliers."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.port import NEVER
from rules.slopes import theil_sen

SECOND = 1_000_000_000


def plain(samples: list[tuple[int, float]]) -> float:
    slopes = [
        (samples[j][1] - samples[i][1]) / ((samples[j][0] - samples[i][0]) / SECOND)
        for i in range(len(samples))
        for j in range(i + 1, len(samples))
        if samples[j][0] > samples[i][0]
    ]
    return statistics.median(slopes) if slopes else math.nan


rows = st.lists(
    st.lists(st.tuples(st.integers(1, 60), st.integers(-50, 50).map(float), st.booleans()), min_size=7, max_size=7),
    min_size=1,
    max_size=4,
)


@given(rows)
def test_equals_the_median_of_all_pairs(series: list[list[tuple[int, float, bool]]]) -> None:
    times = np.array([np.cumsum([step * SECOND for step, _, _ in one]) for one in series], np.int64)
    values = np.array([[value for _, value, _ in one] for one in series])
    use = np.array([[good for _, _, good in one] for one in series])
    found = theil_sen(times, values, use)
    for row, one in enumerate(series):
        wanted = plain([(int(times[row, at]), value) for at, (_, value, good) in enumerate(one) if good])
        assert found[row] == pytest.approx(wanted, nan_ok=True)


def test_a_quarter_of_wild_samples_changes_nothing() -> None:
    times = np.arange(1, 21, dtype=np.int64)[np.newaxis] * 30 * SECOND
    values = times / SECOND * 0.25
    wild = values.copy()
    wild[0, ::4] += [1e6, -1e6, 3e5, -7e5, 2e6]
    use = np.ones(times.shape, np.bool_)
    assert theil_sen(times, values, use)[0] == pytest.approx(0.25)
    assert theil_sen(times, wild, use)[0] == pytest.approx(0.25, rel=0.3)


def test_empty_places_count_for_nothing() -> None:
    times = np.array([[NEVER, NEVER, SECOND, 3 * SECOND], [NEVER, NEVER, NEVER, SECOND], [NEVER] * 4], np.int64)
    values = np.array([[math.nan, math.nan, 1.0, 5.0], [math.nan, math.nan, math.nan, 1.0], [math.nan] * 4])
    found = theil_sen(times, values, times != NEVER)
    assert found[0] == 2.0
    assert np.isnan(found[1:]).all()
