"""Gas detectors once more, one rule at a time and without arrays."""

from rules.kinds.gas import GasLimit
from rules.kinds.gas_faults import GasFault
from tests.rules.kinds.walks import BAD, FALSE, GOOD, TRUE, UNKNOWN, Points


def gas(rule: GasLimit, points: Points, active: bool) -> int:
    point = points[rule.tag]
    if not point.usable:
        return UNKNOWN
    back = rule.dead_band if active else 0.0
    if point.value >= rule.high - back or point.value <= rule.low + back:
        return TRUE
    return FALSE if point.quality == GOOD and point.value > rule.below_zero else UNKNOWN


def fault(rule: GasFault, points: Points) -> tuple[int, tuple[str, ...]]:
    says = {rule.tag: _reads(rule, points)}
    if rule.fault_tag:
        point = points[rule.fault_tag]
        known = point.usable and point.value in (0.0, 1.0)
        stands = known and point.value == rule.fault_state
        says[rule.fault_tag] = TRUE if stands else FALSE if known and point.good else UNKNOWN
    if rule.code_tag:
        point = points[rule.code_tag]
        healthy = point.value in rule.healthy_codes
        says[rule.code_tag] = UNKNOWN if not point.usable else TRUE if not healthy else FALSE if point.good else UNKNOWN
    names = tuple(name for name, said in says.items() if said == TRUE)
    if names:
        return TRUE, names
    return (UNKNOWN if UNKNOWN in says.values() else FALSE), ()


def _reads(rule: GasFault, points: Points) -> int:
    point = points[rule.tag]
    if point.quality == BAD or (point.quality < BAD and not point.usable):
        return TRUE
    if point.quality > BAD:
        return UNKNOWN
    if point.value <= rule.below_zero or point.value >= rule.over_range:
        return TRUE
    return FALSE if point.good else UNKNOWN
