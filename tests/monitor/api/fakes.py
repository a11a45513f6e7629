"""A small plant behind the API's ports: the real alarm board, everything else in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
from fastapi import FastAPI

from monitor.alarms.annunciations import Step, StepColumns, columns
from monitor.alarms.board import Board as AlarmBoard
from monitor.alarms.classes import Philosophy
from monitor.alarms.commands import Command, CommandRefusedError, Silence
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.horn import Horns, HornState
from monitor.alarms.positions import Positions
from monitor.alarms.record import Entry, JournalRow
from monitor.alarms.search import EVERYTHING, JournalSearch
from monitor.alarms.transition import Alarm, AlarmEvent, Transition
from monitor.api.app import ApiOptions, create_api
from monitor.api.passwords import hash_password
from monitor.api.ports import Account, DeviceCard, PlantCard, TrendColumns
from monitor.api.stream import StreamHub, StreamOptions
from monitor.hazards.links import BadItem
from monitor.hazards.source import Chemical, Equipment, HazardSource, ProcessUnit
from monitor.hazards.view import ChannelStatus, View
from monitor.interlocks.permit_commands import PermitCommand
from monitor.interlocks.permits import Permit
from monitor.interlocks.rates import ServiceChanges
from monitor.interlocks.register import BypassBit, Cause, Interlock, Register
from monitor.interlocks.view import BarrierView
from monitor.interlocks.watch import InterlockWatch
from monitor.notify.people import Channel, Person
from monitor.notify.row import OutboxRow, Purpose, Status
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.columns.tags import Tag, TagTable
from rules.verdicts import Evidence, Verdict, Verdicts

WALL_NS = 1_767_225_600_123_000_000
"""2026-01-01T00:00:00.123Z"""
MONO_NS = 10_000_000_000_000
PASSWORD = "correct horse battery 红线"
ROLES = ("viewer", "operator", "shift_leader", "engineer", "safety", "manager", "admin")


@cache
def password_hash() -> str:
    return hash_password(PASSWORD)


@dataclass
class FakeClock:
    """Two clocks that a test turns."""

    mono: int = MONO_NS
    wall: int = WALL_NS

    def mono_ns(self) -> int:
        return self.mono

    def wall_ns(self) -> int:
        return self.wall

    def advance(self, seconds: float) -> None:
        self.mono += int(seconds * 1e9)
        self.wall += int(seconds * 1e9)


@dataclass(frozen=True, kw_only=True)
class FakeLink:
    """A link as the drivers tell it."""

    device: str
    state: str = "up"
    since_wall_ns: int = WALL_NS
    attempts: int = 0
    reconnects: int = 0
    last_error: str = ""
    batches: int = 7
    readings: int = 21
    overruns: int = 0
    round_trip_ms: float = 1.5
    bad_points: int = 0
    clock_skew_ns: int | None = None
    readings_per_s: float = 0.0
    bad_items: Sequence[BadItem] = ()


def tag(
    tag_id: str, device: str, *, discrete: bool = False, eu: str = "m", source: str = "HS-1", unit: str = "U-1"
) -> Tag:
    return Tag(
        id=tag_id,
        device=device,
        hazard_source=source,
        process_unit=unit,
        equipment="T-101",
        description_zh=f"{tag_id} 说明",
        description_en=f"{tag_id} description",
        eu="" if discrete else eu,
        low=0.0,
        high=1.0 if discrete else 12.0,
        discrete=discrete,
        normal_state=0 if discrete else None,
        scan_class="fast",
        scan_period_ns=200_000_000,
        resolution=0.01,
    )


TAGS = TagTable(
    [
        tag("LT-101", "PLC-1"),
        tag("PT-101", "PLC-1", eu="MPa"),
        tag("LSHH-101", "SIS-1", discrete=True),
        tag("BPS-101", "SIS-1", discrete=True),
        tag("SIS-101.TRIP", "SIS-1", discrete=True),
        tag("AT-201", "PLC-2", eu="%LEL", source="HS-2", unit="U-2"),
    ]
)
DEFINITIONS = (
    AlarmDefinition(
        id="LT-101.HH",
        kind="HH",
        alarm_class="life_safety",
        priority=1,
        tag="LT-101",
        device="PLC-1",
        hazard_source="HS-1",
        process_unit="U-1",
        equipment="T-101",
        set_point=11.0,
        dead_band=0.1,
        eu="m",
        on_delay_ns=500_000_000,
        latch=True,
        subject_zh="1号罐液位",
        subject_en="Tank 1 level",
        cause_zh="进料未停",
        cause_en="filling was not stopped",
        consequence_zh="溢罐",
        consequence_en="overflow",
        response_zh="关闭进料阀",
        response_en="close the inlet valve",
        time_to_respond_s=120.0,
    ),
    AlarmDefinition(
        id="LT-101.H",
        kind="H",
        alarm_class="process",
        priority=3,
        tag="LT-101",
        device="PLC-1",
        hazard_source="HS-1",
        set_point=10.0,
        eu="m",
    ),
    AlarmDefinition(
        id="AT-201.H",
        kind="H",
        alarm_class="life_safety",
        priority=2,
        tag="AT-201",
        device="PLC-2",
        hazard_source="HS-2",
        set_point=25.0,
        eu="%LEL",
    ),
    AlarmDefinition(
        id="SIS-101.bypass",
        kind="bypass",
        alarm_class="interlock",
        priority=1,
        interlock="SIS-101",
        hazard_source="HS-1",
        generated=True,
    ),
    AlarmDefinition(id="PLC-2.link", kind="link", alarm_class="system", priority=2, device="PLC-2", generated=True),
)
PLANT = PlantCard(
    id="demo",
    name_zh="示范罐区",
    name_en="Demo tank farm",
    timezone="Asia/Shanghai",
    language="zh",
    tags=TAGS,
    definitions=DEFINITIONS,
    hazard_sources=tuple(
        HazardSource(
            id=source,
            name_zh=f"{source} 重大危险源",
            name_en=f"hazard source {source}",
            level=level,
            chemicals=(
                Chemical(
                    name_zh="甲醇", name_en="methanol", cas="67-56-1", quantity_t=2000.0, critical_quantity_t=500.0
                ),
            ),
            principal_responsible="zhang",
            technical_responsible="li",
            operation_responsible="wang",
        )
        for source, level in (("HS-1", 2), ("HS-2", 3))
    ),
    process_units=(
        ProcessUnit(id="U-1", name_zh="罐组一", name_en="group 1", hazard_source="HS-1"),
        ProcessUnit(id="U-2", name_zh="罐组二", name_en="group 2", hazard_source="HS-2"),
    ),
    equipment=(
        Equipment(
            id="T-101",
            name_zh="1号罐",
            name_en="tank 1",
            kind="atmospheric_tank",
            process_unit="U-1",
            height_m=12.0,
            overflow_height_m=11.5,
            level_tag="LT-101",
            level_switch_tag="LSHH-101",
        ),
    ),
    interlocks=(
        Interlock(
            id="SIS-101",
            name_zh="1号罐高高液位联锁",
            name_en="tank 1 high-high level interlock",
            hazard_source="HS-1",
            process_unit="U-1",
            interlock_class="B",
            sil=1,
            causes=("LSHH-101",),
            inputs=(Cause(tag="LSHH-101", sense="state", trip_point=1.0),),
            effects=(),
            bypass_bits=(BypassBit(tag="BPS-101", bypassed_when=1),),
            trip_tag="SIS-101.TRIP",
            trip_point=11.2,
            trip_eu="m",
        ),
    ),
    devices=tuple(
        DeviceCard(
            id=device,
            kind=kind,
            name_zh=f"{device} 控制器",
            name_en=f"{device} controller",
            endpoint=endpoint,
            addresses={item.id: f"{item.id}@{device}" for item in TAGS.tags if item.device == device},
        )
        for device, kind, endpoint in (
            ("PLC-1", "opcua", "opc.tcp://127.0.0.1:48400"),
            ("PLC-2", "modbus", "127.0.0.1:15020"),
            ("SIS-1", "modbus", "127.0.0.1:15021"),
        )
    ),
    persons=(
        Person(id="zhang", name_zh="张伟", name_en="Zhang Wei", mobile="13800000001"),
        Person(id="li", name_zh="李娜", name_en="Li Na", mobile="13800000002"),
        Person(id="wang", name_zh="王强", name_en="Wang Qiang"),
    ),
    channels=(Channel(id="wecom", kind="wecom_webhook"), Channel(id="broker", kind="mqtt")),
    history_keep_days=30,
)


def snapshot(**columns: object) -> Snapshot:
    """All good, a level of 5 m; columns by name replace that."""
    count = len(TAGS)
    received = np.full(count, WALL_NS - 100_000_000, np.int64)
    base: dict[str, object] = {
        "value": np.array([5.0, 0.4, 0.0, 0.0, 0.0, 3.0]),
        "quality": np.full(count, Quality.GOOD, np.uint8),
        "status": np.zeros(count, np.uint32),
        "source_time_ns": np.array([WALL_NS - 150_000_000] * 2 + [NO_TIME] * 4, np.int64),
        "received_mono_ns": np.full(count, MONO_NS - 100_000_000, np.int64),
        "received_wall_ns": received,
        "changed": np.ones(count, np.bool_),
    }
    return Snapshot(mono_ns=MONO_NS, wall_ns=WALL_NS, **{**base, **columns})  # type: ignore[arg-type]


class FakeFeed:
    """A subscription as the port promises it."""

    def __init__(self, board: "FakeBoard") -> None:
        self._board = board
        self.events: list[AlarmEvent] = []
        self.fresh = asyncio.Event()
        self.closed = False

    async def next(self) -> tuple[View, Sequence[AlarmEvent]]:
        await self.fresh.wait()
        self.fresh.clear()
        events, self.events = self.events, []
        return self._board.view(), events

    def close(self) -> None:
        self.closed = True


class FakeBoard:
    """The real alarm board without a scan: a test says what is TRUE, every change is published at once."""

    def __init__(
        self,
        clock: FakeClock,
        definitions: tuple[AlarmDefinition, ...] = DEFINITIONS,
        philosophy: Philosophy | None = None,
    ) -> None:
        self._clock = clock
        self._definitions = definitions
        self.interlocks = InterlockWatch(Register(interlocks=PLANT.interlocks), PLANT.tags)
        self.alarms = AlarmBoard(definitions, philosophy)
        self.horns = Horns(Positions(philosophy.positions if philosophy else ()))
        self.commits: list[int] = []
        """How many transitions each publication held."""
        self.feeds: list[FakeFeed] = []
        self.permits: dict[str, Permit] = {}
        self.seq = 0
        self.stuck = False
        self.true: set[str] = set()
        self.view_fields: dict[str, object] = {
            "snapshot": snapshot(),
            "links": {device.id: FakeLink(device=device.id) for device in PLANT.devices},
            "channels": {
                channel.id: ChannelStatus(
                    channel=channel.id,
                    up=True,
                    refused=False,
                    last_error="",
                    last_accepted_wall_ns=WALL_NS,
                    waiting=0,
                    oldest_waiting_wall_ns=None,
                )
                for channel in PLANT.channels
            },
            "blind": (),
            "plant_differs": False,
        }
        self._view = self._make_view()

    def view(self) -> View:
        return self._view

    def _make_view(self) -> View:
        return View(
            scan=1,
            mono_ns=self._clock.mono,
            wall_ns=self._clock.wall,
            alarms=self.alarms.alarms(),
            horns=self.horns.states(),
            journal_seq=self.seq,
            overruns=0,
            barriers=self._barriers(),
            **self.view_fields,  # type: ignore[arg-type]
        )

    def _barriers(self) -> BarrierView:
        seen = self.view_fields["snapshot"]
        assert isinstance(seen, Snapshot)
        self.interlocks.watch(seen)
        return BarrierView(states=self.interlocks.states, permits=self.interlocks.book.open())

    def subscribe(self) -> FakeFeed:
        feed = FakeFeed(self)
        self.feeds.append(feed)
        return feed

    def publish(self, transitions: Sequence[Transition] = (), **fields: object) -> None:
        """Publish a scan; fields of the view are replaced by name."""
        self.view_fields.update(fields)
        self.horns.hear(transitions)
        self.commits.append(len(transitions))
        events = []
        for transition in transitions:
            self.seq += 1
            events.append(AlarmEvent(seq=self.seq, transition=transition, journaled_wall_ns=self._clock.wall))
        self._view = self._make_view()
        for permit in self.interlocks.book.changed():
            self.permits[permit.id] = permit
        for feed in self.feeds:
            feed.events.extend(events)
            feed.fresh.set()

    def judge(self, *true: str, value: float = 11.5) -> tuple[Transition, ...]:
        """These alarms' conditions are TRUE now, all others FALSE."""
        count = len(self._definitions)
        verdict = np.array([Verdict.TRUE if item.id in true else Verdict.FALSE for item in self._definitions], np.uint8)
        verdicts = Verdicts.dense(
            ids=tuple(item.id for item in self._definitions),
            verdict=verdict,
            condition=verdict.copy(),
            evidence=Evidence(
                value=np.full(count, value),
                limit=np.array([item.set_point or np.nan for item in self._definitions]),
                quality=np.zeros(count, np.uint8),
                source_time_ns=np.full(count, NO_TIME, np.int64),
                received_wall_ns=np.full(count, self._clock.wall, np.int64),
            ),
        )
        transitions = self.alarms.apply(verdicts, self._clock.wall)
        self.publish(transitions)
        return transitions

    async def obey(self, command: Command) -> Alarm:
        if self.stuck:
            await asyncio.Event().wait()
        transition = self.alarms.obey(command, self._clock.wall)
        self.publish([transition])
        return transition.alarm

    async def obey_permit(self, command: PermitCommand) -> Permit:
        if self.stuck:
            await asyncio.Event().wait()
        permit = self.interlocks.book.obey(command, self._clock.wall).permit
        self.publish()
        return permit

    async def obey_all(self, commands: Sequence[Command]) -> list[Alarm | CommandRefusedError]:
        if self.stuck:
            await asyncio.Event().wait()
        transitions: list[Transition] = []
        outcomes: list[Alarm | CommandRefusedError] = []
        for command in commands:
            try:
                transitions.append(self.alarms.obey(command, self._clock.wall))
                outcomes.append(transitions[-1].alarm)
            except CommandRefusedError as refused:
                outcomes.append(refused)
        self.publish(transitions)
        return outcomes

    async def silence(self, command: Silence) -> HornState:
        if self.stuck:
            await asyncio.Event().wait()
        state = self.horns.silence(command, self._clock.wall)
        self.seq += 1
        self.publish()
        return state


