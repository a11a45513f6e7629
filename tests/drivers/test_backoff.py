import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.backoff import LOST, REFUSED, Backoff


@given(failures=st.integers(1, 10_000), jitter=st.floats(0.0, 1.0))
def test_a_lost_device_is_tried_again_within_two_seconds_and_never_hammered(failures: int, jitter: float) -> None:
    assert 0.2 <= LOST.wait_s(failures, jitter) <= 2.0


@given(failures=st.integers(1, 10_000), jitter=st.floats(0.0, 1.0))
def test_a_refusing_device_is_left_alone_for_half_a_minute(failures: int, jitter: float) -> None:
    assert 30.0 <= REFUSED.wait_s(failures, jitter) <= 300.0


def test_the_ceiling_doubles_until_it_is_reached() -> None:
    assert [round(LOST.wait_s(failures, 1.0), 3) for failures in (1, 2, 3, 4, 5)] == [0.4, 0.8, 1.6, 2.0, 2.0]


def test_jitter_spreads_over_the_whole_range() -> None:
    backoff = Backoff(floor_s=1.0, ceiling_s=9.0)
    assert [backoff.wait_s(5, jitter) for jitter in (0.0, 0.5, 1.0)] == [1.0, 5.0, 9.0]


@pytest.mark.parametrize(("failures", "jitter"), [(0, 0.5), (-1, 0.5), (1, -0.1), (1, 1.1)])
def test_nonsense_is_refused(failures: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="failures"):
        LOST.wait_s(failures, jitter)
