"""The journal, the board, the outbox and the accounts behind one door; nothing here blocks the loop.

Three threads with a connection each: one writes, one answers quick questions (what is due, whose session is this), one
answers long ones (the journal on screen or as CSV), so that a long question delays neither a commit nor a push.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from monitor.alarms.annunciations import StepColumns
from monitor.alarms.record import Entry, JournalRow
from monitor.alarms.search import EVERYTHING, JournalSearch
from monitor.alarms.transition import Alarm
from monitor.interlocks.permits import Permit
from monitor.interlocks.rates import ServiceChanges
from monitor.notify.people import Account
from monitor.notify.row import OutboxRow, Status
from monitor.settings import Settings
from monitor.store import accounts, annunciations, interlock_changes, lookup, outbox, permits, retention, rule_memory
from monitor.store.commit import Commit, Committed
from monitor.store.database import FILE_NAME, checkpoint, refused
from monitor.store.disk import DiskSpace, disk_space
from monitor.store.head import HEAD_NAME, HeadFile
from monitor.store.lane import Lane
from monitor.store.lock import StateLock
from monitor.store.start import Started, start
from monitor.store.verify import Verification, verify
from monitor.store.writer import WallClock
from rules.stored import StoredPart

_PRUNE_PAUSE_S: Final = 0.05
_SYNC_EVERY_NS: Final = 1_000_000_000


class Lanes(NamedTuple):
    """The three threads; close the writer's last."""

    write: Lane
    quick: Lane
    long: Lane


