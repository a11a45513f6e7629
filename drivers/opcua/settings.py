"""Settings of one OPC UA server as `plant.toml` gives them, and every mistake in them in words."""

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from drivers.errors import MisconfiguredError
from drivers.opcua.plan import parse_node_address

SECURITY: Final = ("none",)
"""What `security` may be; signing and encryption are not built yet."""

TYPES: Final = ("bool", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")
"""What `tags.csv` may say under `type`; the server says the real type, here only `bool` changes anything."""


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "opc.tcp":
        raise ValueError("it must begin with opc.tcp://, for example opc.tcp://192.168.1.10:4840")
    if "@" in parts.netloc:
        raise ValueError("it must not carry a user name or password")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port must be a number from 1 to 65535") from None
    if not parts.hostname or not port:
        raise ValueError("it must name host and port, for example opc.tcp://192.168.1.10:4840")
    return text


def _security(text: str) -> str:
    if text not in SECURITY:
        raise ValueError(f"{text!r} is not supported; supported: {', '.join(SECURITY)}")
    return text


class OpcUaSettings(BaseModel):
    """How one server is reached and read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    endpoint: Annotated[str, AfterValidator(_endpoint)]
    security: Annotated[str, AfterValidator(_security)] = "none"
    username: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    session_timeout_s: float = Field(default=30.0, ge=30.0, le=60.0)
    """How long the server keeps the session of a client that vanished."""
    connect_timeout_s: float = Field(default=10.0, ge=1.0, le=60.0)
    """For TCP, channel, session and the first questions together."""
    request_timeout_s: float = Field(default=4.0, ge=0.2, le=30.0)
    max_nodes_per_read: int = Field(default=1000, ge=1, le=10_000)
    """Ours; the server's own operation limit applies when it is smaller."""
    max_concurrent_requests: int = Field(default=2, ge=2, le=16)
    """At least two, so that the watchdog's question does not wait behind a read."""


def read_settings(settings: Mapping[str, object]) -> OpcUaSettings:
    """Read settings that passed `check_settings`.

    :raises MisconfiguredError: they do not pass it.
    """
    mistakes = check_settings(settings)
    if mistakes:
        raise MisconfiguredError("; ".join(mistakes))
    return OpcUaSettings.model_validate(dict(settings))


def check_settings(settings: Mapping[str, object]) -> list[str]:
    """Name every mistake in the keys of one device, in words; empty when there is none."""
    try:
        read = OpcUaSettings.model_validate(dict(settings))
    except ValidationError as error:
        mistakes = [_in_words(dict(detail)) for detail in error.errors(include_url=False)]
    else:
        del read
        mistakes = []
    if any(settings.get(key) is not None for key in ("username", "password_env", "password_file")):
        mistakes.append(
            "username: a user name and password would cross the network readable on a channel with security 'none', "
            "so they are refused; let the server admit anonymous read-only clients from this machine"
        )
    return mistakes


def check_address(settings: Mapping[str, object], address: str, type: str, word_order: str) -> list[str]:
    """Name every mistake in one tag's address, type and word order, in words; empty when there is none."""
    del settings  # any server may have any node
    mistakes = []
    try:
        parse_node_address(address)
    except ValueError as error:
        mistakes.append(f"address: {error}")
    if type not in TYPES:
        mistakes.append(f"type: {type!r} is not known; known: {', '.join(TYPES)}")
    if word_order not in ("", "ABCD"):
        mistakes.append(f"word_order: OPC UA has none; leave it empty instead of {word_order!r}")
    return mistakes


def _in_words(detail: Mapping[str, object]) -> str:
    """Turn one complaint of pydantic into a sentence that begins with the key."""
    location = detail["loc"]
    key = ".".join(str(part) for part in location) if isinstance(location, tuple) else str(location)
    match detail["type"]:
        case "extra_forbidden":
            return f"{key}: unknown key; known: {', '.join(sorted(OpcUaSettings.model_fields))}"
        case "missing":
            return f"{key}: missing"
        case "value_error":
            return f"{key}: {str(detail['msg']).removeprefix('Value error, ')}"
        case _:
            return f"{key}: {detail['msg']}, not {detail['input']!r}"
