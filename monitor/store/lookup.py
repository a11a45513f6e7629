"""Reading the journal and the board: statements on a connection whose thread owns it."""

import re
from collections.abc import Iterator
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, case, cast, false, func, or_, select

from monitor.alarms.record import JournalRow
from monitor.alarms.search import EVERYTHING, JournalSearch
from monitor.alarms.transition import Alarm
from monitor.store.body import GENESIS, decode_alarm
from monitor.store.head import Head
from monitor.store.tables import ALARM, JOURNAL

_ROW = select(*(JOURNAL.c[name] for name in JournalRow.__slots__))
_TEXT_FIELDS: Final = ("message_zh", "message_en", "comment", "person_name")


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
    where: JournalSearch = EVERYTHING,
) -> list[JournalRow]:
    """Newest first, at most `limit`; wall time in [from_ns, to_ns), seq below `before_seq`, and what is looked for."""
    # numbers first: sorting a window of a million rows with their bodies takes seconds
    query = select(JOURNAL.c.seq).order_by(JOURNAL.c.seq.desc()).limit(limit)
    if from_ns is not None:
        query = query.where(JOURNAL.c.wall_ns >= from_ns)
    if to_ns is not None:
        query = query.where(JOURNAL.c.wall_ns < to_ns)
    if alarm_id is not None:
        query = query.where(JOURNAL.c.id == alarm_id)
    if before_seq is not None:
        query = query.where(JOURNAL.c.seq < before_seq)
    chosen = query.where(*_searched(where))
    return _read(connection, _ROW.where(JOURNAL.c.seq.in_(chosen)).order_by(JOURNAL.c.seq.desc()))


def _searched(where: JournalSearch) -> Iterator[ColumnElement[bool]]:
    for column, wanted in (
        (JOURNAL.c.tag, where.tag),
        (JOURNAL.c.hazard_source, where.hazard_source),
        (JOURNAL.c.trigger, where.trigger),
        (JOURNAL.c.after, where.state),
        (JOURNAL.c.person, where.person),
        (JOURNAL.c.kind, where.kind),
    ):
        if wanted is not None:
            yield column == wanted
    if where.kind not in (None, "transition"):
        yield JOURNAL.c.kind != "transition"  # said once more as a constant, for the index of the few others
    if where.text is not None:
        yield _contains(where.text)


def _contains(text: str) -> ColumnElement[bool]:
    body = cast(JOURNAL.c.body, Text)
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"
    fields = (func.coalesce(func.json_extract(body, f"$.{name}"), "") for name in _TEXT_FIELDS)
    in_fields = case(
        (func.json_valid(body) == 1, or_(*(field.like(pattern, escape="\\") for field in fields))), else_=false()
    )
    if re.search(r'["\\\x00-\x1f]', text):  # stands otherwise in JSON
        return in_fields
    return and_(body.like(pattern, escape="\\"), in_fields)  # the quick test first: it leaves few rows


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
