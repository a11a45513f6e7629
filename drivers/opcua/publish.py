"""The body of a PublishResponse to columns: ClientHandle = row."""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from drivers.errors import BadFrameError
from drivers.opcua import wire
from drivers.opcua.answers import check_end, end_of_diagnostics_list, length_at, read_header
from drivers.opcua.data_values import Sheet
from drivers.opcua.decoder import Decoder
from drivers.opcua.variants import end_of_extension_object, end_of_node_id
from drivers.opcua.wire import UndecodableError

PUBLISH_RESPONSE: Final = b"\x01\x00\x3d\x03"
_DATA_CHANGE: Final = b"\x01\x00\x2b\x03\x01"
"""DataChangeNotification, i=811, with a binary body."""
_STATUS_CHANGE: Final = b"\x01\x00\x34\x03\x01"
"""StatusChangeNotification, i=820, with a binary body."""
_MESSAGE: Final = struct.Struct("<BIq")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Publication:
    """One PublishResponse; without changes and without a status it is a keep-alive."""

    subscription_id: int
    sequence_number: int
    """Of this message; of a keep-alive the number that the next message with notifications will have (not acknowledged)."""
    available: tuple[int, ...]
    """Sequence numbers that the server still keeps for Republish."""
    more_notifications: bool
    """More is waiting on the server than fitted into this message."""
    acknowledged: tuple[int, ...]
    """StatusCode of each acknowledgement in the request, in its order."""
    published_ns: int
    """Server's clock when it made the message; NO_TIME where it says nothing."""
    handle: npt.NDArray[np.uint32]
    """ClientHandle of each change, in the order of the server; one handle may come several times, the last is the newest."""
    columns: wire.Columns
    """As long as `handle`; `answered_ns` is the server's clock when it answered."""
    status: int | None = None
    """Of a StatusChangeNotification: the subscription ended or is about to (BadTimeout, GoodSubscriptionTransferred ...)."""
    undecodable: int = 0
    """Changes that are lost because one of them could not be decoded, nor what follows it in its notification; also
    notifications of other kinds than asked for.  Read everything again when it is not 0."""

    @property
    def is_keep_alive(self) -> bool:
        """Tell that the server only says that it lives."""
        return not len(self.handle) and self.status is None and not self.undecodable


def decode(body: bytes, decoder: Decoder) -> Publication:
    """Decode the body of a PublishResponse, from its type id to its last byte.

    :param decoder: made with `has_handles=True`, one for each session or subscription: it remembers layouts.
    :raises ServiceRefusedError: the server refused the Publish (BadNoSubscription, BadTooManyPublishRequests ...).
    :raises BadFrameError: it is damaged.
    :raises UndecodableError: something in it, but no change of value, has no end that can be known.
    """
    header = read_header(body, PUBLISH_RESPONSE, "PublishResponse")
    subscription_id, position = _uint32(body, header.end)
    available, position = _numbers(body, position)
    if position + _MESSAGE.size > len(body):
        raise BadFrameError("the answer ends before its notifications")
    more, sequence_number, published = _MESSAGE.unpack_from(body, position)
    notifications, position = length_at(body, position + _MESSAGE.size)
    sheets: list[Sheet] = []
    status: int | None = None
    undecodable = 0
    for _ in range(notifications):
        begin, end = _bounds(body, position)
        kind = body[position : position + 5]
        position = end
        if kind == _STATUS_CHANGE:
            status, _ = _uint32(body, begin)
        elif kind == _DATA_CHANGE:
            sheet, lost = _changes(body[:end], begin, decoder)
            sheets.append(sheet)
            undecodable += lost
        else:
            undecodable += 1
    acknowledged, position = _numbers(body, position)
    check_end(body, end_of_diagnostics_list(body, position))
    sheet = _join(sheets)
    return Publication(
        subscription_id=subscription_id,
        sequence_number=sequence_number,
        available=available,
        more_notifications=more != 0,
        acknowledged=acknowledged,
        published_ns=int(wire.filetime_to_ns(np.array([published], np.int64))[0]),
        handle=sheet.handle,
        columns=sheet.columns(header.answered_ns),
        status=status,
        undecodable=undecodable,
    )


def _changes(body: bytes, position: int, decoder: Decoder) -> tuple[Sheet, int]:
    """Decode a DataChangeNotification that ends with the body; return its changes and how many are lost."""
    count, position = length_at(body, position)
    try:
        sheet, end = decoder.take(body, position, count)
        check_end(body, end_of_diagnostics_list(body, end))
    except (UndecodableError, BadFrameError):
        return Sheet.blank(0, has_handles=True), max(count, 1)
    return sheet, 0


def _bounds(body: bytes, position: int) -> tuple[int, int]:
    """Where the body of the notification at `position` begins, and the byte behind it."""
    return end_of_node_id(body, position) + 5, end_of_extension_object(body, position)


def _join(sheets: list[Sheet]) -> Sheet:
    if len(sheets) == 1:
        return sheets[0]
    joined = Sheet.blank(0, has_handles=True)
    begin = 0
    for sheet in sheets:
        joined.texts += [(begin + index, text) for index, text in sheet.texts]
        begin += len(sheet.value)
    if sheets:
        joined.value = np.concatenate([sheet.value for sheet in sheets])
        joined.status = np.concatenate([sheet.status for sheet in sheets])
        joined.source = np.concatenate([sheet.source for sheet in sheets])
        joined.handle = np.concatenate([sheet.handle for sheet in sheets])
    return joined


def _uint32(body: bytes, position: int) -> tuple[int, int]:
    if position + 4 > len(body):
        raise BadFrameError("the answer ends inside a number")
    return int.from_bytes(body[position : position + 4], "little"), position + 4


def _numbers(body: bytes, position: int) -> tuple[tuple[int, ...], int]:
    count, position = length_at(body, position)
    end = position + 4 * count
    if end > len(body):
        raise BadFrameError("the answer ends inside its numbers")
    return struct.unpack_from(f"<{count}I", body, position), end
