"""Rule kinds as frozen definitions, and the arrays that `compile` turns them into (`alarms.csv`, `interlocks.toml`)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

LimitKind = Literal["HH", "H", "L", "LL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """On-delay counts while TRUE, off-delay while FALSE (design: three-valued logic)."""

    on_delay_ns: int = 0
    off_delay_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Value beyond a set-point; the dead band acts on return only.  HH, H: value >= set-point; L, LL: value <= it."""

    id: str
    tag: str
    kind: LimitKind
    set_point: float
    dead_band: float = 0.0
    delays: Delays = Delays()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscreteState:
    """A discrete tag stands in the state that is abnormal."""

    id: str
    tag: str
    abnormal_state: int
    delays: Delays = Delays()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoUpdate:
    """Nothing was read successfully for longer than `after_ns`, by mono time."""

    id: str
    tag: str
    after_ns: int
    delays: Delays = Delays()


@dataclass(frozen=True, slots=True, kw_only=True)
class BadQuality:
    """The device answers, but says that the value is BAD."""

    id: str
    tag: str
    delays: Delays = Delays()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypassed:
    """Any bypass bit of an interlock stands in its bypassed state (or of m inputs: one TRUE wins, Kleene or)."""

    id: str
    bits: tuple[tuple[str, int], ...]
    """(tag, the state that means bypassed) for each bypass bit."""
    delays: Delays = Delays()


Rule = Limit | DiscreteState | NoUpdate | BadQuality | Bypassed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LimitColumns:
    """All Limit rules; L and LL are mirrored by `sign`, so that beyond always means sign * value >= threshold."""

    position: npt.NDArray[np.intp]
    """Of each rule in the rule set."""
    row: npt.NDArray[np.int32]
    sign: npt.NDArray[np.float64]
    """+1 for H and HH, -1 for L and LL."""
    threshold: npt.NDArray[np.float64]
    """sign * set-point."""
    return_threshold: npt.NDArray[np.float64]
    """threshold - dead band: what an active alarm must fall below to return."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateColumns:
    """All DiscreteState rules."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    abnormal_state: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoUpdateColumns:
    """All NoUpdate rules."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    after_ns: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BadQualityColumns:
    """All BadQuality rules."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BypassedColumns:
    """All Bypassed rules; their bits stand one after the other, those of rule i from `first_bit[i]` on."""

    position: npt.NDArray[np.intp]
    first_bit: npt.NDArray[np.intp]
    bit_row: npt.NDArray[np.int32]
    bit_state: npt.NDArray[np.float64]
    """The value that means bypassed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuleSet:
    """Every rule as parallel arrays of length n in the order given, and one group of columns for each kind."""

    ids: tuple[str, ...]
    tag_ids: tuple[str, ...]
    """Of the TagTable it was compiled for: rows mean these."""
    row: npt.NDArray[np.int32]
    """The tag each rule judges (a Bypassed rule: its first bit)."""
    limit: npt.NDArray[np.float64]
    """Set-point, abnormal or bypassed state; NaN where there is none."""
    on_delay_ns: npt.NDArray[np.int64]
    off_delay_ns: npt.NDArray[np.int64]
    input_rule: npt.NDArray[np.intp]
    """With `input_row`: one pair for every tag that a rule reads."""
    input_row: npt.NDArray[np.int32]
    limits: LimitColumns
    states: StateColumns
    no_updates: NoUpdateColumns
    bad_qualities: BadQualityColumns
    bypasses: BypassedColumns

    def __len__(self) -> int:
        return len(self.ids)
