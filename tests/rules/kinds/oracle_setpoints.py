"""Limits against a set-point from a tag or by mode, one value at a time."""

import math

from rules.kinds.modes import ModeLimit
from rules.kinds.setpoints import TagLimit
from tests.rules.kinds.checks import Points
from tests.rules.kinds.oracle_comparisons import stands
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


def by_mode(rule: ModeLimit, points: Points, active: bool) -> int:
    """Every set-point that may hold is tried: one TRUE is enough, FALSE needs all of them.

    Only a GOOD reading says which mode it is: an UNCERTAIN one would take the stricter set-point out of the question.
    """
    filling, shipping = (
        stands(points[name], 1) if points[name].quality == GOOD else UNKNOWN for name in ("XV-1", "XV-2")
    )
    holds = {"filling": filling, "resting": {TRUE: FALSE, FALSE: TRUE}.get(filling, UNKNOWN), "shipping": shipping}
    possible: list[float] = []
    for each in rule.in_modes:
        if holds[each.mode] != FALSE:
            possible.append(each.set_point)
        if holds[each.mode] == TRUE:
            break
    else:
        possible.append(rule.set_point)
    high = rule.kind in ("H", "HH")
    said = [limit(high, points[rule.tag], at, True, rule.dead_band, active) for at in possible]
    return TRUE if TRUE in said else UNKNOWN if UNKNOWN in said else FALSE
