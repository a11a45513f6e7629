"""Consecutive sweeps at once: what groups see of a recording, as a block of time."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.port import Moment


@dataclass(frozen=True, kw_only=True, eq=False)
class Stretch:
    """The columns of t snapshots of n tags, shape (t, n); mono times ascend, and no received time goes back."""

    mono_ns: npt.NDArray[np.int64]
    """Of each sweep (t)."""
    wall_ns: npt.NDArray[np.int64]
    start_mono_ns: int
    """When the memory began."""
    tag_ids: tuple[str, ...]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint32]
    source_time_ns: npt.NDArray[np.int64]
    received_mono_ns: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.mono_ns.shape[0])

    def moment(self, at: int) -> Moment:
        """One sweep."""
        return self._moment(at, at)

    def together(self) -> Moment:
        """All sweeps, for groups that take a leading axis of time."""
        return self._moment(slice(None), -1)

    def since(self, at: int) -> "Stretch":
        """The sweeps from `at` on."""
        return Stretch(
            mono_ns=self.mono_ns[at:],
            wall_ns=self.wall_ns[at:],
            start_mono_ns=self.start_mono_ns,
            tag_ids=self.tag_ids,
            value=self.value[at:],
            quality=self.quality[at:],
            status=self.status[at:],
            source_time_ns=self.source_time_ns[at:],
            received_mono_ns=self.received_mono_ns[at:],
        )

    def first_at(self, mono_ns: int | None) -> int:
        """The first sweep at or after this time; t: none."""
        return len(self) if mono_ns is None else int(np.searchsorted(self.mono_ns, mono_ns))

    @cached_property
    def extent(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """(lowest value, highest value, whether the quality stays) of every tag (n); NaN where one value is."""
        steady: npt.NDArray[np.bool_] = (self.quality == self.quality[0]).all(axis=0)
        return self.value.min(axis=0), self.value.max(axis=0), steady

    def good(self, row: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Where readings of these rows are GOOD and numbers: shape (t, ...) as `row`."""
        good: npt.NDArray[np.bool_] = (self.quality[:, row] == 0) & np.isfinite(self.value[:, row])
        return good

    def _moment(self, at: int | slice, now: int) -> Moment:
        return Moment(
            mono_ns=int(self.mono_ns[now]),
            wall_ns=int(self.wall_ns[now]),
            start_mono_ns=self.start_mono_ns,
            tag_ids=self.tag_ids,
            value=self.value[at],
            quality=self.quality[at],
            status=self.status[at],
            source_time_ns=self.source_time_ns[at],
            received_mono_ns=self.received_mono_ns[at],
        )
