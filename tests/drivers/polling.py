"""A driver that plays a script, a sink that keeps what it hears, and the loop between them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from drivers.link import LinkState
from drivers.poll import _wait_s, poll
from drivers.port import BadItem, Driver, DriverHealth, LinkStatus
from drivers.words import Words
from monitor.clock import SystemClock
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin, ReadingBatch

UP, DOWN, CONNECTING = LinkState.UP, LinkState.DOWN, LinkState.CONNECTING
DEADLINE_S = 30.0


@dataclass
class Heard:
    """A sink that keeps everything."""

    batches: list[ReadingBatch] = field(default_factory=list)
    links: list[LinkStatus] = field(default_factory=list)

    def put(self, batch: ReadingBatch) -> None:
        self.batches.append(batch)

    def link(self, status: LinkStatus) -> None:
        self.links.append(status)

    def states(self) -> list[LinkState]:
        """The changes of state, in order."""
        return [
            status.state for n, status in enumerate(self.links) if n == 0 or self.links[n - 1].state is not status.state
        ]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                await asyncio.sleep(0.005)


def batch_of(values: Sequence[float], first_row: int = 0) -> ReadingBatch:
    value = np.array(values, np.float64)
    length = len(values)
    return ReadingBatch(
        device="D",
        received_mono_ns=1,
        received_wall_ns=1,
        origin=Origin.LIVE,
        row=np.arange(first_row, first_row + length, dtype=np.int32),
        value=value,
        quality=np.where(np.isnan(value), Quality.BAD, Quality.GOOD).astype(np.uint8),
        status=np.zeros(length, np.uint32),
        source_time_ns=np.full(length, NO_TIME, np.int64),
    )


@dataclass
class Scripted:
    """A driver that plays its script: batches are yielded, exceptions raised, numbers slept, texts become the impairment."""

    script: Sequence[ReadingBatch | Exception | float | str]
    entering: Exception | None = None
    leaving: Exception | float | None = None
    overruns: int = 0
    left: bool = False
    impairment: str = ""
    clock_skew_ns: int | None = None
    bad_items: tuple[BadItem, ...] = ()

    async def __aenter__(self) -> Self:
        if self.entering is not None:
            raise self.entering
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.left = True
        if isinstance(self.leaving, Exception):
            raise self.leaving
        if self.leaving is not None:
            await asyncio.sleep(self.leaving)

    async def batches(self) -> AsyncIterator[ReadingBatch]:
        for step in self.script:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, ReadingBatch):
                yield step
            elif isinstance(step, str):
                self.impairment = step
            else:
                await asyncio.sleep(step)

    def health(self) -> DriverHealth:
        return DriverHealth(
            overruns=self.overruns,
            round_trip_ms=1.5,
            impairment=Words(self.impairment, self.impairment),
            clock_skew_ns=self.clock_skew_ns,
            bad_items=self.bad_items,
        )


class Waits:
    """Notes how long the back-off would wait, and does not."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def wait_s(self, error: Exception, attempts: int, jitter: float) -> float:
        self.seconds.append(_wait_s(error, attempts, jitter))
        return 0.0


@asynccontextmanager
async def polling(
    factory: Callable[[], Driver], heard: Heard, jitter: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[asyncio.Task[None]]:
    async with asyncio.TaskGroup() as tasks:
        task: asyncio.Task[None] = tasks.create_task(poll("D", factory, heard, SystemClock(), jitter))
        try:
            yield task
        finally:
            task.cancel()


def playing(*drivers: Scripted) -> Callable[[], Driver]:
    """A factory that hands out the drivers in order, then ones that stay silent."""
    waiting = list(drivers)
    return lambda: waiting.pop(0) if waiting else Scripted([3600.0])
