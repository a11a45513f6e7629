"""Windows of these kinds over a restart and over another rule set: what is remembered goes on, an outage is a gap."""

from dataclasses import replace

import numpy as np
import pytest

from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.memory import Memory
from rules.port import Rule
from rules.restore import restore
from rules.stored import StoredPart, state_part
from rules.swap import swap
from tests.rules.kinds.engine_run import Run
from tests.rules.kinds.movement_rules import LEAK, PLANT, STUCK, UNPLANNED
from tests.rules.kinds.test_balance import BASE as BALANCE
from tests.rules.kinds.test_balance import PLANT as METERED
from tests.rules.kinds.test_forecast import BASE as MINUTES
from tests.rules.plants import SECOND, START_WALL_NS

RULES: dict[str, tuple[Rule, Rule, dict[str, float]]] = {
    "stuck": (STUCK, replace(STUCK, id="other"), {"LT": 5.0, "XV": 1.0}),
    "unplanned": (UNPLANNED, replace(UNPLANNED, id="other"), {"LT": 5.0, "XV": 0.0}),
    "leak": (LEAK, replace(LEAK, id="other"), {"LT": 5.0, "XV": 0.0}),
    "minutes": (
        replace(MINUTES, tag="LT", limit=11.0), replace(MINUTES, id="other", tag="LT", limit=3.0), {"LT": 5.0},
    ),
    "balance": (
        replace(BALANCE, maximum_gap_ns=8 * SECOND),
        replace(BALANCE, id="other", tolerance_m3=1.0),
        {"LT_1": 5.0, "FI_1": 0.0, "FO_1": 0.0},
    ),
}  # fmt: skip
KINDS = pytest.mark.parametrize("kind", list(RULES))


def played(kind: str, seconds: int = 40) -> Run:
    rule, _, readings = RULES[kind]
    run = Run(rule, METERED if kind == "balance" else PLANT)
    run.play(seconds, **readings)
    assert run.seen[-1] == (1 if kind == "stuck" else 0)
    return run


@KINDS
def test_another_rule_set_keeps_the_windows_of_unchanged_rules(kind: str) -> None:
    run = played(kind)
    rule, other, readings = RULES[kind]
    both = compile_rules([other, rule], run.plant)
    run.memory = swap(run.rule_set, run.memory, both, run.now_ns)
    run.rule_set = both
    run.play(1, **readings)
    verdicts, _ = evaluate(both, run.frozen, run.memory, run.now_ns)
    assert verdicts.condition[1] == (1 if kind == "stuck" else 0), "it goes on"
    assert verdicts.condition[0] == 2, "a new one has seen nothing yet"


def restored(run: Run, outage_s: int) -> None:
    """The process ends, and starts again after `outage_s`."""
    part = state_part(run.rule_set, run.memory, 0, START_WALL_NS + run.now_ns)
    assert isinstance(part, StoredPart)
    run.now_ns += outage_s * SECOND
    active = {run.rule_set.ids[0]: bool(run.memory.holds.active[0])}
    found = restore(run.rule_set, [part], active, run.now_ns, START_WALL_NS + run.now_ns)
    assert found.rules == run.rule_set.ids
    assert isinstance(found.memory, Memory)
    run.memory = found.memory


@KINDS
def test_a_short_outage_is_a_short_gap(kind: str) -> None:
    run = played(kind)
    restored(run, 2)
    assert run.play(1, **RULES[kind][2]) == (1 if kind == "stuck" else 0)


@KINDS
def test_a_long_outage_is_a_window_that_is_not_covered(kind: str) -> None:
    run = played(kind)
    restored(run, 300)
    run.play(2, **RULES[kind][2])
    verdicts, _ = evaluate(run.rule_set, run.frozen, run.memory, run.now_ns)
    assert verdicts.condition[0] == 2
    assert run.play(30, **RULES[kind][2]) == (1 if kind == "stuck" else 0)


@KINDS
def test_nothing_that_is_remembered_can_be_written(kind: str) -> None:
    run = played(kind)
    for array in run.memory.states[0].values():
        assert isinstance(array, np.ndarray)
        assert not array.flags.writeable
        assert array.shape[0] == 1
