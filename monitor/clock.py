"""The only reader of time.  Everything else is told `mono_ns` (never steps) and `wall_ns` (may step)."""

import asyncio
import time


class SystemClock:
    """The machine's two clocks, in integer nanoseconds."""

    def mono_ns(self) -> int:
        """Monotonic time: for delays, staleness, ladders."""
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """Unix time, UTC: for what people and the journal read."""
        return time.time_ns()

    async def sleep_until(self, mono_ns: int) -> None:
        """Sleep until the monotonic moment; return at once when it has passed."""
        await asyncio.sleep(max(0, mono_ns - time.monotonic_ns()) / 1e9)
