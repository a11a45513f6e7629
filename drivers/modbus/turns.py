"""Whose turn it is on a line: one request of each chain, then the next round.  Futures only, no I/O."""

import asyncio
from collections import deque

from drivers.errors import DriverError
from drivers.modbus.chain import Chain

Asking = Chain[asyncio.Future[bool]]
"""Its waiter becomes True when the chain is over, False when it must be lined up again over a new connection."""


class Turns:
    """All chains of a line, and those among them that have something to ask."""

    __slots__ = ("_chains", "_ready", "_served")

    def __init__(self) -> None:
        self._chains: set[Asking] = set()
        self._ready: deque[Asking] = deque()
        self._served: Asking | None = None

    def __bool__(self) -> bool:
        return bool(self._ready)

    def line_up(self, chain: Asking) -> None:
        """A chain has something to ask."""
        self._chains.add(chain)
        if chain not in self._ready:
            self._ready.append(chain)

    def leave(self, chain: Asking) -> None:
        """Nobody waits for the chain any more."""
        self._chains.discard(chain)

    def whose(self) -> Asking | None:
        """The chain that has waited longest; None when nobody has anything to ask."""
        ready = self._ready
        if len(ready) > 1 and ready[0] is self._served:
            ready.rotate(-1)
        while ready:
            if not ready[0].waiter.done():
                return ready[0]
            ready.popleft()
        return None

    def served(self, chain: Asking) -> None:
        """The chain had its turn."""
        self._served = chain

    def step_back(self) -> None:
        """Whose turn it was has nothing to ask at the moment."""
        self._ready.popleft()

    def interrupt(self) -> None:
        """Every chain must be lined up again."""
        self._ready.clear()
        for chain in self._chains:
            if not chain.waiter.done():
                chain.waiter.set_result(False)

    def fail(self, error: DriverError) -> None:
        """Every chain ends here."""
        self._ready.clear()
        for chain in self._chains:
            if not chain.waiter.done():
                chain.waiter.set_exception(error)
