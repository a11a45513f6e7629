"""The driver over real sockets: against pymodbus's server, and against a peer that refuses, stalls and lags."""

import asyncio
import random
import struct
from contextlib import aclosing

import numpy as np
import pytest
from pymodbus.client import AsyncModbusTcpClient

from drivers.errors import BadFrameError, DriverError, LinkLostError, MisconfiguredError
from monitor.clock import SystemClock
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from tests.drivers.modbus.device import Device, TagAddress, scalar
from tests.drivers.modbus.driving import FAST, MEDIUM, SLOW, driver, first, pymodbus_server, scattered_tags
from tests.drivers.modbus.peer import Asked, Connection, listening, truth


@pytest.mark.slow
async def test_every_type_order_and_table_over_pymodbus_server() -> None:
    randomness = random.Random(7)
    device = Device()
    for table in ("hr", "ir"):
        device.registers[table] = {n: randomness.randrange(65536) for n in range(600)}
    for table in ("co", "di"):
        device.bits[table] = {n: randomness.randrange(2) for n in range(600)}
    tags = scattered_tags(randomness, 400)
    async with pymodbus_server(device) as port:
        (batch,) = await first(port, tags)
    assert batch.row.tolist() == list(range(400))
    assert not batch.status.any()
    assert batch.raw is not None
    expected = np.array([scalar(device, tag) for tag in tags])
    np.testing.assert_array_equal(batch.raw, expected)
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(batch.value[finite], expected[finite])
    assert (batch.quality == np.where(finite, Quality.GOOD, Quality.BAD)).all()


@pytest.mark.slow
async def test_agrees_with_pymodbus_client() -> None:
    device = Device(registers={"hr": {n: 16_000 + 7 * n for n in range(120)}, "ir": {}})
    tags = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{2 * n}", type="float32", word_order="CDAB") for n in range(60)]
    async with pymodbus_server(device) as port:
        (batch,) = await first(port, tags)
        client = AsyncModbusTcpClient("127.0.0.1", port=port)
        assert await client.connect()
        answer = await client.read_holding_registers(0, count=120, device_id=1)
        client.close()
    theirs = client.convert_from_registers(answer.registers, client.DATATYPE.FLOAT32, word_order="little")
    np.testing.assert_array_equal(batch.value, np.array(theirs))


@pytest.mark.slow
async def test_an_address_that_pymodbus_server_refuses_marks_only_itself() -> None:
    tags = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{address}") for n, address in enumerate((0, 5, 610, 12, 599))]
    async with pymodbus_server(Device()) as port:
        (batch,) = await first(port, tags, max_gap=120)
    assert batch.status.tolist() == [0, 0, 2, 0, 0]
    assert batch.quality.tolist() == [0, 0, Quality.BAD, 0, 0]
    assert np.isnan(batch.value[2])


async def test_a_batch_says_what_was_read_and_when() -> None:
    tags = [
        TagAddress(tag="LT-1", row=41, address="hr:0", raw_low=0, raw_high=1000, low=0, high=20),
        TagAddress(tag="XV-1", row=7, address="co:3", type="bool"),
    ]
    clock = SystemClock()
    before = clock.mono_ns(), clock.wall_ns()
    async with listening(device=Device(registers={"hr": {0: 250}, "ir": {}})) as peer:
        (batch,) = await first(peer.port, tags, unit_id=9)
    assert batch.device == "PLC-2"
    assert batch.origin is Origin.LIVE
    assert batch.row.tolist() == [41, 7]
    assert batch.value.tolist() == [5.0, 1.0]
    assert batch.raw is not None
    assert batch.raw.tolist() == [250.0, 1.0]
    assert batch.source_time_ns.tolist() == [NO_TIME, NO_TIME]
    assert before[0] <= batch.received_mono_ns <= clock.mono_ns()
    assert before[1] - 10**9 <= batch.received_wall_ns <= clock.wall_ns() + 10**9
    assert {asked.unit for asked in peer.asked} == {9}


