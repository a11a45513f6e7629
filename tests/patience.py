"""Waiting until something is so: the machine is shared, and a moment that is looked at once proves nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

PATIENCE_S: Final = 60.0
"""For a hopeless case only; a limit that a test is about is given."""


async def eventually(condition: Callable[[], Awaitable[object] | object], within_s: float = PATIENCE_S) -> None:
    """Look again and again until something is true.

    :raises TimeoutError: it never was.
    """
    async with asyncio.timeout(within_s):
        while True:
            answer = condition()
            if (await answer) if isinstance(answer, Awaitable) else answer:
                return
            await asyncio.sleep(0.01)
