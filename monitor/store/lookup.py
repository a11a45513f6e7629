"""Reading the journal and the board: statements on a connection whose thread owns it."""

from sqlalchemy import Connection, Select, select

from monitor.alarms.record import JournalRow
from monitor.alarms.transition import Alarm
from monitor.store.body import GENESIS, decode_alarm
from monitor.store.head import Head
from monitor.store.tables import ALARM, JOURNAL

_ROW = select(*(JOURNAL.c[name] for name in JournalRow.__slots__))


def board(connection: Connection) -> tuple[Alarm, ...]:
    """Every alarm as it was left, by id.

    :raises ValueError: a board row cannot be read.
    """
    return tuple(decode_alarm(body) for body in connection.execute(select(ALARM.c.body).order_by(ALARM.c.id)).scalars())


def rows(
    connection: Connection,
    from_ns: int | None,
    to_ns: int | None,
    alarm_id: str | None,
    limit: int,
    before_seq: int | None,
) -> list[JournalRow]:
    """Newest first, at most `limit`; wall time in [from_ns, to_ns), seq below `before_seq`."""
    query = _ROW.order_by(JOURNAL.c.seq.desc()).limit(limit)
    if from_ns is not None:
        query = query.where(JOURNAL.c.wall_ns >= from_ns)
    if to_ns is not None:
        query = query.where(JOURNAL.c.wall_ns < to_ns)
    if alarm_id is not None:
        query = query.where(JOURNAL.c.id == alarm_id)
    if before_seq is not None:
        query = query.where(JOURNAL.c.seq < before_seq)
    return _read(connection, query)


def rows_after(connection: Connection, after_seq: int, limit: int) -> list[JournalRow]:
    """Oldest first, at most `limit`, seq above `after_seq`."""
    return _read(connection, _ROW.where(JOURNAL.c.seq > after_seq).order_by(JOURNAL.c.seq).limit(limit))


def _read(connection: Connection, query: Select[tuple[object, ...]]) -> list[JournalRow]:
    return [JournalRow(**dict(found)) for found in connection.execute(query).mappings()]


def last_row(connection: Connection) -> Head:
    """Number and hash of the last row; 0 and the genesis hash when there is none."""
    found = connection.execute(select(JOURNAL.c.seq, JOURNAL.c.hash).order_by(JOURNAL.c.seq.desc()).limit(1)).first()
    return Head(0, GENESIS) if found is None else Head(found.seq, found.hash)


def first_row(connection: Connection) -> Head:
    """Number and hash of the first row that is kept; 0 and the genesis hash when there is none."""
    found = connection.execute(select(JOURNAL.c.seq, JOURNAL.c.hash).order_by(JOURNAL.c.seq).limit(1)).first()
    return Head(0, GENESIS) if found is None else Head(found.seq, found.hash)