async def test_every_scan_class_comes_at_once_and_then_at_its_own_period() -> None:
    tags = [
        TagAddress(tag="A", row=0, address="hr:0", scan_period_ns=FAST),
        TagAddress(tag="B", row=1, address="hr:1", scan_period_ns=MEDIUM),
        TagAddress(tag="C", row=2, address="hr:2", scan_period_ns=SLOW),
        TagAddress(tag="D", row=3, address="hr:3", scan_period_ns=FAST),
    ]
    async with listening() as peer:
        batches = await first(peer.port, tags, count=40)
    rows = [tuple(batch.row.tolist()) for batch in batches]
    assert rows[:3] == [(0, 3), (1,), (2,)]
    assert rows.count((2,)) == 1
    assert rows.count((0, 3)) > rows.count((1,)) > 1
    fast = [batch.received_mono_ns for batch in batches if len(batch) == 2]
    assert (fast[-1] - fast[0]) / (len(fast) - 1) > 0.9 * FAST


async def test_a_long_class_on_a_slow_device_lets_the_fast_one_through() -> None:
    def script(connection: Connection, asked: Asked) -> None:
        connection.send_later(0.01, truth(Device(), asked))

    slow = [TagAddress(tag=f"S{n}", row=n + 1, address=f"ir:{200 * n}", scan_period_ns=SLOW) for n in range(60)]
    fast = [TagAddress(tag="F", row=0, address="hr:0", scan_period_ns=100_000_000)]
    async with listening(script) as peer:
        batches = []
        async with driver(peer.port, [*slow, *fast]) as entered, aclosing(entered.batches()) as arriving:
            async for batch in arriving:
                batches.append(batch)
                if len(batch) == 60:
                    break
    # sixty reads of 10 ms last 600 ms at least: the fast class was read several times within
    assert len(batches) >= 4
    assert batches[-1].value.tolist() == [float(200 * n % 251) for n in range(60)]


async def test_overruns_are_counted_and_shown() -> None:
    def script(connection: Connection, asked: Asked) -> None:
        connection.send_later(0.05, truth(Device(), asked))

    tags = [TagAddress(tag="A", row=0, address="hr:0", scan_period_ns=10_000_000)]
    async with listening(script) as peer, driver(peer.port, tags) as entered, aclosing(entered.batches()) as arriving:
        for _ in range(3):
            await anext(arriving)
        health = entered.health()
    assert health.overruns >= 9
    assert health.round_trip_ms >= 45.0
    assert health.impairment.en == "scan class period not kept: 0.01 s"


@pytest.mark.parametrize("fault", ["silence", "garbage", "closes", "foreign", "half"])
async def test_a_fault_in_the_middle_ends_the_batches_with_a_lost_link(fault: str) -> None:
    good = 3

    def script(connection: Connection, asked: Asked) -> None:
        nonlocal good
        good -= 1
        answer = truth(Device(), asked)
        if good >= 0:
            connection.send(answer)
        elif fault == "garbage":
            connection.send(random.Random(1).randbytes(64))
        elif fault == "closes":
            connection.transport.abort()
        elif fault == "foreign":
            connection.send(struct.pack(">H", asked.transaction + 5) + answer[2:])
        elif fault == "half":
            connection.send(answer[:-1])

    tags = [TagAddress(tag="A", row=0, address="hr:0", scan_period_ns=FAST)]
    batches: list[ReadingBatch] = []
    async with listening(script) as peer:
        with pytest.raises(LinkLostError) as caught:
            async with driver(peer.port, tags, timeout_s=0.3) as entered, aclosing(entered.batches()) as arriving:
                async for batch in arriving:
                    batches.append(batch)  # noqa: PERF401 - those before the fault are wanted
    assert len(batches) == 3
    assert all(batch.value.tolist() == [0.0] for batch in batches)
    assert isinstance(caught.value, BadFrameError) == (fault in {"garbage", "foreign"})


async def test_a_device_that_is_away_is_a_lost_link_on_entering() -> None:
    async with listening() as peer:
        port = peer.port
    with pytest.raises(LinkLostError, match="no connection"):
        async with driver(port, [TagAddress(tag="A", row=0, address="hr:0")]):
            pass


async def test_what_can_never_work_is_told_with_all_reasons() -> None:
    tags = [TagAddress(tag="A", row=0, address="hr:x"), TagAddress(tag="B", row=1, address="co:1", type="int16")]
    with pytest.raises(MisconfiguredError, match=r"A: address: 'hr:x'.*; B: address: 'co:1'"):
        driver(502, tags)
    with pytest.raises(MisconfiguredError, match="unit: unknown key"):
        driver(502, [], unit=3)


