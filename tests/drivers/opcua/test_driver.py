"""The driver against a real server on loopback: values, statuses, one bad node, links that break in every way."""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.internal_session import InternalSession
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.opcua import answers, stack, wire
from drivers.opcua.decoder import Decoder
from drivers.opcua.driver import OpcUaDriver, open_driver
from drivers.opcua.stack import ReadOnlyProtocol
from drivers.opcua.wire import UndecodableError
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME
from tests.drivers.opcua.driving import CLOCK, first
from tests.drivers.opcua.plant import URI, Plc, Tag, tags

pytestmark = pytest.mark.slow

SOON = {"request_timeout_s": 1.0, "connect_timeout_s": 3.0}


def driver_for(endpoint: str, addresses: list[Tag], **settings: Any) -> OpcUaDriver:
    driver = open_driver("PLC-1", {"endpoint": endpoint, **settings}, addresses, CLOCK)
    assert isinstance(driver, OpcUaDriver)
    return driver


async def test_every_type_arrives_as_it_is() -> None:
    variant = ua.VariantType
    given: list[tuple[str, Any, ua.VariantType, float]] = [
        ("boolean", True, variant.Boolean, 1.0),
        ("sbyte", -5, variant.SByte, -5.0),
        ("byte", 250, variant.Byte, 250.0),
        ("int16", -30000, variant.Int16, -30000.0),
        ("uint16", 60000, variant.UInt16, 60000.0),
        ("int32", -(2**31), variant.Int32, -(2.0**31)),
        ("uint32", 2**32 - 1, variant.UInt32, 2.0**32 - 1),
        ("int64", -(2**53), variant.Int64, -(2.0**53)),
        ("uint64", 2**53, variant.UInt64, 2.0**53),
        ("float", 0.5, variant.Float, 0.5),
        ("double", 1e-300, variant.Double, 1e-300),
    ]
    async with Plc() as plc:
        for name, value, kind, _ in given:
            await plc.add(name, value, kind)
        async with driver_for(plc.endpoint, tags([name for name, *_ in given])) as driver:
            batch = await first(driver)
            health = driver.health()
            assert driver.clock_skew_ns is not None
            assert abs(driver.clock_skew_ns) < 5_000_000_000
            assert health.clock_skew_ns == driver.clock_skew_ns
    assert batch.value.tolist() == [wanted for *_, wanted in given]
    assert set(batch.quality.tolist()) == {Quality.GOOD}
    assert batch.row.tolist() == list(range(len(given)))
    assert (batch.source_time_ns > 1_600_000_000_000_000_000).all()
    assert batch.device == "PLC-1"
    assert batch.raw is None
    assert health.impairment.en == ""
    assert health.round_trip_ms > 0


async def test_statuses_times_texts_scaling_and_discrete_tags() -> None:
    at = datetime(2026, 3, 1, 4, 5, 6, 789_000, tzinfo=UTC)
    async with Plc() as plc:
        for name in (
            "good",
            "forced",
            "last_usable",
            "substitute",
            "sensor",
            "nan",
            "inf",
            "no_time",
            "counts",
            "limp",
        ):
            await plc.add(name, 10.0)
        await plc.add("text", "运行", ua.VariantType.String)
        await plc.add("array", [1.0, 2.0])
        await plc.add("number_as_switch", 4, ua.VariantType.Int16)

        async def say(name: str, value: float | None, status: int, source: datetime | None = at) -> None:
            await plc.set(
                name,
                ua.DataValue(
                    ua.Variant(value, ua.VariantType.Double),
                    StatusCode=ua.StatusCode(ua.UInt32(status)),
                    SourceTimestamp=source,  # type: ignore[arg-type]
                ),
            )

        await say("good", 1.0, 0)
        await say("forced", 2.0, 0x00960000)
        await say("last_usable", 3.0, 0x40900000)
        await say("substitute", 4.0, 0x40910000)
        await say("sensor", 5.0, 0x808C0000)
        await say("nan", float("nan"), 0)
        await say("inf", float("inf"), 0)
        await say("no_time", 6.0, 0, None)
        await say("counts", 13824.0, 0)
        addresses = tags(
            ["good", "forced", "last_usable", "substitute", "sensor", "nan", "inf", "no_time", "text", "array"]
        )
        addresses += [
            Tag(tag="counts", row=10, address=f"nsu={URI};s=counts", raw_low=0.0, raw_high=27648.0, high=16.0),
            Tag(tag="switch", row=11, address=f"nsu={URI};s=number_as_switch", type="bool"),
        ]
        async with driver_for(plc.endpoint, addresses) as driver:
            batch = await first(driver)
    quality = Quality
    assert batch.quality.tolist() == [
        quality.GOOD, quality.UNCERTAIN, quality.STALE, quality.UNCERTAIN, quality.BAD, quality.BAD, quality.BAD,
        quality.GOOD, quality.BAD, quality.BAD, quality.GOOD, quality.GOOD,
    ]  # fmt: skip
    nan = np.nan
    np.testing.assert_array_equal(batch.value, [1.0, 2.0, 3.0, 4.0, nan, nan, nan, 6.0, nan, nan, 8.0, 1.0])
    assert batch.status.tolist()[:5] == [0, 0x00960000, 0x40900000, 0x40910000, 0x808C0000]
    assert batch.source_time_ns[0] == round(at.timestamp() * 1000) * 1_000_000
    assert batch.source_time_ns[7] == NO_TIME
    assert batch.texts == ((8, "运行"),)
    assert batch.raw is not None
    assert batch.raw[10] == 13824.0


