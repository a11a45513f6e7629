"""The body of a ReadResponse to columns, and what every response begins with."""

import struct
from typing import Final, NamedTuple

from drivers.errors import BadFrameError
from drivers.opcua import wire
from drivers.opcua.decoder import Decoder
from drivers.opcua.variants import end_of_diagnostics, end_of_extension_object, end_of_string
from drivers.opcua.wire import UndecodableError

READ_RESPONSE: Final = b"\x01\x00\x7a\x02"
_SERVICE_FAULT: Final = b"\x01\x00\x8d\x01"
_HEADER: Final = struct.Struct("<4sqII")
_SHORTEST: Final = 28
"""Bytes of a header without texts."""
_INT32: Final = struct.Struct("<i")
_PLAIN: Final = (bytes(12), bytes(5) + b"\xff\xff\xff\xff\0\0\0")
"""Good, no diagnostics, no texts and no additional header: what nearly every header has from its result on."""
_NO_DIAGNOSTICS: Final = (b"\0\0\0\0", b"\xff\xff\xff\xff")


class Header(NamedTuple):
    """What a response begins with."""

    answered_ns: int
    """Server's clock; NO_TIME where it says nothing."""
    end: int
    """Where the response itself begins."""


def read_header(body: bytes, type_id: bytes, name: str) -> Header:
    """Read the type and header of a response.

    :raises ServiceRefusedError: the server refused, in a response of this type or in a ServiceFault.
    :raises BadFrameError: it is something else, or the body ends before.
    :raises UndecodableError: nobody can know where the header ends.
    """
    if len(body) < _SHORTEST:
        raise BadFrameError(f"answer of {len(body)} bytes is too short for a {name}")
    begin, timestamp, _handle, status = _HEADER.unpack_from(body)
    if begin == _SERVICE_FAULT and status >> 30:
        raise wire.ServiceRefusedError(status)
    if begin != type_id:
        raise BadFrameError(f"answer is no {name}: it begins with {begin.hex()}")
    if body[16:28] in _PLAIN:
        return Header(wire.time_of(timestamp), 28)
    if status >> 30:  # also Uncertain: asyncua takes it for a failure, too
        raise wire.ServiceRefusedError(status)
    end = end_of_extension_object(body, _end_of_strings(body, end_of_diagnostics(body, 20)))
    return Header(wire.time_of(timestamp), end)


def decode(body: bytes, count: int, decoder: Decoder) -> wire.Columns:
    """Decode the body of a ReadResponse to `count` nodes, from its type id to its last byte.

    :raises ServiceRefusedError: the server refused the whole Read.
    :raises BadFrameError: it is damaged, or answers another number of nodes.
    :raises UndecodableError: a value in it has no end that can be known.
    """
    header = read_header(body, READ_RESPONSE, "ReadResponse")
    results, position = length_at(body, header.end)
    if results != count:
        raise BadFrameError(f"{results} results for {count} nodes")
    sheet, position = decoder.take(body, position, count)
    if body[position:] not in _NO_DIAGNOSTICS:
        check_end(body, end_of_diagnostics_list(body, position))
    return sheet.columns(header.answered_ns)


def length_at(body: bytes, position: int) -> tuple[int, int]:
    """Read the length of an array, 0 where it is null; return it and the position behind it.

    :raises BadFrameError: it is none, or the body ends before.
    """
    if position + 4 > len(body):
        raise BadFrameError("the answer ends before its results")
    (length,) = _INT32.unpack_from(body, position)
    if length < -1:
        raise BadFrameError(f"the answer holds {length} results")
    return max(length, 0), position + 4


def end_of_diagnostics_list(body: bytes, position: int) -> int:
    """Find the byte behind an array of DiagnosticInfo.

    :raises BadFrameError: the body ends before.
    :raises UndecodableError: nobody can know where one of them ends.
    """
    if position + 4 > len(body):
        raise BadFrameError("the answer ends before its diagnostics")
    diagnostics, position = length_at(body, position)
    for _ in range(diagnostics):
        position = end_of_diagnostics(body, position)
    return position


def check_end(body: bytes, position: int) -> None:
    """Refuse bytes behind the answer.

    :raises BadFrameError: there are some.
    """
    if len(body) != position:
        raise BadFrameError(f"{len(body) - position} bytes follow the answer")


def _end_of_strings(body: bytes, position: int) -> int:
    try:
        strings, position = length_at(body, position)
    except BadFrameError as error:
        raise UndecodableError(str(error)) from error
    for _ in range(strings):
        position = end_of_string(body, position)
    return position
