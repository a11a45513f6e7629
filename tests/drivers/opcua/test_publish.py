"""Bulk decoding of PublishResponses against asyncua and against what was written."""

import struct
from random import Random

import numpy as np
import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import BadFrameError
from drivers.opcua import publish, reference, wire
from drivers.opcua.decoder import Decoder
from drivers.opcua.publish import Publication
from drivers.opcua.wire import UndecodableError
from tests.drivers.opcua.encoding import (
    BOOLEAN,
    DOUBLE,
    FILETIME_2020,
    ODD,
    Item,
    damaged,
    expected_time,
    publish_body,
    random_item,
    string,
)

SEEDS = st.integers(0, 2**32 - 1)
Changes = list[tuple[int, Item]]
STATUS_CHANGE = b"\x01\x00\x34\x03\x01" + string(struct.pack("<I", 0x800A0000) + b"\x00")
EVENTS = b"\x01\x00\x94\x03\x01" + string(struct.pack("<i", 0))


def decode(body: bytes) -> Publication:
    """By a decoder that never saw a message before."""
    return publish.decode(body, Decoder(has_handles=True))


def body_of(*notifications: Changes, others: tuple[bytes, ...] = ()) -> bytes:
    return publish_body(
        [[(handle, item.encode()) for handle, item in changes] for changes in notifications], others=others
    )


def random_changes(random: Random, odd: float = 0.1, most: int = 8, longest: int = 40) -> Changes:
    longest = random.choice([1, 1, 3, longest])
    return [
        (random.choice([random.randrange(50), 2**32 - 1]), item)
        for _ in range(random.randint(0, most))
        for item in [random_item(random, odd)] * random.randint(1, longest)
    ]


def check(publication: Publication, changes: Changes) -> None:
    """Columns against what was written."""
    columns, items = publication.columns, [item for _, item in changes]
    assert publication.handle.dtype == np.uint32
    assert publication.handle.tolist() == [handle for handle, _ in changes]
    np.testing.assert_array_equal(columns.value, [item.number for item in items])
    assert columns.status.tolist() == [item.status or 0 for item in items]
    assert columns.source_time_ns.tolist() == [expected_time(item.source) for item in items]
    assert columns.texts == tuple((index, item.text) for index, item in enumerate(items) if item.text)
    assert columns.answered_ns == expected_time(FILETIME_2020)
    assert publication.undecodable == 0


@settings(max_examples=100)
@given(SEEDS)
def test_every_change_is_what_the_specification_says(seed: int) -> None:
    random = Random(seed)
    notifications = [random_changes(random) for _ in range(random.randint(0, 3))]
    everything = [change for changes in notifications for change in changes]
    body = body_of(*notifications)
    decoder = Decoder(has_handles=True)
    for _ in range(2):
        check(publish.decode(body, decoder), everything)
    handle, columns = reference.decode_changes(body)
    assert handle.tolist() == [handle for handle, _ in everything]
    assert wire.agree(decode(body).columns, columns)


@settings(max_examples=30)
@given(SEEDS)
def test_other_layouts_than_the_learnt_ones_are_noticed(seed: int) -> None:
    random = Random(seed)
    changes = random_changes(random)
    decoder = Decoder(has_handles=True)
    for _ in range(4):
        check(publish.decode(body_of(changes), decoder), changes)
        random.shuffle(changes)
        check(publish.decode(body_of(changes), decoder), changes)
        check(publish.decode(body_of(changes[1:]), decoder), changes[1:])


DAMAGES = 20


def damage_often(random: Random, decoder: Decoder) -> int:
    """Damage a random message in many ways; what is still accepted means what asyncua says.  Count what was accepted."""
    notifications = [random_changes(random, most=4, longest=8) for _ in range(random.randint(0, 2))]
    body = body_of(*notifications, others=random.choice([(), (STATUS_CHANGE,)]))
    publish.decode(body, decoder)
    return sum(refuses_or_agrees(damaged(random, body), decoder) for _ in range(DAMAGES))


def refuses_or_agrees(damage: bytes, decoder: Decoder) -> bool:
    try:
        publication = publish.decode(damage, decoder)
    except (BadFrameError, UndecodableError, wire.ServiceRefusedError):
        return False
    if publication.undecodable:
        return False
    handle, columns = reference.decode_changes(damage)
    assert np.array_equal(handle, publication.handle), damage.hex()
    assert wire.agree(publication.columns, columns), damage.hex()
    return True


