"""The register of interlocks as `interlocks.toml` describes them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BypassBit:
    """One bypass switch: the interlock input `tag` is bypassed when it reads `bypassed_when` (polarity is stated)."""

    tag: str
    bypassed_when: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interlock:
    """One safety instrumented function (SIF) with its causes, effects and bypass bits."""

    id: str
    name_zh: str
    name_en: str
    hazard_source: str
    process_unit: str
    interlock_class: str
    sil: int | None
    causes: tuple[str, ...]
    """Tags whose trip state starts the action."""
    effects: tuple[str, ...]
    """Tags that show the action (valve closed, pump stopped)."""
    bypass_bits: tuple[BypassBit, ...]
    trip_tag: str | None = None
    """The tag that says the interlock has tripped."""
    trip_point: float | None = None
    trip_eu: str = ""
