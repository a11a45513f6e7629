"""What a driver hands over: one batch of readings of one device, as columns."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

NO_TIME: Final[int] = -(2**63)
"""`source_time_ns` where the protocol has none (Modbus); never filled with the receive time."""


class Origin(IntEnum):
    """Why the batch exists.  BACKFILL goes to history only, never to Latest or rules."""

    LIVE = 0
    REREAD = 1
    BACKFILL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingBatch:
    """Readings of one device that arrived together; all columns have the length of `row` and are read-only.

    A failed read of a point is a row with value NaN, a BAD quality and its status, never a missing row.
    """

    device: str
    received_mono_ns: int
    received_wall_ns: int
    origin: Origin
    row: npt.NDArray[np.int32]
    """Row in the TagTable."""
    value: npt.NDArray[np.float64]
    """In engineering units; NaN where there is none; 0.0 or 1.0 for a discrete tag."""
    quality: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint32]
    """As it came: OPC UA StatusCode; Modbus exception code, 0 when good."""
    source_time_ns: npt.NDArray[np.int64]
    """Unix epoch, UTC, as the source says; NO_TIME where it says nothing."""
    raw: npt.NDArray[np.float64] | None = None
    """Counts before scaling, where the driver keeps them."""
    texts: tuple[tuple[int, str], ...] = ()
    """(row, text) pairs; they travel beside and never reach rules."""

    def __post_init__(self) -> None:
        """:raises ValueError: a column has another length or dtype than declared."""
        columns = (
            ("row", self.row, np.int32),
            ("value", self.value, np.float64),
            ("quality", self.quality, np.uint8),
            ("status", self.status, np.uint32),
            ("source_time_ns", self.source_time_ns, np.int64),
        )
        for name, column, dtype in columns:
            if column.dtype != dtype or column.shape != self.row.shape:
                raise ValueError(
                    f"{self.device}: column {name} is {column.dtype}{column.shape}, wanted {np.dtype(dtype)}{self.row.shape}"
                )
            column.flags.writeable = False
        if self.raw is not None:
            if self.raw.dtype != np.float64 or self.raw.shape != self.row.shape:
                raise ValueError(
                    f"{self.device}: column raw is {self.raw.dtype}{self.raw.shape}, wanted float64{self.row.shape}"
                )
            self.raw.flags.writeable = False

    def __len__(self) -> int:
        return int(self.row.shape[0])
