"""Series of readings for the tests of rules over time: steps of several tags, as moments and one value at a time."""

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
START_NS = 1_000 * SECOND


@dataclass(frozen=True)
class Point:
    """What one tag shows at one step."""

    value: float
    quality: int
    received_ns: int


@dataclass(frozen=True)
class Step:
    """One evaluation: when, and what every tag shows then."""

    now_ns: int
    points: tuple[Point, ...]


def moment(table: TagTable, step: Step) -> Moment:
    count = len(table)
    return Moment(
        mono_ns=step.now_ns,
        wall_ns=START_WALL_NS + step.now_ns,
        start_mono_ns=START_NS,
        tag_ids=table.ids,
        value=np.array([point.value for point in step.points]),
        quality=np.array([point.quality for point in step.points], np.uint8),
        status=np.zeros(count, np.uint32),
        source_time_ns=np.full(count, NO_TIME, np.int64),
        received_mono_ns=np.array([point.received_ns for point in step.points], np.int64),
    )


def steps_of(
    drawn: Sequence[tuple[float, Sequence[tuple[float, int, float] | None]]], tags: int
) -> list[Step]:  # fmt: skip
    """(seconds to the next step, per tag (value, quality, age of the reading in s) or None: nothing came)."""
    now_ns, points = START_NS, [Point(math.nan, NEVER_SEEN, 0)] * tags
    steps = []
    for seconds, came in drawn:
        now_ns += round(seconds * SECOND)
        for tag, reading in enumerate(came):
            if reading is not None:
                value, quality, age_s = reading
                points[tag] = Point(value, quality, now_ns - round(age_s * SECOND))
        steps.append(Step(now_ns, tuple(points)))
    return steps


def drawn_steps(
    values: Sequence[st.SearchStrategy[float]],
    min_size: int = 30,
    max_size: int = 50,
    gap_s: Sequence[float] = (0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0),
) -> st.SearchStrategy[list[Step]]:
    """Series of steps; most readings are good and new, some are odd in every way."""
    quality = st.sampled_from([GOOD] * 20 + [UNCERTAIN, BAD, STALE, NEVER_SEEN])
    age_s = st.sampled_from([0.0] * 8 + [0.5, 3.0])
    odd = st.sampled_from(["nothing", "not a number"] + ["a value"] * 14)
    one_of = [st.tuples(odd, value, quality, age_s).map(_reading) for value in values]
    step = st.tuples(st.sampled_from(gap_s), st.tuples(*one_of))
    return st.lists(step, min_size=min_size, max_size=max_size).map(lambda drawn: steps_of(drawn, len(values)))


def _reading(drawn: tuple[str, float, int, float]) -> tuple[float, int, float] | None:
    odd, value, quality, age_s = drawn
    if odd == "nothing":
        return None
    return (value if odd == "a value" else [math.nan, math.inf, -math.inf][int(value) % 3]), quality, age_s
