"""Permits as they stand, one row each, written in the same transaction as the journal entries of their steps."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select

from monitor.interlocks.permits import OPEN, Approval, MeasureCheck, Permit, PermitSearch, PermitState
from monitor.store.body import encode
from monitor.store.bulk import Bulk
from monitor.store.tables import PERMIT

_PUT: Final = Bulk.replacing(PERMIT, "id")


def put(connection: Connection, permits: Sequence[Permit]) -> None:
    """Store these permits as they stand; inside the caller's transaction."""
    _PUT.insert(
        connection,
        [
            (
                permit.id,
                permit.number,
                permit.interlock,
                permit.state.value,
                permit.requested_wall_ns,
                encode(asdict(permit)),
            )
            for permit in permits
        ],
    )


def load_open(connection: Connection) -> tuple[tuple[Permit, ...], int]:
    """Permits that still matter, oldest first, and the highest number ever given."""
    rows = connection.execute(
        select(PERMIT.c.body).where(PERMIT.c.state.in_([state.value for state in OPEN])).order_by(PERMIT.c.number)
    )
    last = connection.execute(select(func.max(PERMIT.c.number))).scalar()
    return tuple(decode(body) for (body,) in rows), last or 0


def search(connection: Connection, where: PermitSearch, before: int | None, limit: int) -> tuple[Permit, ...]:
    """Newest first, at most `limit`, with a number below `before`."""
    query = select(PERMIT.c.body).order_by(PERMIT.c.number.desc()).limit(limit)
    if where.interlock is not None:
        query = query.where(PERMIT.c.interlock == where.interlock)
    if where.states:
        query = query.where(PERMIT.c.state.in_(sorted(where.states)))
    if where.from_ns is not None:
        query = query.where(PERMIT.c.requested_wall_ns >= where.from_ns)
    if where.to_ns is not None:
        query = query.where(PERMIT.c.requested_wall_ns < where.to_ns)
    if before is not None:
        query = query.where(PERMIT.c.number < before)
    return tuple(decode(body) for (body,) in connection.execute(query))


def decode(body: bytes) -> Permit:
    """A permit from its stored body; keys of later versions are left out."""
    stored: dict[str, Any] = orjson.loads(body)
    known = {name: value for name, value in stored.items() if name in Permit.__dataclass_fields__}
    known["state"] = PermitState(known["state"])
    known["approvals"] = tuple(Approval(**item) for item in known["approvals"])
    known["checks"] = tuple(MeasureCheck(**item) for item in known["checks"])
    for name in ("bits", "measures", "ladder", "marks_told"):
        known[name] = tuple(known[name])
    return Permit(**known)
