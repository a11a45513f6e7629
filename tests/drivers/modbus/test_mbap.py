import struct
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.errors import BadFrameError, DriverError
from drivers.modbus.mbap import MbapExchange
from drivers.modbus.wire import Answer, ReadFunction, ReadRequest, Refusal

HOLDING = ReadRequest(7, ReadFunction.READ_HOLDING_REGISTERS, 100, 3)
COILS = ReadRequest(7, ReadFunction.READ_COILS, 0, 11)


def frame(transaction: int, unit: int, pdu: bytes, protocol: int = 0, length: int | None = None) -> bytes:
    return struct.pack(">HHHB", transaction, protocol, len(pdu) + 1 if length is None else length, unit) + pdu


def good(transaction: int, request: ReadRequest = HOLDING, fill: int = 0xA5) -> bytes:
    values = bytes([fill]) * request.byte_count
    return frame(transaction, request.unit, bytes([request.function, len(values)]) + values)


class Exchange:
    """One at a time, as most devices want it: the answer itself, and what does not fit as an error."""

    def __init__(self) -> None:
        self.inner: MbapExchange[int] = MbapExchange()

    @property
    def late_answers(self) -> int:
        return self.inner.late_answers

    def begin(self, request: ReadRequest) -> bytes:
        return self.inner.begin(request, 0)

    def receive(self, chunk: bytes) -> Answer | None:
        for _, answer in self.inner.receive(chunk):
            if isinstance(answer, BadFrameError):
                raise answer
            return answer
        return None


def requests() -> st.SearchStrategy[ReadRequest]:
    return st.builds(
        ReadRequest,
        unit=st.integers(0, 255),
        function=st.sampled_from(list(ReadFunction)[:4]),
        start=st.integers(0, 65536 - 125),
        count=st.integers(1, 125),
    )


def test_a_request_stands_on_the_wire_as_the_specification_says() -> None:
    assert Exchange().begin(HOLDING) == bytes.fromhex("0001 0000 0006 07 03 0064 0003")
    assert Exchange().begin(COILS) == bytes.fromhex("0001 0000 0006 07 01 0000 000b")


def test_an_answer_is_the_value_bytes() -> None:
    exchange = Exchange()
    exchange.begin(HOLDING)
    assert exchange.receive(bytes.fromhex("0001 0000 0009 07 03 06 0102 0304 0506")) == bytes.fromhex("010203040506")
    exchange.begin(COILS)
    assert exchange.receive(bytes.fromhex("0002 0000 0005 07 01 02 cd05")) == bytes.fromhex("cd05")


def test_byte_by_byte() -> None:
    exchange = Exchange()
    exchange.begin(HOLDING)
    answer = good(1)
    for each in answer[:-1]:
        assert exchange.receive(bytes([each])) is None
    assert exchange.receive(answer[-1:]) == b"\xa5" * 6


def test_an_exception_is_a_refusal_with_its_meaning() -> None:
    exchange = Exchange()
    exchange.begin(HOLDING)
    answer = exchange.receive(frame(1, 7, b"\x83\x02"))
    assert answer == Refusal(2)
    assert str(answer) == "exception 02 (illegal data address)"
    assert str(Refusal(0x77)) == "exception 77 (not in the specification)"


def test_a_late_answer_in_front_of_the_right_one_is_dropped() -> None:
    exchange = Exchange()
    exchange.begin(HOLDING)
    exchange.receive(good(1, fill=0x11))
    exchange.begin(HOLDING)
    assert exchange.receive(good(1, fill=0x22) + good(2, fill=0x33)) == b"\x33" * 6
    assert exchange.late_answers == 1


def test_a_repeated_answer_is_late_even_while_nothing_is_open() -> None:
    exchange = Exchange()
    exchange.begin(HOLDING)
    assert exchange.receive(good(1, fill=0x11) + good(1, fill=0x22)) == b"\x11" * 6
    assert exchange.receive(good(1, fill=0x44)) is None
    exchange.begin(HOLDING)
    assert exchange.receive(good(2, fill=0x55)) == b"\x55" * 6
    assert exchange.late_answers == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (good(2), "transaction id 2 was never asked"),
        (good(0), "transaction id 0 was never asked"),
        (frame(1, 8, b"\x03\x06" + bytes(6)), "unit 8 answers instead of unit 7"),
        (frame(1, 7, b"\x04\x06" + bytes(6)), "function code 4 answers 3"),
        (frame(1, 7, b"\x84\x02"), "function code 132 answers 3"),
        (frame(1, 7, b"\x03\x04" + bytes(4)), "byte count does not fit, wanted 6"),
        (frame(1, 7, b"\x03\x06" + bytes(5)), "byte count does not fit, wanted 6"),
        (frame(1, 7, b"\x03\x06" + bytes(7)), "byte count does not fit, wanted 6"),
        (frame(1, 7, b"\x03\x08" + bytes(6)), "byte count does not fit, wanted 6"),
        (frame(1, 7, b"\x83\x00"), "exception answer without exactly one code"),
        (frame(1, 7, b"\x83\x02\x00"), "exception answer without exactly one code"),
        (frame(1, 7, b"\x83"), "length 2 outside"),
        (frame(1, 7, b"\x03\x06" + bytes(6), protocol=1), "protocol id 1"),
        (frame(1, 7, b"\x03\x06" + bytes(6), length=2), "length 2 outside"),
        (frame(1, 7, b"\x03\x06" + bytes(6), length=255), "length 255 outside"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "protocol id 21584"),
    ],
)
def test_what_does_not_fit_ends_the_connection(answer: bytes, reason: str) -> None:
    exchange = Exchange()
    exchange.begin(HOLDING)
    with pytest.raises(BadFrameError, match=reason):
        exchange.receive(answer)


