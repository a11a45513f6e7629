"""What a Modbus TCP device may say in `plant.toml`, and every mistake in it in words."""

import difflib
import ipaddress
import re
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from drivers.errors import MisconfiguredError
from drivers.modbus.plan import Limits, mistakes
from drivers.modbus.wire import MAX_BITS, MAX_REGISTERS
from drivers.port import Settings

_HOST_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?", re.ASCII)


class ModbusSettings(BaseModel):
    """The driver's own keys of one `[[devices]]` table of kind `modbus`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 502
    unit_id: Annotated[int, Field(ge=0, le=255)] = 1
    timeout_s: Annotated[float, Field(gt=0.0, le=60.0)] = 1.0
    """Of one transaction; after it the connection is dropped, because a late answer must never be taken."""
    connect_timeout_s: Annotated[float, Field(gt=0.0, le=60.0)] = 3.0
    connect_pause_s: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    """Some devices lose what is sent right after the connection stands."""
    max_registers: Annotated[int, Field(ge=4, le=MAX_REGISTERS)] = 120
    max_coils: Annotated[int, Field(ge=1, le=MAX_BITS)] = 1000
    max_gap: Annotated[int, Field(ge=0, le=MAX_REGISTERS)] = 16
    """Unused registers that may be read over to save a request."""
    max_gap_coils: Annotated[int, Field(ge=0, le=MAX_BITS)] = 128

    @field_validator("host")
    @classmethod
    def _is_host(cls, host: str) -> str:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            dotted_digits = re.fullmatch(r"[0-9.]+", host, re.ASCII)
            if dotted_digits or not _HOST_NAME.fullmatch(host):
                raise ValueError("must be an IP address or a host name, without scheme and port") from None
        return host

    @property
    def limits(self) -> Limits:
        """How blocks may be planned."""
        return Limits(
            max_registers=self.max_registers,
            max_coils=self.max_coils,
            max_gap=self.max_gap,
            max_gap_coils=self.max_gap_coils,
        )


def check_settings(settings: Settings) -> list[str]:
    """Every mistake in a device's keys, in words; empty when it can be tried."""
    try:
        ModbusSettings.model_validate(dict(settings))
    except ValidationError as error:
        return [_in_words(str(each["loc"][0]), each["type"], each["msg"], each["input"]) for each in error.errors()]
    return []


def check_address(settings: Settings, address: str, type: str, word_order: str) -> list[str]:
    """Every mistake in one tag's address, type and word order, in words; empty when it can be read.

    The settings take no part yet: all units of Modbus have the same four tables.
    """
    del settings
    return mistakes(address, type, word_order)


def read_settings(settings: Settings) -> ModbusSettings:
    """The keys as a checked value.

    :raises MisconfiguredError: with every mistake.
    """
    if found := check_settings(settings):
        raise MisconfiguredError("; ".join(found))
    return ModbusSettings.model_validate(dict(settings))


def _in_words(key: str, kind: str, message: str, value: object) -> str:
    if kind == "missing":
        return f"{key}: is missing"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(key, ModbusSettings.model_fields, n=1)
        return f"{key}: unknown key" + (
            f", did you mean {near[0]}?" if near else f"; known: {', '.join(ModbusSettings.model_fields)}"
        )
    return f"{key}: {value!r} {message.removeprefix('Value error, ').replace('Input should', 'should')}"
