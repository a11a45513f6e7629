"""Reading the journal for figures, floods and the sequence of events: statements on a connection whose thread owns it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, Select, and_, or_, select

from monitor.alarms.annunciations import Step, StepColumns, columns
from monitor.alarms.record import JournalRow
from monitor.store.tables import JOURNAL

AT_ONCE: Final = 1000
OPENINGS_AT_ONCE: Final = 200
TURNS: Final = frozenset({"raised", "returned", "returned_latched"})
"""Triggers that say something of the plant: the events of a sequence sheet."""
_BODIES: Final = select(JOURNAL.c.seq, JOURNAL.c.body).where(JOURNAL.c.kind == "transition")


def annunciations(connection: Connection, from_ns: int, to_ns: int) -> StepColumns:
    """Every transition decided in [from_ns, to_ns), in the order of the journal.

    Where an occurrence goes on in the period, the step that began it stands before, with its own earlier time.
    """
    query = _BODIES.where(JOURNAL.c.wall_ns >= from_ns, JOURNAL.c.wall_ns < to_ns).order_by(JOURNAL.c.seq)
    steps = list(_steps(_bodies(connection, query)))
    return columns([*_openings(connection, steps), *steps])


def recent_annunciations(connection: Connection, from_ns: int, most: int) -> StepColumns:
    """The newest transitions since then, at most so many, in the order of the journal: what a restart counts from."""
    query = _BODIES.where(JOURNAL.c.wall_ns >= from_ns).order_by(JOURNAL.c.seq.desc()).limit(most)
    return columns(reversed(list(_steps(_bodies(connection, query)))))


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


def _steps(bodies: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[Step]:
    for seq, body in bodies:
        yield Step(
            seq=seq,
            decided_wall_ns=body["decided_wall_ns"],
            id=body["id"],
            occurrence=body["occurrence"],
            trigger=body["trigger"],
            annunciated=body["annunciated"],
            priority=body["priority"],
            person=body["person"] is not None,
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
        query = _BODIES.where(or_(*chosen), JOURNAL.c.trigger == "raised")
        found += _steps(_bodies(connection, query))
    return sorted(found, key=lambda step: step.seq)
