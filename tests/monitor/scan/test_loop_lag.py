"""The probe against a loop that is blocked on purpose, and the scan's own measurements."""

import asyncio
import time

from monitor.clock import SystemClock
from monitor.scan.diagnostics import Diagnostics
from monitor.scan.durations import Durations
from monitor.scan.loop_lag import measure_loop_lag

BLOCKED_S = 0.15
NS = 1_000_000_000


async def test_a_blocked_loop_shows_as_lag() -> None:
    clock = SystemClock()
    lag = Durations()
    async with asyncio.TaskGroup() as tasks:
        probe = tasks.create_task(measure_loop_lag(lag, clock, 0.01))
        await asyncio.sleep(0.05)
        before = lag.spread(clock.mono_ns())
        time.sleep(BLOCKED_S)  # a test module is not ours to the guard: this is the defect that must show
        await asyncio.sleep(0.05)
        probe.cancel()
    after = lag.spread(clock.mono_ns())
    assert before.count >= 1
    assert after.count > before.count
    # the sleep that was due while the loop stood still: all but what it had left to sleep
    assert after.max_ms >= (BLOCKED_S - 0.011) * 1e3


async def test_a_free_loop_is_measured_all_the_time() -> None:
    clock = SystemClock()
    lag = Durations()
    async with asyncio.TaskGroup() as tasks:
        probe = tasks.create_task(measure_loop_lag(lag, clock, 0.001))
        while lag.spread(clock.mono_ns()).count < 20:
            await asyncio.sleep(0.005)
        probe.cancel()
    spread = lag.spread(clock.mono_ns())
    assert 0.0 <= spread.p50_ms <= spread.p99_ms <= spread.max_ms


class _Clock:
    def mono_ns(self) -> int:
        return 10_000_000_000

    def wall_ns(self) -> int:
        return 0


def test_each_measurement_is_told_by_its_own_name() -> None:
    measured = Diagnostics(_Clock())
    for number, durations in enumerate((measured.lag, measured.scans, measured.intervals), start=1):
        durations.add(9_000_000_000, number * 1_000_000)
    told = (measured.loop_lag(NS), measured.scan_duration(2 * NS), measured.scan_interval(60 * NS))
    assert [spread.max_ms for spread in told] == [0.0, 2.0, 3.0]
    assert [spread.count for spread in told] == [0, 1, 1]
