"""Reading the journal for figures, floods and the sequence of events: statements on a connection whose thread owns it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, Select, and_, or_, select

from monitor.alarms.annunciations import NEW, Step, StepColumns, columns
from monitor.alarms.record import JournalRow
from monitor.store.tables import JOURNAL

AT_ONCE: Final = 1000
OPENINGS_AT_ONCE: Final = 200
TURNS: Final = frozenset({"raised", "returned", "returned_latched", "returned_untold"})
"""Triggers that say something of the plant: the events of a sequence sheet."""
_BODIES: Final = select(JOURNAL.c.seq, JOURNAL.c.body).where(JOURNAL.c.kind == "transition")
_COUNTED: Final = select(
    *(JOURNAL.c[name] for name in ("seq", "wall_ns", "id", "occurrence", "trigger", "person", "body"))
).where(JOURNAL.c.kind == "transition", JOURNAL.c.trigger.is_not(None))
# Two fields of a body are told from its bytes: parsing a million of them would take long.  The body is canonical JSON, and in
# a text inside it the quotes of these keys would be escaped.
_ANNUNCIATED: Final = b'"annunciated":true'
_PRIORITY: Final = b'"priority":'


def annunciations(connection: Connection, from_ns: int, to_ns: int) -> StepColumns:
    """Every transition decided in [from_ns, to_ns), in the order of the journal.

    Where an occurrence goes on in the period, the step that began it stands before, with its own earlier time.
    """
    query = _COUNTED.where(JOURNAL.c.wall_ns >= from_ns, JOURNAL.c.wall_ns < to_ns).order_by(JOURNAL.c.seq)
    steps = list(_steps(connection, query))
    return columns([*_openings(connection, steps), *steps])


def recent_annunciations(connection: Connection, from_ns: int, most: int) -> StepColumns:
    """The newest steps that may have called anew since then, at most so many, in the order of the journal."""
    query = _COUNTED.where(JOURNAL.c.wall_ns >= from_ns, JOURNAL.c.trigger.in_(sorted(NEW)))
    return columns(reversed(list(_steps(connection, query.order_by(JOURNAL.c.seq.desc()).limit(most)))))


def turns(connection: Connection, from_ns: int, to_ns: int, most: int) -> list[dict[str, Any]]:
    """Bodies of the transitions by which a condition turned, with their `seq`, oldest first; at most one more than `most`."""
    query = _BODIES.where(JOURNAL.c.wall_ns >= from_ns, JOURNAL.c.wall_ns < to_ns).order_by(JOURNAL.c.seq)
    found: list[dict[str, Any]] = []
    for seq, body in _bodies(connection, query):
        if body["trigger"] in TURNS:
            found.append({**body, "seq": seq})
            if len(found) > most:
                break
    return found


def entries(connection: Connection, kind: str, most: int) -> list[JournalRow]:
    """Entries of one kind, newest first."""
    query = (
        select(*(JOURNAL.c[name] for name in JournalRow.__slots__))
        .where(JOURNAL.c.kind == kind, JOURNAL.c.kind != "transition")  # the second lets the partial index serve
        .order_by(JOURNAL.c.seq.desc())
        .limit(most)
    )
    return [JournalRow(**dict(found)) for found in connection.execute(query).mappings()]


def definition_steps(connection: Connection, alarm_id: str, most: int) -> list[JournalRow]:
    """Transitions by which the board noticed that a definition changed or went, newest first."""
    query = (
        select(*(JOURNAL.c[name] for name in JournalRow.__slots__))
        .where(JOURNAL.c.id == alarm_id, JOURNAL.c.trigger.in_(("definition_changed", "definition_removed")))
        .order_by(JOURNAL.c.seq.desc())
        .limit(most)
    )
    return [JournalRow(**dict(found)) for found in connection.execute(query).mappings()]


def _bodies(connection: Connection, query: Select[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    rows: Iterable[Row[Any]] = connection.execute(query.execution_options(yield_per=AT_ONCE))
    for row in rows:
        yield row.seq, orjson.loads(row.body)


def _steps(connection: Connection, query: Select[Any]) -> Iterator[Step]:
    rows: Iterable[Any] = connection.execute(query.execution_options(yield_per=AT_ONCE))
    for seq, wall_ns, alarm_id, occurrence, trigger, person, body in rows:
        place = body.find(_PRIORITY) + len(_PRIORITY)
        yield Step(
            seq=seq,
            decided_wall_ns=wall_ns,
            id=alarm_id,
            occurrence=occurrence,
            trigger=trigger,
            annunciated=_ANNUNCIATED in body,
            priority=body[place] - ord("0"),
            person=person is not None,
        )


def _openings(connection: Connection, steps: Sequence[Step]) -> list[Step]:
    """The RAISED steps of the occurrences that began before the first step."""
    first: dict[tuple[str, int], str] = {}
    for step in steps:
        first.setdefault((step.id, step.occurrence), step.trigger)
    missing = [key for key, trigger in first.items() if trigger != "raised" and key[1] > 0]
    found: list[Step] = []
    for start in range(0, len(missing), OPENINGS_AT_ONCE):
        chosen = [
            and_(JOURNAL.c.id == alarm_id, JOURNAL.c.occurrence == occurrence)
            for alarm_id, occurrence in missing[start : start + OPENINGS_AT_ONCE]
        ]
        found += _steps(connection, _COUNTED.where(or_(*chosen), JOURNAL.c.trigger == "raised"))
    return sorted(found, key=lambda step: step.seq)
