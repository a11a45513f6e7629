"""What an engineer asks of one OPC UA device on the command line; prints, returns the exit code."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import cast

from drivers.errors import DriverError
from drivers.opcua.driver import open_driver
from drivers.opcua.plan import chunks
from drivers.opcua.plan import plan as scan_classes_of
from drivers.opcua.settings import read_settings
from drivers.port import Address, Clock
from rules.columns.quality import Quality


def plan(settings: Mapping[str, object], addresses: Sequence[Address]) -> int:
    """Print what would be read together and how often.

    :raises MisconfiguredError: the settings have mistakes.
    :raises ValueError: an address is no node.
    """
    size = read_settings(settings).max_nodes_per_read
    for scan_class in scan_classes_of(addresses):
        requests = len(list(chunks(len(scan_class.nodes), size)))
        print(f"every {scan_class.period_ns / 1e9:g} s: {len(scan_class.nodes)} nodes in {requests} requests")
    return 0


async def read(device_id: str, settings: Mapping[str, object], addresses: Sequence[Address], clock: Clock) -> int:
    """Read every address once and print it; 0 when all are good, 1 otherwise."""
    name_of = {address.row: f"{address.tag}  {address.address}" for address in addresses}
    waiting = set(name_of)
    all_good = True
    try:
        async with open_driver(device_id, settings, addresses, clock) as driver:
            if not waiting:
                return 0
            async with aclosing(driver.batches()) as batches:  # type: ignore[type-var]
                async for batch in batches:
                    columns = zip(batch.row.tolist(), batch.value, batch.quality, batch.status, strict=True)
                    for row, value, quality, status in columns:
                        if row in waiting:
                            text = dict(batch.texts).get(row, f"{value:g}")
                            print(f"{name_of[row]}  {text}  {Quality(quality).name}  0x{status:08X}")
                            all_good &= quality == Quality.GOOD
                    waiting -= set(cast(list[int], batch.row.tolist()))
                    if not waiting:
                        break
    except DriverError as error:
        print(f"{device_id}: {error}")
        return 1
    return 0 if all_good else 1
