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

    def __init__(self, nodes: list[ua.ReadValueId], clock: Clock, patience_s: float) -> None:
        """`patience_s`: how long the answer is waited for; the server is told, and need not answer later."""
        self._nodes = nodes
        self._clock = clock
        self._patience_ms = int(patience_s * 1000)
        self._begin = bytearray()
        self._rest = b""
        self._place = 0
        self._token: ua.NodeId | None = None

    def stamped(self, token: ua.NodeId, handle: int) -> tuple[bytes, bytes]:
        """Return the request as it goes out now, in two pieces, of which the second is always the same.

        Encoded again where the session is another than last time.
        """
        if token is not self._token:
            self._encode(token)
        _TIME_AND_HANDLE.pack_into(self._begin, self._place, wire.filetime_of(self._clock.wall_ns()), handle)
        return bytes(self._begin), self._rest

    def _encode(self, token: ua.NodeId) -> None:
        request = ua.ReadRequest()
        request.RequestHeader.AuthenticationToken = token
        request.RequestHeader.TimeoutHint = self._patience_ms
        request.Parameters = ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Source, NodesToRead=self._nodes)
        body = struct_to_binary(request)
        begin = _READ_REQUEST + nodeid_to_binary(token)
        if not body.startswith(begin):
            raise AssertionError(
                "asyncua encodes the head of a ReadRequest in another way; the place of time is unknown"
            )
        self._place = len(begin)
        self._begin = bytearray(body[: self._place + _TIME_AND_HANDLE.size])
        self._rest = body[self._place + _TIME_AND_HANDLE.size :]
        self._token = token
