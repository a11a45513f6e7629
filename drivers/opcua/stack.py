"""What is taken from asyncua and made safe: a connection that can only read, its decoding, its errors."""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from asyncua import ua
from asyncua.client.ua_client import UASocketProtocol
from asyncua.common.utils import Buffer
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from drivers.errors import BadFrameError, DriverError, LinkLostError, RefusedError
from drivers.opcua import wire
from rules.columns.readings import NO_TIME

_T = TypeVar("_T")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

READ_ONLY_REQUESTS: Final = frozenset(
    {
        ua.OpenSecureChannelRequest,
        ua.CloseSecureChannelRequest,
        ua.CreateSessionRequest,
        ua.ActivateSessionRequest,
        ua.CloseSessionRequest,
        ua.ReadRequest,
    }
)
"""All that ever leaves; anything else is refused before it is encoded."""

_REFUSED: Final = frozenset(
    {
        StatusCodes.BadUserAccessDenied,
        StatusCodes.BadIdentityTokenInvalid,
        StatusCodes.BadIdentityTokenRejected,
        StatusCodes.BadSecurityChecksFailed,
        StatusCodes.BadSecurityModeRejected,
        StatusCodes.BadSecurityPolicyRejected,
        StatusCodes.BadApplicationSignatureInvalid,
        StatusCodes.BadNoValidCertificates,
        *(code for name, code in vars(StatusCodes).items() if name.startswith("BadCertificate")),
    }
)
TOO_MUCH: Final = frozenset(
    {
        StatusCodes.BadTooManyOperations,
        StatusCodes.BadResponseTooLarge,
        StatusCodes.BadRequestTooLarge,
        StatusCodes.BadEncodingLimitsExceeded,
    }
)
_REFUSED_WORDS: Final = ("Server certificate mismatch", "No matching endpoints")
"""What asyncua raises without a status code where only a person can help."""


class ReadOnlyProtocol(UASocketProtocol):
    """asyncua's connection, unable to send anything that could change the plant."""

    def _send_request(self, request: Any, *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
        if type(request) not in READ_ONLY_REQUESTS:
            raise PermissionError(f"{type(request).__name__} is not read-only; Redline never sends it")
        future: asyncio.Future[Any] = super()._send_request(request, *args, **kwargs)
        return future

    def _process_received_message(self, msg: Any) -> None:
        # None is a chunk in the middle of an answer, or, with nothing collected, an aborted answer: asyncua would let
        # whoever waits for it wait for ever.
        if msg is None and not self._connection._incoming_parts:  # noqa: SLF001
            self._fail_all_pending(service_error(StatusCodes.BadResponseTooLarge))
        super()._process_received_message(msg)


async def plainly(action: Awaitable[_T]) -> _T:
    """Await something of asyncua's so that its cancellation is the plain one.

    The library under asyncua raises a subclass of CancelledError when answer and cancellation meet; `asyncio.timeout` does
    not take that for its own and would let it end the task, and with it the polling of the device.
    """
    try:
        return await action
    except asyncio.CancelledError as error:
        if type(error) is asyncio.CancelledError:
            raise
        raise asyncio.CancelledError from error


class UndecodableError(Exception):
    """asyncua could not decode an answer."""


def decode_slowly(body: bytes, count: int) -> wire.Columns:
    """Decode any ReadResponse with asyncua, element by element.

    :raises BadFrameError: it answers another number of nodes, or bytes follow it.
    """
    buffer = Buffer(body)
    try:
        response = struct_from_binary(ua.ReadResponse, buffer)
        results = response.Results or []
        columns = wire.blank(len(results), 0)
        texts = []
        for index, result in enumerate(results):
            value = value_of(result)
            if isinstance(value, bool | int | float):
                columns.value[index] = value
            elif isinstance(value, str | ua.LocalizedText):
                texts.append((index, str(value if isinstance(value, str) else value.Text)))
            columns.status[index] = result.StatusCode.value if result.StatusCode is not None else 0
            columns.source_time_ns[index] = time_ns(result.SourceTimestamp)
        answered_ns = time_ns(response.ResponseHeader.Timestamp)
    except Exception as error:
        raise UndecodableError(repr(error)) from error
    response.ResponseHeader.ServiceResult.check()
    if len(results) != count:
        raise BadFrameError(f"{len(results)} results for {count} nodes")
    if buffer:
        raise BadFrameError(f"{len(buffer)} bytes follow the answer")
    return wire.Columns(
        value=columns.value,
        status=columns.status,
        source_time_ns=columns.source_time_ns,
        texts=tuple(texts),
        answered_ns=answered_ns,
    )


def as_driver_error(error: Exception, doing: str) -> DriverError:
    """Turn whatever asyncua or the socket raised into what the caller must do about it."""
    if isinstance(error, DriverError):
        return error
    words = f"{doing}: {str(error) or 'no answer in time'} ({type(error).__name__})"
    if isinstance(error, UaStatusCodeError) and error.code in _REFUSED:
        return RefusedError(words)
    if isinstance(error, UaError) and str(error).startswith(_REFUSED_WORDS):
        return RefusedError(words)
    return LinkLostError(words)


def service_error(status: int) -> UaStatusCodeError:
    """What asyncua raises for a service that failed with this status."""
    return UaStatusCodeError(status)  # type: ignore[no-untyped-call]


def node_id(number: int) -> ua.NodeId:
    """A node of the OPC Foundation's own namespace."""
    return ua.NodeId(ua.Int32(number))


def read_value_id(kind: str, identifier: str, namespace_index: int) -> ua.ReadValueId:
    """Ask for the value of a node; `kind` is the letter before the identifier in text form."""
    # Not NodeId.from_string: it cuts string identifiers that carry a semicolon.
    value: object = identifier
    if kind == "i":
        value = ua.Int32(int(identifier))
    elif kind == "g":
        value = UUID(identifier)
    elif kind == "b":
        value = b64decode(identifier)
    return ua.ReadValueId(NodeId=ua.NodeId(value, ua.Int16(namespace_index)), AttributeId=AttributeIds.Value)  # type: ignore[arg-type]


def value_of(result: ua.DataValue) -> object:
    """The Python value of an answer as asyncua decoded it; None where there is none."""
    return None if result.Value is None else result.Value.Value


def time_ns(moment: object) -> int:
    """Unix nanoseconds of asyncua's datetime; NO_TIME where it says none or one that nanoseconds cannot hold."""
    if not isinstance(moment, datetime):
        return NO_TIME
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    time_ns = (aware - _EPOCH) // timedelta(microseconds=1) * 1000
    return time_ns if abs(time_ns) < 2**63 else NO_TIME
