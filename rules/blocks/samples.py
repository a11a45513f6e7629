"""The samples that a stretch of readings adds to windows (`rules.windows.kept`, over time)."""

from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.blocks.course import Bools, slots
from rules.port import NEVER

Places = npt.NDArray[np.intp]
N = TypeVar("N", np.float64, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """All samples of m rules one after the other: those from before, then those of the stretch, of each rule."""

    width: int
    """Samples of a window."""
    time_ns: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    part: Places
    """Of each sample: how often the windows of its rule began anew before it."""
    newest: Places
    """Of each sweep and rule (t, m): the place of the newest sample so far, whether it counts still or not."""
    parts: Places
    """Of each sweep and rule (t, m): how often its window began anew so far."""
    new: tuple[Places, Places]
    """(sweep, rule) of each sample of the stretch, by rule and then by time."""

    @classmethod
    def of(
        cls,
        before: windows.Samples,
        value: npt.NDArray[np.float64],
        good: Bools,
        received_mono_ns: npt.NDArray[np.int64],
        window_ns: npt.NDArray[np.int64],
        gone: Bools | None = None,
    ) -> Self:
        """Readings (t, m), whose received times do not go back; `gone` (t, m): windows that begin anew, before a reading."""
        rules, width = before[0].shape
        parts: Places = np.zeros(value.shape, np.intp)
        if gone is not None:
            np.cumsum(gone, axis=0, out=parts)
        rule, sweep = np.nonzero(
            _taken(before[0][:, -1], value, good, received_mono_ns, window_ns // (width - 1), parts).T
        )
        added = np.bincount(rule, minlength=rules)
        begin = np.concatenate(([0], np.cumsum(width + added)[:-1])).astype(np.intp)
        total = rules * width + rule.size
        old = begin[:, np.newaxis] + np.arange(width)
        place = begin[rule] + width + np.arange(rule.size) - (np.cumsum(added) - added)[rule]
        time_ns, values, part = np.empty(total, np.int64), np.empty(total), np.zeros(total, np.intp)
        time_ns[old], values[old] = before
        time_ns[place], values[place], part[place] = (
            received_mono_ns[sweep, rule],
            value[sweep, rule],
            parts[sweep, rule],
        )
        newest = np.zeros(value.shape, np.intp)
        newest[0] = begin + width - 1
        np.maximum.at(newest, (sweep, rule), place)
        newest = np.maximum.accumulate(newest, axis=0)
        return cls(width=width, time_ns=time_ns, value=values, part=part, newest=newest, parts=parts, new=(sweep, rule))

    def windows(self, sweep: Places, rule: Places) -> windows.Samples:
        """The windows of these rules as these sweeps leave them, row by row."""
        at, part = self._at(sweep, rule)
        if not bool(self.parts[-1].any()):
            return self.time_ns[at], self.value[at]
        gone = self.part[at] != part
        return np.where(gone, NEVER, self.time_ns[at]), np.where(gone, np.nan, self.value[at])

    def beside(self, before: npt.NDArray[np.float64], value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """A second value of every sample, in the order of `time_ns`: as it was (m, width), and of the readings (t, m)."""
        width = before.shape[1]
        made = np.empty(self.time_ns.size)
        begin = self.newest[0] + 1 - width - self._new_at_once()
        made[begin[:, np.newaxis] + np.arange(width)] = before
        sweep, rule = self.new
        made[self.newest[sweep, rule]] = value[sweep, rule]
        return made

    def beside_windows(self, made: npt.NDArray[np.float64], sweep: Places, rule: Places) -> npt.NDArray[np.float64]:
        """The second values of the windows of `windows`; they are not forgotten with them."""
        return made[self._at(sweep, rule)[0]]

    def last_ns(self) -> npt.NDArray[np.int64]:
        """Of each sweep and rule (t, m): when the newest sample that counts was received; NEVER where none does."""
        if not bool(self.parts[-1].any()):
            return self.time_ns[self.newest]
        return np.where(self.part[self.newest] == self.parts, self.time_ns[self.newest], NEVER)

    def spread(self, before: npt.NDArray[N], solved: npt.NDArray[N]) -> npt.NDArray[N]:
        """Of each sweep and rule (t, m): what its newest sample made it: as it was (m), or `solved` of the new samples.

        NaN where the window began anew and has no sample yet.
        """
        made = np.empty(self.time_ns.size, before.dtype)
        made[self.newest[0] - self._new_at_once()] = before
        sweep, rule = self.new
        made[self.newest[sweep, rule]] = solved
        found = made[self.newest]
        return (
            found if not bool(self.parts[-1].any()) else np.where(self.part[self.newest] == self.parts, found, np.nan)
        )

    def _new_at_once(self) -> Places:
        """Whether the first sweep has a sample of each rule (m)."""
        sweep, rule = self.new
        return np.bincount(rule[sweep == 0], minlength=self.newest.shape[1])

    def _at(self, sweep: Places, rule: Places) -> tuple[Places, Places]:
        newest = self.newest[sweep, rule]
        return newest[:, np.newaxis] + np.arange(1 - self.width, 1), self.parts[sweep, rule][:, np.newaxis]


def _taken(
    last_ns: npt.NDArray[np.int64],
    value: npt.NDArray[np.float64],
    good: Bools,
    received_mono_ns: npt.NDArray[np.int64],
    slot_ns: npt.NDArray[np.int64],
    parts: Places,
) -> Bools:
    """Which readings are kept (t, m): good, a number, and the first of a later slot than the last kept one."""
    may = good & np.isfinite(value)
    slot = slots(received_mono_ns, slot_ns)
    number = np.where(may, np.arange(may.shape[0])[:, np.newaxis], -1)
    before = np.full(number.shape, -1)
    before[1:] = np.maximum.accumulate(number, axis=0)[:-1]
    first, at = before < 0, np.maximum(before, 0)
    same_part = np.where(first, parts == 0, np.take_along_axis(parts, at, axis=0) == parts)
    later = np.where(first, slot > slots(last_ns, slot_ns), slot > np.take_along_axis(slot, at, axis=0))
    # of the windows from before their last sample counts, whatever was read since
    later &= (parts > 0) | (slot > slots(last_ns, slot_ns))
    kept: Bools = may & (later | ~same_part)
    return kept
