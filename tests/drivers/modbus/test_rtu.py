import random
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import BadFrameError
from drivers.modbus.identification import IdentifyRequest
from drivers.modbus.rtu import RtuExchange, checksum
from drivers.modbus.wire import Answer, ReadFunction, ReadRequest, Refusal, Request
from tests.drivers.modbus.gateway import crc

HOLDING = ReadRequest(7, ReadFunction.READ_HOLDING_REGISTERS, 100, 3)
COILS = ReadRequest(7, ReadFunction.READ_COILS, 0, 11)


def frame(unit: int, pdu: bytes) -> bytes:
    return bytes((unit,)) + pdu + crc(bytes((unit,)) + pdu)


def good(request: ReadRequest = HOLDING, fill: int = 0xA5) -> bytes:
    return frame(request.unit, bytes([request.function, request.byte_count]) + bytes([fill]) * request.byte_count)


def asked(request: Request = HOLDING) -> RtuExchange[str]:
    exchange: RtuExchange[str] = RtuExchange()
    exchange.begin(request, "me")
    return exchange


def taken(exchange: RtuExchange[str], chunk: bytes) -> Answer | BadFrameError | None:
    replies = exchange.receive(chunk)
    assert [owner for owner, _ in replies] == ["me"] * len(replies)
    return replies[0][1] if replies else None


@given(st.binary(max_size=260))
def test_the_checksum_is_that_of_the_specification(data: bytes) -> None:
    assert checksum(data) == crc(data)


def test_a_request_stands_on_the_wire_as_the_specification_says() -> None:
    # the example of the serial line guide: unit 2, function code 7 has the checksum 1241
    assert checksum(bytes.fromhex("0207")) == bytes.fromhex("4112")
    assert RtuExchange[int]().begin(HOLDING, 0) == bytes.fromhex("07 03 0064 0003") + crc(
        bytes.fromhex("0703 0064 0003")
    )


def test_an_answer_byte_by_byte() -> None:
    exchange = asked()
    answer = good()
    for each in answer[:-1]:
        assert taken(exchange, bytes([each])) is None
    assert taken(exchange, answer[-1:]) == b"\xa5" * 6
    assert not exchange.is_full
    assert exchange.late_answers == 0


def test_an_exception_is_a_refusal() -> None:
    assert taken(asked(COILS), frame(7, b"\x81\x02")) == Refusal(2)


@pytest.mark.parametrize(
    "wrong",
    [
        frame(8, b"\x03\x06" + bytes(6)),
        frame(7, b"\x04\x06" + bytes(6)),
        frame(7, b"\x03\x04" + bytes(4)),
        frame(7, b"\x03\x08" + bytes(8)),
        frame(7, b"\x84\x02"),
        frame(7, b"\x83\x00"),
        good()[:-1] + b"\x00",
        b"\x00\xff",
    ],
    ids=["unit", "function code", "too few", "too many", "other exception", "no code", "checksum", "noise"],
)
def test_what_does_not_fit_is_passed_over_and_the_right_answer_behind_it_taken(wrong: bytes) -> None:
    exchange = asked()
    assert taken(exchange, wrong) is None
    assert taken(exchange, good(fill=0x11)) == b"\x11" * 6
    assert exchange.late_answers == 1


def test_what_came_before_the_request_belongs_to_nobody() -> None:
    exchange: RtuExchange[str] = RtuExchange()
    assert exchange.receive(good(fill=0x22)) == []
    exchange.begin(HOLDING, "me")
    assert taken(exchange, b"") is None
    assert taken(exchange, good(fill=0x33)) == b"\x33" * 6
    assert exchange.receive(good(fill=0x44)) == []
    assert exchange.late_answers == 2


def test_a_forgotten_transaction_leaves_nothing() -> None:
    exchange = asked()
    exchange.receive(good()[:5])
    assert exchange.owners() == ["me"]
    exchange.forget("you")
    assert exchange.is_full
    exchange.forget("me")
    assert (exchange.is_full, exchange.owners()) == (False, [])
    exchange.begin(COILS, "me")
    assert taken(exchange, good()[5:]) is None
    assert taken(exchange, good(COILS)) == b"\xa5" * 2


def test_one_at_a_time() -> None:
    with pytest.raises(ValueError, match="window is 1"):
        asked().begin(HOLDING, "you")


def test_a_line_that_never_falls_silent_is_given_up() -> None:
    exchange = asked()
    with pytest.raises(BadFrameError, match="no answer to function code 3, start 100, count 3 of unit 7"):
        for _ in range(100):
            exchange.receive(bytes(range(8, 40)))


def test_identification_has_no_length_and_is_still_known_when_it_is_whole() -> None:
    objects = {0: b"Redline", 1: b"R-1", 2: b"1.0"}
    body = b"".join(bytes((number, len(text))) + text for number, text in objects.items())
    answer = frame(7, bytes.fromhex("2b0e01 01 00 00 03") + body)
    exchange = asked(IdentifyRequest(7))
    for each in answer[:-1]:
        assert taken(exchange, bytes([each])) is None
    assert taken(exchange, answer[-1:]) == bytes.fromhex("01 00 00 03") + body


@given(
    unit=st.integers(1, 247),
    function=st.sampled_from(list(ReadFunction)[:4]),
    count=st.integers(1, 125),
    noise=st.binary(max_size=12),
    cuts=st.lists(st.integers(0, 300)),
    values=st.randoms(),
)
def test_any_fragmentation_and_any_noise_in_front_give_the_answer(  # type: ignore[no-untyped-def]  # drawn by hypothesis
    unit: int, function: ReadFunction, count: int, noise: bytes, cuts: list[int], values
) -> None:
    request = ReadRequest(unit, function, 0, count)
    payload = values.randbytes(request.byte_count)
    stream = noise + frame(unit, bytes([function, len(payload)]) + payload)
    exchange = asked(request)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    answers = [taken(exchange, stream[a:b]) for a, b in pairwise(edges)]
    assert [answer for answer in answers if answer is not None] == [payload]


def test_a_damaged_frame_is_never_an_answer() -> None:
    randomness = random.Random(3)
    whole = good()
    for _ in range(3000):
        damaged = bytearray(whole)
        for _ in range(randomness.randint(1, 3)):
            damaged[randomness.randrange(len(damaged))] ^= 1 << randomness.randrange(8)
        answer = taken(asked(), bytes(damaged))
        assert answer is None or bytes(damaged) == whole, struct.unpack(f"{len(damaged)}B", damaged)
