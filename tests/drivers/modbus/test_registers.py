import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import MisconfiguredError
from drivers.modbus.plan import Fill, Limits, coalesce
from drivers.modbus.points import point_of
from drivers.modbus.registers import Columns, Decoder
from drivers.modbus.wire import Answer, Refusal
from rules.columns.quality import Quality
from tests.drivers.modbus.device import Device, TagAddress, devices, scalar, tag_addresses


def decoded(device: Device, tags: Sequence[TagAddress], limits: Limits = Limits()) -> Columns:  # noqa: B008 - frozen
    points = [point_of(tag) for tag in tags]
    blocks = coalesce([point.span for point in points], limits)
    answers: list[Answer] = []
    for block in blocks:
        read = device.read(block.table.value, block.start, block.count)
        answers.append(Refusal(read) if isinstance(read, int) else read)
    return Decoder(points, blocks).decode(answers, np.zeros(len(points), np.uint32))


@pytest.mark.parametrize(
    ("kind", "order", "wire", "value"),
    [
        ("uint16", "", "0102", 0x0102),
        ("uint16", "CDAB", "0102", 0x0102),
        ("uint16", "BADC", "0201", 0x0102),
        ("int16", "", "ffff", -1),
        ("uint32", "ABCD", "0102 0304", 0x01020304),
        ("uint32", "CDAB", "0304 0102", 0x01020304),
        ("uint32", "BADC", "0201 0403", 0x01020304),
        ("uint32", "DCBA", "0403 0201", 0x01020304),
        ("int32", "ABCD", "ffff fffe", -2),
        ("float32", "ABCD", "4148 0000", 12.5),
        ("float32", "CDAB", "0000 4148", 12.5),
        ("float32", "BADC", "4841 0000", 12.5),
        ("float32", "DCBA", "0000 4841", 12.5),
        ("uint64", "ABCD", "0000 0001 0203 0405", 0x0001_0203_0405),
        ("uint64", "CDAB", "0405 0203 0001 0000", 0x0001_0203_0405),
        ("int64", "DCBA", "feff ffff ffff ffff", -2),
        ("float64", "ABCD", "4029 0000 0000 0000", 12.5),
        ("float64", "CDAB", "0000 0000 0000 4029", 12.5),
        ("uint64", "BADC", "0000 0100 0302 0504", 0x0001_0203_0405),
        ("float64", "BADC", "2940 0000 0000 0000", 12.5),
        ("float64", "DCBA", "0000 0000 0000 2940", 12.5),
        ("bcd16", "", "1234", 1234),
        ("bcd16", "BADC", "3412", 1234),
        ("bcd32", "ABCD", "1234 5678", 12345678),
        ("bcd32", "CDAB", "5678 1234", 12345678),
        ("bcd32", "DCBA", "7856 3412", 12345678),
        ("bcd32", "", "9999 9999", 99999999),
        ("bool", "", "0000", 0),
        ("bool", "", "0100", 1),
    ],
)
def test_the_letters_are_the_bytes_as_they_stand_on_the_wire(kind: str, order: str, wire: str, value: float) -> None:
    raw = bytes.fromhex(wire)
    words = {10 + at // 2: int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)}
    columns = decoded(
        Device(registers={"hr": words, "ir": {}}),
        [TagAddress(tag="T", row=0, address="hr:10", type=kind, word_order=order)],
    )
    assert columns.value.tolist() == [value]
    assert columns.quality.tolist() == [Quality.GOOD]


_limits = st.builds(
    Limits,
    max_registers=st.integers(4, 125),
    max_coils=st.integers(1, 2000),
    max_gap=st.integers(0, 125),
    max_gap_coils=st.integers(0, 500),
    max_unused=st.integers(0, 125),
    fill=st.sampled_from(Fill),
    one_request_per_tag=st.booleans(),
)


def decodes_as_the_reference(device: Device, tags: list[TagAddress], limits: Limits) -> None:
    """Whatever the plan: every tag is read exactly once and says what the scalar reference says."""
    columns = decoded(device, tags, limits)
    blocks = coalesce([point_of(tag).span for tag in tags], limits)
    assert sorted(member for block in blocks for member in block.members) == list(range(len(tags)))
    for number, tag in enumerate(tags):
        expected = scalar(device, tag)
        np.testing.assert_equal(columns.raw[number], expected)
        if math.isfinite(expected):
            assert columns.value[number] == expected
            assert columns.quality[number] == Quality.GOOD
        else:
            assert math.isnan(columns.value[number])
            assert columns.quality[number] == Quality.BAD
        assert columns.status[number] == 0


@given(device=devices(), tags=tag_addresses(), limits=_limits)
@settings(max_examples=50)
def test_any_plan_decodes_as_the_scalar_reference(device: Device, tags: list[TagAddress], limits: Limits) -> None:
    decodes_as_the_reference(device, tags, limits)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@given(device=devices(), tags=tag_addresses(), limits=_limits)
@settings(max_examples=10_000)
def test_any_plan_decodes_as_the_scalar_reference_at_length(
    device: Device, tags: list[TagAddress], limits: Limits
) -> None:
    decodes_as_the_reference(device, tags, limits)


@given(
    raw=st.integers(0, 65535),
    raw_low=st.floats(-1e5, 1e5),
    raw_width=st.floats(1.0, 1e5),
    low=st.floats(-1e6, 1e6),
    width=st.floats(-1e6, 1e6),
)
def test_scaling_is_linear_and_keeps_the_counts(
    raw: int, raw_low: float, raw_width: float, low: float, width: float
) -> None:
    tag = TagAddress(
        tag="T", row=0, address="ir:3", raw_low=raw_low, raw_high=raw_low + raw_width, low=low, high=low + width
    )
    columns = decoded(Device(registers={"hr": {}, "ir": {3: raw}}), [tag])
    assert columns.raw[0] == raw
    expected = low + (raw - raw_low) / raw_width * width
    scale = max(abs(low), abs(width) * max(1.0, abs(raw - raw_low) / raw_width), 1.0)
    assert columns.value[0] == pytest.approx(expected, abs=1e-6 * scale)


def test_a_value_at_raw_low_is_exactly_low() -> None:
    tag = TagAddress(tag="T", row=0, address="hr:0", raw_low=4000, raw_high=20000, low=-12.3, high=45.6)
    assert decoded(Device(registers={"hr": {0: 4000}, "ir": {}}), [tag]).value[0] == -12.3


def test_a_discrete_is_never_scaled() -> None:
    tag = TagAddress(tag="T", row=0, address="co:0", type="bool", raw_low=0, raw_high=10, low=0, high=100)
    assert decoded(Device(), [tag]).value.tolist() == [1.0]


def test_a_refused_block_is_bad_with_its_code_and_the_others_go_on() -> None:
    device = Device(forbidden={("hr", 100): 0x0B})
    tags = [
        TagAddress(tag=f"T{row}", row=row, address=f"hr:{address}") for row, address in enumerate((1, 100, 101, 300))
    ]
    columns = decoded(device, tags)
    assert columns.status.tolist() == [0, 0x0B, 0x0B, 0]
    assert columns.quality.tolist() == [Quality.GOOD, Quality.BAD, Quality.BAD, Quality.GOOD]
    assert np.isnan(columns.value[1:3]).all()
    assert np.isnan(columns.raw[1:3]).all()
    assert columns.value[[0, 3]].tolist() == [1.0, 49.0]


@pytest.mark.parametrize("wire", ["123a", "f000", "0b00"])
def test_four_bits_that_are_no_digit_are_no_value(wire: str) -> None:
    device = Device(registers={"hr": {0: int(wire, 16), 1: 0x0042}, "ir": {}})
    tags = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{n}", type="bcd16") for n in range(2)]
    columns = decoded(device, tags)
    assert columns.quality.tolist() == [Quality.BAD, Quality.GOOD]
    np.testing.assert_array_equal(columns.value, [np.nan, 42.0])
    assert columns.status.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("written", "order", "shown"),
    [
        (b"LT-101 v2\0\0\0", "ABCD", "LT-101 v2"),
        (b"bac-\0d", "BADC", "ab-cd"),
        (b"abc  \0xyz", "", "abc"),
        ("红线".encode() + bytes(2), "", "红线"),
        ("红线".encode("gb18030"), "", "红线"),
        (bytes(8), "", ""),
        (b"    ", "", ""),
    ],
)
def test_a_text_travels_beside_and_its_value_says_whether_there_is_one(written: bytes, order: str, shown: str) -> None:
    words = {4 + at // 2: int.from_bytes(written[at : at + 2], "big") for at in range(0, len(written), 2)}
    tags = [
        TagAddress(tag="N", row=0, address="hr:0", type="uint16"),
        TagAddress(tag="T", row=1, address=f"hr:4/{len(words)}", type="text", word_order=order, raw_low=0, raw_high=9),
        TagAddress(tag="C", row=2, address="co:1", type="bool"),
    ]
    columns = decoded(Device(registers={"hr": {0: 7, **words}, "ir": {}}), tags)
    assert columns.texts == ((1, shown),)
    assert columns.value.tolist() == [7.0, float(bool(shown)), 0.0]
    assert columns.quality.tolist() == [Quality.GOOD] * 3


def test_a_text_that_was_refused_is_bad_and_has_no_text() -> None:
    device = Device(forbidden={("hr", 5): 2})
    columns = decoded(device, [TagAddress(tag="T", row=0, address="hr:4/3", type="text")])
    assert columns.texts == ()
    assert columns.status.tolist() == [2]
    assert columns.quality.tolist() == [Quality.BAD]


def test_another_number_of_answers_than_blocks_is_a_mistake_of_ours() -> None:
    points = [point_of(TagAddress(tag="T", row=0, address="hr:5"))]
    decoder = Decoder(points, coalesce([point.span for point in points], Limits()))
    with pytest.raises(ValueError, match="2 answers to 1 blocks"):
        decoder.decode([b"ab", b"cd"], np.zeros(1, np.uint32))


def test_a_point_in_no_block_keeps_its_refusal() -> None:
    points = [point_of(TagAddress(tag="T", row=0, address="hr:5", type="float64"))]
    columns = Decoder(points, ()).decode([], np.array([2], np.uint32))
    assert columns.status.tolist() == [2]
    assert columns.quality.tolist() == [Quality.BAD]
    assert np.isnan(columns.value).all()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"address": "hr:x"}, "T: address: 'hr:x' is not a Modbus address"),
        ({"type": ""}, "type: '' is unknown"),
        ({"raw_low": 1.0}, "raw_low and raw_high are given together"),
        ({"raw_low": 1.0, "raw_high": 1.0}, "raw_low and raw_high are both 1"),
    ],
)
def test_a_point_that_can_never_be_read_is_refused(changes: dict[str, object], reason: str) -> None:
    fields: dict[str, object] = {"tag": "T", "row": 0, "address": "hr:0", **changes}
    with pytest.raises(MisconfiguredError, match=reason):
        point_of(TagAddress(**fields))  # type: ignore[arg-type]  # fields by name
