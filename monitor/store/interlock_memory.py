"""What is remembered of interlocks, one row each, written in the same transaction as what was decided from it."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from monitor.interlocks.stored import StoredInterlock
from monitor.store.bulk import Bulk
from monitor.store.tables import INTERLOCK_MEMORY

_PUT: Final = Bulk.replacing(INTERLOCK_MEMORY, "id")


def load(connection: Connection) -> tuple[StoredInterlock, ...]:
    """Every row, by id."""
    found = connection.execute(select(INTERLOCK_MEMORY).order_by(INTERLOCK_MEMORY.c.id)).mappings()
    return tuple(StoredInterlock(**dict(row)) for row in found)


def put(connection: Connection, rows: Sequence[StoredInterlock]) -> None:
    """Replace these rows, and forget those without a body; inside the caller's transaction."""
    _PUT.insert(connection, [(row.id, row.wall_ns, row.body) for row in rows if row.body is not None])
    gone = [row.id for row in rows if row.body is None]
    if gone:
        connection.execute(INTERLOCK_MEMORY.delete().where(INTERLOCK_MEMORY.c.id.in_(gone)))
