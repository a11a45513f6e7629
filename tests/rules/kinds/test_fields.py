"""Columns of one field of many rules: as a plain list would give them, and nobody writes to them."""

import math

import numpy as np
import pytest

from rules.catalog import Delays, Limit
from rules.kinds.fields import beside, field, positions, tag_rows
from tests.rules.plants import table, tag

PLANT = table(tag("LT-1"), tag("LT-2"))
RULES = [
    Limit(id="a", tag="LT-2", kind="HH", set_point=9.0, delays=Delays(on_delay_ns=7)),
    Limit(id="b", tag="nowhere", kind="L", set_point=math.nan),
    Limit(id="c", tag="LT-1", kind="H", set_point=1.0, dead_band=0.5),
]


def test_a_field_is_told_rule_by_rule() -> None:
    assert field(RULES, "dead_band", np.float64).tolist() == [0.0, 0.0, 0.5]
    assert field(RULES, "delays.on_delay_ns", np.int64).tolist() == [7, 0, 0]
    assert field(RULES, "kind", np.int8, {"HH": 3, "H": 2, "L": 1}.__getitem__).tolist() == [3, 1, 2]
    assert math.isnan(field(RULES, "set_point", np.float64)[1])


def test_a_tag_that_the_table_does_not_have_has_no_row() -> None:
    assert tag_rows(RULES, PLANT).tolist() == [1, -1, 0]
    assert tag_rows([], PLANT).tolist() == []


def test_positions_are_those_of_the_pairs() -> None:
    assert positions([(4, RULES[0]), (9, RULES[2])]).tolist() == [4, 9]


def test_columns_stand_side_by_side() -> None:
    one, other = np.array([1, 2, 3]), np.array([4, 5, 6])
    assert beside(one, other).tolist() == [[1, 4], [2, 5], [3, 6]]
    one[0] = 0
    assert beside(one, other)[0].tolist() == [0, 4]


@pytest.mark.parametrize(
    "column",
    [field(RULES, "set_point", np.float64), tag_rows(RULES, PLANT), positions([(0, RULES[0])]), beside(np.zeros(2))],
)
def test_no_column_can_be_written_to(column: np.ndarray) -> None:
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 1
