"""Volumes of a liquid brought to one temperature by its expansion: V20 = V / (1 + beta (T - 20 degC))."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, unknown_tag
from rules.kinds.premises import good_of, tag_of
from rules.port import Moment, column

REFERENCE_C: Final = 20.0
"""Volumes are compared as they would be at this temperature."""
MOST_PER_K: Final = 0.01
"""No liquid expands more."""
NOWHERE: Final = ""
"""In place of a temperature tag: the volume is taken as it was measured."""


def at_reference(
    volume: npt.NDArray[np.float64], expansion_per_k: npt.NDArray[np.float64], degrees_c: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Each volume as it would be at REFERENCE_C; arrays of one shape, or that broadcast."""
    return volume / (1 + expansion_per_k * (degrees_c - REFERENCE_C))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Warmth:
    """How warm n volumes are: columns of length n."""

    row: npt.NDArray[np.int32]
    """The temperature of each; -1 where it is taken as it was measured."""
    expansion: npt.NDArray[np.float64]

    @classmethod
    def of(cls, tags: Sequence[str], expansion_per_k: Sequence[float], table: TagTable) -> Self:
        """Columns of temperature tags, NOWHERE for none."""
        return cls(
            row=column([table.row_of[name] if name != NOWHERE else -1 for name in tags], np.int32),
            expansion=column(expansion_per_k, np.float64),
        )

    def places(self) -> npt.NDArray[np.intp]:
        """Of the volumes that have a temperature."""
        return np.flatnonzero(self.row >= 0)

    def good(self, moment: Moment) -> npt.NDArray[np.bool_]:
        """Which can be brought to the reference now, or need not be."""
        return (self.row < 0) | good_of(moment, self.row)

    def at_reference(self, moment: Moment, volume: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Each volume (n) at REFERENCE_C; as it is where its temperature is unread or has none."""
        known = (self.row >= 0) & good_of(moment, self.row)
        return at_reference(volume, self.expansion, np.where(known, moment.value[self.row], REFERENCE_C))


def temperature_errors(
    rule_id: str, names: Sequence[tuple[str, str]], expansion_per_k: float, table: TagTable
) -> Iterator[RuleError]:
    """(field, tag) that are unknown, discrete or not in °C; an expansion that cannot be, or that nothing needs."""
    for field, name in names:
        if name not in table.row_of:
            yield unknown_tag(rule_id, field, name)
        elif tag_of(table, name).discrete:
            yield needs_analog(rule_id, field, name)
        elif tag_of(table, name).eu != "°C":
            unit = tag_of(table, name).eu
            zh, en = f"单位应为 °C；{name} 为 {unit or '无'}", f"must be in °C; {name} is in {unit or 'no unit'}"
            yield RuleError(rule_id, field, zh, en)
    if not (math.isfinite(expansion_per_k) and 0 <= expansion_per_k < MOST_PER_K):
        zh = f"{expansion_per_k:g} 不是液体的膨胀系数，应为 0 到 {MOST_PER_K:g} 1/K"
        en = f"{expansion_per_k:g} is no expansion of a liquid, 0 to {MOST_PER_K:g} 1/K"
        yield RuleError(rule_id, "expansion_per_k", zh, en)
    elif names and expansion_per_k == 0:
        zh, en = "有液体膨胀系数时温度才有用", "a temperature is of use only with the expansion of the liquid"
        yield RuleError(rule_id, "expansion_per_k", zh, en)
