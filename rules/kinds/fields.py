"""One field of very many rules as a column: no list of numbers stands beside it."""

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.port import Rule

S = TypeVar("S", bound=np.generic)


def positions(placed: Sequence[tuple[int, Rule]]) -> npt.NDArray[np.intp]:
    """Of pairs (position, rule), read-only (m)."""
    return _owned(np.fromiter((position for position, _ in placed), np.intp, len(placed)))


def field(rules: Sequence[Rule], name: str, dtype: type[S], of: Callable[[Any], Any] | None = None) -> npt.NDArray[S]:
    """The field `name` (dots go deeper) of every rule, or what `of` makes of it, read-only (m)."""
    said: Iterable[Any] = map(attrgetter(name), rules)
    return _owned(np.fromiter(said if of is None else map(of, said), dtype, len(rules)))


def tag_rows(rules: Sequence[Rule], table: TagTable) -> npt.NDArray[np.int32]:
    """Row of the field `tag` of every rule, -1 where the table has no such tag, read-only (m)."""
    rows = map(table.row_of.get, map(attrgetter("tag"), rules), repeat(-1))
    return _owned(np.fromiter(rows, np.int32, len(rules)))


def beside(*columns: npt.NDArray[S]) -> npt.NDArray[S]:
    """Columns of length m side by side, read-only (m, how many)."""
    made = np.empty((columns[0].size, len(columns)), columns[0].dtype)
    for at, one in enumerate(columns):
        made[:, at] = one
    return _owned(made)


def _owned(made: npt.NDArray[S]) -> npt.NDArray[S]:
    made.flags.writeable = False
    return made
