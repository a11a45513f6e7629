"""Several requests and several connections at once."""

import asyncio
from itertools import pairwise

import pytest

from drivers.errors import LinkLostError
from drivers.modbus.wire import ReadFunction, ReadRequest
from tests.drivers.modbus.alone import connected, lost
from tests.drivers.modbus.device import Device
from tests.drivers.modbus.peer import Asked, Connection, listening, truth
from tests.patience import eventually

MANY = [ReadRequest(7, ReadFunction.READ_HOLDING_REGISTERS, start, 2) for start in range(30)]


ANSWERS = [Device().read("hr", start, 2) for start in range(30)]


async def test_a_window_is_proven_filled_and_answered_in_any_order() -> None:
    waiting: list[tuple[Connection, Asked]] = []

    def script(connection: Connection, asked: Asked) -> None:
        waiting.append((connection, asked))
        if len(waiting) == 4 or asked.start == 29:
            for each, one in reversed(waiting):
                each.send(truth(device, one))
            waiting.clear()

    device = Device()
    async with listening(script, device) as peer:
        peer.window = 4
        transport = await connected(peer, window=4)
        assert len(peer.asked) == 12, "three times the window"
        peer.asked.clear()
        assert await transport.read(MANY) == ANSWERS
        assert sorted(asked.start for asked in peer.asked) == list(range(30))
        assert max(peer.segments) == 4
        await transport.close()
    assert peer.accepted == 1


async def test_a_device_that_loses_what_comes_together_is_asked_one_by_one() -> None:
    """As pymodbus's server does: of several requests in a segment it answers the first."""

    def script(connection: Connection, asked: Asked) -> None:
        connection.buffer = b""
        connection.send(truth(Device(), asked))

    async with listening(script) as peer:
        peer.window = 4
        transport = await connected(peer, timeout_s=0.2, window=4)
        assert transport.line.window == 1
        peer.window = 1
        assert await transport.read(MANY) == ANSWERS
        await transport.close()
    assert peer.accepted == 2, "the connection on which answers were lost is not used again"


async def test_a_window_may_be_taken_without_proof() -> None:
    async with listening() as peer:
        peer.window = 3
        transport = await connected(peer, window=3, prove_window=False)
        assert not peer.asked
        assert await transport.read(MANY) == ANSWERS
        assert max(peer.segments) == 3
        await transport.close()


async def test_each_of_several_open_requests_has_its_own_deadline() -> None:
    def script(connection: Connection, asked: Asked) -> None:
        if asked.start != 5:
            connection.send(truth(Device(), asked))

    async with listening(script) as peer:
        peer.window = 4
        transport = await connected(peer, timeout_s=0.3, window=4, prove_window=False)
        with pytest.raises(LinkLostError, match="function code 3, start 5, count 2"):
            await transport.read(MANY)
        await lost(transport)


async def test_several_connections_share_a_chain() -> None:
    async with listening() as peer:
        transport = await connected(peer, connections=3)
        assert await transport.read(MANY) == ANSWERS
        assert peer.accepted == 3
        assert len(peer.connections) == 3
        peer.connections[1].transport.abort()
        with pytest.raises(LinkLostError, match="the device closed the connection"):
            await transport.idle(30.0)
        await lost(transport)
        await eventually(lambda: not peer.connections)  # what is left of a device whose connection broke is closed too


async def test_a_device_that_needs_a_rest_between_requests_gets_it() -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []

    def script(connection: Connection, asked: Asked) -> None:
        times.append(loop.time())
        connection.send(truth(Device(), asked))

    async with listening(script) as peer:
        transport = await connected(peer, request_pause_s=0.03)
        assert await transport.read(MANY[:5]) == ANSWERS[:5]
        await transport.close()
    assert min(late - early for early, late in pairwise(times)) >= 0.029
