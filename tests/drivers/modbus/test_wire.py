import pytest

from drivers.errors import BadFrameError
from drivers.modbus.wire import EXCEPTIONS, ReadFunction, ReadRequest, Refusal

HOLDING = ReadRequest(7, ReadFunction.READ_HOLDING_REGISTERS, 100, 3)
COILS = ReadRequest(7, ReadFunction.READ_COILS, 0, 11)


def test_a_request_knows_its_bytes_and_how_its_answer_begins() -> None:
    assert HOLDING.pdu == bytes.fromhex("03 0064 0003")
    assert (HOLDING.lead, HOLDING.byte_count) == (b"\x03\x06", 6)
    assert (COILS.lead, COILS.byte_count) == (b"\x01\x02", 2)
    assert str(HOLDING) == "function code 3, start 100, count 3"
    assert ReadRequest(7, ReadFunction.READ_HOLDING_REGISTERS, 100, 3) == HOLDING


def test_an_answer_is_its_values_or_the_refusal() -> None:
    assert HOLDING.answer(b"\x03\x06abcdef") == b"abcdef"
    assert COILS.answer(b"\x81\x0b") == Refusal(0x0B)


@pytest.mark.parametrize(
    ("pdu", "reason"),
    [
        (b"\x04\x06abcdef", "function code 4 answers 3"),
        (b"\x03\x06abcde", "byte count does not fit, wanted 6"),
        (b"\x03\x06abcdefg", "byte count does not fit, wanted 6"),
        (b"\x03\x04abcd", "byte count does not fit, wanted 6"),
        (b"\x03", "byte count does not fit, wanted 6"),
        (b"\x83", "exception answer without exactly one code"),
        (b"\x83\x00", "exception answer without exactly one code"),
        (b"\x83\x02\x00", "exception answer without exactly one code"),
        (b"\x84\x02", "function code 132 answers 3"),
    ],
)
def test_what_does_not_answer_it_is_said(pdu: bytes, reason: str) -> None:
    with pytest.raises(BadFrameError, match=reason):
        HOLDING.answer(pdu)


def test_the_length_of_an_answer_is_known_from_its_first_bytes() -> None:
    assert HOLDING.size(b"\x03") is None
    assert HOLDING.size(b"\x03\x06") == 8
    assert HOLDING.size(b"\x83") == 2
    for other in (b"\x04", b"\x03\x04", b"\x84"):
        with pytest.raises(BadFrameError, match="it answers something else"):
            HOLDING.size(other)


@pytest.mark.parametrize("code", sorted(EXCEPTIONS))
def test_every_exception_of_the_specification_has_words(code: int) -> None:
    assert str(Refusal(code)) == f"exception {code:02X} ({EXCEPTIONS[code].en})"
