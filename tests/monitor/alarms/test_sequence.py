"""Sequence of events: undecided is symmetric, decided is consistent, nothing is claimed that cannot be known."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.alarms.sequence import Interval, in_order, interval, is_undecided

MS = 1_000_000


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    earliest = draw(st.integers(0, 200))
    return Interval(earliest_ns=earliest, latest_ns=earliest + draw(st.integers(0, 40)), time_from="source")


def test_a_stamp_errs_to_both_sides() -> None:
    found = interval(
        source_ns=1000 * MS, received_ns=1100 * MS, decided_ns=1200 * MS, delay_ns=0, resolution_ns=20 * MS
    )
    assert (found.earliest_ns, found.latest_ns, found.at_ns) == (980 * MS, 1020 * MS, 1000 * MS)
    assert found.time_from == "source"


def test_a_reading_without_a_stamp_happened_since_the_poll_before() -> None:
    found = interval(source_ns=None, received_ns=1100 * MS, decided_ns=1120 * MS, delay_ns=0, resolution_ns=200 * MS)
    assert (found.earliest_ns, found.latest_ns, found.time_from) == (900 * MS, 1100 * MS, "received")


def test_what_we_judge_ourselves_happened_since_the_scan_before() -> None:
    found = interval(source_ns=None, received_ns=None, decided_ns=1000 * MS, delay_ns=0, resolution_ns=250 * MS)
    assert (found.earliest_ns, found.latest_ns, found.time_from) == (750 * MS, 1000 * MS, "decided")


def test_the_delay_is_taken_off_a_reading_that_moved_on() -> None:
    """The value is stamped anew every 100 ms: what the alarm carries is the reading at the delay's end."""
    found = interval(
        source_ns=11_950 * MS, received_ns=11_960 * MS, decided_ns=12_000 * MS, delay_ns=2000 * MS, resolution_ns=0
    )
    assert found.at_ns == 10_000 * MS


def test_the_delay_is_not_taken_off_twice() -> None:
    """The device stamps changes only: the reading carries the moment of the turn."""
    found = interval(
        source_ns=9_990 * MS, received_ns=10_000 * MS, decided_ns=12_000 * MS, delay_ns=2000 * MS, resolution_ns=0
    )
    assert found.at_ns == 9_990 * MS


def test_order_of_two_that_overlap_is_undecided_within_what_they_span() -> None:
    slow = Interval(earliest_ns=0, latest_ns=1000 * MS, time_from="received")
    fast = Interval(earliest_ns=900 * MS, latest_ns=1100 * MS, time_from="source")
    late = Interval(earliest_ns=1200 * MS, latest_ns=1300 * MS, time_from="source")
    order = in_order([late, fast, slow])
    assert order.place.tolist() == [2, 1, 0]
    assert order.undecided_with_next.tolist() == [1, 0, 0]
    assert order.undecided_within_ns.tolist() == [1100 * MS, 0, 0]
    assert order.first_out.tolist() == [True, True, False]


def test_an_empty_sheet() -> None:
    order = in_order([])
    assert len(order.place) == len(order.first_out) == len(order.undecided_within_ns) == 0


@given(intervals(), intervals())
def test_undecided_is_symmetric(one: Interval, other: Interval) -> None:
    assert is_undecided(one, other) == is_undecided(other, one)
    assert is_undecided(one, one)


@given(st.lists(intervals(), max_size=40))
def test_the_sheet_says_of_every_pair_what_the_intervals_say(found: list[Interval]) -> None:
    order = in_order(found)
    assert sorted(order.place.tolist()) == list(range(len(found)))
    rows = [found[place] for place in order.place.tolist()]
    for at, row in enumerate(rows):
        reach = int(order.undecided_with_next[at])
        for later in range(at + 1, len(rows)):
            undecided = later - at <= reach
            assert undecided == is_undecided(row, rows[later])
            if not undecided:  # what is said to come first came first, wherever inside the intervals
                assert row.latest_ns < rows[later].earliest_ns
        group = rows[at : at + reach + 1]
        span = max(item.latest_ns for item in group) - min(item.earliest_ns for item in group)
        assert int(order.undecided_within_ns[at]) == (span if reach else 0)


@given(st.lists(intervals(), min_size=1, max_size=40))
def test_first_out_are_those_that_no_other_surely_preceded(found: list[Interval]) -> None:
    order = in_order(found)
    rows = [found[place] for place in order.place.tolist()]
    possible = [not any(other.latest_ns < row.earliest_ns for other in rows) for row in rows]
    assert order.first_out.tolist() == possible
    assert any(possible)


@given(st.lists(intervals(), max_size=30), st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_given_does_not_matter(found: list[Interval], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random
    one, other = in_order(found), in_order(shuffled)
    assert [found[place] for place in one.place.tolist()] == [shuffled[place] for place in other.place.tolist()]
    assert np.array_equal(one.first_out, other.first_out)
