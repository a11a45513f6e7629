"""What counts as a flood, as chattering, as stale, and what is a good figure (ISA-18.2, IEC 62682, EEMUA 191)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

S: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodLimits:
    """A flood begins above `begin_above` new annunciations inside the window and ends below `end_below`."""

    window_ns: int = 600 * S
    begin_above: int = 10
    end_below: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceLimits:
    """From when on an alarm is chattering, fleeting or stale."""

    chattering_count: int = 3
    chattering_within_ns: int = 60 * S
    fleeting_within_ns: int = 10 * S
    fleeting_alone_ns: int = 60 * S
    """A fleeting alarm has no other annunciation of the same alarm this close; else it chatters."""
    stale_after_ns: int = 24 * 3600 * S


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Up to where a figure is very likely acceptable, and up to where it can be managed at most."""

    acceptable: float
    manageable: float
    source: str
    certainty: Literal["found", "configured"]


_STANDARD: Final = "ISA-18.2 / IEC 62682"
TARGETS: Final[Mapping[str, Target]] = {
    name: Target(acceptable=acceptable, manageable=manageable, source=_STANDARD, certainty="found")
    for name, acceptable, manageable in (
        ("per_hour", 6.0, 12.0),
        ("per_10_min", 1.0, 2.0),
        ("peak_10_min", 10.0, 10.0),
        ("intervals_over_10_percent", 1.0, 1.0),
        ("flood_percent", 1.0, 1.0),
        ("top_10_percent", 5.0, 5.0),
        ("chattering", 0.0, 0.0),
        ("fleeting", 0.0, 0.0),
        ("stale", 4.0, 4.0),
    )
}
"""Defaults: only targets whose text was found; what is merely known (per day, hours above 30) a plant may configure."""
UNITS: Final[Mapping[str, str]] = {
    "per_day": "1/d",
    "per_hour": "1/h",
    "per_10_min": "1/10min",
    "peak_10_min": "1",
    "intervals_over_10_percent": "%",
    "hours_over_30_percent": "%",
    "flood_percent": "%",
    "top_10_percent": "%",
    "chattering": "1",
    "fleeting": "1",
    "stale": "1",
    "priority_1_percent": "%",
    "acknowledge_p90_s": "s",
}
"""Every figure that can be judged, with its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """`[alarm_performance]` of `plant.toml`."""

    flood: FloodLimits = field(default_factory=FloodLimits)
    nuisance: NuisanceLimits = field(default_factory=NuisanceLimits)
    targets: Mapping[str, Target] = field(default_factory=lambda: dict(TARGETS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """At which operator positions an alarm is heard; one that is not listed is heard at all of them."""

    positions: tuple[str, ...] = ("all",)
    heard_at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, alarm_id: str) -> tuple[int, ...]:
        """Places in `positions` of those that hear this alarm."""
        heard = self.heard_at.get(alarm_id, self.positions)
        return tuple(place for place, position in enumerate(self.positions) if position in heard)
