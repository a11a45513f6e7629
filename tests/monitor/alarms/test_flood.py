"""Floods: begin and end as the standard says, online and in the past alike, and over a restart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alarms.flood import FloodMemory, advance, begun, busiest, seeded, spans
from monitor.alarms.performance import FloodLimits, Owners

S = 1_000_000_000
LIMITS = FloodLimits()
SMALL = FloodLimits(window_ns=10 * S, begin_above=3, end_below=2)
WALL_NS = 1_790_000_000 * S
moments = st.lists(st.integers(0, 120), max_size=60).map(sorted)


def run(seconds: list[int], limits: FloodLimits, until_s: int) -> list[FloodMemory]:
    """One position, one scan a second."""
    memory, seen = begun(("all",)), []
    for second in range(until_s + 1):
        memory = advance(memory, limits, (seconds.count(second),), second * S, WALL_NS + second * S)
        seen.append(memory)
    return seen


def oracle(seconds: list[int], limits: FloodLimits, until_s: int) -> list[tuple[int, bool]]:
    """Count and state at each second, the slow way."""
    flooded, told = False, []
    for now in range(until_s + 1):
        count = sum(now * S - limits.window_ns < second * S <= now * S for second in seconds)
        flooded = count > limits.begin_above or (flooded and count >= limits.end_below)
        told.append((count, flooded))
    return told


def test_ten_in_ten_minutes_is_no_flood_eleven_are() -> None:
    memory = advance(begun(("all",)), LIMITS, (10,), 0, WALL_NS)
    assert not memory.positions[0].in_flood
    memory = advance(memory, LIMITS, (1,), 599 * S, WALL_NS + 599 * S)
    flood = memory.positions[0]
    assert (flood.in_flood, flood.count, flood.peak, flood.since_wall_ns) == (True, 11, 11, WALL_NS + 599 * S)


def test_a_flood_ends_below_five_not_at_five() -> None:
    memory = advance(begun(("all",)), LIMITS, (6,), 0, WALL_NS)
    memory = advance(memory, LIMITS, (6,), 100 * S, WALL_NS)
    assert memory.positions[0].peak == 12
    memory = advance(memory, LIMITS, (0,), 600 * S, WALL_NS + 600 * S)
    assert (memory.positions[0].count, memory.positions[0].in_flood) == (6, True)
    memory = advance(memory, LIMITS, (0,), 700 * S, WALL_NS + 700 * S)
    flood = memory.positions[0]
    assert (flood.count, flood.in_flood, flood.peak, flood.since_wall_ns) == (0, False, 12, WALL_NS + 700 * S)


def test_five_keep_it_going() -> None:
    memory = advance(begun(("all",)), LIMITS, (11,), 0, WALL_NS)
    memory = advance(memory, LIMITS, (5,), 300 * S, WALL_NS)
    memory = advance(memory, LIMITS, (0,), 600 * S, WALL_NS)
    assert (memory.positions[0].count, memory.positions[0].in_flood) == (5, True)


def test_nothing_new_is_the_same_object() -> None:
    memory = begun(("a", "b"))
    assert advance(memory, LIMITS, (0, 0), 5, 6) is memory
    memory = advance(memory, LIMITS, (1, 0), 5, 6)
    assert advance(memory, LIMITS, (0, 0), 600 * S, 6) is memory
    assert advance(memory, LIMITS, (0, 0), 600 * S + 5, 6) is not memory


def test_positions_are_counted_apart() -> None:
    memory = advance(begun(("east", "west")), LIMITS, (11, 2), 0, WALL_NS)
    assert [(item.position, item.in_flood, item.count) for item in memory.positions] == [
        ("east", True, 11),
        ("west", False, 2),
    ]


def test_a_new_flood_has_its_own_peak() -> None:
    memory = advance(begun(("all",)), SMALL, (9,), 0, WALL_NS)
    memory = advance(memory, SMALL, (0,), 20 * S, WALL_NS)
    memory = advance(memory, SMALL, (4,), 40 * S, WALL_NS)
    assert (memory.positions[0].in_flood, memory.positions[0].peak) == (True, 4)


@given(moments)
def test_online_is_what_the_slow_way_says(seconds: list[int]) -> None:
    seen = run(seconds, SMALL, 140)
    assert [(item.positions[0].count, item.positions[0].in_flood) for item in seen] == oracle(seconds, SMALL, 140)


@given(moments)
def test_the_past_is_what_was_seen_online(seconds: list[int]) -> None:
    found = spans(np.array(seconds, np.int64) * S, 140 * S, SMALL)
    online = [item.positions[0].in_flood for item in run(seconds, SMALL, 140)]
    begins = [now for now in range(141) if online[now] and not (now and online[now - 1])]
    ends = [now for now in range(1, 141) if not online[now] and online[now - 1]]
    assert (found.begin_ns // S).tolist() == begins
    assert (found.end_ns // S).tolist() == ends + [140] * (len(begins) - len(ends))
    assert found.is_open == (len(begins) > len(ends))


@given(moments, st.integers(0, 140))
def test_a_restart_goes_on_where_it_stopped(seconds: list[int], at_s: int) -> None:
    """Mono time begins anew, the wall goes on."""
    before = [second for second in seconds if second <= at_s]
    wall_ns = WALL_NS + at_s * S
    past = np.array([WALL_NS + second * S for second in before], np.int64)
    memory = seeded(("all",), (past,), SMALL, 7 * S, wall_ns)
    expected = run(before, SMALL, at_s)[-1].positions[0]
    found = memory.positions[0]
    assert (found.in_flood, found.count) == (expected.in_flood, expected.count)
    if found.in_flood:
        assert (found.since_wall_ns, found.peak) == (expected.since_wall_ns, expected.peak)
    later = run(seconds, SMALL, 140)
    for now in range(at_s + 1, 141):
        new = seconds.count(now)
        memory = advance(memory, SMALL, (new,), (7 + now - at_s) * S, WALL_NS + now * S)
        assert memory.positions[0].count == later[now].positions[0].count
        assert memory.positions[0].in_flood == later[now].positions[0].in_flood


def test_a_clock_that_was_set_back_counts_the_future_as_now() -> None:
    past = np.array([WALL_NS - S, WALL_NS + 3600 * S], np.int64)
    memory = seeded(("all",), (past,), SMALL, 50 * S, WALL_NS)
    assert memory.positions[0].count == 2
    assert advance(memory, SMALL, (0,), 61 * S, WALL_NS).positions[0].count == 0


@given(moments)
def test_busiest_is_the_highest_count(seconds: list[int]) -> None:
    most, at = busiest(np.array(seconds, np.int64) * S, 10 * S)
    counts = [sum(now - 10 < second <= now for second in seconds) for now in range(121)]
    assert most == max(counts)
    if most:
        assert at is not None
        assert counts[at // S] == most
    else:
        assert at is None


@pytest.mark.parametrize(("alarm_id", "places"), [("A", (0,)), ("B", (1,)), ("nobody's", (0, 1)), ("new", (0, 1))])
def test_an_alarm_that_nobody_owns_is_heard_everywhere(alarm_id: str, places: tuple[int, ...]) -> None:
    owners = Owners(positions=("east", "west"), heard_at={"A": ("east",), "B": ("west",), "nobody's": ("east", "west")})
    assert owners.of(alarm_id) == places
