"""Reads of prepared nodes: how many requests are under way, what becomes of them when one fails, what one bad value costs."""

import asyncio
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from asyncua.common.utils import Buffer
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.opcua import wire
from drivers.opcua.bulk import BulkReads
from drivers.opcua.limits import OperationLimits
from drivers.opcua.prepared import PreparedRead
from drivers.opcua.requests import EncodedRead
from drivers.opcua.settings import read_settings
from drivers.opcua.stack import read_value_id
from tests.drivers.opcua.encoding import Item, read_body
from tests.drivers.opcua.plant import SystemClock
from tests.drivers.opcua.test_requests import TOKEN

FAULT = b"\x01\x00\x8d\x01" + struct.pack("<qII", 0, 1, StatusCodes.BadTooManyOperations) + bytes(8)


class Server:
    """Stands for a connection: answers each request with the numbers of its nodes, when and how the test wants."""

    def __init__(self, slots: int = 8) -> None:
        self.slots = slots
        self.free = slots
        self.most = 0
        self.asked: list[list[int]] = []
        self.answers: list[asyncio.Future[Any]] = []
        self.body_of: Callable[[list[int]], bytes] = body_of
        self.delay_s = 0.0
        self.sooner_s = 0.0
        """Than the one before."""

    @property
    def is_busy(self) -> bool:
        return self.free == 0

    async def ask(self, request: EncodedRead) -> asyncio.Future[Any]:
        assert self.free > 0, "waiting for a slot while holding one"
        self.free -= 1
        self.most = max(self.most, self.slots - self.free)
        request.stamped(TOKEN, 1)
        numbers = [int(each.NodeId.Identifier) for each in request._nodes]
        self.asked.append(numbers)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self.answers.append(answer)
        loop.call_later(self.delay_s - self.sooner_s * len(self.answers), self._tell, answer, numbers)
        return answer

    def answered(self) -> None:
        self.free += 1
        assert self.free <= self.slots

    def _tell(self, answer: asyncio.Future[Any], numbers: list[int]) -> None:
        if not answer.done():
            answer.set_result(Buffer(self.body_of(numbers)))


def body_of(numbers: Sequence[int]) -> bytes:
    return read_body([Item(11, float(number), None, None, None, None, None).encode() for number in numbers])


def prepared(count: int) -> PreparedRead:
    return PreparedRead(count, np.arange(count), [read_value_id("i", str(number), 2) for number in range(1, count + 1)])


def reads(server: Server, nodes_per_read: int, **settings: Any) -> tuple[BulkReads, OperationLimits]:
    limits = OperationLimits(nodes_per_read=nodes_per_read)
    known = read_settings({"endpoint": "opc.tcp://127.0.0.1:4840", **settings})
    return BulkReads(server, known, SystemClock(), limits), limits  # type: ignore[arg-type]  # a stand-in


@pytest.mark.parametrize(("at_once", "slots", "most"), [(2, 8, 2), (5, 8, 5), (2, 1, 1), (4, 3, 3)])
async def test_as_many_requests_are_under_way_as_there_are_slots_for(at_once: int, slots: int, most: int) -> None:
    server = Server(slots)
    bulk, _ = reads(server, 10, max_concurrent_requests=at_once)
    for count in (95, 7, 1, 0):
        columns = await bulk.read(prepared(count))
        assert columns.value.tolist() == list(range(1, count + 1))
        assert server.free == slots
    assert server.most == most
    assert len(server.asked) == 10 + 1 + 1


async def test_answers_in_another_order_are_put_in_theirs() -> None:
    server = Server()
    server.delay_s, server.sooner_s = 0.1, 0.02
    bulk, _ = reads(server, 10, max_concurrent_requests=4)
    assert (await bulk.read(prepared(40))).value.tolist() == list(range(1, 41))


async def test_a_refusal_leaves_no_request_and_no_slot_behind() -> None:
    server = Server()
    server.body_of = lambda numbers: FAULT if len(numbers) > 12 else body_of(numbers)
    bulk, limits = reads(server, 50)
    assert (await bulk.read(prepared(100))).value.tolist() == list(range(1, 101))
    assert (limits.nodes_per_read, server.free) == (12, 8)
    assert [len(each) for each in server.asked[:4]] == [50, 50, 25, 25]
    assert all(answer.done() for answer in server.answers)


async def test_a_refusal_for_another_reason_is_not_asked_again() -> None:
    server = Server()
    server.body_of = lambda numbers: FAULT[:16] + struct.pack("<I", StatusCodes.BadSessionIdInvalid) + FAULT[20:]
    bulk, _ = reads(server, 10)
    with pytest.raises(UaStatusCodeError) as refused:
        await bulk.read(prepared(100))
    assert refused.value.code == StatusCodes.BadSessionIdInvalid
    assert (len(server.asked), server.free) == (2, 8)


async def under_way(server: Server) -> asyncio.Future[wire.Columns]:
    """A read of which two requests wait for an answer."""
    server.delay_s = 60.0
    bulk, _ = reads(server, 10)
    reading = asyncio.ensure_future(bulk.read(prepared(100)))
    while len(server.answers) < 2:
        await asyncio.sleep(0)
    return reading


@pytest.mark.parametrize("fails", ["the first", "all"])
async def test_what_fails_together_is_told_once(fails: str, caplog: pytest.LogCaptureFixture) -> None:
    server = Server()
    reading = await under_way(server)
    for answer in server.answers[: 1 if fails == "the first" else 2]:
        answer.set_exception(ConnectionError("connection lost"))
    with pytest.raises(ConnectionError):
        await reading
    assert server.free == 8
    assert server.answers[1].done()
    del reading
    server.answers.clear()
    assert "never retrieved" not in caplog.text


async def test_silence_ends_a_read_and_each_answer_ends_a_silence() -> None:
    server = Server()
    server.delay_s = 0.08  # two at a time: 0.8 s in all
    bulk, _ = reads(server, 1, request_timeout_s=0.6)
    assert len(await bulk.read(prepared(20))) == 20
    server.delay_s = 60.0
    with pytest.raises(TimeoutError):
        await bulk.read(prepared(10))
    assert server.free == 8
    assert all(answer.done() for answer in server.answers)


async def test_a_cancelled_read_leaves_nothing_behind() -> None:
    server = Server()
    reading = await under_way(server)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert server.free == 8
    assert all(answer.cancelled() for answer in server.answers)


async def test_one_value_without_an_end_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    endless = b"\x01\x16\x00\x00\x03"  # a structure whose body is of no known kind

    def with_one(numbers: list[int]) -> bytes:
        return read_body(
            [
                endless if number == 37 else Item(11, float(number), None, None, None, None, None).encode()
                for number in numbers
            ]
        )

    server = Server()
    server.body_of = with_one
    bulk, _ = reads(server, 20)
    for _ in range(2):
        columns = await bulk.read(prepared(60))
        assert [index for index, status in enumerate(columns.status) if status] == [36]
        assert columns.status[36] == wire.BAD_DECODING_ERROR
        assert columns.value[:36].tolist() == list(range(1, 37))
        assert columns.value[37:].tolist() == list(range(38, 61))
    assert caplog.text.count("i=37") == 1, "named once"
    assert server.free == 8
