"""Conditions of one shape (the same tree with other tags, numbers and times) judged together as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality
from rules.columns.tags import TagTable
from rules.language import numbers
from rules.language.numbers import FALSE_RANK, TRUE_RANK, UNKNOWN_RANK, Column, Ranks
from rules.language.remembered import Places, Remembered
from rules.language.tree import (
    Arithmetic,
    Comparison,
    Constant,
    Count,
    Function,
    Junction,
    Lasting,
    Mode,
    Negation,
    Node,
    Number,
    QualityTest,
    Reading,
    Truth,
    parts,
)
from rules.port import Moment, column


@dataclass(frozen=True, slots=True)
class Trace:
    """What nodes came to, by their id; for explanations."""

    numbers: dict[int, Column] = field(default_factory=dict)
    ranks: dict[int, Ranks] = field(default_factory=dict)
    lasted_ns: dict[int, int] = field(default_factory=dict)
    """How long the (first) condition of a `for` has counted."""


S = TypeVar("S", bound=np.generic)
_NEVER_SEEN: Final = np.uint8(Quality.NEVER_SEEN)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """g conditions whose trees differ in tags, numbers and times only; each leaf is a row of a matrix, in written order."""

    truth: Truth
    """Of the first of them: the tree of all."""
    places: Places
    rows: npt.NDArray[np.int32]
    """(readings, g)."""
    constants: npt.NDArray[np.float64]
    """(literals, g)."""
    duration_ns: npt.NDArray[np.int64]
    """(`for`s, g)."""

    def at(self, places: npt.NDArray[np.intp], total: int) -> "Shape | None":
        """Those among the conditions at `places` (ascending) of `total`, at their new places; None where there are none."""
        kept = places
        among: Places = slice(None)
        if not isinstance(self.places, slice):
            new = np.full(total, -1, np.intp)
            new[places] = np.arange(places.size)
            new = new[self.places]
            kept = (new >= 0).nonzero()[0]
            if not kept.size:
                return None
            among = slice(None) if kept.size == places.size else new[kept]
        return Shape(
            truth=self.truth,
            places=among,
            rows=self.rows.take(kept, axis=1),
            constants=self.constants.take(kept, axis=1),
            duration_ns=self.duration_ns.take(kept, axis=1),
        )

    def judge(self, moment: Moment, remembered: Remembered, trace: Trace | None = None) -> Ranks:
        """Rank of every condition, shape (..., g)."""
        return Sweep(self, moment, remembered, trace).truth(self.truth)


@dataclass(slots=True)
class _Leaves:
    """The leaves of one tree in written order, and what remains of it without them."""

    rows: list[int]
    constants: list[float]
    duration_ns: list[int]
    previous: list[str]
    key: list[str]

    def take(self, node: Node, table: TagTable) -> None:
        self.key.append(type(node).__name__)
        match node:
            case Constant(value):
                self.constants.append(value)
            case Reading(tag, discrete, previous):
                self.rows.append(table.row_of[tag])
                if previous and tag not in self.previous:
                    self.previous.append(tag)
                self.key.append(f"{discrete}{self.previous.index(tag) if previous else ''}")
            case Lasting(_, duration_ns):
                self.duration_ns.append(duration_ns)
            case Comparison(ordering, _, _, positive):
                self.key.append(f"{ordering}{positive}")
            case Arithmetic(operator):
                self.key.append(operator)
            case Function(name) | QualityTest(name):
                self.key.append(name)
            case Junction(word):
                self.key.append(word)
        inner = parts(node)
        self.key.append(str(len(inner)))
        for part in inner:
            self.take(part, table)


def shapes_of(truths: Sequence[Truth | None], table: TagTable) -> tuple[Shape, ...]:
    """All conditions sorted by shape; None is left out.

    :raises KeyError: a condition names a tag that the table does not have.
    """
    found: dict[str, list[tuple[int, Truth, _Leaves]]] = {}
    for place, truth in enumerate(truths):
        if truth is not None:
            leaves = _Leaves([], [], [], [], [])
            leaves.take(truth, table)
            found.setdefault(" ".join(leaves.key), []).append((place, truth, leaves))
    return tuple(_shape(members, len(truths)) for members in found.values())


def _shape(members: Sequence[tuple[int, Truth, _Leaves]], total: int) -> Shape:
    leaves = [item for _, _, item in members]
    return Shape(
        truth=members[0][1],
        places=slice(None) if len(members) == total else np.array([place for place, _, _ in members], np.intp),
        rows=_columns([item.rows for item in leaves], np.int32),
        constants=_columns([item.constants for item in leaves], np.float64),
        duration_ns=_columns([item.duration_ns for item in leaves], np.int64),
    )


def _columns(of_each: Sequence[Sequence[float]], dtype: type[S]) -> npt.NDArray[S]:
    return column(np.ascontiguousarray(np.array(of_each, dtype).T), dtype)


class Sweep:
    """One judgement of one shape: walks the tree in written order and takes the next leaf whenever it meets one."""

    def __init__(self, shape: Shape, moment: Moment, remembered: Remembered, trace: Trace | None) -> None:
        self._shape, self._remembered, self._trace = shape, remembered, trace
        self._value = moment.value.take(shape.rows, axis=-1)
        self._quality = moment.quality.take(shape.rows, axis=-1)
        self._moment = moment
        self._readings = self._literals = self._lastings = 0
        self._previous: list[str] = []

    def truth(self, node: Truth) -> Ranks:
        """Rank of one part of the tree, shape (..., g)."""
        ranks = self._truth(node)
        if self._trace is not None:
            self._trace.ranks[id(node)] = ranks
        return ranks

    def _truth(self, node: Truth) -> Ranks:
        match node:
            case Comparison(ordering, left, right, positive):
                return numbers.compared(ordering, self.number(left), self.number(right), positive)
            case Junction(word, arguments):
                join = np.minimum if word == "and" else np.maximum
                ranks = self.truth(arguments[0])
                for argument in arguments[1:]:
                    ranks = join(ranks, self.truth(argument))
                return ranks
            case Negation(argument):
                return np.uint8(TRUE_RANK) - self.truth(argument)
            case Lasting(argument):
                slot, self._lastings = self._lastings, self._lastings + 1
                return self._lasting(node, slot, self.truth(argument))
            case QualityTest(name):
                return self._quality_test(name)
            case Mode(_, argument):
                return self.truth(argument)

    def _lasting(self, node: Lasting, slot: int, ranks: Ranks) -> Ranks:
        places = self._shape.places
        lasted = self._remembered.lasting(places, slot, ranks, self._shape.duration_ns[slot])
        if self._trace is not None:
            self._trace.lasted_ns[id(node)] = int(self._remembered.counted_ns(places, slot)[0])
        return lasted

    def number(self, node: Number) -> Column:
        """One number of the tree, shape (..., g)."""
        column = self._number(node)
        if self._trace is not None:
            self._trace.numbers[id(node)] = column
        return column

    def _number(self, node: Number) -> Column:
        match node:
            case Constant():
                self._literals += 1
                return numbers.known(self._shape.constants[self._literals - 1])
            case Reading():
                return self._reading(node)
            case Arithmetic(operator, left, right):
                return numbers.calculated(operator, self.number(left), self.number(right))
            case Function(name, arguments):
                return numbers.combined(name, [self.number(argument) for argument in arguments])
            case Count(arguments):
                return numbers.counted([self.truth(argument) for argument in arguments])

    def _reading(self, node: Reading) -> Column:
        leaf, self._readings = self._readings, self._readings + 1
        value, quality = self._value[..., leaf, :], self._quality[..., leaf, :]
        if node.previous:
            if node.tag not in self._previous:
                self._previous.append(node.tag)
            received = self._moment.received_mono_ns.take(self._shape.rows[leaf], axis=-1)
            slot = self._previous.index(node.tag)
            value, quality = self._remembered.previous(self._shape.places, slot, value, quality, received)
        return self.measured(leaf, value, quality, node.discrete)

    def measured(self, leaf: int, value: numbers.Floats, quality: Ranks, discrete: bool) -> Column:
        """What reading number `leaf` says."""
        return numbers.measured(value, quality, discrete)

    def _quality_test(self, name: str) -> Ranks:
        leaf, self._readings = self._readings, self._readings + 1
        quality = self._quality[..., leaf, :]
        passes = quality == np.uint8(Quality.GOOD) if name == "good" else quality <= np.uint8(Quality.UNCERTAIN)
        ranks = np.where(passes, TRUE_RANK, FALSE_RANK)
        return np.where(quality == _NEVER_SEEN, UNKNOWN_RANK, ranks).astype(np.uint8)
