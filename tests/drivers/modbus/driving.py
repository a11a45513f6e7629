"""The driver as the tests open it."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

from pymodbus.server import ModbusTcpServer

from drivers.modbus.driver import ModbusDriver, open_driver
from monitor.clock import SystemClock
from rules.columns.readings import ReadingBatch
from tests.drivers.modbus.device import FORMATS, Device, TagAddress
from tests.drivers.modbus.peers import simulated

FAST = 20_000_000


MEDIUM = 100_000_000


SLOW = 3_600_000_000_000


def driver(port: int, tags: Sequence[TagAddress], **settings: object) -> ModbusDriver:
    keys = {"host": "127.0.0.1", "port": port, "timeout_s": 5.0, **settings}
    return open_driver("PLC-2", keys, tags, SystemClock())


async def first(port: int, tags: Sequence[TagAddress], count: int = 1, **settings: object) -> list[ReadingBatch]:
    """The first batches of a connection."""
    batches: list[ReadingBatch] = []
    async with driver(port, tags, **settings) as entered, aclosing(entered.batches()) as arriving:
        async for batch in arriving:
            batches.append(batch)
            if len(batches) == count:
                return batches
    raise AssertionError("the driver ended on its own")


@asynccontextmanager
async def pymodbus_server(device: Device, size: int = 600) -> AsyncIterator[int]:
    """pymodbus's own server with the contents of a device."""
    server = ModbusTcpServer(simulated(device, size), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        yield server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # pymodbus' own type is narrower
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus has no type there


def scattered_tags(randomness: random.Random, count: int) -> list[TagAddress]:
    """Tags of all types and orders over the first 500 addresses of all tables."""
    tags = []
    for row in range(count):
        table = randomness.choice(["co", "di", "hr", "ir"])
        kind = "bool" if table in {"co", "di"} else randomness.choice(["bool", *FORMATS])
        bit = f".{randomness.randrange(16)}" if kind == "bool" and table in {"hr", "ir"} else ""
        order = randomness.choice(["", "ABCD", "CDAB", "BADC", "DCBA"])
        address = f"{table}:{randomness.randrange(500)}{bit}"
        tags.append(TagAddress(tag=f"T{row}", row=row, address=address, type=kind, word_order=order))
    return tags
