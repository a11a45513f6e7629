"""Conditions as rules use them: a text that was checked, and many of them as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.language.boxes import settled_within
from rules.language.errors import ExpressionRefusedError
from rules.language.explain import told
from rules.language.lasting import next_due_ns
from rules.language.parse import Parser
from rules.language.reader import Surroundings
from rules.language.remembered import SINCE, Remembered, fresh_state
from rules.language.shapes import Shape, Trace, shapes_of
from rules.language.tree import Lasting, Mode, Reading, Truth, walk
from rules.port import Moment, State, column
from rules.predicates import number_band
from rules.runs import places_of_runs
from rules.verdicts import Verdict

__all__ = ["Condition", "ConditionColumns", "ExpressionRefusedError", "parse_condition"]

_VERDICT_OF_RANK: Final = np.array([Verdict.FALSE, Verdict.UNKNOWN, Verdict.TRUE], np.uint8)
_NO_MODES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition that has no mistake."""

    text: str
    truth: Truth
    inputs: tuple[str, ...]
    """Tags it reads, in the order in which they are named."""
    modes: tuple[tuple[str, str], ...] = ()
    """(id, text) of the modes it names, also through other modes: with `text` they say all of it."""

    @property
    def timeless(self) -> bool:
        """Whether it follows from the readings of one moment: no `for`, no previous."""
        return not any(
            isinstance(node, Lasting) or (isinstance(node, Reading) and node.previous) for node in walk(self.truth)
        )


def parse_condition(text: str, table: TagTable, modes: Mapping[str, str] = _NO_MODES) -> Condition:
    """Read one condition; `modes`: id -> text of the conditions that `mode('ID')` may name.

    :raises ExpressionRefusedError: it is none; says at which character.
    """
    around = Surroundings(table, modes)
    truth = Parser(text, around).parse().truth
    readings = [node.tag for node in walk(truth) if isinstance(node, Reading)]
    used = {node.name: modes[node.name] for node in walk(truth) if isinstance(node, Mode)}
    return Condition(text, truth, tuple(dict.fromkeys(readings)), tuple(sorted(used.items())))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConditionColumns:
    """m conditions judged together; those of one shape cost as much as one.

    The keys of the state begin with `condition_` and its arrays with the axis of the conditions, so that a kind whose
    place i has condition i takes them into its own state as they are; other keys of a state are left alone.
    """

    conditions: tuple[Condition | None, ...]
    timeless: bool
    """No condition has `for` or previous: a block of time may be judged at once, and the state is not looked at."""
    shapes: tuple[Shape, ...]
    duration_ns: npt.NDArray[np.int64]
    """(m, most `for`s of one): in written order; 0 where there is none."""
    input_place: npt.NDArray[np.intp]
    input_row: npt.NDArray[np.int32]

    @classmethod
    def of(cls, conditions: Sequence[Condition | None], table: TagTable) -> Self:
        """Compile; None is a condition that always holds (TRUE).

        :raises KeyError: a condition names a tag that the table does not have.
        """
        pairs = [
            (place, table.row_of[tag])
            for place, each in enumerate(conditions)
            if each is not None
            for tag in each.inputs
        ]
        lasting = [
            [node.duration_ns for node in walk(each.truth) if isinstance(node, Lasting)] if each else []
            for each in conditions
        ]
        duration_ns = np.zeros((len(conditions), max((len(each) for each in lasting), default=0)), np.int64)
        for place, of_each in enumerate(lasting):
            duration_ns[place, : len(of_each)] = of_each
        return cls(
            conditions=tuple(conditions),
            timeless=all(each is None or each.timeless for each in conditions),
            shapes=shapes_of([None if each is None else each.truth for each in conditions], table),
            duration_ns=column(duration_ns, np.int64),
            input_place=column([place for place, _ in pairs], np.intp),
            input_row=column([row for _, row in pairs], np.int32),
        )

    def at(self, places: npt.NDArray[np.intp]) -> "ConditionColumns":
        """The conditions at these places (ascending) only."""
        begin, end = self.input_place.searchsorted(places), self.input_place.searchsorted(places, "right")
        count = end - begin
        pairs, _ = places_of_runs(begin, count)
        conditions = tuple(self.conditions[place] for place in places.tolist())
        return ConditionColumns(
            conditions=conditions,
            timeless=self.timeless,
            shapes=tuple(shape for each in self.shapes if (shape := each.at(places, len(self.conditions))) is not None),
            duration_ns=self.duration_ns.take(places, axis=0),
            input_place=np.repeat(np.arange(places.size), count),
            input_row=self.input_row.take(pairs),
        )

    def band(
        self, moment: Moment, span: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(low, high) of every input: while all inputs of a condition stay between, it stays TRUE, or FALSE.

        `span` is the range of every tag by its row.  Low is NaN where there is no band.
        """
        share = np.zeros(len(self.conditions))
        with np.errstate(all="ignore"):
            for shape in self.shapes:
                share[shape.places] = settled_within(shape, moment, span)
            rows, width = self.input_row, share[self.input_place] * span[self.input_row]
            value, quality = moment.value[rows], moment.quality[rows]
            low, high = number_band(value, quality, value - width, value + width)
        low[(share == 0.0)[self.input_place]] = np.nan
        return low, high

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """(place, row): one pair for every tag that a condition reads."""
        return self.input_place, self.input_row

    def fresh(self, mono_ns: int) -> State:
        """Nothing lasted, nothing was read before; of one width whatever the conditions are, so that rows can move."""
        return fresh_state(len(self.conditions))

    def judge(self, moment: Moment, state: State) -> tuple[npt.NDArray[np.uint8], State]:
        """Verdict of every condition, shape (..., m), and the state after (the same one where all are timeless)."""
        remembered = Remembered({} if self.timeless else state, moment)
        with np.errstate(all="ignore"):
            if len(self.shapes) == 1 and isinstance(self.shapes[0].places, slice):
                ranks = self.shapes[0].judge(moment, remembered)
            else:
                ranks = np.full((*moment.value.shape[:-1], len(self.conditions)), 2, np.uint8)
                for shape in self.shapes:
                    ranks[..., shape.places] = shape.judge(moment, remembered)
        return _VERDICT_OF_RANK[ranks], state if self.timeless else remembered.state()

    def due_ns(self, state: State, mono_ns: int) -> int | None:
        """First mono time after `mono_ns` at which a running `for` has lasted although nothing is read; None = never."""
        if not self.duration_ns.shape[1]:
            return None
        return next_due_ns(state[SINCE][:, : self.duration_ns.shape[1]], self.duration_ns, mono_ns)

    def explain(self, place: int, moment: Moment, state: State) -> tuple[str, str]:
        """(zh, en) of one condition with the numbers put in, from the state that the last judgement left."""
        condition = self.conditions[place]
        if condition is None:
            return "总是成立", "always TRUE"
        (shape,) = (shape for shape in self.shapes if place in _places(shape, len(self.conditions)))
        at = _places(shape, len(self.conditions)).tolist().index(place)
        alone = Shape(
            truth=condition.truth,
            places=slice(None),
            rows=shape.rows[:, at : at + 1],
            constants=shape.constants[:, at : at + 1],
            duration_ns=shape.duration_ns[:, at : at + 1],
        )
        mine = {name: array[place : place + 1] for name, array in state.items() if name.startswith("condition_")}
        trace = Trace()
        with np.errstate(all="ignore"):
            alone.judge(moment, Remembered(mine, moment), trace)
        return told(condition.truth, trace, moment)


def _places(shape: Shape, total: int) -> npt.NDArray[np.intp]:
    return np.arange(total)[shape.places]
