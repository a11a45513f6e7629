"""Persons, channels and what is sent where, as `plant.toml` describes them."""

from dataclasses import dataclass, field
from typing import Literal

ChannelKind = Literal["wecom_webhook", "mqtt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody the plant can reach."""

    id: str
    name_zh: str
    name_en: str
    mobile: str = ""
    wecom_userid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way out.  Secrets are not in the plant folder: `url_env` / `url_file` say where the address with its key is."""

    id: str
    kind: ChannelKind
    url_env: str = ""
    url_file: str = ""
    priorities: tuple[int, ...] = (1, 2)
    """Alarm priorities pushed (wecom_webhook); MQTT carries every transition."""
    send_returned: bool = True
    send_acknowledged: bool = True
    repeat_after_s: float = 300.0
    """A priority 1 alarm still unacknowledged is pushed again after this, until it is acknowledged."""
    messages_per_minute: int = 18
    """Below WeCom's 20 a minute (integration.md 1.1): a sliding 60 s window."""
    mention: tuple[str, ...] = ()
    """WeCom user ids, or "@all", named in priority 1 messages."""
    host: str = "127.0.0.1"
    port: int = 1883
    username: str = ""
    password_env: str = ""
    password_file: str = ""
    topic_prefix: str = "redline/v1"
    keepalive_s: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """All that `notify.policy` needs to know of the plant."""

    plant: str
    site_zh: str
    site_en: str
    timezone: str
    console_url: str
    language: Literal["zh", "en"]
    persons: tuple[Person, ...] = ()
    channels: tuple[Channel, ...] = ()
    hazard_source_names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Hazard source id -> (zh, en)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account: a person of the plant, or a program (`person` None)."""

    username: str
    role: str
    person: str | None
    password_hash: str
    """Argon2id, encoded with its parameters."""
    disabled: bool = False
