"""Rules of one tag each, found by the row of their tag: only those whose reading left its band are judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from rules.bands import Bands, Left, RowBand, Rows
from rules.port import Band, Group, Moment, PointGroup, State
from rules.runs import Places, places_of_runs, scattered, taken

_S = TypeVar("_S", bound=np.generic)
_NO_BANDS: Final = RowBand.widest(np.zeros(0, np.intp))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointRules:
    """The rules of one point group by the row of their tag."""

    at: int
    """Which group of the rule set."""
    group: PointGroup
    by_row: Places | None
    """Places in the group, in the order of their rows; None where they stand in it."""
    first: npt.NDArray[np.intp]
    """Where in `by_row` the rules of each row begin."""
    count: npt.NDArray[np.intp]
    """How many rules each row has."""
    single: bool
    """No row has more than one."""
    everywhere: bool
    """Every row has at least one."""

    @classmethod
    def of(cls, at: int, group: PointGroup, rows: int) -> "PointRules":
        """Of group number `at`, for a plant of so many tags."""
        count = np.bincount(group.row, minlength=rows)
        ordered = bool((group.row[1:] >= group.row[:-1]).all())
        return cls(
            at=at,
            group=group,
            by_row=None if ordered else np.argsort(group.row, kind="stable"),
            first=np.cumsum(count, dtype=np.intp) - count,
            count=count.astype(np.intp),
            single=bool(count.max(initial=0) <= 1),
            everywhere=bool(count.min(initial=1) >= 1),
        )

    def places(self, rows: Rows) -> tuple[Places, Places | None, Places | slice]:
        """Rules of these rows: their places, where those of a row begin (None: one each), which of the rows have any."""
        has: Places | slice = slice(None)
        if self.single and self.everywhere:  # one each: they begin where their rows are
            return self._by_row(rows), None, has
        begin, count = self.first.take(rows), self.count.take(rows)
        if not self.everywhere:
            has = count.nonzero()[0]
            begin, count = begin.take(has), count.take(has)
        if self.single:
            return self._by_row(begin), None, has
        at, starts = places_of_runs(begin, count)
        return self._by_row(at), starts, has

    def _by_row(self, at: Places) -> Places:
        return at if self.by_row is None else self.by_row.take(at)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Touched:
    """What the judgement of rules of some rows says."""

    positions: Places
    """In the rule set, in no order."""
    condition: npt.NDArray[np.uint8]
    still: RowBand
    """Of the rules whose bands do not end with time."""
    moving: RowBand
    """Of those whose bands do."""
    silence: RowBand
    """Of those that only silence matters to."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Points:
    """All groups of one tag each."""

    still: tuple[PointRules, ...]
    """Those whose bands do not end with time."""
    moving: tuple[PointRules, ...]
    """Those whose bands do."""
    silence: tuple[PointRules, ...]
    """Those that only silence matters to."""

    @classmethod
    def of(cls, groups: Sequence[Group], rows: int) -> "Points":
        """Those among the groups of a rule set, for a plant of so many tags."""
        found = [(at, group) for at, group in enumerate(groups) if isinstance(group, PointGroup)]
        still, moving, silence = (
            tuple(PointRules.of(at, group, rows) for at, group in found if group.ends == end)
            for end in ("nothing", "slot", "silence")
        )
        return cls(still=still, moving=moving, silence=silence)

    @property
    def members(self) -> tuple[PointRules, ...]:
        """All of them."""
        return self.still + self.moving + self.silence

    def no_bands(self, rows: int) -> Bands:
        """The bands of so many tags before anything was judged."""
        return Bands.none(rows, silent=bool(self.silence), look=bool(self.moving))

    def judge(self, left: Left, moment: Moment, active: npt.NDArray[np.bool_], states: list[State]) -> Touched:
        """Judge the rules of the rows that left their bands; new states take the place of those in `states`."""
        still, moving, silence = (
            RowBand.widest(rows) if rows.size else _NO_BANDS for rows in (left.still, left.moving, left.silent)
        )
        positions, conditions = [np.zeros(0, np.intp)], [np.zeros(0, np.uint8)]
        for rules, made in (
            *((rules, still) for rules in self.still),
            *((rules, moving) for rules in self.moving),
            *((rules, silence) for rules in self.silence),
        ):
            if not made.rows.size:
                continue
            places, starts, has = rules.places(made.rows)
            if not places.size:
                continue
            group, before = rules.group.at(places), states[rules.at]
            state = taken(before, places)
            was_active = active.take(group.position)
            judged = group.judge(moment, was_active, state)
            states[rules.at] = scattered(before, state, judged.state, places)
            _narrow(made, group.band(moment, was_active, judged), starts, has)
            positions.append(group.position)
            conditions.append(judged.condition)
        condition = np.concatenate(conditions)
        return Touched(
            positions=np.concatenate(positions), condition=condition, still=still, moving=moving, silence=silence
        )


def _narrow(made: RowBand, band: Band, starts: Places | None, has: Places | slice) -> None:
    """Of several rules of a row the narrowest counts."""
    made.low[has] = np.maximum(made.low[has], _of_rows(np.maximum, band.low, starts))
    made.high[has] = np.minimum(made.high[has], _of_rows(np.minimum, band.high, starts))
    if band.silent_ns is not None:
        made.silent_ns[has] = np.minimum(made.silent_ns[has], _of_rows(np.minimum, band.silent_ns, starts))
    if band.look_ns is not None:
        made.look_ns[has] = np.minimum(made.look_ns[has], _of_rows(np.minimum, band.look_ns, starts))
    if band.watched is not None:
        made.watched[has] |= _of_rows(np.logical_or, band.watched, starts)


def _of_rows(reduction: np.ufunc, column: npt.NDArray[_S], starts: Places | None) -> npt.NDArray[_S]:
    if starts is None:
        return column
    reduced: npt.NDArray[_S] = reduction.reduceat(column, starts)
    return reduced
