"""What must be true before the journal is written to again: nothing acknowledged is missing, nothing was altered."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from monitor.alarms.record import Entry
from monitor.settings import Settings
from monitor.store import outbox
from monitor.store.anchor import ANCHORS_NAME, Anchors, last_signed
from monitor.store.database import FILE_NAME, prepare
from monitor.store.disk import Ballast
from monitor.store.errors import JournalRefusedError
from monitor.store.head import Head, HeadFile
from monitor.store.lookup import last_row
from monitor.store.tables import JOURNAL
from monitor.store.verify import accepted_rows, first_expected, verify
from monitor.store.writer import Beside, JournalWriter, WallClock

logger = logging.getLogger(__name__)
BALLAST_NAME: Final = "ballast"
LAST_ROWS: Final = 1000
"""Rows whose chain is followed at a start; `verify` follows all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong with the journal, and the entry that records it if it is accepted."""

    message_zh: str
    message_en: str
    values: Mapping[str, object]
    after_seq: int
    """Last number that was given out; the entry gets the next one."""

    def entry(self, wall_ns: int) -> Entry:
        """The row that accounts for it."""
        return Entry(
            kind="disk",
            wall_ns=wall_ns,
            message_zh=f"已确认后启动：{self.message_zh}",
            message_en=f"started with this accepted: {self.message_en}",
            values=self.values,
        )

    def refusal(self) -> JournalRefusedError:
        """The refusal to start with it."""
        return JournalRefusedError(
            f"{self.message_zh}请先保全现场（复制状态目录）并查明原因；确认接受后以 REDLINE_ACCEPT_MISSING_ROWS=true 启动。",
            f"{self.message_en} Copy the state directory and find out why first; "
            "to start all the same set REDLINE_ACCEPT_MISSING_ROWS=true.",
        )


def examine(connection: Connection, head: Head | None) -> Finding | None:
    """Compare with the head file and follow the end of the chain; None when all is as it was left."""
    last = last_row(connection)
    if head is None:
        if last.seq:
            logger.warning("head file and anchors are missing or damaged: rows cut off the end would not be noticed")
        return _altered(connection, last)
    if last.seq < head.seq:
        missing = head.seq - last.seq
        return Finding(
            message_zh=f"日志缺少 {missing} 条已确认写入的记录（{last.seq + 1} 至 {head.seq}）。",
            message_en=f"{missing} acknowledged rows are missing from the journal ({last.seq + 1} to {head.seq}).",
            values={
                "first_missing_seq": last.seq + 1,
                "last_missing_seq": head.seq,
                "head_hash": head.hash.hex(),
            },
            after_seq=head.seq,
        )
    found = connection.execute(select(JOURNAL.c.hash).where(JOURNAL.c.seq == head.seq)).scalar()
    if head.seq > first_expected(connection).seq and found != head.hash:
        return Finding(
            message_zh=f"日志第 {head.seq} 条与最后确认写入的记录不一致。",
            message_en=f"row {head.seq} of the journal is not the one that was acknowledged last.",
            values={"altered_seq": head.seq, "head_hash": head.hash.hex()},
            after_seq=last.seq,
        )
    return _altered(connection, last)


def _altered(connection: Connection, last: Head) -> Finding | None:
    verification = verify(connection, LAST_ROWS, believed=accepted_rows(connection, LAST_ROWS))
    if verification.first_bad_seq is None:
        return None
    return Finding(
        message_zh=f"日志第 {verification.first_bad_seq} 条已被改动（{verification.reason_zh}）。",
        message_en=f"row {verification.first_bad_seq} of the journal was altered ({verification.reason}).",
        values={"altered_seq": verification.first_bad_seq, "reason": verification.reason},
        after_seq=last.seq,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A journal that may be written to."""

    writer: JournalWriter
    boot_epoch: int
    accepted: Finding | None
    anchors: Anchors


def start(
    connection: Connection,
    state_dir: Path,
    plant_id: str,
    settings: Settings,
    head_file: HeadFile,
    clock: WallClock,
) -> Started:
    """Check, migrate and claim the database; runs in the thread that owns the connection.

    :raises JournalRefusedError: it must not be written to; see `open_journal`.
    """
    ballast = Ballast(state_dir / BALLAST_NAME, settings.ballast_bytes)
    ballast.take()
    boot_epoch = prepare(connection, state_dir / FILE_NAME, plant_id)
    head = head_file.read() or last_signed(state_dir / ANCHORS_NAME)
    finding = examine(connection, head)
    last = last_row(connection)
    connection.rollback()
    if finding is not None and not settings.accept_missing_rows:
        raise finding.refusal()
    anchors = Anchors(state_dir, plant_id)
    anchors.restore(connection)
    connection.rollback()
    writer = JournalWriter(connection, plant_id, last, Beside(head_file, ballast, anchors), clock)
    if finding is not None:
        logger.warning("%s Accepted by flag.", finding.message_en)
        writer.record_gap(finding.entry(clock.wall_ns()), finding.after_seq)
    elif head != last:
        head_file.write(last)
    outbox.free_in_flight(connection)
    return Started(writer=writer, boot_epoch=boot_epoch, accepted=finding, anchors=anchors)
