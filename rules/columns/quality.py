"""How far a value may be believed.  Rules read quality only; drivers turn StatusCodes and NE 43 bands into it."""

from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

QualityColumn = npt.NDArray[np.uint8]


class Quality(IntEnum):
    """Quality of one value, from best to worst; stored as uint8 in columns.

    UNCERTAIN may make a condition TRUE, never FALSE.  The last three cannot be judged at all: the point is blind.
    """

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2
    STALE = 3
    NEVER_SEEN = 4


FIRST_UNUSABLE: Final = Quality.BAD
"""Every quality from here on makes a point blind."""


def is_usable(quality: QualityColumn) -> npt.NDArray[np.bool_]:
    """Tell where a value may be looked at, as bool of the same shape (GOOD or UNCERTAIN)."""
    return quality < np.uint8(FIRST_UNUSABLE)
