"""The outbox of an open journal: what waits to be told, and who is woken for it."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress

from monitor.notify.row import OutboxRow, Status
from monitor.store import outbox
from monitor.store.lanes import Lanes, OnLanes
from monitor.store.writer import JournalWriter, WallClock


class JournalOutbox(OnLanes):
    """Satisfies the senders' port OutboxStore."""

    def __init__(self, lanes: Lanes, writer: JournalWriter, clock: WallClock) -> None:
        super().__init__(lanes, writer, clock)
        self._woken: dict[str, asyncio.Event] = {}

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

    def _wake(self, channels: Iterable[str]) -> None:
        for channel in channels:
            self._woken.setdefault(channel, asyncio.Event()).set()
