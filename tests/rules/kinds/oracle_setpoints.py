"""Limits against a set-point from a tag, one value at a time."""

import math

from rules.kinds.setpoints import TagLimit
from tests.rules.kinds.checks import Points
from tests.rules.kinds.readings import FALSE, GOOD, TRUE, UNCERTAIN, UNKNOWN, Point


def usable(point: Point) -> bool:
    return point.quality in (GOOD, UNCERTAIN) and math.isfinite(point.value)


def limit(high: bool, value: Point, set_point: float, sure: bool, dead_band: float, active: bool) -> int:
    """One value against one set-point; `sure`: the set-point may be believed for FALSE too."""
    if not usable(value):
        return UNKNOWN
    give = dead_band if active else 0.0
    if (high and value.value >= set_point - give) or (not high and value.value <= set_point + give):
        return TRUE
    return FALSE if value.quality == GOOD and sure else UNKNOWN


def tag_limit(rule: TagLimit, points: Points, active: bool) -> int:
    read = points[rule.set_point_tag]
    high = rule.kind in ("H", "HH")
    if usable(read) and rule.set_point_minimum <= read.value <= rule.set_point_maximum:
        return limit(high, points[rule.tag], read.value, read.quality == GOOD, rule.dead_band, active)
    if rule.fallback is None:
        return UNKNOWN
    return limit(high, points[rule.tag], rule.fallback, True, rule.dead_band, active)
