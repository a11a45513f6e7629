"""The whole journal as an auditor reads it: the chain, the signed anchors, the head file; nothing is changed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from monitor.store.anchor import ANCHORS_NAME, EVERY_ROWS, Anchor, fingerprint, read_file, stored_anchors
from monitor.store.database import FILE_NAME, open_reading, refused
from monitor.store.head import HEAD_NAME, Head, read_head
from monitor.store.lookup import first_row, last_row
from monitor.store.verify import Verification, Words, accepted_rows, first_expected, verify

_NOTHING: Final = frozenset[bytes]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it was written; `seq` None when no row can be named."""

    seq: int | None
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was read and what was found; without findings the journal is what was written."""

    rows: int
    first_seq: int
    last: Head
    signed_seq: int
    """Last row that is signed; rows after it are held by the head file only."""
    anchors: int
    keys: tuple[str, ...]
    """Fingerprints of the public keys that signed."""
    accepted: tuple[int, ...]
    gaps: tuple[tuple[int, int], ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Beside:
    """What the files beside the database say; read before it, because it is always ahead of them."""

    head: Head | None
    anchors: tuple[Anchor, ...]
    findings: tuple[Finding, ...]


def audit(state: Path, public_keys: frozenset[bytes] = _NOTHING, anchor_files: Sequence[Path] = ()) -> Audit:
    """Check a state folder, or one database file that was copied; also while the service runs.

    With `public_keys` no other key is believed; `anchor_files` are copies of the anchors kept elsewhere.

    :raises JournalRefusedError: the database cannot be read.
    """
    path = state / FILE_NAME if state.is_dir() else state
    beside = _beside(path.parent, anchor_files)
    engine = open_reading(path)
    try:
        with engine.connect() as connection:
            return _audit(connection, beside, public_keys)
    except DatabaseError as error:
        raise refused(path, error) from error
    finally:
        engine.dispose()


def _beside(folder: Path, anchor_files: Sequence[Path]) -> _Beside:
    anchors: list[Anchor] = []
    findings: list[Finding] = []
    own = folder / ANCHORS_NAME
    for path in (*([own] if own.exists() else []), *anchor_files):
        try:
            anchors += read_file(path)
        except (ValueError, OSError) as error:
            findings.append(
                Finding(seq=None, zh=f"锚点文件无法读取：{error}", en=f"the file of anchors cannot be read: {error}")
            )
    return _Beside(read_head(folder / HEAD_NAME), tuple(anchors), tuple(findings))


def _audit(connection: Connection, beside: _Beside, public_keys: frozenset[bytes]) -> Audit:
    stored = stored_anchors(connection)
    start = first_expected(connection)
    by_seq: dict[int, list[Anchor]] = defaultdict(list)
    for anchor in {*stored, *beside.anchors}:
        by_seq[anchor.seq].append(anchor)

    def look(seq: int, row_hash: bytes) -> Words | None:
        if all(anchor.hash == row_hash for anchor in by_seq.get(seq, ())):
            return None
        before = max((other for other in by_seq if other < seq), default=0)
        return (
            f"与签名锚点不一致：第 {before + 1} 至 {seq} 条中有记录被改写",
            f"it is not the row that was signed: something in rows {before + 1} to {seq} was rewritten",
        )

    followed = verify(connection, believed=accepted_rows(connection), look=look)
    connection.rollback()  # a service beside us went on meanwhile: what is said of the end comes from one moment
    last = last_row(connection)
    first = first_row(connection)
    heads = [anchor.seq for anchor in stored_anchors(connection) if anchor.kind == "head"]
    connection.rollback()
    findings = [
        *_of_chain(followed),
        *beside.findings,
        *_of_anchors(stored, beside.anchors, public_keys, followed.gaps),
        *_of_end(last, beside.head, max([start.seq, *heads]), max(by_seq, default=0), followed),
    ]
    return Audit(
        rows=followed.rows,
        first_seq=first.seq,
        last=last,
        signed_seq=max(heads, default=0),
        anchors=len(stored),
        keys=tuple(sorted({fingerprint(anchor.public_key) for anchor in stored})),
        accepted=followed.accepted,
        gaps=followed.gaps,
        findings=tuple(findings),
    )


def _of_chain(followed: Verification) -> Iterable[Finding]:
    if followed.first_bad_seq is not None:
        yield Finding(seq=followed.first_bad_seq, zh=followed.reason_zh, en=followed.reason)


def _of_anchors(
    stored: Sequence[Anchor],
    elsewhere: Sequence[Anchor],
    public_keys: frozenset[bytes],
    gaps: tuple[tuple[int, int], ...],
) -> Iterable[Finding]:
    for anchor in stored:
        if public_keys and anchor.public_key not in public_keys:
            zh = f"该条的锚点由另一密钥签名（指纹 {fingerprint(anchor.public_key)}）"
            en = f"its anchor was signed with another key (fingerprint {fingerprint(anchor.public_key)})"
            yield Finding(seq=anchor.seq, zh=zh, en=en)
            return
        if not anchor.is_signed():
            yield Finding(seq=anchor.seq, zh="该条的锚点签名无效", en="the signature of its anchor does not hold")
            return
    known = {(anchor.seq, anchor.hash) for anchor in stored}
    for anchor in elsewhere:
        lost = any(first <= anchor.seq <= last for first, last in gaps)
        replaced = anchor.kind == "pruned"  # the database keeps the newest of these only
        if (anchor.seq, anchor.hash) not in known and not lost and not replaced:
            zh, en = "该条的锚点已从数据库中删除", "its anchor was taken out of the database"
            yield Finding(seq=anchor.seq, zh=zh, en=en)
            return


def _of_end(
    last: Head, head: Head | None, signed_seq: int, anchored_seq: int, followed: Verification
) -> Iterable[Finding]:
    known_seq = max(head.seq if head else 0, anchored_seq)
    if known_seq > last.seq:
        zh = f"缺少第 {last.seq + 1} 至 {known_seq} 条（已确认写入）"
        yield Finding(seq=last.seq + 1, zh=zh, en=f"rows {last.seq + 1} to {known_seq} are missing (acknowledged)")
    elif head is not None and head.seq == last.seq and head.hash != last.hash and not followed.accepted:
        yield Finding(seq=last.seq, zh="与头文件不一致", en="it is not the row that the head file knows")
    if last.seq - signed_seq >= EVERY_ROWS:
        zh = f"第 {signed_seq + 1} 条之后没有签名锚点（每 {EVERY_ROWS} 条应有一个）"
        en = f"nothing is signed from row {signed_seq + 1} on (there should be an anchor for each {EVERY_ROWS} rows)"
        yield Finding(seq=signed_seq + 1, zh=zh, en=en)
