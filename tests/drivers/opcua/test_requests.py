"""Requests that are encoded once: what leaves is byte for byte what asyncua would have sent."""

import asyncio
import inspect
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.ua_client import UASocketProtocol
from asyncua.common.utils import Buffer
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from drivers.opcua import requests
from drivers.opcua.requests import EncodedRead
from drivers.opcua.stack import ReadOnlyProtocol, read_value_id

TOKEN: Any = ua.NodeId(b"\x01" * 32, 0, ua.NodeIdType.ByteString)  # type: ignore[arg-type]  # asyncua's own types are narrower
OTHERS: tuple[Any, ...] = (ua.NodeId(7, 0), ua.NodeId(70_000, 3), ua.NodeId("session", 1))  # type: ignore[arg-type]  # as above


class SteppingClock:
    """Says another time at every question."""

    def __init__(self) -> None:
        self.wall = 1_600_000_000_000_000_000

    def wall_ns(self) -> int:
        self.wall += 1_000_000_000
        return self.wall

    def mono_ns(self) -> int:
        return 0


def nodes() -> list[ua.ReadValueId]:
    return [
        read_value_id("s", "槽区.LT-101;a", 2),
        read_value_id("i", "2258", 0),
        read_value_id("g", "09087e75-8e5e-499b-954f-f2a9603db28a", 3),
        read_value_id("b", "AQID", 4),
    ]


def theirs(body: bytes) -> bytes:
    """The same request, decoded and encoded again by asyncua."""
    buffer = Buffer(body)
    request = struct_from_binary(ua.ReadRequest, buffer)
    assert not buffer
    return struct_to_binary(request)


@pytest.mark.parametrize(
    "token",
    [TOKEN, *OTHERS],
    ids=lambda token: token.to_string(),
)
def test_it_is_what_asyncua_would_have_sent(token: ua.NodeId) -> None:
    encoded = EncodedRead(nodes(), SteppingClock(), 4.0)
    for handle in (1, 2, 2**32 - 1):
        body = encoded.stamped(token, handle)
        assert theirs(body) == body
        request = struct_from_binary(ua.ReadRequest, Buffer(body))
        assert request.RequestHeader.AuthenticationToken == token
        assert request.RequestHeader.RequestHandle == handle
        assert request.RequestHeader.TimeoutHint == 4000
        assert request.Parameters.NodesToRead == nodes()
        assert request.Parameters.TimestampsToReturn == ua.TimestampsToReturn.Source


def test_only_time_and_number_change_between_two_sends() -> None:
    clock = SteppingClock()
    encoded = EncodedRead(nodes(), clock, 4.0)
    first, second = encoded.stamped(TOKEN, 1), encoded.stamped(TOKEN, 2)
    place = 4 + 1 + 2 + 4 + 32  # type id, NodeId of the session
    differing = [at for at, (left, right) in enumerate(zip(first, second, strict=True)) if left != right]
    assert differing and min(differing) >= place and max(differing) < place + 12
    sent = struct_from_binary(ua.ReadRequest, Buffer(second)).RequestHeader.Timestamp
    assert sent is not None and int(sent.timestamp()) == clock.wall // 1_000_000_000


def test_it_is_encoded_once_for_a_session_and_again_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    encodings = []

    def counting(request: Any) -> bytes:
        encodings.append(request)
        return struct_to_binary(request)

    monkeypatch.setattr(requests, "struct_to_binary", counting)
    encoded = EncodedRead(nodes(), SteppingClock(), 4.0)
    for _ in range(5):
        encoded.stamped(TOKEN, 1)
    assert len(encodings) == 1
    other = OTHERS[0]
    assert (
        struct_from_binary(ua.ReadRequest, Buffer(encoded.stamped(other, 1))).RequestHeader.AuthenticationToken == other
    )
    encoded.stamped(other, 1)
    assert len(encodings) == 2


