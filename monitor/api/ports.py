"""What the API needs of the rest of the service, as small ports; `monitor.app` fits them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Protocol

from monitor.alarms.annunciations import StepColumns
from monitor.alarms.classes import Philosophy
from monitor.alarms.commands import Command, CommandRefusedError, Silence
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.horn import HornState
from monitor.alarms.performance import Performance
from monitor.alarms.record import Entry, JournalRow
from monitor.alarms.search import EVERYTHING, JournalSearch
from monitor.alarms.transition import Alarm
from monitor.alarms.transition import AlarmEvent as AlarmEvent  # part of this port
from monitor.hazards.source import Equipment, HazardSource, ProcessUnit
from monitor.hazards.trend import TrendColumns as TrendColumns
from monitor.hazards.view import View
from monitor.interlocks.permit_commands import PermitCommand
from monitor.interlocks.permits import Permit, PermitSearch
from monitor.interlocks.rates import ServiceChanges
from monitor.interlocks.register import Interlock, Register
from monitor.notify.people import Account as Account
from monitor.notify.people import Channel, Person
from monitor.notify.row import OutboxRow
from rules.catalog import RuleSet
from rules.columns.tags import TagTable


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCard:
    """What the API shows of a device beside its link."""

    id: str
    kind: str
    name_zh: str
    name_en: str
    endpoint: str
    addresses: dict[str, str]
    """Tag id -> address as configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantCard:
    """The plant as the API shows it; filled by `monitor.app` from `monitor.plant.Plant`."""

    id: str
    name_zh: str
    name_en: str
    timezone: str
    language: str
    tags: TagTable
    definitions: tuple[AlarmDefinition, ...]
    hazard_sources: tuple[HazardSource, ...]
    process_units: tuple[ProcessUnit, ...]
    equipment: tuple[Equipment, ...]
    interlocks: tuple[Interlock, ...]
    devices: tuple[DeviceCard, ...]
    persons: tuple[Person, ...]
    channels: tuple[Channel, ...]
    history_keep_days: int
    performance: Performance = field(default_factory=Performance)
    philosophy: Philosophy = field(default_factory=Philosophy)
    register: Register = field(default_factory=Register)
    shifts: tuple[time, ...] = (time(8), time(20))
    """When shifts begin, site time."""
    rule_set: RuleSet | None = None
    """What the scan judges, to explain it; None: nothing is explained."""


class Board(Protocol):
    """The published board and the way to command it."""

    def view(self) -> View:
        """The plant as of the last committed scan."""
        ...

    async def obey(self, command: Command) -> Alarm:
        """Carry out a command; returns after it is on disk.

        :raises CommandRefusedError: refused; ConflictError when somebody was first.
        """
        ...

    async def obey_all(self, commands: Sequence[Command]) -> Sequence[Alarm | CommandRefusedError]:
        """Carry out several commands in one commit; each is answered for itself, after it is on disk."""
        ...

    async def obey_permit(self, command: PermitCommand) -> Permit:
        """Carry out what a person asks of bypass permits; returns after it is on disk.

        :raises CommandRefusedError: refused; ConflictError when somebody was first.
        """
        ...

    async def silence(self, command: Silence) -> HornState:
        """Silence the horn of one position; returns after it is on disk.

        :raises CommandRefusedError: there is no such position.
        """
        ...

    def subscribe(self) -> "Subscription":
        """A lossless feed of alarm events from now on, and wake-ups for tag frames; close it when done."""
        ...


class Subscription(Protocol):
    """One consumer of published scans (the stream hub subscribes once for all its clients)."""

    async def next(self) -> tuple[View, Sequence[AlarmEvent]]:
        """Wait for the next published scan; returns its view and every event since the last call."""
        ...

    def close(self) -> None:
        """Stop feeding it."""
        ...


class Journal(Protocol):
    """Reading the journal and adding entries that are not alarms; all off the loop."""

    async def permits(self, where: PermitSearch, *, before: int | None, limit: int) -> Sequence[Permit]:
        """Permits newest first, at most `limit`, with a number below `before`."""
        ...

    async def service_changes(self, ids: Sequence[str], from_ns: int, to_ns: int) -> ServiceChanges:
        """Changes of service of these interlocks that decide what is known in [from_ns, to_ns)."""
        ...

    async def rows(
        self,
        *,
        from_ns: int | None,
        to_ns: int | None,
        id: str | None,
        limit: int,
        before_seq: int | None,
        where: JournalSearch = EVERYTHING,
    ) -> Sequence[JournalRow]:
        """Newest first, at most `limit`, seq below `before_seq`."""
        ...

    async def record(self, entry: Entry) -> None:
        """Write one entry; returns after it is on disk."""
        ...

    async def annunciations(self, from_ns: int, to_ns: int) -> StepColumns:
        """Steps decided in [from_ns, to_ns), and those that began occurrences which go on in it."""
        ...

    async def turns(self, from_ns: int, to_ns: int, most: int) -> Sequence[dict[str, Any]]:
        """Bodies of the transitions by which a condition turned, oldest first; at most one more than `most`."""
        ...

    async def entries(self, kind: str, most: int) -> Sequence[JournalRow]:
        """Entries of one kind, newest first."""
        ...

    async def definition_steps(self, alarm_id: str, most: int) -> Sequence[JournalRow]:
        """Transitions by which the board noticed that a definition changed or went, newest first."""
        ...

    async def pushes(self, *, id: str | None, limit: int) -> Sequence[OutboxRow]:
        """Outbox rows, newest first."""
        ...


class History(Protocol):
    """Reading history; off the loop."""

    async def trend(self, tag: str, from_ns: int, to_ns: int, points: int) -> TrendColumns:
        """At most `points` buckets between two wall times, ascending."""
        ...


class Spread(Protocol):
    """Durations of the last minute in milliseconds."""

    @property
    def count(self) -> int:
        """How many were measured."""
        ...

    @property
    def p50_ms(self) -> float:
        """Half of them are shorter."""
        ...

    @property
    def p99_ms(self) -> float:
        """All but one in a hundred are shorter."""
        ...

    @property
    def max_ms(self) -> float:
        """The longest."""
        ...


class Diagnostics(Protocol):
    """What the service measures of itself."""

    def loop_lag(self, window_ns: int) -> Spread:
        """By how much a sleep of the event loop overran."""
        ...

    def scan_duration(self, window_ns: int) -> Spread:
        """From draining the inbox to the published view."""
        ...

    def scan_interval(self, window_ns: int) -> Spread:
        """Between the ends of two scans."""
        ...


class Accounts(Protocol):
    """Accounts, cookie sessions and bearer tokens on disk; tokens are kept as SHA-256 only."""

    async def account(self, username: str) -> Account | None:
        """One account by name."""
        ...

    async def open_session(self, token_sha256: bytes, username: str, expires_wall_ns: int) -> None:
        """Keep a new session."""
        ...

    async def session(self, token_sha256: bytes, wall_ns: int) -> Account | None:
        """The account of a live session or bearer token, None when unknown or expired."""
        ...

    async def close_session(self, token_sha256: bytes) -> None:
        """Forget a session."""
        ...
