"""What is taken from asyncua and made safe: a connection that can only read, its decoding, its errors."""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from asyncua import ua
from asyncua.crypto.security_policies import SecurityPolicy, SecurityPolicyNone
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes, get_name_and_doc
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from drivers.causes import of_system
from drivers.errors import DriverError, LinkLostError, RefusedError
from drivers.opcua.buffers import Buffers
from drivers.opcua.clear import ClearConnection, ClearProtocol
from drivers.words import Words
from rules.columns.readings import NO_TIME

_T = TypeVar("_T")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

READ_ONLY_REQUESTS: Final = frozenset(
    {
        ua.GetEndpointsRequest,
        ua.OpenSecureChannelRequest,
        ua.CloseSecureChannelRequest,
        ua.CreateSessionRequest,
        ua.ActivateSessionRequest,
        ua.CloseSessionRequest,
        ua.BrowseRequest,
        ua.BrowseNextRequest,
        ua.RegisterNodesRequest,
        ua.ReadRequest,
        ua.CreateSubscriptionRequest,
        ua.CreateMonitoredItemsRequest,
        ua.PublishRequest,
        ua.DeleteSubscriptionsRequest,
    }
)
"""All that ever leaves; anything else is refused before it is encoded."""

DISBELIEVED: Final = frozenset(
    {
        StatusCodes.BadSecurityChecksFailed,
        StatusCodes.BadNoValidCertificates,
        *(code for name, code in vars(StatusCodes).items() if name.startswith("BadCertificate")),
    }
)
"""What a server says that does not believe our certificate."""

_REFUSED: Final = DISBELIEVED | {
    StatusCodes.BadUserAccessDenied,
    StatusCodes.BadIdentityTokenInvalid,
    StatusCodes.BadIdentityTokenRejected,
    StatusCodes.BadSecurityModeRejected,
    StatusCodes.BadSecurityPolicyRejected,
    StatusCodes.BadApplicationSignatureInvalid,
}
_REFUSED_ZH: Final = {
    StatusCodes.BadUserAccessDenied: "用户名或口令被拒绝",
    StatusCodes.BadIdentityTokenInvalid: "用户凭据无效",
    StatusCodes.BadIdentityTokenRejected: "用户凭据被拒绝",
    StatusCodes.BadSecurityModeRejected: "服务器拒绝此安全模式",
    StatusCodes.BadSecurityPolicyRejected: "服务器拒绝此安全策略",
    StatusCodes.BadApplicationSignatureInvalid: "服务器拒绝本机签名",
}
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


class ReadOnlyProtocol(ClearProtocol):
    """asyncua's connection, unable to send anything that could change the plant."""

    def __init__(self, timeout: float = 1.0, security_policy: SecurityPolicy | None = None) -> None:
        policy = security_policy or SecurityPolicyNone()  # type: ignore[no-untyped-call]  # asyncua has no type there
        super().__init__(timeout, security_policy=policy)
        self._connection = ClearConnection(policy, Buffers())

    def _send_request(self, request: Any, *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
        if type(request) not in READ_ONLY_REQUESTS:
            raise PermissionError(f"{type(request).__name__} is not read-only; Redline never sends it")
        future: asyncio.Future[Any] = super()._send_request(request, *args, **kwargs)
        return future

    def _process_received_message(self, msg: Any) -> None:
        # None is a chunk in the middle of an answer, or an aborted answer: that fails its request and no other, and the
        # channel stays (OPC 10000-6, 6.7.3).
        if msg is None and self._connection.given_up is not None:
            (request, status), self._connection.given_up = self._connection.given_up, None
            waiting = self._callbackmap.pop(request, None)
            if waiting is not None and not waiting.done():
                waiting.set_exception(service_error(status if status >> 31 else StatusCodes.BadUnexpectedError))
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


def as_driver_error(error: Exception, doing: str) -> DriverError:
    """Turn whatever asyncua or the socket raised into what the caller must do about it."""
    if isinstance(error, DriverError):
        return error
    words = f"{doing}: {str(error) or 'no answer in time'} ({type(error).__name__})"
    if isinstance(error, UaStatusCodeError) and error.code in _REFUSED:
        return RefusedError(words, f"{_REFUSED_ZH.get(error.code, '服务器不相信本机证书')}（{words}）")
    if isinstance(error, UaError) and str(error).startswith(_REFUSED_WORDS):
        return RefusedError(words, f"服务器的证书或端点与设置不符（{words}）")
    if isinstance(error, TimeoutError):
        return LinkLostError(words, f"服务器没有按时应答（{words}）")
    zh = of_system(error).zh if isinstance(error, OSError) else "OPC UA 通信失败"
    return LinkLostError(words, f"{zh}（{words}）")


def service_error(status: int) -> UaStatusCodeError:
    """What asyncua raises for a service that failed with this status."""
    return UaStatusCodeError(status)  # type: ignore[no-untyped-call]  # asyncua has no type there


def status_words(status: int) -> Words:
    """The name of a StatusCode and its number, which are the same everywhere; of a good one, why its value is not usable."""
    name, _ = get_name_and_doc(status & 0xFFFF0000)
    if status >> 30 == 0:
        return Words(f"值不是数字（{name}）", f"the value is no number ({name})")
    return Words(*[f"{name} (0x{status:08X})"] * 2)


def node_id(number: int) -> ua.NodeId:
    """A node of the OPC Foundation's own namespace."""
    return ua.NodeId(ua.Int32(number))


def node_text(node: ua.NodeId) -> str:
    """The identifier of a node in text form, without its namespace: `i=2258`, `s=Tank.Level`."""
    match node.Identifier:
        case UUID():
            return f"g={node.Identifier}"
        case bytes():
            return f"b={b64encode(node.Identifier).decode()}"
        case str():
            return f"s={node.Identifier}"
        case _:
            return f"i={node.Identifier}"


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
    return ua.ReadValueId(NodeId=ua.NodeId(value, ua.Int16(namespace_index)), AttributeId=AttributeIds.Value)  # type: ignore[arg-type]  # asyncua's own types are narrower


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
