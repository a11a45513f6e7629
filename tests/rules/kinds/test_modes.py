"""HH, H, L, LL with a set-point for each mode."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from rules.catalog import KINDS
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain, next_deadline_ns
from rules.kinds.modes import InMode, ModeLimit
from rules.memory import Memory
from tests.rules.kinds.checks import Points, agrees, block_is_sweep_by_sweep
from tests.rules.kinds.oracle_setpoints import by_mode
from tests.rules.kinds.readings import FALSE, GOOD, STALE, TRUE, UNCERTAIN, UNKNOWN, Sweep, sweeps_of
from tests.rules.kinds.twins import twins
from tests.rules.plants import SECOND, snapshot, table, tag

PLANT = table(tag("LT-1"), tag("LT-2"), tag("XV-1", discrete=True), tag("XV-2", discrete=True))
MODES = (("filling", "tag('XV-1') == 1"), ("resting", "not mode('filling')"), ("shipping", "tag('XV-2') == 1"))
values = st.sampled_from([0.0, 19.9, 20.0, 45.0, 49.5, 50.0, 79.5, 80.0, 100.0, math.nan, math.inf, -math.inf])


@st.composite
def mode_limits(draw: st.DrawFn) -> list[ModeLimit]:
    rules: list[ModeLimit] = []
    set_points = st.sampled_from([20.0, 50.0, 80.0])
    for number in range(draw(st.integers(1, 4))):
        names = draw(st.permutations([name for name, _ in MODES]))[: draw(st.integers(1, 3))]
        rules.append(
            ModeLimit(
                id=f"r{number}",
                tag=draw(st.sampled_from(["LT-1", "LT-2"])),
                kind=draw(st.sampled_from(["HH", "H", "L", "LL"])),
                set_point=draw(set_points),
                in_modes=tuple(InMode(mode=name, set_point=draw(set_points)) for name in names),
                modes=MODES,
                dead_band=draw(st.sampled_from([0.0, 0.5, 5.0])),
            )
        )
    return rules


def check(rules: list[ModeLimit], history: list[Sweep]) -> None:
    def oracle(points: Points, active: Sequence[bool], now_ns: int) -> list[int]:
        return [by_mode(rule, points, held) for rule, held in zip(rules, active, strict=True)]

    agrees(rules, PLANT, history, oracle)
    block_is_sweep_by_sweep(rules, PLANT, history)


test_arrays_agree_with_the_oracle, test_arrays_agree_with_the_oracle_for_long = twins(
    check, 60, rules=mode_limits(), history=sweeps_of(PLANT, values, most=15)
)


RULE = ModeLimit(
    id="LT-1.H",
    tag="LT-1",
    kind="H",
    set_point=80.0,
    in_modes=(InMode(mode="filling", set_point=50.0),),
    modes=MODES,
)


@pytest.mark.parametrize(
    ("level", "valve", "wanted", "limit"),
    [
        (60.0, (1.0, GOOD), TRUE, 50.0),
        (60.0, (0.0, GOOD), FALSE, 80.0),
        (60.0, (0.0, UNCERTAIN), TRUE, 50.0),  # it may be filling: the strictest counts
        (60.0, (0.0, STALE), TRUE, 50.0),
        (49.0, (0.0, STALE), FALSE, 50.0),  # FALSE in every mode it may be
        (85.0, (0.0, STALE), TRUE, 50.0),
    ],
)
def test_the_strictest_of_what_may_be(level: float, valve: tuple[float, int], wanted: int, limit: float) -> None:
    rule_set, now = compile_rules([RULE], PLANT), 10 * SECOND
    frozen = snapshot(PLANT, now, {"LT-1": (level, GOOD), "XV-1": valve})
    verdicts, memory = evaluate(rule_set, frozen, Memory.fresh(rule_set, now), now)
    assert verdicts.condition.tolist() == [wanted]
    assert verdicts.evidence().limit.tolist() == [limit]
    told = explain(rule_set, "LT-1.H", frozen, memory, now)
    assert told.inputs == ("LT-1", "XV-1")
    assert "filling (50)" in told.en and f"condition: >= {limit:g}" in told.en


@pytest.mark.parametrize(("mode", "valve"), [("filling", 1.0), ("resting", 0.0)])
@pytest.mark.parametrize(("quality", "wanted", "limit"), [(GOOD, FALSE, 80.0), (UNCERTAIN, TRUE, 50.0)])
def test_an_uncertain_reading_loosens_no_limit(
    mode: str, valve: float, quality: int, wanted: int, limit: float
) -> None:
    loose = replace(RULE, set_point=50.0, in_modes=(InMode(mode=mode, set_point=80.0),))
    rule_set, now = compile_rules([loose], PLANT), 10 * SECOND
    frozen = snapshot(PLANT, now, {"LT-1": (60.0, GOOD), "XV-1": (valve, quality)})
    verdicts, _ = evaluate(rule_set, frozen, Memory.fresh(rule_set, now), now)
    assert verdicts.condition.tolist() == [wanted]
    assert verdicts.evidence().limit.tolist() == [limit]


def test_a_mode_that_must_last_is_remembered_and_tells_when_it_is_due() -> None:
    modes = (("filling", "tag('XV-1') == 1 for 10 s"),)
    rule_set = compile_rules([replace(RULE, modes=modes)], PLANT)
    assert not rule_set.groups[0][1].timeless
    memory, said = Memory.fresh(rule_set, SECOND), []
    for second in range(1, 14):
        frozen = snapshot(PLANT, second * SECOND, {"LT-1": (60.0, GOOD), "XV-1": (1.0, GOOD)})
        verdicts, memory = evaluate(rule_set, frozen, memory, second * SECOND)
        said.append(int(verdicts.condition[0]))
        if second == 3:
            assert next_deadline_ns(rule_set, memory) == 11 * SECOND
    assert said == [FALSE] * 10 + [TRUE] * 3
    assert UNKNOWN not in said


@pytest.mark.parametrize(
    ("changes", "field", "word"),
    [
        ({"tag": "NO"}, "tag", "no tag"),
        ({"tag": "XV-1"}, "tag", "discrete"),
        ({"set_point": 101.0}, "set_point", "outside the range 0 to 100 m"),
        ({"set_point": math.nan}, "set_point", "outside"),
        ({"dead_band": -1.0}, "dead_band", "0 or more"),
        ({"in_modes": ()}, "set_points", "1 to 8"),
        ({"in_modes": RULE.in_modes * 2}, "set_points", "each once"),
        ({"modes": ()}, "set_points", "filling"),
        ({"modes": (("filling", "tag('NO') == 1"),)}, "set_points", "NO"),
    ],
)
def test_mistakes(changes: dict[str, object], field: str, word: str) -> None:
    (error,) = KINDS[ModeLimit].errors(replace(RULE, **changes), PLANT)  # type: ignore[arg-type]  # fields by name
    assert (error.rule_id, error.field) == ("LT-1.H", field)
    assert word in error.en
