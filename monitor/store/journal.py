"""The journal, the board, the outbox and the accounts behind one door; nothing here blocks the loop.

Three threads with a connection each: one writes, one answers quick questions (what is due, whose session is this), one
answers long ones (the journal on screen or as CSV), so that a long question delays neither a commit nor a push.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from monitor.alarms.record import Entry
from monitor.alarms.transition import Alarm
from monitor.interlocks.permits import Permit
from monitor.interlocks.stored import StoredInterlock
from monitor.settings import Settings
from monitor.store import interlock_memory, lookup, permits, retention, rule_memory
from monitor.store.commit import Commit, Committed
from monitor.store.database import FILE_NAME, checkpoint, refused
from monitor.store.disk import DiskSpace, disk_space
from monitor.store.head import HEAD_NAME, HeadFile
from monitor.store.journal_accounts import JournalAccounts
from monitor.store.journal_outbox import JournalOutbox
from monitor.store.journal_rows import JournalRows
from monitor.store.lane import Lane
from monitor.store.lanes import Lanes
from monitor.store.lock import StateLock
from monitor.store.start import Started, start
from monitor.store.writer import WallClock
from rules.stored import StoredPart

_PRUNE_PAUSE_S: Final = 0.05
_SYNC_EVERY_NS: Final = 1_000_000_000


class JournalStore(JournalRows, JournalOutbox, JournalAccounts):
    """An open journal (see `open_journal`); satisfies the API's ports Journal and Accounts."""

    def __init__(self, state_dir: Path, clock: WallClock, lanes: Lanes, started: Started, head_file: HeadFile) -> None:
        super().__init__(lanes, started.writer, clock)
        self._state_dir = state_dir
        self._head_file = head_file
        self._synced_wall_ns = 0
        self.boot_epoch = started.boot_epoch
        """Number of this start on this database, from 1."""
        self.accepted = started.accepted
        """What was wrong with the journal at this start and was accepted by flag; None when nothing was."""

    @property
    def seq(self) -> int:
        """Last journal row on disk."""
        return self._writer.head.seq

    async def commit(self, commit: Commit) -> Committed:
        """One transaction; returns after it is on disk.

        :raises DiskFullError: the disk is full; end the process with EXIT_DISK_FULL (see there what is stored).
        """
        try:
            return await self._write.call(self._writer.commit, commit)
        finally:
            self._wake(row.channel for row in commit.outbox)
            self._sync_head()

    async def record(self, entry: Entry) -> None:
        """Write one entry; returns after it is on disk.

        :raises DiskFullError: the disk is full.
        """
        await self.commit(Commit(wall_ns=entry.wall_ns, entries=(entry,)))

    async def anchor(self) -> None:
        """Sign the last row unless it is signed already (each 1000 rows are, without being asked).

        :raises sqlalchemy.exc.DBAPIError: the database refuses.
        """
        await self._write.call(self._writer.anchor)

    async def prune(self, keep_days: int) -> int:
        """Forget what is older than `keep_days`, in small transactions with room between; returns how many rows.

        Stops at the first row of an alarm that is not over; see `monitor.store.retention`.  At most 25 000 rows a call.

        :raises sqlalchemy.exc.DBAPIError: the database refuses.
        """
        wall_ns, keep_ns = self._clock.wall_ns(), keep_days * retention.DAY_NS
        needed_seq = await self._long.run(retention.first_needed)
        pruned, anchor = 0, None
        for _ in range(retention.CHUNKS):
            count, said = await self._write.call(self._writer.prune_rows, wall_ns - keep_ns, needed_seq)
            pushes = await self._long.run(retention.old_pushes, wall_ns, keep_ns)
            count += await self._write.call(self._writer.prune_outbox, pushes) if pushes else 0
            if count == 0:
                break
            pruned, anchor = pruned + count, said or anchor
            await asyncio.sleep(_PRUNE_PAUSE_S)
        if anchor is not None:
            await self._write.call(self._writer.keep_anchor, anchor)
        return pruned

    async def load_board(self) -> tuple[Alarm, ...]:
        """The board as it was left, by id."""
        return await self._quick.run(lookup.board)

    async def load_permits(self) -> tuple[tuple[Permit, ...], int]:
        """Permits that still matter, oldest first, and the highest number ever given."""
        return await self._quick.run(permits.load_open)

    async def load_interlocks(self) -> tuple[StoredInterlock, ...]:
        """What is remembered of interlocks, by id."""
        return await self._quick.run(interlock_memory.load)

    async def rule_memory(self) -> tuple[StoredPart, ...]:
        """What the rules remembered, as it was stored last."""
        return await self._quick.run(rule_memory.load)

    async def put_rule_memory(self, parts: Sequence[StoredPart], gone: Collection[str] = ()) -> None:
        """Store parts of what the rules remember, and forget others; returns after they are on disk.

        :raises sqlalchemy.exc.DBAPIError: the database refuses; what was stored before stays.
        """
        await self._write.run(rule_memory.put, parts, gone)

    async def change_accounts(self, said: Entry, change: Callable[[Connection], None]) -> None:
        """Change accounts or tokens (`monitor.store.accounts`) and say so in the journal, in one transaction.

        :raises AccountExistsError: the name is taken, or there is none of this name; then nothing is written.
        """
        commit = self._sessions.changing(self._writer.commit)
        await self._write.call(commit, Commit(wall_ns=said.wall_ns, entries=(said,)), change)
        self._sync_head()

    async def disk_space(self) -> DiskSpace:
        """Room of the journal's file system."""
        return await self._quick.call(disk_space, self._state_dir)

    def _sync_head(self) -> None:
        wall_ns = self._clock.wall_ns()
        if not 0 <= wall_ns - self._synced_wall_ns < _SYNC_EVERY_NS:
            self._synced_wall_ns = wall_ns
            self._long.post(self._head_file.try_sync)
            self._long.post_statements(checkpoint)


