"""The benchmark of the rules with few points: its workload judges, its names stand, the object loop does the same work."""

import numpy as np

from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.memory import Memory
from rules.port import PointGroup
from tests.benchmarks import replay, rules
from tests.benchmarks.object_loop import points_of
from tests.benchmarks.rules_workload import Plant, rules_of, table_of

NAMES = (
    "rules.quiet_x_copy", "rules.stormy_x_copy", "rules.sweep_100k_ms", "rules.sweep_1m_ms", "rules.ns_per_point",
    "rules.x_python_loop", "rules.replay_x_realtime", "rules.replay_samples_per_s",
)  # fmt: skip
PLAYED = replay.Size(seconds=40, runs=1, sweep_by_sweep=10)


def test_the_figures_have_their_names() -> None:
    figures, notes = rules.run(
        rules.Size(points=400, many=400, warm_up=4, blocks=1, loop_points=50, played=PLAYED, against=None)
    )
    assert {figure.name for figure in figures} >= set(NAMES)
    assert all(figure.value > 0 for figure in figures)
    assert "0." in notes[0] and "% verdicts change" in notes[0]


def test_the_object_loop_decides_what_the_engine_decides() -> None:
    """Limits with dead band and delays: the same number of changes at each sweep, once all windows are covered."""
    made = [rule for rule in rules_of(300) if type(rule).__name__ in ("Limit", "NoUpdate", "RateOfChange")]
    rule_set, loop, plant = compile_rules(made, table_of(300)), points_of(made), Plant(300, 0.02)
    limits = next(group.position for kind, group in rule_set.groups if kind.__name__ == "Limit")
    assert all(isinstance(group, PointGroup) for _, group in rule_set.groups)
    memory, seen_changes = Memory.fresh(rule_set, plant.now_ns), 0
    for number, seen in enumerate(plant.sweeps(60)):
        before = memory.holds.active
        _, memory = evaluate(rule_set, seen, memory, seen.mono_ns)
        changes = int((memory.holds.active != before)[limits].sum())
        for point, value in zip(loop, seen.value.tolist(), strict=True):
            point.step(value, 0, seen.mono_ns, seen.mono_ns)
        active = np.array([limit.active for point in loop for limit in point.limits])
        assert memory.holds.active[limits].tolist() == active.tolist(), number
        seen_changes += changes
    assert seen_changes > 100
