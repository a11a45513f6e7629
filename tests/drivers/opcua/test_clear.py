"""The short way for whole answers and encoded Reads: on every stream it does what asyncua does, and sends what asyncua sends."""

import asyncio
import inspect
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.ua_client import UASocketProtocol
from asyncua.common.utils import Buffer
from asyncua.crypto.security_policies import Cryptography
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import UaStatusCodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.opcua.buffers import BufferedConnection
from drivers.opcua.requests import EncodedRead
from drivers.opcua.stack import ReadOnlyProtocol
from tests.drivers.opcua.test_requests import TOKEN, SteppingClock, nodes

CHANNEL, TOKEN_ID, RENEWED, BEFORE = 7, 3, 4, 2
LAST = 2**32 - 1
SEEDS = st.integers(0, 2**32 - 1)


@dataclass
class Wire:
    """A transport that keeps what is sent."""

    sent: list[bytes] = field(default_factory=list)
    closed: bool = False

    def write(self, message: bytes) -> None:
        self.sent.append(message)

    def writelines(self, pieces: list[bytes]) -> None:
        self.sent.append(b"".join(pieces))

    def close(self) -> None:
        self.closed = True


class Slow(ReadOnlyProtocol):
    """The same connection by asyncua's way alone."""

    def data_received(self, data: bytes) -> None:
        UASocketProtocol.data_received(self, data)


def security_token(number: int) -> ua.ChannelSecurityToken:
    lifetime = ua.UInt32(3_600_000)
    return ua.ChannelSecurityToken(ua.UInt32(CHANNEL), ua.UInt32(number), datetime.now(UTC), lifetime)


def connected(
    kind: type[ReadOnlyProtocol] = ReadOnlyProtocol, number: int | None = 10
) -> tuple[ReadOnlyProtocol, Wire]:
    """A connection with an open channel; `number` is what its last answer carried."""
    protocol, wire = kind(), Wire()
    protocol.connection_made(wire)  # type: ignore[arg-type]  # a stand-in
    protocol.authentication_token = TOKEN
    protocol._connection.security_token = security_token(TOKEN_ID)
    protocol._connection._allow_prev_token = True
    protocol._connection.prev_security_token = security_token(BEFORE)
    protocol._connection._peer_sequence_number = number
    return protocol, wire


def frame(
    body: bytes, number: int, request: int, *, kind: bytes = b"MSGF", token: int = TOKEN_ID, **more: int
) -> bytes:
    size = more.get("size", 24 + len(body))
    return struct.pack("<4s5I", kind, size, more.get("channel", CHANNEL), token, number & LAST, request) + body


def random_stream(random: Random, number: int) -> bytes:
    """Answers as servers send them, and now and then something else."""
    stream = bytearray()
    request = 0
    for _ in range(random.randint(1, 8)):
        body = random.randbytes(random.choice([0, 1, 8, 40, 300]))
        number = 0 if number == LAST else number + 1
        request += 1
        match random.randint(0, 24):
            case 0:
                stream += frame(
                    body, number, request, kind=random.choice([b"MSGC", b"MSGC", b"MSGA", b"MSGX", b"XXXF"])
                )
                request -= random.randint(0, 1)
            case 1:
                stream += frame(body, number + random.choice([-1, 1, 1000]), request)
            case 2 | 8:
                stream += frame(body, number, request, token=random.choice([RENEWED, RENEWED, BEFORE, 99]))
            case 3:
                stream += frame(body, number, request, channel=CHANNEL + 1)
            case 4:
                stream += frame(body, number, random.choice([0, 17, 10_000]))
            case 5:
                stream += frame(body, number, request, size=random.choice([0, 8, 12, 23, 25, 70_000, LAST]))
            case 6:
                stream += random.randbytes(random.randint(1, 60))
            case 7:
                stream += frame(body, number, request, kind=b"CLOF")
            case _:
                stream += frame(body, number, request)
    return bytes(stream[: len(stream) - random.choice([0, 0, 0, 1, 5, 30])])


