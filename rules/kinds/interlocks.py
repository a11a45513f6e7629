"""What an interlock does: cause without effect, effect without cause, drift of its trip point."""

from collections.abc import Mapping
from typing import Any, Final

from rules.kinds.demands import Cause, Effect, Sense
from rules.kinds.failed_trips import FailedToTrip, FailedToTripKind
from rules.kinds.spurious_trips import SpuriousTrip, SpuriousTripKind
from rules.kinds.trip_points import TripPointDrift, TripPointDriftKind
from rules.port import Kind, Rule

__all__ = ["KINDS", "Cause", "Effect", "FailedToTrip", "Sense", "SpuriousTrip", "TripPointDrift"]

KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {
    FailedToTrip: FailedToTripKind(),
    SpuriousTrip: SpuriousTripKind(),
    TripPointDrift: TripPointDriftKind(),
}
