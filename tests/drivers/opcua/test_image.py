"""What was said last of each node, against a dictionary of it."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.opcua import wire
from drivers.opcua.image import Image, rounds

NAN = float("nan")


def said(*values: float, status: int = 0, texts: tuple[tuple[int, str], ...] = ()) -> wire.Columns:
    return wire.Columns(
        value=np.array(values),
        status=np.full(len(values), status, np.uint32),
        source_time_ns=np.arange(len(values), dtype=np.int64),
        texts=texts,
    )


def places(*numbers: int) -> Any:
    return np.array(numbers, np.intp)


def test_what_was_said_last_stands() -> None:
    image = Image(3)
    image.take(places(0, 1, 2), said(1.0, 2.0, 3.0), notified=False)
    image.take(places(2, 0), said(30.0, 10.0, status=0x40000000), notified=True)
    shown = image.columns(places(0, 1, 2))
    assert shown.value.tolist() == [10.0, 2.0, 30.0]
    assert shown.status.tolist() == [0x40000000, 0, 0x40000000]
    assert shown.source_time_ns.tolist() == [1, 1, 0]


def test_a_text_stays_with_its_node_until_it_says_something_else() -> None:
    image = Image(2)
    image.take(places(0, 1), said(NAN, NAN, texts=((0, "open"), (1, "auto"))), notified=False)
    image.take(places(1), said(5.0), notified=True)
    assert image.columns(places(1, 0)).texts == ((1, "open"),)


def test_differing_are_those_that_moved_beyond_their_dead_band_or_changed_their_status() -> None:
    image = Image(5)
    image.take(places(0, 1, 2, 3, 4), said(1.0, 1.0, NAN, NAN, 1.0), notified=True)
    before = image.columns(places(0, 1, 2, 3, 4))
    image.take(places(0, 1, 2, 3), said(1.5, 1.6, NAN, 1.0), notified=False)
    image.take(places(4), said(1.0, status=0x80000000), notified=False)
    assert image.differing(places(0, 1, 2, 3, 4), before, np.full(5, 0.5)).tolist() == [1, 3, 4]


def test_silent_are_those_that_nobody_told_of_since_they_were_read() -> None:
    image = Image(3)
    image.take(places(0, 1, 2), said(1.0, 1.0, 1.0), notified=False)
    image.take(places(1), said(2.0), notified=True)
    assert image.silent(places(0, 1, 2)).tolist() == [0, 2]


@settings(max_examples=50)
@given(st.lists(st.integers(0, 4), max_size=12))
def test_each_change_of_a_node_is_in_a_round_of_its_own_in_order(handles: list[int]) -> None:
    expected: list[list[int]] = []
    seen: dict[int, int] = {}
    for position, handle in enumerate(handles):
        number = seen.get(handle, 0)
        seen[handle] = number + 1
        if number == len(expected):
            expected.append([])
        expected[number].append(position)
    assert [found.tolist() for found in rounds(np.array(handles, np.uint32))] == expected
