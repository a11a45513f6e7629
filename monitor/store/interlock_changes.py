"""Service of the interlocks through time, as the journal tells it: what in-service rates are counted from."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson
from sqlalchemy import Connection, func, select

from monitor.interlocks.judge import SERVICES
from monitor.interlocks.rates import UNKNOWN, ServiceChanges
from monitor.store.tables import JOURNAL

_KINDS: Final = ("interlock", "start", "stop")
_CODES: Final = {service.value: code for code, service in enumerate(SERVICES)}


def service_changes(connection: Connection, ids: Sequence[str], to_ns: int, from_ns: int) -> ServiceChanges:
    """Changes of service before `to_ns`, from the last start before `from_ns` on (every start tells all states anew).

    While the service did not run nobody knows: from the last row before a start, or from a stop, all are UNKNOWN.
    """
    place = {interlock: at for at, interlock in enumerate(ids)}
    first = connection.execute(
        select(func.max(JOURNAL.c.seq)).where(
            JOURNAL.c.kind == "start", JOURNAL.c.kind != "transition", JOURNAL.c.wall_ns <= from_ns
        )
    ).scalar()
    query = (
        select(JOURNAL.c.seq, JOURNAL.c.kind, JOURNAL.c.wall_ns, JOURNAL.c.body)
        .where(
            JOURNAL.c.kind.in_(_KINDS),
            JOURNAL.c.kind != "transition",
            JOURNAL.c.wall_ns < to_ns,
            JOURNAL.c.seq >= (first or 0),
        )
        .order_by(JOURNAL.c.seq)
    )
    rows: list[tuple[int, int, int]] = []
    for seq, kind, wall_ns, body in connection.execute(query).fetchall():
        if kind == "interlock":
            rows += _told(orjson.loads(body)["values"], wall_ns, place)
        else:
            at_ns = _last_before(connection, seq, wall_ns) if kind == "start" else wall_ns
            rows += [(at, at_ns, UNKNOWN) for at in range(len(ids))]
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    return ServiceChanges(
        interlock=np.array(columns[0], np.intp),
        wall_ns=np.array(columns[1], np.int64),
        service=np.array(columns[2], np.uint8),
    )


def _told(values: Mapping[str, Any], wall_ns: int, place: Mapping[str, int]) -> list[tuple[int, int, int]]:
    return [
        (place[change["interlock"]], wall_ns, _CODES[change["after"]])
        for change in values["changes"]
        if change["axis"] == "service" and change["interlock"] in place and change["after"] in _CODES
    ]


def _last_before(connection: Connection, seq: int, wall_ns: int) -> int:
    """When the last row before a start was written: the last moment of which anything is known."""
    found = connection.execute(
        select(JOURNAL.c.wall_ns).where(JOURNAL.c.seq < seq).order_by(JOURNAL.c.seq.desc()).limit(1)
    ).scalar()
    return wall_ns if found is None else min(int(found), wall_ns)
