"""The columnar decoder against asyncua and against a scalar account of the specification."""

import math
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import numpy as np
import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.errors import BadFrameError
from drivers.opcua import wire
from drivers.opcua.stack import UndecodableError, decode_slowly
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME

FORMATS = {1: "<B", 2: "<b", 3: "<B", 4: "<h", 5: "<H", 6: "<i", 7: "<I", 8: "<q", 9: "<Q", 10: "<f", 11: "<d"}
RANGES = {
    2: (-(2**7), 2**7 - 1),
    3: (0, 2**8 - 1),
    4: (-(2**15), 2**15 - 1),
    5: (0, 2**16 - 1),
    6: (-(2**31), 2**31 - 1),
    7: (0, 2**32 - 1),
    8: (-(2**63), 2**63 - 1),
    9: (0, 2**64 - 1),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FILETIME_2020 = 132_223_104_000_000_000
STATUSES = (0, 0x00960000, 0x40000000, 0x40900000, 0x40910000, 0x80000000, 0x80340000, 0x808C0000, 0xC0000000)


@dataclass(frozen=True)
class Item:
    """One DataValue as the wire has it; `value` None means that the mask has no value, variant 0 a null Variant."""

    variant: int
    value: Any
    status: int | None
    source: int | None
    source_picoseconds: int | None
    server: int | None
    server_picoseconds: int | None

    def encode(self) -> bytes:
        parts = (
            (1, None if self.value is None else self._variant()),
            (2, None if self.status is None else struct.pack("<I", self.status)),
            (4, None if self.source is None else struct.pack("<q", self.source)),
            (16, None if self.source_picoseconds is None else struct.pack("<H", self.source_picoseconds)),
            (8, None if self.server is None else struct.pack("<q", self.server)),
            (32, None if self.server_picoseconds is None else struct.pack("<H", self.server_picoseconds)),
        )
        mask = sum(bit for bit, part in parts if part is not None)
        return bytes([mask]) + b"".join(part for _, part in parts if part is not None)

    def _variant(self) -> bytes:
        return bytes([self.variant]) + (struct.pack(FORMATS[self.variant], self.value) if self.variant else b"")


@st.composite
def items(draw: st.DrawFn) -> Item:
    variant = draw(st.sampled_from([0, *FORMATS]))
    value: Any = 0
    if variant == 1:
        value = draw(st.integers(0, 1))
    elif variant in RANGES:
        value = draw(st.integers(*RANGES[variant]))
    elif variant == 10:
        value = draw(st.floats(width=32))
    elif variant == 11:
        value = draw(st.floats())
    picoseconds = st.none() | st.integers(0, 9999)
    time = st.none() | st.integers(FILETIME_2020, FILETIME_2020 + 10**16) | st.sampled_from([0, 2**63 - 1, -1, 1])
    return Item(
        variant,
        draw(st.sampled_from([value, value, value, None])),
        draw(st.none() | st.sampled_from(STATUSES)),
        draw(time),
        draw(picoseconds),
        draw(time),
        draw(picoseconds),
    )


runs = st.lists(st.tuples(items(), st.integers(1, 40)), max_size=12).map(
    lambda pairs: [item for item, times in pairs for _ in range(times)]
)
"""Runs of equal layout of all lengths, as servers send them."""


def body_of(encoded: list[bytes], *, status: int = 0, timestamp: int = FILETIME_2020) -> bytes:
    header = b"\x01\x00\x7a\x02" + struct.pack("<qII", timestamp, 7, status) + b"\0" + struct.pack("<i", 0) + b"\0\0\0"
    return header + struct.pack("<i", len(encoded)) + b"".join(encoded) + struct.pack("<i", -1)


def expected_time(filetime: int | None) -> int:
    if filetime is None or filetime == 0:
        return NO_TIME
    time_ns = (filetime - 116_444_736_000_000_000) * 100
    return time_ns if abs(time_ns) < 2**63 else NO_TIME


@given(runs)
def test_every_column_is_what_the_specification_says(answer: list[Item]) -> None:
    columns = wire.decode(body_of([item.encode() for item in answer]), len(answer))
    assert len(columns) == len(answer)
    for index, item in enumerate(answer):
        number = math.nan if item.value is None or item.variant == 0 else float(item.value)
        assert columns.value[index] == number or (math.isnan(number) and np.isnan(columns.value[index]))
        assert columns.status[index] == (item.status or 0)
        assert columns.source_time_ns[index] == expected_time(item.source)
    assert columns.answered_ns == expected_time(FILETIME_2020)


@given(runs)
def test_bulk_and_element_by_element_agree(answer: list[Item]) -> None:
    body = body_of([item.encode() for item in answer])
    assert wire.agree(wire.decode(body, len(answer)), decode_slowly(body, len(answer)))


VARIANTS = [
    (ua.VariantType.Boolean, st.booleans()),
    (ua.VariantType.SByte, st.integers(*RANGES[2])),
    (ua.VariantType.Byte, st.integers(*RANGES[3])),
    (ua.VariantType.Int16, st.integers(*RANGES[4])),
    (ua.VariantType.UInt16, st.integers(*RANGES[5])),
    (ua.VariantType.Int32, st.integers(*RANGES[6])),
    (ua.VariantType.UInt32, st.integers(*RANGES[7])),
    (ua.VariantType.Int64, st.integers(*RANGES[8])),
    (ua.VariantType.UInt64, st.integers(*RANGES[9])),
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


@settings(max_examples=60)
@given(st.lists(data_values, max_size=30))
def test_what_asyncua_encodes_is_read_back(answer: list[ua.DataValue]) -> None:
    response = ua.ReadResponse()
    response.Results = answer
    columns = wire.decode(struct_to_binary(response), len(answer))
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


DOUBLE = Item(11, 21.5, 0, FILETIME_2020, None, FILETIME_2020, None)


@settings(max_examples=400)
@given(st.data(), runs)
@example(None, [DOUBLE] * 3)
def test_damage_never_gives_a_wrong_value_silently(data: st.DataObject | None, answer: list[Item]) -> None:
    body = bytearray(body_of([item.encode() for item in answer]))
    if data is None:
        body = body[:-1]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(body) - 1))
            match data.draw(st.sampled_from(["flip", "cut", "insert", "drop"])):
                case "flip":
                    body[at] = data.draw(st.integers(0, 255))
                case "cut":
                    del body[max(at, 1) :]
                case "insert":
                    body.insert(at, data.draw(st.integers(0, 255)))
                case _:
                    if len(body) > 1:
                        del body[at]
    refuses_or_agrees(bytes(body), len(answer))