@asynccontextmanager
async def open_journal(
    state_dir: Path, plant_id: str, settings: Settings, clock: WallClock
) -> AsyncIterator[JournalStore]:
    """Open the one journal of one plant in `state_dir` (created when missing); the directory is locked meanwhile.

    :raises JournalRefusedError: in use, of another plant, damaged, not to be written, acknowledged rows are missing.
    """
    path = state_dir / FILE_NAME
    async with AsyncExitStack() as stack:
        lock = await asyncio.to_thread(_locked, state_dir)
        stack.push_async_callback(asyncio.to_thread, lock.release)
        lanes = Lanes(Lane("journal-write"), Lane("journal-quick"), Lane("journal-long"))
        try:
            head_file = await asyncio.to_thread(HeadFile, state_dir / HEAD_NAME)
            stack.push_async_callback(asyncio.to_thread, head_file.close)
            for lane in lanes:
                stack.push_async_callback(lane.close)
            await lanes.write.open(path, read_only=False)
            started = await lanes.write.run(start, state_dir, plant_id, settings, head_file, clock)
            await lanes.quick.open(path, read_only=True)
            await lanes.long.open(path, read_only=True)
        except (DatabaseError, OSError) as error:
            raise refused(path, error) from error
        lanes.long.post(started.anchors.load)
        store = JournalStore(state_dir, clock, lanes, started, head_file)
        stack.push_async_callback(_sign_the_end, store)
        yield store


async def _sign_the_end(store: JournalStore) -> None:
    with suppress(DatabaseError):  # a full or failing disk: the end stays unsigned, and verify says how much
        await store.anchor()


def _locked(state_dir: Path) -> StateLock:
    with suppress(OSError):  # the lock then says what is wrong
        state_dir.mkdir(parents=True, exist_ok=True)
    return StateLock(state_dir)
