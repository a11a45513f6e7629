"""Requests that are encoded once: what leaves is byte for byte what asyncua would have sent."""

from typing import Any

import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from drivers.opcua import requests
from drivers.opcua.requests import EncodedRead
from drivers.opcua.stack import read_value_id

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
        body = b"".join(encoded.stamped(token, handle))
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
    first, second = (b"".join(encoded.stamped(TOKEN, handle)) for handle in (1, 2))
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
    request = struct_from_binary(ua.ReadRequest, Buffer(b"".join(encoded.stamped(other, 1))))
    assert request.RequestHeader.AuthenticationToken == other
    encoded.stamped(other, 1)
    assert len(encodings) == 2
