"""Floods on the stream: told when one begins and ends, newest only, and to whoever comes in the middle of one."""

from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from monitor.alarms.flood import PositionFlood
from monitor.api.client import StreamClient
from monitor.api.times import rfc3339
from tests.monitor.api.fake_plant import WALL_NS
from tests.monitor.api.fakes import Site
from tests.monitor.api.streaming import message, next_of, running
from tests.monitor.api.test_frames import Whole, drained

CALM = PositionFlood(position="all", count=3)
FLOODED = PositionFlood(position="all", in_flood=True, since_wall_ns=WALL_NS, count=11, peak=11)
WORSE = PositionFlood(position="all", in_flood=True, since_wall_ns=WALL_NS, count=30, peak=30)
OVER = PositionFlood(position="all", since_wall_ns=WALL_NS + 9, count=4, peak=30)


class Flooded(Whole):
    """A source in the middle of a flood."""

    def flood_text(self) -> str | None:
        return f"flood {self.seq}"


def test_who_comes_in_a_flood_is_told_after_the_alarms() -> None:
    client = StreamClient(b"")
    assert drained(client, Flooded()) == ["alarms 10", "flood 10", "snapshot 1"]
    client.want_everything()
    assert drained(client, Flooded()) == ["alarms 10", "flood 10", "snapshot 1"]


def test_only_the_newest_word_waits_and_events_go_first() -> None:
    source, client = Whole(), StreamClient(b"")
    client.offer_flood("before the start: the first answer covers it")
    drained(client, source)
    client.offer_flood("flood of 11")
    client.offer_event(11, "event 11")
    client.offer_flood("flood of 30")
    source.next_frame(client)
    assert drained(client, source) == ["event 11", "flood of 30", "tags 2"]
    assert drained(client, source) == []


async def told(site: Site, stream: ClientConnection, flood: PositionFlood) -> dict[str, Any]:
    site.board.publish(floods=(flood,))
    found = await next_of(stream, "flood")
    return found


@pytest.mark.slow
async def test_begin_growth_and_end_are_told_and_calm_is_not() -> None:
    async with running() as run, run.stream() as stream:
        await next_of(stream, "snapshot")
        run.site.board.publish(floods=(CALM,))
        kinds = [(await message(stream))["type"] for _ in range(3)]
        assert "flood" not in kinds
        begun = await told(run.site, stream, FLOODED)
        assert begun["positions"] == [
            {"position": "all", "in_flood": True, "since": rfc3339(WALL_NS), "count": 11, "peak": 11}
        ]
        grown = await told(run.site, stream, WORSE)
        assert grown["positions"][0]["count"] == 30
        over = await told(run.site, stream, OVER)
        assert (over["positions"][0]["in_flood"], over["positions"][0]["peak"]) == (False, 30)
        run.site.board.publish(floods=(CALM,))
        kinds = [(await message(stream))["type"] for _ in range(3)]
        assert "flood" not in kinds


@pytest.mark.slow
async def test_a_new_stream_learns_of_a_flood_that_goes_on() -> None:
    async with running() as run:
        async with run.stream() as calm:
            assert [(await message(calm))["type"] for _ in range(2)] == ["alarms", "snapshot"]
            run.site.board.publish(floods=(FLOODED,))
            while (await message(calm))["type"] != "flood":  # the hub knows it when its streams do
                pass
        async with run.stream() as late:
            assert [(await message(late))["type"] for _ in range(3)] == ["alarms", "flood", "snapshot"]