class Wire:
    """Takes what a protocol sends."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, message: bytes) -> None:
        self.sent.append(message)


def connected() -> tuple[ReadOnlyProtocol, Wire]:
    protocol, wire = ReadOnlyProtocol(), Wire()
    protocol.transport = wire  # type: ignore[assignment]  # a stand-in
    protocol.authentication_token = TOKEN
    return protocol, wire


async def test_requests_of_both_kinds_are_numbered_in_one_row() -> None:
    protocol, wire = connected()
    plain = ua.ReadRequest()
    plain.Parameters = ua.ReadParameters(NodesToRead=nodes())
    encoded = EncodedRead(nodes(), SteppingClock(), 4.0)
    for request in (plain, encoded, plain, encoded):
        protocol._send_request(request, 4.0, ua.MessageType.SecureMessage)
    bodies = [struct_from_binary(ua.ReadRequest, Buffer(message[24:])) for message in wire.sent]
    assert [body.RequestHeader.RequestHandle for body in bodies] == [1, 2, 3, 4]
    assert [int.from_bytes(message[20:24], "little") for message in wire.sent] == [1, 2, 3, 4]  # request ids
    assert [int.from_bytes(message[16:20], "little") for message in wire.sent] == [1, 2, 3, 4]  # sequence numbers
    assert sorted(protocol._callbackmap) == [1, 2, 3, 4]


async def test_a_renewed_token_is_taken_over_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol, wire = connected()
    revolved: list[int] = []
    monkeypatch.setattr(protocol, "revolve_security_token", lambda: revolved.append(len(wire.sent)))
    protocol._send_request(EncodedRead(nodes(), SteppingClock(), 4.0), 4.0, ua.MessageType.SecureMessage)
    assert revolved == [0]
    assert len(wire.sent) == 1


async def test_a_request_that_cannot_be_sent_takes_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol, wire = connected()

    def refuse(*_: Any) -> bytes:
        raise ValueError("no key")

    monkeypatch.setattr(protocol._connection, "message_to_binary", refuse)
    with pytest.raises(ValueError, match="no key"):
        protocol._send_request(EncodedRead(nodes(), SteppingClock(), 4.0), 4.0, ua.MessageType.SecureMessage)
    assert (protocol._request_id, protocol._request_handle, protocol._callbackmap, wire.sent) == (0, 0, {}, [])
    protocol.transport = None
    with pytest.raises(ConnectionError):
        protocol._send_request(EncodedRead(nodes(), SteppingClock(), 4.0), 4.0, ua.MessageType.SecureMessage)


async def test_it_waits_and_fails_as_every_request_of_asyncuas() -> None:
    protocol, _ = connected()
    hooked: list[bool] = []

    async def hook() -> None:
        hooked.append(True)

    protocol.pre_request_hook = hook
    with pytest.raises(asyncio.TimeoutError):
        await protocol.send_request(EncodedRead(nodes(), SteppingClock(), 4.0), 0.01)
    assert hooked == [True]
    waiting = asyncio.ensure_future(protocol.send_request(EncodedRead(nodes(), SteppingClock(), 4.0), 5.0))
    while 2 not in protocol._callbackmap:
        await asyncio.sleep(0)
    fault = ua.ServiceFault()
    fault.ResponseHeader.ServiceResult = ua.StatusCode(ua.UInt32(StatusCodes.BadTooManyOperations))
    protocol._call_callback(2, Buffer(struct_to_binary(fault)))
    with pytest.raises(ua.uaerrors.BadTooManyOperations):
        await waiting


def test_asyncua_still_sends_as_we_do() -> None:
    """What `_send_prepared` repeats of asyncua's `_send_request`; a new version that does more must be read again."""
    source = inspect.getsource(UASocketProtocol._send_request)
    steps = [
        "_setup_request_header",
        "struct_to_binary",
        "revolve_security_token",
        "message_to_binary",
        "_callbackmap",
        "write",
    ]
    assert [source.index(step) for step in steps] == sorted(source.index(step) for step in steps)
    assert source.count("self.") == 12, source