async def test_scan_classes_keep_their_own_periods() -> None:
    async with Plc() as plc:
        for name in ("fast", "slow"):
            await plc.add(name, 1.0)
        addresses = tags(["fast"], period_s=0.1)
        addresses.append(Tag(tag="slow", row=1, address=f"ns={plc.index};s=slow", scan_period_ns=10_000_000_000))
        rows: list[int] = []
        async with (
            driver_for(plc.endpoint, addresses) as driver,
            contextlib.aclosing(driver.batches()) as batches,
        ):
            async for batch in batches:
                rows += batch.row.tolist()
                if len(rows) == 6:
                    break
    assert sorted(rows[:2]) == [0, 1]
    assert rows[2:] == [0, 0, 0, 0]


async def test_an_unknown_namespace_makes_its_points_bad_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.opcua.polling._RELEARN_NS", 0)
    async with Plc() as plc:
        await plc.add("a", 1.0)
        late = "urn:test:late"
        addresses = [*tags(["a"]), Tag(tag="b", row=1, address=f"nsu={late};s=b")]
        async with (
            driver_for(plc.endpoint, addresses) as driver,
            contextlib.aclosing(driver.batches()) as batches,
        ):
            batch = await anext(batches)
            assert batch.quality.tolist() == [Quality.GOOD, Quality.BAD]
            assert batch.status.tolist() == [0, 0x80340000]
            # The program with that namespace is loaded while we look on.
            plc.index = await plc.server.register_namespace(late)
            await plc.add("b", 7.0)
            async for batch in batches:
                if batch.quality[1] == Quality.GOOD:
                    break
            assert batch.value.tolist() == [1.0, 7.0]


async def test_the_servers_limit_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = count_reads(monkeypatch)
    names = [f"n{number}" for number in range(50)]
    async with Plc() as plc:
        for number, name in enumerate(names):
            await plc.add(name, float(number))
        limit = plc.server.get_node(stack.node_id(ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead))
        await limit.write_value(ua.Variant(20, ua.VariantType.UInt32))
        async with driver_for(plc.endpoint, tags(names)) as driver:
            sizes.clear()
            batch = await first(driver)
    assert batch.value.tolist() == list(range(50))
    assert len(sizes) == 3
    assert max(sizes) <= 20


async def test_a_server_that_hides_its_limit_is_asked_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = count_reads(monkeypatch, most=13)
    names = [f"n{number}" for number in range(50)]
    async with Plc() as plc:
        for number, name in enumerate(names):
            await plc.add(name, float(number))
        async with driver_for(plc.endpoint, tags(names)) as driver:
            sizes.clear()
            batch = await first(driver)
            assert batch.value.tolist() == list(range(50))
            sizes.clear()
            await first(driver)
    assert max(sizes) <= 13, "what was learnt is kept"


def count_reads(monkeypatch: pytest.MonkeyPatch, most: int = 10_000) -> list[int]:
    """Note how many nodes each Read asks the server for; above `most` it answers BadTooManyOperations."""
    sizes: list[int] = []
    original = InternalSession.read

    async def read(self: InternalSession, params: ua.ReadParameters) -> Any:
        sizes.append(len(params.NodesToRead))
        if len(params.NodesToRead) > most:
            raise ServiceError(StatusCodes.BadTooManyOperations)
        return await original(self, params)

    monkeypatch.setattr(InternalSession, "read", read)
    return sizes


async def test_a_bulk_decoder_that_is_wrong_is_found_out_and_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    original = answers.decode

    def wrong(body: bytes, count: int, decoder: Decoder) -> wire.Columns:
        columns = original(body, count, decoder)
        columns.value[:] += 1.0
        return columns

    monkeypatch.setattr(answers, "decode", wrong)
    async with Plc() as plc:
        await plc.add("a", 1.0)
        async with driver_for(plc.endpoint, tags(["a"])) as driver:
            assert (await first(driver)).value.tolist() == [1.0]
            assert (await first(driver)).value.tolist() == [1.0]
            assert "differs from asyncua" in driver.health().impairment.en


async def test_a_value_that_nobody_can_decode_costs_only_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    original = answers.decode

    def picky(body: bytes, count: int, decoder: Decoder) -> wire.Columns:
        if b"poison" in body:
            raise UndecodableError("cannot")
        return original(body, count, decoder)

    monkeypatch.setattr(answers, "decode", picky)
    names = [f"n{number}" for number in range(10)]
    async with Plc() as plc:
        for number, name in enumerate(names):
            if number == 6:
                await plc.add(name, "poison", ua.VariantType.String)
            else:
                await plc.add(name, float(number))
        async with driver_for(plc.endpoint, tags(names)) as driver:
            for _ in range(3):
                batch = await first(driver)
    assert batch.status.tolist() == [0] * 6 + [0x80070000] + [0] * 3
    assert batch.quality.tolist() == [Quality.GOOD] * 6 + [Quality.BAD] + [Quality.GOOD] * 3
    assert caplog.text.count("s=n6") == 1, "said once, not at every read"


@pytest.mark.parametrize("said", [0, StatusCodes.BadResponseTooLarge])
async def test_an_aborted_answer_fails_whoever_waits_for_it_and_nobody_else(said: int) -> None:
    protocol = ReadOnlyProtocol()
    loop = asyncio.get_running_loop()
    waiting, other = loop.create_future(), loop.create_future()
    protocol._callbackmap.update({1: waiting, 2: other})
    protocol._process_received_message(None)
    assert not waiting.done(), "a chunk in the middle of an answer is no abort"
    for _ in range(2):  # the second one is for a request that nobody waits for any more
        protocol._connection.given_up = (1, said)
        protocol._process_received_message(None)
    with pytest.raises(UaStatusCodeError) as error:
        await waiting
    assert error.value.code == (said or StatusCodes.BadUnexpectedError)
    assert not other.done()
    assert protocol._callbackmap == {2: other}
