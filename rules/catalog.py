"""Rule kinds as frozen definitions.  `alarms.csv` and `interlocks.toml` become these; `compile` turns them into arrays."""

from dataclasses import dataclass
from typing import Literal

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
