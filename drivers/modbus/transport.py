"""One TCP connection to one Modbus device: chains of reads, one outstanding at a time, a deadline for each.

The next request of a chain is written from `data_received`; the waiting task wakes once per chain.  After a timeout or a
frame that does not fit, the connection is gone for good: what it may still bring is never taken for an answer.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Self, cast

from drivers.errors import BadFrameError, DriverError, LinkLostError
from drivers.modbus.settings import ModbusSettings
from drivers.modbus.wire import Answer, Exchange, ReadRequest, Refusal

BUSY: Final = frozenset({0x05, 0x06})
"""Exception codes of a device that asks to come back."""

BUSY_PAUSES_S: Final = (0.02, 0.05, 0.1)
"""Waits before a busy device is asked again; after the last its refusal stands."""

CLOSE_LIMIT_S: Final = 1.0
"""An aborted socket is closed in the next turn of the loop; this bounds the wait should that ever fail."""


class ModbusTransport(asyncio.Protocol):
    """The connection; `connect` makes one, `read` runs a chain, `idle` waits while watching it, `close` ends it."""

    def __init__(self, timeout_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout_s = timeout_s
        self._exchange = Exchange()
        self._socket: asyncio.Transport | None = None
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._error: DriverError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[list[Answer]] | None = None
        self._requests: Sequence[ReadRequest] = ()
        self._answers: list[Answer] = []
        self._busy_tries = 0
        self._stop_s = float("inf")

    @classmethod
    async def connect(cls, settings: ModbusSettings) -> Self:
        """Open the connection within `connect_timeout_s`.

        :raises LinkLostError: nobody listens, the name is unknown, or the time is over; in words.
        """
        where = f"{settings.host}:{settings.port}"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                _, connected = await loop.create_connection(
                    lambda: cls(settings.timeout_s), settings.host, settings.port
                )
        except TimeoutError as error:
            raise LinkLostError(f"no connection to {where} within {settings.connect_timeout_s:g} s") from error
        except OSError as error:
            raise LinkLostError(f"no connection to {where}: {error.strerror or error}") from error
        return connected

    @property
    def late_answers(self) -> int:
        """Answers to earlier transactions that were recognised and dropped."""
        return self._exchange.late_answers

    async def read(self, requests: Sequence[ReadRequest], for_s: float = float("inf")) -> list[Answer]:
        """Ask one request after the other; answers in order, fewer than requests when `for_s` ran out, at least one.

        :raises LinkLostError: no answer in time, closed by the device, or an answer that does not fit (BadFrameError).
        """
        if self._error is not None:
            raise self._error
        if not requests:
            return []
        self._requests, self._answers, self._busy_tries = requests, [], 0
        self._stop_s = self._loop.time() + for_s
        self._waiter = self._loop.create_future()
        self._ask()
        try:
            return await self._waiter
        finally:
            if self._waiter.cancelled():  # a transaction is open that nobody waits for
                self._drop(LinkLostError("given up in the middle of a transaction"))
            self._waiter = None

    async def idle(self, seconds: float) -> None:
        """Wait, but not a moment longer than the connection lives.

        :raises LinkLostError: it was lost.
        """
        if seconds > 0:
            await asyncio.wait([self._closed], timeout=seconds)
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Close at once, whatever is outstanding; returns when the socket is gone."""
        self._drop(LinkLostError("closed by us"))
        await asyncio.wait([self._closed], timeout=CLOSE_LIMIT_S)

    # --- asyncio.Protocol ---------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket (called by the loop)."""
        self._socket = cast(asyncio.Transport, transport)  # uvloop's is one without inheriting from it

    def data_received(self, data: bytes) -> None:
        """Take bytes, and once the answer stands, write the next request of the chain (called by the loop)."""
        if self._error is not None:
            return
        try:
            answer = self._exchange.receive(data)
        except BadFrameError as error:
            self._drop(error)
            return
        if answer is None:
            return
        self._stop_timer()
        if isinstance(answer, Refusal) and answer.code in BUSY and self._busy_tries < len(BUSY_PAUSES_S):
            self._timer = self._loop.call_later(BUSY_PAUSES_S[self._busy_tries], self._ask)
            self._busy_tries += 1
            return
        self._answers.append(answer)
        self._busy_tries = 0
        if len(self._answers) < len(self._requests) and self._loop.time() < self._stop_s:
            self._ask()
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(self._answers)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits (called by the loop)."""
        reason = f": {exc}" if exc is not None else ""
        self._drop(LinkLostError(f"the device closed the connection{reason}"))
        if not self._closed.done():
            self._closed.set_result(None)

    # --- one transaction ----------------------------------------------------------------------
    def _ask(self) -> None:
        assert self._socket is not None
        self._socket.write(self._exchange.begin(self._requests[len(self._answers)]))
        self._timer = self._loop.call_later(self._timeout_s, self._time_is_over)

    def _time_is_over(self) -> None:
        request = self._requests[len(self._answers)]
        self._drop(
            LinkLostError(
                f"no answer within {self._timeout_s:g} s from unit {request.unit} to function code "
                f"{request.function.value}, start {request.start}, count {request.count}"
            )
        )

    def _drop(self, error: DriverError) -> None:
        """End the connection; the first reason stays."""
        if self._error is not None:
            return
        self._error = error
        self._stop_timer()
        if self._socket is not None:
            self._socket.abort()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
