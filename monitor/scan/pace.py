"""When the next scan is due."""

import asyncio
from collections.abc import Iterable
from typing import Final

from monitor.clock import Clock
from monitor.scan.inbox import Inbox

SHORTEST_NS: Final = 5_000_000
"""At most one scan in this time, on average ..."""
BURST: Final = 4
"""... of which so many may follow each other at once: a batch that comes just after another does not wait for nothing."""
LONGEST_NS: Final = 250_000_000
"""A scan at the latest this long after the last, even if nothing came."""


class Pace:
    """Waits for what there is to do, at most every SHORTEST_NS on average, at the latest after LONGEST_NS."""

    def __init__(self, inbox: Inbox, clock: Clock) -> None:
        self._inbox = inbox
        self._clock = clock
        self._last_start_ns = 0
        self._paced_ns = 0
        """When the next scan would be due if all came SHORTEST_NS apart."""

    async def wait(self, deadlines_ns: Iterable[int | None]) -> None:
        """Until a batch waits or the first of these mono times is due."""
        earliest_ns = self._paced_ns - (BURST - 1) * SHORTEST_NS
        due_ns = self._last_start_ns + LONGEST_NS
        for deadline_ns in deadlines_ns:
            if deadline_ns is not None:
                due_ns = min(due_ns, deadline_ns)
        pause_ns = earliest_ns - self._clock.mono_ns()
        if pause_ns > 0:
            await asyncio.sleep(pause_ns / 1e9)
        left_ns = due_ns - self._clock.mono_ns()
        if left_ns > 0:
            try:
                async with asyncio.timeout(left_ns / 1e9):
                    await self._inbox.wait()
            except TimeoutError:
                pass
        self._last_start_ns = self._clock.mono_ns()
        self._paced_ns = max(self._paced_ns, self._last_start_ns) + SHORTEST_NS
