"""Interlocks, permits and protection layers as of one scan: what screens may show."""

from dataclasses import dataclass

from monitor.interlocks.layers import ProtectionState
from monitor.interlocks.permits import Permit
from monitor.interlocks.state import InterlockState


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BarrierView:
    """Frozen after the commit."""

    states: tuple[InterlockState, ...] = ()
    """In register order; the same objects while nothing changes."""
    permits: tuple[Permit, ...] = ()
    """Those that still matter, oldest first."""
    protections: tuple[ProtectionState, ...] = ()
