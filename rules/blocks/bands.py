"""Groups with no-change bands through a stretch of time: the next sweep at which an input leaves its band."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.blocks.course import Bools
from rules.columns.quality import FIRST_UNUSABLE
from rules.port import Band, JointBand, JointGroup, Judged, PointGroup, State
from rules.stretch import Stretch

_FIRST_LOOK: Final = 32
"""Sweeps that are compared at first; each further look takes twice as many."""
_FIRST_UNUSABLE: Final = np.uint8(FIRST_UNUSABLE)


class BandCalm:
    """Calm of groups that say of a judgement within which bounds nothing changes (`Band`, `JointBand`)."""

    def __init__(self, group: PointGroup | JointGroup, stretch: Stretch, active: Bools) -> None:
        self._group, self._stretch, self._active = group, stretch, active
        row = group.row if isinstance(group, PointGroup) else group.inputs()[1]
        self._inputs = _Inputs(
            mono_ns=stretch.mono_ns[:, np.newaxis],
            value=stretch.value[:, row],
            quality=stretch.quality[:, row],
            received_ns=stretch.received_mono_ns[:, row],
        )

    def next(self, at: int, judged: Judged) -> int:
        """Where an input leaves its band, or the band ends."""
        moment = self._stretch.moment(at)
        if isinstance(self._group, PointGroup):
            band: Band | JointBand = self._group.band(moment, self._active, judged)
        else:
            band = self._group.joint_band(moment, self._active, judged)
        first, look, length = at + 1, _FIRST_LOOK, self._stretch.first_at(judged.due_ns)
        while first < length:
            part = slice(first, min(first + look, length))
            left = np.flatnonzero(~self._inputs.hold(part, at, band).all(axis=1))
            if left.size:
                return first + int(left[0])
            first, look = part.stop, look * 2
        return length

    def carried(self, state: State, since: int, at: int) -> State:
        """Nothing changes between."""
        return state


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Inputs:
    """What the bands are about: columns (t, inputs)."""

    mono_ns: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    received_ns: npt.NDArray[np.int64]

    def hold(self, part: slice, at: int, band: Band | JointBand) -> Bools:
        """Where the bands that were made at sweep `at` hold (sweeps of `part`, inputs)."""
        value, quality, received_ns = self.value[part], self.quality[part], self.received_ns[part]
        holds: Bools = (value >= band.low) & (value <= band.high)
        if isinstance(band, Band):
            holds |= quality >= _FIRST_UNUSABLE
        else:
            holds |= (quality >= _FIRST_UNUSABLE) & ~np.isnan(band.low)  # NaN: there is no band
        holds &= quality == self.quality[at]
        if band.look_ns is not None:
            holds &= received_ns < band.look_ns
        if isinstance(band, Band):
            if band.silent_ns is not None:
                holds &= received_ns + band.silent_ns >= self.mono_ns[part]
            if band.watched is not None:
                holds &= ~band.watched | (received_ns == self.received_ns[at])
        elif band.until_ns is not None and band.until_ns.size:
            holds &= self.mono_ns[part] < band.until_ns.min()
        return holds
