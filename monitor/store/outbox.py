"""The outbox table: statements on a connection whose thread owns it.  Those that write run inside a transaction."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, exists, func, not_, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import RowMapping

from monitor.alarms.lifecycle import NEEDS_ACKNOWLEDGE
from monitor.notify.row import OutboxRow, Purpose, Status, Supersede
from monitor.store.bulk import Bulk
from monitor.store.tables import ALARM, OUTBOX

_KEY: Final = ("plant", "id", "occurrence", "transition", "channel", "purpose", "repeat")
_COLUMNS: Final = tuple(column.name for column in OUTBOX.columns if column.name != "seq")
_PUT: Final = Bulk(insert(OUTBOX).on_conflict_do_nothing(index_elements=list(_KEY)), _COLUMNS)
"""A row whose key is there already is the same message: it is not sent twice."""
_VALUES: Final = attrgetter(*_COLUMNS)
_PURPOSE: Final = _COLUMNS.index("purpose")
_STATUS: Final = _COLUMNS.index("status")
_UNSENT: Final = (Status.WAITING.value, Status.IN_FLIGHT.value)
_SUPERSEDE: Final = (
    update(OUTBOX)
    .where(
        OUTBOX.c.status == Status.WAITING.value,
        OUTBOX.c.id == bindparam("of_id"),
        OUTBOX.c.occurrence == bindparam("of_occurrence"),
        OUTBOX.c.purpose == bindparam("of_purpose"),
    )
    .values(status=Status.SUPERSEDED.value)
)


def put(connection: Connection, rows: Sequence[OutboxRow]) -> None:
    """Queue rows."""
    _PUT.insert(connection, [_columns(row) for row in rows])


def supersede(connection: Connection, supersedes: Sequence[Supersede]) -> None:
    """Take back waiting rows; comes before `put` of the same commit, whose rows it must not touch."""
    parameters = [
        {"of_id": item.id, "of_occurrence": item.occurrence, "of_purpose": purpose.value}
        for item in supersedes
        for purpose in item.purposes
    ]
    if parameters:
        connection.execute(_SUPERSEDE, parameters)


def mark(
    connection: Connection,
    rows: Sequence[OutboxRow],
    status: Status,
    wall_ns: int,
    error: str,
    follow_up: Sequence[OutboxRow],
) -> None:
    """Say what became of rows, and queue what follows, in one transaction of its own.

    The due time of each row is stored as given, so that a sender can put a row off.
    """
    changes: dict[str, Any] = {"status": status.value, "last_error": error, "due_wall_ns": bindparam("new_due")}
    if status is Status.IN_FLIGHT:
        changes |= {"attempts": OUTBOX.c.attempts + 1, "sent_wall_ns": wall_ns}
    if status is Status.ACCEPTED:
        changes["accepted_wall_ns"] = wall_ns
    statement = update(OUTBOX).where(OUTBOX.c.seq == bindparam("of_seq")).values(**changes)
    with connection.begin():
        if rows:
            connection.execute(statement, [{"of_seq": row.seq, "new_due": row.due_wall_ns} for row in rows])
        if follow_up:
            put(connection, follow_up)
        if follow_up or status is Status.WAITING:
            _supersede_answered(connection)


def _supersede_answered(connection: Connection) -> None:
    """Take back every waiting repeat whose occurrence was answered while its message, or the one before, was on the way."""
    same = ALARM.c.id == OUTBOX.c.id
    unanswered = and_(ALARM.c.occurrence == OUTBOX.c.occurrence, ALARM.c.state.in_(NEEDS_ACKNOWLEDGE))
    answered = exists(select(ALARM.c.id).where(same, not_(unanswered)).correlate(OUTBOX))
    connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.purpose == Purpose.REPEAT.value, OUTBOX.c.status == Status.WAITING.value, answered)
        .values(status=Status.SUPERSEDED.value)
    )


def free_in_flight(connection: Connection) -> None:
    """After a start: what was on the way is due again, with the same key; a transaction of its own."""
    with connection.begin():
        connection.execute(
            update(OUTBOX).where(OUTBOX.c.status == Status.IN_FLIGHT.value).values(status=Status.WAITING.value)
        )
        _supersede_answered(connection)


def due(connection: Connection, channel: str, wall_ns: int, limit: int) -> list[OutboxRow]:
    """Waiting rows whose moment has come: by priority, then age, then seq."""
    query = (
        select(OUTBOX)
        .where(OUTBOX.c.channel == channel, OUTBOX.c.status == Status.WAITING.value, OUTBOX.c.due_wall_ns <= wall_ns)
        .order_by(OUTBOX.c.priority, OUTBOX.c.queued_wall_ns, OUTBOX.c.seq)
        .limit(limit)
    )
    return [_row(found) for found in connection.execute(query).mappings()]


def pushes(connection: Connection, alarm_id: str | None, limit: int) -> list[OutboxRow]:
    """All rows, or those of one alarm, newest first."""
    query = select(OUTBOX).order_by(OUTBOX.c.seq.desc()).limit(limit)
    if alarm_id is not None:
        query = query.where(OUTBOX.c.id == alarm_id)
    return [_row(found) for found in connection.execute(query).mappings()]


def waiting(connection: Connection, channel: str) -> tuple[int, int | None]:
    """(count, oldest due time) of rows the channel has not accepted, repeats that are not due yet included."""
    query = select(func.count(), func.min(OUTBOX.c.due_wall_ns)).where(
        OUTBOX.c.channel == channel, OUTBOX.c.status.in_(_UNSENT)
    )
    count, oldest = connection.execute(query).one()
    return int(count), oldest


def counts(connection: Connection) -> dict[tuple[str, Status], int]:
    """Rows for each (channel, status)."""
    query = select(OUTBOX.c.channel, OUTBOX.c.status, func.count()).group_by(OUTBOX.c.channel, OUTBOX.c.status)
    return {(channel, Status(status)): int(count) for channel, status, count in connection.execute(query)}


def _columns(row: OutboxRow) -> tuple[object, ...]:
    values = list(_VALUES(row))
    values[_PURPOSE], values[_STATUS] = row.purpose.value, row.status.value
    return tuple(values)


def _row(found: RowMapping) -> OutboxRow:
    return OutboxRow(**(dict(found) | {"purpose": Purpose(found["purpose"]), "status": Status(found["status"])}))
