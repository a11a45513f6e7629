"""Groups whose inputs did not change are not judged again, and say the same."""

from collections.abc import Mapping

import numpy as np
import pytest

from rules.catalog import Bypassed, Delays, Rule
from rules.columns.snapshot import Snapshot
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds.bypasses import BypassedGroup
from rules.kinds.comparisons import Deviation
from rules.memory import Memory
from tests.rules.plants import SECOND, snapshot, table, tag

PLANT = table(tag("A"), tag("B"), tag("XS", discrete=True), tag("FREE"))
RULES: tuple[Rule, ...] = (
    Deviation(id="d", tag="A", against=("B",), limit=5.0, dead_band=2.0),
    Bypassed(id="b", bits=(("XS", 1),), delays=Delays(on_delay_ns=2 * SECOND)),
)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A mark for every time the group of bypasses is really judged."""
    times: list[int] = []
    real = BypassedGroup.judge

    def counted(group: BypassedGroup, *arguments: object) -> object:
        times.append(1)
        return real(group, *arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(BypassedGroup, "judge", counted)
    return times


def seen(mono_s: float, values: Mapping[str, float], received_s: Mapping[str, float] | None = None) -> Snapshot:
    late = received_s or {}
    readings = {name: (value, 0, round(late.get(name, 1.0) * SECOND)) for name, value in values.items()}
    return snapshot(PLANT, round(mono_s * SECOND), readings)


def test_a_group_is_judged_again_only_when_something_that_it_reads_changed(judged: list[int]) -> None:
    rule_set = compile_rules(RULES, PLANT)
    memory, quiet = Memory.fresh(rule_set, SECOND), {"A": 1.0, "B": 1.0, "XS": 0.0, "FREE": 3.0}
    found = []
    for at, values in enumerate((quiet, quiet, quiet | {"FREE": 9.0}, quiet | {"XS": 1.0}, quiet | {"XS": 1.0})):
        verdicts, memory = evaluate(rule_set, seen(2 + at, values), memory, (2 + at) * SECOND)
        found.append((len(judged), verdicts.condition.tolist()))
    assert found == [(1, [0, 0]), (1, [0, 0]), (1, [0, 0]), (2, [0, 1]), (2, [0, 1])]
    verdicts, memory = evaluate(rule_set, seen(7, quiet | {"XS": 1.0}), memory, 7 * SECOND)
    assert verdicts.verdict.tolist() == [0, 1], "the delay ends although the group was not judged again"
    evaluate(rule_set, seen(8, quiet | {"XS": 1.0}), memory, 8 * SECOND)
    assert len(judged) == 3, "what was decided in between is another question: dead bands act on return"


def test_a_newer_reading_of_the_same_value_is_looked_at(judged: list[int]) -> None:
    rule_set = compile_rules(RULES, PLANT)
    values = {"A": 1.0, "B": 1.0, "XS": 0.0}
    _, memory = evaluate(rule_set, seen(2, values), Memory.fresh(rule_set, SECOND), 2 * SECOND)
    evaluate(rule_set, seen(3, values, {"XS": 2.5}), memory, 3 * SECOND)
    assert len(judged) == 2


def test_the_dead_band_acts_after_the_decision_without_a_new_reading() -> None:
    rule_set = compile_rules(RULES[:1], PLANT)
    _, memory = evaluate(rule_set, seen(2, {"A": 7.0, "B": 1.0}), Memory.fresh(rule_set, SECOND), 2 * SECOND)
    verdicts, memory = evaluate(rule_set, seen(3, {"A": 7.0, "B": 1.0}), memory, 3 * SECOND)
    verdicts, memory = evaluate(rule_set, seen(4, {"A": 4.5, "B": 1.0}, {"A": 3.5}), memory, 4 * SECOND)
    assert verdicts.condition.tolist() == [1], "inside the dead band"
    verdicts, _ = evaluate(rule_set, seen(5, {"A": 3.5, "B": 1.0}, {"A": 4.5}), memory, 5 * SECOND)
    assert verdicts.condition.tolist() == [0]


def test_a_memory_of_another_moment_is_not_believed(judged: list[int]) -> None:
    rule_set = compile_rules(RULES, PLANT)
    values = {"A": 1.0, "B": 1.0, "XS": 0.0}
    _, memory = evaluate(rule_set, seen(9, values), Memory.fresh(rule_set, SECOND), 9 * SECOND)
    evaluate(rule_set, seen(3, values), memory, 3 * SECOND)
    assert len(judged) == 2, "time went back"
    same = Memory(
        start_mono_ns=memory.start_mono_ns, holds=memory.holds, states=tuple(memory.states), awaiting=memory.awaiting,
        inputs_seen_good=memory.inputs_seen_good,
    )  # fmt: skip
    evaluate(rule_set, seen(10, values), same, 10 * SECOND)
    assert len(judged) == 3
    assert np.array_equal(same.holds.active, [False, False])
