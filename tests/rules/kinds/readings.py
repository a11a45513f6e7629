"""Histories of readings for tests of rule kinds: what each tag says at each sweep, and the moments made of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from rules.columns.readings import NO_TIME
from rules.columns.tags import TagTable
from rules.port import Moment
from tests.rules.plants import SECOND, START_WALL_NS

GOOD, UNCERTAIN, BAD, STALE, NEVER_SEEN = range(5)
FALSE, TRUE, UNKNOWN = range(3)
START_NS = 5 * SECOND
TICK = SECOND // 2


@dataclass(frozen=True)
class Point:
    """One tag as a rule sees it."""

    value: float = math.nan
    quality: int = NEVER_SEEN
    received_ns: int = 0
    status: int = 0


@dataclass(frozen=True)
class Sweep:
    """All tags at one moment."""

    now_ns: int
    points: tuple[Point, ...]
    """In the order of the table."""
    active: tuple[bool, ...]
    """Of up to 8 rules."""


def moment_of(of: TagTable, sweep: Sweep, start_ns: int = START_NS) -> Moment:
    """The columns of one sweep."""
    return block_of(of, [sweep], start_ns, squeeze=True)


def block_of(of: TagTable, sweeps: Sequence[Sweep], start_ns: int = START_NS, *, squeeze: bool = False) -> Moment:
    """The columns of several sweeps, shape (t, n)."""

    def columns(name: str, dtype: type[np.generic]) -> np.ndarray:
        made = np.array([[getattr(point, name) for point in sweep.points] for sweep in sweeps], dtype)
        return made[0] if squeeze else made

    received = columns("received_ns", np.int64)
    return Moment(
        mono_ns=sweeps[-1].now_ns,
        wall_ns=START_WALL_NS + sweeps[-1].now_ns,
        start_mono_ns=start_ns,
        tag_ids=of.ids,
        value=columns("value", np.float64),
        quality=columns("quality", np.uint8),
        status=columns("status", np.uint32),
        source_time_ns=np.full(received.shape, NO_TIME, np.int64),
        received_mono_ns=received,
    )


qualities = st.sampled_from([GOOD, GOOD, GOOD, GOOD, UNCERTAIN, BAD, STALE, NEVER_SEEN])
steps = st.sampled_from([0, 1, TICK // 2, TICK, TICK, SECOND, SECOND, 2 * SECOND, 9 * SECOND])
discrete_values = st.sampled_from([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.5, math.nan, math.inf])
no_status = st.just(0)
received_shifts = st.sampled_from([0, 0, 0, 0, -1, -TICK, -3 * SECOND])
"""A reading may be one that was received before (evaluated twice), or an older one that came late."""


@st.composite
def sweeps_of(
    draw: st.DrawFn,
    table: TagTable,
    values: st.SearchStrategy[float],
    statuses: st.SearchStrategy[int] = no_status,
    most: int = 25,
) -> list[Sweep]:
    """Any history: values that stand still or move, qualities that change, times that repeat or step back."""
    now, points, history = START_NS, [Point()] * len(table), []
    change = st.tuples(st.integers(0, len(table) - 1), values, discrete_values, qualities, received_shifts, statuses)
    for step in draw(st.lists(steps, min_size=1, max_size=most)):
        now += step
        for row, analog, bit, quality, shift, status in draw(st.lists(change, max_size=3)):
            received = max(now + shift, 0) if quality <= BAD else points[row].received_ns
            value = bit if table.discrete[row] else analog
            points[row] = Point(math.nan if quality == NEVER_SEEN else value, quality, received, status)
        bits = draw(st.integers(0, 255))
        active = tuple(bool(bits >> place & 1) for place in range(8))
        history.append(Sweep(now, tuple(points), active))
    return history
