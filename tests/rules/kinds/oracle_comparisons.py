"""Deviations and mismatches, one value at a time; what is not known is tried with every value it might have."""

import itertools
import math
import statistics
from collections.abc import Sequence

from rules.kinds.comparisons import Deviation
from rules.kinds.mismatches import Mismatch
from tests.rules.kinds.checks import Points
from tests.rules.kinds.readings import FALSE, GOOD, TRUE, UNCERTAIN, UNKNOWN, Point

FAR = 1e9
"""Stands for any value, however far away."""


def distance(rule: Deviation, value: float, middle: float) -> float:
    return {"above": value - middle, "below": middle - value, "both": abs(value - middle)}[rule.direction]


def possible(rule: Deviation, value: float, others: Sequence[float | None]) -> list[float]:
    """The distances that decide: a median moves without a jump between its ends, so all between them may be."""
    medians = [
        statistics.median(chosen)
        for chosen in itertools.product(*[[other] if other is not None else [-FAR, FAR] for other in others])
    ]
    nearest = min(max(value, min(medians)), max(medians))
    return [distance(rule, value, middle) for middle in (min(medians), nearest, max(medians))]


def deviation(rule: Deviation, points: Points, active: bool) -> int:
    at = rule.limit - rule.dead_band if active else rule.limit
    mine, others = points[rule.tag], [points[name] for name in rule.against]
    if believed(mine, (GOOD, UNCERTAIN)):
        seen = [other.value if believed(other, (GOOD, UNCERTAIN)) else None for other in others]
        if all(found >= at for found in possible(rule, mine.value, seen)):
            return TRUE
    if believed(mine, (GOOD,)):
        seen = [other.value if believed(other, (GOOD,)) else None for other in others]
        if all(found < at for found in possible(rule, mine.value, seen)):
            return FALSE
    return UNKNOWN


def believed(point: Point, qualities: tuple[int, ...]) -> bool:
    return point.quality in qualities and math.isfinite(point.value)


def mismatch(rule: Mismatch, points: Points) -> int:
    verdicts = []
    for states in rule.wrong:
        each = [stands(points[name], state) for name, state in states]
        verdicts.append(FALSE if FALSE in each else UNKNOWN if UNKNOWN in each else TRUE)
    return TRUE if TRUE in verdicts else UNKNOWN if UNKNOWN in verdicts else FALSE


def stands(point: Point, state: int) -> int:
    if not believed(point, (GOOD, UNCERTAIN)) or point.value not in (0.0, 1.0):
        return UNKNOWN
    if point.value == state:
        return TRUE
    return FALSE if point.quality == GOOD else UNKNOWN
