"""What instruments say of their own state (NE 107), and what that makes of the values that they measure.  Columns only.

The state comes as a number in a variable of its own, a tag like any other.  It can only make a value worse.  A state that
can no longer be read stays as it was said last: silence clears nothing.  One that was never said changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable

HealthColumn = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.intp]


class Health(IntEnum):
    """State of an instrument; stored as uint8 in columns."""

    UNKNOWN = 0
    """Nothing was ever said of it."""
    NORMAL = 1
    MAINTENANCE_REQUIRED = 2
    UNDEFINED = 3
    """A number that nobody wrote down."""
    OFF_SPEC = 4
    CHECK_FUNCTION = 5
    FAILURE = 6


HEALTH_GRACE_NS: Final = 15_000_000_000
"""After a start: so long a value of an instrument whose state was not read yet is UNCERTAIN, so that what stood because of
its state is not cleared by a value that came first.  Afterwards the value stands for itself."""
LETTERS: Final = ("", "N", "M", "?", "S", "C", "F")
"""By Health: the letters of NE 107; it has none for normal."""
_QUALITY: Final = np.array(
    [
        Quality.GOOD,
        Quality.GOOD,
        Quality.GOOD,
        Quality.UNCERTAIN,  # it says something, and not that all is well
        Quality.UNCERTAIN,
        Quality.UNCERTAIN,
        Quality.BAD,
    ],
    np.uint8,
)
"""By Health: no value of the instrument is better than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCodes:
    """The numbers that mean each state; as they stand: DeviceHealthEnumeration of OPC 10000-100 [known, not checked]."""

    normal: tuple[int, ...] = (0,)
    failure: tuple[int, ...] = (1,)
    check_function: tuple[int, ...] = (2,)
    off_spec: tuple[int, ...] = (3,)
    maintenance_required: tuple[int, ...] = (4,)

    def states(self, value: npt.NDArray[np.float64]) -> HealthColumn:
        """The Health that each number means, in the shape of `value`; UNDEFINED where none."""
        found = np.full(value.shape, np.uint8(Health.UNDEFINED))
        for state in (
            Health.NORMAL,
            Health.FAILURE,
            Health.CHECK_FUNCTION,
            Health.OFF_SPEC,
            Health.MAINTENANCE_REQUIRED,
        ):
            for code in getattr(self, state.name.lower()):
                found[value == code] = state
        return found


DEVICE_HEALTH: Final = HealthCodes()


@dataclass(frozen=True, slots=True, eq=False)
class Instruments:
    """The k tags whose instrument says its state, ascending, and the row of the variable that says it."""

    row: Rows
    said_by: Rows
    codes: HealthCodes = field(default=DEVICE_HEALTH)

    @classmethod
    def of(cls, named: Sequence[str], row_of: Any, codes: HealthCodes) -> "Instruments":
        """From the name of each tag's variable ("" for none) and the row of every name; an unknown name is none."""
        pairs = [(row, row_of[name]) for row, name in enumerate(named) if name in row_of]
        columns = np.array(pairs, np.intp).reshape(-1, 2).T
        columns.flags.writeable = False
        return cls(columns[0], columns[1], codes)

    def __len__(self) -> int:
        return int(self.row.shape[0])

    def unsaid(self) -> HealthColumn:
        """Nothing was said of any of them (k)."""
        return np.zeros(self.row.shape, np.uint8)

    def said(self, value: npt.NDArray[np.float64], quality: npt.NDArray[np.uint8]) -> HealthColumn:
        """What the variables say now; columns of n tags, with any axes before it; UNKNOWN where they cannot be read."""
        number = value[..., self.said_by]
        readable = is_usable(quality[..., self.said_by]) & np.isfinite(number)
        return np.where(readable, self.codes.states(number), np.uint8(Health.UNKNOWN)).astype(np.uint8)

    def withhold(self, quality: npt.NDArray[np.uint8], early: npt.NDArray[np.bool_] | np.bool_) -> None:
        """Make values UNCERTAIN where it is early and their variable was not read yet; writes to columns of n tags."""
        unread = early & (quality[..., self.said_by] == np.uint8(Quality.NEVER_SEEN))
        mine = quality[..., self.row]
        quality[..., self.row] = np.where(unread, np.maximum(mine, np.uint8(Quality.UNCERTAIN)), mine)

    def degrade(self, value: npt.NDArray[np.float64], quality: npt.NDArray[np.uint8], health: HealthColumn) -> None:
        """Make values of these tags as bad as their instruments are; writes to columns of n tags, any axes before it."""
        worst = np.maximum(quality[..., self.row], _QUALITY[health])
        quality[..., self.row] = worst
        value[..., self.row] = np.where(health == Health.FAILURE, np.nan, value[..., self.row])


def kept(said: HealthColumn, before: HealthColumn) -> HealthColumn:
    """What holds after something was said (k, or t sweeps of k): the last state that could be read, first `before`'s."""
    if said.ndim == 1:
        return np.where(said == Health.UNKNOWN, before, said)
    whole = np.concatenate((before[np.newaxis], said))
    newest = np.maximum.accumulate(np.where(whole != Health.UNKNOWN, np.arange(len(whole))[:, np.newaxis], 0), axis=0)
    return np.take_along_axis(whole, newest, axis=0)[1:]
