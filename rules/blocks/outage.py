"""Where groups that watch for outages must be judged: load cuts and stops; while one runs, at every sweep."""

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.blocks.course import Bools, turned
from rules.blocks.sampled import Columns, Places, Sampled
from rules.columns.quality import is_usable
from rules.kinds.first_out import CauseColumns
from rules.kinds.load_cut_group import LoadCutGroup
from rules.kinds.outages import Outages
from rules.kinds.stops import StopGroup
from rules.port import Judged
from rules.stretch import Stretch
from rules.verdicts import Verdict


class StopCalm(Sampled):
    """Calm of stops: nothing rests on the samples before one begins."""

    def __init__(self, group: StopGroup, stretch: Stretch, active: Bools) -> None:
        value, quality = stretch.value[:, group.row], stretch.quality[:, group.row]
        usable = is_usable(quality) & np.isfinite(value)
        below = usable & (value < group.threshold + np.where(active, group.dead_band, 0.0))
        runs = usable & ~below & (quality == 0)
        stirs = turned(quality, usable, below, *_causes(group.causes, stretch))
        super().__init__(stretch, stirs, (value, runs, stretch.received_mono_ns[:, group.row]), group.reference_ns)

    def next(self, at: int, judged: Judged) -> int:
        """The next sweep of the column, or the very next one while there is a stop."""
        return at + 1 if bool(Outages.of(judged.state).running.any()) else super().next(at, judged)


class LoadCutCalm(Sampled):
    """Calm of load cuts: the reference of every sweep is known beforehand, and so the reading that begins a cut."""

    def __init__(self, group: LoadCutGroup, stretch: Stretch, active: Bools) -> None:
        self._group, self._stretch, self._active = group, stretch, active
        value, quality = stretch.value[:, group.row], stretch.quality[:, group.row]
        readings = value, (quality == 0) & np.isfinite(value), stretch.received_mono_ns[:, group.row]
        super().__init__(stretch, turned(*_causes(group.causes, stretch)), readings, group.span_ns)
        self._value, self._quality = value, quality
        self._columns: Columns | None = None

    def next(self, at: int, judged: Judged) -> int:
        """The reading that begins a cut, a cause that comes or goes, or the very next sweep while there is a cut."""
        state = judged.state
        if bool(Outages.of(state).running.any()):
            return at + 1
        if self._columns is None:
            self._columns = self.at_every_sweep(self.kept(state), self._solve)
        until = self.after(at)
        part, kept_until = slice(at + 1, until), state["kept_until_mono_ns"]
        recent, higher = self._columns["recent"][part], np.fmax(self._columns["recent"][part], state["kept_reference"])
        reference = np.where(self._stretch.mono_ns[part, np.newaxis] <= kept_until, higher, recent)
        condition, _ = self._group.compared(self._value[part], self._quality[part], reference, self._active)
        stirs = np.flatnonzero(((condition != judged.condition) | (condition == Verdict.TRUE)).any(axis=1))
        return at + 1 + int(stirs[0]) if stirs.size else until

    def columns_at(self, at: int) -> Columns:
        """The reference, to be looked at again."""
        return {} if self._columns is None else {name: column[at].copy() for name, column in self._columns.items()}

    def _solve(self, samples: windows.Samples, rule: Places, mono_ns: npt.NDArray[np.int64]) -> Columns:
        recent, _ = self._group.solve(samples, rule, mono_ns)
        return {"recent": recent, "recent_until_mono_ns": mono_ns}


def _causes(causes: CauseColumns, stretch: Stretch) -> tuple[npt.NDArray[np.bool_], ...]:
    """Whether each candidate is out of its band, and whether it is known to be back."""
    value, quality = stretch.value[:, causes.row], stretch.quality[:, causes.row]
    inside, finite = (value >= causes.low) & (value <= causes.high), np.isfinite(value)
    return causes.present & is_usable(quality) & finite & ~inside, (quality == 0) & finite & inside
