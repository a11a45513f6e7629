"""One connection of asyncua's to one server: made once, entered once, closed in bounded time.

asyncua's own reconnecting is not used: its supervisor gives a link up for good after one late answer, its cancelled
connects leave sockets open, a client that is used again has lost its request hook.
"""

import asyncio
import logging
import os
import socket
from functools import partial
from typing import Any, Final

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from drivers.errors import BadFrameError
from drivers.opcua.clear import ClearProtocol
from drivers.opcua.requests import EncodedRead
from drivers.opcua.security import GuardedClient, secure
from drivers.opcua.settings import OpcUaSettings
from drivers.opcua.stack import ReadOnlyProtocol, node_id, plainly
from drivers.port import Clock

logger = logging.getLogger(__name__)
# Every failure comes back to us as an exception; asyncua's own account of it would only repeat it.
logging.getLogger("asyncua").setLevel(logging.CRITICAL)

_CHANNEL_LIFETIME_MS: Final = 3_600_000
_REFERENCES_AT_ONCE: Final = 1000
_CLOSE_S: Final = 3.0
_CLOSE_LOST_S: Final = 0.3
"""Enough for CloseSession to leave, so that a server that only stalled keeps no session of ours."""


class Connection:
    """TCP connection, secure channel and session with one server."""

    def __init__(self, settings: OpcUaSettings, clock: Clock, name: str) -> None:
        """`name` is what the server's own list of sessions shows, with this machine and process."""
        self._settings = settings
        self._clock = clock
        self._protocols: list[ReadOnlyProtocol] = []
        self.certificates_end_ns: dict[str, int] = {}
        """Until when (Unix nanoseconds) the certificates last that the next connection will need, by whose they are."""
        self.lost = asyncio.Event()
        """The connection broke, or was seen not to answer."""
        self.client = client = self._new_client()
        """asyncua's, made for this connection only."""
        client.name = name
        client.description = f"{name} {socket.gethostname()} {os.getpid()}"
        client.session_timeout = int(settings.session_timeout_s * 1000)
        client.secure_channel_timeout = _CHANNEL_LIFETIME_MS
        client.set_max_concurrent_requests(settings.request_slots)

    async def open(self) -> None:
        """Connect, open the channel, create and activate the session; may raise whatever asyncua raises.

        :raises RefusedError: the server is not believed, or something of ours is missing.
        """
        self.certificates_end_ns = await plainly(secure(self.client, self._new_client(), self._settings, self._clock))
        await plainly(self.client.connect())
        # Their supervisor takes a server that does not tell its state for a lost one; `Session.rest` asks instead.
        for watching in (self.client._supervisor_task, self.client._stale_watchdog_task):  # noqa: SLF001 - no other way to stop them
            if watching is not None:
                watching.cancel()
        renewing = self.client._renew_channel_task  # noqa: SLF001 - asyncua gives up after one failed renewal and tells nobody
        if renewing is not None:
            renewing.add_done_callback(self._renewal_ended)

    @property
    def is_busy(self) -> bool:
        """Tell that as many requests are under way as may be: the next one waits for an answer to one of them."""
        return self.client.uaclient._request_semaphore.locked()  # noqa: SLF001 - asyncua offers no other way

    async def ask(self, request: EncodedRead) -> asyncio.Future[Any]:
        """Send a Read as soon as a request may be sent; the body of its answer to come, from its type id on, decrypted and whole.

        Each `ask` that returned is followed by one `answered`.  May raise what asyncua raises; a refusal of the server is
        an answer as others.
        """
        slots = self.client.uaclient._request_semaphore  # noqa: SLF001 - the limiter of every other request of the session
        await slots.acquire()
        try:
            if self.client.uaclient.pre_request_hook is not None:
                await self.client.uaclient.pre_request_hook()
            if not isinstance(self.client.uaclient.protocol, ClearProtocol):
                raise ConnectionError("Connection is not open")
            answer = self.client.uaclient.protocol.post(request)
        except BaseException:
            slots.release()
            raise
        return answer

    def answered(self) -> None:
        """Give back what one `ask` took: its answer came, or nobody waits for it any more."""
        self.client.uaclient._request_semaphore.release()  # noqa: SLF001 - the slot that `ask` took of it

    async def send(self, request: Any, timeout_s: float | None = None) -> bytes:
        """Send one request over the session; the body of the answer, decrypted and whole, from its type id on.

        Waits for it for the request timeout of the settings, or `timeout_s`; 0: for ever.
        """
        return bytes(await plainly(self.client.uaclient.session._send_request(request, timeout_s)))  # noqa: SLF001 - the raw answer

    async def read(self, nodes: list[ua.NodeId], attribute: AttributeIds) -> list[ua.DataValue]:
        """Read one attribute of some nodes the slow way, for questions that are asked once a session."""
        return await plainly(self.client.uaclient.read_attributes(nodes, attribute))

    async def register(self, nodes: list[ua.NodeId]) -> list[ua.NodeId]:
        """Ask for handles of nodes, good for this session only; as many as nodes, or whatever asyncua raises."""
        handles: list[ua.NodeId] = await plainly(self.client.uaclient.session.register_nodes(nodes))
        if len(handles) != len(nodes):
            raise BadFrameError(f"{len(handles)} handles for {len(nodes)} nodes")
        return handles

    async def browse(self, nodes: list[ua.NodeId]) -> list[list[ua.ReferenceDescription]]:
        """Ask for the objects and variables below some nodes; a node that refuses has none.  May raise what asyncua raises."""
        session = self.client.uaclient.session
        question = ua.BrowseParameters(RequestedMaxReferencesPerNode=_REFERENCES_AT_ONCE)
        question.NodesToBrowse = [
            ua.BrowseDescription(
                NodeId=node,
                BrowseDirection=ua.BrowseDirection.Forward,
                ReferenceTypeId=node_id(ObjectIds.HierarchicalReferences),
                IncludeSubtypes=True,
                NodeClassMask=ua.NodeClass.Object | ua.NodeClass.Variable,
                ResultMask=ua.BrowseResultMask.All,
            )
            for node in nodes
        ]
        found: list[list[ua.ReferenceDescription]] = []
        for result in await plainly(session.browse(question)):
            references = list(result.References or [])
            while result.ContinuationPoint:
                more = ua.BrowseNextParameters(
                    ReleaseContinuationPoints=False, ContinuationPoints=[result.ContinuationPoint]
                )
                (result,) = await plainly(session.browse_next(more))
                references += result.References or []
            found.append(references)
        return found

    async def close(self) -> None:
        """Close session, channel and socket; the socket within seconds, whatever the server does."""
        client = self.client
        client.uaclient.request_disconnect()
        tasks = [
            task
            for task in (client._supervisor_task, client._stale_watchdog_task, client._renew_channel_task)  # noqa: SLF001 - no other way to wait for them
            if task is not None
        ]
        for task in tasks:
            task.cancel()
        try:
            async with asyncio.timeout(_CLOSE_LOST_S if self.lost.is_set() else _CLOSE_S):
                if tasks:
                    await asyncio.wait(tasks)  # here, because asyncua's own wait swallows our cancellation
                await plainly(client.disconnect())
        except Exception as error:  # noqa: BLE001 - leaving: whatever the server does, the socket goes
            logger.debug("%s: closing: %r", self._settings.endpoint, error)
        finally:
            for protocol in self._protocols:
                if protocol.transport is not None:
                    protocol.transport.abort()
            for task in tasks:
                if task.done() and not task.cancelled():
                    task.exception()  # told already by the read that failed; unasked it would be logged again

    def _new_client(self) -> GuardedClient:
        """A client of asyncua's whose connections are ours: read-only, and known to `close`."""
        settings = self._settings
        client = GuardedClient(settings.endpoint, timeout=settings.request_timeout_s)
        uaclient = client.uaclient

        def make_protocol() -> ReadOnlyProtocol:
            protocol = ReadOnlyProtocol(settings.request_timeout_s, security_policy=uaclient.security_policy)
            protocol.pre_request_hook = uaclient.pre_request_hook
            protocol.on_connection_lost = partial(self._transport_lost, client)
            uaclient.protocol = protocol
            self._protocols.append(protocol)
            return protocol

        uaclient._make_protocol = make_protocol  # type: ignore[method-assign]  # noqa: SLF001 - asyncua offers no other way in
        return client

    def _transport_lost(self, client: Client, error: Exception | None) -> None:
        if client is self.client:
            self.lost.set()
        client.uaclient._on_transport_lost(error)  # noqa: SLF001 - what asyncua would have called

    def _renewal_ended(self, task: asyncio.Task[None]) -> None:
        """A channel that is not renewed dies with its token: better now, and at once again, than in a quarter of an hour."""
        if not task.cancelled() and task.exception() is not None:
            logger.warning("%s: the channel was not renewed: %r", self._settings.endpoint, task.exception())
            self.lost.set()
