"""The writer to an outer history, where the plant asks for one."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from monitor.plant.plant import Plant
from monitor.scan.conditions import Facts

if TYPE_CHECKING:
    from monitor.store.influx import InfluxWriter

LOG = logging.getLogger(__name__)


@asynccontextmanager
async def outer_history(plant: Plant, facts: Facts) -> "AsyncIterator[InfluxWriter | None]":
    """The writer to an outer history, where `[history.influx]` asks for one."""
    if not plant.influx:
        yield None
        return
    from monitor.store.influx import influx_target, open_influx  # slow to import, and few plants have it

    try:
        target = await asyncio.to_thread(influx_target, plant.influx)
    except (ValueError, OSError) as error:  # an outer history that is set wrong must not stop the watch
        facts.outward_error = str(error)
        LOG.warning("[history.influx] is not used: %s", error)
        yield None
        return
    async with open_influx(target, plant.id, plant.tags) as writer:
        yield writer
