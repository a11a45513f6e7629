"""Where values end: every kind at its last byte, at every cut, inside each other, and against asyncua's own decoding."""

import struct

import pytest
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import variant_from_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.opcua.variants import end_of_diagnostics, end_of_extension_object, end_of_variant, numeric_type, text_of
from drivers.opcua.wire import UndecodableError
from tests.drivers.opcua.encoding import FORMATS, ODD, string

SCALARS = {kind: bytes([kind]) + struct.pack(form, 1) for kind, form in FORMATS.items()}
LINEAR = (0, *range(1, 16), 17, 18, 19, 20, 21)
"""Kinds that asyncua decodes without looking into anything."""


@pytest.mark.parametrize("word", ODD)
def test_a_value_ends_at_its_last_byte_wherever_it_begins(word: str) -> None:
    variant, text = ODD[word]
    for before in (b"", b"\x01\x02\x03"):
        body = before + variant + b"\x0b"
        assert end_of_variant(body, len(before)) == len(body) - 1
        assert (text_of(body, len(before)) or "") == text


@pytest.mark.parametrize("word", ODD)
def test_a_value_cut_anywhere_is_told(word: str) -> None:
    variant, _ = ODD[word]
    for length in range(len(variant)):
        with pytest.raises(UndecodableError):
            end_of_variant(variant[:length], 0)


@pytest.mark.parametrize("kind", SCALARS)
def test_numbers_end_by_their_size(kind: int) -> None:
    assert end_of_variant(SCALARS[kind], 0) == len(SCALARS[kind])
    assert text_of(SCALARS[kind], 0) is None


@pytest.mark.parametrize(
    "variant",
    [*(variant for variant, _ in ODD.values() if variant[0] & 0x3F in LINEAR), *SCALARS.values()],
    ids=lambda variant: variant[:4].hex(),
)
def test_where_asyncua_ends_there_we_end(variant: bytes) -> None:
    buffer = Buffer(variant + b"\xff" * 8)
    variant_from_binary(buffer)
    assert end_of_variant(variant + b"\xff" * 8, 0) == buffer.cur_pos == len(variant)


@settings(max_examples=200)
@given(st.binary(max_size=64))
def test_garbage_ends_inside_its_bytes_or_is_told(garbage: bytes) -> None:
    try:
        assert 0 < end_of_variant(garbage, 0) <= len(garbage)
    except UndecodableError:
        return
    text_of(garbage, 0)


def test_values_inside_values_to_a_depth() -> None:
    for depth, fits in ((10, True), (40, False)):
        nested = b"\x18" * depth + b"\x01\x01"
        if fits:
            assert end_of_variant(nested, 0) == len(nested)
        else:
            with pytest.raises(UndecodableError, match="too deep"):
                end_of_variant(nested, 0)
    inner = b"\x40" * 40 + b"\x00"
    with pytest.raises(UndecodableError, match="too deep"):
        end_of_diagnostics(inner, 0)


@pytest.mark.timeout(10)
def test_many_small_values_take_time_by_their_bytes() -> None:
    count = 20_000
    body = b"\x8c" + struct.pack("<i", count) + string(b"") * count
    assert end_of_variant(body, 0) == len(body)
    with pytest.raises(UndecodableError):
        end_of_variant(b"\x8c" + struct.pack("<i", 2**31 - 1) + string(b"") * count, 0)


@pytest.mark.parametrize(
    ("head", "number"),
    [
        (b"\x00\x07\x01", 7),
        (b"\x01\x00\x2b\x03\x01", 811),
        (b"\x02\x00\x00\x2b\x03\x00\x00\x01", 811),
        (b"\x01\x02\x2b\x03\x01", 0),  # another namespace
        (b"\x02\x01\x00\x2b\x03\x00\x00\x01", 0),
        (b"\x03\x00\x00" + string(b"x") + b"\x01", 0),  # no number
        (b"\x01\x00\x2b\x03\x02", 0),  # no binary body
    ],
)
def test_the_type_of_a_structure(head: bytes, number: int) -> None:
    body = head + string(b"body")
    assert numeric_type(body, 0)[0] == number
    assert body[numeric_type(body, 0)[1] :] == b"body"
    assert end_of_extension_object(body + b"\x00", 0) == len(body)
