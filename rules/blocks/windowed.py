"""Groups with a window of samples of their own tags through a stretch of time."""

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.blocks.course import Bools, Conditions, slots, turned
from rules.blocks.sampled import Columns, Foreseen, Places
from rules.kinds.drift import DriftGroup
from rules.kinds.forecast_group import MinutesToLimitGroup
from rules.kinds.variance import VarianceGroup
from rules.port import NEVER, State
from rules.stretch import Stretch

Times = npt.NDArray[np.int64]


class DriftCalm(Foreseen):
    """Calm of drifts: a difference is as old as its older reading."""

    def __init__(self, group: DriftGroup, stretch: Stretch, active: Bools) -> None:
        self._group, self._active = group, active
        rows = (group.row, *group.other)
        received = np.minimum.reduce([stretch.received_mono_ns[:, row] for row in rows])
        self._good = np.logical_and.reduce([stretch.good(row) for row in rows])
        mine, first, second = (np.where(self._good, stretch.value[:, row], np.nan) for row in rows)
        readings = mine - (first + second) / 2, self._good, received
        super().__init__(stretch, turned(self._good), readings, group.window_ns, ("sample_mono_ns", "difference"))

    def foresee(self, state: State) -> tuple[Conditions, Columns]:
        """Means of all sweeps."""

        def solve(samples: windows.Samples, rule: Places, mono_ns: Times) -> Columns:
            mean, known, _ = self._group.solve(samples, rule, mono_ns)
            return {"mean": mean, "known": known, "until_mono_ns": mono_ns}  # looked at, and to be looked at again

        columns = self.at_every_sweep(self.kept(state), solve)
        return self._group.told(self._active, self._good, columns["mean"], columns["known"]), columns


class VarianceCalm(Foreseen):
    """Calm of variances, foreseen as soon as nothing has to be learned."""

    def __init__(self, group: VarianceGroup, stretch: Stretch, active: Bools) -> None:
        self._group, self._active = group, active
        received = stretch.received_mono_ns[:, group.row]
        self._good = stretch.good(group.row)
        stirs = turned(slots(received, group.window_ns // windows.SLOTS), self._good)
        super().__init__(stretch, stirs, (stretch.value[:, group.row], self._good, received), group.window_ns)

    def foresee(self, state: State) -> tuple[Conditions, Columns] | None:
        """Ratios of all sweeps."""
        if bool((state["learned"] < self._group.learn_windows).any()):
            return None
        reference = self._group.reference_of(state)

        def solve(samples: windows.Samples, rule: Places, mono_ns: Times) -> Columns:
            ratio, known, _ = self._group.solve(samples, rule, mono_ns, reference)
            return {"ratio": ratio, "known": known, "until_mono_ns": mono_ns}

        columns = self.at_every_sweep(self.kept(state), solve)
        return self._group.told(self._active, self._good, columns["ratio"], columns["known"]), columns


class ForecastCalm(Foreseen):
    """Calm of minutes to a limit: between two samples the trend stays, and the value says how much time is left."""

    def __init__(self, group: MinutesToLimitGroup, stretch: Stretch, active: Bools) -> None:
        self._group, self._active = group, active
        self._value, self._quality = stretch.value[:, group.row], stretch.quality[:, group.row]
        readings = self._value, self._quality == 0, stretch.received_mono_ns[:, group.row]
        super().__init__(stretch, turned(self._quality), readings, group.window_ns)

    def foresee(self, state: State) -> tuple[Conditions, Columns]:
        """Trends and the time left of all sweeps."""
        group, kept = self._group, self.kept(state)
        sweep, rule = kept.new
        rate = kept.spread(state["rate"], group.trend(kept.windows(sweep, rule), rule))
        last_ns = kept.last_ns()
        heard = (last_ns != NEVER) & (self._stretch.mono_ns[:, np.newaxis] - last_ns <= group.silence_ns)
        condition, _ = group.told(
            self._active,
            (self._value.ravel(), self._quality.ravel()),
            np.where(heard, rate, np.nan).ravel(),
            np.tile(np.arange(group.row.size), len(self._stretch)),
        )
        return condition.reshape(rate.shape), {"rate": rate}
