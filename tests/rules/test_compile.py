import math

import pytest

from rules.catalog import BadQuality, Bypassed, Delays, DiscreteState, Limit, LimitKind, NoUpdate, Rule
from rules.compile import compile_rules
from rules.errors import RuleError, RulesRefusedError
from rules.kinds.bypasses import BypassedGroup
from rules.kinds.limits import LimitGroup
from tests.rules.plants import SECOND, table, tag

PLANT = table(
    tag("LT-101A", high=14.0),
    tag("XS-101", discrete=True),
    tag("HS-101", discrete=True),
    tag("FREE", low=0.0, high=0.0),
)


def limit(name: str, kind: LimitKind, set_point: float, dead_band: float = 0.0, on: str = "LT-101A") -> Limit:
    return Limit(id=name, tag=on, kind=kind, set_point=set_point, dead_band=dead_band)


def errors_of(*rules: Rule) -> list[RuleError]:
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules(rules, PLANT)
    return list(refused.value.errors)


def test_a_good_set_keeps_its_order_and_becomes_read_only_arrays() -> None:
    rules: list[Rule] = [
        NoUpdate(id="n", tag="LT-101A", after_ns=5 * SECOND),
        limit("h", "H", 12.0, 0.5),
        Bypassed(id="b", bits=(("XS-101", 0), ("HS-101", 1))),
        limit("l", "L", 2.0, 0.25),
        DiscreteState(id="s", tag="XS-101", abnormal_state=1, delays=Delays(on_delay_ns=7, off_delay_ns=8)),
        BadQuality(id="q", tag="LT-101A"),
    ]
    rule_set = compile_rules(rules, PLANT)
    assert rule_set.ids == ("n", "h", "b", "l", "s", "q")
    groups = dict(rule_set.groups)
    limits, bypasses = groups[Limit], groups[Bypassed]
    assert isinstance(limits, LimitGroup)
    assert isinstance(bypasses, BypassedGroup)
    assert limits.position.tolist() == [1, 3]
    assert limits.row.tolist() == [0, 0]
    assert limits.threshold.tolist() == [12.0, -2.0]
    assert limits.return_threshold.tolist() == [11.5, -2.25]
    assert limits.limit.tolist() == [12.0, 2.0]
    assert bypasses.bit_row.tolist() == [1, 2]
    assert rule_set.on_delay_ns.tolist() == [0, 0, 0, 0, 7, 0]
    assert rule_set.off_delay_ns.tolist() == [0, 0, 0, 0, 8, 0]
    assert list(zip(rule_set.input_rule.tolist(), rule_set.input_row.tolist(), strict=True)) == [
        (0, 0), (1, 0), (2, 1), (2, 2), (3, 0), (4, 1), (5, 0),
    ]  # fmt: skip
    for column in (rule_set.input_row, limits.threshold, bypasses.first_bit):
        assert not column.flags.writeable


def test_an_empty_set_compiles() -> None:
    assert len(compile_rules((), PLANT)) == 0


def test_every_mistake_is_told_at_once() -> None:
    told = errors_of(
        limit("a", "H", 99.0),
        limit("a", "L", 1.0, -1.0),
        DiscreteState(id="b", tag="LT-101A", abnormal_state=3),
        BadQuality(id="c", tag="NOPE", delays=Delays(on_delay_ns=-1, off_delay_ns=-1)),
        Bypassed(id="d", bits=(("NOPE", 2), ("LT-101A", 0))),
    )
    assert {(error.rule_id, error.field) for error in told} == {
        ("a", "set_point"), ("a", "id"), ("a", "dead_band"), ("b", "kind"), ("b", "set_point"), ("c", "on_delay_s"),
        ("c", "off_delay_s"), ("c", "tag"), ("d", "bypass"), ("d", "bypassed_when"),
    }  # fmt: skip
    assert len(told) == 11


