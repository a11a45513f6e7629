"""Settings of one OPC UA server as `plant.toml` gives them, and every mistake in them in both languages."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from drivers.objections import Objection, WrongValueError, objections_of, refused
from drivers.opcua.plan import parse_node_address

SECURITY: Final = ("none", "sign", "sign_and_encrypt")
"""What `security` may be: the message security modes of OPC UA."""

POLICIES: Final = ("Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss")
"""What `security_policy` may be; the older ones are broken and not offered."""

EXCEPTIONS: Final = ("host", "revocation", "strength", "uri", "validity")
"""Checks of the server's certificate that `certificate_exceptions` may switch off."""

ACQUISITIONS: Final = ("poll", "subscribe", "subscribe_with_integrity_polls")
"""What `acquisition` may be: read each period, have the server tell changes, or that and read everything now and then."""

TYPES: Final = ("bool", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")
"""What `tags.csv` may say under `type`; the server says the real type, here only `bool` changes anything."""

_EXAMPLE: Final = "opc.tcp://192.168.1.10:4840"


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "opc.tcp":
        zh = f"应以 opc.tcp:// 开头，如 {_EXAMPLE}"
        raise WrongValueError(zh, f"it must begin with opc.tcp://, for example {_EXAMPLE}")
    if "@" in parts.netloc:
        raise WrongValueError("不得带用户名或密码", "it must not carry a user name or password")
    try:
        port = parts.port
    except ValueError:
        zh = "端口应为 1 到 65535 的数字"
        raise WrongValueError(zh, "the port must be a number from 1 to 65535") from None
    if not parts.hostname or not port:
        zh = f"应给出主机和端口，如 {_EXAMPLE}"
        raise WrongValueError(zh, f"it must name host and port, for example {_EXAMPLE}")
    return text


def _one_of(known: tuple[str, ...]) -> AfterValidator:
    def check(text: str) -> str:
        if text not in known:
            listed = ", ".join(known)
            raise WrongValueError(f"不支持 {text!r}；可用：{listed}", f"{text!r} is not supported; supported: {listed}")
        return text

    return AfterValidator(check)


def _as_tuple(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given


class OpcUaSettings(BaseModel):
    """How one server is reached and read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    endpoint: Annotated[str, AfterValidator(_endpoint)]
    security: Annotated[str, _one_of(SECURITY)] = "none"
    security_policy: Annotated[str, _one_of(POLICIES)] = "Basic256Sha256"
    pki: str = "pki"
    """Folder with our certificate and the lists of trust; the plant folder makes it absolute."""
    certificate_exceptions: Annotated[tuple[Annotated[str, _one_of(EXCEPTIONS)], ...], BeforeValidator(_as_tuple)] = ()
    username: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    user_certificate: str | None = None
    """File (DER or PEM) of the certificate by which the server knows its user."""
    user_key: str | None = None
    """File (PEM, not encrypted) of its private key."""
    max_clock_skew_s: float = Field(default=5.0, gt=0.0, le=86_400.0)
    """A server whose clock is further off is DEGRADED: its times no longer order events."""
    register_nodes: bool = False
    """Ask the server for short handles of the nodes at every session (RegisterNodes)."""
    acquisition: Annotated[str, _one_of(ACQUISITIONS)] = "poll"
    integrity_period_s: float = Field(default=60.0, ge=1.0, le=3600.0)
    """How often everything watched is read as well, and what could not be watched is tried again."""
    dead_band_percent: float = Field(default=0.0, ge=0.0, le=10.0)
    """Of the range of each analog tag: the server tells no smaller change; 0: every change."""
    publishes: int = Field(default=2, ge=1, le=8)
    """Publish requests that are outstanding at any time, beside `max_concurrent_requests`."""
    session_timeout_s: float = Field(default=30.0, ge=30.0, le=60.0)
    """How long the server keeps the session of a client that vanished."""
    connect_timeout_s: float = Field(default=10.0, ge=1.0, le=60.0)
    """For TCP, channel, session and the first questions together."""
    request_timeout_s: float = Field(default=4.0, ge=0.2, le=30.0)
    max_nodes_per_read: int = Field(default=1000, ge=1, le=10_000)
    """Ours; the server's own operation limit applies when it is smaller."""
    max_concurrent_requests: int = Field(default=2, ge=2, le=16)
    """At least two, so that the watchdog's question does not wait behind a read."""

    @property
    def request_slots(self) -> int:
        """Requests that may be under way at once: an outstanding Publish holds a slot until the server has something to say."""
        return self.max_concurrent_requests + (0 if self.acquisition == "poll" else self.publishes)


def read_settings(settings: Mapping[str, object]) -> OpcUaSettings:
    """Read settings that passed `check_settings`.

    :raises MisconfiguredError: they do not pass it.
    """
    mistakes = check_settings(settings)
    if mistakes:
        raise refused(mistakes)
    return OpcUaSettings.model_validate(dict(settings))


def check_settings(settings: Mapping[str, object]) -> list[Objection]:
    """Name every mistake in the keys of one device; empty when there is none."""
    try:
        OpcUaSettings.model_validate(dict(settings))
    except ValidationError as error:
        mistakes = objections_of(error, sorted(OpcUaSettings.model_fields))
    else:
        mistakes = []
    return [*mistakes, *_mistakes_of_user(settings)]


def _mistakes_of_user(settings: Mapping[str, object]) -> Iterator[Objection]:
    """What does not fit together in the keys of the user that we log in as."""
    by_name = [key for key in ("username", "password_env", "password_file") if settings.get(key) is not None]
    by_certificate = [key for key in ("user_certificate", "user_key") if settings.get(key) is not None]
    given = by_name + by_certificate
    if given and settings.get("security", "none") == "none":
        yield Objection(
            given[0],
            "通道 security 为 'none' 时，口令在网络上可被读取，登录可被他人接管；请把 security 设为 sign_and_encrypt，"
            "或让服务器允许匿名只读",
            "on a channel with security 'none' a password crosses the network readable and anybody may take "
            "the log-in over; set security to sign_and_encrypt, or let the server admit anonymous read-only clients",
        )
        return
    if by_name and by_certificate:
        listed = ", ".join(by_name)
        zh = f"用户以用户名或以证书登录，不能两者都用；请去掉 {listed}"
        en = f"a user logs in by name or by certificate, not by both; leave out {listed}"
        yield Objection(by_certificate[0], zh, en)
    if by_name and "username" not in by_name:
        yield _missing("username", by_name[0])
    if by_name == ["username"]:
        zh = "缺少；在此写环境变量名，或在 password_file 写文件名"
        yield Objection("password_env", zh, "missing; name an environment variable here, or a file in password_file")
    if len(by_certificate) == 1:
        other = "user_key" if by_certificate == ["user_certificate"] else "user_certificate"
        yield _missing(other, by_certificate[0])


def _missing(key: str, given: str) -> Objection:
    return Objection(key, f"缺少，虽然给出了 {given}", f"missing, although {given} is given")


def check_address(settings: Mapping[str, object], address: str, type: str, word_order: str) -> list[Objection]:
    """Name every mistake in one tag's address, type and word order; empty when there is none."""
    del settings  # any server may have any node
    mistakes = []
    try:
        parse_node_address(address)
    except WrongValueError as error:
        mistakes.append(Objection("address", error.zh, str(error)))
    if type not in TYPES:
        known = ", ".join(TYPES)
        mistakes.append(
            Objection("type", f"未知类型 {type!r}，可用：{known}", f"{type!r} is not known; known: {known}")
        )
    if word_order not in ("", "ABCD"):
        zh = f"OPC UA 没有字节序；应留空，不写 {word_order!r}"
        mistakes.append(Objection("word_order", zh, f"OPC UA has none; leave it empty instead of {word_order!r}"))
    return mistakes
