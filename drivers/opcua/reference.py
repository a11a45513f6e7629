"""asyncua's own decoding, element by element: what bulk decoding is compared with, and what replaces it where they differ.

asyncua sees nothing that could hold it up: of values that are neither number nor text (arrays, structures), of diagnostics
and additional headers nothing is kept, so they are hidden from it (see `variants`).
"""

import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary

from drivers.errors import BadFrameError
from drivers.opcua import wire
from drivers.opcua.answers import READ_RESPONSE, Header, check_end, end_of_diagnostics_list, length_at, read_header
from drivers.opcua.data_values import HANDLE_SIZE, HAS_VALUE, blank_sheet, key_at, sizes, take_one
from drivers.opcua.publish import DATA_CHANGE, read_frame
from drivers.opcua.stack import time_ns, value_of
from drivers.opcua.variants import LOCALIZED_TEXT, STRING, end_of_variant
from drivers.opcua.wire import UndecodableError

_BYTE_STRING: Final = 15
_EMPTY_BYTE_STRING: Final = 5
_SHORT: Final = {1: b"\0", 2: b"\x15\0", 3: b"\x11\0\0", 4: b"\x16\0\0\0"}
"""Variants without number and text by their length: null, no LocalizedText, no node, no structure."""
_UNKNOWN_TYPE: Final = 0xFFFF
_NO_DIAGNOSTICS: Final = b"\0" + struct.pack("<i", -1)
_NO_ADDITIONAL_HEADER: Final = b"\0\0\0"
_HEADER_DIAGNOSTICS: Final = 20


def decode_read(body: bytes, count: int) -> wire.Columns:
    """Decode the body of a ReadResponse to `count` nodes.

    :raises BadFrameError: it is damaged, answers another number of nodes, or bytes follow it.
    :raises UndecodableError: asyncua cannot decode it, or nobody can know where something in it ends.
    :raises UaStatusCodeError: the server refused the Read.
    """
    header = read_header(body, READ_RESPONSE, "ReadResponse")
    results, position = length_at(body, header.end)
    if results != count:
        raise BadFrameError(f"{results} results for {count} nodes")
    harmless = bytearray(body)
    end = _hide_values(harmless, position, count, 0)
    check_end(body, end_of_diagnostics_list(body, end))
    response = _decode(ua.ReadResponse, harmless[:end], header)
    _, columns = _columns(response, [(0, result) for result in response.Results or []])
    return columns


def decode_changes(body: bytes) -> tuple[npt.NDArray[np.uint32], wire.Columns]:
    """Decode the changes of value in the body of a PublishResponse: ClientHandles, and what they changed to.

    :raises BadFrameError: it is damaged, or bytes follow it.
    :raises UndecodableError: asyncua cannot decode it, or nobody can know where something in it ends.
    :raises UaStatusCodeError: the server refused the Publish.
    """
    frame = read_frame(body)
    harmless = bytearray(body)
    for notification in frame.notifications:
        if notification.kind == DATA_CHANGE:
            count, position = length_at(body, notification.begin)
            end = _hide_values(harmless, position, count, HANDLE_SIZE)
            end_of_diagnostics_list(body, end)
            struct.pack_into("<i", harmless, end, -1)
        else:
            _hide_type(harmless, notification.position)
    response = _decode(ua.PublishResponse, harmless[: frame.end], frame.header)
    changes = [
        (item.ClientHandle, item.Value)
        for notification in response.Parameters.NotificationMessage.NotificationData or []
        if isinstance(notification, ua.DataChangeNotification)
        for item in notification.MonitoredItems or []
    ]
    return _columns(response, changes)


def _decode(kind: type[Any], body: bytearray, header: Header) -> Any:
    """Decode a response of this type that is whole but for the diagnostics behind it, and drop all other diagnostics."""
    front = bytes(body[:_HEADER_DIAGNOSTICS]) + _NO_DIAGNOSTICS + _NO_ADDITIONAL_HEADER
    buffer = Buffer(front + bytes(body[header.end :]) + struct.pack("<i", -1))
    try:
        response = struct_from_binary(kind, buffer)
    except Exception as error:
        raise UndecodableError(repr(error)) from error
    response.ResponseHeader.ServiceResult.check()
    if buffer:
        raise UndecodableError(f"asyncua leaves {len(buffer)} bytes")
    return response


def _columns(response: Any, changes: list[tuple[int, ua.DataValue]]) -> tuple[npt.NDArray[np.uint32], wire.Columns]:
    columns = wire.blank(len(changes), 0)
    texts = []
    for index, (_, result) in enumerate(changes):
        value = value_of(result)
        if isinstance(value, bool | int | float):
            columns.value[index] = value
        text = value.Text if isinstance(value, ua.LocalizedText) else value
        if isinstance(text, str):
            texts.append((index, text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")))
        columns.status[index] = result.StatusCode.value if result.StatusCode is not None else 0
        columns.source_time_ns[index] = time_ns(result.SourceTimestamp)
    handles = np.array([handle for handle, _ in changes], np.uint32)
    return handles, wire.Columns(
        value=columns.value,
        status=columns.status,
        source_time_ns=columns.source_time_ns,
        texts=tuple(texts),
        answered_ns=time_ns(response.ResponseHeader.Timestamp),
    )


def _hide_values(body: bytearray, position: int, count: int, head: int) -> int:
    """Make values that mean nothing, of equal length, of all that are neither number nor text; return the position behind all."""
    whole = bytes(body)
    fixed = sizes()
    scrap = blank_sheet(1, has_handles=head > 0)
    for _ in range(count):
        key = key_at(whole, position + head)
        if fixed[key]:
            position += head + fixed[key]
            continue
        end = take_one(whole, position, scrap, 0)
        begin = position + head + 1
        if key & HAS_VALUE and body[begin] not in (STRING, LOCALIZED_TEXT):
            length = end_of_variant(whole, begin) - begin
            if length < _EMPTY_BYTE_STRING:
                body[begin : begin + length] = _SHORT[length]
            else:
                struct.pack_into("<Bi", body, begin, _BYTE_STRING, length - _EMPTY_BYTE_STRING)
        position = end
    if position > len(body):
        raise BadFrameError("the answer ends inside a DataValue")
    return position


def _hide_type(body: bytearray, position: int) -> None:
    """Make the numeric type of a structure one that nobody knows."""
    kind = body[position] & 0x3F
    if kind == 0:
        body[position + 1] = 0xFF
    elif kind in (1, 2):
        struct.pack_into("<H", body, position + (2 if kind == 1 else 1), _UNKNOWN_TYPE)
