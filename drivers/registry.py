"""The kinds of drivers there are: the one place that knows all of them, and the port through which plants are checked."""

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import drivers.modbus.settings
import drivers.opcua.settings
from drivers.objections import Objection, refused
from drivers.port import Address, Clock, Driver, FileTrouble, Settings


@dataclass(frozen=True, slots=True)
class Kind:
    """What a driver package offers."""

    check_settings: Callable[[Settings], list[Objection]]
    check_address: Callable[[Settings, str, str, str], list[Objection]]
    driver_module: str
    """Has `open_driver`; imported when the first device of the kind is opened, because its library may be slow to load."""
    check_together: Callable[[Mapping[str, Settings]], list[tuple[str, Objection]]] | None = None
    """What contradicts between devices, by their ids; None where devices of the kind have nothing in common."""
    inspection_module: str = ""
    """Has `inspect`, for devices that need files; imported when one is inspected."""


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "opcua": Kind(
            drivers.opcua.settings.check_settings,
            drivers.opcua.settings.check_address,
            "drivers.opcua.driver",
            inspection_module="drivers.opcua.inspection",
        ),
        "modbus": Kind(
            drivers.modbus.settings.check_settings,
            drivers.modbus.settings.check_address,
            "drivers.modbus.driver",
            drivers.modbus.settings.check_together,
        ),
    }
)
"""By `kind` of `[[devices]]` in `plant.toml`."""


def check_device(kind: str, settings: Settings) -> list[Objection]:
    """Every mistake in the driver's own keys of a device; empty when it can be tried."""
    if kind not in KINDS:
        return [_unknown(kind)]
    return KINDS[kind].check_settings(settings)


def check_devices(devices: Mapping[str, tuple[str, Settings]]) -> list[tuple[str, Objection]]:
    """What contradicts between devices that are each without a mistake: id -> (kind, settings) to (id, objection)."""
    found: list[tuple[str, Objection]] = []
    for name, kind in KINDS.items():
        if kind.check_together is not None:
            found += kind.check_together({each: settings for each, (of, settings) in devices.items() if of == name})
    return found


def check_address(kind: str, settings: Settings, address: str, type: str, word_order: str) -> list[Objection]:
    """Every mistake in one tag's address, type and word order; empty when it can be read."""
    if kind not in KINDS:
        return [_unknown(kind)]
    return KINDS[kind].check_address(settings, address, type, word_order)


def check_files(kind: str, settings: Settings, wall_ns: int) -> list[FileTrouble]:
    """Everything wrong at this moment with the files of a device whose settings are sound (blocking)."""
    module = KINDS[kind].inspection_module
    if not module:
        return []
    found: list[FileTrouble] = importlib.import_module(module).inspect(settings, wall_ns)
    return found


def open_driver(kind: str, device_id: str, settings: Settings, addresses: Sequence[Address], clock: Clock) -> Driver:
    """Make a fresh driver, not yet connected.

    :raises MisconfiguredError: an unknown kind, or settings or addresses that can never work.
    """
    if kind not in KINDS:
        raise refused([_unknown(kind)], device_id)
    driver: Driver = importlib.import_module(KINDS[kind].driver_module).open_driver(
        device_id, settings, addresses, clock
    )
    return driver


def load(kinds: Iterable[str]) -> None:
    """Import what devices of these kinds need, a quarter of a second for OPC UA; call it off the loop."""
    for kind in set(kinds) & set(KINDS):
        importlib.import_module(KINDS[kind].driver_module)


def _unknown(kind: str) -> Objection:
    known = ", ".join(sorted(KINDS))
    return Objection("kind", f"未知的设备类型 {kind!r}，可用：{known}", f"{kind!r} is unknown: one of {known}")
