"""A driver that lives on a link, and a sink that waits for its values."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from drivers.link import LinkState
from drivers.opcua.driver import OpcUaDriver, open_driver
from drivers.poll import poll
from drivers.port import Clock
from tests.drivers.opcua.driving import CLOCK
from tests.drivers.opcua.plant import Tag, eventually, tags
from tests.drivers.polling import Heard

SOON: dict[str, Any] = {"request_timeout_s": 1.0, "connect_timeout_s": 3.0}


def driver_for(
    endpoint: str, addresses: list[Tag] | None = None, *, clock: Clock = CLOCK, **settings: Any
) -> OpcUaDriver:
    keys = {"endpoint": endpoint, **SOON, **settings}
    driver = open_driver("PLC-1", keys, tags(["a"]) if addresses is None else addresses, clock)
    assert isinstance(driver, OpcUaDriver)
    return driver


class Seen(Heard):
    """A sink that keeps everything and can wait for a value."""

    @property
    def state(self) -> LinkState:
        return self.links[-1].state

    async def value(self, wanted: float, within_s: float = 20.0) -> None:
        count = len(self.batches)
        await eventually(
            lambda: any(batch.value.tolist() == [wanted] for batch in self.batches[count:]), within_s=within_s
        )


@asynccontextmanager
async def polled(factory: Callable[[], OpcUaDriver]) -> AsyncIterator[Seen]:
    seen = Seen()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(poll("PLC-1", factory, seen, CLOCK, jitter=lambda: 0.0))
        try:
            yield seen
        finally:
            task.cancel()
