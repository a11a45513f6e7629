"""Which way is taken when, what is remembered, and that what is remembered is never believed unseen."""

import numpy as np
import pytest

from drivers.errors import BadFrameError
from drivers.opcua.decoder import Decoder
from tests.drivers.opcua.encoding import BOOLEAN, DOUBLE, Item

BAD = Item(11, None, 0x808C0000, None, None, None, None)


def encoded(items: list[Item]) -> bytes:
    """The values alone, and what always follows them."""
    return b"".join(item.encode() for item in items) + b"\xff\xff\xff\xff"


@pytest.mark.parametrize(
    ("items", "how"),
    [
        ([DOUBLE] * 50, "runs"),
        ([DOUBLE] * 20 + [BAD] + [DOUBLE] * 20, "runs"),
        ([DOUBLE, BOOLEAN] * 2, "runs"),
        ([DOUBLE, BOOLEAN] * 20, "template"),
        ([BAD] * 3, "runs"),
        ([], "runs"),
    ],
)
def test_few_layouts_go_by_runs_and_many_by_a_template(items: list[Item], how: str) -> None:
    decoder = Decoder(has_handles=False)
    sheet, end = decoder.take(encoded(items), 0, len(items))
    assert decoder.how == how
    assert end == len(encoded(items)) - 4
    np.testing.assert_array_equal(sheet.value, [item.number for item in items])


def test_a_layout_that_comes_back_is_still_known() -> None:
    decoder = Decoder(has_handles=False)
    mixed = [DOUBLE, BOOLEAN] * 20
    decoder.take(encoded(mixed), 0, 40)
    (known,) = decoder._templates.values()
    for items in ([DOUBLE] * 40, mixed):  # for a while all are alike, then as before
        sheet, _ = decoder.take(encoded(items), 0, 40)
        np.testing.assert_array_equal(sheet.value, [item.number for item in items])
    assert list(decoder._templates.values()) == [known]
    assert decoder.how == "template"


def test_a_new_layout_of_as_many_values_takes_the_place_of_the_old() -> None:
    decoder = Decoder(has_handles=False)
    for items in ([DOUBLE, BOOLEAN] * 20, [BOOLEAN, DOUBLE] * 20):
        for _ in range(2):
            sheet, _ = decoder.take(encoded(items), 0, 40)
            np.testing.assert_array_equal(sheet.value, [item.number for item in items])
    assert len(decoder._templates) == 1


def test_only_so_many_layouts_are_remembered() -> None:
    decoder = Decoder(has_handles=False)
    for count in range(10, 60, 2):
        decoder.take(encoded([DOUBLE, BOOLEAN] * (count // 2)), 0, count)
    assert len(decoder._templates) == 8
    assert 58 in decoder._templates


@pytest.mark.parametrize("items", [[DOUBLE] * 30, [DOUBLE, BOOLEAN] * 15])
def test_an_answer_that_ends_early_is_refused_by_either_way(items: list[Item]) -> None:
    decoder = Decoder(has_handles=False)
    body = encoded(items)
    decoder.take(body, 0, 30)
    for length in (0, 1, 30, len(body) // 2, len(body) - 6):
        with pytest.raises(BadFrameError):
            decoder.take(body[:length], 0, 30)
    with pytest.raises(BadFrameError):
        decoder.take(body, 0, 2**31 - 1)


def test_columns_can_be_written_and_outlive_the_answer() -> None:
    decoder = Decoder(has_handles=False)
    for items in ([DOUBLE] * 5, [DOUBLE, BOOLEAN] * 5):
        body = bytearray(encoded(items))
        sheet, _ = decoder.take(bytes(body), 0, len(items))
        columns = sheet.columns(0)
        for column in (columns.value, columns.status, columns.source_time_ns):
            assert column.flags.writeable
            assert column.flags.c_contiguous
            assert column.base is None or column.base.flags.owndata