@settings(max_examples=300)
@given(st.binary(max_size=120), st.integers(0, 3))
def test_garbage_behind_a_good_header_is_refused_or_read_alike(garbage: bytes, count: int) -> None:
    refuses_or_agrees(body_of([])[:28] + struct.pack("<i", count) + garbage, count)


def refuses_or_agrees(body: bytes, count: int) -> None:
    try:
        columns = wire.decode(body, count)
    except (BadFrameError, wire.NotColumnarError, wire.ServiceRefusedError):
        return
    assert wire.agree(columns, decode_slowly(body, count))


def test_an_answer_cut_anywhere_is_refused() -> None:
    body = body_of([DOUBLE.encode(), Item(1, 1, None, None, None, None, None).encode()])
    assert len(wire.decode(body, 2)) == 2
    for length in range(len(body)):
        with pytest.raises(BadFrameError):
            wire.decode(body[:length], 2)


def test_another_number_of_results_than_nodes_is_refused() -> None:
    body = body_of([DOUBLE.encode()] * 3)
    for count in (0, 2, 4):
        with pytest.raises(BadFrameError, match="3 results"):
            wire.decode(body, count)
        with pytest.raises(BadFrameError, match="3 results"):
            decode_slowly(body, count)


def test_bytes_behind_the_answer_are_refused() -> None:
    body = body_of([DOUBLE.encode()]) + b"\0"
    with pytest.raises(BadFrameError, match="follow"):
        wire.decode(body, 1)
    with pytest.raises(BadFrameError, match="follow"):
        decode_slowly(body, 1)


def test_a_refused_service_is_told_by_its_status() -> None:
    with pytest.raises(wire.ServiceRefusedError) as refused:
        wire.decode(body_of([], status=0x80100000), 0)
    assert refused.value.status == 0x80100000


@pytest.mark.parametrize(
    "encoded",
    [
        b"\x01\x0c" + struct.pack("<i", 2) + b"ab",  # text
        b"\x01\x8b" + struct.pack("<i", 1) + struct.pack("<d", 1.0),  # array
        b"\x01\x0d" + struct.pack("<q", 0),  # a time is no number
        b"\x41\x0b" + struct.pack("<d", 1.0),  # reserved bit
        b"\x01\x1f",  # no such type
    ],
    ids=["text", "array", "time", "reserved", "unknown"],
)
def test_what_is_no_number_is_left_to_asyncua(encoded: bytes) -> None:
    with pytest.raises(wire.NotColumnarError):
        wire.decode(body_of([DOUBLE.encode(), encoded, DOUBLE.encode()]), 3)


