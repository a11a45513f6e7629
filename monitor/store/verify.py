"""Is the journal what was written?  Each row's hash covers the row before it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, select

from monitor.store.body import GENESIS, chained
from monitor.store.head import Head
from monitor.store.tables import ANCHOR, JOURNAL

CHUNK_ROWS: Final = 2000
"""Rows of one reading transaction: a long one would keep the service from shortening its log."""
_SEARCHED: Final = (
    "wall_ns",
    "kind",
    "plant",
    "id",
    "occurrence",
    "transition",
    "person",
    "tag",
    "hazard_source",
    "trigger",
    "after",
)
_QUERY: Final = select(*(JOURNAL.c[name] for name in ("seq", "body", "hash", *_SEARCHED))).order_by(JOURNAL.c.seq)
_SEQ, _BODY, _HASH, _FIRST_SEARCHED = 0, 1, 2, 3
Words = tuple[str, str]
"""The same in Chinese and in English."""
Look = Callable[[int, bytes], Words | None]
"""Is shown seq and hash of a row; says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found: `first_bad_seq` None means that every row checked is as it was written."""

    rows: int
    first_bad_seq: int | None
    reason: str = ""
    reason_zh: str = ""
    accepted: tuple[int, ...] = ()
    """Rows that are not as they were written, and that somebody accepted at a start."""
    gaps: tuple[tuple[int, int], ...] = ()
    """First and last of rows that are missing and were accepted as missing."""


def first_expected(connection: Connection) -> Head:
    """What stands before the first row: the last pruned row, or 0 and the genesis hash."""
    query = select(ANCHOR.c.seq, ANCHOR.c.hash).where(ANCHOR.c.kind == "pruned").order_by(ANCHOR.c.seq.desc()).limit(1)
    found = connection.execute(query).first()
    return Head(0, GENESIS) if found is None else Head(found.seq, found.hash)


def accepted_rows(connection: Connection, limit: int | None = None) -> frozenset[int]:
    """Altered rows that somebody accepted at an earlier start, by the entries that say so (the newest `limit`)."""
    query = select(JOURNAL.c.body).where(JOURNAL.c.kind == "disk", JOURNAL.c.kind != "transition")
    accepted = set()
    for body in connection.execute(query.order_by(JOURNAL.c.seq.desc()).limit(limit)).scalars():
        try:
            values = orjson.loads(body).get("values") or {}
        except (orjson.JSONDecodeError, AttributeError):
            continue  # an altered entry accepts nothing; verify names it
        if isinstance(seq := values.get("altered_seq"), int):
            accepted.add(seq)
    return frozenset(accepted)


def verify(
    connection: Connection,
    last_rows: int | None = None,
    *,
    believed: frozenset[int] = frozenset(),
    look: Look | None = None,
) -> Verification:
    """Follow the chain over all rows, or over the last ones (what is before those is believed); stops at a bad one.

    Rows in `believed` may be wrong; they are listed as accepted, and what they say of the row after them is not judged.
    `look` is shown seq and hash of each row that is right so far, and may know better.
    """
    before: Head | None = first_expected(connection)
    after_seq = -1
    if last_rows is not None:
        newest = select(JOURNAL.c.seq).order_by(JOURNAL.c.seq.desc())
        first = connection.execute(newest.offset(last_rows).limit(1)).scalar()
        if first is not None:
            before, after_seq = None, first - 1
    until = connection.execute(select(JOURNAL.c.seq).order_by(JOURNAL.c.seq.desc()).limit(1)).scalar() or 0
    walk = _Walk(before, believed, look)
    count, bad_seq, words = 0, None, ("", "")
    for row in _rows(connection, after_seq, until):
        count += 1
        found = walk.step(row)
        if found is not None:
            bad_seq, words = row[_SEQ], found
            break
    return Verification(
        rows=count,
        first_bad_seq=bad_seq,
        reason=words[1],
        reason_zh=words[0],
        accepted=tuple(walk.accepted),
        gaps=tuple(walk.gaps),
    )


class _Walk:
    """What is known while the rows go by."""

    def __init__(self, before: Head | None, believed: frozenset[int], look: Look | None) -> None:
        self._before = before
        self._believed = believed
        self._look = look
        self.accepted: list[int] = []
        self.gaps: list[tuple[int, int]] = []

    def step(self, row: Row[Any]) -> Words | None:
        """Judge the next row; None when it is right or was accepted."""
        seq, row_hash = row[_SEQ], row[_HASH]
        before = self._before
        words = _wrong(row, before)
        if words is None and self._look is not None:
            words = self._look(seq, row_hash)
        if words is None and before is not None and seq != before.seq + 1:
            self.gaps.append((before.seq + 1, seq - 1))
        believed = seq in self._believed
        # whether the body or the hash of a believed row was altered, its follower cannot be judged by it
        self._before = None if believed and not _follows(row, before) else Head(seq, row_hash)
        if words is not None and believed:
            self.accepted.append(seq)
            return None
        return words


def _rows(connection: Connection, after_seq: int, until: int) -> Iterator[Row[Any]]:
    """Rows in order, read in chunks that are a transaction each."""
    while True:
        query = _QUERY.where(JOURNAL.c.seq > after_seq, JOURNAL.c.seq <= until).limit(CHUNK_ROWS)
        found = connection.execute(query).all()
        connection.rollback()
        if not found:
            return
        yield from found
        after_seq = found[-1][_SEQ]


def _follows(row: Sequence[Any], before: Head | None) -> bool:
    body, row_hash = row[_BODY], row[_HASH]
    return before is not None and isinstance(body, bytes) and chained(before.hash, body) == row_hash


def _wrong(row: Sequence[Any], before: Head | None) -> Words | None:
    body = row[_BODY]
    if not isinstance(body, bytes) or not isinstance(row[_HASH], bytes):
        # SQLite keeps whatever type it is given
        return "正文或哈希不是按字节存储的", "the body or the hash is not stored as bytes"
    if before is not None and not _follows(row, before):
        return "哈希与前一条及本条正文不符", "the hash does not follow from the row before and this body"
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        return "正文不是 JSON 对象", "the body is not a JSON object"
    differing = [
        name for name, value in zip(_SEARCHED, row[_FIRST_SEARCHED:], strict=True) if fields.get(name) != value
    ]
    if differing:
        names = ", ".join(differing)
        return f"检索列与正文不一致：{names}", f"the searched columns differ from the body: {names}"
    return None if before is None or row[_SEQ] == before.seq + 1 else _missing(fields, before.seq + 1, row[_SEQ] - 1)


def _missing(fields: dict[str, Any], first: int, last: int) -> Words | None:
    """Rows lost and accepted as lost: the entry that says so is the only one that may follow a gap."""
    gap = fields.get("values") or {}
    if fields["kind"] == "disk" and (gap.get("first_missing_seq"), gap.get("last_missing_seq")) == (first, last):
        return None
    return f"缺少第 {first} 至 {last} 条", f"rows {first} to {last} are missing"
