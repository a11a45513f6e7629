"""A line: the connection (or several) to a device or a gateway, and all who ask over it, in turn.

Who reads over a shared line gets one request of its chain through, then the next has its turn.  A unit that is silent ends its
own chain only; on a line of its own it ends the connection, because whatever may still come is then gone for good.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Final

from drivers.backoff import LOST
from drivers.errors import BadFrameError, DriverError, LinkLostError
from drivers.modbus.chain import Chain, Transaction
from drivers.modbus.line_settings import LineSettings
from drivers.modbus.ports import Ports
from drivers.modbus.rests import Rests
from drivers.modbus.transport import Asked
from drivers.modbus.turns import Asking, Turns
from drivers.modbus.units import Units
from drivers.modbus.wire import BUSY, UNIT_OFFLINE, Answer, Refusal, Request

BUSY_PAUSES_S: Final = (0.02, 0.05, 0.1)
"""Waits before a busy device is asked again; after the last its refusal stands."""

SILENT_IN_A_ROW: Final = 3
"""Timeouts without any answer between them after which a shared connection itself is taken for dead."""

PROOF_ROUNDS: Final = 3
"""How often a window is filled before it counts as proven."""


class Line:
    """One line; `lines.enter` gives it to a driver.  Its times are those of the loop's clock."""

    def __init__(self, settings: LineSettings) -> None:
        self.settings = settings
        self.users = 0
        """Drivers that hold it."""
        self.window = settings.window
        """Transactions that may be open on each connection, as it was proven."""
        self.units = Units(settings.dead_unit_retry_s)
        self.timeouts = 0
        self.transactions = 0
        self._loop = asyncio.get_running_loop()
        self._opening = asyncio.Lock()
        self._ports = Ports(settings, self)
        self._rests = Rests()
        self._error: DriverError | None = LinkLostError("not connected yet", "尚未连接")
        self._reopen = False
        self._turns = Turns()
        self._silent = 0
        self._heard = False
        self._failed_opens = 0
        self._not_before_s = 0.0

    @property
    def late_answers(self) -> int:
        """Answers that came when nobody waited for them any more, and were dropped."""
        return self._ports.late_answers

    # --- for its users ------------------------------------------------------------------------
    async def open(self, proof: Request | None = None, timeout_s: float = 1.0) -> None:
        """Connect unless it is connected; a window above 1 is proven with `proof` if the settings ask for that.

        :raises LinkLostError: it could not be connected, in words.
        """
        async with self._opening:
            if self._error is None and not self._reopen:
                return
            now_s = self._loop.time()
            if now_s < self._not_before_s and self._error is not None:
                raise self._error
            try:
                await self._connect(self.settings.window)
                await self._prove(proof, timeout_s)
            except LinkLostError as error:
                self._error = error
                self._failed_opens += 1
                self._not_before_s = self._loop.time() + LOST.wait_s(self._failed_opens, random.random())
                raise
            self._failed_opens = 0
        self._ports.ask()

    async def read(self, requests: Sequence[Request], timeout_s: float, for_s: float = float("inf")) -> list[Answer]:
        """Ask requests of one unit; answers in order, fewer than requests when `for_s` ran out, at least one.

        :raises LinkLostError: no answer in time, closed by the device, or an answer that does not fit (BadFrameError).
        """
        if self._error is not None:
            raise self._error
        if not requests:
            return []
        if self._reopen:
            await self.open()
        return await self._run(Chain(requests, timeout_s, self._loop.time() + for_s, self._loop.create_future()))

    async def idle(self, seconds: float) -> None:
        """Wait, but not a moment longer than the connection lives.

        :raises LinkLostError: it was lost.
        """
        if self._error is None and seconds > 0:
            await self._rests.rest(seconds)
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        """Close at once, whatever is open; returns when the sockets are gone."""
        self._end(LinkLostError("closed by us", "由本机关闭"))
        await self._ports.close()

    # --- transport.Dispatcher -----------------------------------------------------------------
    def next(self, now_s: float) -> Asked | None:
        """The next request of whoever has waited longest."""
        while (chain := self._turns.whose()) is not None:
            number = chain.take(now_s) if chain.is_begun or self._may_begin(chain, now_s) else None
            if number is not None:
                self._turns.served(chain)
                self.transactions += 1
                return Transaction(chain, number, now_s + chain.timeout_s)
            self._turns.step_back()
            self._finish(chain, now_s)
        return None

    def settle(self, asked: Asked, answer: Answer | BadFrameError) -> None:
        """Take an answer; a busy device is asked again, a unit that its gateway does not reach is left alone."""
        chain, number, _ = asked
        self._silent = 0
        self._heard = True
        if isinstance(answer, BadFrameError):
            self._misfit(chain, answer)
            return
        if type(answer) is Refusal:
            if answer.code in BUSY and chain.tries(number) < len(BUSY_PAUSES_S):
                pause_s = BUSY_PAUSES_S[chain.postpone(number)]
                self._loop.call_later(pause_s, self._resume, chain, number)
                return
            was_last = chain.settle(number, answer)
            if answer.code in UNIT_OFFLINE:
                self._offline(asked, answer)
        else:
            was_last = chain.settle(number, answer)
            self.units.answered(chain.unit)
        if was_last:
            self._finish(chain, self._loop.time())

    def timed_out(self, asked: Asked) -> None:
        """A unit was silent: the end of its chain, and of the connection where it is alone or nothing answers at all."""
        chain, number, _ = asked
        self.timeouts += 1
        self._silent += self.units.answers(chain.unit) or not self._heard
        self.units.failed(chain.unit, self._loop.time(), chain.timeout_s)
        request = chain.requests[number]
        error = LinkLostError(
            f"no answer within {chain.timeout_s:g} s from unit {chain.unit} to {request}",
            f"单元 {chain.unit} 在 {chain.timeout_s:g} s 内没有应答（{request}）",
        )
        if not self.settings.is_shared or self._silent >= SILENT_IN_A_ROW:
            self.lost(error)
            return
        if not chain.waiter.done():
            chain.waiter.set_exception(error)
        self._flush()

    def lost(self, error: DriverError) -> None:
        """The connection is over for all who use the line; the first reason stays."""
        if self._error is None:
            self._end(error)

    # --- one chain ----------------------------------------------------------------------------
    async def _run(self, chain: Asking) -> list[Answer]:
        try:
            while True:
                self._turns.line_up(chain)
                self._ports.ask()
                if await chain.waiter:
                    return chain.answers()
                await self.open()  # the connection was closed under it
                chain.waiter = self._loop.create_future()
        finally:
            self._turns.leave(chain)
            if chain.waiter.cancelled() and not self.settings.is_shared:
                self.lost(LinkLostError("given up in the middle of a transaction", "事务进行中被放弃"))

    def _may_begin(self, chain: Asking, now_s: float) -> bool:
        """Whether the unit may be asked at all; if not, its chain ends here without a word on the line."""
        objection = self.units.objection(chain.unit, now_s)
        if isinstance(objection, Refusal):
            chain.give_up(objection)
        elif objection is not None:
            chain.waiter.set_exception(objection)
        return objection is None

    def _resume(self, chain: Asking, number: int) -> None:
        """A busy device had its pause."""
        chain.resume(number)
        if not chain.waiter.done():
            self._turns.line_up(chain)
            self._ports.ask()

    def _finish(self, chain: Asking, now_s: float) -> None:
        if chain.is_over(now_s) and not chain.waiter.done():
            chain.waiter.set_result(True)

    # --- trouble ------------------------------------------------------------------------------
    def _offline(self, asked: Asked, refusal: Refusal) -> None:
        chain = asked.chain
        chain.give_up(refusal)
        now_s = self._loop.time()
        self.units.failed(chain.unit, now_s, max(0.0, now_s - (asked.deadline_s - chain.timeout_s)), refusal)

    def _misfit(self, chain: Asking, error: BadFrameError) -> None:
        """What cannot be an answer came as one: whoever sends it is not believed again before its back-off is over."""
        self.units.failed(chain.unit, self._loop.time(), 0.0)
        if not self.settings.is_shared:
            self.lost(error)
        elif not chain.waiter.done():
            chain.waiter.set_exception(error)

    def _flush(self) -> None:
        """After a timeout without transaction ids: reopen the connection, or listen until a serial line is quiet."""
        if not self.settings.is_rtu:
            return
        if self.settings.serial_port:
            self._ports.listen()
            return
        self._reopen = True
        self._ports.end()
        self._turns.interrupt()

    def _end(self, error: DriverError) -> None:
        self._error = error
        self._ports.end()
        self._turns.fail(error)
        self._rests.end()

    # --- connecting ---------------------------------------------------------------------------
    async def _connect(self, window: int) -> None:
        self.window = 1 if self.settings.is_rtu else window
        try:
            await self._ports.open(self.window)
        except BaseException:
            await self.close()
            raise
        self._silent, self._heard = 0, False
        self._reopen = False
        self._error = None

    async def _prove(self, proof: Request | None, timeout_s: float) -> None:
        """Fill the window a few times; a device that does not answer all of it is read one by one."""
        if self.window == 1 or not self.settings.prove_window:
            return
        if proof is not None:
            wanted = self.window * self.settings.connections * PROOF_ROUNDS
            try:
                if len(await self.read([proof] * wanted, timeout_s)) == wanted:
                    return
            except LinkLostError:
                self.units.forget(proof.unit)
        await self._connect(1)
