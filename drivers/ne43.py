"""NAMUR NE 43: what a 4-20 mA signal says of itself beside its value.

At 3.6 mA and below, at 21 mA and above, the transmitter reports its own failure: BAD.  From there to 3.8 and 20.5 mA the
signal is beyond what the transmitter can measure: UNCERTAIN.  3.8 to 20.5 mA are valid.  Counts and engineering units follow
the current in a straight line, so the four currents are four values in engineering units; a PLC that clamps its counts
to the range hides them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from drivers.port import Address
from rules.columns.quality import Quality, is_usable
from rules.columns.status import BAD_SENSOR_FAILURE, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED

SIGNAL: Final = "4-20mA"
"""The word of the column `signal` of `tags.csv`."""
FAILED_LOW_MA: Final = 3.6
SATURATED_LOW_MA: Final = 3.8
SATURATED_HIGH_MA: Final = 20.5
FAILED_HIGH_MA: Final = 21.0
_LOW_MA: Final = 4.0
_SPAN_MA: Final = 16.0

Readings = tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8], npt.NDArray[np.uint32]]
"""(value, quality, status) columns of one length."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bands:
    """The bands of some points in engineering units; infinite where a point is no 4-20 mA signal."""

    failed_low: npt.NDArray[np.float64]
    saturated_low: npt.NDArray[np.float64]
    saturated_high: npt.NDArray[np.float64]
    failed_high: npt.NDArray[np.float64]
    some: bool
    """Some point has a band."""

    @classmethod
    def of(cls, addresses: Sequence[Address]) -> Self:
        """Bands of addresses, in their order."""
        signal = np.array([address.signal == SIGNAL for address in addresses], np.bool_)
        low = np.array([address.low for address in addresses], np.float64)
        span = np.array([address.high for address in addresses], np.float64) - low

        def at(current_ma: float, without: float) -> npt.NDArray[np.float64]:
            return np.where(signal, low + (current_ma - _LOW_MA) / _SPAN_MA * span, without)

        return cls(
            failed_low=at(FAILED_LOW_MA, -np.inf),
            saturated_low=at(SATURATED_LOW_MA, -np.inf),
            saturated_high=at(SATURATED_HIGH_MA, np.inf),
            failed_high=at(FAILED_HIGH_MA, np.inf),
            some=bool(signal.any()),
        )

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The bands of several groups of points, behind each other."""

        def behind(name: str) -> npt.NDArray[np.float64]:
            return np.concatenate([np.empty(0), *(getattr(part, name) for part in parts)])

        return cls(
            failed_low=behind("failed_low"),
            saturated_low=behind("saturated_low"),
            saturated_high=behind("saturated_high"),
            failed_high=behind("failed_high"),
            some=any(part.some for part in parts),
        )

    def part(self, places: npt.NDArray[np.intp]) -> Self:
        """The bands of some of these points."""
        return type(self)(
            failed_low=self.failed_low[places],
            saturated_low=self.saturated_low[places],
            saturated_high=self.saturated_high[places],
            failed_high=self.failed_high[places],
            some=self.some,
        )

    def judge(
        self, value: npt.NDArray[np.float64], quality: npt.NDArray[np.uint8], status: npt.NDArray[np.uint32]
    ) -> Readings:
        """Readings with what their bands say: a failed signal has no value, a saturated one keeps it as UNCERTAIN.

        What is not usable already stays as it is; so does the status of a value that was UNCERTAIN before.
        """
        if not self.some:
            return value, quality, status
        usable = is_usable(quality)
        failed = usable & ((value <= self.failed_low) | (value >= self.failed_high))
        beyond = usable & ~failed & ((value < self.saturated_low) | (value > self.saturated_high))
        if not (failed.any() or beyond.any()):
            return value, quality, status
        newly = beyond & (quality == np.uint8(Quality.GOOD))
        status = np.where(newly, np.uint32(UNCERTAIN_ENGINEERING_UNITS_EXCEEDED), status)
        quality = np.where(beyond, np.uint8(Quality.UNCERTAIN), quality)
        return (
            np.where(failed, np.nan, value),
            np.where(failed, np.uint8(Quality.BAD), quality),
            np.where(failed, np.uint32(BAD_SENSOR_FAILURE), status),
        )
