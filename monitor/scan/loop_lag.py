"""How late the event loop runs what is due: measured all the time, because everything shares this one loop."""

import asyncio
from typing import Final, NoReturn

from monitor.clock import Clock
from monitor.scan.durations import Durations

PROBE_S: Final = 0.01


async def measure_loop_lag(lag: Durations, clock: Clock, probe_s: float = PROBE_S) -> NoReturn:
    """Sleep `probe_s` for ever and keep by how much each sleep overran.

    The clock is ours and not `loop.time()`, which uvloop rounds to a millisecond; what its timers round stays in the figure.
    """
    probe_ns = round(probe_s * 1e9)
    while True:
        begun_ns = clock.mono_ns()
        await asyncio.sleep(probe_s)
        ended_ns = clock.mono_ns()
        lag.add(ended_ns, max(0, ended_ns - begun_ns - probe_ns))
