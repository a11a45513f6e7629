"""A peer that plays unfair with a subscription, byte by byte: everything is read again, and nothing is lost or wrong.

What a gap in the messages of a session is, and what it leads to, is tested without a wire in `test_sequence.py` and by an
answer that never arrives in `test_monitoring.py`; small buffers of polled servers in `test_buffers.py`.
"""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from drivers.link import LinkState
from drivers.opcua import connection, publish
from drivers.opcua.decoder import Decoder
from drivers.opcua.driver import OpcUaDriver
from rules.columns.quality import Quality
from rules.columns.readings import Origin
from tests.drivers.opcua.encoding import header, string
from tests.drivers.opcua.living import driver_for, polled
from tests.drivers.opcua.peer import (
    CREATE_ITEMS,
    OPEN_CHANNEL,
    PUBLISH,
    READ,
    REPUBLISH,
    Chunks,
    Peer,
    Play,
    aborted,
    fault,
)
from tests.drivers.opcua.plant import Plc, eventually, tags
from tests.drivers.opcua.test_monitoring import Watched, number, plant, watching

pytestmark = pytest.mark.slow

HAS_CHANGES = 80
"""A PublishResponse shorter than this is a keep-alive."""
SUBSCRIBE: dict[str, Any] = {"acquisition": "subscribe", "request_timeout_s": 2.0}


class Once:
    """Plays one answer once, and only after it was told to: the next message with changes, or any answer of a kind."""

    def __init__(self, instead: Callable[[bytes], Chunks], kind: int = PUBLISH, shortest: int = HAS_CHANGES) -> None:
        self._instead, self._kind, self._shortest = instead, kind, shortest
        self.armed = False
        self.played: list[bytes] = []

    def __call__(self, kind: int, body: bytes) -> Chunks | None:
        if not self.armed or self.played or kind != self._kind or len(body) <= self._shortest:
            return None
        self.played.append(body)
        return self._instead(body)


def unplayed(kind: int, body: bytes) -> None:
    """An honest peer."""


@asynccontextmanager
async def through(play: Play, count: int) -> AsyncIterator[tuple[Plc, Peer, Watched]]:
    """A server of so many values, a peer before it, and a subscription to all of them through that."""
    async with Plc() as plc, Peer(plc.port, play) as peer:
        addresses = await plant(plc, count)
        async with watching(peer.endpoint, addresses) as watched:
            await watched.until(lambda: watched.monitoring.watched == count)
            yield plc, peer, watched


async def change_that_is_hit(plc: Plc, watched: Watched, once: Once) -> int:
    """Let the next change of N0 be the one that the peer plays with; how many batches there were before."""
    since = len(watched.batches)
    once.armed = True
    await plc.set("N0", number(5.0))
    await watched.until(lambda: bool(once.played))
    return since


async def all_is_well_again(plc: Plc, watched: Watched, since: int) -> None:
    """Once more subscribed, told why, everything read again, and the changes after it arrive."""
    count = len(watched.monitoring._whole.nodes)
    await watched.until(lambda: watched.monitoring.rebuilt == 1 and watched.monitoring.watched == count)
    await watched.until(lambda: watched.values(0, since)[-1:] == [5.0])
    reread = [batch for batch in watched.batches[since:] if batch.origin is Origin.REREAD]
    assert any(len(batch) == count for batch in reread), "everything is read, not only what was hit"
    assert "the subscription was made anew" in watched.driver.health().impairment.en
    await plc.set("N1", number(9.0))
    await watched.until(lambda: watched.last(1) == (9.0, Quality.GOOD))
    assert set(watched.values(0)) == {1.0, 5.0}, "no value that the server never had"
    assert watched.monitoring.rebuilt == 1


@pytest.mark.parametrize("before", [0, 40], ids=["at once", "in the middle"])
async def test_an_aborted_publish_has_everything_read_again(before: int) -> None:
    """Aborted before its first byte, and behind a first chunk that holds half of the message."""

    def give_up(body: bytes) -> Chunks:
        begun = [(b"C", body[:before])] if before else []
        return [*begun, aborted(StatusCodes.BadResponseTooLarge)]

    once = Once(give_up)
    async with through(once, 3) as (plc, peer, watched):
        since = await change_that_is_hit(plc, watched, once)
        await all_is_well_again(plc, watched, since)
        assert peer.accepted == 1, "an aborted answer leaves the channel as it is (OPC 10000-6, 6.7.3)"
        assert REPUBLISH not in peer.asked


