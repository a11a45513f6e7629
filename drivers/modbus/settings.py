"""What a Modbus device may say in `plant.toml`, and every mistake in it in both languages."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from drivers.errors import MisconfiguredError
from drivers.modbus.addresses import mistakes, parse, parse_range
from drivers.modbus.line_settings import LineSettings, check_lines
from drivers.modbus.plan import Fill, Limits
from drivers.modbus.reach import unreachable
from drivers.modbus.wire import MAX_BITS, MAX_REGISTERS
from drivers.objections import Objection, WrongValueError, objections_of, refused
from drivers.port import Settings

_HOST_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?", re.ASCII)

_SERIAL_PORT: Final = re.compile(r"(/[A-Za-z0-9._+:/-]+|COM[0-9]+)?", re.ASCII)
Read = TypeVar("Read")


class ModbusSettings(BaseModel):
    """The driver's own keys of one `[[devices]]` table of kind `modbus`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    host: str = ""
    """Required, unless `serial_port` is given."""
    port: Annotated[int, Field(ge=1, le=65535)] = 502
    serial_port: str = ""
    baud_rate: Annotated[int, Field(ge=300, le=4_000_000)] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Annotated[int, Field(ge=1, le=2)] = 1
    framing: Literal["tcp", "rtu"] = "tcp"
    """`rtu`: the frames of a serial line in a TCP connection; a serial port has no other."""
    unit_id: Annotated[int, Field(ge=0, le=255)] = 1
    shared_line: bool = False
    """Devices that name the same host and port use one connection in turn; RTU always does."""
    connections: Annotated[int, Field(ge=1, le=8)] = 1
    window: Annotated[int, Field(ge=1, le=16)] = 1
    """Requests that may be open on one connection."""
    prove_window: bool = True
    """A window above 1 is used only after the device answered all of it, at every connect."""
    timeout_s: Annotated[float, Field(gt=0.0, le=60.0)] = 1.0
    """Of one transaction; after it a late answer must never be taken."""
    connect_timeout_s: Annotated[float, Field(gt=0.0, le=60.0)] = 3.0
    connect_pause_s: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    """Some devices lose what is sent right after the connection stands."""
    request_pause_s: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    """Some devices lose what is sent right after they answered."""
    dead_unit_retry_s: Annotated[float, Field(ge=1.0, le=3600.0)] = 10.0
    """A silent unit is asked again after this at the latest."""
    max_registers: Annotated[int, Field(ge=4, le=MAX_REGISTERS)] = 120
    max_coils: Annotated[int, Field(ge=1, le=MAX_BITS)] = 1000
    fill: Literal["shrink", "rearrange", "max_insert"] = "max_insert"
    max_gap: Annotated[int, Field(ge=0, le=MAX_REGISTERS)] = 16
    """Unused registers in a row that may be read over to save a request."""
    max_gap_coils: Annotated[int, Field(ge=0, le=MAX_BITS)] = 128
    max_unused: Annotated[int, Field(ge=0, le=MAX_REGISTERS)] = 125
    """Unused registers in one request altogether."""
    max_unused_coils: Annotated[int, Field(ge=0, le=MAX_BITS)] = 2000
    forbidden: tuple[str, ...] | list[str] = ()
    """Ranges that no request may touch."""
    one_request_per_tag: bool = False
    start_at_zero: bool = False
    heartbeat: str = ""
    """A register or bit that the device changes while it works."""
    heartbeat_within_s: Annotated[float, Field(gt=0.0, le=3600.0)] = 5.0
    sentinel: str = ""
    """A register that always holds the same."""
    sentinel_value: Annotated[int, Field(ge=0, le=65535)] = 0

    @field_validator("host")
    @classmethod
    def _is_host(cls, host: str) -> str:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            dotted_digits = re.fullmatch(r"[0-9.]+", host, re.ASCII)
            if dotted_digits or not _HOST_NAME.fullmatch(host):
                zh = f"{host!r} 应为 IP 地址或主机名，不带协议和端口"
                en = f"{host!r} must be an IP address or a host name, without scheme and port"
                raise WrongValueError(zh, en) from None
        return host

    @field_validator("serial_port")
    @classmethod
    def _is_serial_port(cls, path: str) -> str:
        if not _SERIAL_PORT.fullmatch(path) or "://" in path:
            zh = f"{path!r} 应为串口路径，如 /dev/ttyUSB0"
            raise WrongValueError(zh, f"{path!r} must be the path of a port, such as /dev/ttyUSB0")
        return path

    @field_validator("forbidden")
    @classmethod
    def _are_ranges(cls, forbidden: tuple[str, ...] | list[str]) -> tuple[str, ...]:
        for text in forbidden:
            _as_value_error(parse_range, text)
        return tuple(forbidden)

    @field_validator("heartbeat", "sentinel")
    @classmethod
    def _is_place(cls, address: str) -> str:
        if address and (_as_value_error(parse, address)).length is not None:
            raise WrongValueError(f"{address!r} 应为一个寄存器或位", f"{address!r} must be one register or bit")
        return address

    @property
    def is_rtu(self) -> bool:
        """Whether frames carry a checksum instead of a transaction id."""
        return bool(self.serial_port) or self.framing == "rtu"

    @property
    def line(self) -> LineSettings:
        """What it has in common with others on its line."""
        return LineSettings(
            host=self.host,
            port=self.port,
            serial_port=self.serial_port,
            baud_rate=self.baud_rate,
            parity=self.parity,
            stop_bits=self.stop_bits,
            is_rtu=self.is_rtu,
            is_shared=self.shared_line or self.is_rtu,
            connections=self.connections,
            window=self.window,
            prove_window=self.prove_window,
            connect_timeout_s=self.connect_timeout_s,
            connect_pause_s=self.connect_pause_s,
            request_pause_s=self.request_pause_s,
            dead_unit_retry_s=self.dead_unit_retry_s,
        )

    @property
    def limits(self) -> Limits:
        """How blocks may be planned."""
        return Limits(
            max_registers=self.max_registers,
            max_coils=self.max_coils,
            max_gap=self.max_gap,
            max_gap_coils=self.max_gap_coils,
            max_unused=self.max_unused,
            max_unused_coils=self.max_unused_coils,
            fill=Fill(self.fill),
            forbidden=tuple(parse_range(text) for text in self.forbidden),
            one_request_per_tag=self.one_request_per_tag,
            start_at_zero=self.start_at_zero,
        )


