"""One task per device, for ever: connect, hand batches over, tell the link, back off, connect again.

Trouble of a device ends here: it becomes a LinkStatus and a wait, never an exception in the service.  Errors of the sink are
our own and go through.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Final, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt

from drivers.backoff import LOST, MISCONFIGURED_S, NOT_YET_ALLOWED, REFUSED
from drivers.errors import DriverError, LinkLostError, MisconfiguredError, NotYetAllowedError, RefusedError
from drivers.link import IS_UP, LinkEvent, LinkState, step
from drivers.port import Clock, Driver, DriverFactory, DriverHealth, LinkStatus, Sink
from drivers.words import Words
from rules.columns.quality import is_usable
from rules.columns.readings import ReadingBatch

ENTER_LIMIT_S: Final = 30.0
"""Drivers bound their own connect; this catches one that does not."""

LEAVE_LIMIT_S: Final = 5.0
REPORT_PERIOD_S: Final = 1.0

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


async def poll(
    device_id: str, factory: DriverFactory, sink: Sink, clock: Clock, jitter: Callable[[], float] = random.random
) -> NoReturn:
    """Poll one device until cancelled; never raises for anything the device or its driver does.

    The link is UP with the first batch, not with the connection: a gateway accepts connections for a dead device.
    """
    link = Link(device_id, sink, clock)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_report(link), name=f"report {device_id}")
        while True:
            link.attempt()
            error = await _attempt(link, factory, sink)
            _end_if_cancelled()
            await asyncio.sleep(_wait_s(error, link.attempts, jitter()))
    raise AssertionError("unreachable: the loop above ends by cancellation only")


class Link:
    """The link to one device as it stands, told to the sink on every change."""

    def __init__(self, device_id: str, sink: Sink, clock: Clock) -> None:
        self._device_id = device_id
        self._sink = sink
        self._clock = clock
        self._state = LinkState.DOWN
        self._since_wall_ns = clock.wall_ns()
        self._told: LinkState | None = None
        self._was_up = False
        self._reconnects = 0
        self._last_error = Words()
        self._batches = 0
        self._readings = 0
        self._overruns_before = 0
        self._health = DriverHealth(overruns=0, round_trip_ms=0.0, impairment=Words())
        self._measured: tuple[int, int] = (clock.mono_ns(), 0)
        self._readings_per_s = 0.0
        self._clock_skew_ns: int | None = None
        self._clock_is_off = False
        self._bad: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.attempts = 0
        """Connection attempts since the link was last up."""

    def attempt(self) -> None:
        """A connection is being tried."""
        self.attempts += 1
        self._happen(LinkEvent.ATTEMPT)

    def arrived(self, batch: ReadingBatch, health: DriverHealth) -> None:
        """The device answered: the link is up, and DEGRADED while the driver names an impairment."""
        self._batches += 1
        self._readings += len(batch)
        self._health = health
        if health.clock_skew_ns is not None:
            self._clock_skew_ns = health.clock_skew_ns  # a lost link does not set the device's clock right
            self._clock_is_off = health.clock_is_off
        if len(batch):
            self._mark(batch)
        self.attempts = 0
        if self._state not in IS_UP:
            self._reconnects += self._was_up
            self._was_up = True
            self._happen(LinkEvent.CONNECTED)
        if health.impairment:
            self._last_error = health.impairment
        self._happen(LinkEvent.IMPAIRED if health.impairment else LinkEvent.RECOVERED)

    def failed(self, error: Exception) -> None:
        """The attempt or the connection ended; the sink knows before anything is torn down."""
        self._overruns_before += self._health.overruns
        self._health = DriverHealth(overruns=0, round_trip_ms=0.0, impairment=Words())
        self._bad[:] = False
        if isinstance(error, DriverError):
            self._last_error = Words(error.zh, str(error)) or Words(type(error).__name__, type(error).__name__)
        else:
            what = f"{type(error).__name__}: {error}"
            self._last_error = Words(f"意外错误 {what}", f"unexpected {what}")
            _log.error("%s: %s", self._device_id, self._last_error, exc_info=error)
        refused = isinstance(error, RefusedError | MisconfiguredError)
        self._happen(LinkEvent.REFUSED if refused else LinkEvent.LOST)

    def report(self) -> None:
        """Hand the counters as they stand to the sink."""
        self._sink.link(
            LinkStatus(
                device=self._device_id,
                state=self._state,
                since_wall_ns=self._since_wall_ns,
                attempts=self.attempts,
                reconnects=self._reconnects,
                last_error=self._last_error.en,
                last_error_zh=self._last_error.zh,
                batches=self._batches,
                readings=self._readings,
                overruns=self._overruns_before + self._health.overruns,
                round_trip_ms=self._health.round_trip_ms,
                bad_points=int(np.count_nonzero(self._bad)),
                clock_skew_ns=self._clock_skew_ns,
                clock_is_off=self._clock_is_off,
                readings_per_s=self._readings_per_s,
                bad_items=self._health.bad_items,
            )
        )

    def measure(self) -> None:
        """Note how many readings a second came since this was called last."""
        now_ns = self._clock.mono_ns()
        since_ns, readings = self._measured
        if now_ns > since_ns:
            self._readings_per_s = (self._readings - readings) * 1e9 / (now_ns - since_ns)
            self._measured = (now_ns, self._readings)

    def _happen(self, event: LinkEvent) -> None:
        after = step(self._state, event)
        if after is self._state:
            return
        self._state = after
        self._since_wall_ns = self._clock.wall_ns()
        self._say()
        self.report()

    def _say(self) -> None:
        """Log what changed for a person, once: not every attempt of a device that stays away."""
        if self._state is LinkState.CONNECTING or self._state is self._told:
            return
        if self._state in IS_UP and self._told in IS_UP and self._told is LinkState.DEGRADED:
            return  # a link that wavers between the two has been told of
        self._told = self._state
        level = logging.INFO if self._state is LinkState.UP else logging.WARNING
        reason = f": {self._last_error}" if self._last_error and self._state is not LinkState.UP else ""
        _log.log(level, "%s: link %s%s", self._device_id, self._state.value, reason)

    def _mark(self, batch: ReadingBatch) -> None:
        """Remember which rows came without a usable value."""
        length = int(batch.row.max()) + 1
        if length > len(self._bad):
            self._bad = np.concatenate([self._bad, np.zeros(length - len(self._bad), np.bool_)])
        self._bad[batch.row] = ~is_usable(batch.quality)


async def _attempt(link: Link, factory: DriverFactory, sink: Sink) -> Exception:
    """One connection from its first byte to its end; returns why it ended."""
    driver = await _tried(_enter(factory))
    if isinstance(driver, Exception):
        link.failed(driver)
        return driver
    batches: AsyncIterator[ReadingBatch] | None = None
    try:
        batches = driver.batches()
        while True:
            _end_if_cancelled()
            batch = await _tried(_next(batches, driver))
            if isinstance(batch, Exception):
                link.failed(batch)
                return batch
            link.arrived(*batch)
            sink.put(batch[0])
    finally:
        left = await _tried(_leave(driver, batches))
        if isinstance(left, Exception):
            _log.warning("teardown of a driver failed: %s: %s", type(left).__name__, left)


def _end_if_cancelled() -> None:
    """End as asked, although what was awaited took the cancellation for itself.

    `asyncio.wait_for` of Python 3.11, which asyncua connects with, gives the answer or the error of what it waits for when that
    comes with the cancellation; polled on, the device would keep the whole service from stopping.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _tried(action: Awaitable[_T]) -> _T | Exception:
    """The boundary: whatever a driver raises is the trouble of its device and becomes a value here."""
    try:
        return await action
    except Exception as error:  # noqa: BLE001 - becomes the DOWN state and its last_error, or a log line at teardown
        return error


