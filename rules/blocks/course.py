"""A group through a stretch of time: its conditions at every sweep, judged only at those at which something may differ."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rules.port import Group, Judged, State
from rules.stretch import Stretch

Conditions = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


class Course(Protocol):
    """What a group says through a stretch while no decision of its rules changes."""

    @property
    def condition(self) -> Conditions:
        """Of every sweep and rule (t, m)."""

    def state_at(self, at: int) -> State:
        """What judging every sweep up to `at` leaves.

        Judging sweep `at` with it says the same again, and so does going on after `at`.
        """


class Calm(Protocol):
    """Knows of one group which sweeps need no judgement: where nothing differs but what `carried` brings up to date."""

    def next(self, at: int, judged: Judged) -> int:
        """The first sweep after `at` that may say or remember anything else than `judged` at `at`; t: none.

        A due time of `judged` counts too.
        """

    def carried(self, state: State, since: int, at: int) -> State:
        """The state that the sweeps after `since` up to `at` leave, none of which needs a judgement."""


class Stirs:
    """A Calm by a column that says in advance which sweeps must be judged."""

    def __init__(self, stretch: Stretch, stirs: Bools) -> None:
        """`stirs` (t): where."""
        self._stretch = stretch
        self._at: list[int] = np.flatnonzero(stirs).tolist()

    def after(self, at: int) -> int:
        """The next sweep of the column; t: none."""
        place = bisect_right(self._at, at)
        return self._at[place] if place < len(self._at) else len(self._stretch)

    def next(self, at: int, judged: Judged) -> int:
        """The next sweep of the column, or a due time."""
        return min(self.after(at), self._stretch.first_at(judged.due_ns))

    def carried(self, state: State, since: int, at: int) -> State:
        """Nothing changes between."""
        return state


class SweepBySweep(Stirs):
    """A Calm for every kind: judges wherever an input of the group was read or the last judgement changed its state."""

    def __init__(self, group: Group, stretch: Stretch, state: State) -> None:
        rows = np.unique(group.inputs()[1])
        stirs = turned(
            stretch.value[:, rows].view(np.int64),
            stretch.quality[:, rows],
            stretch.received_mono_ns[:, rows],
            stretch.status[:, rows],
            stretch.source_time_ns[:, rows],
        )
        super().__init__(stretch, stirs)
        self._before = state

    def next(self, at: int, judged: Judged) -> int:
        """The next sweep, unless the state stays and no input differs."""
        same = all(judged.state[name] is self._before.get(name) for name in judged.state)
        self._before = judged.state
        return super().next(at, judged) if same else at + 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thinned:
    """A Course judged at some sweeps only."""

    condition: Conditions
    at: Sequence[int]
    """The sweeps that were judged, ascending from the first."""
    states: Sequence[State]
    """What each of them left."""
    calm: Calm

    def state_at(self, at: int) -> State:
        """Of the judged sweep before, brought up to date."""
        place = bisect_right(self.at, at) - 1
        return self.calm.carried(self.states[place], self.at[place], at)


def thinned(group: Group, stretch: Stretch, active: Bools, state: State, calm: Calm) -> Thinned:
    """Judge a stretch (one sweep at least) where `calm` asks for it; its last sweep always."""
    length = len(stretch)
    condition = np.empty((length, group.position.size), np.uint8)
    judged_at, states, at = [], [], 0
    while at < length:
        judged = group.judge(stretch.moment(at), active, state)
        judged_at.append(at)
        states.append(judged.state)
        until = max(min(calm.next(at, judged), length - 1), at + 1)
        condition[at:until] = judged.condition
        state = calm.carried(judged.state, at, until - 1)
        at = until
    return Thinned(condition=condition, at=judged_at, states=states, calm=calm)


def turned(*columns: npt.NDArray[Any]) -> Bools:
    """Sweeps (t) at which anything of some columns (t, ...) differs from the sweep before; the first is one."""
    stirs = np.zeros(columns[0].shape[0], np.bool_)
    stirs[0] = True
    for column in columns:
        differs = column[1:] != column[:-1]
        stirs[1:] |= differs if differs.ndim == 1 else differs.any(axis=tuple(range(1, differs.ndim)))
    return stirs


def around(stirs: Bools) -> Bools:
    """With the sweeps before and after each."""
    wider = stirs.copy()
    wider[1:] |= stirs[:-1]
    wider[:-1] |= stirs[1:]
    return wider


def slots(received_mono_ns: npt.NDArray[np.int64], slot_ns: npt.NDArray[np.int64] | int) -> npt.NDArray[np.int64]:
    """The slot of the fixed grid of mono time in which each reading was received (t, m)."""
    number: npt.NDArray[np.int64] = received_mono_ns // np.maximum(slot_ns, 1)
    return number