_RESTRICTING: Final = frozenset({"forbidden", "start_at_zero", "max_registers", "max_coils"})
"""Keys that can keep an address from being read."""


def check_settings(settings: Settings) -> list[Objection]:
    """Every mistake in a device's keys; empty when it can be tried."""
    found: list[Objection] = []
    if "host" not in settings and "serial_port" not in settings:
        found.append(
            Objection("host", "必填（串行线路填 serial_port）", "is missing (or serial_port for a serial line)")
        )
    try:
        checked = ModbusSettings.model_validate(dict(settings))
    except ValidationError as error:
        return found + objections_of(error, ModbusSettings.model_fields)
    return found + list(_contradictions(checked, settings))


def check_address(settings: Settings, address: str, type: str, word_order: str) -> list[Objection]:
    """Every mistake in one tag's address, type and word order; empty when it can be read."""
    found = mistakes(address, type, word_order)
    if found or not settings.keys() & _RESTRICTING or check_settings(settings):
        return found  # mistakes of the settings are told with the device
    limits = ModbusSettings.model_validate(dict(settings)).limits
    return [Objection("address", zh, en) for zh, en in unreachable(limits, parse(address), type)]


def check_together(devices: Mapping[str, Settings]) -> list[tuple[str, Objection]]:
    """What contradicts between devices of one line whose settings are sound, by their ids: (device, objection)."""
    return check_lines({device: read_settings(settings).line for device, settings in devices.items()})


def read_settings(settings: Settings) -> ModbusSettings:
    """The keys as a checked value.

    :raises MisconfiguredError: with every mistake.
    """
    if found := check_settings(settings):
        raise refused(found)
    return ModbusSettings.model_validate(dict(settings))


def _contradictions(checked: ModbusSettings, given: Settings) -> Iterator[Objection]:
    """Keys that are right each for itself and not together."""
    if checked.serial_port and checked.host:
        zh = "不能与 host 同时给出：设备只有一条通路"
        yield Objection("serial_port", zh, "not together with host: a device has one way to it")
    if checked.is_rtu and checked.window > 1:
        zh = "RTU 帧没有事务号，同时只能有一个请求"
        yield Objection("window", zh, "RTU frames have no transaction id, only one request can be open")
    if checked.is_rtu and checked.connections > 1:
        zh = "RTU 帧的线路只能有一个连接"
        yield Objection("connections", zh, "one is all a line with RTU frames can carry")
    if checked.sentinel and "sentinel_value" not in given:
        zh = "必填：哨兵寄存器应为何值？"
        yield Objection("sentinel_value", zh, "is missing: what must the sentinel hold?")
    for key in ("heartbeat", "sentinel"):
        if address := getattr(checked, key):
            for zh, en in unreachable(checked.limits, parse(address), "uint16"):
                yield Objection(key, zh, en)


def _as_value_error(read: Callable[[str], Read], text: str) -> Read:
    try:
        return read(text)
    except MisconfiguredError as error:
        raise WrongValueError(error.zh, str(error)) from None
