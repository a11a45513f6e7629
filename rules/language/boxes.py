"""How far all readings of conditions may move at once without changing one: tried with intervals instead of readings."""

from typing import Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import is_usable
from rules.language import numbers
from rules.language.numbers import UNKNOWN_RANK, Column, Floats, Ranks
from rules.language.remembered import Remembered
from rules.language.shapes import Shape, Sweep
from rules.language.tree import Arithmetic, Lasting, Reading, Truth, walk
from rules.port import Moment

SHARES: Final = np.array([[0.5], [0.125], [2.0**-5], [2.0**-7], [2.0**-9]])
"""Of the range of each tag: how far it may move to either side; the first at which nothing changes is taken."""
_MARGIN: Final = 1.0 - 1e-6
"""What is given is this much less than what was tried: sums of several numbers round differently side by side."""
_LARGEST: Final = 1e150
"""Readings beyond have no band: with smaller ones sums do not overflow."""


def settled_within(shape: Shape, moment: Moment, span: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The share of its range (`span`, by row) that every reading of each condition may move by; 0 where it is not known.

    Interval arithmetic is sound: where intervals make a condition TRUE (or FALSE), all numbers in them do.
    """
    count = shape.rows.shape[1]
    if not _stands_still(shape.truth):
        return np.zeros(count)
    ranks = np.broadcast_to(_Box(shape, moment, span).truth(shape.truth), (SHARES.size, count))
    known = ranks != UNKNOWN_RANK
    share: npt.NDArray[np.float64] = np.where(known.any(axis=0), SHARES[known.argmax(axis=0), 0] * _MARGIN, 0.0)
    value, quality = moment.value.take(shape.rows), moment.quality.take(shape.rows)
    far = is_usable(quality) & (np.abs(value) > _LARGEST)
    return np.where(far.any(axis=0), 0.0, share)


def _stands_still(truth: Truth) -> bool:
    """Neither time nor an earlier reading matters, and nothing is multiplied, so that no result is beyond all numbers."""
    return not any(
        isinstance(node, Lasting)
        or (isinstance(node, Reading) and node.previous)
        or (isinstance(node, Arithmetic) and node.operator in "*/")
        for node in walk(truth)
    )


class _Box(Sweep):
    """One judgement with every reading somewhere around what was read, for each of SHARES."""

    def __init__(self, shape: Shape, moment: Moment, span: npt.NDArray[np.float64]) -> None:
        super().__init__(shape, moment, Remembered({}, moment), None)
        self._span = span.take(shape.rows)

    def measured(self, leaf: int, value: Floats, quality: Ranks, discrete: bool) -> Column:
        """Between two bounds; a state stays what it is."""
        exact = numbers.measured(value, quality, discrete)
        if discrete:
            return exact
        width = SHARES * self._span[leaf]
        return Column(exact.low - width, exact.high + width, exact.uncertain)
