"""Stuck while it must move, moving while it must not, and losing what it holds."""

from collections.abc import Mapping
from typing import Any, Final

from rules.kinds.leaks import Leak, LeakKind
from rules.kinds.stuck import Stuck, StuckKind
from rules.kinds.unplanned import UnplannedMovement, UnplannedMovementKind
from rules.port import Kind, Rule

__all__ = ["KINDS", "Leak", "Stuck", "UnplannedMovement"]

KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {
    Stuck: StuckKind(),
    UnplannedMovement: UnplannedMovementKind(),
    Leak: LeakKind(),
}
