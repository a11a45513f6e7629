"""The only reader of time.  Everything else is told `mono_ns` (never steps) and `wall_ns` (may step)."""

import asyncio
import time
from pathlib import Path
from typing import Final, Protocol

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
"""Of Linux; other systems do not say it."""


class Clock(Protocol):
    """The two clocks, as those see them who are told the time and never ask the machine."""

    def mono_ns(self) -> int:
        """Monotonic nanoseconds: never steps."""
        ...

    def wall_ns(self) -> int:
        """Unix nanoseconds, UTC: may step."""
        ...


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


def boot_id() -> str:
    """By what this start of the machine is known: where it is the same, monotonic times of two processes compare.

    Empty where the system does not say it.
    """
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
