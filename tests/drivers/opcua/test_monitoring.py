"""Acquisition by subscription against a real server: changes, silence, gaps, bad nodes, a server that does not tell."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from drivers.errors import LinkLostError
from drivers.opcua.driver import OpcUaDriver, open_driver
from drivers.opcua.monitoring import Monitoring
from drivers.opcua.stack import service_error
from rules.columns.quality import Quality
from rules.columns.readings import Origin, ReadingBatch
from tests.drivers.opcua.plant import Plc, SystemClock, Tag, tags
from tests.drivers.opcua.proxy import Proxy
from tests.patience import eventually

pytestmark = pytest.mark.slow

CLOCK = SystemClock()
Send = Callable[..., Any]


class Watched:
    """A driver that subscribes, and all that it handed over so far."""

    def __init__(self, driver: OpcUaDriver) -> None:
        self.driver = driver
        self.batches: list[ReadingBatch] = []
        self.error: Exception | None = None

    @property
    def monitoring(self) -> Monitoring:
        acquisition = self.driver._acquisition
        assert isinstance(acquisition, Monitoring)
        return acquisition

    def values(self, row: int, since: int = 0) -> list[float]:
        """What was handed over of one row, without repetitions."""
        found: list[float] = []
        for batch in self.batches[since:]:
            said = batch.value[batch.row == row].tolist()
            assert len(said) <= 1, "each change is a reading of its own batch"
            if said and (not found or found[-1] != said[0]):
                found += said
        return found

    def last(self, row: int) -> tuple[float, int]:
        """Value and quality that came last."""
        batch = next(batch for batch in reversed(self.batches) if row in batch.row)
        place = batch.row.tolist().index(row)
        return float(batch.value[place]), int(batch.quality[place])

    async def until(self, condition: Callable[[], bool], within_s: float = 20.0) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                assert self.error is None, self.error
                await asyncio.sleep(0.01)

    async def run(self) -> None:
        try:
            async with contextlib.aclosing(self.driver.batches()) as batches:
                async for batch in batches:
                    self.batches.append(batch)
        except LinkLostError as error:
            self.error = error


@contextlib.asynccontextmanager
async def watching(endpoint: str, addresses: list[Tag], **settings: Any) -> AsyncIterator[Watched]:
    given = {"endpoint": endpoint, "acquisition": "subscribe", "request_timeout_s": 1.0, **settings}
    driver = open_driver("PLC-1", given, addresses, CLOCK)
    assert isinstance(driver, OpcUaDriver)
    watched = Watched(driver)
    async with driver, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(watched.run())
        yield watched
        running.cancel()
    await eventually(lambda: not [task for task in asyncio.all_tasks() if "Publishing._pump" in repr(task.get_coro())])


def intercept(watched: Watched, answer: Callable[[Send, Any, float | None], Any]) -> None:
    """Let a test stand between the driver and its connection."""
    connection = watched.driver._session.connection
    plain = connection.send

    async def send(request: Any, timeout_s: float | None = None) -> bytes:
        body: bytes = await answer(plain, request, timeout_s)
        return body

    connection.send = send  # type: ignore[method-assign]  # the place between driver and server


async def plant(plc: Plc, count: int) -> list[Tag]:
    names = [f"N{number}" for number in range(count)]
    for name in names:
        await plc.add(name, 1.0)
    return tags(names, period_s=0.1)


def number(value: float) -> ua.DataValue:
    return ua.DataValue(ua.Variant(value, ua.VariantType.Double))


async def test_changes_come_at_once_and_quiet_nodes_are_vouched_for() -> None:
    async with Plc() as plc:
        addresses = await plant(plc, 3)
        async with watching(plc.endpoint, addresses) as watched:
            await watched.until(lambda: watched.monitoring.watched == 3)
            for value in (5.0, 6.0):
                since = len(watched.batches)
                await plc.set("N1", number(value))
                await watched.until(lambda: value in watched.values(1, since), 2.0)  # noqa: B023 - asked for within the turn
            quiet = [batch.received_mono_ns for batch in watched.batches if 0 in batch.row]
            since = len(watched.batches)
            await watched.until(lambda: sum(0 in batch.row for batch in watched.batches[since:]) >= 5)
            later = [batch for batch in watched.batches[since:] if 0 in batch.row]
            assert later[-1].received_mono_ns > quiet[-1], "a keep-alive vouches for it"
            assert {batch.origin for batch in watched.batches} == {Origin.LIVE}
            assert watched.last(0) == (1.0, Quality.GOOD)
            assert watched.driver.health().impairment.en == ""
            assert watched.monitoring.rebuilt == 0


async def test_both_edges_of_a_pulse_between_two_messages_are_readings() -> None:
    async with Plc() as plc:
        await plc.add("TRIP", False, ua.VariantType.Boolean)
        (address,) = tags(["TRIP"], period_s=0.5, type="bool")
        async with watching(plc.endpoint, [address]) as watched:
            await watched.until(lambda: watched.monitoring.watched == 1 and len(watched.batches) > 2)
            since = len(watched.batches)
            for state in (True, False, True, False):
                await plc.set("TRIP", ua.DataValue(ua.Variant(state, ua.VariantType.Boolean)))
            await watched.until(lambda: watched.values(0, since)[-4:] == [1.0, 0.0, 1.0, 0.0])


async def test_one_bad_node_among_a_thousand_costs_only_itself_and_is_watched_when_it_comes() -> None:
    async with Plc() as plc:
        addresses = await plant(plc, 999)
        addresses += [Tag(tag="LATE", row=999, address="nsu=urn:test:plc;s=LATE", scan_period_ns=200_000_000)]
        async with watching(plc.endpoint, addresses, integrity_period_s=1.0) as watched:
            await watched.until(lambda: watched.monitoring.watched == 999)
            await watched.until(lambda: watched.last(999)[1] == Quality.BAD)
            assert watched.last(500) == (1.0, Quality.GOOD)
            health = watched.driver.health()
            assert [item.tag for item in health.bad_items] == ["LATE"]
            assert "1 points are refused" in health.impairment.en
            await plc.add("LATE", 7.0)
            await watched.until(lambda: watched.monitoring.watched == 1000)
            assert watched.last(999) == (7.0, Quality.GOOD)
            assert watched.monitoring.rebuilt == 0


async def test_a_missing_message_has_everything_read_again() -> None:
    async with Plc() as plc:
        addresses = await plant(plc, 2)
        async with watching(plc.endpoint, addresses) as watched:
            await watched.until(lambda: watched.monitoring.watched == 2)
            dropped: list[bytes] = []

            async def lose_one_change(plain: Send, request: Any, timeout_s: float | None) -> bytes:
                body: bytes = await plain(request, timeout_s)
                if isinstance(request, ua.PublishRequest) and not dropped and len(body) > 80:
                    dropped.append(body)
                    body = await plain(request, timeout_s)
                return body

            intercept(watched, lose_one_change)
            await asyncio.sleep(0.5)  # the Publishes that were under way are answered
            since = len(watched.batches)
            await plc.set("N0", number(5.0))
            await watched.until(lambda: bool(dropped))
            await watched.until(lambda: watched.monitoring.rebuilt == 1)
            await watched.until(lambda: watched.monitoring.watched == 2)
            assert watched.values(0, since)[-1] == 5.0
            assert Origin.REREAD in {batch.origin for batch in watched.batches[since:]}
            assert "never came" in watched.driver.health().impairment.en


async def test_a_publish_that_is_refused_makes_the_subscription_anew() -> None:
    async with Plc() as plc:
        addresses = await plant(plc, 2)
        async with watching(plc.endpoint, addresses) as watched:
            await watched.until(lambda: watched.monitoring.watched == 2)
            refused: list[object] = []

            async def end_it(plain: Send, request: Any, timeout_s: float | None) -> bytes:
                if isinstance(request, ua.PublishRequest) and not refused:
                    refused.append(request)
                    raise service_error(StatusCodes.BadNoSubscription)
                body: bytes = await plain(request, timeout_s)
                return body

            intercept(watched, end_it)
            await watched.until(lambda: watched.monitoring.rebuilt == 1)
            await watched.until(lambda: watched.monitoring.watched == 2)
            await plc.set("N1", number(9.0))
            await watched.until(lambda: watched.last(1)[0] == 9.0)


async def test_a_server_that_takes_fewer_publishes_gets_fewer() -> None:
    async with Plc() as plc:
        addresses = await plant(plc, 2)
        async with watching(plc.endpoint, addresses, publishes=3) as watched:
            await watched.until(lambda: watched.monitoring.watched == 2)
            refused: list[object] = []

            async def too_many(plain: Send, request: Any, timeout_s: float | None) -> bytes:
                if isinstance(request, ua.PublishRequest) and len(refused) < 2:
                    refused.append(request)
                    raise service_error(StatusCodes.BadTooManyPublishRequests)
                body: bytes = await plain(request, timeout_s)
                return body

            intercept(watched, too_many)
            await watched.until(lambda: len(refused) == 2)
            await plc.set("N1", number(9.0))
            await watched.until(lambda: watched.last(1)[0] == 9.0)
            assert watched.monitoring.rebuilt == 0


async def test_a_server_without_subscriptions_is_polled_and_says_so() -> None:
    async with Plc() as plc:
        addresses = await plant(plc, 2)
        given = {"endpoint": plc.endpoint, "acquisition": "subscribe"}
        driver = open_driver("PLC-1", given, addresses, CLOCK)
        assert isinstance(driver, OpcUaDriver)
        watched = Watched(driver)
        async with driver, asyncio.TaskGroup() as tasks:

            async def refuse(plain: Send, request: Any, timeout_s: float | None) -> bytes:
                if isinstance(request, ua.CreateSubscriptionRequest):
                    raise service_error(StatusCodes.BadServiceUnsupported)
                body: bytes = await plain(request, timeout_s)
                return body

            intercept(watched, refuse)
            running = tasks.create_task(watched.run())
            await watched.until(lambda: len(watched.batches) > 3)
            await plc.set("N1", number(9.0))
            await watched.until(lambda: watched.last(1)[0] == 9.0)
            assert "polled instead" in driver.health().impairment.en
            running.cancel()


async def test_a_change_that_was_never_told_is_found_and_everything_read_again() -> None:
    async with Plc() as plc:
        addresses = await plant(plc, 3)
        settings = {"acquisition": "subscribe_with_integrity_polls", "integrity_period_s": 1.0}
        async with watching(plc.endpoint, addresses, **settings) as watched:
            await watched.until(lambda: watched.monitoring.watched == 3)
            node = plc.server.iserver.aspace._nodes[plc.nodes["N2"].nodeid]
            node.attributes[AttributeIds.Value].value = number(42.0)  # past the server's own subscriptions
            await watched.until(lambda: watched.last(2)[0] == 42.0)
            await watched.until(lambda: watched.monitoring.rebuilt == 1)
            assert "never told" in watched.driver.health().impairment.en


async def test_integrity_polls_of_an_honest_server_change_nothing() -> None:
    async with Plc() as plc:
        addresses = await plant(plc, 3)
        settings = {"acquisition": "subscribe_with_integrity_polls", "integrity_period_s": 1.0}
        async with watching(plc.endpoint, addresses, **settings) as watched:
            await watched.until(lambda: watched.monitoring.watched == 3)
            for value in range(30):
                await plc.set("N0", number(float(value)))
                await asyncio.sleep(0.1)
            await watched.until(lambda: sum(batch.origin is Origin.REREAD for batch in watched.batches) >= 2)
            assert watched.monitoring.rebuilt == 0
            assert watched.driver.health().impairment.en == ""


async def test_a_dead_band_keeps_small_changes_on_the_server() -> None:
    async with Plc() as plc:
        addresses = await plant(plc, 1)  # range 0 to 100
        async with watching(plc.endpoint, addresses, dead_band_percent=1.0) as watched:
            await watched.until(lambda: watched.monitoring.watched == 1)
            await plc.set("N0", number(1.5))
            since = len(watched.batches)
            await watched.until(lambda: len(watched.batches) > since + 5)
            assert watched.last(0)[0] == 1.0, "half a percent is not told"
            await plc.set("N0", number(9.0))
            await watched.until(lambda: watched.last(0)[0] == 9.0)


async def test_silence_is_a_lost_link_within_its_deadline() -> None:
    async with Plc() as plc:
        addresses = await plant(plc, 2)
        async with Proxy(plc.port) as proxy:
            endpoint = f"opc.tcp://127.0.0.1:{proxy.port}/plc"
            async with watching(endpoint, addresses) as watched:
                await watched.until(lambda: watched.monitoring.watched == 2)
                since = len(watched.batches)
                proxy.passing.clear()
                async with asyncio.timeout(10.0):
                    while watched.error is None:
                        await asyncio.sleep(0.05)
                assert isinstance(watched.error, LinkLostError)
                stamped = {batch.received_mono_ns for batch in watched.batches[since:] if 0 in batch.row}
                assert len(stamped) <= 3, "nothing is vouched for in silence"
