"""Where groups that sample while a premise holds must be judged: unplanned movement, leak."""

from typing import Any

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.blocks.conditions import condition_stirs
from rules.blocks.course import Bools, Stirs, slots, turned
from rules.kinds.leaks import LeakGroup
from rules.kinds.premises import Premises
from rules.kinds.unplanned import UnplannedMovementGroup
from rules.port import NEVER, Judged
from rules.stretch import Stretch


class PremiseCalm(Stirs):
    """Calm of groups with premises: also judged where a value has settled after its premise came back."""

    def __init__(self, premises: Premises, stretch: Stretch, beside: npt.NDArray[Any]) -> None:
        """`beside`: rows whose goodness decides with that of the tag."""
        self._premises = premises
        self._received = stretch.received_mono_ns[:, premises.row]
        stirs: Bools = turned(
            slots(self._received, premises.window_ns // windows.SLOTS), stretch.good(premises.row), stretch.good(beside)
        )
        super().__init__(stretch, stirs | condition_stirs(premises.conditions, stretch))

    def next(self, at: int, judged: Judged) -> int:
        """The next sweep of the column, or the first reading that has settled."""
        until, broken_ns = super().next(at, judged), judged.state["broken_mono_ns"]
        settled_ns = broken_ns + self._premises.settle_ns
        for place in np.flatnonzero((broken_ns != NEVER) & (self._received[at] < settled_ns)).tolist():
            until = min(until, int(np.searchsorted(self._received[:, place], settled_ns[place])))
        return until


def unplanned_calm(group: UnplannedMovementGroup, stretch: Stretch) -> PremiseCalm:
    """The value alone is sampled."""
    return PremiseCalm(group.premises, stretch, group.premises.row)


def leak_calm(group: LeakGroup, stretch: Stretch) -> PremiseCalm:
    """The temperature is sampled with the level."""
    return PremiseCalm(group.premises, stretch, group.temperature_row[group.temperature_row >= 0])
