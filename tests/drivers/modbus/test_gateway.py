"""Many units behind one line: fairness, back-off, late answers, and what a dead unit costs the others."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise

import pytest

from drivers.errors import LinkLostError, MisconfiguredError
from drivers.link import LinkState
from drivers.modbus import lines
from drivers.modbus.driver import open_driver
from drivers.modbus.line import Line
from drivers.modbus.settings import read_settings
from drivers.modbus.wire import ReadFunction, ReadRequest, Refusal
from drivers.poll import poll
from drivers.port import LinkStatus
from monitor.clock import SystemClock
from rules.columns.quality import Quality
from rules.columns.readings import ReadingBatch
from tests.drivers.modbus.device import Device, TagAddress
from tests.drivers.modbus.gateway import Gateway, serving


def units(count: int) -> dict[int, Device]:
    """Units whose registers tell them apart."""
    return {
        unit: Device(registers={"hr": {n: 256 * unit + n for n in range(50)}, "ir": {}}) for unit in range(1, count + 1)
    }


def keys(gateway: Gateway, **settings: object) -> dict[str, object]:
    framing = "rtu" if gateway.is_rtu else "tcp"
    return {
        "host": "127.0.0.1",
        "port": gateway.port,
        "framing": framing,
        "shared_line": True,
        "timeout_s": 0.2,
        **settings,
    }


def request(unit: int, start: int = 0, count: int = 2) -> ReadRequest:
    return ReadRequest(unit, ReadFunction.READ_HOLDING_REGISTERS, start, count)


def holds(unit: int, start: int = 0, count: int = 2) -> bytes:
    return b"".join((256 * unit + start + n).to_bytes(2, "big") for n in range(count))


@asynccontextmanager
async def line_to(gateway: Gateway, **settings: object) -> AsyncIterator[Line]:
    line = await lines.enter(read_settings(keys(gateway, **settings)).line)
    try:
        yield line
    finally:
        await lines.leave(line)


both = pytest.mark.parametrize("is_rtu", [False, True], ids=["tcp", "rtu over tcp"])


@both
async def test_units_take_turns_and_each_gets_its_own_values(is_rtu: bool) -> None:
    async with serving(Gateway(units(5), is_rtu, answer_s=0.002)) as gateway, line_to(gateway) as line:
        chains = [[request(unit, start) for start in range(6)] for unit in range(1, 6)]
        answers = await asyncio.gather(*(line.read(chain, 1.0) for chain in chains))
        for unit, answered in enumerate(answers, 1):
            assert answered == [holds(unit, start) for start in range(6)]
        order = [unit for _, unit in gateway.asked]
        assert order[5:] == order[:-5], "one request each, then the next round"
        assert gateway.accepted == 1


@both
async def test_a_silent_unit_ends_its_own_chain_only(is_rtu: bool) -> None:
    gateway = Gateway(units(3), is_rtu, dead={2})
    async with serving(gateway), line_to(gateway) as line:
        await line.read([request(1)], 0.2)
        silent = asyncio.gather(line.read([request(2), request(2, 4)], 0.2), return_exceptions=True)
        others = await asyncio.gather(*(line.read([request(unit, n) for n in range(8)], 1.0) for unit in (1, 3)))
        assert others == [[holds(unit, n) for n in range(8)] for unit in (1, 3)]
        (error,) = await silent
        assert isinstance(error, LinkLostError)
        assert "no answer within 0.2 s from unit 2" in str(error)
        with pytest.raises(LinkLostError, match="unit 2 was silent; it is asked again in"):
            await line.read([request(2)], 0.2)
        assert sum(unit == 2 for _, unit in gateway.asked) == 1
        assert line.timeouts == 1


@pytest.mark.slow
@both
async def test_a_late_answer_of_a_unit_is_never_taken_for_its_next(is_rtu: bool) -> None:
    """The swap of two tanks: asked for 0, timed out, asked for 10: the answer to the first must not be the second."""
    gateway = Gateway(units(2), is_rtu, late_s={1: 0.5})
    async with serving(gateway), line_to(gateway) as line:
        await line.read([request(2)], 1.0)
        with pytest.raises(LinkLostError, match="no answer"):
            await line.read([request(1, 0)], 0.3)
        gateway.late_s.clear()
        answers = []
        for _ in range(200):
            try:
                answers += await line.read([request(1, 10)], 1.0)
                break
            except LinkLostError:
                assert await line.read([request(2, 3)], 1.0) == [holds(2, 3)]
                await asyncio.sleep(0.02)
        assert answers == [holds(1, 10)]


@both
async def test_a_unit_that_the_gateway_does_not_reach_is_bad_and_the_others_go_on(is_rtu: bool) -> None:
    gateway = Gateway(units(2), is_rtu, dead={2}, tells=True)
    async with serving(gateway), line_to(gateway) as line:
        assert await line.read([request(2), request(2, 4)], 0.2) == [Refusal(0x0B)] * 2
        assert await line.read([request(2)], 0.2) == [Refusal(0x0B)]
        assert await line.read([request(1)], 0.2) == [holds(1)]
        assert [unit for _, unit in gateway.asked] == [2, 1]


async def test_a_cancelled_read_disturbs_nobody_and_its_answer_is_nobodys() -> None:
    gateway = Gateway(units(2), is_rtu=True, late_s={1: 0.1})
    async with serving(gateway), line_to(gateway) as line:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.03):
                await line.read([request(1, 0)], 1.0)
        assert await line.read([request(2, 5)], 1.0) == [holds(2, 5)]
        assert await line.read([request(1, 7)], 1.0) == [holds(1, 7)]


async def test_when_nothing_answers_at_all_the_connection_is_given_up() -> None:
    gateway = Gateway(units(9), dead=set(range(1, 10)))
    async with serving(gateway), line_to(gateway) as line:
        results = await asyncio.gather(
            *(line.read([request(unit)], 0.05) for unit in range(1, 7)), return_exceptions=True
        )
        assert all(isinstance(result, LinkLostError) for result in results)
        with pytest.raises(LinkLostError):
            await line.idle(10.0)
        await line.open()
        gateway.dead.clear()
        assert await line.read([request(8)], 1.0) == [holds(8)]
        assert gateway.accepted == 2


async def test_the_gateway_closes_and_everybody_knows() -> None:
    async with serving(Gateway(units(2), late_s={1: 5.0, 2: 5.0})) as gateway, line_to(gateway) as line:
        asyncio.get_running_loop().call_later(0.05, lambda: gateway.writers[0].transport.abort())
        results = await asyncio.gather(
            line.read([request(1)], 9.0), line.read([request(2)], 9.0), line.idle(9.0), return_exceptions=True
        )
    assert ["closed the connection" in str(result) for result in results] == [True] * 3


async def test_devices_that_describe_their_line_differently_are_told_how() -> None:
    async with serving(Gateway(units(2))) as gateway, line_to(gateway):
        with pytest.raises(MisconfiguredError, match=r"request_pause_s: .*: 0\.1 here, 0\.0 for another device"):
            await lines.enter(read_settings(keys(gateway, request_pause_s=0.1)).line)
    async with serving(gateway), line_to(gateway, request_pause_s=0.1) as line:
        assert line.users == 1, "nobody used it any more, so it is described anew"


async def test_a_line_that_cannot_be_opened_is_not_hammered() -> None:
    async with serving(Gateway(units(1))) as gateway:
        pass
    errors = await asyncio.gather(
        *(lines.enter(read_settings(keys(gateway)).line) for _ in range(20)), return_exceptions=True
    )
    assert all(isinstance(error, LinkLostError) for error in errors)
    assert len({id(error) for error in errors}) < 20, "most were told what the first attempt found"


class Seen:
    """A sink that keeps when batches came and how links stand."""

    def __init__(self) -> None:
        self.batches: dict[str, list[ReadingBatch]] = defaultdict(list)
        self.links: dict[str, LinkStatus] = {}

    def put(self, batch: ReadingBatch) -> None:
        self.batches[batch.device].append(batch)

    def link(self, status: LinkStatus) -> None:
        self.links[status.device] = status


async def polled(gateway: Gateway, tags: Sequence[TagAddress], seconds: float, **settings: object) -> Seen:
    """Every unit as a device of the service for some seconds."""
    seen, clock = Seen(), SystemClock()
    try:
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
            for unit in gateway.units:
                device = keys(gateway, unit_id=unit, **settings)
                tasks.create_task(
                    poll(
                        f"U{unit}",
                        lambda unit=unit, device=device: open_driver(f"U{unit}", device, tags, clock),
                        seen,
                        clock,
                    )
                )
    except TimeoutError:
        pass
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("tells", [False, True], ids=["silent", "told by the gateway"])
async def test_of_100_units_behind_one_gateway_10_are_dead_and_90_keep_their_period(tells: bool) -> None:
    period_s, timeout_s, seconds = 1.0, 0.1, 7.5
    dead = set(range(5, 105, 10))
    # what a gateway tells by 0B it has waited for itself, a little less than we do
    gateway = Gateway(
        units(100), answer_s=0.0005, dead=dead, dead_s=0.8 * timeout_s if tells else timeout_s, tells=tells
    )
    tags = [TagAddress(tag="T", row=0, address="hr:3", scan_period_ns=round(period_s * 1e9))]
    async with serving(gateway):
        seen = await polled(gateway, tags, seconds, timeout_s=timeout_s, dead_unit_retry_s=10.0)
        end_s = asyncio.get_running_loop().time()
    for unit in set(gateway.units) - dead:
        batches = seen.batches[f"U{unit}"]
        assert {batch.value.tolist()[0] for batch in batches} == {256.0 * unit + 3}
        # the first round meets ten units that nobody has asked before: after it the period is kept
        times = [batch.received_mono_ns / 1e9 for batch in batches][2:]
        assert len(times) >= (seconds - 3.5) / period_s, (unit, len(times))
        assert max(late - early for early, late in pairwise(times)) < 1.5 * period_s
        assert seen.links[f"U{unit}"].state is LinkState.UP
        assert seen.links[f"U{unit}"].overruns <= 2
    probes = [at_s for at_s, unit in gateway.asked if unit in dead]
    later = [at_s for at_s in probes if at_s > end_s - seconds + 3.0]
    assert len(later) * timeout_s <= 0.12 * (seconds - 3.0) + timeout_s, "a tenth of the line at most"
    for unit in dead:
        if tells:
            assert {int(batch.quality[0]) for batch in seen.batches[f"U{unit}"]} == {Quality.BAD}
            assert {int(batch.status[0]) for batch in seen.batches[f"U{unit}"]} == {0x0B}
        else:
            assert not seen.batches[f"U{unit}"]
            assert seen.links[f"U{unit}"].state in (LinkState.DOWN, LinkState.CONNECTING)


@pytest.mark.slow
@both
async def test_a_unit_that_comes_back_is_read_again(is_rtu: bool) -> None:
    gateway = Gateway(units(3), is_rtu, dead={2})
    tags = [TagAddress(tag="T", row=0, address="hr:3", scan_period_ns=50_000_000)]
    asyncio.get_running_loop().call_later(0.3, gateway.dead.clear)
    async with serving(gateway):
        seen = await polled(gateway, tags, 3.0, timeout_s=0.05, dead_unit_retry_s=1.0)
    assert {batch.value.tolist()[0] for batch in seen.batches["U2"]} == {515.0}
    assert len(seen.batches["U1"]) > 30


async def test_two_drivers_of_one_unit_are_two_users() -> None:
    tags = [TagAddress(tag="T", row=0, address="hr:3", scan_period_ns=20_000_000)]
    async with serving(Gateway(units(1))) as gateway:
        drivers = [open_driver(f"D{n}", keys(gateway), tags, SystemClock()) for n in range(2)]
        for driver in drivers:
            await driver.__aenter__()
        assert drivers[0].line is drivers[1].line
        await drivers[0].__aexit__()
        async with aclosing(drivers[1].batches()) as batches:
            assert (await anext(batches)).value.tolist() == [259.0]
        await drivers[1].__aexit__()
        assert gateway.accepted == 1