async def test_an_aborted_publish_is_told_as_a_degraded_link_that_stays_up() -> None:
    once = Once(lambda body: [aborted(StatusCodes.BadEncodingLimitsExceeded)])
    async with Plc() as plc, Peer(plc.port, once) as peer:
        addresses = await plant(plc, 2)
        async with polled(lambda: driver_for(peer.endpoint, addresses, **SUBSCRIBE)) as seen:
            await eventually(lambda: PUBLISH in peer.asked and seen.state is LinkState.UP)
            once.armed = True
            await plc.set("N0", number(5.0))
            await eventually(lambda: seen.state is LinkState.DEGRADED)
            await eventually(lambda: any(5.0 in batch.value for batch in seen.batches))
            states = set(seen.states()[seen.states().index(LinkState.UP) :])
            assert states == {LinkState.UP, LinkState.DEGRADED}
            assert "the subscription was made anew" in seen.links[-1].last_error


async def test_a_message_that_is_swallowed_is_missed_by_its_number_and_nothing_is_asked_to_be_sent_again() -> None:
    """The answer never arrives: the next message has the number behind the expected one, although the server keeps it."""
    once = Once(lambda body: [])
    async with through(once, 3) as (plc, peer, watched):
        since = await change_that_is_hit(plc, watched, once)
        await all_is_well_again(plc, watched, since)
        assert "never came" in watched.driver.health().impairment.en
        assert REPUBLISH not in peer.asked


@pytest.mark.parametrize("step", [1, 1000, -1], ids=["one missing", "many missing", "one twice"])
async def test_numbers_that_do_not_follow_each_other_are_a_gap(step: int) -> None:
    def renumbered(body: bytes) -> Chunks:
        frame = publish.read_frame(body)
        at = frame.notifications[0].position - 16  # number, time, count
        assert struct.unpack_from("<I", body, at)[0] == frame.sequence_number
        return [(b"F", body[:at] + struct.pack("<I", frame.sequence_number + step) + body[at + 4 :])]

    once = Once(renumbered)
    async with through(once, 3) as (plc, _peer, watched):
        since = await change_that_is_hit(plc, watched, once)
        await all_is_well_again(plc, watched, since)


async def test_a_server_that_has_nothing_to_send_again_costs_nothing() -> None:
    """What a Republish would bring is not needed, so that neither BadMessageNotAvailable nor an empty message can harm.

    Proven by a peer that hides which messages the server still has, and answers every Republish with one of the two.
    """
    lost = Once(lambda body: [])
    answers = iter([fault(StatusCodes.BadMessageNotAvailable), empty_republish()] * 50)

    def play(kind: int, body: bytes) -> Chunks | None:
        if kind == REPUBLISH:
            return [(b"F", next(answers))]
        return lost(kind, body)

    async with through(play, 2) as (plc, peer, watched):
        since = await change_that_is_hit(plc, watched, lost)
        await all_is_well_again(plc, watched, since)
        assert peer.asked.count(REPUBLISH) == 0
        assert peer.asked.count(CREATE_ITEMS) == 2
        assert peer.asked.count(READ) >= 2


def empty_republish() -> bytes:
    """A RepublishResponse whose message holds nothing."""
    return b"\x01\x00\x43\x03" + header(0, 132_223_104_000_000_000) + struct.pack("<Iqi", 3, 0, 0)


async def test_a_change_without_any_change_in_it_is_a_message_with_a_number_of_its_own() -> None:
    """Some servers send a DataChangeNotification of no items, and count it."""
    emptied: list[int] = []

    def play(kind: int, body: bytes) -> Chunks | None:
        if kind != PUBLISH or len(body) <= HAS_CHANGES:
            return None
        frame = publish.read_frame(body)
        (begin, end) = frame.notifications[0].begin, frame.notifications[0].end
        if publish.decode(body, Decoder(has_handles=True)).columns.value.tolist() != [5.0]:
            return None
        emptied.append(frame.sequence_number)
        nothing = struct.pack("<ii", 0, -1)
        return [(b"F", body[: begin - 4] + string(nothing) + body[end:])]

    async with through(play, 2) as (plc, _peer, watched):
        await plc.set("N0", number(5.0))
        await watched.until(lambda: bool(emptied))
        await plc.set("N1", number(9.0))
        await watched.until(lambda: watched.last(1) == (9.0, Quality.GOOD))
        assert watched.monitoring.rebuilt == 0, "nothing is missing between the two"


# --- one bad item -------------------------------------------------------------------------------------

POISON, GARBAGE = b"\x0c" + string(b"poison"), b"\x3e" + string(b"poison")
"""A text, and the same with a type that the standard does not have: nobody knows where it ends."""


def poisoned(kind: int, body: bytes) -> Chunks | None:
    """Spoil one value wherever it is answered."""
    if kind not in (READ, PUBLISH) or POISON not in body:
        return None
    return [(b"F", body.replace(POISON, GARBAGE))]


