"""One subscription of a session: made, acknowledged, and watched for gaps.

asyncua's own subscriptions are not used: one outstanding Publish, no look at the numbers of messages, a loop that waits for
ever when an answer is aborted (libraries.md 1.4).
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypeVar

import numpy as np
import numpy.typing as npt
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.errors import LinkLostError
from drivers.opcua import publish
from drivers.opcua.connection import Connection
from drivers.opcua.limits import OperationLimits
from drivers.opcua.plan import chunks
from drivers.opcua.publishing import Publishing
from drivers.opcua.sequence import Sequence as MessageNumbers
from drivers.opcua.stack import TOO_MUCH, as_driver_error, status_words
from drivers.port import Clock

KEEP_ALIVES_MISSED: Final = 3
"""So many keep-alive periods without any message end a subscription."""
_LIFETIME_KEEP_ALIVES: Final = 10
_MOST_NOTIFICATIONS: Final = 5000
"""In one message; the rest comes in the next."""
_DISCRETE_QUEUE: Final = 10
"""Changes of one discrete node that the server keeps between two messages: a pulse of a trip must not be lost."""
_CLOSE_S: Final = 1.0
_ABSOLUTE: Final = 1
"""DeadbandType."""
_FILTER_REFUSED: Final = (
    StatusCodes.BadMonitoredItemFilterUnsupported,
    StatusCodes.BadMonitoredItemFilterInvalid,
    StatusCodes.BadFilterNotAllowed,
    StatusCodes.BadDeadbandFilterInvalid,
)
_Response = TypeVar("_Response")


class SubscriptionLostError(Exception):
    """The subscription cannot be relied on any more: read everything anew and make another."""


class SubscriptionRefusedError(Exception):
    """The server makes no subscription for us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the server is asked to watch."""

    handle: int
    """ClientHandle: the place of the node in the image."""
    node: ua.ReadValueId
    sampling_ms: float
    discrete: bool
    dead_band: float
    """Absolute, in what the server sends; 0 for every change."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arrived:
    """One message of the subscription and when it came."""

    publication: publish.Publication
    mono_ns: int
    wall_ns: int


