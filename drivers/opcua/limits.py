"""What a server says it can take in one request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from asyncua.ua.object_ids import ObjectIds

_UNSTATED: Final = 1000
"""Where a server states no limit of its own: what an S7-1500 takes, among the smallest of those that matter."""

NODES: Final = (
    ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
    ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRegisterNodes,
    ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
    ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse,
)
"""Where a server states its limits, in the order of `lower`."""


@dataclass(slots=True, kw_only=True)
class OperationLimits:
    """How much goes into one request; what a server complains of is halved."""

    nodes_per_read: int
    nodes_per_register: int = _UNSTATED
    monitored_items: int = _UNSTATED
    nodes_per_browse: int = _UNSTATED

    def lower(self, stated: Sequence[object]) -> None:
        """Take the limits that a server states (values of NODES); 0 or nothing means that it states none."""
        read, register, monitor, browse = (most if isinstance(most, int) and most > 0 else None for most in stated)
        self.nodes_per_read = min(self.nodes_per_read, read or self.nodes_per_read)
        self.nodes_per_register = min(self.nodes_per_register, register or self.nodes_per_register)
        self.monitored_items = min(self.monitored_items, monitor or self.monitored_items)
        self.nodes_per_browse = min(self.nodes_per_browse, browse or self.nodes_per_browse)