async def test_one_value_in_a_thousand_that_nobody_can_decode_costs_only_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It must not have the subscription of the others made anew for ever, either."""
    names = [f"N{place}" for place in range(999)]
    async with Plc() as plc, Peer(plc.port, poisoned) as peer:
        for name in names:
            await plc.add(name, 1.0)
        await plc.add("POISON", "poison", ua.VariantType.String)
        addresses = tags([*names, "POISON"], period_s=0.5)
        async with watching(peer.endpoint, addresses, request_timeout_s=5.0) as watched:
            await watched.until(lambda: watched.monitoring.watched == 999)
            since = len(watched.batches)
            for value in (2.0, 3.0, 4.0):
                await plc.set("N500", number(value))
                await watched.until(lambda: watched.last(500) == (value, Quality.GOOD))  # noqa: B023 - asked for within the turn
            assert watched.values(500, since)[-3:] == [2.0, 3.0, 4.0]
            await watched.until(lambda: watched.last(999)[1] == Quality.BAD)
            good = {row for batch in watched.batches for row in batch.row[batch.quality == Quality.GOOD].tolist()}
            assert good == set(range(999))
            assert [item.tag for item in watched.driver.health().bad_items] == ["POISON"]
            assert "1 points are refused" in watched.driver.health().impairment.en
    assert "changes cannot be decoded" not in caplog.text, "the others keep their subscription"


# --- small buffers ------------------------------------------------------------------------------------


async def test_a_subscription_lives_with_small_buffers_in_both_directions() -> None:
    """The server takes and sends chunks of 8192 bytes only: a thousand items are asked for and told of in many."""
    async with Plc() as plc, Peer(plc.port, unplayed, largest=8192, says=(8192, 8192, 0, 0)) as peer:
        names = [f"tank farm north, node number {place:04}" for place in range(1000)]
        for place, name in enumerate(names):
            await plc.add(name, float(place))
        async with watching(peer.endpoint, tags(names, period_s=0.2), request_timeout_s=5.0) as watched:
            await watched.until(lambda: watched.monitoring.watched == 1000)
            since = len(watched.batches)
            for place, name in enumerate(names):
                await plc.set(name, number(float(place) + 0.5))
            wanted = np.arange(1000) + 0.5
            latest = np.full(1000, np.nan)

            def all_arrived() -> bool:
                for batch in watched.batches[since:]:
                    latest[batch.row] = batch.value
                return bool((latest == wanted).all())

            await watched.until(all_arrived)
            assert watched.monitoring.rebuilt == 0
            assert watched.driver.health().impairment.en == ""
        assert peer.largest_request <= 8192
        assert peer.sent_chunks > len(peer.asked), "the answers came in pieces"


async def test_requests_that_are_too_large_for_the_server_are_made_smaller() -> None:
    """16 kB a request: a thousand monitored items do not fit, and are asked for in parts."""
    async with Plc() as plc, Peer(plc.port, unplayed, says=(8192, 65_535, 16_384, 2)) as peer:
        addresses = await plant(plc, 500)
        async with watching(peer.endpoint, addresses, request_timeout_s=5.0) as watched:
            await watched.until(lambda: watched.monitoring.watched == 500)
            await plc.set("N499", number(7.0))
            await watched.until(lambda: watched.last(499) == (7.0, Quality.GOOD))
            assert watched.monitoring.rebuilt == 0
        assert peer.asked.count(CREATE_ITEMS) >= 2


# --- the channel --------------------------------------------------------------------------------------


@pytest.mark.parametrize("abort", [False, True], ids=["refused", "aborted"])
async def test_a_renewal_that_is_refused_ends_the_subscription_at_once_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, abort: bool
) -> None:
    """The link is told as lost when the renewal is refused, not when the token expires; the next session has every value."""
    monkeypatch.setattr(connection, "_CHANNEL_LIFETIME_MS", 2000)  # renewed after 1.5 s
    refused: list[bytes] = []

    def play(kind: int, body: bytes) -> Chunks | None:
        if kind != OPEN_CHANNEL or peer.asked.count(OPEN_CHANNEL) != 2:  # the first is the opening
            return None
        refused.append(body)
        status = StatusCodes.BadSecureChannelTokenUnknown
        return [aborted(status)] if abort else [(b"F", fault(status))]

    async with Plc() as plc, Peer(plc.port, play) as peer:
        addresses = await plant(plc, 2)
        drivers: list[OpcUaDriver] = []

        def make() -> OpcUaDriver:
            drivers.append(driver_for(peer.endpoint, addresses, **SUBSCRIBE))
            return drivers[-1]

        async with polled(make) as seen:
            await eventually(lambda: bool(seen.links) and seen.state is LinkState.UP)
            await eventually(lambda: bool(refused))
            await plc.set("N0", number(5.0))
            async with asyncio.timeout(10.0):  # request timeout and back-off, on a busy machine
                await eventually(lambda: seen.links[-1].reconnects == 1 and seen.state is LinkState.UP)
            await eventually(lambda: any(5.0 in batch.value for batch in seen.batches))
            assert LinkState.DOWN in seen.states() or LinkState.CONNECTING in seen.states()[2:]
            assert peer.accepted == 2
            assert drivers[0]._session.connection.lost.is_set()
            await plc.set("N1", number(6.0))
            await eventually(lambda: any(6.0 in batch.value for batch in seen.batches))
