"""Who waits for time to pass on a line, and not a moment longer than its connection lives."""

import asyncio


class Rests:
    """The waits of one line; its times are those of the loop's clock."""

    __slots__ = ("_loop", "_waiting")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.Future[None]] = set()

    async def rest(self, seconds: float) -> None:
        """Wait for so long, or until `end`."""
        waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, _wake, waiter)
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiting.discard(waiter)

    def end(self) -> None:
        """Wake all who wait."""
        for waiter in self._waiting:
            _wake(waiter)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
