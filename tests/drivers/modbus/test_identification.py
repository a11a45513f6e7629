import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import BadFrameError
from drivers.modbus.identification import IdentifyRequest, identity
from drivers.modbus.wire import Refusal

ASKED = IdentifyRequest(3)


def answered(objects: dict[int, bytes], more: int = 0, following: int = 0) -> bytes:
    body = b"".join(bytes((number, len(text))) + text for number, text in objects.items())
    return bytes((0x2B, 0x0E, 1, 0x81, more, following, len(objects))) + body


def test_who_a_device_says_it_is() -> None:
    answer = ASKED.answer(answered({0: "红线".encode(), 1: b"R-1\0\0", 2: b"2.4 "}))
    assert isinstance(answer, bytes)
    said = identity(answer)
    assert dict(said.objects) == {0: "红线", 1: "R-1", 2: "2.4"}
    assert said.following is None


def test_more_may_follow() -> None:
    answer = ASKED.answer(answered({0: b"x"}, more=0xFF, following=4))
    assert isinstance(answer, bytes)
    assert identity(answer).following == 4
    assert IdentifyRequest(3, 4).pdu == bytes.fromhex("2b0e0104")


def test_a_device_that_does_not_know_it_refuses() -> None:
    assert ASKED.answer(b"\xab\x01") == Refusal(1)


@pytest.mark.parametrize(
    "pdu",
    [
        b"\x2b\x0e\x01\x81\x00\x00\x02\x00\x01x",
        answered({0: b"x"}) + b"y",
        b"\x2b\x0d\x01\x81\x00\x00\x00",
        b"\xab",
        b"\x03\x02ab",
    ],
    ids=["too short", "too long", "another type", "no code", "another function"],
)
def test_what_is_no_identification(pdu: bytes) -> None:
    with pytest.raises(BadFrameError):
        ASKED.answer(pdu)


@pytest.mark.parametrize(("unit", "first"), [(256, 0), (-1, 0), (1, 256)])
def test_what_the_protocol_cannot_carry(unit: int, first: int) -> None:
    with pytest.raises(ValueError, match="must be 0 to 255"):
        IdentifyRequest(unit, first)


@given(st.dictionaries(st.integers(0, 255), st.binary(max_size=30), max_size=6), st.integers(0, 40))
def test_its_length_is_known_as_soon_as_it_can_be(objects: dict[int, bytes], tail: int) -> None:
    pdu = answered(objects)
    sizes = [ASKED.size(pdu[:length]) for length in range(1, len(pdu) + 1)]
    assert sizes[-1] == len(pdu)
    assert {size for size in sizes if size is not None} == {len(pdu)}
    assert ASKED.size(pdu + bytes(tail)) == len(pdu)
