"""Writing the journal: everything here runs in the one thread that owns the writing connection."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from monitor.alarms.record import Entry
from monitor.alarms.transition import Alarm, Transition
from monitor.notify.row import OutboxRow, Status
from monitor.store import interlock_memory, outbox, permits, retention
from monitor.store.anchor import Anchor, Anchors
from monitor.store.anchor import insert as insert_anchor
from monitor.store.body import chained, encode_alarm, entry_body, transition_body
from monitor.store.bulk import Bulk
from monitor.store.commit import Commit, Committed
from monitor.store.disk import Ballast, disk_space
from monitor.store.errors import DiskFullError
from monitor.store.head import Head, HeadFile
from monitor.store.tables import ALARM, JOURNAL

logger = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")
_COLUMNS: Final = tuple(column.name for column in JOURNAL.c)
_PUT_ROW: Final = Bulk(JOURNAL.insert(), _COLUMNS)
_PUT_ALARM: Final = Bulk.replacing(ALARM, "id")


class WallClock(Protocol):
    """Tells the wall time; `monitor.clock.SystemClock` is one."""

    def wall_ns(self) -> int:
        """Unix time in ns."""
        ...


@dataclass(frozen=True, slots=True)
class Beside:
    """What lives beside the database and moves with it."""

    head_file: HeadFile
    ballast: Ballast
    anchors: Anchors


class JournalWriter:
    """The end of the chain (last seq, last hash) and every statement that changes the database."""

    def __init__(self, connection: Connection, plant: str, head: Head, beside: "Beside", clock: WallClock) -> None:
        self._connection = connection
        self._plant = plant
        self._head = head
        self._head_file = beside.head_file
        self._ballast = beside.ballast
        self._anchors = beside.anchors
        self._clock = clock
        self._path = Path(str(connection.engine.url.database))

    @property
    def head(self) -> Head:
        """The last row on disk."""
        return self._head

    def commit(self, commit: Commit, beside: Callable[[Connection], None] | None = None) -> Committed:
        """One transaction; on disk when it returns; `beside` are further statements that belong to it.

        :raises DiskFullError: the disk is full; see there what is stored.
        :raises sqlalchemy.exc.DBAPIError: the database refuses (a transition twice, a failing disk): nothing is stored.
        """
        committed, freed = self._with_ballast(lambda: self._commit(commit, beside))
        if freed:
            raise DiskFullError(committed)
        return committed

    def mark(
        self, rows: Sequence[OutboxRow], status: Status, wall_ns: int, error: str, follow_up: Sequence[OutboxRow]
    ) -> None:
        """Say what became of outbox rows, and queue what follows; one transaction.

        :raises DiskFullError: the disk is full.
        """
        _, freed = self._with_ballast(lambda: outbox.mark(self._connection, rows, status, wall_ns, error, follow_up))
        if freed:
            raise DiskFullError(Committed(transition_seqs=(), seq=self._head.seq, journaled_wall_ns=wall_ns))

    def _with_ballast(self, write: Callable[[], _Answer]) -> tuple[_Answer, bool]:
        try:
            return write(), False
        except OperationalError as error:
            if not self._is_full(error):
                raise
            logger.critical("the journal's disk is full: freeing the ballast and trying once more")
            if not self._ballast.free():
                raise DiskFullError(None) from error
        try:
            return write(), True
        except OperationalError as error:
            raise DiskFullError(None) from error

    def _is_full(self, error: OperationalError) -> bool:
        code = (getattr(error.orig, "sqlite_errorcode", None) or 0) & 0xFF
        if code == sqlite3.SQLITE_IOERR:  # the shared-memory file of the log could not grow
            return disk_space(self._path.parent).free_bytes < 1_000_000
        return code == sqlite3.SQLITE_FULL

    def _commit(self, commit: Commit, beside: Callable[[Connection], None] | None) -> Committed:
        rows, head = self._rows(commit)
        alarms = [_alarm_columns(alarm) for alarm in commit.alarms]
        anchor = self._due_anchor(head)
        with self._connection.begin():
            if beside is not None:
                beside(self._connection)
            _PUT_ROW.insert(self._connection, rows)
            if anchor is not None:
                insert_anchor(self._connection, anchor)
            _PUT_ALARM.insert(self._connection, alarms)
            if commit.supersede:
                outbox.supersede(self._connection, commit.supersede)
            if commit.outbox:
                outbox.put(self._connection, commit.outbox)
            if commit.permits:
                permits.put(self._connection, commit.permits)
            if commit.interlocks:
                interlock_memory.put(self._connection, commit.interlocks)
        self._reached(head)
        if anchor is not None:
            self._anchors.keep(anchor)
        first = head.seq - len(rows) + 1
        return Committed(
            transition_seqs=tuple(range(first, first + len(commit.transitions))),
            seq=head.seq,
            journaled_wall_ns=self._clock.wall_ns(),
        )

    def _rows(self, commit: Commit) -> tuple[list[tuple[object, ...]], Head]:
        journaled_wall_ns = self._clock.wall_ns()
        rows: list[tuple[object, ...]] = []
        seq, last = self._head.seq, self._head.hash
        for transition in commit.transitions:
            seq += 1
            body = transition_body(self._plant, transition, commit.wall_ns, journaled_wall_ns)
            last = chained(last, body)
            rows.append(_transition_columns(seq, commit.wall_ns, self._plant, transition, body, last))
        for entry in commit.entries:
            seq += 1
            body = entry_body(self._plant, entry)
            last = chained(last, body)
            rows.append(_entry_columns(seq, self._plant, entry, body, last))
        return rows, Head(seq, last)

    def _reached(self, head: Head) -> None:
        if head == self._head:
            return
        self._head = head
        try:
            self._head_file.write(head)
        except OSError as error:
            # behind the database is allowed: the check at the next start is weaker, nothing is lost
            logger.warning("the head file was not written at seq %d: %s", head.seq, error)

    def _due_anchor(self, head: Head) -> Anchor | None:
        wall_ns = self._clock.wall_ns()
        return self._anchors.sign("head", head, wall_ns) if self._anchors.is_due(head.seq, wall_ns) else None

    def anchor(self) -> Anchor | None:
        """Sign the last row unless it is signed already, in a transaction of its own; None when nothing was to do."""
        if not self._anchors.is_unsigned(self._head.seq):
            return None
        anchor = self._anchors.sign("head", self._head, self._clock.wall_ns())
        if anchor is not None:
            with self._connection.begin():
                insert_anchor(self._connection, anchor)
            self._anchors.keep(anchor)
        return anchor

    def prune_rows(self, before_ns: int, needed_seq: int | None) -> tuple[int, Anchor | None]:
        """Delete some of the oldest rows; one transaction; returns how many, and the anchor that says so.

        Without a key nothing is deleted: the rest could not be told from a forgery.
        """
        up_to = retention.prunable(self._connection, before_ns, needed_seq)
        self._connection.rollback()
        anchor = None if up_to is None else self._anchors.sign("pruned", up_to, self._clock.wall_ns())
        if up_to is None or anchor is None:
            return 0, None
        with self._connection.begin():
            count = retention.prune_rows(self._connection, up_to)
            insert_anchor(self._connection, anchor)
        return count, anchor

    def prune_outbox(self, seqs: Sequence[int]) -> int:
        """Delete pushes; one transaction; returns how many."""
        with self._connection.begin():
            return retention.prune_outbox(self._connection, seqs)

    def keep_anchor(self, anchor: Anchor) -> None:
        """Append an anchor that is on disk to the file beside the database."""
        self._anchors.keep(anchor)

    def record_gap(self, entry: Entry, after_seq: int) -> None:
        """Write the entry that accounts for rows lost up to `after_seq`; numbers that were given out stay used."""
        last = self._head.hash
        body = entry_body(self._plant, entry)
        row = _entry_columns(after_seq + 1, self._plant, entry, body, chained(last, body))
        with self._connection.begin():
            _PUT_ROW.insert(self._connection, [row])
        self._reached(Head(after_seq + 1, chained(last, body)))


def _transition_columns(
    seq: int, wall_ns: int, plant: str, transition: Transition, body: bytes, row_hash: bytes
) -> tuple[object, ...]:
    definition = transition.definition
    return (
        seq,
        wall_ns,
        "transition",
        plant,
        definition.id,
        transition.occurrence,
        transition.transition,
        transition.person,
        body,
        row_hash,
        definition.tag,
        definition.hazard_source,
        transition.trigger.value,
        transition.after.value,
    )


def _entry_columns(seq: int, plant: str, entry: Entry, body: bytes, row_hash: bytes) -> tuple[object, ...]:
    found = (seq, entry.wall_ns, entry.kind, plant, entry.id, None, None, entry.person, body, row_hash)
    return (*found, None, entry.hazard_source, *(None,) * (len(_COLUMNS) - len(found) - 2))


def _alarm_columns(alarm: Alarm) -> tuple[object, ...]:
    return (alarm.id, alarm.state.value, alarm.occurrence, alarm.transition, alarm.priority, encode_alarm(alarm))
