import asyncio
import socket
import time

import pytest
import uvloop

from drivers.errors import BadFrameError, LinkLostError
from drivers.modbus.identification import IdentifyRequest, identity
from drivers.modbus.line import BUSY_PAUSES_S, Line
from drivers.modbus.settings import ModbusSettings
from drivers.modbus.wire import Refusal
from tests.drivers.modbus.alone import EXPECTED, REQUESTS, connected, lost
from tests.drivers.modbus.device import Device
from tests.drivers.modbus.peer import Asked, Connection, Peer, listening, packed, truth
from tests.patience import eventually


async def test_a_chain_is_answered_in_order_with_one_request_at_a_time() -> None:
    async with listening() as peer:
        transport = await connected(peer)
        assert await transport.read(REQUESTS) == EXPECTED
        assert await transport.read([]) == []
        assert await transport.read(REQUESTS) == EXPECTED
        await transport.close()
    assert [each.function for each in peer.asked] == [3, 4, 1, 2] * 2
    assert [each.transaction for each in peer.asked] == list(range(1, 9))
    assert {each.unit for each in peer.asked} == {7}
    assert peer.accepted == 1


async def test_byte_by_byte() -> None:
    def script(connection: Connection, asked: Asked) -> None:
        for number, byte in enumerate(truth(device, asked)):
            connection.send_later(number * 0.002, bytes([byte]))

    device = Device()
    async with listening(script, device) as peer:
        transport = await connected(peer)
        assert await transport.read(REQUESTS[:1]) == EXPECTED[:1]
        await transport.close()


async def test_a_late_answer_glued_to_the_right_one_is_never_taken() -> None:
    def script(connection: Connection, asked: Asked) -> None:
        earlier = packed(asked.transaction - 1, 7, b"\x03\x0a" + b"\xee" * 10) if asked.transaction > 1 else b""
        connection.send(earlier + truth(device, asked))

    device = Device()
    async with listening(script, device) as peer:
        transport = await connected(peer)
        for _ in range(3):
            assert await transport.read(REQUESTS[:1]) == EXPECTED[:1]
        await transport.close()
        assert transport.line.late_answers == 2


async def test_an_answer_after_the_deadline_is_never_taken() -> None:
    def script(connection: Connection, asked: Asked) -> None:
        connection.send_later(0.3, truth(Device(), asked))

    async with listening(script) as peer:
        transport = await connected(peer, timeout_s=0.1)
        reason = "no answer within 0.1 s from unit 7 to function code 3, start 100, count 5"
        with pytest.raises(LinkLostError, match=reason):
            await transport.read(REQUESTS[:1])
        await eventually(lambda: not peer.connections)
        await lost(transport)


GOOD = b"\x03\x0a" + bytes(10)


@pytest.mark.parametrize(
    ("pdu", "transaction", "unit", "reason"),
    [
        (GOOD, 1, 7, "was never asked"),
        (GOOD, -1, 7, "transaction id 0 was never asked"),
        (GOOD, 0, 8, "unit 8 answers instead of unit 7"),
        (b"\x04\x0a" + bytes(10), 0, 7, "function code 4 answers 3"),
        (b"\x03\x08" + bytes(8), 0, 7, "byte count does not fit"),
        (b"\x03\x0a" + bytes(8), 0, 7, "byte count does not fit"),
        (b"\x84\x02", 0, 7, "function code 132 answers 3"),
    ],
)
async def test_an_answer_that_does_not_fit_ends_the_connection(
    pdu: bytes, transaction: int, unit: int, reason: str
) -> None:
    def script(connection: Connection, asked: Asked) -> None:
        connection.send(packed(asked.transaction + transaction, unit, pdu) + truth(Device(), asked))

    async with listening(script) as peer:
        transport = await connected(peer)
        with pytest.raises(BadFrameError, match=reason):
            await transport.read(REQUESTS)
        await lost(transport)
    assert len(peer.asked) == 1


