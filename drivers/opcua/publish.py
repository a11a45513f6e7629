"""The body of a PublishResponse to columns: ClientHandle = row."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from drivers.errors import BadFrameError
from drivers.opcua import wire
from drivers.opcua.answers import Header, check_end, end_of_diagnostics_list, length_at, read_header
from drivers.opcua.data_values import Sheet, blank_sheet
from drivers.opcua.decoder import Decoder
from drivers.opcua.variants import end_of_extension_object, numeric_type
from drivers.opcua.wire import UndecodableError

DATA_CHANGE: Final = 811
"""DataChangeNotification, by the number of its binary encoding."""
_STATUS_CHANGE: Final = 820
_PUBLISH_RESPONSE: Final = b"\x01\x00\x3d\x03"
_MESSAGE: Final = struct.Struct("<BIq")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Publication:
    """One PublishResponse."""

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
    """Changes that are lost because nobody can know where one of them ends, and with it what follows it in its
    notification; also notifications of other kinds than asked for.  Read everything again when it is not 0."""
    is_keep_alive: bool = False
    """The server only says that it lives: the message has no notification at all.  One without a change in it is no
    keep-alive (OPC 10000-4), and has a number of its own."""


class Notification(NamedTuple):
    """Where one notification of a message lies."""

    position: int
    kind: int
    """Number of its type, 0 where it has no body or another namespace."""
    begin: int
    """Where its body begins."""
    end: int


class Frame(NamedTuple):
    """A PublishResponse without what its notifications hold."""

    header: Header
    subscription_id: int
    available: tuple[int, ...]
    more_notifications: bool
    sequence_number: int
    published: int
    """100 ns since 1601."""
    notifications: list[Notification]
    acknowledged: tuple[int, ...]
    end: int
    """Where the response's own diagnostics begin."""


def decode(body: bytes, decoder: Decoder) -> Publication:
    """Decode the body of a PublishResponse, from its type id to its last byte.

    :param decoder: made with `has_handles=True`, one for each session or subscription: it remembers layouts.
    :raises ServiceRefusedError: the server refused the Publish (BadNoSubscription, BadTooManyPublishRequests ...).
    :raises BadFrameError: it is damaged.
    :raises UndecodableError: something in it, but no change of value, has no end that can be known.
    """
    frame = read_frame(body)
    sheets: list[Sheet] = []
    status: int | None = None
    undecodable = 0
    for notification in frame.notifications:
        if notification.kind == _STATUS_CHANGE:
            status, _ = _uint32(body, notification.begin)
        elif notification.kind == DATA_CHANGE:
            sheet, lost = _changes(body[: notification.end], notification.begin, decoder)
            sheets.append(sheet)
            undecodable += lost
        else:
            undecodable += 1
    sheet = _join(sheets)
    return Publication(
        subscription_id=frame.subscription_id,
        sequence_number=frame.sequence_number,
        available=frame.available,
        more_notifications=frame.more_notifications,
        acknowledged=frame.acknowledged,
        published_ns=wire.time_of(frame.published),
        handle=sheet.handle,
        columns=sheet.columns(frame.header.answered_ns),
        status=status,
        undecodable=undecodable,
        is_keep_alive=not frame.notifications,
    )


def read_frame(body: bytes) -> Frame:
    """Read all of a PublishResponse but what its notifications hold.

    :raises ServiceRefusedError: the server refused the Publish.
    :raises BadFrameError: it is damaged.
    :raises UndecodableError: something in it has no end that can be known.
    """
    header = read_header(body, _PUBLISH_RESPONSE, "PublishResponse")
    subscription_id, position = _uint32(body, header.end)
    available, position = _numbers(body, position)
    if position + _MESSAGE.size > len(body):
        raise BadFrameError("the answer ends before its notifications")
    more, sequence_number, published = _MESSAGE.unpack_from(body, position)
    count, position = length_at(body, position + _MESSAGE.size)
    notifications = []
    for _ in range(count):
        kind, begin = numeric_type(body, position)
        end = end_of_extension_object(body, position)
        notifications.append(Notification(position, kind, begin, end))
        position = end
    acknowledged, position = _numbers(body, position)
    check_end(body, end_of_diagnostics_list(body, position))
    return Frame(
        header, subscription_id, available, more != 0, sequence_number, published, notifications, acknowledged, position
    )


def _changes(body: bytes, position: int, decoder: Decoder) -> tuple[Sheet, int]:
    """Decode a DataChangeNotification that ends with the body; return its changes and how many are lost."""
    count = 1
    try:
        count, position = length_at(body, position)
        sheet, end = decoder.take(body, position, count)
        check_end(body, end_of_diagnostics_list(body, end))
    except (UndecodableError, BadFrameError):
        return blank_sheet(0, has_handles=True), max(count, 1)
    return sheet, 0


def _join(sheets: Sequence[Sheet]) -> Sheet:
    if len(sheets) == 1:
        return sheets[0]
    joined = blank_sheet(0, has_handles=True)
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
