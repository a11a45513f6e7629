"""Groups that are judged whole: what they looked at last, so that a group whose inputs did not change is not judged again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from rules.port import FOREVER, Group, Judged, Moment, State

Rows = npt.NDArray[np.intp]
NO_ROWS: Final[Rows] = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WholeInputs:
    """The tags that groups read, one group after the other; compiled once."""

    groups: tuple[int, ...]
    """Indices of the groups in the rule set."""
    row: Rows
    first: Rows
    """First of each group that reads any, ascending; with `reading`: its place in `groups`."""
    reading: Rows

    @classmethod
    def of(cls, groups: Sequence[tuple[int, Group]]) -> Self:
        """(index in the rule set, group)."""
        rows = [np.unique(group.inputs()[1]).astype(np.intp) for _, group in groups]
        sizes = np.array([row.size for row in rows], np.intp)
        starts = np.concatenate(([0], np.cumsum(sizes)))[: len(groups)].astype(np.intp)
        reading = np.flatnonzero(sizes)
        return cls(
            groups=tuple(at for at, _ in groups),
            row=np.concatenate(rows) if rows else NO_ROWS,
            first=starts[reading],
            reading=reading,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WholeSeen:
    """What the groups looked at when they were judged last, and what came of it."""

    mono_ns: int
    columns: tuple[npt.NDArray[np.int64], ...]
    """Value (its bits), quality, status, source time and received time of every input."""
    judged: Mapping[int, Judged]
    """By index of the group; only of those whose state stayed as it was."""
    active: Mapping[int, npt.NDArray[np.bool_]]
    """What was decided of its rules before that judgement."""

    def unchanged(
        self, inputs: WholeInputs, columns: tuple[npt.NDArray[np.int64], ...], mono_ns: int
    ) -> frozenset[int]:
        """Groups that would say the same now: no input differs and no moment that they told of has come."""
        if mono_ns < self.mono_ns:
            return frozenset()
        differs = np.zeros(inputs.row.shape[0], np.bool_)
        for before, now in zip(self.columns, columns, strict=True):
            differs |= before != now
        turned = set()
        if inputs.first.size and bool(differs.any()):
            turned = set(inputs.reading[np.logical_or.reduceat(differs, inputs.first)].tolist())
        return frozenset(
            at
            for place, at in enumerate(inputs.groups)
            if place not in turned and at in self.judged and mono_ns < _due_ns(self.judged[at])
        )


@dataclass(slots=True, kw_only=True, eq=False)
class WholeSweep:
    """The groups of one evaluation; those that would say the same are taken over."""

    inputs: WholeInputs
    columns: tuple[npt.NDArray[np.int64], ...]
    before: WholeSeen | None
    same: frozenset[int]
    judged: dict[int, Judged] = field(default_factory=dict)
    active: dict[int, npt.NDArray[np.bool_]] = field(default_factory=dict)
    moving: set[int] = field(default_factory=set)
    """Groups whose state changed in this evaluation."""

    @classmethod
    def begun(cls, inputs: WholeInputs, moment: Moment, before: WholeSeen | None) -> Self:
        """Compare the inputs with those of the last evaluation (None: there was none that can be believed)."""
        columns = (
            moment.value[inputs.row].view(np.int64),
            moment.quality[inputs.row].astype(np.int64),
            moment.status[inputs.row].astype(np.int64),
            moment.source_time_ns[inputs.row],
            moment.received_mono_ns[inputs.row],
        )
        same = frozenset[int]() if before is None else before.unchanged(inputs, columns, moment.mono_ns)
        return cls(inputs=inputs, columns=columns, before=before, same=same)

    def kept(self, at: int, active: npt.NDArray[np.bool_]) -> Judged | None:
        """What the group said last, if it would say the same; None where it must be judged.

        A dead band acts from the decision on: another decision is another question.
        """
        if self.before is None or at not in self.same or not np.array_equal(self.before.active[at], active):
            return None
        return self.before.judged[at]

    def take(self, at: int, judged: Judged, active: npt.NDArray[np.bool_], before: State) -> None:
        """Remember what the group said; `before` is the state that it was judged with."""
        self.judged[at], self.active[at] = judged, active
        # who remembers that it was judged, and when, is asked each time
        if not all(judged.state[name] is before.get(name) for name in judged.state):
            self.moving.add(at)

    def seen(self, mono_ns: int) -> WholeSeen:
        """For the next evaluation."""
        judged = {at: said for at, said in self.judged.items() if at not in self.moving}
        return WholeSeen(mono_ns=mono_ns, columns=self.columns, judged=judged, active=self.active)


def _due_ns(judged: Judged) -> int:
    return FOREVER if judged.due_ns is None else judged.due_ns
