"""What is known of every condition: TRUE, FALSE or UNKNOWN.  Unknown is not normal."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Verdict(IntEnum):
    """Three-valued truth (Kleene), stored as uint8; UNKNOWN never clears an alarm and never counts as healthy."""

    FALSE = 0
    TRUE = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """One verdict for each alarm definition, all columns of length n in the order of `ids`."""

    ids: tuple[str, ...]
    verdict: npt.NDArray[np.uint8]
    """After on- and off-delay."""
    condition: npt.NDArray[np.uint8]
    """Before the delays: what the readings say at this moment."""
    value: npt.NDArray[np.float64]
    """The value judged, in the tag's unit; NaN where there is none."""
    limit: npt.NDArray[np.float64]
    """What it was compared with; NaN where there is none."""
    quality: npt.NDArray[np.uint8]
    source_time_ns: npt.NDArray[np.int64]
    """Of the value that decided; NO_TIME where the protocol has none."""
    received_wall_ns: npt.NDArray[np.int64]
    """When that value arrived; 0 where nothing arrived."""
    renew: npt.NDArray[np.bool_]
    """TRUE and to be announced anew although it was TRUE before (a further blind point with a priority 1 or 2)."""
    detail: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """(position, names) for verdicts that carry a list, such as the blind points."""

    def __len__(self) -> int:
        return len(self.ids)
