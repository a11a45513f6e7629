"""The whole plant at one moment, frozen."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

_NONE: Final = np.zeros(0, np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Latest value of every tag, in TagTable order, all columns of length n and read-only.

    A tag that was never read is NaN with Quality.NEVER_SEEN: absence is a quality, never a missing row.
    """

    mono_ns: int
    wall_ns: int
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint32]
    source_time_ns: npt.NDArray[np.int64]
    received_mono_ns: npt.NDArray[np.int64]
    """Of the last successful read (GOOD, UNCERTAIN or BAD with an answer); 0 where none."""
    received_wall_ns: npt.NDArray[np.int64]
    changed: npt.NDArray[np.bool_]
    """Rows that some batch since the last freeze touched."""
    health: npt.NDArray[np.uint8] = field(default_factory=lambda: _NONE)
    """Health of each tag's instrument as it was said last; value and quality are no better than it.  UNKNOWN if not given."""

    def __post_init__(self) -> None:
        """:raises ValueError: columns differ in length."""
        if self.health is _NONE:
            object.__setattr__(self, "health", np.zeros(self.value.shape, np.uint8))
        for name in self.__slots__:
            column = getattr(self, name)
            if isinstance(column, np.ndarray):
                if column.shape != self.value.shape:
                    raise ValueError(f"column {name} has shape {column.shape}, wanted {self.value.shape}")
                column.flags.writeable = False

    def __len__(self) -> int:
        return int(self.value.shape[0])
