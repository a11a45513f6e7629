"""Rates of change against an oracle that keeps everything; the worked example of the documentation; mistakes and words."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import KINDS, Delays
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain
from rules.kinds.rates import COHORTS, RateOfChange
from rules.memory import Memory
from rules.port import Judged
from tests.rules.kinds.checks import Points, agrees
from tests.rules.kinds.oracle_rates import RateOracle
from tests.rules.kinds.readings import FALSE, TRUE, UNKNOWN, Point, Sweep, sweeps_of
from tests.rules.plants import SECOND, snapshot, table, tag

PLANT = table(tag("LT-1"), tag("PT-12"), tag("XS-1", discrete=True))
values = st.sampled_from([0.0, 1.0, 2.0, 10.0, 50.0, 51.0, 1e300, -1e300, math.nan, math.inf, -math.inf])
RULE = RateOfChange(id="r", tag="LT-1", direction="rise", limit=30.0, window_ns=60 * SECOND, dead_band=10.0)


@st.composite
def rates(draw: st.DrawFn) -> list[RateOfChange]:
    return [
        RateOfChange(
            id=f"r{number}",
            tag=draw(st.sampled_from(["LT-1", "PT-12"])),
            direction=draw(st.sampled_from(["rise", "fall", "either"])),
            limit=limit,
            window_ns=draw(st.sampled_from([4 * SECOND, 6 * SECOND, 20 * SECOND])),
            dead_band=draw(st.sampled_from([0.0, limit / 2])),
            minimum_coverage=draw(st.sampled_from([0.05, 0.25, 0.5])),
        )
        for number, limit in enumerate(draw(st.lists(st.sampled_from([1.0, 60.0, 600.0]), min_size=1, max_size=5)))
    ]


def check(rules: list[RateOfChange], history: list[Sweep]) -> list[Judged]:
    oracles = [RateOracle(rule) for rule in rules]

    def slow(points: Points, active: object, now_ns: int) -> list[int]:
        assert isinstance(active, tuple)
        return [oracle.condition(points[oracle.rule.tag], active[at]) for at, oracle in enumerate(oracles)]

    return agrees(rules, PLANT, history, slow)


@settings(max_examples=100, deadline=None)
@given(rules=rates(), history=sweeps_of(PLANT, values))
def test_rates_agree_with_the_oracle(rules: list[RateOfChange], history: list[Sweep]) -> None:
    check(rules, history)


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None)
@given(rules=rates(), history=sweeps_of(PLANT, values))
def test_rates_agree_with_the_oracle_at_length(rules: list[RateOfChange], history: list[Sweep]) -> None:
    check(rules, history)


def test_a_reading_from_before_the_last_has_no_reference_that_a_later_slot_took_the_place_of() -> None:
    """Found by the long run: received at 5, 9 and then 6 s, with slots of 1 s."""
    rule = RateOfChange(id="r", tag="LT-1", direction="rise", limit=1.0, window_ns=4 * SECOND, minimum_coverage=0.05)
    unread, idle = (Point(), Point()), (False,) * 8
    history = [Sweep(9 * SECOND, (Point(0.0, 0, at_s * SECOND), *unread), idle) for at_s in (5, 9, 6)]
    assert [judged.condition.tolist() for judged in check([rule], history)] == [[UNKNOWN]] * 3


def rule_with_slots_at_zero() -> RateOfChange:
    """A rule whose slots begin at 0, 15, 30 ... as in the documentation."""
    for number in range(100, 100_000, 100):
        rule = RateOfChange(id="rise", tag=f"PT-{number}", direction="rise", limit=30.0, window_ns=60 * SECOND,
                            dead_band=10.0, delays=Delays(on_delay_ns=2 * SECOND))  # fmt: skip
        if RateOracle(rule).slot(15 * SECOND) == 1 and RateOracle(rule).slot(15 * SECOND - 1) == 0:
            return rule
    raise AssertionError("no tag has this cohort")


def test_the_example_of_the_documentation() -> None:
    rule = rule_with_slots_at_zero()
    plant = table(tag(rule.tag))
    rule_set = compile_rules([rule], plant)
    memory, conditions, verdicts, values = Memory.fresh(rule_set, 0), {}, {}, {}
    start = 600 * SECOND  # a multiple of the window: the grid is that of mono time
    for second in range(260):
        value = 200.0 + min(max(second - 100, 0), 60)
        now = start + second * SECOND
        said, memory = evaluate(rule_set, snapshot(plant, now, {rule.tag: (value, 0)}), memory, now)
        conditions[second], verdicts[second] = int(said.condition[0]), int(said.verdict[0])
        values[second] = float(said.evidence().value[0])
    assert {conditions[second] for second in range(30)} == {UNKNOWN}
    assert conditions[30] == FALSE
    assert (conditions[124], conditions[125]) == (FALSE, TRUE)
    assert values[120] == pytest.approx(26.67, abs=0.01)
    assert values[125] == 30.0
    assert values[160] == 60.0
    assert next(second for second in verdicts if verdicts[second] == TRUE) == 127
    # after the end of the rise at second 160 the window moves over it
    returned = next(second for second in range(161, 260) if verdicts[second] == FALSE)
    assert values[returned] < 20.0 <= values[returned - 1]


def test_explained_in_words_and_numbers() -> None:
    rule_set = compile_rules([RULE], PLANT)
    memory, now = Memory.fresh(rule_set, 0), 0
    empty = explain(rule_set, "r", snapshot(PLANT, SECOND, {"LT-1": (5.0, 0)}), memory, SECOND)
    assert empty.condition == UNKNOWN
    assert "no good reading 30 s back" in empty.en
    for second in range(600, 660):
        now = second * SECOND
        seen = snapshot(PLANT, now, {"LT-1": (float(second), 0)})
        _, memory = evaluate(rule_set, seen, memory, now)
    told = explain(rule_set, "r", seen, memory, now)
    assert told.condition == TRUE
    assert "+60 a minute; alarm at a rise of 30 a minute, returns below 20" in told.en
    assert "每分钟 +60；上升每分钟 30 报警" in told.zh
    assert told.inputs == ("LT-1",)
    assert {figure.en: figure.value for figure in told.figures}["rate"] == 60.0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tag": "NOPE"}, "tag"),
        ({"tag": "XS-1"}, "tag"),
        ({"limit": 0.0}, "limit"),
        ({"limit": math.nan}, "limit"),
        ({"dead_band": 30.0}, "dead_band"),
        ({"dead_band": -1.0}, "dead_band"),
        ({"window_ns": 4 * SECOND - 1}, "window_s"),
        ({"minimum_coverage": 0.0}, "minimum_coverage"),
        ({"minimum_coverage": 0.6}, "minimum_coverage"),
    ],
)
def test_mistakes_name_their_field(change: dict[str, object], field: str) -> None:
    fields = {"id": "r", "tag": "LT-1", "direction": "rise", "limit": 30.0, "window_ns": 60 * SECOND} | change
    rule = RateOfChange(**fields)  # type: ignore[arg-type]  # fields by name
    assert [error.field for error in KINDS[RateOfChange].errors(rule, PLANT)] == [field]


def test_slots_of_many_rules_begin_at_different_times() -> None:
    oracles = [RateOracle(RateOfChange(id=f"r{n}", tag=f"LT-{n}", direction="rise", limit=1.0, window_ns=64 * SECOND))
               for n in range(0, 20_000, 100)]  # fmt: skip
    begins = {next(second for second in range(100, 200) if oracle.slot(second * SECOND) > oracle.slot(100 * SECOND))
              for oracle in oracles}  # fmt: skip
    assert len(begins) == COHORTS
