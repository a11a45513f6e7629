"""One session with one server: its namespaces, limits and clock, and the reading of values over it.

A session is made once, entered once and closed in bounded time.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Self

import numpy as np
from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.errors import DriverError, LinkLostError
from drivers.opcua import wire
from drivers.opcua.bulk import BulkReads
from drivers.opcua.connection import Connection
from drivers.opcua.limits import NODES, OperationLimits
from drivers.opcua.plan import NodeAddress, chunks
from drivers.opcua.prepared import PreparedRead
from drivers.opcua.proof import ProvenDecoding
from drivers.opcua.settings import OpcUaSettings
from drivers.opcua.stack import (
    DISBELIEVED,
    as_driver_error,
    node_id,
    node_text,
    read_value_id,
    time_ns,
    value_of,
)
from drivers.port import Clock
from rules.columns.readings import NO_TIME

logger = logging.getLogger(__name__)

PROBE_S: Final = 10.0
"""How long a server may be silent before it is asked whether it is there; a third of the shortest session timeout."""


class Session:
    """A session with one server; entering connects and asks for namespaces, limits and clock."""

    def __init__(self, settings: OpcUaSettings, clock: Clock, name: str) -> None:
        """`name` is what the server's own list of sessions shows."""
        self._settings = settings
        self._clock = clock
        self._namespaces: dict[str, int] = {}
        self._answered_ns = clock.mono_ns()
        self.limits = OperationLimits(nodes_per_read=settings.max_nodes_per_read)
        """Ours, the server's, or what was left after it complained: the smallest."""
        self.clock_skew_ns: int | None = None
        """Server's clock minus ours, with the answer's way as error; None until it said its time."""
        self._connection = Connection(settings, clock, name)
        self._reads = BulkReads(self._connection, settings, clock, self.limits)

    async def __aenter__(self) -> Self:
        """Connect.

        :raises LinkLostError: the server does not answer.
        :raises RefusedError: it does not want us.
        """
        try:
            async with asyncio.timeout(self._settings.connect_timeout_s):
                await self._connection.open()
                await self._ask_server()
        except BaseException as error:
            self._connection.lost.set()  # it may never have answered: no long good-bye
            await self._connection.close()
            if isinstance(error, Exception):
                raise self._in_words(error) from error
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close session, channel and socket; the socket within seconds, whatever the server does."""
        await self._connection.close()

    @property
    def decoding(self) -> ProvenDecoding:
        """How answers of this session are decoded."""
        return self._reads.decoding

    @property
    def connection(self) -> Connection:
        """What it runs over, for a subscription."""
        return self._connection

    def _in_words(self, error: Exception) -> DriverError:
        """Why there is no session, and what to do where the server does not believe us."""
        found = as_driver_error(error, f"connecting to {self._settings.endpoint}")
        if isinstance(error, UaStatusCodeError) and error.code in DISBELIEVED and self._settings.security != "none":
            return type(found)(
                f"{found}; let the server trust our certificate {self._settings.pki}/own/certificate.der"
            )
        return found

    def prepare(self, nodes: Sequence[NodeAddress]) -> PreparedRead:
        """Write the NodeIds of nodes with the namespace indexes of this session."""
        found = [(index, self._index(node)) for index, node in enumerate(nodes)]
        known = [(index, namespace) for index, namespace in found if namespace is not None]
        return PreparedRead(
            len(nodes),
            np.array([index for index, _ in known], np.intp),
            [read_value_id(nodes[index].kind, nodes[index].identifier, namespace) for index, namespace in known],
        )

    async def register(self, prepared: PreparedRead) -> None:
        """Ask the server for short handles of the nodes, and read by them from now on; a refusal changes nothing.

        :raises LinkLostError: the server stopped answering.
        """
        try:
            for part in chunks(len(prepared.wanted), self.limits.nodes_per_register):
                names = [each.NodeId for each in prepared.wanted[part]]
                async with asyncio.timeout(self._settings.request_timeout_s):
                    prepared.use_handles(part.start, await self._connection.register(names))
        except UaStatusCodeError as error:
            logger.info("%s: nodes are not registered: %s", self._settings.endpoint, error)
        except Exception as error:
            self._connection.lost.set()
            raise as_driver_error(error, "registering nodes") from error

    async def read(self, prepared: PreparedRead) -> wire.Columns:
        """Read the values of nodes; one that cannot be read is a row with its status and no value.

        :raises LinkLostError: the server stopped answering or broke the protocol.
        :raises RefusedError: it does not want us any more.
        """
        try:
            found = await self._reads.read(prepared)
            if prepared.give_up_handles(
                found.status
            ):  # they are of this session, but servers forget them on a download
                found = await self._reads.read(prepared)
        except Exception as error:
            self._connection.lost.set()
            raise as_driver_error(error, "reading") from error
        self._answered_ns = self._clock.mono_ns()
        if found.answered_ns != NO_TIME:
            self.clock_skew_ns = found.answered_ns - self._clock.wall_ns()
        if prepared.complete:
            return found
        return wire.scatter(found, prepared.known, wire.blank(prepared.count, wire.BAD_NODE_ID_UNKNOWN))

    def address_of(self, node: ua.NodeId) -> str:
        """Write a node as `tags.csv` takes it: with the URI of its namespace, which outlives a restart of the server."""
        uri = next((uri for uri, index in self._namespaces.items() if index == node.NamespaceIndex), "")
        identifier = node_text(node)
        return f"nsu={uri};{identifier}" if uri and node.NamespaceIndex else identifier

    async def learn_namespaces(self) -> None:
        """Ask again for the namespaces, for a server whose program is loaded while we look on.

        :raises LinkLostError: the server stopped answering.
        """
        try:
            async with asyncio.timeout(self._settings.request_timeout_s):
                await self._ask_server()
        except Exception as error:
            self._connection.lost.set()
            raise as_driver_error(error, "asking for the namespaces") from error

    async def rest(self, seconds: float) -> None:
        """Do nothing for a while, but ask a server that has been silent for `PROBE_S` whether it still answers.

        :raises LinkLostError: the connection broke meanwhile, or nothing answers on it any more.
        """
        if self._clock.mono_ns() - self._answered_ns > PROBE_S * 1e9:
            await self._probe()
        try:
            async with asyncio.timeout(seconds):
                await self._connection.lost.wait()
        except TimeoutError:
            return
        raise LinkLostError("the connection broke between two reads", "连接在两次读取之间中断")

    async def _probe(self) -> None:
        """Ask for the server's time: any answer will do, and keeps the session."""
        try:
            async with asyncio.timeout(self._settings.request_timeout_s):
                asked = self._clock.wall_ns()
                (now,) = await self._connection.read(
                    [node_id(ObjectIds.Server_ServerStatus_CurrentTime)], AttributeIds.Value
                )
                self._compare_clocks(now, asked)
        except UaStatusCodeError as error:
            logger.debug("%s: the time is not told: %s", self._settings.endpoint, error)
        except Exception as error:
            self._connection.lost.set()
            raise as_driver_error(error, "asking whether the server is there") from error
        self._answered_ns = self._clock.mono_ns()

    def _compare_clocks(self, now: ua.DataValue, asked_ns: int) -> None:
        server_time_ns = time_ns(value_of(now))
        if server_time_ns != NO_TIME:
            self.clock_skew_ns = server_time_ns - (asked_ns + self._clock.wall_ns()) // 2

    def _index(self, node: NodeAddress) -> int | None:
        return node.namespace_index if node.namespace_uri is None else self._namespaces.get(node.namespace_uri)

    async def _ask_server(self) -> None:
        asked = self._clock.wall_ns()
        array, now, *limits = await self._connection.read(
            [
                node_id(each)
                for each in (ObjectIds.Server_NamespaceArray, ObjectIds.Server_ServerStatus_CurrentTime, *NODES)
            ],
            AttributeIds.Value,
        )
        uris = value_of(array)
        if not isinstance(uris, list):
            raise LinkLostError("the server does not say its namespaces", "服务器不告知命名空间")
        self._namespaces = {uri: index for index, uri in enumerate(uris)}
        self.limits.lower([value_of(limit) for limit in limits])
        self._compare_clocks(now, asked)
        self._answered_ns = self._clock.mono_ns()