@pytest.mark.parametrize(
    ("rule", "field", "word"),
    [
        (limit("x", "H", 1.0, on="NOPE"), "tag", "NOPE"),
        (limit("x", "H", 1.0, on="XS-101"), "kind", "analog"),
        (DiscreteState(id="x", tag="LT-101A", abnormal_state=1), "kind", "discrete"),
        (DiscreteState(id="x", tag="XS-101", abnormal_state=2), "set_point", "0 or 1"),
        (limit("x", "H", 14.01), "set_point", "outside the range 0 to 14 m"),
        (limit("x", "L", -0.01), "set_point", "outside"),
        (limit("x", "H", math.nan), "set_point", "not a number"),
        (limit("x", "H", math.inf, on="FREE"), "set_point", "not a number"),
        (limit("x", "H", 12.0, -0.1), "dead_band", "0 or more"),
        (limit("x", "H", 12.0, math.nan), "dead_band", "0 or more"),
        (limit("x", "H", 12.0, 12.0), "dead_band", "no way to return"),
        (limit("x", "L", 2.0, 12.0), "dead_band", "no way to return"),
        (NoUpdate(id="x", tag="LT-101A", after_ns=SECOND - 1), "set_point", "scan class period"),
        (NoUpdate(id="x", tag="LT-101A", after_ns=-1), "set_point", "scan class period"),
        (Bypassed(id="x", bits=()), "bypass", "no bypass bit"),
        (Bypassed(id="x", bits=(("XS-101", 0), ("XS-101", 1))), "bypass", "twice"),
        (Bypassed(id="x", bits=(("LT-101A", 0),)), "bypass", "discrete"),
        (Bypassed(id="x", bits=(("XS-101", 5),)), "bypassed_when", "0 or 1"),
        (BadQuality(id="x", tag="LT-101A", delays=Delays(on_delay_ns=-1)), "on_delay_s", "negative"),
        (BadQuality(id="x", tag="LT-101A", delays=Delays(off_delay_ns=-1)), "off_delay_s", "negative"),
    ],
)
def test_one_mistake_gives_one_error_that_names_the_field(rule: Rule, field: str, word: str) -> None:
    (error,) = errors_of(rule)
    assert (error.rule_id, error.field) == ("x", field)
    assert word in error.en
    assert str(error).startswith(f"x: {field}: ")


@pytest.mark.parametrize("kind", ["HH", "H", "L", "LL"])
@pytest.mark.parametrize("set_point", [0.0, 14.0])
def test_the_ends_of_the_range_are_inside(kind: LimitKind, set_point: float) -> None:
    assert len(compile_rules([limit("x", kind, set_point)], PLANT)) == 1


def test_a_tag_without_a_range_takes_any_set_point_and_dead_band() -> None:
    assert len(compile_rules([limit("x", "H", 1e9, 1e9, on="FREE")], PLANT)) == 1


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        (("H", 12.0), ("HH", 12.0), "HH"),
        (("HH", 11.0), ("H", 12.0), "HH"),
        (("L", 2.0), ("LL", 2.0), "LL"),
        (("LL", 3.0), ("L", 2.0), "LL"),
        (("L", 12.0), ("H", 12.0), "L"),
        (("LL", 13.0), ("HH", 12.0), "LL"),
        (("L", 13.0), ("HH", 12.0), "HH"),
        (("LL", 13.0), ("H", 12.0), "LL"),
    ],
)
def test_limits_of_one_tag_stand_in_order(
    first: tuple[LimitKind, float], second: tuple[LimitKind, float], wrong: str
) -> None:
    (error,) = errors_of(*(limit(kind, kind, set_point) for kind, set_point in (first, second)))
    assert (error.rule_id, error.field) == (wrong, "set_point")


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        ((limit("HH", "HH", 13.0, 1.0), limit("H", "H", 12.0)), "HH"),
        ((limit("LL", "LL", 1.0, 1.5), limit("L", "L", 2.0)), "LL"),
        ((limit("H", "H", 8.0, 6.0), limit("L", "L", 2.0)), "H"),
        ((limit("H", "H", 8.0), limit("L", "L", 2.0, 6.0)), "L"),
    ],
)
def test_a_dead_band_ends_before_the_next_limit_on_its_way_back(rules: tuple[Limit, ...], wrong: str) -> None:
    (error,) = errors_of(*rules)
    assert (error.rule_id, error.field) == (wrong, "dead_band")


def test_the_dead_band_of_the_inner_limit_does_not_mind_the_outer_one() -> None:
    rules = [limit("HH", "HH", 12.1), limit("H", "H", 12.0, 1.0), limit("L", "L", 2.0, 1.0), limit("LL", "LL", 1.9)]
    assert len(compile_rules(rules, PLANT)) == 4
