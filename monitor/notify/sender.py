"""One task per channel, for ever: takes what is due from the outbox, sends it, keeps what was said, tells how it stands."""

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from typing import Final

from monitor.clock import Clock
from monitor.hazards.view import ChannelStatus
from monitor.notify.people import Channel, ChannelKind
from monitor.notify.policy import follow_up
from monitor.notify.port import Notifier, OutboxStore, Outcome, StatusSink, Trouble
from monitor.notify.row import OutboxRow, Status

LOG = logging.getLogger(__name__)

MOST_ROWS: Final = 500
IDLE_S: Final = 1.0
"""Reminders become due without an event: the outbox is asked at least this often."""
GATHER_S: Final[Mapping[ChannelKind, float]] = {"wecom_webhook": 0.02, "mqtt": 0.0}
"""How long a channel waits for what the next scan adds: WeCom takes 20 messages a minute, a broker takes every row alone."""
SLICE_S: Final = 1.0
"""While nothing may go out the state of the channel is told this often."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
BUSY_PAUSE_S: Final = 60.0
"""WeCom closes for the limit's own period."""
REFUSED_PAUSE_S: Final = (30.0, 60.0)
"""Repeating a wrong key too fast gets the address of the plant banned."""


class Sender:
    """Carries the outbox of one channel; loses nothing: a row is WAITING, IN_FLIGHT, or answered."""

    def __init__(
        self, channel: Channel, notifier: Notifier, store: OutboxStore, clock: Clock, on_status: StatusSink
    ) -> None:
        self.channel = channel
        self.notifier = notifier
        self._store = store
        self._clock = clock
        self._on_status = on_status
        self._link: Trouble | None = None
        """What the notifier says of its connection."""
        self._answer: Trouble | None = None
        """What the last sending ran into."""
        self._failures = 0
        self._most = MOST_ROWS
        self._denied_until: dict[int, int] = {}
        """Row seq -> mono ns until which this row alone waits."""
        self._denial = ""
        self._last_error = ""
        self._last_accepted_wall_ns: int | None = None
        self._waiting: tuple[int, int | None] = (0, None)
        self._told: ChannelStatus | None = None

    async def run(self) -> None:
        """Send for ever; ends by cancellation only.  An error of the outbox is not caught: nothing may go on without it."""
        self._tell()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.notifier.run(self._report), name=f"notifier {self.channel.id}")
            group.create_task(self._send_for_ever(), name=f"outbox {self.channel.id}")

    async def _send_for_ever(self) -> None:
        while True:
            rows = await self._due()
            pick = self.notifier.pick(rows, self._most) if rows else None
            if pick is None:
                await self._store.wait_for_rows(self.channel.id, IDLE_S)
                await asyncio.sleep(GATHER_S[self.channel.kind])
            elif not pick.rows:
                await asyncio.sleep(min(pick.wait_s, SLICE_S))
            else:
                await self._carry(pick.rows)
                await self._pause(self._pause_s())

    async def _due(self) -> list[OutboxRow]:
        await self._count()
        now_ns = self._clock.mono_ns()
        self._denied_until = {seq: until for seq, until in self._denied_until.items() if until > now_ns}
        rows = await self._store.due(self.channel.id, self._clock.wall_ns(), MOST_ROWS + len(self._denied_until))
        return [row for row in rows if row.seq not in self._denied_until]

    async def _carry(self, rows: Sequence[OutboxRow]) -> None:
        await self._store.mark(rows, Status.IN_FLIGHT, self._clock.wall_ns())
        try:
            outcome = await self.notifier.send(rows)
        except Exception as error:
            # named boundary: a defect in one notifier must not stop the channel; it shows as a channel that is down
            LOG.exception("channel %s: sending failed", self.channel.id)
            outcome = Outcome(trouble=Trouble(kind="silent", error=f"defect: {error!r}"))
        wall_ns = self._clock.wall_ns()
        await self._keep(rows, outcome, wall_ns)
        self._learn(rows, outcome, wall_ns)

    async def _keep(self, rows: Sequence[OutboxRow], outcome: Outcome, wall_ns: int) -> None:
        """Write down what the channel said of each row."""
        # a digest is refused as a whole: which alarm it was is found by halving, see _learn
        refused = () if _is_digest_refused(rows, outcome) else outcome.refused
        if outcome.accepted:
            await self._store.mark(
                outcome.accepted, Status.ACCEPTED, wall_ns, follow_up=self._reminders(outcome.accepted, wall_ns)
            )
        if refused:
            LOG.error("channel %s refuses %s: %s", self.channel.id, [row.key for row in refused], outcome.error)
            await self._store.mark(
                refused, Status.REFUSED, wall_ns, outcome.error, follow_up=self._reminders(refused, wall_ns)
            )
        answered = {row.seq for row in (*outcome.accepted, *refused)}
        left = [row for row in rows if row.seq not in answered]
        if left:
            error = outcome.trouble.error if outcome.trouble else outcome.error
            await self._store.mark(left, Status.WAITING, wall_ns, error or "no answer")

    def _learn(self, rows: Sequence[OutboxRow], outcome: Outcome, wall_ns: int) -> None:
        """What the answer says of the channel, and of the next message."""
        if outcome.trouble and outcome.trouble != self._answer:
            LOG.warning("channel %s: %s", self.channel.id, outcome.trouble.error)
        self._answer = outcome.trouble
        self._failures = self._failures + 1 if outcome.trouble else 0
        if outcome.accepted:
            self._last_accepted_wall_ns = wall_ns
        if _is_digest_refused(rows, outcome):
            self._most = max(1, _occurrences(rows) // 2)
        elif outcome.accepted or outcome.refused:
            self._most = MOST_ROWS
        if outcome.denied:
            until_ns = self._clock.mono_ns() + round(random.uniform(*REFUSED_PAUSE_S) * 1e9)
            self._denied_until |= {row.seq: until_ns for row in outcome.denied}
            self._denial = outcome.error
        if outcome.trouble or outcome.error:
            self._last_error = outcome.trouble.error if outcome.trouble else outcome.error
        self._tell()

    def _reminders(self, rows: Sequence[OutboxRow], wall_ns: int) -> tuple[OutboxRow, ...]:
        reminders = (follow_up(row, self.channel, wall_ns) for row in rows)
        return tuple(reminder for reminder in reminders if reminder is not None)

    def _pause_s(self) -> float:
        if self._answer is None:
            return 0.0
        if self._answer.kind == "busy":
            return BUSY_PAUSE_S + random.uniform(0.0, 2.0)
        if self._answer.kind == "refused":
            return random.uniform(*REFUSED_PAUSE_S)
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._failures - 1, 10)) * random.uniform(0.7, 1.0)

    async def _pause(self, seconds: float) -> None:
        end_ns = self._clock.mono_ns() + round(seconds * 1e9)
        while (left_s := (end_ns - self._clock.mono_ns()) / 1e9) > 0:
            await asyncio.sleep(min(left_s, SLICE_S))
            await self._count()

    async def _count(self) -> None:
        count, oldest_ns = await self._store.waiting(self.channel.id)
        if oldest_ns is not None and oldest_ns > self._clock.wall_ns():
            count, oldest_ns = 0, None  # nothing but reminders whose time has not come
        self._waiting = count, oldest_ns
        self._tell()

    def _report(self, trouble: Trouble | None) -> None:
        if trouble is not None:
            self._last_error = trouble.error
            if trouble != self._link:
                LOG.warning("channel %s: %s", self.channel.id, trouble.error)
        self._link = trouble
        self._tell()

    def _tell(self) -> None:
        denied = Trouble(kind="refused", error=self._denial) if self._denied_until else None
        troubles = [trouble for trouble in (self._link, self._answer, denied) if trouble is not None]
        status = ChannelStatus(
            channel=self.channel.id,
            up=not troubles,
            refused=any(trouble.kind == "refused" for trouble in troubles),
            last_error=troubles[0].error if troubles else self._last_error,
            last_accepted_wall_ns=self._last_accepted_wall_ns,
            waiting=self._waiting[0],
            oldest_waiting_wall_ns=self._waiting[1],
        )
        if status != self._told:
            self._told = status
            self._on_status(status)


def _is_digest_refused(rows: Sequence[OutboxRow], outcome: Outcome) -> bool:
    return len(outcome.refused) == len(rows) and _occurrences(rows) > 1


def _occurrences(rows: Sequence[OutboxRow]) -> int:
    return len({(row.id, row.occurrence) for row in rows})
