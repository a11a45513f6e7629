"""The stored memory of the rules: one row for each part, replaced as a whole.  It is no record: the journal is."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Connection, select

from monitor.store.bulk import Bulk
from monitor.store.tables import RULE_MEMORY
from rules.stored import StoredPart

_PUT: Final = Bulk.replacing(RULE_MEMORY, "name")


def load(connection: Connection) -> tuple[StoredPart, ...]:
    """Every part, by name."""
    found = connection.execute(select(RULE_MEMORY).order_by(RULE_MEMORY.c.name)).mappings()
    return tuple(StoredPart(**dict(row)) for row in found)


def put(connection: Connection, parts: Sequence[StoredPart], gone: Collection[str]) -> None:
    """Replace these parts and forget those named `gone`; one transaction of its own."""
    with connection.begin():
        _PUT.insert(connection, [(part.name, part.wall_ns, part.body) for part in parts])
        if gone:
            connection.execute(RULE_MEMORY.delete().where(RULE_MEMORY.c.name.in_(sorted(gone))))
