"""What a channel's sender needs: the outbox, the clocks, and a notifier that carries messages out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from monitor.alarms.transition import Alarm
from monitor.hazards.view import ChannelStatus
from monitor.notify.row import OutboxRow, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a channel does not take what it is given."""

    kind: Literal["silent", "busy", "refused"]
    """silent: no answer or a transient error; busy: over its rate limit; refused: key, credentials or rights refused."""
    error: str
    """In words, without any secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """What goes out in one step, or how long to wait when nothing may go now."""

    rows: tuple[OutboxRow, ...] = ()
    wait_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the channel said of each row of a pick; rows named nowhere were not taken and go on waiting."""

    accepted: tuple[OutboxRow, ...] = ()
    refused: tuple[OutboxRow, ...] = ()
    """Refused for what they say, not for who sends them."""
    denied: tuple[OutboxRow, ...] = ()
    """Refused for lack of a right that concerns these rows only: they wait, the others go on."""
    error: str = ""
    """Why rows were refused or denied."""
    trouble: Trouble | None = None
    """Why the channel as a whole did not take them."""


Report = Callable[[Trouble | None], None]
"""How a notifier tells what it knows of its connection while nothing is being sent; None = in order."""

StatusSink = Callable[[ChannelStatus], None]
"""Where the state of a channel goes whenever it changes."""


class Notifier(Protocol):
    """One channel as seen by its sender; `registry.open_notifier` makes it."""

    async def run(self, report: Report) -> None:
        """Keep what the channel needs open; never returns, ends by cancellation."""
        ...

    def pick(self, rows: Sequence[OutboxRow], most: int) -> Pick:
        """Choose from the due rows (priority, then age) what goes out next, at most `most` occurrences."""
        ...

    async def send(self, rows: Sequence[OutboxRow]) -> Outcome:
        """Carry one pick out in bounded time; a failure is an Outcome, not an exception."""
        ...

    def publish_board(self, alarms: Sequence[Alarm]) -> None:
        """Take the alarms of a published scan; never blocks (a channel without retained state ignores it)."""
        ...


class OutboxStore(Protocol):
    """The durable outbox; `monitor.store.journal.JournalStore` satisfies it."""

    async def due(self, channel: str, wall_ns: int, limit: int) -> list[OutboxRow]:
        """Rows to send now: WAITING ones whose time has come and those IN_FLIGHT when the process died; priority, then age."""
        ...

    async def mark(
        self,
        rows: Sequence[OutboxRow],
        status: Status,
        wall_ns: int,
        error: str = "",
        follow_up: Sequence[OutboxRow] = (),
    ) -> None:
        """Set the status of rows in one transaction, on disk on return.

        IN_FLIGHT counts an attempt and sets `sent_wall_ns`, ACCEPTED sets `accepted_wall_ns`.  An acknowledgement may come
        while its reminder is in flight: that reminder does not become WAITING again, and nothing follows it up.
        """
        ...

    async def waiting(self, channel: str) -> tuple[int, int | None]:
        """How many rows the channel has not accepted, reminders not due yet included; when (wall ns) the first was or is due."""
        ...

    async def wait_for_rows(self, channel: str, timeout_s: float) -> bool:
        """Return True as soon as rows were stored for the channel, False after the timeout."""
        ...
