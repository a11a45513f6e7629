"""The Publish requests of one session: several outstanding at any time, whichever subscription they are answered for.

They are the session's and not a subscription's: a server answers one that was sent under an earlier subscription with the
first messages of the next one, and if it were forgotten with the earlier one, these messages would be lost without a gap.
"""

import asyncio
from typing import Final, Protocol, Self

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.opcua.connection import Connection
from drivers.opcua.decoder import Decoder
from drivers.opcua.proof import ProvenDecoding
from drivers.opcua.publish import Publication

_FOR_EVER: Final = 0


class Served(Protocol):
    """The subscription that messages are wanted for."""

    @property
    def id(self) -> int:
        """Of the subscription, as the server says."""
        ...

    def acknowledgements(self) -> list[int]:
        """Numbers of messages that arrived and were not acknowledged yet; they are now."""
        ...

    def arrive(self, publication: Publication) -> None:
        """One message of it came."""
        ...

    def fail(self, trouble: str) -> None:
        """A Publish was refused or damaged: messages may be missing."""
        ...


class Publishing:
    """Keeps Publishes outstanding from the first subscription on until it is left."""

    def __init__(self, connection: Connection, decoding: ProvenDecoding, publishes: int) -> None:
        """`decoding` is the session's; `publishes`: how many are outstanding at any time."""
        self._connection = connection
        self._decoding = decoding
        self._decoder = Decoder(has_handles=True)
        self._outstanding = publishes
        self._tasks = asyncio.TaskGroup()
        self._pumps: list[asyncio.Task[None]] = []
        self._served: Served | None = None
        self._wanted = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for pump in self._pumps:
            pump.cancel()
        await self._tasks.__aexit__(None, None, None)  # a pump never raises: its subscription is told

    def serve(self, subscription: Served | None) -> None:
        """Hand messages to this subscription from now on; None: there is none, and no further Publish is sent."""
        self._served = subscription
        if subscription is None:
            self._wanted.clear()
            return
        self._wanted.set()
        if not self._pumps:
            self._pumps = [self._tasks.create_task(self._pump()) for _ in range(self._outstanding)]

    async def _pump(self) -> None:
        """Keep one Publish outstanding; ends only where the server takes fewer of them, or cancelled."""
        while True:
            await self._wanted.wait()
            asking = self._served
            try:
                body = await self._connection.send(_request(asking), _FOR_EVER)
                publication = self._decoding.publish(body, self._decoder)
            except Exception as error:  # noqa: BLE001 - whatever it is is the trouble of the subscription
                if not self._goes_on(error, asking):
                    return
            else:
                if self._served is not None and publication.subscription_id == self._served.id:
                    self._served.arrive(publication)

    def _goes_on(self, error: Exception, asking: Served | None) -> bool:
        """Whether this Publish is sent again, after one was refused or damaged."""
        code = error.code if isinstance(error, UaStatusCodeError) else None
        if code == StatusCodes.BadTooManyPublishRequests and self._outstanding > 1:
            self._outstanding -= 1  # fewer of them will do
            return False
        if code == StatusCodes.BadNoSubscription and asking is not self._served:
            return True  # it was sent under one that is gone
        self._wanted.clear()
        if self._served is not None:
            self._served.fail(f"publishing: {str(error) or type(error).__name__}")
        return True


def _request(subscription: Served | None) -> ua.PublishRequest:
    request = ua.PublishRequest()
    if subscription is not None:
        request.Parameters.SubscriptionAcknowledgements = [
            ua.SubscriptionAcknowledgement(
                SubscriptionId=ua.UInt32(subscription.id), SequenceNumber=ua.UInt32(sequence_number)
            )
            for sequence_number in subscription.acknowledgements()
        ]
    return request
