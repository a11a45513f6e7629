"""Groups with windows through a stretch of time: every sample of it is known beforehand, and what each sweep sees."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.blocks.course import Bools, Conditions, Stirs, turned
from rules.blocks.samples import Kept
from rules.port import Judged, State, frozen
from rules.stretch import Stretch

_ROWS: Final = 8192
"""Windows that are solved at once: what is computed between stays small."""
Columns = dict[str, npt.NDArray[Any]]
"""Named columns of a state, each of length rows or of shape (t, m)."""
Places = npt.NDArray[np.intp]


class Sampled(Stirs):
    """A Calm of a group that keeps samples of good readings, whatever else it decides."""

    def __init__(
        self,
        stretch: Stretch,
        stirs: Bools,
        readings: tuple[npt.NDArray[np.float64], Bools, npt.NDArray[np.int64]],
        window_ns: npt.NDArray[np.int64],
        names: tuple[str, str] = ("sample_mono_ns", "sample"),
    ) -> None:
        """`readings`: (value, where it may be kept, received), all (t, m); `names` of the samples in the state."""
        super().__init__(stretch, stirs)
        self._readings, self._window_ns, self._names = readings, window_ns, names
        self._kept: Kept | None = None

    def kept(self, state: State) -> Kept:
        """The samples of the whole stretch, by the state that a judged sweep leaves; they are right after it."""
        if self._kept is None:
            time_ns, value = (state[name] for name in self._names)
            self._kept = Kept.of((time_ns, value), *self._readings, self._window_ns)
        return self._kept

    def carried(self, state: State, since: int, at: int) -> State:
        """With the samples kept in between."""
        if at == since:
            return state
        rules = np.arange(self._readings[0].shape[1])
        time_ns, value = self.kept(state).windows(np.full(rules.size, at), rules)
        return frozen(**{**state, self._names[0]: time_ns, self._names[1]: value, **self.columns_at(at)})

    def columns_at(self, at: int) -> Columns:
        """What else of the state a sweep leaves, of all rules."""
        return {}

    def at_every_sweep(
        self, kept: Kept, solve: Callable[[windows.Samples, Places, npt.NDArray[np.int64]], Columns]
    ) -> Columns:
        """(t, m) columns of what `solve` makes of rows: windows, their rules, and the mono times they are looked at."""
        length, rules = self._readings[0].shape
        step, parts = max(1, _ROWS // max(rules, 1)), []
        for first in range(0, length, step):
            sweep, rule = (of.ravel() for of in np.mgrid[first : min(first + step, length), 0:rules])
            made = solve(kept.windows(sweep, rule), rule, self._stretch.mono_ns[sweep])
            parts.append({name: column.reshape(-1, rules) for name, column in made.items()})
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


class Foreseen(Sampled):
    """A Sampled whose conditions follow from its samples: judged only where one of them changes."""

    _ahead: Stirs | None = None
    _columns: Mapping[str, npt.NDArray[Any]]

    def foresee(self, state: State) -> tuple[Conditions, Columns] | None:
        """(conditions, columns of the state) of all sweeps by the state of a judged one, right after it; None: not yet."""
        raise NotImplementedError

    def next(self, at: int, judged: Judged) -> int:
        """Where a foreseen condition changes; as long as nothing is foreseen, where `stirs` says."""
        if self._ahead is None:
            foreseen = self.foresee(judged.state)
            if foreseen is not None:
                condition, self._columns = foreseen
                self._ahead = Stirs(self._stretch, turned(condition))
        return super().next(at, judged) if self._ahead is None else self._ahead.after(at)

    def carried(self, state: State, since: int, at: int) -> State:
        """With the samples kept in between, if they were foreseen."""
        return state if self._ahead is None else super().carried(state, since, at)

    def columns_at(self, at: int) -> Columns:
        """As foreseen."""
        return {name: column[at].copy() for name, column in self._columns.items()}
