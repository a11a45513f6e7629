"""`redline modbus`: the engineer's commands for Modbus devices of a plant folder."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drivers.errors import DriverError
from monitor.cli.check import read_or_explain
from monitor.clock import SystemClock

if TYPE_CHECKING:
    from drivers.modbus import tool

app = typer.Typer(help="Modbus devices of a plant: plan of reads, units on a line, one address, a trial run.")

Folder = Annotated[Path, typer.Argument(help="plant folder")]
DeviceId = Annotated[str, typer.Argument(help="id of a device of kind modbus")]
Language = Annotated[str, typer.Option("--language", "-l", help="zh or en")]
Unit = Annotated[int, typer.Option(min=0, max=255)]


@app.command()
def plan(
    plant: Folder,
    device: DeviceId,
    machine: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    language: Language = "zh",
) -> None:
    """Print the requests that read the device, and how many one per tag would be."""
    from drivers.modbus import tool

    _end(language, lambda: tool.plan(_device(plant, device, language), SystemClock(), machine=machine))


@app.command()
def scan(plant: Folder, device: DeviceId, first: Unit = 1, last: Unit = 247, language: Language = "zh") -> None:
    """Ask every unit of the device's line who it is (function code 43/14)."""
    from drivers.modbus import tool

    _end(language, lambda: asyncio.run(tool.scan(_device(plant, device, language), first, last)))


@app.command()
def read(
    plant: Folder,
    device: DeviceId,
    address: Annotated[str, typer.Argument(help="hr:100, ir:100, co:100, di:100, hr:100.3, hr:100/10")],
    value_type: Annotated[str, typer.Option("--type", help="type as in tags.csv")] = "uint16",
    word_order: Annotated[str, typer.Option(help="ABCD, CDAB, BADC, DCBA; all of them when not given")] = "",
    count: Annotated[int, typer.Option(min=1, max=60, help="values in a row")] = 1,
    language: Language = "zh",
) -> None:
    """Read any address once and show its bytes and what they mean."""
    from drivers.modbus import tool

    _end(
        language,
        lambda: asyncio.run(tool.read(_device(plant, device, language), address, value_type, word_order, count)),
    )


@app.command()
def watch(
    plant: Folder,
    device: DeviceId,
    seconds: Annotated[float, typer.Option(min=0.1)] = 10.0,
    language: Language = "zh",
) -> None:
    """Read the device as the service does, then tell requests, timeouts, late answers and overruns."""
    from drivers.modbus import tool

    _end(language, lambda: asyncio.run(tool.watch(_device(plant, device, language), SystemClock(), seconds)))


def _device(folder: Path, device_id: str, language: str) -> "tool.Device":
    from drivers.modbus import tool

    if language not in ("zh", "en"):
        print(f"--language is zh or en, not {language!r}", file=sys.stderr)
        raise typer.Exit(2)
    checked = read_or_explain(folder, language)
    if checked is None:
        raise typer.Exit(1)
    known = {device.id: device for device in checked.plant.devices if device.kind == "modbus"}
    if device_id not in known:
        names = ", ".join(known) or "none"
        print(f"there is no Modbus device {device_id!r}; there are: {names}", file=sys.stderr)
        raise typer.Exit(2)
    found = known[device_id]
    return tool.Device(id=found.id, settings=found.settings, addresses=found.addresses, language=language)


def _end(language: str, command: Callable[[], int]) -> None:
    try:
        code = command()
    except DriverError as error:
        print(error.text(language), file=sys.stderr)
        code = 1
    raise typer.Exit(code)
