"""Mistakes looked for in columns: what is found flawless has no mistake, and what has none is found flawless."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.catalog import KINDS, Delays, Limit, LimitKind, NoUpdate, Rule
from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.errors import RuleError, RulesRefusedError
from rules.kinds.limits import LimitKindOf
from rules.kinds.rates import RateOfChange
from rules.port import QuickKind
from tests.rules.plants import SECOND, table, tag

PLANT = table(
    tag("A"),
    tag("B", low=-5.0, high=5.0),
    tag("FREE", low=0.0, high=0.0),
    tag("X", discrete=True),
    tag("SLOW", period_ns=60 * SECOND),
)
tags = st.sampled_from(["A", "A", "A", "B", "B", "FREE", "SLOW", "X", "NOPE"])
numbers = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 4.0, 5.0, 5.5, 20.0, 50.0, 100.0, 101.0, math.nan, math.inf])
limits = st.builds(
    Limit, id=st.just("l"), tag=tags, kind=st.sampled_from(["LL", "L", "H", "HH"]), set_point=numbers,
    dead_band=st.one_of(st.just(0.0), st.just(0.5), numbers),
)  # fmt: skip
no_updates = st.builds(NoUpdate, id=st.just("n"), tag=tags, after_ns=st.sampled_from([-1, 0, 1, SECOND, 60 * SECOND]))
rates = st.builds(
    RateOfChange, id=st.just("r"), tag=tags, direction=st.just("rise"), limit=numbers, dead_band=numbers,
    window_ns=st.sampled_from([0, 4 * SECOND - 1, 4 * SECOND, 240 * SECOND]),
    minimum_coverage=st.sampled_from([-0.1, 0.0, 0.5, 0.6]),
)  # fmt: skip
LADDER_AT: list[tuple[LimitKind, float]] = [("LL", 1.0), ("L", 5.0), ("H", 50.0), ("HH", 100.0)]
LADDER = [Limit(id="l", tag="A", kind=kind, set_point=at, dead_band=1.0) for kind, at in LADDER_AT]


def has_mistakes(rules: list[Any]) -> bool:
    kind = KINDS[type(rules[0])]
    alone = [error for rule in rules for error in kind.errors(rule, PLANT)]
    return bool(alone or list(kind.set_errors(rules, PLANT)))


def found_flawless(rules: list[Any], plant: TagTable = PLANT) -> bool:
    kind = KINDS[type(rules[0])]
    assert isinstance(kind, QuickKind)
    return kind.flawless(rules, plant)


@settings(max_examples=300, deadline=None)
@given(rules=st.lists(limits, min_size=1, max_size=5))
@example(rules=LADDER)
@example(rules=[*LADDER[:3], Limit(id="l", tag="A", kind="HH", set_point=50.0)])
@example(rules=[LADDER[0], Limit(id="l", tag="A", kind="L", set_point=1.5)])
def test_limits(rules: list[Limit]) -> None:
    twice = len({(rule.tag, rule.kind) for rule in rules}) < len(rules)
    if found_flawless(rules):
        assert not has_mistakes(rules) and not twice
    else:
        assert has_mistakes(rules) or twice


@settings(max_examples=100, deadline=None)
@given(rules=st.lists(no_updates, min_size=1, max_size=4))
def test_times_without_update(rules: list[NoUpdate]) -> None:
    assert found_flawless(rules) is not has_mistakes(rules)


@settings(max_examples=200, deadline=None)
@given(rules=st.lists(rates, min_size=1, max_size=3))
@example(rules=[RateOfChange(id="r", tag="A", direction="rise", limit=1.0, window_ns=4 * SECOND)])
def test_rates(rules: list[RateOfChange]) -> None:
    assert found_flawless(rules) is not has_mistakes(rules)


@pytest.mark.parametrize("rule", [LADDER[0], NoUpdate(id="n", tag="A", after_ns=SECOND)])
def test_a_plant_without_tags_has_no_rule_without_mistake(rule: Rule) -> None:
    assert not found_flawless([rule], table())


def test_mistakes_of_quick_and_other_kinds_are_told_in_the_order_of_the_rules() -> None:
    wrong: list[Rule] = [
        NoUpdate(id="a", tag="NOPE", after_ns=SECOND),
        Limit(id="b", tag="X", kind="H", set_point=1.0),
        NoUpdate(id="c", tag="A", after_ns=0),
        Limit(id="d", tag="A", kind="H", set_point=500.0, delays=Delays(on_delay_ns=-1)),
        RateOfChange(id="e", tag="A", direction="fall", limit=-1.0, window_ns=8 * SECOND),
        Limit(id="d", tag="A", kind="L", set_point=1.0),
    ]
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules(wrong, PLANT)
    told = [(error.rule_id, error.field) for error in refused.value.errors]
    assert told == [
        ("a", "tag"),
        ("b", "kind"),
        ("c", "set_point"),
        ("d", "on_delay_s"),
        ("d", "set_point"),
        ("e", "limit"),
        ("d", "id"),
    ]


def test_only_kinds_with_a_mistake_are_asked_rule_by_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = LimitKindOf.errors

    def noted(kind: LimitKindOf, rule: Limit, plant: TagTable) -> Iterator[RuleError]:
        asked.append(rule.id)
        return real(kind, rule, plant)

    monkeypatch.setattr(LimitKindOf, "errors", noted)
    rules: list[Rule] = [Limit(id="b", tag="A", kind="H", set_point=1.0), NoUpdate(id="n", tag="A", after_ns=SECOND)]
    compile_rules(rules, PLANT)
    with pytest.raises(RulesRefusedError):
        compile_rules([*rules, NoUpdate(id="c", tag="A", after_ns=0)], PLANT)
    assert asked == []
    with pytest.raises(RulesRefusedError):
        compile_rules([*rules, Limit(id="c", tag="NOPE", kind="H", set_point=1.0)], PLANT)
    assert asked == ["b", "c"]