def outcome(future: asyncio.Future[Any]) -> object:
    if not future.done():
        return "waiting"
    if future.cancelled():
        return "cancelled"
    error = future.exception()
    return repr(error) if error is not None else bytes(future.result())


def fed(kind: type[ReadOnlyProtocol], seed: int) -> tuple[object, ...]:
    """All that a stream makes of a connection; the same seed is the same stream in the same pieces."""
    random = Random(seed)
    loop = asyncio.new_event_loop()
    number = random.choice([10, 10, None, LAST - 4, LAST])
    protocol, wire = connected(kind, number)
    if random.random() < 0.3:
        protocol._connection.next_security_token = security_token(RENEWED)
    if random.random() < 0.2:
        protocol._connection._limits.max_recv_buffer = 200
    if random.random() < 0.1:
        protocol._connection._limits.max_message_size = 100
    waiting = {request: loop.create_future() for request in range(9)}
    protocol._callbackmap.update(waiting)
    if random.random() < 0.2:
        waiting[random.randint(1, 4)].cancel()
    stream = random_stream(random, 10 if number is None else number)
    cuts = sorted(random.randint(0, len(stream)) for _ in range(random.choice([0, 0, 1, 4])))
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        if begin < end and not wire.closed:
            protocol.data_received(stream[begin:end])
    loop.close()
    connection = protocol._connection
    return (
        {request: outcome(future) for request, future in waiting.items()},
        sorted(protocol._callbackmap),
        connection._peer_sequence_number,
        [bytes(part.Body) for part in connection._incoming_parts],
        connection._incoming_size,
        connection.security_token.TokenId,
        connection.next_security_token.TokenId,
        protocol.receive_buffer or b"",
        wire.closed,
    )


@settings(max_examples=200)
@given(SEEDS)
def test_every_stream_leaves_a_connection_as_asyncua_leaves_it(seed: int) -> None:
    assert fed(ReadOnlyProtocol, seed) == fed(Slow, seed)


@pytest.mark.soak
@settings(max_examples=10_000)
@given(SEEDS)
def test_every_stream_leaves_a_connection_as_asyncua_leaves_it_at_length(seed: int) -> None:
    assert fed(ReadOnlyProtocol, seed) == fed(Slow, seed)


def test_the_streams_hold_what_they_should() -> None:
    seen = [fed(ReadOnlyProtocol, seed) for seed in range(300)]
    results = [list(each[0].values()) for each in seen]  # type: ignore[attr-defined]  # the first is a dict
    assert sum(any(isinstance(value, bytes) for value in values) for values in results) > 150
    assert sum(values.count("waiting") < 8 for values in results) > 150
    assert sum(bool(each[-1]) for each in seen) > 50, "closed by asyncua"
    assert sum(bool(each[3]) for each in seen) > 3, "in the middle of an answer"
    assert sum(each[5] == RENEWED for each in seen) > 3, "a token taken over"


