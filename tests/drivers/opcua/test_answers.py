"""Bulk decoding of ReadResponses against asyncua and against what was written."""

import math
import struct
from datetime import UTC, datetime, timedelta
from random import Random
from typing import cast

import numpy as np
import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import BadFrameError
from drivers.opcua import answers, reference, wire
from drivers.opcua.decoder import Decoder
from drivers.opcua.wire import UndecodableError
from rules.columns.readings import NO_TIME
from tests.drivers.opcua.encoding import (
    BOOLEAN,
    DOUBLE,
    FILETIME_2020,
    ODD,
    STATUSES,
    Item,
    damaged,
    expected_time,
    random_item,
    read_body,
    string,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEEDS = st.integers(0, 2**32 - 1)


def decode(body: bytes, count: int) -> wire.Columns:
    """By a decoder that never saw an answer before."""
    return answers.decode(body, count, Decoder(has_handles=False))


def random_answer(random: Random, odd: float = 0.1, most: int = 12, longest: int = 40) -> list[Item]:
    """Runs of equal layout of all lengths, as servers send them, or all mixed."""
    longest = random.choice([1, 1, 3, longest])
    return [
        item for _ in range(random.randint(0, most)) for item in [random_item(random, odd)] * random.randint(1, longest)
    ]


def check(columns: wire.Columns, items: list[Item]) -> None:
    """Columns against what was written."""
    np.testing.assert_array_equal(columns.value, [item.number for item in items])
    assert columns.status.tolist() == [item.status or 0 for item in items]
    assert columns.source_time_ns.tolist() == [expected_time(item.source) for item in items]
    assert columns.texts == tuple((index, item.text) for index, item in enumerate(items) if item.text)
    assert columns.answered_ns == expected_time(FILETIME_2020)


@settings(max_examples=200)
@given(SEEDS)
def test_every_column_is_what_the_specification_says(seed: int) -> None:
    items = random_answer(Random(seed))
    body = read_body([item.encode() for item in items])
    decoder = Decoder(has_handles=False)
    first = answers.decode(body, len(items), decoder)
    check(first, items)
    assert wire.agree(first, reference.decode_read(body, len(items)))
    check(answers.decode(body, len(items), decoder), items)  # by what it learnt, if it learnt something


@settings(max_examples=100)
@given(SEEDS)
def test_other_layouts_than_the_learnt_ones_are_noticed(seed: int) -> None:
    random = Random(seed)
    items = random_answer(random)
    decoder = Decoder(has_handles=False)
    for _ in range(4):
        answers.decode(read_body([item.encode() for item in items]), len(items), decoder)
        for _ in range(min(2, len(items))):
            items[random.randrange(len(items))] = random_item(random)
        check(answers.decode(read_body([item.encode() for item in items]), len(items), decoder), items)


VARIANTS = [
    (ua.VariantType.Boolean, st.booleans()),
    (ua.VariantType.SByte, st.integers(-(2**7), 2**7 - 1)),
    (ua.VariantType.Byte, st.integers(0, 2**8 - 1)),
    (ua.VariantType.Int16, st.integers(-(2**15), 2**15 - 1)),
    (ua.VariantType.UInt16, st.integers(0, 2**16 - 1)),
    (ua.VariantType.Int32, st.integers(-(2**31), 2**31 - 1)),
    (ua.VariantType.UInt32, st.integers(0, 2**32 - 1)),
    (ua.VariantType.Int64, st.integers(-(2**63), 2**63 - 1)),
    (ua.VariantType.UInt64, st.integers(0, 2**64 - 1)),
    (ua.VariantType.Float, st.floats(width=32)),
    (ua.VariantType.Double, st.floats()),
]
times = st.none() | st.integers(0, 2**62).map(lambda microseconds: EPOCH + timedelta(microseconds=microseconds // 1000))
data_values = st.one_of(
    [
        st.builds(
            lambda value, status, source, server, variant=variant: ua.DataValue(
                Value=ua.Variant(value, variant),
                StatusCode=ua.StatusCode(status),
                SourceTimestamp=source,
                ServerTimestamp=server,
            ),
            values,
            st.sampled_from(STATUSES),
            times,
            times,
        )
        for variant, values in VARIANTS
    ]
)


@settings(max_examples=50)
@given(st.lists(data_values, max_size=30))
def test_what_asyncua_encodes_is_read_back(answer: list[ua.DataValue]) -> None:
    response = ua.ReadResponse()
    response.Results = answer
    columns = decode(struct_to_binary(response), len(answer))
    for index, item in enumerate(answer):
        assert item.Value is not None and item.StatusCode is not None
        number = float(item.Value.Value)
        assert columns.value[index] == number or math.isnan(number)
        assert columns.status[index] == item.StatusCode.value
        if item.SourceTimestamp is None:
            assert columns.source_time_ns[index] == NO_TIME
        else:
            since = (cast(datetime, item.SourceTimestamp) - EPOCH) // timedelta(microseconds=1)
            assert columns.source_time_ns[index] // 1000 == since


DAMAGES = 20


def damage_often(random: Random, decoder: Decoder) -> int:
    """Damage a random answer in many ways; whatever is still accepted means what asyncua says.  Count what was accepted."""
    items = random_answer(random, most=6, longest=8)
    body = read_body([item.encode() for item in items])
    answers.decode(body, len(items), decoder)
    return sum(refuses_or_agrees(damaged(random, body), len(items), decoder) for _ in range(DAMAGES))


def refuses_or_agrees(body: bytes, count: int, decoder: Decoder) -> bool:
    try:
        columns = answers.decode(body, count, decoder)
    except (BadFrameError, UndecodableError, wire.ServiceRefusedError):
        return False
    assert wire.agree(columns, reference.decode_read(body, count)), body.hex()
    return True


@settings(max_examples=50)
@given(SEEDS)
def test_damage_never_gives_a_wrong_value_silently(seed: int) -> None:
    random = Random(seed)
    damage_often(random, Decoder(has_handles=False))


@settings(max_examples=100)
@given(st.binary(max_size=120), st.integers(0, 3))
def test_garbage_behind_a_good_header_is_refused_or_read_alike(garbage: bytes, count: int) -> None:
    refuses_or_agrees(read_body([])[:28] + struct.pack("<i", count) + garbage, count, Decoder(has_handles=False))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_million_damaged_answers() -> None:
    random = Random(2026)
    decoder = Decoder(has_handles=False)
    accepted = sum(damage_often(random, decoder) for _ in range(1_000_000 // DAMAGES))
    assert 100_000 < accepted < 900_000, "damage that is always noticed, or never, proves nothing"


def test_an_answer_cut_anywhere_is_refused() -> None:
    body = read_body([DOUBLE.encode(), BOOLEAN.encode()])
    assert len(decode(body, 2)) == 2
    for length in range(len(body)):
        with pytest.raises(BadFrameError):
            decode(body[:length], 2)


def test_an_answer_with_a_text_cut_anywhere_is_refused() -> None:
    items = [DOUBLE, Item(ODD["localized"][0], "正常", 0, None, None, None, None), BOOLEAN]
    body = read_body([item.encode() for item in items])
    check(decode(body, 3), items)
    for length in range(len(body)):
        with pytest.raises((BadFrameError, UndecodableError)):
            decode(body[:length], 3)


def test_another_number_of_results_than_nodes_is_refused() -> None:
    body = read_body([DOUBLE.encode()] * 3)
    for count in (0, 2, 4):
        with pytest.raises(BadFrameError, match="3 results"):
            decode(body, count)
        with pytest.raises(BadFrameError, match="3 results"):
            reference.decode_read(body, count)


def test_bytes_behind_the_answer_are_refused() -> None:
    body = read_body([DOUBLE.encode()]) + b"\0"
    with pytest.raises(BadFrameError, match="follow"):
        decode(body, 1)
    with pytest.raises(BadFrameError, match="follow"):
        reference.decode_read(body, 1)


def test_a_refused_service_is_told_by_its_status() -> None:
    with pytest.raises(wire.ServiceRefusedError) as refused:
        decode(read_body([], status=0x80100000), 0)
    assert refused.value.status == 0x80100000


def test_another_answer_than_to_a_read_is_refused() -> None:
    with pytest.raises(BadFrameError, match="no ReadResponse"):
        decode(b"\x01\x00\x3d\x03" + read_body([])[4:], 0)


@pytest.mark.parametrize("word", ODD)
def test_bulk_goes_on_behind_what_is_no_number(word: str) -> None:
    variant, text = ODD[word]
    odd = Item(variant, text, 0x40000000, FILETIME_2020, 7, FILETIME_2020, 8)
    items = [*[DOUBLE] * 20, odd, *[BOOLEAN, DOUBLE] * 20, odd, BOOLEAN]
    body = read_body([item.encode() for item in items])
    decoder = Decoder(has_handles=False)
    for _ in range(3):
        check(answers.decode(body, len(items), decoder), items)
    check(decode(read_body([item.encode() for item in items[:22]]), 22), items[:22])
    assert wire.agree(decode(body, len(items)), reference.decode_read(body, len(items)))


def test_a_text_that_grows_moves_what_follows() -> None:
    decoder = Decoder(has_handles=False)
    for length in (3, 3, 90, 1, 7):
        text = "x" * length
        odd = Item(b"\x0c" + string(text.encode()), text, 0, None, None, None, None)
        items = [DOUBLE, BOOLEAN] * 10 + [odd] + [BOOLEAN, DOUBLE] * 10
        check(answers.decode(read_body([item.encode() for item in items]), 41, decoder), items)


def test_diagnostics_and_an_additional_header_are_stepped_over() -> None:
    plain = read_body([DOUBLE.encode(), BOOLEAN.encode()])
    diagnostics = b"\x13" + struct.pack("<ii", 0, 1) + string(b"slow today")
    header = plain[:20] + diagnostics + struct.pack("<i", 2) + string(b"a") + string(b"bc")
    additional = b"\x01\x00\x76\x03\x01" + string(struct.pack("<dd", 0.0, 1.0))
    body = header + additional + plain[28:-4] + struct.pack("<i", 2) + b"\x00" + diagnostics
    check(decode(body, 2), [DOUBLE, BOOLEAN])
    assert wire.agree(decode(body, 2), reference.decode_read(body, 2))


@pytest.mark.parametrize(
    "encoded",
    [
        b"\x41\x0b" + struct.pack("<d", 1.0),
        b"\x01\x1f",
        b"\x01\x0c" + struct.pack("<i", 1000),
        b"\x01\x0c" + struct.pack("<i", -5),
        b"\x01\x80" + struct.pack("<i", 2**31 - 1),
        b"\x01\x98" + struct.pack("<i", 1) + b"\x80" + struct.pack("<i", 2**31 - 1),
        b"\x01\x8b" + struct.pack("<i", 2**31 - 1),
        b"\x01\x4b" + struct.pack("<d", 1.0),
        b"\x01\x16\x01\x02\x0f\x27\x01" + struct.pack("<i", -1),
        b"\x01\x16\x01\x02\x0f\x27\x03",
        b"\x01\x11\x06",
        b"\x01\x19\x80",
        b"\x01" + b"\x18" * 2000 + b"\x00",
    ],
    ids=[
        "reserved bit", "unknown type", "text beyond the answer", "negative length", "an array of nothing",
        "an array of nothing in a variant", "array beyond the answer", "scalar with dimensions", "structure of unknown length",
        "unknown encoding of a structure", "unknown kind of node", "reserved bit of diagnostics", "too deep",
    ],
)  # fmt: skip
@pytest.mark.timeout(10)
def test_what_has_no_end_is_told_at_once(encoded: bytes) -> None:
    body = read_body([DOUBLE.encode(), encoded, DOUBLE.encode()])
    with pytest.raises(UndecodableError):
        decode(body, 3)
    with pytest.raises(UndecodableError):
        reference.decode_read(body, 3)


def test_an_answer_that_claims_more_values_than_bytes_is_refused() -> None:
    body = read_body([])[:28] + struct.pack("<i", 2**31 - 1) + b"\xff\xff\xff\xff"
    with pytest.raises(BadFrameError):
        decode(body, 2**31 - 1)


@pytest.mark.parametrize("others", [0, 1])
def test_a_signalling_nan_is_no_value_and_no_warning(others: int) -> None:
    signalling = b"\x01\x0a" + struct.pack("<I", 0x7FA00001)
    body = read_body([part for _ in range(10) for part in [signalling, *[BOOLEAN.encode()] * others]])
    columns = decode(body, 10 * (1 + others))
    assert np.isnan(columns.value).sum() == 10
    assert wire.agree(columns, reference.decode_read(body, len(columns)))


def test_asyncua_takes_the_picoseconds_for_the_servers_time_and_we_do_not() -> None:
    source, server = FILETIME_2020 + 1_000_000, FILETIME_2020 + 2_000_000
    item = Item(11, 20.5, 0, source, 4800, server, 7600)
    columns = decode(read_body([item.encode(), DOUBLE.encode()]), 2)
    check(columns, [item, DOUBLE])
    theirs = struct_from_binary(ua.DataValue, Buffer(item.encode()))
    assert theirs.SourcePicoseconds != 4800, "asyncua reads picoseconds right now: compare the server's time, too"
