"""Numbers as columns: what is not known is an interval without ends, so that Kleene logic reaches through min and max.

A good reading is a point (`low is high`: the same array).  A bad one lies anywhere.  `max(a, b) > 5` is then TRUE where b
alone is over 5 whatever a reads, and the median of three is known as far as two of them say it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable
from rules.language.tree import FunctionName, Operator, Ordering

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ranks = npt.NDArray[np.uint8]
"""Truth by how much it counts in a Kleene or: and is the minimum, or the maximum, not is TRUE_RANK - rank."""
FALSE_RANK: Final = 0
UNKNOWN_RANK: Final = 1
TRUE_RANK: Final = 2
_UNCERTAIN: Final = np.uint8(Quality.UNCERTAIN)


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Numbers between `low` and `high`; the same array where every one is known."""

    low: Floats
    high: Floats
    uncertain: Flags | None = None
    """Where an UNCERTAIN reading is part of it; None where there is none."""

    @property
    def exact(self) -> bool:
        """Whether every number is known."""
        return self.low is self.high


def known(value: Floats) -> Column:
    """Literals."""
    return Column(value, value)


def measured(value: Floats, quality: Ranks, discrete: bool) -> Column:
    """Readings: what is unusable, NaN, infinite, or as a state neither 0 nor 1, lies anywhere."""
    usable = is_usable(quality) & (((value == 0.0) | (value == 1.0)) if discrete else np.isfinite(value))
    uncertain: Flags = quality == _UNCERTAIN
    marked = uncertain if bool(uncertain.any()) else None
    if bool(usable.all()):
        return Column(value, value, marked)
    return Column(np.where(usable, value, -np.inf), np.where(usable, value, np.inf), marked)


def calculated(operator: Operator, left: Column, right: Column) -> Column:
    """left + - * / right; what is no number (division by zero, overflow) lies anywhere."""
    uncertain = _either(left.uncertain, right.uncertain)
    if left.exact and right.exact:
        value = _OPERATION[operator](left.low, right.low)
        return _settled(value, value, uncertain)
    if operator == "+":
        return _settled(left.low + right.low, left.high + right.high, uncertain)
    if operator == "-":
        return _settled(left.low - right.high, left.high - right.low, uncertain)
    operation = _OPERATION[operator]
    corners = [operation(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    low, high = np.minimum.reduce(corners), np.maximum.reduce(corners)
    if operator == "/":
        around_zero = (right.low <= 0) & (right.high >= 0)
        low, high = np.where(around_zero, np.nan, low), np.where(around_zero, np.nan, high)
    return _settled(low, high, uncertain)


def combined(name: FunctionName, columns: Sequence[Column]) -> Column:
    """abs, neg, min, max, mean, median."""
    uncertain: Flags | None = None
    for column in columns:
        uncertain = _either(uncertain, column.uncertain)
    exact = all(column.exact for column in columns)
    first = columns[0]
    if name == "neg":
        low = -first.high
        return Column(low, low if exact else -first.low, uncertain)
    if name == "abs":
        high = np.maximum(np.abs(first.low), np.abs(first.high))
        return Column(high if exact else np.maximum(np.maximum(first.low, -first.high), 0.0), high, uncertain)
    low = _of_several(name, [column.low for column in columns])
    return _settled(low, low if exact else _of_several(name, [column.high for column in columns]), uncertain)


def compared(ordering: Ordering, left: Column, right: Column, positive: bool) -> Ranks:
    """TRUE or FALSE where it holds for whatever is not known; UNCERTAIN decides one way only (`tree.Comparison`)."""
    uncertain = _either(left.uncertain, right.uncertain)
    if left.exact and right.exact and uncertain is None:
        holds: Flags = _ORDER[ordering](left.low, right.low)
        return holds.view(np.uint8) * np.uint8(TRUE_RANK)
    holds, fails = _bounds(ordering, left, right)
    if uncertain is not None:
        if positive:
            fails = fails & ~uncertain
        else:
            holds = holds & ~uncertain
    return np.uint8(UNKNOWN_RANK) + holds.view(np.uint8) - fails.view(np.uint8)


def counted(ranks: Sequence[Ranks]) -> Column:
    """How many are TRUE: at least the TRUE ones, at most all that are not FALSE."""
    stacked = np.stack(np.broadcast_arrays(*ranks))
    low = np.add.reduce(stacked == TRUE_RANK, axis=0, dtype=np.float64)
    return Column(low, np.add.reduce(stacked != FALSE_RANK, axis=0, dtype=np.float64))


def _bounds(ordering: Ordering, left: Column, right: Column) -> tuple[Flags, Flags]:
    """(certainly holds, certainly fails)."""
    match ordering:
        case "<":
            return left.high < right.low, left.low >= right.high
        case "<=":
            return left.high <= right.low, left.low > right.high
        case ">" | ">=":
            return _bounds("<" if ordering == ">" else "<=", right, left)
        case "==":
            same = (left.low == left.high) & (right.low == right.high) & (left.low == right.low)
            return same, (left.high < right.low) | (left.low > right.high)
        case "!=":
            same, apart = _bounds("==", left, right)
            return apart, same


def _of_several(name: FunctionName, values: Sequence[Floats]) -> Floats:
    stacked: Floats = np.stack(np.broadcast_arrays(*values))
    low: Floats
    match name:
        case "min":
            low = np.minimum.reduce(stacked)
        case "max":
            low = np.maximum.reduce(stacked)
        case "mean":
            low = np.add.reduce(stacked) / len(values)
        case _:
            stacked.sort(axis=0)
            middle = len(values) // 2
            low = stacked[middle] if len(values) % 2 else (stacked[middle - 1] + stacked[middle]) / 2
    return low


def _settled(low: Floats, high: Floats, uncertain: Flags | None) -> Column:
    """What is no number, or beyond every number, lies anywhere."""
    if low is high:
        finite = np.isfinite(low)
        if bool(finite.all()):
            return Column(low, low, uncertain)
    else:
        finite = (low < np.inf) & (high > -np.inf)  # False for NaN too
    return Column(np.where(finite, low, -np.inf), np.where(finite, high, np.inf), uncertain)


def _either(left: Flags | None, right: Flags | None) -> Flags | None:
    if left is None or right is None:
        return right if left is None else left
    return left | right


_OPERATION: Final = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}
_ORDER: Final = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