@dataclass
class FakeJournal:
    """Rows in memory, and a count of the reads."""

    kept: list[JournalRow] = field(default_factory=list)
    outbox: list[OutboxRow] = field(default_factory=list)
    broken: bool = False
    stepped: list[Step] = field(default_factory=list)
    turned: list[dict[str, Any]] = field(default_factory=list)
    searches: list[JournalSearch] = field(default_factory=list)
    """What was looked for at each read; only id and time are heeded here, the store has tests of its own."""
    kept_permits: dict[str, Permit] = field(default_factory=dict)
    changes: list[tuple[int, int, int]] = field(default_factory=list)
    """(place, wall_ns, service code) of interlocks."""

    async def permits(
        self, *, interlock: str | None, states: Sequence[str], before: int | None, limit: int
    ) -> Sequence[Permit]:
        found = [
            permit
            for permit in reversed(self.kept_permits.values())
            if (interlock is None or permit.interlock == interlock)
            and (not states or permit.state in states)
            and (before is None or int(permit.id.rpartition("-")[2]) < before)
        ]
        return found[:limit]

    async def service_changes(self, ids: Sequence[str], from_ns: int, to_ns: int) -> ServiceChanges:
        columns = list(zip(*self.changes, strict=True)) if self.changes else [(), (), ()]
        return ServiceChanges(
            interlock=np.array(columns[0], np.intp),
            wall_ns=np.array(columns[1], np.int64),
            service=np.array(columns[2], np.uint8),
        )

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
        assert 0 < limit <= 1001
        if self.broken:
            raise RuntimeError("the disk is gone")
        self.searches.append(where)
        found = [
            row
            for row in reversed(self.kept)
            if (from_ns is None or row.wall_ns >= from_ns)
            and (to_ns is None or row.wall_ns < to_ns)
            and (id is None or row.id == id)
            and (before_seq is None or row.seq < before_seq)
        ]
        return found[:limit]

    async def annunciations(self, from_ns: int, to_ns: int) -> StepColumns:
        return columns(step for step in self.stepped if from_ns <= step.decided_wall_ns < to_ns)

    async def turns(self, from_ns: int, to_ns: int, most: int) -> Sequence[dict[str, Any]]:
        return [body for body in self.turned if from_ns <= body["decided_wall_ns"] < to_ns][: most + 1]

    async def entries(self, kind: str, most: int) -> Sequence[JournalRow]:
        return [row for row in reversed(self.kept) if row.kind == kind][:most]

    async def definition_steps(self, alarm_id: str, most: int) -> Sequence[JournalRow]:
        noticed = ("definition_changed", "definition_removed")
        return [
            row
            for row in reversed(self.kept)
            if row.id == alarm_id and orjson.loads(row.body).get("trigger") in noticed
        ][:most]

    async def record(self, entry: Entry) -> None:
        body: dict[str, object] = {
            "schema": 1,
            "kind": entry.kind,
            "message_zh": entry.message_zh,
            "message_en": entry.message_en,
            "person": entry.person,
            "person_name": entry.person_name,
            "values": dict(entry.values or {}),
        }
        self.add(entry.kind, body, wall_ns=entry.wall_ns, person=entry.person)

    def add(
        self,
        kind: str,
        body: dict[str, object],
        *,
        wall_ns: int = WALL_NS,
        id: str | None = None,
        person: str | None = None,
    ) -> None:
        self.kept.append(
            JournalRow(
                seq=len(self.kept) + 1,
                wall_ns=wall_ns,
                kind=kind,
                id=id,
                occurrence=1 if id else None,
                transition=1 if id else None,
                person=person,
                body=orjson.dumps(body),
                hash=b"",
            )
        )

    def kinds(self) -> list[str]:
        return [row.kind for row in self.kept]

    async def pushes(self, *, id: str | None, limit: int) -> Sequence[OutboxRow]:
        return [row for row in reversed(self.outbox) if id is None or row.id == id][:limit]


