"""What the store would answer, from memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from monitor.alarms.annunciations import Step, StepColumns, columns
from monitor.alarms.record import Entry, JournalRow
from monitor.alarms.search import EVERYTHING, JournalSearch
from monitor.api.ports import TrendColumns
from monitor.interlocks.permits import Permit, PermitSearch
from monitor.interlocks.rates import ServiceChanges
from monitor.notify.row import OutboxRow, Purpose, Status
from tests.monitor.api.fake_plant import WALL_NS


def _must_fit(*asked: int | None) -> None:
    """What a question holds reaches the database as 64 bits."""
    assert all(value is None or -(2**63) <= value < 2**63 for value in asked)


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

    async def permits(self, where: PermitSearch, *, before: int | None, limit: int) -> Sequence[Permit]:
        assert 0 < limit <= 1001
        _must_fit(where.from_ns, where.to_ns, before)
        if self.broken:
            raise RuntimeError("the disk is gone")
        found = [
            permit
            for permit in reversed(self.kept_permits.values())
            if (where.interlock is None or permit.interlock == where.interlock)
            and (not where.states or permit.state in where.states)
            and (where.from_ns is None or permit.requested_wall_ns >= where.from_ns)
            and (where.to_ns is None or permit.requested_wall_ns < where.to_ns)
            and (before is None or permit.number < before)
        ]
        return found[:limit]

    async def service_changes(self, ids: Sequence[str], from_ns: int, to_ns: int) -> ServiceChanges:
        _must_fit(from_ns, to_ns)
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
        _must_fit(from_ns, to_ns)
        return columns(step for step in self.stepped if from_ns <= step.decided_wall_ns < to_ns)

    async def turns(self, from_ns: int, to_ns: int, most: int) -> Sequence[dict[str, Any]]:
        _must_fit(from_ns, to_ns)
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
