"""Damaged frames in both framings: whatever is taken for an answer stood, whole and right, in what was received."""

import random
import struct
from collections.abc import Callable

import pytest

from drivers.errors import BadFrameError
from drivers.modbus.mbap import MbapExchange
from drivers.modbus.rtu import RtuExchange
from drivers.modbus.wire import Answer, Exchange, ReadFunction, ReadRequest, Refusal
from tests.drivers.modbus.gateway import crc

Framing = Callable[[int, int, bytes], bytes]
"""Transaction, unit, PDU -> the bytes on the wire."""


def tcp(transaction: int, unit: int, pdu: bytes) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def rtu(transaction: int, unit: int, pdu: bytes) -> bytes:
    del transaction
    frame = bytes((unit,)) + pdu
    return frame + crc(frame)


def right(request: ReadRequest, answer: Answer) -> bytes:
    """The PDU that says this answer to this request."""
    if isinstance(answer, Refusal):
        return bytes((request.function | 0x80, answer.code))
    return bytes((request.function, len(answer))) + answer


def damaged(randomness: random.Random, frame: bytes) -> bytes:
    """The frame with some of: bits turned, bytes lost, doubled or put in, the end cut off, another frame in front."""
    data = bytearray(frame)
    for _ in range(randomness.randint(1, 3)):
        at = randomness.randrange(len(data) + 1)
        match randomness.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << randomness.randrange(8)
            case 1 if at < len(data):
                data[at] = randomness.randrange(256)
            case 2:
                del data[at : at + randomness.randint(1, 4)]
            case 3:
                data[at:at] = randomness.randbytes(randomness.randint(1, 4))
            case 4:
                data[at:] = b""
            case _:
                data[:0] = frame[: randomness.randint(0, len(frame))]
    return bytes(data)


def survive(framing: Framing, count: int, seed: int) -> int:
    """Give an exchange `count` damaged answers; how many of them were still whole and taken."""
    randomness = random.Random(seed)
    taken = 0
    for _ in range(count):
        function = ReadFunction(randomness.randint(1, 4))
        request = ReadRequest(
            randomness.randint(0, 255), function, randomness.randrange(60000), randomness.randint(1, 12)
        )
        exchange: Exchange[str] = MbapExchange() if framing is tcp else RtuExchange()
        sent = exchange.begin(request, "me")
        transaction = int.from_bytes(sent[:2], "big")
        values = randomness.randbytes(request.byte_count)
        answer: Answer = Refusal(randomness.randint(1, 11)) if randomness.random() < 0.2 else values
        received = damaged(randomness, framing(transaction, request.unit, right(request, answer)))
        cut = randomness.randint(0, len(received))
        try:
            replies = exchange.receive(received[:cut]) + exchange.receive(received[cut:])
        except BadFrameError:
            continue
        for owner, reply in replies:
            assert owner == "me"
            if isinstance(reply, BadFrameError):
                continue
            taken += 1
            assert isinstance(reply, Refusal) or len(reply) == request.byte_count
            assert framing(transaction, request.unit, right(request, reply)) in received, (request, received.hex(" "))
    return taken


@pytest.mark.parametrize("framing", [tcp, rtu])
def test_a_damaged_frame_is_never_taken_for_what_it_does_not_say(framing: Framing) -> None:
    assert survive(framing, 4_000, seed=1) > 50, "some were whole behind the damage: those are taken"


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("framing", [tcp, rtu])
def test_half_a_million_damaged_frames(framing: Framing) -> None:
    survive(framing, 500_000, seed=2)