async def test_a_device_without_tags_needs_a_person() -> None:
    async with listening() as peer, driver(peer.port, []) as entered, aclosing(entered.batches()) as arriving:
        with pytest.raises(MisconfiguredError, match="no tag names this device"):
            await anext(arriving)


async def test_batches_before_entering_are_refused() -> None:
    with pytest.raises(DriverError, match="read before it was connected"):
        await anext(driver(502, [TagAddress(tag="A", row=0, address="hr:0")]).batches())


async def test_cancelling_while_waiting_closes_the_socket() -> None:
    tags = [TagAddress(tag="A", row=0, address="hr:0", scan_period_ns=SLOW)]
    async with listening() as peer:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await first(peer.port, tags, count=2, connect_pause_s=0.05)
        async with asyncio.timeout(10.0):
            while peer.connections:
                await asyncio.sleep(0.01)


async def test_a_text_travels_beside_the_columns() -> None:
    name = int.from_bytes(b"LT", "big"), int.from_bytes(b"-1", "big")
    device = Device(registers={"hr": {5: name[0], 6: name[1], 7: 0}, "ir": {}})
    tags = [TagAddress(tag="N", row=4, address="hr:5/3", type="text"), TagAddress(tag="A", row=9, address="hr:1")]
    async with listening(device=device) as peer:
        (batch,) = await first(peer.port, tags)
    assert batch.texts == ((4, "LT-1"),)
    assert batch.value.tolist() == [1.0, 1.0]


async def test_a_device_whose_program_stands_still_is_stale_and_says_so() -> None:
    device = Device(registers={"hr": {0: 50, 9: 1}, "ir": {}})
    tags = [TagAddress(tag="A", row=0, address="hr:0", scan_period_ns=FAST)]
    keys = {"heartbeat": "hr:9", "heartbeat_within_s": 0.2}
    async with (
        listening(device=device) as peer,
        driver(peer.port, tags, **keys) as entered,
        aclosing(entered.batches()) as arriving,
    ):
        batch = await anext(arriving)
        assert (batch.quality.tolist(), entered.health().impairment.en) == ([Quality.GOOD], "")
        while batch.quality[0] == Quality.GOOD:
            batch = await anext(arriving)
        assert (batch.quality.tolist(), batch.value.tolist()) == ([Quality.STALE], [50.0])
        assert "heartbeat hr:9 has not changed for 0." in entered.health().impairment.en
        device.registers["hr"][9] = 2
        while batch.quality[0] != Quality.GOOD:
            batch = await anext(arriving)
        assert batch.row.tolist() == [0], "the heartbeat is no tag"


async def test_another_device_at_the_address_is_bad_altogether() -> None:
    device = Device(registers={"hr": {0: 50, 1: 4660}, "ir": {}}, forbidden={("hr", 2): 2})
    tags = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{n}", scan_period_ns=FAST) for n in (0, 2)]
    keys = {"sentinel": "hr:1", "sentinel_value": 4660}
    async with (
        listening(device=device) as peer,
        driver(peer.port, tags, **keys) as entered,
        aclosing(entered.batches()) as arriving,
    ):
        assert (await anext(arriving)).quality.tolist() == [Quality.GOOD, Quality.BAD]
        device.registers["hr"][1] = 0x3412
        while (batch := await anext(arriving)).quality[0] == Quality.GOOD:
            pass
    assert batch.quality.tolist() == [Quality.BAD, Quality.BAD]
    assert np.isnan(batch.value).all()
    assert batch.status.tolist() == [0, 2]
    assert "sentinel hr:1 holds 13330 instead of 4660" in entered.health().impairment.en
    assert [item.tag for item in entered.health().bad_items] == ["T0", "T2"]
    assert "its device is not believed" in entered.health().bad_items[0].reason


async def test_a_window_that_was_not_proven_is_told_once_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def script(connection: Connection, asked: Asked) -> None:
        connection.buffer = b""
        connection.send(truth(Device(), asked))

    tags = [TagAddress(tag="A", row=0, address="hr:0")]
    async with listening(script) as peer:
        peer.window = 4
        (batch,) = await first(peer.port, tags, window=4, timeout_s=0.2)
    assert batch.value.tolist() == [0.0]
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "PLC-2: did not answer 4 requests at once, so it is asked one by one; set window = 1"
    ]
