"""Prepared nodes read over one connection: in as many requests as the server wants, some of them under way at a time."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.opcua import wire
from drivers.opcua.connection import Connection
from drivers.opcua.decoder import Decoder
from drivers.opcua.limits import OperationLimits
from drivers.opcua.plan import chunks
from drivers.opcua.prepared import PreparedRead
from drivers.opcua.proof import ProvenDecoding
from drivers.opcua.settings import OpcUaSettings
from drivers.opcua.stack import TOO_MUCH
from drivers.port import Clock

logger = logging.getLogger(__name__)


_LATER: Final = 1.05
"""A silence is noticed up to so many times later than it might be: a timer is not set anew for each of a thousand answers."""


class _Asked(NamedTuple):
    """One request under way."""

    part: slice
    decoder: Decoder
    answer: asyncio.Future[Any]


class BulkReads:
    """Reads the nodes of one session."""

    def __init__(self, connection: Connection, settings: OpcUaSettings, clock: Clock, limits: OperationLimits) -> None:
        self._connection = connection
        self._name = settings.endpoint
        self._patience_s = settings.request_timeout_s
        self._at_once = settings.max_concurrent_requests  # one is decoded here while the server works on the next
        self._clock = clock
        self._limits = limits
        self._undecodable: set[str] = set()
        self.decoding = ProvenDecoding(settings.endpoint)

    async def read(self, prepared: PreparedRead) -> wire.Columns:
        """Read the values of nodes; halve the server's limit while it complains of their number.

        :raises TimeoutError: no answer came for the request timeout.  May raise what asyncua raises.
        """
        count = len(prepared.wanted)
        limits = self._limits
        while True:
            try:
                return await self._read_parts(prepared, list(chunks(count, limits.nodes_per_read)))
            except UaStatusCodeError as error:
                if error.code not in TOO_MUCH or limits.nodes_per_read == 1:
                    raise
                limits.nodes_per_read = max(1, min(limits.nodes_per_read, count) // 2)
                prepared.questions.clear()
                logger.warning("%s: %s; %d nodes a read", self._name, error, limits.nodes_per_read)

    async def _read_parts(self, prepared: PreparedRead, parts: Sequence[slice]) -> wire.Columns:
        """Read with one request for each part, with more only where one of the values cannot be decoded."""
        found = await self._answers(prepared, parts)
        columns = [
            answer if isinstance(answer, wire.Columns) else await self._without(prepared, part, answer)
            for part, answer in zip(parts, found, strict=True)
        ]
        return wire.join(columns)

    async def _answers(
        self, prepared: PreparedRead, parts: Sequence[slice]
    ) -> list[wire.Columns | wire.UndecodableError]:
        """Ask for the parts in their order; what was answered to each."""
        found: list[wire.Columns | wire.UndecodableError] = []
        under_way: deque[_Asked] = deque()
        try:
            # For each answer and for a free slot; asyncua's own limit, which does not count the slot, would be a second one.
            async with asyncio.timeout(self._patience_s * _LATER) as silence:
                for part in parts:
                    if under_way and (len(under_way) == self._at_once or self._connection.is_busy):
                        found.append(await self._next(under_way))
                        self._wait_again(silence)
                    question = prepared.question(part.start, part.stop, self._clock, self._patience_s)
                    under_way.append(_Asked(part, question.decoder, await self._connection.ask(question.request)))
                while under_way:
                    found.append(await self._next(under_way))
                    if under_way:
                        self._wait_again(silence)
        finally:
            for asked in under_way:
                self._connection.answered()
                if not asked.answer.cancel() and not asked.answer.cancelled():
                    asked.answer.exception()  # the one before it says why; unasked it would be logged again
        return found

    def _wait_again(self, silence: asyncio.Timeout) -> None:
        """An answer came: wait as long for the next one."""
        due_s = asyncio.get_running_loop().time() + self._patience_s
        if due_s > (silence.when() or 0.0):
            silence.reschedule(due_s + self._patience_s * (_LATER - 1.0))

    async def _next(self, under_way: deque[_Asked]) -> wire.Columns | wire.UndecodableError:
        """Wait for the answer to the oldest request, and decode it."""
        part, decoder, answer = under_way[0]
        body = bytes(await answer)
        under_way.popleft()
        self._connection.answered()
        try:
            return self.decoding.read(body, part.stop - part.start, decoder)
        except wire.UndecodableError as error:
            return error

    async def _without(self, prepared: PreparedRead, part: slice, error: wire.UndecodableError) -> wire.Columns:
        """Read a part again in halves: one value that nobody can decode must not cost the others theirs."""
        if part.stop - part.start == 1:
            self._warn_once(prepared.wanted[part.start].NodeId.to_string(), error)
            return wire.blank(1, wire.BAD_DECODING_ERROR)
        middle = (part.start + part.stop) // 2
        return await self._read_parts(prepared, [slice(part.start, middle), slice(middle, part.stop)])

    def _warn_once(self, node: str, error: Exception) -> None:
        """Name a node that cannot be decoded; at every read it would fill the log."""
        if node not in self._undecodable:
            self._undecodable.add(node)
            logger.warning("%s: %s: %s", self._name, node, error)