class Subscription:
    """A subscription; entering makes it and has its messages come, leaving deletes it in bounded time."""

    def __init__(self, connection: Connection, publishing: Publishing, clock: Clock, publishing_ms: float) -> None:
        """`publishing` is the session's, entered."""
        self._connection = connection
        self._publishing = publishing
        self._clock = clock
        self._publishing_ms = publishing_ms
        self._numbers = MessageNumbers()
        self._arrived: deque[Arrived] = deque()
        self._acknowledge: list[int] = []
        self._woken = asyncio.Event()
        self._trouble = ""
        self.id = 0
        """What the server calls it; 0 before it is made."""
        self.keep_alive_s = 0.0
        """Within this time the server says something, if only that it lives."""
        self.heard_mono_ns = 0
        """When its last message came that followed the one before."""
        self.heard_wall_ns = 0

    async def __aenter__(self) -> Self:
        """Make the subscription.

        :raises SubscriptionRefusedError: the server has none for us.
        :raises LinkLostError: the server does not answer.
        """
        request = ua.CreateSubscriptionRequest()
        request.Parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=self._publishing_ms,
            RequestedLifetimeCount=_LIFETIME_KEEP_ALIVES,
            RequestedMaxKeepAliveCount=1,
            MaxNotificationsPerPublish=_MOST_NOTIFICATIONS,
            PublishingEnabled=True,
        )
        try:
            made = (await self._ask(request, ua.CreateSubscriptionResponse)).Parameters
        except UaStatusCodeError as error:
            raise SubscriptionRefusedError(f"the server makes no subscription: {error}") from error
        except Exception as error:
            self._connection.lost.set()
            raise as_driver_error(error, "subscribing") from error
        self.id = made.SubscriptionId
        self.keep_alive_s = made.RevisedPublishingInterval * made.RevisedMaxKeepAliveCount / 1000
        self.heard_mono_ns, self.heard_wall_ns = self._clock.mono_ns(), self._clock.wall_ns()
        self._publishing.serve(self)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._publishing.serve(None)
        if not self._connection.lost.is_set():
            request = ua.DeleteSubscriptionsRequest()
            request.Parameters.SubscriptionIds = [self.id]
            with suppress(Exception):  # leaving: it ends with its lifetime or its session at the latest
                async with asyncio.timeout(_CLOSE_S):
                    await self._connection.send(request)

    async def watch(self, items: Sequence[Watched], limits: OperationLimits) -> npt.NDArray[np.uint32]:
        """Have the server watch nodes; the status of each, in their order: one that it refuses costs no other.

        :raises SubscriptionLostError: the server does not know the subscription any more.
        :raises LinkLostError: the server stopped answering.
        """
        while True:
            try:
                parts = [await self._watch(items[part]) for part in chunks(len(items), max(1, limits.monitored_items))]
            except UaStatusCodeError as error:
                if error.code not in TOO_MUCH or limits.monitored_items == 1:
                    raise SubscriptionLostError(f"watching: {error}") from error
                limits.monitored_items = max(1, min(limits.monitored_items, len(items)) // 2)
            except SubscriptionLostError:
                raise
            except Exception as error:
                self._connection.lost.set()
                raise as_driver_error(error, "watching nodes") from error
            else:
                return np.concatenate([np.empty(0, np.uint32), *parts])

    def take(self) -> list[Arrived]:
        """What came since the last call, in order; acknowledged with the next Publish.

        :raises SubscriptionLostError: a message is missing, none came for too long, or the server ended the subscription.
        """
        self._woken.clear()
        arrived = []
        while self._arrived and not self._trouble:
            each = self._arrived.popleft()
            if self._follows(each.publication):
                self.heard_mono_ns, self.heard_wall_ns = each.mono_ns, each.wall_ns
                arrived.append(each)
        if self._trouble and not arrived:
            raise SubscriptionLostError(self._trouble)
        silent_s = (self._clock.mono_ns() - self.heard_mono_ns) / 1e9
        if silent_s > self.deadline_s and not arrived:
            raise SubscriptionLostError(f"no message for {silent_s:.1f} s")
        return arrived

    def acknowledgements(self) -> list[int]:
        """Numbers of messages that arrived and were not acknowledged yet; they are now."""
        numbers, self._acknowledge = self._acknowledge, []
        return numbers

    def arrive(self, publication: publish.Publication) -> None:
        """One message came; `take` hands it over."""
        if not publication.is_keep_alive:
            self._acknowledge.append(publication.sequence_number)
        now = Arrived(publication=publication, mono_ns=self._clock.mono_ns(), wall_ns=self._clock.wall_ns())
        self._arrived.append(now)
        self._woken.set()

    def fail(self, trouble: str) -> None:
        """A Publish was refused or damaged; `take` tells it."""
        self._trouble = self._trouble or trouble
        self._woken.set()

    @property
    def deadline_s(self) -> float:
        """Silence of this length ends the subscription."""
        return KEEP_ALIVES_MISSED * self.keep_alive_s + 1.0

    async def wait(self, seconds: float) -> None:
        """Wait until something came or went wrong, at most so long.

        :raises LinkLostError: the connection broke meanwhile.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        if self._connection.lost.is_set():
            raise LinkLostError("the connection broke", "连接中断")

    def _follows(self, publication: publish.Publication) -> bool:
        """Check one message against those before it; what is wrong becomes the trouble."""
        self._trouble = self._numbers.missing(publication.sequence_number, publication.is_keep_alive)
        if publication.status is not None:
            self._trouble = f"the server ended the subscription: {status_words(publication.status)}"
        elif publication.undecodable:
            self._trouble = f"{publication.undecodable} changes cannot be decoded"
        return not self._trouble

    async def _watch(self, items: Sequence[Watched]) -> npt.NDArray[np.uint32]:
        status = await self._create(items)
        unfiltered = [index for index, item in enumerate(items) if item.dead_band and status[index] in _FILTER_REFUSED]
        if unfiltered:  # the server has no dead band for them: every change then
            again = await self._create([replace(items[index], dead_band=0.0) for index in unfiltered])
            status[unfiltered] = again
        return status

    async def _create(self, items: Sequence[Watched]) -> npt.NDArray[np.uint32]:
        request = ua.CreateMonitoredItemsRequest()
        request.Parameters = ua.CreateMonitoredItemsParameters(
            SubscriptionId=self.id,
            TimestampsToReturn=ua.TimestampsToReturn.Source,
            ItemsToCreate=[_asked(item) for item in items],
        )
        results = (await self._ask(request, ua.CreateMonitoredItemsResponse)).Results
        if len(results) != len(items):
            raise SubscriptionLostError(f"{len(results)} answers for {len(items)} monitored items")
        return np.array([result.StatusCode.value for result in results], np.uint32)

    async def _ask(self, request: Any, response: type[_Response]) -> _Response:
        """Send a request and decode its answer the slow way; may raise what asyncua raises for a refused one."""
        answer = struct_from_binary(response, Buffer(await self._connection.send(request)))
        answer.ResponseHeader.ServiceResult.check()  # type: ignore[attr-defined]  # every response has one
        return answer


def _asked(item: Watched) -> ua.MonitoredItemCreateRequest:
    parameters = ua.MonitoringParameters(
        ClientHandle=item.handle,
        SamplingInterval=item.sampling_ms,
        QueueSize=_DISCRETE_QUEUE if item.discrete else 1,
        DiscardOldest=True,
    )
    if item.dead_band:
        parameters.Filter = ua.DataChangeFilter(
            Trigger=ua.DataChangeTrigger.StatusValue,
            DeadbandType=ua.UInt32(_ABSOLUTE),
            DeadbandValue=item.dead_band,
        )
    return ua.MonitoredItemCreateRequest(
        ItemToMonitor=item.node, MonitoringMode=ua.MonitoringMode.Reporting, RequestedParameters=parameters
    )
