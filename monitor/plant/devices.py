"""Devices of `plant.toml`: what their drivers think of them, each for itself and all together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.plant.record import Record


class Objection(Protocol):
    """One thing wrong with a device or an address; `drivers.objections.Objection` satisfies it."""

    @property
    def key(self) -> str:
        """Of the device's table, or the column of the tag."""
        ...

    @property
    def zh(self) -> str:
        """What would be right, in Chinese."""
        ...

    @property
    def en(self) -> str:
        """What would be right, in English."""
        ...


class DevicePort(Protocol):
    """What judges device settings and addresses; `drivers.registry` satisfies it."""

    def check_device(self, kind: str, settings: Mapping[str, object]) -> Sequence[Objection]:
        """Every mistake in the settings of a device."""
        ...

    def check_devices(self, devices: Mapping[str, tuple[str, Mapping[str, object]]]) -> Sequence[tuple[str, Objection]]:
        """What contradicts between devices that are each without a mistake: id -> (kind, settings) to (id, objection)."""
        ...

    def check_address(
        self, kind: str, settings: Mapping[str, object], address: str, type: str, word_order: str
    ) -> Sequence[Objection]:
        """Every mistake in one tag's address, type and word order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRecord:
    """One device before its tags are linked."""

    id: str
    kind: str
    name_zh: str
    name_en: str
    settings: Mapping[str, object]
    sound: bool
    """The settings passed; addresses can be judged."""


def settings_of(device: Record) -> dict[str, object]:
    """The keys of a device that are its driver's."""
    return {key: value for key, value in device.values.items() if key not in ("id", "kind", "name_zh", "name_en")}


def read_devices(records: Sequence[Record], port: DevicePort) -> dict[str, DeviceRecord]:
    """Devices by id; what is wrong with one, and between those that are not, is reported at its key."""
    devices: dict[str, DeviceRecord] = {}
    record_of: dict[str, Record] = {}
    for record in records:
        device = _device(record, devices, port)
        devices[device.id], record_of[device.id] = device, record
    sound = {each.id: (each.kind, each.settings) for each in devices.values() if each.sound}
    for device_id, found in port.check_devices(sound):
        record_of[device_id].wrong(found.key, found.zh, found.en)
    return devices


def _device(record: Record, known: Mapping[str, DeviceRecord], port: DevicePort) -> DeviceRecord:
    device_id = record.fresh_identifier(known)
    zh, en = record.names()
    kind = record.choice("kind", ("opcua", "modbus"))
    settings = settings_of(record)
    mistakes = port.check_device(kind, settings)
    for found in mistakes:
        record.wrong(found.key, found.zh, found.en)
    return DeviceRecord(id=device_id, kind=kind, name_zh=zh, name_en=en, settings=settings, sound=not mistakes)
