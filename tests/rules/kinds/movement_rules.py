"""Rules over movement and the plant they are about."""

from dataclasses import replace

from rules.geometry import Vessel
from rules.kinds.movement import Leak, Stuck, UnplannedMovement
from rules.language.conditions import parse_condition
from tests.rules.plants import SECOND, table, tag

FALSE, TRUE, UNKNOWN = 0, 1, 2
UPRIGHT = Vessel(shape="vertical_cylinder", diameter_m=12.0, height_m=12.0)
SPHERE = Vessel(shape="sphere", diameter_m=12.3)
PLANT = table(
    tag("LT", high=12.0),
    tag("LT-2", high=12.0, period_ns=2 * SECOND),
    replace(tag("FT", high=20_000.0), eu="m3/h"),
    replace(tag("TT"), eu="°C"),
    tag("XV", discrete=True),
)
OPEN = parse_condition("tag('XV') == 1", PLANT)
SHUT = parse_condition("tag('XV') == 0", PLANT)
STUCK = Stuck(id="s", tag="LT", window_ns=12 * SECOND, flat_within=0.006, minimum_change=0.02, condition=OPEN)
UNPLANNED = UnplannedMovement(id="u", tag="LT", window_ns=12 * SECOND, maximum_change=0.02, condition=OPEN)
LEAK = Leak(id="l", tag="LT", window_ns=12 * SECOND, maximum_loss_per_h=0.5, condition=SHUT)
