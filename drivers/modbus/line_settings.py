"""What all devices of one line have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from drivers.objections import Objection

_KEYS: Final = {"is_rtu": "framing", "is_shared": "shared_line"}
"""Fields that a person knows by another key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """Equal for all devices that share a line; times in seconds."""

    host: str
    port: int
    serial_port: str
    baud_rate: int
    parity: str
    stop_bits: int
    is_rtu: bool
    is_shared: bool
    connections: int
    window: int
    prove_window: bool
    connect_timeout_s: float
    connect_pause_s: float
    request_pause_s: float
    dead_unit_retry_s: float

    @property
    def where(self) -> str:
        """The line as a person names it."""
        return self.serial_port or f"{self.host}:{self.port}"


def contradictions(mine: LineSettings, other: LineSettings, whose: tuple[str, str]) -> list[Objection]:
    """Every key in which two devices of one shared line differ; `whose` (zh, en): the device that has the other."""
    found = []
    for field in fields(LineSettings):
        here, there = getattr(mine, field.name), getattr(other, field.name)
        if here != there:
            key = _KEYS.get(field.name, field.name)
            zh = f"同一线路 {mine.where} 上的设备应当相同：此处为 {_shown(key, here)}，{whose[0]} 为 {_shown(key, there)}"
            en = (
                f"must be the same for all devices of line {mine.where}: {_shown(key, here)} here, "
                f"{_shown(key, there)} for {whose[1]}"
            )
            found.append(Objection(key, zh, en))
    return found


def check_lines(lines: Mapping[str, LineSettings]) -> list[tuple[str, Objection]]:
    """What contradicts in the lines of several devices, by their ids: (device, objection), each against the first of its line."""
    found: list[tuple[str, Objection]] = []
    first: dict[str, tuple[str, LineSettings]] = {}
    for device, line in lines.items():
        if not line.is_shared:
            continue
        other, settings = first.setdefault(line.where, (device, line))
        found += [(device, each) for each in contradictions(line, settings, (other, other))]
    return found


def _shown(key: str, value: object) -> str:
    """A value as it is written in plant.toml."""
    if isinstance(value, bool):
        value = ("tcp", "rtu")[value] if key == "framing" else value
    return str(value).lower() if isinstance(value, bool) else repr(value)
