"""The nodes of one scan class as one session asks for them."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from asyncua import ua

from drivers.opcua.decoder import Decoder
from drivers.opcua.requests import EncodedRead
from drivers.port import Clock

_CODE_BITS: Final = 0xFFFF0000
_UNKNOWN_HANDLE: Final = np.array([0x80330000, 0x80340000], np.uint32)
"""BadNodeIdInvalid and BadNodeIdUnknown: what a server says of a handle that it has forgotten."""


class Question(NamedTuple):
    """One request of a prepared read, and how its answers were laid out."""

    request: EncodedRead
    decoder: Decoder


@dataclass(frozen=True, slots=True, eq=False)
class PreparedRead:
    """Nodes of one scan class with their NodeIds for this session."""

    count: int
    known: npt.NDArray[np.intp]
    """Which of them the server can have: the namespace is there."""
    wanted: list[ua.ReadValueId]
    """Of the known ones."""
    questions: dict[tuple[int, int], Question] = field(default_factory=dict)
    """By the first of `wanted` that it asks for and the one behind the last."""
    canonical: dict[int, ua.ReadValueId] = field(default_factory=dict)
    """By position in `wanted`: what a node is called beside the handle that the server gave us for this session."""

    @property
    def complete(self) -> bool:
        """Tell whether the server has the namespaces of all nodes."""
        return len(self.wanted) == self.count

    def question(self, begin: int, end: int, clock: Clock, patience_s: float) -> Question:
        """Ask for some of the known nodes, as last time if it was asked before."""
        known = self.questions.get((begin, end))
        if known is None:
            known = Question(EncodedRead(self.wanted[begin:end], clock, patience_s), Decoder(has_handles=False))
            self.questions[begin, end] = known
        return known

    def use_handles(self, begin: int, handles: list[ua.NodeId]) -> None:
        """Ask by the handles that the server gave for the nodes from `begin` on."""
        for position, handle in enumerate(handles, begin):
            named = self.wanted[position]
            if handle != named.NodeId:
                self.canonical[position] = named
                self.wanted[position] = ua.ReadValueId(NodeId=handle, AttributeId=named.AttributeId)
        self.questions.clear()

    def give_up_handles(self, status: npt.NDArray[np.uint32]) -> bool:
        """Call by its name again each node whose handle the server does not know; tell whether there was one."""
        if not self.canonical:
            return False
        refused = np.nonzero(np.isin(status & np.uint32(_CODE_BITS), _UNKNOWN_HANDLE))[0]
        forgotten = [position for position in refused.tolist() if position in self.canonical]
        for position in forgotten:
            self.wanted[position] = self.canonical.pop(position)
        if forgotten:
            self.questions.clear()
        return bool(forgotten)
