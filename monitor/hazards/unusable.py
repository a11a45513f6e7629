"""Devices that answer and yet give nothing usable: most of their points are BAD at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, QualityColumn
from rules.columns.tags import TagTable
from rules.verdicts import Verdict

FEWEST: Final = 5
"""Fewer bad points than this are told one by one, however small the device is."""
BAD_SHARE: Final = 0.5
"""Share of the points of a device that are BAD when the device is told instead of them, unless `plant.toml` says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeviceWatch:
    """What is watched, as columns over the devices asked for."""

    place: npt.NDArray[np.intp]
    """Device of each tag, in the order asked for; the number of devices where it has none."""
    points: npt.NDArray[np.intp]
    enough: npt.NDArray[np.intp]
    """So many BAD points make the device unusable."""


def watch_devices(table: TagTable, devices: Sequence[str], share: float = BAD_SHARE) -> DeviceWatch:
    """Set up for these devices."""
    at = {device: place for place, device in enumerate(devices)}
    place = np.array([at.get(device, len(devices)) for device in table.devices], np.intp)[table.device_row]
    points = np.bincount(place, minlength=len(devices) + 1)[: len(devices)]
    return DeviceWatch(place=place, points=points, enough=np.maximum(np.ceil(share * points), FEWEST).astype(np.intp))


def judge_devices(
    watched: DeviceWatch, quality: QualityColumn, starting: bool
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.intp]]:
    """Whether each device gives nothing usable, and how many of its points are BAD.

    While the service is `starting`, points that were never read may still turn out to be BAD: UNKNOWN where they decide.
    """
    count = watched.points.size
    bad = _of_each(watched, quality == np.uint8(Quality.BAD))
    condition = np.where(bad >= watched.enough, np.uint8(Verdict.TRUE), np.uint8(Verdict.FALSE))
    if starting and count:
        waiting = _of_each(watched, quality == np.uint8(Quality.NEVER_SEEN))
        condition[(bad < watched.enough) & (bad + waiting >= watched.enough)] = Verdict.UNKNOWN
    return condition, bad


def _of_each(watched: DeviceWatch, which: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    count = watched.points.size
    if not which.any():  # the quiet plant, which is most of the time
        return np.zeros(count, np.intp)
    return np.bincount(watched.place[which], minlength=count + 1)[:count]
