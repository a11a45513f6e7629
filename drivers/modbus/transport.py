"""One socket or serial port on which requests are asked: as many open as its window, a deadline for each.

The next request is written from `data_received`; a waiting task wakes once per chain.  Who is to be asked next, and what an
answer or a timeout means, the line decides.
"""

import asyncio
from typing import Final, Protocol, cast

from drivers.causes import of_system
from drivers.errors import BadFrameError, DriverError, LinkLostError
from drivers.modbus.chain import Transaction
from drivers.modbus.wire import Answer, Exchange

GRACE_S: Final = 0.01
"""A loop that was held up fires its timers before it reads: what is overdue gets this long to be read first."""

QUIET_LIMIT_S: Final = 2.0
"""How long a line that never falls silent is listened to before it is used again; then checksums must do."""

CLOSE_LIMIT_S: Final = 1.0
"""An aborted socket is closed in the next turn of the loop; this bounds the wait should that ever fail."""

Asked = Transaction[asyncio.Future[bool]]


class Dispatcher(Protocol):
    """Who decides what a connection does."""

    def next(self, now_s: float) -> Asked | None:
        """Take the transaction that is to be begun now."""
        ...

    def settle(self, asked: Asked, answer: Answer | BadFrameError) -> None:
        """An answer came, or something that cannot be one."""
        ...

    def timed_out(self, asked: Asked) -> None:
        """No answer came in time."""
        ...

    def lost(self, error: DriverError) -> None:
        """The connection is over."""
        ...


class Connection(asyncio.Protocol):
    """The protocol of one socket or port; `ask` begins what waits, `close` ends it at once."""

    def __init__(self, dispatcher: Dispatcher, exchange: Exchange[Asked], pause_s: float = 0.0) -> None:
        """`pause_s`: rest between an answer and the next request."""
        self._loop = asyncio.get_running_loop()
        self._dispatcher = dispatcher
        self._exchange = exchange
        self._pause_s = pause_s
        self._socket: asyncio.Transport | None = None
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at_s = float("inf")
        self._resting: asyncio.TimerHandle | None = None
        self._quiet_s = 0.0
        self._quiet_until_s = 0.0
        self._suspects: list[Asked] = []
        self._ended = False

    @property
    def late_answers(self) -> int:
        """Answers to earlier transactions that were recognised and dropped."""
        return self._exchange.late_answers

    @property
    def is_closed(self) -> bool:
        """Whether it is over."""
        return self._ended or self._closed.done()

    def ask(self) -> None:
        """Begin as many transactions as there is room for, in one piece."""
        if self._ended or self._resting is not None or self._socket is None:
            return
        exchange, now_s = self._exchange, self._loop.time()
        frames: list[bytes] = []
        while not exchange.is_full:
            asked = self._dispatcher.next(now_s)
            if asked is None:
                break
            frames.append(exchange.begin(asked.chain.requests[asked.number], asked))
            if asked.deadline_s < self._timer_at_s:
                self._arm(asked.deadline_s)
        if frames:
            self._socket.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def rest(self, seconds: float, quiet_s: float = 0.0) -> None:
        """Ask nothing for a while, and with `quiet_s` until nothing came for that long (at most QUIET_LIMIT_S)."""
        if self._resting is not None:
            self._resting.cancel()
        self._quiet_s = quiet_s
        self._quiet_until_s = self._loop.time() + QUIET_LIMIT_S
        self._resting = self._loop.call_later(seconds, self._go_on)

    async def close(self) -> None:
        """Close at once, whatever is open; returns when the socket is gone."""
        self.end()
        if self._socket is not None:
            await asyncio.wait([self._closed], timeout=CLOSE_LIMIT_S)

    def end(self) -> None:
        """Close without waiting."""
        self._ended = True
        for timer in (self._timer, self._resting):
            if timer is not None:
                timer.cancel()
        if self._socket is not None:
            self._socket.abort()

    # --- asyncio.Protocol ---------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket (called by the loop)."""
        self._socket = cast(asyncio.Transport, transport)  # uvloop's is one without inheriting from it
        if self._ended:
            self._socket.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and once an answer stands, write the next request (called by the loop)."""
        if self._ended:
            return
        try:
            replies = self._exchange.receive(data)
        except BadFrameError as error:
            self._dispatcher.lost(error)
            return
        if not replies:
            if self._quiet_s and self._resting is not None and self._loop.time() < self._quiet_until_s:
                self._resting.cancel()
                self._resting = self._loop.call_later(self._quiet_s, self._go_on)
            return
        for asked, answer in replies:
            self._dispatcher.settle(asked, answer)
        if self._pause_s:
            self.rest(self._pause_s)
        self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the line (called by the loop)."""
        zh, en = of_system(exc) if exc is not None else ("", "")
        self._gone()
        if not self._ended:
            lost = LinkLostError(
                f"the device closed the connection{en and f': {en}'}", f"设备关闭了连接{zh and f'：{zh}'}"
            )
            self._dispatcher.lost(lost)

    # --- time ---------------------------------------------------------------------------------
    def _arm(self, at_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at_s = at_s
        self._timer = self._loop.call_at(at_s, self._look)

    def _look(self) -> None:
        """Some transaction may be overdue: one timer serves all of a connection."""
        self._timer, self._timer_at_s = None, float("inf")
        now_s = self._loop.time()
        waiting = self._exchange.owners()
        overdue = [asked for asked in waiting if asked.deadline_s <= now_s]
        condemned = [asked for asked in overdue if any(asked is suspect for suspect in self._suspects)]
        self._suspects = [] if len(condemned) == len(overdue) else overdue
        for asked in condemned:
            self._exchange.forget(asked)
            self._dispatcher.timed_out(asked)
        if self._ended:
            return
        if self._suspects:
            self._arm(now_s + GRACE_S)
        elif rest := [asked.deadline_s for asked in waiting if asked.deadline_s > now_s]:
            self._arm(min(rest))
        self.ask()

    def _go_on(self) -> None:
        self._resting = None
        self._quiet_s = 0.0
        self.ask()

    def _gone(self) -> None:
        if not self._closed.done():
            self._closed.set_result(None)