class JournalStore:
    """An open journal (see `open_journal`); satisfies the API's ports Journal and Accounts."""

    def __init__(self, state_dir: Path, clock: WallClock, lanes: Lanes, started: Started, head_file: HeadFile) -> None:
        self._state_dir = state_dir
        self._clock = clock
        self._write, self._quick, self._long = lanes
        self._writer = started.writer
        self._head_file = head_file
        self._synced_wall_ns = 0
        self._woken: dict[str, asyncio.Event] = {}
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

    async def permits(
        self, *, interlock: str | None, states: Sequence[str], before: int | None, limit: int
    ) -> Sequence[Permit]:
        """Permits newest first, at most `limit`, with a number below `before`; no states: any."""
        return await self._quick.run(permits.search, interlock, states, before, limit)

    async def service_changes(self, ids: Sequence[str], from_ns: int, to_ns: int) -> ServiceChanges:
        """Changes of service of these interlocks that decide what is known in [from_ns, to_ns)."""
        return await self._long.run(interlock_changes.service_changes, ids, to_ns, from_ns)

    async def rule_memory(self) -> tuple[StoredPart, ...]:
        """What the rules remembered, as it was stored last."""
        return await self._quick.run(rule_memory.load)

    async def put_rule_memory(self, parts: Sequence[StoredPart], gone: Collection[str] = ()) -> None:
        """Store parts of what the rules remember, and forget others; returns after they are on disk.

        :raises sqlalchemy.exc.DBAPIError: the database refuses; what was stored before stays.
        """
        await self._write.run(rule_memory.put, parts, gone)

    async def rows(
        self,
        *,
        from_ns: int | None,
        to_ns: int | None,
        id: str | None,
        limit: int,
        before_seq: int | None,
        where: JournalSearch = EVERYTHING,
    ) -> Sequence[JournalRow]:
        """Newest first, at most `limit`; wall time in [from_ns, to_ns), seq below `before_seq`, and what is looked for."""
        return await self._long.run(lookup.rows, from_ns, to_ns, id, limit, before_seq, where)

    async def rows_after(self, after_seq: int, limit: int) -> Sequence[JournalRow]:
        """Oldest first, at most `limit`, seq above `after_seq`: to follow the journal."""
        return await self._long.run(lookup.rows_after, after_seq, limit)

    async def annunciations(self, from_ns: int, to_ns: int) -> StepColumns:
        """Steps decided in [from_ns, to_ns), and those that began occurrences which go on in it."""
        return await self._long.run(annunciations.annunciations, from_ns, to_ns)

    async def recent_annunciations(self, from_ns: int, most: int) -> StepColumns:
        """The newest steps since then, at most so many."""
        return await self._long.run(annunciations.recent_annunciations, from_ns, most)

    async def turns(self, from_ns: int, to_ns: int, most: int) -> list[dict[str, Any]]:
        """Bodies of the transitions by which a condition turned, oldest first; at most one more than `most`."""
        return await self._long.run(annunciations.turns, from_ns, to_ns, most)

    async def entries(self, kind: str, most: int) -> list[JournalRow]:
        """Entries of one kind, newest first."""
        return await self._long.run(annunciations.entries, kind, most)

    async def definition_steps(self, alarm_id: str, most: int) -> list[JournalRow]:
        """Transitions by which the board noticed that a definition changed or went, newest first."""
        return await self._long.run(annunciations.definition_steps, alarm_id, most)

    async def verify(self) -> Verification:
        """Follow the complete chain; names the first bad row."""
        return await self._long.run(verify)

    async def pushes(self, *, id: str | None, limit: int) -> Sequence[OutboxRow]:
        """Outbox rows, newest first."""
        return await self._long.run(outbox.pushes, id, limit)

    async def due(self, channel: str, wall_ns: int, limit: int) -> list[OutboxRow]:
        """Rows to send now: by priority, then age, then seq; what was in flight before a crash is among them."""
        return await self._quick.run(outbox.due, channel, wall_ns, limit)

    async def mark(
        self,
        rows: Sequence[OutboxRow],
        status: Status,
        wall_ns: int,
        error: str = "",
        follow_up: Sequence[OutboxRow] = (),
    ) -> None:
        """Say what became of rows and queue what follows, in one transaction; `due_wall_ns` is stored as the rows have it.

        :raises DiskFullError: the disk is full.
        """
        try:
            await self._write.call(self._writer.mark, rows, status, wall_ns, error, follow_up)
        finally:
            woken = [*follow_up, *(rows if status is Status.WAITING else ())]
            self._wake(row.channel for row in woken)

    async def waiting(self, channel: str) -> tuple[int, int | None]:
        """(count, oldest due wall time) of rows the channel has not accepted; repeats not due yet are among them."""
        return await self._quick.run(outbox.waiting, channel)

    async def outbox_counts(self) -> dict[tuple[str, Status], int]:
        """Rows for each (channel, status)."""
        return await self._long.run(outbox.counts)

    async def wait_for_rows(self, channel: str, timeout_s: float) -> bool:
        """Wait until rows of this channel were queued since the last call; False when the time is over.

        One waiter for each channel; rows queued between its `due` and this call wake it at once.
        """
        event = self._woken.setdefault(channel, asyncio.Event())
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await event.wait()
        woken = event.is_set()
        event.clear()
        return woken

    async def create_account(self, account: Account) -> None:
        """Add an account.

        :raises AccountExistsError: the name is taken.
        """
        await self._write.run(accounts.create, account)

    async def update_account(self, account: Account) -> None:
        """Replace an account; a new password or disabling it ends its sessions.

        :raises AccountExistsError: there is none of this name.
        """
        await self._write.run(accounts.change, account)

    async def change_accounts(self, said: Entry, change: Callable[[Connection], None]) -> None:
        """Change accounts or tokens (`monitor.store.accounts`) and say so in the journal, in one transaction.

        :raises AccountExistsError: the name is taken, or there is none of this name; then nothing is written.
        """
        await self._write.call(self._writer.commit, Commit(wall_ns=said.wall_ns, entries=(said,)), change)
        self._sync_head()

    async def sessions(self, username: str) -> Sequence[tuple[bytes, int]]:
        """(SHA-256 of the token, end as wall time) of every live session and token of an account."""
        return await self._quick.run(accounts.sessions, username, self._clock.wall_ns())

    async def account(self, username: str) -> Account | None:
        """One account by name, disabled or not."""
        return await self._quick.run(accounts.find, username)

    async def accounts(self) -> Sequence[Account]:
        """All accounts by name."""
        return await self._quick.run(accounts.everyone)

    async def open_session(self, token_sha256: bytes, username: str, expires_wall_ns: int) -> None:
        """Keep a new session; expired ones are forgotten.

        :raises AccountExistsError: there is no account of this name.
        """
        await self._write.run(accounts.open_session, token_sha256, username, expires_wall_ns, self._clock.wall_ns())

    async def session(self, token_sha256: bytes, wall_ns: int) -> Account | None:
        """The enabled account of a live session or bearer token."""
        return await self._quick.run(accounts.session, token_sha256, wall_ns)

    async def close_session(self, token_sha256: bytes) -> None:
        """Forget a session."""
        await self._write.run(accounts.close_session, token_sha256)

    async def disk_space(self) -> DiskSpace:
        """Room of the journal's file system."""
        return await self._quick.call(disk_space, self._state_dir)

    def _wake(self, channels: Iterable[str]) -> None:
        for channel in channels:
            self._woken.setdefault(channel, asyncio.Event()).set()

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
