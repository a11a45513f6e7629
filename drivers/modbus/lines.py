"""The lines of this process: devices that share one find it here, and so do those that come back to it.

A shared line outlives its users: it remembers which units are silent, and when a late answer can still come.  What was found
out about a device (ranges it refuses) outlives its connections in the same way.
"""

import asyncio
from collections.abc import Hashable
from typing import Final
from weakref import WeakKeyDictionary

from drivers.modbus.line import Line
from drivers.modbus.line_settings import LineSettings, contradictions
from drivers.modbus.scan_class import ScanClass
from drivers.modbus.wire import Request
from drivers.objections import refused

_LINES: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Line]]] = WeakKeyDictionary()
_FOUND_OUT: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, tuple[ScanClass, ...]]]] = (
    WeakKeyDictionary()
)


async def enter(settings: LineSettings, proof: Request | None = None, timeout_s: float = 1.0) -> Line:
    """The line, connected; `leave` gives it back.

    :raises LinkLostError: it could not be connected.
    :raises MisconfiguredError: another device describes the same line differently, in words.
    """
    line = _shared(settings) if settings.is_shared else Line(settings)
    line.users += 1
    try:
        await line.open(proof, timeout_s)
    except BaseException:
        await leave(line)
        raise
    return line


async def leave(line: Line) -> None:
    """Close the line when nobody uses it any more."""
    line.users -= 1
    if not line.users:
        await line.close()


def recall(key: Hashable) -> tuple[ScanClass, ...]:
    """Take out what was kept under a key; empty when nothing was, or when somebody else has it at this moment."""
    return _FOUND_OUT.setdefault(asyncio.get_running_loop(), {}).pop(key, ())


def keep(key: Hashable, classes: tuple[ScanClass, ...]) -> None:
    """Keep the scan classes of a device, with what was found out, for its next connection."""
    for each in classes:
        each.abandon()
    _FOUND_OUT.setdefault(asyncio.get_running_loop(), {})[key] = classes


def _shared(settings: LineSettings) -> Line:
    known = _LINES.setdefault(asyncio.get_running_loop(), {})
    line = known.get(settings.where)
    if line is None or (not line.users and line.settings != settings):
        line = known[settings.where] = Line(settings)
    if found := contradictions(settings, line.settings, ("另一设备", "another device")):
        raise refused(found)
    return line
