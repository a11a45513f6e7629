from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.schedule import Schedule

MS = 1_000_000


def run(schedule: Schedule, start_ns: int, end_ns: int, cost_ns: list[int]) -> list[tuple[int, int]]:
    """Simulate reads that take `cost_ns` each; (begin, class) of every read, without preemption."""
    reads = []
    now = start_ns
    while now < end_ns:
        number = schedule.due(now)
        if number is None:
            now = max(now + 1, schedule.next_due_ns())
            continue
        reads.append((now, number))
        now += cost_ns[number]
        schedule.done(number, now)
    return reads


def test_everything_is_read_at_once_after_connecting() -> None:
    schedule = Schedule([200 * MS, 1000 * MS, 60_000 * MS], 5)
    first = run(schedule, 5, 5 + 10 * MS, [MS, MS, MS])
    assert [number for _, number in first] == [0, 1, 2]
    assert schedule.overruns == 0


def test_classes_keep_their_period_and_stand_on_different_moments() -> None:
    schedule = Schedule([200 * MS, 200 * MS, 1000 * MS], 0)
    reads = run(schedule, 0, 20_000 * MS, [MS, MS, MS])
    moments = {number: [now for now, each in reads if each == number][1:] for number in range(3)}
    for number, period in enumerate((200 * MS, 200 * MS, 1000 * MS)):
        gaps = {after - before for before, after in pairwise(moments[number])}
        assert gaps == {period}
    assert len({now % (200 * MS) for number in range(3) for now in moments[number]}) == 3
    assert schedule.overruns == 0


def test_a_slow_device_is_read_as_fast_as_it_can_be_and_every_lost_slot_is_counted() -> None:
    schedule = Schedule([100 * MS], 0)
    reads = run(schedule, 0, 2_500 * MS, [250 * MS])
    assert [now for now, _ in reads] == [number * 250 * MS for number in range(10)]
    assert schedule.overruns == 25  # not one period of 2500 ms was kept


def test_an_overrunning_class_does_not_starve_a_slower_one() -> None:
    schedule = Schedule([200 * MS, 1000 * MS], 0)
    reads = run(schedule, 0, 20_000 * MS, [250 * MS, 50 * MS])
    slow = [now for now, number in reads if number == 1]
    assert len(slow) >= 15
    assert max(after - before for before, after in pairwise(slow)) <= 2000 * MS


def test_a_long_read_steps_aside_for_a_more_urgent_class() -> None:
    schedule = Schedule([200 * MS, 10_000 * MS], 0)
    for number in (0, 1):
        assert schedule.due(0) is not None
        schedule.done(number, MS)
    slow_due = 10_100 * MS
    fast_due = 200 * MS
    while fast_due <= slow_due:
        schedule.done(0, fast_due)
        fast_due += 200 * MS
    assert schedule.due(slow_due) == 1
    assert schedule.until_ns(1, slow_due) == fast_due
    assert schedule.until_ns(0, fast_due) is None


@given(
    periods=st.lists(st.integers(1, 500), min_size=1, max_size=5),
    costs=st.lists(st.integers(0, 300), min_size=5, max_size=5),
)
def test_no_class_is_ever_forgotten(periods: list[int], costs: list[int]) -> None:
    schedule = Schedule([period * MS for period in periods], 0)
    cost_ns = [cost * MS + 1 for cost in costs]
    end_ns = 20 * (max(periods) * MS + sum(cost_ns))
    reads = run(schedule, 0, end_ns, cost_ns)
    for number in range(len(periods)):
        moments = [now for now, each in reads if each == number]
        limit_ns = 3 * (max(periods) * MS + sum(cost_ns)) * len(periods)
        assert moments, f"class {number} was never read"
        assert all(after - before <= limit_ns for before, after in pairwise(moments))


@pytest.mark.parametrize("periods", [[], [0], [100, -1]])
def test_impossible_periods_are_refused(periods: list[int]) -> None:
    with pytest.raises(ValueError, match="periods"):
        Schedule(periods, 0)


def test_devices_that_start_together_drift_apart_by_their_share() -> None:
    start_ns, second = 50, 1_000_000_000
    for share, wanted in ((0.0, 0), (0.25, second // 4), (0.999, 999_000_000)):
        schedule = Schedule([second], start_ns, share)
        assert schedule.due(start_ns) == 0, "everything is read at once at the start"
        schedule.done(0, start_ns)
        assert schedule.next_due_ns() == start_ns + second + wanted
    both = Schedule([second, 10 * second], start_ns, 0.75)
    for number in (0, 1):
        both.done(number, start_ns)
    assert both.next_due_ns() == start_ns + second + 3 * second // 4
    assert both.due(start_ns + 10 * second + second // 4) in (0, 1), "a phase never goes beyond the shortest period"
