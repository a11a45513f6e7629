"""What a device says of its signal, one reading at a time."""

from rules.catalog import Rule
from rules.kinds.signals import Forced, NeverSeen, OutOfBand, Uncertain
from tests.rules.kinds.checks import Points
from tests.rules.kinds.readings import BAD, FALSE, GOOD, TRUE, UNCERTAIN, UNKNOWN

FORCED = {0x0096, 0x4091, 0x4208, 0x4209}
OUT_OF_BAND = {0x4094, 0x40F2, 0x40F3, 0x803C, 0x808C}


def signal(rule: Rule, points: Points, now_ns: int, start_ns: int) -> int:
    assert isinstance(rule, Uncertain | OutOfBand | Forced | NeverSeen)
    point = points[rule.tag]
    if isinstance(rule, NeverSeen):
        if point.received_ns > 0:
            return FALSE
        return TRUE if now_ns - start_ns > rule.after_ns else UNKNOWN
    if isinstance(rule, Uncertain):
        says_so = point.quality == UNCERTAIN
    else:
        codes = FORCED if isinstance(rule, Forced) else OUT_OF_BAND
        says_so = point.quality in (GOOD, UNCERTAIN, BAD) and point.status >> 16 in codes
    if says_so:
        return TRUE
    return FALSE if point.quality == GOOD else UNKNOWN