def test_whole_answers_never_see_asyncuas_way(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol, _ = connected()
    monkeypatch.setattr(protocol, "_process_received_data", lambda data: pytest.fail("taken by asyncua"))
    loop = asyncio.new_event_loop()
    answers = {request: loop.create_future() for request in (1, 2, 3)}
    protocol._callbackmap.update(answers)
    protocol.data_received(frame(b"first", 11, 2) + frame(b"second", 12, 1))
    protocol.data_received(frame(b"third", 13, 3))
    assert [outcome(answers[request]) for request in (1, 2, 3)] == [b"second", b"first", b"third"]
    loop.close()


def test_nothing_of_a_channel_that_signs_goes_the_short_way() -> None:
    protocol, _ = connected()
    protocol._connection.security_policy.symmetric_cryptography = Cryptography()  # type: ignore[no-untyped-call]  # asyncua has no type there
    assert not protocol._connection.counts(100, CHANNEL, TOKEN_ID, 11)
    assert protocol._connection.head_of(100, 1) is None
    assert (protocol._connection._peer_sequence_number, protocol._connection._sequence_number) == (10, 0)


@settings(max_examples=200)
@given(
    size=st.integers(1, 5000) | st.sampled_from([8192 - 25, 8192 - 24, 8192 - 23, 20_000]),
    number=st.sampled_from([0, 1, 1000, LAST - 2, LAST - 1, LAST]),
    largest=st.sampled_from([0, 0, 1, 4000, 20_000]),
    chunks=st.sampled_from([0, 0, 1, 2]),
)
def test_the_head_is_asyncuas(size: int, number: int, largest: int, chunks: int) -> None:
    """Byte for byte, or the request is left to asyncua; either way both count alike."""
    body = bytes(range(256)) * (size // 256 + 1)
    body = body[:size]
    ours, theirs = connected()[0]._connection, connected()[0]._connection
    for connection in (ours, theirs):
        connection._sequence_number = number
        connection._limits.max_send_buffer = 8192
        connection._limits.request_size, connection._limits.request_chunks = largest, chunks
    head = ours.head_of(size, 5)
    try:
        wanted = BufferedConnection.message_to_binary(theirs, body, request_id=5)
    except UaStatusCodeError:
        assert head is None
        return
    if head is None:
        assert len(wanted) > 8192 or number >= LAST
    else:
        assert head + body == wanted
        assert ours._sequence_number == theirs._sequence_number


def encoded() -> EncodedRead:
    return EncodedRead(nodes(), SteppingClock(), 4.0)


async def test_requests_of_both_kinds_are_numbered_in_one_row() -> None:
    protocol, wire = connected()
    plain = ua.ReadRequest()
    plain.Parameters = ua.ReadParameters(NodesToRead=nodes())
    for _ in range(2):
        protocol._send_request(plain, 4.0, ua.MessageType.SecureMessage)
        protocol.post(encoded())
    bodies = [struct_from_binary(ua.ReadRequest, Buffer(message[24:])) for message in wire.sent]
    assert [body.RequestHeader.RequestHandle for body in bodies] == [1, 2, 3, 4]
    assert all(body.RequestHeader.AuthenticationToken == TOKEN for body in bodies)
    assert [struct.unpack_from("<2I", message, 16) for message in wire.sent] == [(n, n) for n in (1, 2, 3, 4)]
    assert sorted(protocol._callbackmap) == [1, 2, 3, 4]


async def test_a_renewed_token_is_taken_over_before_it_is_sent() -> None:
    protocol, wire = connected()
    protocol._connection.next_security_token = security_token(RENEWED)
    protocol.post(encoded())
    assert struct.unpack_from("<I", wire.sent[0], 12) == (RENEWED,)
    assert protocol._connection.prev_security_token.TokenId == TOKEN_ID


async def test_a_request_that_cannot_be_sent_takes_no_number() -> None:
    protocol, wire = connected()
    protocol._connection._limits.request_size = 10
    with pytest.raises(UaStatusCodeError) as refused:
        protocol.post(encoded())
    assert refused.value.code == StatusCodes.BadRequestTooLarge
    assert (protocol._request_id, protocol._request_handle, protocol._callbackmap, wire.sent) == (0, 0, {}, [])
    assert protocol._connection._sequence_number == 0
    protocol.transport = None
    with pytest.raises(ConnectionError):
        protocol.post(encoded())


async def test_who_waits_is_told_when_the_connection_ends() -> None:
    protocol, _ = connected()
    waiting = protocol.post(encoded())
    protocol.connection_lost(None)
    with pytest.raises(ConnectionError):
        await waiting


def test_asyncua_still_does_what_is_repeated_here() -> None:
    """A new version that does more than this must be read again, and `post` with it."""
    source = inspect.getsource(UASocketProtocol._send_request)
    steps = ["_setup_request_header", "struct_to_binary", "revolve_security_token", "message_to_binary"]
    steps += ["_callbackmap", "write"]
    assert [source.index(step) for step in steps] == sorted(source.index(step) for step in steps)
    assert source.count("self.") == 12, source
    received = inspect.getsource(UASocketProtocol.data_received)
    assert received.count("self.") == 4, received