def test_texts_and_structures_leave_the_numbers_alone() -> None:
    text = b"\x01\x0c" + struct.pack("<i", 6) + "液位".encode()
    localized = b"\x01\x15\x02" + struct.pack("<i", 2) + b"ok"
    array = b"\x01\x8b" + struct.pack("<i", 1) + struct.pack("<d", 1.0)
    columns = decode_slowly(body_of([DOUBLE.encode(), text, array, localized, DOUBLE.encode()]), 5)
    assert columns.texts == ((1, "液位"), (3, "ok"))
    np.testing.assert_array_equal(columns.value, [21.5, np.nan, np.nan, np.nan, 21.5])


def test_an_answer_that_asyncua_cannot_decode_says_so() -> None:
    with pytest.raises(UndecodableError):
        decode_slowly(body_of([b"\x01\x0c" + struct.pack("<i", 1000)]), 1)


def scalar_quality(status: int, value: float) -> Quality:
    if not math.isfinite(value) or status >> 30 >= 2:
        return Quality.BAD
    code = status & 0xFFFF0000
    if code == 0x40900000:
        return Quality.STALE
    if code == 0x00960000 or status >> 30 == 1:
        return Quality.UNCERTAIN
    return Quality.GOOD


@given(
    st.lists(
        st.tuples(st.sampled_from(STATUSES) | st.integers(0, 2**32 - 1), st.integers(0, 0xFFFF), st.floats()),
        max_size=50,
    )
)
def test_quality_as_a_scalar_would_judge_it(rows: list[tuple[int, int, float]]) -> None:
    status = np.array([code | info for code, info, _ in rows], np.uint32)
    value = np.array([number for _, _, number in rows], np.float64)
    judged = wire.quality(status, value)
    assert judged.dtype == np.uint8
    expected = [scalar_quality(code | info, number) for code, info, number in rows]
    assert judged.tolist() == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0x00000000, Quality.GOOD),
        (0x00000480, Quality.GOOD),  # info bits: overflow
        (0x00960000, Quality.UNCERTAIN),  # Good_LocalOverride: somebody forced it
        (0x40000000, Quality.UNCERTAIN),
        (0x40900000, Quality.STALE),  # LastUsableValue
        (0x40910000, Quality.UNCERTAIN),  # SubstituteValue
        (0x40940000, Quality.UNCERTAIN),  # EngineeringUnitsExceeded
        (0x80000000, Quality.BAD),
        (0x808C0000, Quality.BAD),  # SensorFailure
        (0xC0000000, Quality.BAD),  # reserved severity
    ],
)
def test_quality_of_the_statuses_that_matter(status: int, expected: Quality) -> None:
    assert wire.quality(np.array([status], np.uint32), np.array([1.0]))[0] == expected


def test_infinity_and_no_number_are_bad_even_when_the_server_says_good() -> None:
    assert set(wire.quality(np.zeros(3, np.uint32), np.array([np.nan, np.inf, -np.inf]))) == {Quality.BAD}


def test_filetime_at_its_edges() -> None:
    filetimes = np.array(
        [0, -1, 1, 2**63 - 1, 116_444_736_000_000_000, 116_444_736_000_000_001, FILETIME_2020], np.int64
    )
    assert wire.filetime_to_ns(filetimes).tolist() == [expected_time(int(each)) for each in filetimes]


def test_join_and_scatter_keep_texts_at_their_nodes() -> None:
    left, right = wire.blank(2, 0), wire.Columns(
        value=np.array([5.0]),
        status=np.array([0], np.uint32),
        source_time_ns=np.array([9], np.int64),
        texts=((0, "x"),),
        answered_ns=1,
    )  # fmt: skip
    joined = wire.join([left, right])
    assert joined.texts == ((2, "x"),)
    assert joined.answered_ns == 1
    np.testing.assert_array_equal(joined.value, [np.nan, np.nan, 5.0])
    spread = wire.scatter(joined, np.array([0, 2, 4]), wire.blank(5, 0x80340000))
    assert spread.texts == ((4, "x"),)
    assert spread.status.tolist() == [0, 0x80340000, 0, 0x80340000, 0]
    assert len(wire.join([])) == 0


def test_refused_counts_only_what_a_person_must_put_right() -> None:
    status = np.array([0, 0x80340000, 0x803A0400, 0x808C0000, 0x801F0000], np.uint32)
    assert wire.refused(status) == 3
