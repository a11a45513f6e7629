"""`redline read`: every tag of a plant once, through the drivers that the service uses; the proof before commissioning."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from drivers import registry
from drivers.errors import DriverError
from drivers.port import Driver
from drivers.words import Words
from monitor.cli.check import read_or_explain
from monitor.clock import SystemClock
from monitor.plant.plant import Device
from rules.columns.quality import Quality
from rules.columns.readings import ReadingBatch

PATIENCE_S: Final = 5.0
"""Beyond the slowest scan class period: a point that was not read by then is shown as never seen."""


def read_plant_once(folder: Path, only: str | None, language: str) -> int:
    """Read every tag (of one device, with `only`) and print value, quality and status; 0 when all are good, else 1."""
    checked = read_or_explain(folder, language)
    if checked is None:
        return 1
    plant = checked.plant
    devices = [device for device in plant.devices if only in (None, device.id)]
    if not devices:
        known = ", ".join(device.id for device in plant.devices)
        print(
            f"没有设备 {only!r}，可用：{known}" if language == "zh" else f"there is no device {only!r}: one of {known}"
        )
        return 2
    return read_once(devices, lambda row: plant.tags.tags[row].eu, language)


def read_once(devices: list[Device], eu_of: Callable[[int], str], language: str) -> int:
    """Read every address of some devices and print value, quality and status; 0 when all are good, else 1."""
    registry.load(device.kind for device in devices)
    results = asyncio.run(_read_all(devices))
    shown = [_show(device, eu_of, results[device.id], language) for device in devices]
    return 0 if all(shown) else 1


Seen = dict[int, tuple[float, Quality, int, str]]
"""Row -> value, quality, status, text."""


async def _read_all(devices: list[Device]) -> dict[str, tuple[Seen, Words]]:
    async with asyncio.TaskGroup() as tasks:
        running = {device.id: tasks.create_task(_read(device), name=f"read {device.id}") for device in devices}
    return {device_id: task.result() for device_id, task in running.items()}


async def _read(device: Device) -> tuple[Seen, Words]:
    """Whatever one device gave until all its points were read, and the words of what went wrong."""
    seen: Seen = {}
    slowest_s = max((address.scan_period_ns for address in device.addresses), default=0) / 1e9
    try:
        async with asyncio.timeout(slowest_s + PATIENCE_S):
            driver: Driver = registry.open_driver(
                device.kind, device.id, device.settings, device.addresses, SystemClock()
            )
            async with driver, aclosing(driver.batches()) as batches:  # type: ignore[type-var]  # an async generator has aclose; the port says iterator
                async for batch in batches:
                    _keep(seen, batch)
                    if len(seen) == len(device.addresses):
                        break
    except TimeoutError:
        limit = f"{slowest_s + PATIENCE_S:g} s"
        return seen, Words(f"{limit} 内没有读到所有点", f"not all points were read within {limit}")
    except DriverError as error:
        return seen, Words(error.zh, str(error))
    return seen, Words()


def _keep(seen: Seen, batch: ReadingBatch) -> None:
    texts = dict(batch.texts)
    columns = zip(batch.row.tolist(), batch.value.tolist(), batch.quality.tolist(), batch.status.tolist(), strict=True)
    for row, value, quality, status in columns:
        seen[row] = (value, Quality(quality), status, texts.get(row, ""))


def _show(device: Device, eu_of: Callable[[int], str], read: tuple[Seen, Words], language: str) -> bool:
    seen, trouble = read
    table = Table(title=f"{device.id}  {device.kind}", title_justify="left")
    for heading in ("tag", "address", "value", "eu", "quality", "status"):
        table.add_column(heading, justify="right" if heading == "value" else "left")
    good = 0
    for address in device.addresses:
        value, quality, status, text = seen.get(address.row, (float("nan"), Quality.NEVER_SEEN, 0, ""))
        good += quality is Quality.GOOD
        style = None if quality is Quality.GOOD else "magenta"
        shown = text or ("-" if value != value else f"{value:g}")
        eu = eu_of(address.row)
        table.add_row(address.tag, address.address, shown, eu, quality.name.lower(), f"0x{status:08X}", style=style)
    console = Console()
    console.print(table)
    count = len(device.addresses)
    if language == "zh":
        console.print(f"{device.id}：{count} 个点中 {good} 个可用{trouble and '；' + trouble.zh}")
    else:
        console.print(f"{device.id}: {good} of {count} points good{trouble and '; ' + trouble.en}")
    return good == len(device.addresses)
