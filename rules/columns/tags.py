"""The tags of a plant in row order.  A row number lives only as long as the process; ids are what persists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from rules.columns.health import DEVICE_HEALTH, HealthCodes, Instruments

_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One point of the plant as `tags.csv` describes it; `low`, `high` are the range in `eu`."""

    id: str
    device: str
    hazard_source: str
    process_unit: str
    equipment: str
    description_zh: str
    description_en: str
    eu: str
    low: float
    high: float
    discrete: bool
    normal_state: int | None
    scan_class: str
    scan_period_ns: int
    resolution: float = 0.0
    """Smallest step the instrument can show, in `eu`; 0 where unknown."""
    health: str = ""
    """Tag that says the state of its instrument (NE 107); empty where none does."""


class TagTable:
    """All tags of one plant: row of each id, and the columns that rules and screens share (all length n)."""

    __slots__ = (
        "device_row", "devices", "discrete", "high", "ids", "instruments", "low", "row_of", "scan_period_ns", "tags",
    )  # fmt: skip

    def __init__(self, tags: Sequence[Tag], health_codes: HealthCodes = DEVICE_HEALTH) -> None:
        """`health_codes`: what the numbers of health variables mean.

        :raises ValueError: an id stands twice.
        """
        self.tags: tuple[Tag, ...] = tuple(tags)
        self.ids: tuple[str, ...] = tuple(tag.id for tag in self.tags)
        self.row_of: Mapping[str, int] = {tag_id: row for row, tag_id in enumerate(self.ids)}
        if len(self.row_of) != len(self.ids):
            twice = sorted({tag_id for tag_id in self.ids if self.ids.count(tag_id) > 1})
            raise ValueError(f"tag ids stand twice: {', '.join(twice)}")
        self.devices: tuple[str, ...] = tuple(dict.fromkeys(tag.device for tag in self.tags))
        device_row = {device: row for row, device in enumerate(self.devices)}
        self.device_row: npt.NDArray[np.int32] = _frozen(
            np.array([device_row[tag.device] for tag in self.tags], np.int32)
        )
        self.discrete: npt.NDArray[np.bool_] = _frozen(np.array([tag.discrete for tag in self.tags], np.bool_))
        self.low: npt.NDArray[np.float64] = _frozen(np.array([tag.low for tag in self.tags], np.float64))
        self.high: npt.NDArray[np.float64] = _frozen(np.array([tag.high for tag in self.tags], np.float64))
        self.scan_period_ns: npt.NDArray[np.int64] = _frozen(
            np.array([tag.scan_period_ns for tag in self.tags], np.int64)
        )
        self.instruments = Instruments.of([tag.health for tag in self.tags], self.row_of, health_codes)

    def __len__(self) -> int:
        return len(self.tags)


def _frozen(column: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    column.flags.writeable = False
    return column
