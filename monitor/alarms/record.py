"""What the journal keeps: transitions and other entries, as one kind of row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

EntryKind = Literal[
    "start",
    "stop",
    "clock_step",
    "login",
    "login_refused",
    "logout",
    "account",
    "channel",
    "overrun",
    "definition",
    "disk",
    "flood",
    "silence",
    "interlock",
    "permit",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something worth a journal row that is not an alarm transition: who logged in, the clock stepped, the service started."""

    kind: EntryKind
    wall_ns: int
    message_zh: str
    message_en: str
    person: str | None = None
    person_name: str | None = None
    values: Mapping[str, object] | None = None
    id: str | None = None
    """What it is about (an interlock, a permit), to be found by it."""
    hazard_source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One row as read back: the columns that are searched, and the body exactly as it was stored."""

    seq: int
    wall_ns: int
    kind: str
    """"transition" or an EntryKind."""
    id: str | None
    occurrence: int | None
    transition: int | None
    person: str | None
    body: bytes
    """Canonical JSON, stored once, never rewritten (keys: docs/architecture.md, journal row)."""
    hash: bytes
    """SHA-256 over the previous row's hash and this body."""
