"""Columns, status to quality, and time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.opcua import wire
from rules.columns.quality import Quality
from tests.drivers.opcua.encoding import FILETIME_2020, STATUSES, expected_time


def scalar_quality(status: int, value: float) -> Quality:
    if not math.isfinite(value) or status >> 30 >= 2:
        return Quality.BAD
    code = status & 0xFFFF0000
    if code == 0x40900000:
        return Quality.STALE
    if code == 0x00960000 or status >> 30 == 1:
        return Quality.UNCERTAIN
    return Quality.GOOD


@settings(max_examples=50)
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
    assert judged.tolist() == [scalar_quality(code | info, number) for code, info, number in rows]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0x00000000, Quality.GOOD),
        (0x00000480, Quality.GOOD),  # info bits: overflow
        (0x00960000, Quality.UNCERTAIN),  # Good_LocalOverride: somebody forced it
        (0x40000000, Quality.UNCERTAIN),
        (0x40900000, Quality.STALE),  # LastUsableValue
        (0x40910000, Quality.UNCERTAIN),  # SubstituteValue
        (0x40930000, Quality.UNCERTAIN),  # SensorNotAccurate
        (0x40940000, Quality.UNCERTAIN),  # EngineeringUnitsExceeded
        (0x80000000, Quality.BAD),
        (0x80050000, Quality.BAD),  # CommunicationError
        (0x80310000, Quality.BAD),  # NoCommunication
        (0x80890000, Quality.BAD),  # ConfigurationError
        (0x808A0000, Quality.BAD),  # NotConnected
        (0x808B0000, Quality.BAD),  # DeviceFailure
        (0x808C0000, Quality.BAD),  # SensorFailure
        (0x808D0000, Quality.BAD),  # OutOfService
        (0xC0000000, Quality.BAD),  # reserved severity
    ],
)
def test_quality_of_the_statuses_that_matter(status: int, expected: Quality) -> None:
    assert wire.quality(np.array([status], np.uint32), np.array([1.0]))[0] == expected


def test_infinity_and_no_number_are_bad_even_when_the_server_says_good() -> None:
    assert set(wire.quality(np.zeros(3, np.uint32), np.array([np.nan, np.inf, -np.inf]))) == {Quality.BAD}


def test_filetime_at_its_edges() -> None:
    edges = [0, -1, 1, 2**63 - 1, 116_444_736_000_000_000, 116_444_736_000_000_001, FILETIME_2020]
    edges += [24_211_015_631_452_242, 24_211_015_631_452_241, 208_678_456_368_547_758, 208_678_456_368_547_759]
    assert wire.filetime_to_ns(np.array(edges, np.int64)).tolist() == [expected_time(each) for each in edges]
    for each in edges:  # alone, where there is nothing to make an exception for
        assert wire.filetime_to_ns(np.array([each], np.int64)).tolist() == [expected_time(each)]
    assert wire.filetime_to_ns(np.empty(0, np.int64)).tolist() == []


def test_filetime_there_and_back() -> None:
    time_ns = 1_600_000_000_123_456_700
    assert wire.filetime_to_ns(np.array([wire.filetime_of(time_ns)], np.int64)).tolist() == [time_ns]


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
