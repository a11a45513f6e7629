"""HH, H, L, LL with a set-point from another tag."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from rules.catalog import KINDS
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain
from rules.kinds.setpoints import TagLimit
from rules.memory import Memory
from tests.rules.kinds.checks import Points, agrees, block_is_sweep_by_sweep
from tests.rules.kinds.oracle_setpoints import tag_limit
from tests.rules.kinds.readings import FALSE, GOOD, STALE, TRUE, UNCERTAIN, UNKNOWN, Sweep, sweeps_of
from tests.rules.kinds.twins import twins
from tests.rules.plants import SECOND, snapshot, table, tag

PLANT = table(tag("LT-1"), tag("LT-2"), tag("LC-1.SP"), tag("XS-1", discrete=True))
values = st.sampled_from([0.0, 19.9, 20.0, 20.5, 45.0, 50.0, 55.0, 80.0, 100.0, 101.0, math.nan, math.inf, -math.inf])


@st.composite
def tag_limits(draw: st.DrawFn) -> list[TagLimit]:
    rules: list[TagLimit] = []
    for number in range(draw(st.integers(1, 5))):
        measured, held = draw(st.permutations(["LT-1", "LT-2", "LC-1.SP"]))[:2]
        rules.append(
            TagLimit(
                id=f"r{number}",
                tag=measured,
                kind=draw(st.sampled_from(["HH", "H", "L", "LL"])),
                set_point_tag=held,
                set_point_minimum=draw(st.sampled_from([0.0, 20.0])),
                set_point_maximum=draw(st.sampled_from([55.0, 100.0])),
                fallback=draw(st.sampled_from([None, 20.0, 50.0])),
                dead_band=draw(st.sampled_from([0.0, 0.5, 5.0])),
            )
        )
    return rules


def check(rules: list[TagLimit], history: list[Sweep]) -> None:
    def oracle(points: Points, active: Sequence[bool], now_ns: int) -> list[int]:
        return [tag_limit(rule, points, held) for rule, held in zip(rules, active, strict=True)]

    agrees(rules, PLANT, history, oracle)
    block_is_sweep_by_sweep(rules, PLANT, history)


test_arrays_agree_with_the_oracle, test_arrays_agree_with_the_oracle_for_long = twins(
    check, 60, rules=tag_limits(), history=sweeps_of(PLANT, values)
)


RULE = TagLimit(
    id="LT-1.H", tag="LT-1", kind="H", set_point_tag="LC-1.SP", set_point_minimum=20.0, set_point_maximum=90.0
)


@pytest.mark.parametrize(
    ("level", "set_point", "fallback", "wanted"),
    [
        ((50.0, GOOD), (50.0, GOOD), None, TRUE),
        ((49.9, GOOD), (50.0, GOOD), None, FALSE),
        ((49.9, UNCERTAIN), (50.0, GOOD), None, UNKNOWN),
        ((49.9, GOOD), (50.0, UNCERTAIN), None, UNKNOWN),  # an uncertain set-point never makes FALSE
        ((50.0, UNCERTAIN), (50.0, UNCERTAIN), None, TRUE),
        ((99.0, GOOD), (50.0, STALE), None, UNKNOWN),
        ((99.0, GOOD), (50.0, STALE), 60.0, TRUE),
        ((59.0, GOOD), (50.0, STALE), 60.0, FALSE),
        ((99.0, GOOD), (99.0, GOOD), None, UNKNOWN),  # somebody typed a set-point beyond the bounds
        ((91.0, GOOD), (99.0, GOOD), 60.0, TRUE),
    ],
)
def test_which_set_point_holds(
    level: tuple[float, int], set_point: tuple[float, int], fallback: float | None, wanted: int
) -> None:
    rule_set = compile_rules([replace(RULE, fallback=fallback)], PLANT)
    now = 10 * SECOND
    frozen = snapshot(PLANT, now, {"LT-1": level, "LC-1.SP": set_point})
    verdicts, memory = evaluate(rule_set, frozen, Memory.fresh(rule_set, now), now)
    assert verdicts.condition.tolist() == [wanted]
    told = explain(rule_set, "LT-1.H", frozen, memory, now)
    assert told.condition == wanted
    assert told.inputs == ("LT-1", "LC-1.SP")
    from_tag = set_point[1] != STALE and 20.0 <= set_point[0] <= 90.0
    assert ("替代值" in told.zh) == ("fallback" in told.en) == (not from_tag)


def test_it_settles_for_the_slower_of_its_tags() -> None:
    slow = table(tag("LT-1"), tag("LC-1.SP", period_ns=5 * SECOND))
    assert compile_rules([RULE], slow).on_delay_ns.tolist() == [5 * SECOND]


@pytest.mark.parametrize(
    ("changes", "field", "word"),
    [
        ({"tag": "NO"}, "tag", "no tag"),
        ({"set_point_tag": "NO"}, "set_point_tag", "no tag"),
        ({"tag": "XS-1"}, "tag", "discrete"),
        ({"set_point_tag": "XS-1"}, "set_point_tag", "discrete"),
        ({"set_point_tag": "LT-1"}, "set_point_tag", "its own"),
        ({"dead_band": -1.0}, "dead_band", "0 or more"),
        ({"dead_band": math.nan}, "dead_band", "0 or more"),
        ({"set_point_minimum": 95.0}, "set_point_minimum", "no range"),
        ({"set_point_maximum": math.inf}, "set_point_minimum", "no range"),
        ({"fallback": 95.0}, "fallback", "outside"),
        ({"fallback": math.nan}, "fallback", "outside"),
    ],
)
def test_mistakes(changes: dict[str, object], field: str, word: str) -> None:
    (error,) = KINDS[TagLimit].errors(replace(RULE, **changes), PLANT)  # type: ignore[arg-type]  # fields by name
    assert (error.rule_id, error.field) == ("LT-1.H", field)
    assert word in error.en
