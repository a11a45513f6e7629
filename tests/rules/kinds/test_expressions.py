"""The rule kind `expression`: settling, what goes with its alarm, memory, explanations, mistakes."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rules.catalog import KINDS, Delays
from rules.compile import compile_rules
from rules.errors import RulesRefusedError
from rules.evaluate import evaluate, explain, next_deadline_ns
from rules.kinds.expressions import Expression, ExpressionGroup
from rules.language.conditions import ExpressionRefusedError, parse_condition
from rules.memory import Memory
from rules.restore import restore
from rules.stored import delays_part, state_part
from rules.verdicts import Verdict
from tests.rules.language.oracle import Tree, text_of
from tests.rules.language.test_oracle import MODE_TEXTS, PLANT, History, histories, played, truths
from tests.rules.plants import SECOND, START_WALL_NS, snapshot, table, tag

GOOD, UNCERTAIN, BAD = 0, 1, 2
FALSE, TRUE, UNKNOWN = 0, 1, 2
TANK = table(
    tag("LT-1"),
    tag("FT-1", period_ns=2 * SECOND),
    tag("XV-1", discrete=True),
)
FILLING = Expression(id="filling", when="tag('XV-1') == 1 and tag('FT-1') > 5 for 3 s")


def play(rule: Expression, series: list[dict[str, tuple[float, int]]]) -> list[int]:
    rule_set, found = compile_rules([rule], TANK), []
    memory = Memory.fresh(rule_set, 0)
    readings: dict[str, tuple[float, int, int]] = {}
    for second, changes in enumerate(series, start=1):
        readings |= {name: (value, quality, second * SECOND) for name, (value, quality) in changes.items()}
        verdicts, memory = evaluate(rule_set, snapshot(TANK, second * SECOND, readings), memory, second * SECOND)
        found.append(int(verdicts.verdict[0]))
    return found


def test_a_rule_over_several_tags_settles_for_the_longest_scan_class_period() -> None:
    both = Expression(id="both", when="tag('XV-1') == 1 and tag('FT-1') > 5")
    one = Expression(id="one", when="tag('FT-1') > 5")
    readings = {"XV-1": (1.0, GOOD), "FT-1": (9.0, GOOD)}
    assert play(both, [readings, {}, {}, {}]) == [FALSE, FALSE, TRUE, TRUE]
    assert play(one, [readings, {}, {}, {}]) == [TRUE, TRUE, TRUE, TRUE]


def test_the_deadline_of_a_running_time_is_told() -> None:
    rule_set = compile_rules([replace(FILLING, when="tag('FT-1') > 5 for 3 s")], TANK)
    memory = Memory.fresh(rule_set, 0)
    _, memory = evaluate(rule_set, snapshot(TANK, 10 * SECOND, {"FT-1": (9.0, GOOD)}), memory, 10 * SECOND)
    assert next_deadline_ns(rule_set, memory) == 13 * SECOND
    before, _ = evaluate(rule_set, snapshot(TANK, 13 * SECOND - 1, {"FT-1": (9.0, GOOD)}), memory, 13 * SECOND - 1)
    then, _ = evaluate(rule_set, snapshot(TANK, 13 * SECOND, {"FT-1": (9.0, GOOD)}), memory, 13 * SECOND)
    assert (before.verdict.tolist(), then.verdict.tolist()) == ([FALSE], [TRUE])


def test_the_tag_that_was_read_last_and_all_tags_go_with_the_alarm() -> None:
    rule_set = compile_rules(
        [Expression(id="x", when="tag('LT-1') > 5 and tag('FT-1') > 5 or is_on(tag('XV-1'))")], TANK
    )
    readings = {"LT-1": (9.0, UNCERTAIN, 8 * SECOND), "FT-1": (9.0, GOOD, 7 * SECOND), "XV-1": (0.0, GOOD, 6 * SECOND)}
    verdicts, _ = evaluate(rule_set, snapshot(TANK, 9 * SECOND, readings), Memory.fresh(rule_set, 0), 9 * SECOND)
    assert verdicts.condition.tolist() == [TRUE]
    assert dict(verdicts.details) == {0: ("LT-1", "FT-1", "XV-1")}
    evidence = verdicts.look_up(np.array([0]))
    assert evidence.quality.tolist() == [UNCERTAIN]
    assert evidence.received_wall_ns.tolist() == [START_WALL_NS + 8 * SECOND]


def test_a_time_that_runs_goes_on_after_a_restart() -> None:
    rule_set = compile_rules([FILLING], TANK)
    memory = Memory.fresh(rule_set, 0)
    readings = {"XV-1": (1.0, GOOD), "FT-1": (9.0, GOOD)}
    for second in (10, 11, 12):
        frozen = snapshot(TANK, second * SECOND, readings)
        _, memory = evaluate(rule_set, frozen, memory, second * SECOND)
    state = state_part(rule_set, memory, 0, START_WALL_NS)
    assert state is not None
    parts = (delays_part(rule_set, memory, START_WALL_NS), state)
    # another process: mono time begins anew, no wall time was lost
    restored = restore(rule_set, parts, {}, 500 * SECOND, START_WALL_NS)
    assert restored.rules == ("filling",)
    verdicts, after = evaluate(rule_set, snapshot(TANK, 501 * SECOND, readings), restored.memory, 501 * SECOND)
    assert verdicts.condition.tolist() == [TRUE]
    told = explain(rule_set, "filling", snapshot(TANK, 501 * SECOND, readings), after, 501 * SECOND)
    assert "XV-1 (1) == 1 TRUE and FT-1 = 9 > 5 TRUE) for 3 s (3 s so far) TRUE" in told.en
    assert "持续 3 s（已 3 s） 成立" in told.zh


def test_an_outage_counts_for_no_time() -> None:
    rule_set = compile_rules([FILLING], TANK)
    memory = Memory.fresh(rule_set, 0)
    readings = {"XV-1": (1.0, GOOD), "FT-1": (9.0, GOOD)}
    for second in (10, 11, 12):
        _, memory = evaluate(rule_set, snapshot(TANK, second * SECOND, readings), memory, second * SECOND)
    state = state_part(rule_set, memory, 0, START_WALL_NS)
    assert state is not None
    # an hour later: two of three seconds are counted, as for an on-delay
    memory = restore(rule_set, (state,), {}, 500 * SECOND, START_WALL_NS + 3600 * SECOND).memory
    found = []
    for second in (501, 502, 503):
        verdicts, memory = evaluate(rule_set, snapshot(TANK, second * SECOND, readings), memory, second * SECOND)
        found.append(int(verdicts.condition[0]))
    assert found == [FALSE, TRUE, TRUE]


def test_a_mode_that_changes_is_another_rule() -> None:
    """Its text is part of the rule, so that a memory of the old meaning is not taken over."""
    first = Expression(id="x", when="mode('m')", modes=(("m", "tag('FT-1') > 5"),))
    second = Expression(id="x", when="mode('m')", modes=(("m", "tag('FT-1') > 6"),))
    assert first != second
    assert play(first, [{"FT-1": (5.5, GOOD)}]) == [TRUE]
    assert play(second, [{"FT-1": (5.5, GOOD)}]) == [FALSE]


def test_a_mistake_is_refused_with_its_column() -> None:
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules([Expression(id="x", when="tag('LT-1') > tag('LT-9')")], TANK)
    (error,) = refused.value.errors
    assert (error.rule_id, error.field) == ("x", "when")
    assert error.en.startswith("column 20: there is no tag 'LT-9'")


def test_an_explanation_has_the_numbers() -> None:
    rule_set = compile_rules(
        [Expression(id="x", when="not (tag('LT-1') - 2 * tag('LT-1') > 0) and good(tag('FT-1'))")], TANK
    )
    frozen = snapshot(TANK, SECOND, {"LT-1": (3.0, UNCERTAIN), "FT-1": (9.0, BAD)})
    _, memory = evaluate(rule_set, frozen, Memory.fresh(rule_set, 0), SECOND)
    told = explain(rule_set, "x", frozen, memory, SECOND)
    assert told.condition == Verdict.FALSE
    assert "LT-1 = 3 (uncertain)" in told.en
    assert "good(FT-1 = 9 (bad)) FALSE" in told.en
    assert told.inputs == ("LT-1", "FT-1")
    assert [(figure.en, figure.value) for figure in told.figures] == [("LT-1", 3.0), ("FT-1", 9.0)]


def test_a_thousand_of_one_shape_are_judged_as_one() -> None:
    plant = table(*(tag(f"T-{n}") for n in range(1000)), *(tag(f"X-{n}", discrete=True) for n in range(1000)))
    texts = [f"tag('T-{n}') > {n % 7} and tag('X-{n}') == {n % 2} for {n % 5 + 1} s" for n in range(1000)]
    made = [Expression(id=f"e-{n}", when=text) for n, text in enumerate(texts)]
    group = KINDS[Expression].group(list(enumerate(made)), plant)
    assert isinstance(group, ExpressionGroup)
    assert len(group.columns.shapes) == 1


def conditions_of(trees: list[Tree]) -> list[Expression]:
    made = []
    for number, tree in enumerate(trees):
        try:
            condition = parse_condition(text_of(tree), PLANT, MODE_TEXTS)
        except ExpressionRefusedError:
            continue
        delays = Delays(on_delay_ns=number % 2 * SECOND)
        made.append(Expression(id=f"e-{number}", when=condition.text, modes=condition.modes, delays=delays))
    assume(made)
    return made


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(trees=st.lists(truths, min_size=2, max_size=5), history=histories, order=st.randoms(use_true_random=False))
def test_the_order_of_the_rules_and_judging_twice_do_not_matter(
    trees: list[Tree], history: History, order: random.Random
) -> None:
    made = conditions_of(trees)
    shuffled = list(made)
    order.shuffle(shuffled)
    found = []
    for rules, times in ((made, 1), (shuffled, 2)):
        rule_set = compile_rules(rules, PLANT)
        memory, steps = Memory.fresh(rule_set, 5 * SECOND), []
        for moment, points in played(history):
            readings = {name: (point.value, point.quality, point.received_ns) for name, point in points.items()}
            frozen = snapshot(PLANT, moment.mono_ns, readings)
            for _ in range(times):
                verdicts, memory = evaluate(rule_set, frozen, memory, moment.mono_ns)
            steps.append(dict(zip(rule_set.ids, verdicts.condition.tolist(), strict=True)))
        found.append(steps)
    assert found[0] == found[1]
