"""The catalogue of rule kinds, and a rule set: every rule as arrays, grouped by kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.columns.tags import Tag
from rules.joint import Joints
from rules.kinds import (
    agreement,
    balance,
    comparisons,
    counts,
    early_signs,
    expressions,
    forecast,
    gas,
    interlocks,
    movement,
    rates,
    setpoints,
    signals,
)
from rules.kinds.bypasses import Bypassed, BypassedKind
from rules.kinds.limits import Limit, LimitKind, LimitKindOf
from rules.kinds.states import DiscreteState, DiscreteStateKind
from rules.kinds.updates import BadQuality, BadQualityKind, NoUpdate, NoUpdateKind
from rules.points import Points
from rules.port import Delays, Group, Kind, Rule
from rules.whole import WholeInputs

__all__ = [
    "KINDS", "BadQuality", "Bypassed", "Delays", "DiscreteState", "Limit", "LimitKind", "NoUpdate", "Rule", "RuleSet",
]  # fmt: skip

KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {
    Limit: LimitKindOf(),
    DiscreteState: DiscreteStateKind(),
    NoUpdate: NoUpdateKind(),
    BadQuality: BadQualityKind(),
    Bypassed: BypassedKind(),
    **rates.KINDS,
    **setpoints.KINDS,
    **comparisons.KINDS,
    **counts.KINDS,
    **signals.KINDS,
    **movement.KINDS,
    **forecast.KINDS,
    **balance.KINDS,
    **agreement.KINDS,
    **early_signs.KINDS,
    **gas.KINDS,
    **interlocks.KINDS,
    **expressions.KINDS,
}
"""Every kind by the dataclass of its rules; groups are judged in this order."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuleSet:
    """Every rule of a plant, compiled; parallel columns of length n in the order given."""

    rules: tuple[Rule, ...]
    ids: tuple[str, ...]
    tag_ids: tuple[str, ...]
    """Of the TagTable it was compiled for: rows mean these."""
    tags: tuple[Tag, ...]
    groups: tuple[tuple[type[Rule], Group], ...]
    """The kinds that occur, in the order of KINDS."""
    on_delay_ns: npt.NDArray[np.int64]
    off_delay_ns: npt.NDArray[np.int64]
    spans: tuple[slice | npt.NDArray[np.intp], ...]
    """Where the rules of each group stand: a slice where they stand together."""
    points: Points
    """The groups of one tag each, by the row of their tag."""
    joints: Joints
    """The groups of rules over several tags that have bands."""
    whole: WholeInputs
    """All other groups with what they read: judged whole, when anything of it changed."""
    group_of: npt.NDArray[np.int32]
    """Index in `groups` of each rule."""
    place_of: npt.NDArray[np.int32]
    """Place in its group of each rule."""
    input_rule: npt.NDArray[np.intp]
    """With `input_row`: one pair for every tag that a rule reads."""
    input_row: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ids)
