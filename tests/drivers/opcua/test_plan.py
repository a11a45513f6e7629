"""Addresses to scan classes: order, rows, scaling, even chunks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drivers.opcua.plan import NodeAddress, chunks, parse_node_address, plan
from tests.drivers.opcua.plant import Tag


def test_parts_of_an_address() -> None:
    assert parse_node_address(" nsu=urn:plc;s=a=b;c ") == NodeAddress("urn:plc", 0, "s", "a=b;c")
    assert parse_node_address("ns=4;i=17") == NodeAddress(None, 4, "i", "17")


def test_scan_classes_come_fastest_first_and_keep_rows() -> None:
    addresses = [
        Tag(tag="slow", row=7, address="i=1", scan_period_ns=1_000),
        Tag(tag="fast", row=3, address="i=2", scan_period_ns=200, type="bool"),
        Tag(tag="slow2", row=1, address="i=3", scan_period_ns=1_000),
    ]
    fast, slow = plan(addresses)
    assert (fast.period_ns, slow.period_ns) == (200, 1_000)
    assert fast.row.tolist() == [3]
    assert slow.row.tolist() == [7, 1]
    assert [node.identifier for node in slow.nodes] == ["1", "3"]
    assert fast.discrete.tolist() == [True]
    assert not slow.scaled
    assert plan([]) == ()


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_raw_ranges_are_exact_at_both_ends(raw_low: float, raw_span: float, low: float, span: float) -> None:
    tag = Tag(tag="a", row=0, address="i=1", raw_low=raw_low, raw_high=raw_low + raw_span, low=low, high=low + span)
    (scan_class,) = plan([tag])
    assert scan_class.scaled
    assert scan_class.to_eu(np.array([raw_low]))[0] == low
    np.testing.assert_allclose(scan_class.to_eu(np.array([raw_low + raw_span])), [low + span], rtol=1e-12, atol=1e-9)


def test_4_to_20_ma_counts() -> None:
    tag = Tag(tag="a", row=0, address="i=1", raw_low=0.0, raw_high=27648.0, low=0.0, high=16.0)
    plain = Tag(tag="b", row=1, address="i=2")
    (scan_class,) = plan([tag, plain])
    assert scan_class.to_eu(np.array([27648.0, -3.5])).tolist() == [16.0, -3.5]
    assert scan_class.to_eu(np.array([13824.0, 1e300])).tolist() == [8.0, 1e300]


@given(st.integers(0, 5000), st.integers(1, 1200))
def test_chunks_cover_everything_once_and_evenly(count: int, size: int) -> None:
    pieces = list(chunks(count, size))
    assert [index for piece in pieces for index in range(count)[piece]] == list(range(count))
    lengths = [piece.stop - piece.start for piece in pieces]
    assert not lengths or (max(lengths) <= size and max(lengths) - min(lengths) <= 1)
