"""Is the journal what was written?  Each row's hash covers the row before it."""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, select
from sqlalchemy.engine import Row

from monitor.store.body import GENESIS, chained
from monitor.store.tables import JOURNAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found: `first_bad_seq` None means that every row checked is as it was written."""

    rows: int
    first_bad_seq: int | None
    reason: str = ""


_COLUMNS = ("wall_ns", "kind", "plant", "id", "occurrence", "transition", "person")


def verify(
    connection: Connection, last_rows: int | None = None, *, believed: frozenset[int] = frozenset()
) -> Verification:
    """Follow the chain over all rows, or over the last ones (then the first row read is believed); stops at a bad one.

    Rows in `believed` are not judged, nor is what they say of the row after them.
    """
    query = select(JOURNAL).order_by(JOURNAL.c.seq).execution_options(yield_per=1000)
    before: tuple[int, bytes] | None = (0, GENESIS)
    if last_rows is not None:
        newest = select(JOURNAL.c.seq).order_by(JOURNAL.c.seq.desc())
        first = connection.execute(newest.offset(last_rows).limit(1)).scalar()
        if first is not None:
            query, before = query.where(JOURNAL.c.seq >= first), None
    return _follow(connection.execute(query), before, believed)


def _follow(
    rows: Iterable[Row[tuple[object, ...]]], before: tuple[int, bytes] | None, believed: frozenset[int]
) -> Verification:
    count = 0
    for row in rows:
        count += 1
        if before is not None and row.seq not in believed and (reason := _wrong(row, *before)):
            return Verification(rows=count, first_bad_seq=row.seq, reason=reason)
        # whether the body or the hash of a believed row was altered, its follower cannot be judged by it
        before = None if row.seq in believed else (row.seq, row.hash)
    return Verification(rows=count, first_bad_seq=None)


def _wrong(row: Row[tuple[object, ...]], seq: int, hash_before: bytes) -> str:
    if not isinstance(row.body, bytes) or not isinstance(row.hash, bytes):
        return "the body or the hash is not stored as bytes"  # SQLite keeps whatever type it is given
    if chained(hash_before, row.body) != row.hash:
        return "the hash does not follow from the row before and this body"
    try:
        body = orjson.loads(row.body)
    except orjson.JSONDecodeError:
        return "the body is not JSON"
    differing = [name for name in _COLUMNS if body.get(name) != getattr(row, name)]
    if differing:
        return f"the searched columns differ from the body: {', '.join(differing)}"
    if row.seq == seq + 1:
        return ""
    # rows lost and accepted as lost: the entry that says so is the only one that may follow a gap
    gap = body.get("values") or {}
    if body["kind"] == "disk" and (gap.get("first_missing_seq"), gap.get("last_missing_seq")) == (seq + 1, row.seq - 1):
        return ""
    return f"rows {seq + 1} to {row.seq - 1} are missing"
