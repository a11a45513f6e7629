"""Rules of one tag each, found by the row of their tag: only those whose reading left its band are judged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.carried import RowBand, Rows
from rules.port import FOREVER, Band, Group, Moment, PointGroup, State

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointRules:
    """The rules of one point group by the row of their tag."""

    group: int
    """Which group of the rule set."""
    by_row: Places
    """Places in the group, in the order of their rows."""
    first: npt.NDArray[np.intp]
    """Where in `by_row` the rules of each row begin (rows + 1)."""
    single: bool
    """No row has more than one."""

    @classmethod
    def of(cls, index: int, group: PointGroup, rows: int) -> "PointRules":
        """Of the group at `index`, for a plant of so many tags."""
        count = np.bincount(group.row, minlength=rows)
        return cls(
            group=index,
            by_row=np.argsort(group.row, kind="stable"),
            first=np.concatenate((np.zeros(1, np.intp), np.cumsum(count, dtype=np.intp))),
            single=bool(count.max(initial=0) <= 1),
        )

    def places(self, rows: Rows) -> tuple[Places, Places, Places]:
        """Rules of these rows: their places, where those of a row begin, and which of the rows have any."""
        begin, end = self.first[rows], self.first[rows + 1]
        has = np.flatnonzero(end > begin)
        begin, end = begin[has], end[has]
        if self.single:
            return self.by_row[begin], np.arange(has.size), has
        count = end - begin
        starts = np.cumsum(count) - count
        return self.by_row[np.arange(int(count.sum())) + np.repeat(begin - starts, count)], starts, has


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """Point groups whose rules share one band for each row."""

    members: tuple[PointRules, ...]
    silent: bool
    """Some rule asks how long nothing was read."""
    slotted: bool
    """Bands end with time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Touched:
    """What the judgement of some rows of a layer says."""

    positions: Places
    """In the rule set, in no order."""
    condition: npt.NDArray[np.uint8]
    band: RowBand


def layers_of(groups: Sequence[Group], rows: int) -> tuple[Layer, ...]:
    """The point groups in layers: bands that end with time are apart, so that they are made anew by themselves."""
    points = [(at, group) for at, group in enumerate(groups) if isinstance(group, PointGroup)]
    layers = []
    for slotted in (False, True):
        members = [(at, group) for at, group in points if (group.ends == "slot") == slotted]
        if members:
            rules = tuple(PointRules.of(at, group, rows) for at, group in members)
            silent = any(group.ends == "silence" for _, group in members)
            layers.append(Layer(members=rules, silent=silent, slotted=slotted))
    return tuple(layers)


def judge_rows(
    layer: Layer,
    rows: Rows,
    moment: Moment,
    groups: Sequence[Group],
    active: npt.NDArray[np.bool_],
    states: list[State],
) -> Touched:
    """Judge all rules of these rows (ascending) and make their bands; new states take the place of those in `states`."""
    made = RowBand(
        rows=rows,
        low=np.full(rows.size, -np.inf),
        high=np.full(rows.size, np.inf),
        silent_ns=np.full(rows.size, FOREVER) if layer.silent else None,
        look_ns=np.full(rows.size, FOREVER) if layer.slotted else None,
        watched=np.zeros(rows.size, np.bool_),
    )
    positions, conditions = [], []
    for rules in layer.members:
        places, starts, has = rules.places(rows)
        if not places.size:
            continue
        whole = groups[rules.group]
        assert isinstance(whole, PointGroup)
        group = whole.at(places)
        before = states[rules.group]
        state = {name: array[places] for name, array in before.items()}
        was_active = active[group.position]
        judged = group.judge(moment, was_active, state)
        states[rules.group] = _scattered(before, state, judged.state, places)
        _narrow(made, group.band(moment, was_active, judged.state), starts, has)
        positions.append(group.position)
        conditions.append(judged.condition)
    return Touched(
        positions=np.concatenate(positions) if positions else np.zeros(0, np.intp),
        condition=np.concatenate(conditions) if conditions else np.zeros(0, np.uint8),
        band=made,
    )


def _narrow(made: RowBand, band: Band, starts: Places, has: Places) -> None:
    """Of several rules of a row the narrowest counts."""
    made.low[has] = np.maximum(made.low[has], np.maximum.reduceat(band.low, starts))
    made.high[has] = np.minimum(made.high[has], np.minimum.reduceat(band.high, starts))
    if band.silent_ns is not None and made.silent_ns is not None:
        made.silent_ns[has] = np.minimum(made.silent_ns[has], np.minimum.reduceat(band.silent_ns, starts))
    if band.look_ns is not None and made.look_ns is not None:
        made.look_ns[has] = np.minimum(made.look_ns[has], np.minimum.reduceat(band.look_ns, starts))
    if band.watched is not None:
        made.watched[has] |= np.logical_or.reduceat(band.watched, starts)


def _scattered(before: State, given: State, after: State, places: Places) -> State:
    """The state of the whole group with the rows of `places` as judged; arrays that nothing changed stay the same."""
    if after is given:
        return before
    whole = dict(before)
    for name, array in after.items():
        if array is not given[name]:
            column = before[name].copy()
            column[places] = array
            column.flags.writeable = False
            whole[name] = column
    return whole
