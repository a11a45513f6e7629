"""The process dies with its scanner: a thread of its own, because a stuck event loop cannot watch itself."""

import logging
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from monitor.clock import SystemClock

LOG = logging.getLogger(__name__)

LIMIT_NS: Final = 10_000_000_000
"""Design 2: over 10 s without a committed scan the process exits; its supervisor starts it again."""
EXIT_SCANNER_STUCK: Final = 75
LOOK_EVERY_S: Final = 0.5


class Watchdog:
    """Ends the process when `last_scan_mono_ns()` grows older than the limit while the context is open."""

    def __init__(
        self,
        last_scan_mono_ns: Callable[[], int],
        clock: SystemClock,
        limit_ns: int = LIMIT_NS,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._last_scan_mono_ns = last_scan_mono_ns
        self._clock = clock
        self._limit_ns = limit_ns
        self._end = end
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_EVERY_S):
            age_ns = self._clock.mono_ns() - self._last_scan_mono_ns()
            if age_ns > self._limit_ns:
                LOG.critical("no committed scan for %.1f s: the process ends", age_ns / 1e9)
                self._end(EXIT_SCANNER_STUCK)
                return