@dataclass
class FakeHistory:
    """Answers with what a test gave it, and keeps what it was asked."""

    columns: TrendColumns = field(default_factory=TrendColumns)
    asked: list[tuple[str, int, int, int]] = field(default_factory=list)

    async def trend(self, tag: str, from_ns: int, to_ns: int, points: int) -> TrendColumns:
        self.asked.append((tag, from_ns, to_ns, points))
        return self.columns


@dataclass
class FakeAccounts:
    """Accounts of every role (username = role) and their sessions."""

    accounts: dict[str, Account] = field(default_factory=dict)
    sessions: dict[bytes, tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role in ROLES:
            person = {"operator": "wang", "shift_leader": "li"}.get(role)
            self.accounts[role] = Account(username=role, role=role, person=person, password_hash=password_hash())

    async def account(self, username: str) -> Account | None:
        return self.accounts.get(username)

    async def open_session(self, token_sha256: bytes, username: str, expires_wall_ns: int) -> None:
        self.sessions[token_sha256] = username, expires_wall_ns

    async def session(self, token_sha256: bytes, wall_ns: int) -> Account | None:
        username, expires_wall_ns = self.sessions.get(token_sha256, ("", 0))
        return self.accounts.get(username) if wall_ns < expires_wall_ns else None

    async def close_session(self, token_sha256: bytes) -> None:
        self.sessions.pop(token_sha256, None)


def push_row(alarm_id: str = "LT-101.HH", seq: int = 1, status: Status = Status.ACCEPTED) -> OutboxRow:
    return OutboxRow(
        plant="demo",
        id=alarm_id,
        occurrence=1,
        transition=1,
        channel="wecom",
        purpose=Purpose.RAISE,
        repeat=0,
        priority=1,
        queued_wall_ns=WALL_NS,
        due_wall_ns=WALL_NS,
        body="{}",
        seq=seq,
        status=status,
        attempts=1,
        sent_wall_ns=WALL_NS + 1_000_000,
        accepted_wall_ns=WALL_NS + 2_000_000 if status is Status.ACCEPTED else None,
    )


@dataclass(frozen=True, kw_only=True)
class FakeSpread:
    """What a measurement says of its last minute."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class FakeDiagnostics:
    """Three different measurements, so that none can stand for another."""

    def loop_lag(self, window_ns: int) -> FakeSpread:
        return FakeSpread(count=window_ns // 10_000_000, p50_ms=0.1, p99_ms=2.5, max_ms=9.0)

    def scan_duration(self, window_ns: int) -> FakeSpread:
        return FakeSpread(count=window_ns // 66_000_000, p50_ms=1.5, p99_ms=7.25, max_ms=30.0)

    def scan_interval(self, window_ns: int) -> FakeSpread:
        return FakeSpread(count=window_ns // 60_000_000, p50_ms=66.0, p99_ms=250.0, max_ms=251.0)


class Site:
    """The API over the fakes."""

    def __init__(
        self,
        *,
        plant: PlantCard = PLANT,
        options: ApiOptions | None = None,
        stream: StreamOptions | None = None,
        console_dist: Path | None = None,
        accounts: FakeAccounts | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.board = FakeBoard(self.clock, plant.definitions, plant.philosophy)
        self.journal = FakeJournal(kept_permits=self.board.permits)
        self.history = FakeHistory()
        self.accounts = accounts or FakeAccounts()
        options = options or ApiOptions(version="9.9", command_timeout_s=2.0)
        if console_dist is not None:
            options = replace(options, console_dist=console_dist)
        self.hub = StreamHub(plant, self.board, self.clock, stream)
        self.app: FastAPI = create_api(
            plant,
            self.board,
            self.journal,
            self.history,
            self.accounts,
            self.clock,
            options,
            self.hub,
            FakeDiagnostics(),
        )

    @asynccontextmanager
    async def client(self, role: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client, logged in with the account of a role."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://redline.test") as client:
            if role is not None:
                answer = await client.post("/api/v1/session", json={"username": role, "password": PASSWORD})
                assert answer.status_code == 200, answer.text
            yield client


def assert_problem(answer: httpx.Response, status: int, slug: str) -> dict[str, object]:
    """The answer is problem+json of this kind; returns it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, object] = answer.json()
    assert problem["status"] == status
    assert problem["type"] == f"urn:redline:problem:{slug}"
    assert problem["detail"]
    assert problem["title"]
    return problem
