"""Servers with small buffers: what they say of them is kept for requests, and never held against their answers."""

import asyncio
import struct
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.opcua.buffers import LARGEST_ANSWER, BufferedConnection, Buffers
from drivers.opcua.driver import open_driver
from drivers.opcua.stack import ReadOnlyProtocol
from tests.drivers.opcua.driving import CLOCK, first
from tests.drivers.opcua.plant import Plc, tags
from tests.drivers.opcua.proxy import Proxy
from tests.drivers.opcua.secured import SecuredPlc, certificate, pki


def acknowledge(receive: int = 65_535, send: int = 65_535, message: int = 0, chunks: int = 0) -> ua.Acknowledge:
    said = (ua.UInt32(receive), ua.UInt32(send), ua.UInt32(message), ua.UInt32(chunks))
    return ua.Acknowledge(ua.UInt32(0), *said)


@pytest.mark.parametrize(
    ("said", "sends", "receives"),
    [
        (acknowledge(), 65_535, 65_535),
        (acknowledge(receive=8192, send=65_535), 8192, 65_535),
        (acknowledge(receive=65_535, send=8192), 65_535, 65_535),
        (acknowledge(receive=2**31 - 1, send=2**20), 65_535, 2**20),
        (acknowledge(receive=0, send=0), 65_535, 65_535),
        (acknowledge(receive=1, send=2**32 - 1), 8192, LARGEST_ANSWER),
    ],
)
def test_an_acknowledge_is_taken_as_the_standard_means_it(said: ua.Acknowledge, sends: int, receives: int) -> None:
    limits = Buffers()
    limits.update_client_limits(said)
    assert (limits.max_send_buffer, limits.max_recv_buffer) == (sends, receives)
    assert limits.is_msg_size_within_limit(LARGEST_ANSWER)
    assert not limits.is_msg_size_within_limit(LARGEST_ANSWER + 1)
    assert limits.is_chunk_count_within_limit(10_000)


def test_limits_for_requests_are_not_held_against_answers() -> None:
    limits = Buffers()
    limits.update_client_limits(acknowledge(message=16_384, chunks=2))
    assert limits.is_msg_size_within_limit(1_000_000)
    assert limits.is_chunk_count_within_limit(100)


@pytest.mark.parametrize(
    ("said", "largest"), [(acknowledge(message=5000), 5000), (acknowledge(receive=8192, chunks=2), 2 * (8192 - 24))]
)
def test_a_request_that_is_too_large_is_refused_before_it_leaves(said: ua.Acknowledge, largest: int) -> None:
    limits = Buffers()
    limits.update_client_limits(said)
    connection = BufferedConnection(ReadOnlyProtocol()._connection.security_policy, limits)
    sent = connection.message_to_binary(b"x" * (largest // 2 * 2))
    assert len(sent) >= largest // 2 * 2
    with pytest.raises(UaStatusCodeError) as refusal:
        connection.message_to_binary(b"x" * (largest + 1))
    assert refusal.value.code == StatusCodes.BadRequestTooLarge


class Small(Proxy):
    """Makes the buffers of a server small, and notes what reaches it."""

    def __init__(self, port: int, *said: int) -> None:
        super().__init__(port)
        self._said = said
        self._stream = bytearray()
        self.chunks: list[tuple[bytes, int]] = []

    def seen(self, data: bytes, *, to_server: bool) -> bytes:
        if to_server:
            self._stream += data
            while len(self._stream) >= 8 and len(self._stream) >= (
                size := struct.unpack_from("<I", self._stream, 4)[0]
            ):
                self.chunks.append((bytes(self._stream[:4]), size))
                del self._stream[:size]
        elif data[:4] == b"ACKF":
            return data[:12] + struct.pack("<4I", *self._said) + data[28:]
        return data


SMALL = [((8192, 65_535, 0, 0), 1), ((8192, 65_535, 16_384, 2), 4), ((65_535, 65_535, 16_384, 0), 4)]
"""What a server says of its buffers, and in how many requests 1000 nodes are read from it then."""


@pytest.mark.slow
async def test_a_thousand_nodes_are_read_from_a_server_with_small_buffers() -> None:
    names = [f"tank farm north, node number {number:04}" for number in range(1000)]
    async with Plc() as plc:
        for number, name in enumerate(names):
            await plc.add(name, float(number))
        for said, requests in SMALL:
            async with Small(plc.port, *said) as proxy:
                await read_through(proxy, names, requests)
            assert proxy.accepted == 1
            assert max(size for _, size in proxy.chunks) <= said[0]


async def read_through(proxy: Small, names: list[str], requests: int) -> None:
    settings: dict[str, Any] = {"endpoint": proxy.endpoint, "request_timeout_s": 10.0}
    async with open_driver("PLC-1", settings, tags(names), CLOCK) as driver:
        proxy.chunks.clear()
        batch = await first(driver)  # type: ignore[arg-type]
        chunks = list(proxy.chunks)
    assert batch.value.tolist() == list(range(len(names)))
    ends = [at for at, (kind, _) in enumerate(chunks) if kind == b"MSGF"]
    begins = [0, *(end + 1 for end in ends[:-1])]
    assert len(ends) == requests
    if requests > 1:
        assert max(sum(size for _, size in chunks[a : b + 1]) for a, b in zip(begins, ends, strict=True)) < 16_384 + 100


@pytest.mark.slow
async def test_small_buffers_of_a_server_that_encrypts(tmp_path: Path) -> None:
    names = [f"tank farm north, node number {number:04}" for number in range(400)]
    shown = certificate()
    await asyncio.to_thread(pki, tmp_path / "pki", shown)
    async with SecuredPlc(shown) as plc, Small(plc.port, 8192, 65_535, 16_384, 2) as proxy:
        for number, name in enumerate(names):
            await plc.add(name, float(number))
        settings = {"endpoint": proxy.endpoint, "security": "sign_and_encrypt", "pki": str(tmp_path / "pki")}
        async with open_driver("PLC-1", settings, tags(names), CLOCK) as driver:
            proxy.chunks.clear()
            batch = await first(driver)  # type: ignore[arg-type]  # a stand-in
            chunks = list(proxy.chunks)
    assert batch.value.tolist() == list(range(400))
    assert max(size for _, size in chunks) <= 8192