async def test_garbage_ends_the_connection() -> None:
    async with listening(lambda connection, asked: connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as peer:
        transport = await connected(peer)
        with pytest.raises(BadFrameError, match="protocol id"):
            await transport.read(REQUESTS)
        await lost(transport)


async def test_bytes_that_nobody_asked_for_end_an_idle_connection() -> None:
    async with listening() as peer:
        transport = await connected(peer)
        await transport.read(REQUESTS[:1])
        peer.connections[0].send(packed(99, 7, GOOD))
        with pytest.raises(BadFrameError, match="never asked"):
            await transport.idle(30.0)
        await transport.close()


async def test_closing_in_the_middle_of_an_answer() -> None:
    def script(connection: Connection, asked: Asked) -> None:
        connection.send(truth(Device(), asked)[:9])
        connection.transport.close()

    async with listening(script) as peer:
        transport = await connected(peer, timeout_s=60.0)
        with pytest.raises(LinkLostError, match="the device closed the connection"):
            await transport.read(REQUESTS)
        await lost(transport)


async def test_an_idle_connection_that_is_closed_is_known_at_once() -> None:
    async with listening() as peer:
        transport = await connected(peer)
        await transport.read(REQUESTS)
        asyncio.get_running_loop().call_later(0.05, peer.connections[0].transport.abort)
        async with asyncio.timeout(10.0):
            with pytest.raises(LinkLostError, match="the device closed the connection"):
                await transport.idle(60.0)
        await transport.close()


@pytest.mark.parametrize("code", [0x0A, 0x0B])
async def test_a_unit_that_the_gateway_does_not_reach_is_not_asked_for_the_rest(code: int) -> None:
    device = Device(forbidden={("ir", 17): code})
    async with listening(device=device) as peer:
        transport = await connected(peer)
        assert await transport.read(REQUESTS) == [EXPECTED[0], *[Refusal(code)] * 3]
        assert await transport.read(REQUESTS) == [Refusal(code)] * 4, "within its back-off nothing is asked"
        assert len(peer.asked) == 2
        device.forbidden.clear()
        await asyncio.sleep(transport.line.units.wait_s(7, asyncio.get_running_loop().time()) + 0.01)
        assert await transport.read(REQUESTS) == EXPECTED
        await transport.close()


@pytest.mark.parametrize("code", [1, 2, 3, 4, 8])
async def test_an_exception_is_an_answer_and_the_chain_goes_on(code: int) -> None:
    device = Device(forbidden={("ir", 17): code})
    async with listening(device=device) as peer:
        transport = await connected(peer)
        assert await transport.read(REQUESTS) == [EXPECTED[0], Refusal(code), EXPECTED[2], EXPECTED[3]]
        await transport.close()
    assert len(peer.asked) == 4


@pytest.mark.parametrize("code", [5, 6])
async def test_a_busy_device_is_asked_again_and_then_left(code: int) -> None:
    device = Device(forbidden={("ir", 17): code})
    busy = 2

    def script(connection: Connection, asked: Asked) -> None:
        nonlocal busy
        if asked.function == 3 and busy:
            busy -= 1
            connection.send(packed(asked.transaction, asked.unit, bytes([0x83, code])))
        else:
            connection.send(truth(device, asked))

    async with listening(script) as peer:
        transport = await connected(peer)
        assert await transport.read(REQUESTS) == [EXPECTED[0], Refusal(code), EXPECTED[2], EXPECTED[3]]
        await transport.close()
    assert [each.function for each in peer.asked] == [3] * 3 + [4] * (1 + len(BUSY_PAUSES_S)) + [1, 2]


async def test_a_chain_steps_aside_when_its_time_is_over_but_never_empty_handed() -> None:
    async with listening() as peer:
        transport = await connected(peer)
        assert await transport.read(REQUESTS, for_s=0.0) == EXPECTED[:1]
        assert await transport.read(REQUESTS[1:], for_s=60.0) == EXPECTED[1:]
        await transport.close()


async def test_a_cancelled_read_leaves_no_connection_on_which_its_answer_could_be_taken() -> None:
    async with listening(lambda connection, asked: None) as peer:
        transport = await connected(peer, timeout_s=60.0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await transport.read(REQUESTS)
        await lost(transport)


async def test_nobody_listens() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, not listening: refused, and nobody else can take the port
        settings = ModbusSettings(host="127.0.0.1", port=held.getsockname()[1])
        with pytest.raises(LinkLostError, match=r"no connection to 127\.0\.0\.1:\d+"):
            await Line(settings.line).open()


async def test_a_peer_that_does_not_accept_is_given_up_in_time() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            settings = ModbusSettings(host="127.0.0.1", port=port, connect_timeout_s=0.2)
            with pytest.raises(LinkLostError, match=r"within 0\.2 s"):
                await Line(settings.line).open()
        finally:
            for filler in fillers:
                filler.close()


def test_a_loop_that_stood_still_does_not_time_out_a_device_that_answered() -> None:
    """The answer lies in the socket when the deadline passes; uvloop, which the service uses, fires timers before it reads."""

    def script(connection: Connection, asked: Asked) -> None:
        connection.send(truth(Device(), asked))
        time.sleep(0.3)  # the loop of both sides stands still

    async def read() -> None:
        async with listening(script) as peer:
            transport = await connected(peer, timeout_s=0.1)
            assert await transport.read(REQUESTS[:2]) == EXPECTED[:2]
            assert transport.line.timeouts == 0
            await transport.close()

    uvloop.run(read())


async def test_identification_over_the_wire() -> None:
    objects = b"\x00\x07Redline\x01\x03R-1"

    def script(connection: Connection, asked: Asked) -> None:
        raise AssertionError("no read was asked")

    class Introducing(Connection):
        def data_received(self, data: bytes) -> None:
            assert data[7:] == bytes.fromhex("2b0e0100")
            self.send(data[:2] + packed(0, 7, bytes.fromhex("2b0e01 01 00 00 02") + objects)[2:])

    peer = Peer(Device(), script)
    server = await asyncio.get_running_loop().create_server(lambda: Introducing(peer), "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    transport = await connected(peer)
    (answer,) = await transport.read([IdentifyRequest(7)])
    assert isinstance(answer, bytes)
    assert dict(identity(answer).objects) == {0: "Redline", 1: "R-1"}
    await transport.close()
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0.01)
