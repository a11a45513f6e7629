"""Where groups that watch for outages must be judged: load cuts and stops."""

from typing import Any

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
from rules.port import NEVER, Judged, State, frozen
from rules.stretch import Stretch
from rules.verdicts import Verdict


class OutageCalm(Sampled):
    """A Calm that counts what an outage loses from reading to reading."""

    def __init__(
        self,
        group: StopGroup | LoadCutGroup,
        stretch: Stretch,
        stirs: tuple[npt.NDArray[Any], ...],
        keep: Bools,
        window_ns: npt.NDArray[np.int64],
    ) -> None:
        """`stirs`: what makes a judgement of a sweep at which it differs; `keep` (t, m): readings that become samples."""
        value, quality = stretch.value[:, group.row], stretch.quality[:, group.row]
        received_ns = stretch.received_mono_ns[:, group.row]
        # an outage began at a wall time, and causes are looked for before it: a clock that is set moves it
        clock = stretch.wall_ns - stretch.mono_ns
        super().__init__(
            stretch, turned(clock, *_causes(group.causes, stretch), *stirs), (value, keep, received_ns), window_ns
        )
        self._value, self._usable, self._received_ns = value, is_usable(quality) & np.isfinite(value), received_ns
        self._per_ns = group.per_ns

    def carried(self, state: State, since: int, at: int) -> State:
        """With the samples kept in between, and the loss up to the last reading."""
        state, outages = super().carried(state, since, at), Outages.of(state)
        rules = np.flatnonzero(outages.running)
        if at == since or not rules.size:
            return state
        part = slice(since + 1, at + 1)
        usable = self._usable[part, rules]
        value = np.vstack((outages.at_value[rules], np.where(usable, self._value[part, rules], 0.0)))
        received = np.vstack((outages.at[rules], np.where(usable, self._received_ns[part, rules], NEVER)))
        newest = np.maximum.accumulate(received, axis=0)
        new = np.ones(received.shape, np.bool_)
        new[1:] = received[1:] > newest[:-1]
        place = np.maximum.accumulate(np.where(new, np.arange(received.shape[0])[:, np.newaxis], 0), axis=0)
        last = np.take_along_axis(value, place, axis=0)  # what was read once is counted once
        passed = np.where(new[1:], received[1:] - newest[:-1], 0) / self._per_ns[rules]
        each = (outages.reference[rules] - (last[:-1] + value[1:]) / 2) * passed
        lost, counted_ns, counted = outages.lost.copy(), outages.at.copy(), outages.at_value.copy()
        parts = np.vstack((outages.lost[rules], np.where(new[1:], each, 0.0)))
        lost[rules] = np.add.accumulate(parts, axis=0)[-1]  # in the order of the readings, as sweep by sweep
        counted_ns[rules], counted[rules] = newest[-1], last[-1]
        return frozen(**{**state, "lost": lost, "counted_mono_ns": counted_ns, "counted_value": counted})


class StopCalm(OutageCalm):
    """Calm of stops: nothing rests on the samples before one begins."""

    def __init__(self, group: StopGroup, stretch: Stretch, active: Bools) -> None:
        value, quality = stretch.value[:, group.row], stretch.quality[:, group.row]
        usable = is_usable(quality) & np.isfinite(value)
        below = usable & (value < group.threshold + np.where(active, group.dead_band, 0.0))
        runs = usable & ~below & (quality == 0)
        super().__init__(group, stretch, (quality, usable, below), runs, group.reference_ns)
        self._below, self._after_ns = below & ~active, group.after_ns

    def next(self, at: int, judged: Judged) -> int:
        """The next sweep of the column, or the reading with which a rule is below for long enough."""
        until, outages = self.after(at), Outages.of(judged.state)
        waits = np.flatnonzero(outages.running & self._below[at] & (judged.condition != Verdict.TRUE))
        if not waits.size:
            return until
        since_ns = self._received_ns[at + 1 : until, waits] - outages.since[waits]
        enough = np.flatnonzero((since_ns >= self._after_ns[waits]).any(axis=1))
        return at + 1 + int(enough[0]) if enough.size else until


class LoadCutCalm(OutageCalm):
    """Calm of load cuts: the reference of every sweep is known beforehand, and so the readings that begin and end a cut."""

    def __init__(self, group: LoadCutGroup, stretch: Stretch, active: Bools) -> None:
        self._group, self._active = group, active
        value, quality = stretch.value[:, group.row], stretch.quality[:, group.row]
        super().__init__(group, stretch, (), (quality == 0) & np.isfinite(value), group.span_ns)
        self._quality = quality
        self._columns: Columns | None = None

    def next(self, at: int, judged: Judged) -> int:
        """A condition that changes, a reading that begins a cut, a cause that comes or goes, a cut that is accepted."""
        state, outages = judged.state, Outages.of(judged.state)
        if self._columns is None:
            self._columns = self.at_every_sweep(self.kept(state), self._solve)
        runs, until = outages.running, self.after(at)
        if bool(runs.any()):
            accepted_ns = int((outages.since + self._group.accept_after_ns)[runs].min())
            until = min(until, max(at + 1, self._stretch.first_at(accepted_ns)))
        part, kept_until = slice(at + 1, until), state["kept_until_mono_ns"]
        recent, higher = self._columns["recent"][part], np.fmax(self._columns["recent"][part], state["kept_reference"])
        reference = np.where(self._stretch.mono_ns[part, np.newaxis] <= kept_until, higher, recent)
        reference = np.where(runs, outages.reference, reference)
        condition, _ = self._group.compared(self._value[part], self._quality[part], reference, self._active)
        stirs = (condition != judged.condition) | ((condition == Verdict.TRUE) & ~runs)
        found = np.flatnonzero(stirs.any(axis=1))
        return at + 1 + int(found[0]) if found.size else until

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
