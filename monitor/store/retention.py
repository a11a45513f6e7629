"""What may be forgotten: old rows from the beginning of the journal, and pushes that were answered for long ago.

Rows go from the front only, so that the rest is still one chain; a signed `pruned` anchor says what stood before it.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Text, and_, cast, delete, func, or_, select

from monitor.alarms.lifecycle import State
from monitor.notify.row import Status
from monitor.store.head import Head
from monitor.store.tables import ALARM, JOURNAL, OUTBOX

CHUNK_ROWS: Final = 500
"""Rows of one transaction: a commit that waits behind it waits a few milliseconds."""
CHUNKS: Final = 50
"""Transactions of one run: a clock that is wrong for an hour cannot empty the journal."""
DAY_NS: Final = 86_400_000_000_000
OUTBOX_KEEP_NS: Final = 90 * DAY_NS
_NO_SUPPRESSION: Final = '%"suppressions":[]%'


def first_needed(connection: Connection) -> int | None:
    """First row of any occurrence that is not over: its alarm is not normal, or is suppressed; None without any."""
    going_on = or_(ALARM.c.state != State.NORMAL.value, cast(ALARM.c.body, Text).not_like(_NO_SUPPRESSION))
    same = and_(JOURNAL.c.kind == "transition", JOURNAL.c.id == ALARM.c.id, JOURNAL.c.occurrence == ALARM.c.occurrence)
    found: int | None = connection.execute(
        select(func.min(JOURNAL.c.seq)).select_from(ALARM.join(JOURNAL, same)).where(going_on)
    ).scalar()
    return found


def prunable(connection: Connection, before_ns: int, needed_seq: int | None) -> Head | None:
    """The last of the oldest rows that may go now: all older than `before_ns`, none needed, never the last row of all."""
    last_seq = connection.execute(select(func.max(JOURNAL.c.seq))).scalar() or 0
    limit = last_seq if needed_seq is None else min(last_seq, needed_seq)
    oldest = select(JOURNAL.c.seq, JOURNAL.c.wall_ns, JOURNAL.c.hash).order_by(JOURNAL.c.seq).limit(CHUNK_ROWS)
    found = None
    for seq, wall_ns, row_hash in connection.execute(oldest.where(JOURNAL.c.seq < limit)):
        if wall_ns >= before_ns:
            break
        found = Head(seq, row_hash)
    return found


def prune_rows(connection: Connection, up_to: Head) -> int:
    """Delete rows up to one of them, inside the connection's transaction; returns how many."""
    return connection.execute(delete(JOURNAL).where(JOURNAL.c.seq <= up_to.seq)).rowcount


def old_pushes(connection: Connection, wall_ns: int, keep_ns: int) -> list[int]:
    """Numbers of pushes that may go: accepted and superseded ones after 90 days, refused ones after `keep_ns`."""
    over = (Status.ACCEPTED.value, Status.SUPERSEDED.value)
    old = or_(
        and_(OUTBOX.c.status.in_(over), OUTBOX.c.queued_wall_ns < wall_ns - OUTBOX_KEEP_NS),
        and_(OUTBOX.c.status == Status.REFUSED.value, OUTBOX.c.queued_wall_ns < wall_ns - keep_ns),
    )
    return list(connection.execute(select(OUTBOX.c.seq).where(old).order_by(OUTBOX.c.seq).limit(CHUNK_ROWS)).scalars())


def prune_outbox(connection: Connection, seqs: Sequence[int]) -> int:
    """Delete pushes by their numbers, inside the connection's transaction; returns how many.  These never wait again."""
    return connection.execute(delete(OUTBOX).where(OUTBOX.c.seq.in_(seqs))).rowcount