def test_a_frame_that_nobody_asked_for_ends_the_connection() -> None:
    with pytest.raises(BadFrameError, match="never asked"):
        Exchange().receive(good(1))


def test_two_open_transactions_cannot_be() -> None:
    exchange = Exchange()
    exchange.begin(HOLDING)
    with pytest.raises(ValueError, match="window is 1"):
        exchange.begin(HOLDING)


def test_transaction_ids_wrap_without_ever_being_0() -> None:
    exchange = Exchange()
    seen = set()
    for number in range(70_000):
        transaction = int.from_bytes(exchange.begin(HOLDING)[:2], "big")
        assert transaction == number % 65535 + 1
        seen.add(transaction)
        assert exchange.receive(good(transaction)) is not None
    assert 0 not in seen
    exchange.begin(HOLDING)
    late = (70_000 - 3) % 65535 + 1
    assert exchange.receive(good(late)) is None
    assert exchange.late_answers == 1


@pytest.mark.parametrize(
    ("unit", "start", "count"), [(256, 0, 1), (-1, 0, 1), (1, 0, 0), (1, 0, 126), (1, 65535, 2), (1, -1, 1)]
)
def test_a_request_the_protocol_cannot_carry_is_refused(unit: int, start: int, count: int) -> None:
    with pytest.raises(ValueError, match=r"must be|table ends"):
        ReadRequest(unit, ReadFunction.READ_HOLDING_REGISTERS, start, count)


@given(request=requests(), cuts=st.lists(st.integers(0, 300)), late=st.integers(0, 3), values=st.randoms())
def test_any_fragmentation_gives_the_same_answer(request: ReadRequest, cuts: list[int], late: int, values) -> None:  # type: ignore[no-untyped-def]  # drawn by hypothesis
    exchange = Exchange()
    payload = values.randbytes(request.byte_count)
    for _ in range(3):
        transaction = int.from_bytes(exchange.begin(request)[:2], "big")
        exchange.receive(good(transaction, request))
    transaction = int.from_bytes(exchange.begin(request)[:2], "big")
    stream = b"".join(good(1 + number % 3, request, 0xEE) for number in range(late))
    stream += frame(transaction, request.unit, bytes([request.function, len(payload)]) + payload)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    answers = [exchange.receive(stream[a:b]) for a, b in pairwise(edges)]
    assert [answer for answer in answers if answer is not None] == [payload]
    assert exchange.late_answers == late


def provable(answer: Answer, request: ReadRequest, transaction: int, received: bytes) -> bool:
    """Slow oracle: somewhere in what was received stands a whole frame that is exactly this answer to this request."""
    if isinstance(answer, Refusal):
        whole = frame(transaction, request.unit, bytes([request.function | 0x80, answer.code]))
    else:
        whole = frame(transaction, request.unit, bytes([request.function, len(answer)]) + answer)
        if len(answer) != request.byte_count:
            return False
    return whole in received


@given(
    request=requests(),
    mutations=st.lists(st.tuples(st.integers(0, 280), st.integers(0, 255)), max_size=4),
    cut=st.integers(0, 280),
    tail=st.binary(max_size=20),
    refused=st.booleans(),
)
@example(request=HOLDING, mutations=[(1, 0)], cut=280, tail=b"", refused=False)
@example(request=HOLDING, mutations=[(7, 0x83)], cut=280, tail=b"", refused=False)
def test_mutated_frames_never_become_the_answer_to_another_request(
    request: ReadRequest, mutations: list[tuple[int, int]], cut: int, tail: bytes, refused: bool
) -> None:
    exchange = Exchange()
    transaction = int.from_bytes(exchange.begin(request)[:2], "big")
    answer = frame(transaction, request.unit, bytes([request.function | 0x80, 2])) if refused else good(1, request)
    stream = bytearray(answer)
    for position, value in mutations:
        stream[position % len(stream)] = value
    received = bytes(stream[:cut]) + tail
    taken: Answer | None = None
    try:
        for position in range(0, len(received), 7):
            taken = exchange.receive(received[position : position + 7])
            if taken is not None:
                break
    except DriverError:
        return
    if taken is not None:
        assert provable(taken, request, transaction, received)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_garbage_raises_bad_frame_or_nothing(chunks: list[bytes]) -> None:
    exchange = Exchange()
    exchange.begin(HOLDING)
    received = b""
    try:
        for chunk in chunks:
            received += chunk
            answer = exchange.receive(chunk)
            if answer is not None:
                assert provable(answer, HOLDING, 1, received)
                return
    except BadFrameError:
        return
