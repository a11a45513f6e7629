"""A Read that is encoded once per session: each time it is sent only its time and its number are written anew."""

import struct
from typing import Final

from asyncua import ua
from asyncua.ua.ua_binary import nodeid_to_binary, struct_to_binary

from drivers.opcua import wire
from drivers.port import Clock

_READ_REQUEST: Final = b"\x01\x00\x77\x02"
_TIME_AND_HANDLE: Final = struct.Struct("<qI")


class EncodedRead:
    """A ReadRequest as bytes; stands for one wherever asyncua takes a request to send."""

    def __init__(self, nodes: list[ua.ReadValueId], clock: Clock) -> None:
        self._nodes = nodes
        self._clock = clock
        self._body = bytearray()
        self._place = 0
        self._token: ua.NodeId | None = None
        self._timeout_hint_ms = -1

    def stamped(self, token: ua.NodeId, handle: int, timeout_s: float) -> bytes:
        """Return the request as it goes out now; encoded again where session or time limit are others than last time."""
        timeout_hint_ms = int(timeout_s * 1000)
        if token is not self._token or timeout_hint_ms != self._timeout_hint_ms:
            self._encode(token, timeout_hint_ms)
        _TIME_AND_HANDLE.pack_into(self._body, self._place, wire.filetime_of(self._clock.wall_ns()), handle)
        return bytes(self._body)

    def _encode(self, token: ua.NodeId, timeout_hint_ms: int) -> None:
        request = ua.ReadRequest()
        request.RequestHeader.AuthenticationToken = token
        request.RequestHeader.TimeoutHint = timeout_hint_ms
        request.Parameters = ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Source, NodesToRead=self._nodes)
        self._body = bytearray(struct_to_binary(request))
        begin = _READ_REQUEST + nodeid_to_binary(token)
        if not self._body.startswith(begin):
            raise AssertionError(
                "asyncua encodes the head of a ReadRequest in another way; the place of time is unknown"
            )
        self._place = len(begin)
        self._token = token
        self._timeout_hint_ms = timeout_hint_ms
