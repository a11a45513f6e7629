"""The ring of the last minute against a plain list."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.scan.durations import Durations, Spread

MS = 1_000_000
SECOND = 1_000 * MS


def test_nothing_measured_is_zero() -> None:
    assert Durations().spread(5 * SECOND) == Spread(count=0, p50_ms=0.0, p99_ms=0.0, max_ms=0.0)


def test_one_late_in_a_hundred_is_the_maximum_and_not_the_middle() -> None:
    durations = Durations()
    for number in range(99):
        durations.add(number * MS, 1 * MS)
    durations.add(99 * MS, 40 * MS)
    assert durations.spread(100 * MS) == Spread(count=100, p50_ms=1.0, p99_ms=40.0, max_ms=40.0)


def test_what_is_older_than_the_window_is_forgotten() -> None:
    durations = Durations(window_ns=60 * SECOND)
    durations.add(1 * SECOND, 500 * MS)
    durations.add(30 * SECOND, 2 * MS)
    assert durations.spread(60 * SECOND).max_ms == 500.0
    assert durations.spread(62 * SECOND) == Spread(count=1, p50_ms=2.0, p99_ms=2.0, max_ms=2.0)
    assert durations.spread(200 * SECOND).count == 0
    assert durations.spread(31 * SECOND, window_ns=2 * SECOND).max_ms == 2.0
    assert durations.spread(60 * SECOND, window_ns=900 * SECOND).count == 2, "a longer window than is kept"


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5_000)), max_size=60), st.integers(1, 12), st.integers(1, 100)
)
def test_agrees_with_a_list_of_what_was_added(steps: list[tuple[int, int]], capacity: int, window: int) -> None:
    durations, kept, now = Durations(window, capacity), [], 0
    for step, duration in steps:
        now += step
        durations.add(now, duration)
        kept.append((now, duration))
    lately = [duration for at, duration in kept[-capacity:] if at > now - window]
    spread = durations.spread(now)
    assert spread.count == len(lately)
    if lately:
        assert spread.max_ms == max(lately) / 1e6
        assert spread.p50_ms in {duration / 1e6 for duration in lately}
        assert spread.p99_ms in {duration / 1e6 for duration in lately}
        assert sum(duration / 1e6 <= spread.p99_ms for duration in lately) >= 0.99 * len(lately)