async def _enter(factory: DriverFactory) -> Driver:
    driver = factory()
    try:
        async with asyncio.timeout(ENTER_LIMIT_S):
            return await driver.__aenter__()
    except TimeoutError as error:
        zh = f"{ENTER_LIMIT_S:g} s 内未能连接"
        raise LinkLostError(f"no connection within {ENTER_LIMIT_S:g} s", zh) from error


async def _next(batches: AsyncIterator[ReadingBatch], driver: Driver) -> tuple[ReadingBatch, DriverHealth]:
    try:
        batch = await anext(batches)
    except StopAsyncIteration as error:
        raise LinkLostError("the driver stopped without saying why", "驱动程序无故停止") from error
    return batch, driver.health()


async def _leave(driver: Driver, batches: AsyncIterator[ReadingBatch] | None) -> None:
    async with asyncio.timeout(LEAVE_LIMIT_S):
        try:
            if isinstance(batches, AsyncGenerator):
                await batches.aclose()
        finally:
            await driver.__aexit__(None, None, None)


async def _report(link: Link) -> NoReturn:
    while True:
        await asyncio.sleep(REPORT_PERIOD_S)
        link.measure()
        link.report()


def _wait_s(error: Exception, attempts: int, jitter: float) -> float:
    """Seconds before the next attempt, by what ended the last."""
    failures = max(1, attempts)
    if isinstance(error, MisconfiguredError):
        return MISCONFIGURED_S
    if isinstance(error, NotYetAllowedError):
        return NOT_YET_ALLOWED.wait_s(failures, jitter)
    if isinstance(error, RefusedError):
        return REFUSED.wait_s(failures, jitter)
    return LOST.wait_s(failures, jitter)