@settings(max_examples=50)
@given(SEEDS)
def test_damage_never_gives_a_wrong_value_silently(seed: int) -> None:
    random = Random(seed)
    damage_often(random, Decoder(has_handles=True))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_million_damaged_messages() -> None:
    random = Random(2026)
    decoder = Decoder(has_handles=True)
    accepted = sum(damage_often(random, decoder) for _ in range(1_000_000 // DAMAGES))
    assert 100_000 < accepted < 900_000, "damage that is always noticed, or never, proves nothing"


def test_what_asyncua_encodes_is_read_back() -> None:
    response = ua.PublishResponse()
    parameters = response.Parameters
    parameters.SubscriptionId = ua.UInt32(77)
    parameters.AvailableSequenceNumbers = [ua.UInt32(4), ua.UInt32(5)]
    parameters.MoreNotifications = True
    parameters.NotificationMessage.SequenceNumber = ua.UInt32(5)
    values = [(3, 1.5), (1, 2.5), (3, 3.5)]
    parameters.NotificationMessage.NotificationData = [
        ua.DataChangeNotification(
            MonitoredItems=[
                ua.MonitoredItemNotification(ua.UInt32(handle), ua.DataValue(ua.Variant(value, ua.VariantType.Double)))
                for handle, value in values
            ]
        )
    ]
    parameters.Results = [ua.StatusCode(ua.UInt32(0)), ua.StatusCode(ua.UInt32(0x807A0000))]
    publication = decode(struct_to_binary(response))
    assert publication.subscription_id == 77
    assert publication.available == (4, 5)
    assert publication.more_notifications
    assert publication.sequence_number == 5
    assert publication.acknowledged == (0, 0x807A0000)
    assert publication.handle.tolist() == [3, 1, 3], "the order of the server is kept: the last is the newest"
    assert publication.columns.value.tolist() == [1.5, 2.5, 3.5]
    assert not publication.is_keep_alive
    assert publication.status is None


@pytest.mark.parametrize(("notifications", "keep_alive"), [([], True), ([[]], False)], ids=["none", "no change in it"])
def test_a_keep_alive_has_no_notification(notifications: list[list[tuple[int, bytes]]], keep_alive: bool) -> None:
    publication = decode(publish_body(notifications, available=(), sequence=9, acknowledged=()))
    assert publication.is_keep_alive is keep_alive
    assert publication.sequence_number == 9
    assert publication.available == publication.acknowledged == ()
    assert publication.published_ns == expected_time(FILETIME_2020)
    assert len(publication.columns) == 0


def test_null_arrays_are_empty() -> None:
    body = publish_body([], available=(), acknowledged=())
    for at in (32, 49, 53, 57):  # available numbers, notifications, acknowledgements, diagnostics
        body = body[:at] + struct.pack("<i", -1) + body[at + 4 :]
    assert len(body) == 61
    publication = decode(body)
    assert publication.is_keep_alive
    assert publication.available == publication.acknowledged == ()


def test_the_end_of_a_subscription_is_told() -> None:
    publication = decode(body_of([(1, DOUBLE)], others=(STATUS_CHANGE,)))
    assert publication.status == 0x800A0000  # BadTimeout
    assert not publication.is_keep_alive
    check(publication, [(1, DOUBLE)])
    alone = decode(body_of(others=(STATUS_CHANGE,)))
    assert alone.status == 0x800A0000
    assert not alone.is_keep_alive


def test_a_change_without_an_end_costs_its_notification_and_no_other() -> None:
    endless = Item(b"\x0c" + struct.pack("<i", 9999), "", 0, None, None, None, None)
    publication = decode(body_of([(1, DOUBLE), (2, BOOLEAN)], [(3, DOUBLE), (4, endless), (5, DOUBLE)], [(6, BOOLEAN)]))
    assert publication.handle.tolist() == [1, 2, 6]
    assert publication.undecodable == 3
    assert not publication.is_keep_alive


def test_a_notification_of_another_kind_is_counted() -> None:
    publication = decode(body_of([(1, DOUBLE)], others=(EVENTS,)))
    assert publication.undecodable == 1
    assert publication.handle.tolist() == [1]


def test_the_type_may_be_written_long() -> None:
    body = body_of([(1, DOUBLE)])
    long = body.replace(b"\x01\x00\x2b\x03\x01", b"\x02\x00\x00" + struct.pack("<I", 811) + b"\x01")
    assert len(long) == len(body) + 3
    check(decode(long), [(1, DOUBLE)])
    foreign = body.replace(b"\x01\x00\x2b\x03\x01", b"\x01\x02\x2b\x03\x01")
    assert decode(foreign).undecodable == 1


@pytest.mark.parametrize("word", ODD)
def test_bulk_goes_on_behind_what_is_no_number(word: str) -> None:
    variant, text = ODD[word]
    odd = Item(variant, text, 0x40000000, FILETIME_2020, 7, FILETIME_2020, 8)
    changes = list(enumerate([*[DOUBLE] * 3, odd, *[BOOLEAN, DOUBLE] * 5, odd, BOOLEAN]))
    decoder = Decoder(has_handles=True)
    for _ in range(2):
        check(publish.decode(body_of(changes), decoder), changes)


def test_a_message_cut_anywhere_is_refused() -> None:
    body = body_of([(1, DOUBLE), (2, BOOLEAN)], [(3, DOUBLE)])
    for length in range(len(body)):
        with pytest.raises((BadFrameError, UndecodableError)):
            decode(body[:length])
    with pytest.raises(BadFrameError, match="follow"):
        decode(body + b"\0")


def test_a_refused_publish_is_told_by_its_status() -> None:
    body = bytearray(body_of())
    struct.pack_into("<I", body, 16, 0x80790000)  # BadNoSubscription
    with pytest.raises(wire.ServiceRefusedError) as refused:
        decode(bytes(body))
    assert refused.value.status == 0x80790000


def test_lengths_of_a_hostile_server_are_refused_at_once() -> None:
    body = body_of([(1, DOUBLE)])
    for at in range(28, len(body) - 3):
        hostile = bytearray(body)
        struct.pack_into("<i", hostile, at, 2**31 - 1)
        try:
            decode(bytes(hostile))
        except (BadFrameError, UndecodableError):
            continue
