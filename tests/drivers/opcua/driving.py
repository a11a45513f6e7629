"""What tests do with a driver: take its first batch, run it to its end, look at what it leaves open."""

import contextlib
from typing import Any

import psutil

from drivers.opcua.driver import OpcUaDriver
from rules.columns.readings import ReadingBatch
from tests.drivers.opcua.plant import SystemClock

CLOCK = SystemClock()


async def first(driver: OpcUaDriver) -> ReadingBatch:
    """The first batch of a driver that is entered."""
    async with contextlib.aclosing(driver.batches()) as batches:
        batch: ReadingBatch = await anext(batches)
        return batch


async def until_it_ends(driver: OpcUaDriver) -> list[ReadingBatch]:
    async with contextlib.aclosing(driver.batches()) as stream:
        return [batch async for batch in stream]


def connections(port: int) -> list[Any]:
    """Open TCP connections of this process from or to a port."""
    return [
        each
        for each in psutil.Process().net_connections("tcp")
        if each.raddr and port in (each.laddr.port, each.raddr.port) and each.status == psutil.CONN_ESTABLISHED
    ]


def ours(port: int) -> list[Any]:
    """Open connections to a port, seen from the client's end."""
    return [each for each in connections(port) if each.raddr.port == port]
