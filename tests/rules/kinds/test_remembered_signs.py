"""Agreement and early signs go on after a restart with what they remembered, and after a swap whatever the others have."""

from dataclasses import replace

import numpy as np
import pytest

from rules.catalog import Rule
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds.cusum import Cusum
from rules.kinds.drift import Drift
from rules.kinds.first_out import Cause
from rules.kinds.load_cuts import LoadCut
from rules.kinds.stops import Stop
from rules.kinds.variance import Variance
from rules.memory import Memory
from rules.restore import restore
from rules.stored import StoredPart, delays_part, state_part
from rules.swap import swap
from tests.rules.kinds.test_change_points import PLANT, START_NS, shot
from tests.rules.plants import SECOND, START_WALL_NS

CAUSES = (Cause(tag="PT", low=5.0), Cause(tag="P.RUN", state=0))
RULES: list[Rule] = [
    Cusum(id="cusum", tag="FT", least_sigma=0.5, learn_samples=20, sample_ns=SECOND, decision=4.0),
    Variance(id="variance", tag="FT", least_sigma=0.5, window_ns=40 * SECOND, learn_windows=1),
    Drift(id="drift", tag="FT", others=("PT",), tolerance=20.0, window_ns=170 * SECOND),
    LoadCut(id="cut", tag="FT", drop_percent=30.0, within_ns=10 * SECOND, reference_ns=64 * SECOND, causes=CAUSES),
    Stop(id="stop", tag="FT", threshold=5.0, after_ns=5 * SECOND, reference_ns=64 * SECOND, causes=CAUSES),
]


def row(second: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A plant with noise that is cut at 150 s, stops at 200 s and runs again at 260 s."""
    noise = float(np.random.default_rng(second).normal(0.0, 1.0))
    flow = 100.0 if second < 150 else 60.0 if second < 200 else 0.0 if second < 260 else 100.0
    return np.array([flow + noise, 90.0 if second < 148 else 3.0, float(second < 149), 0.0, 20.0])


def run(rules: list[Rule], memory: Memory, seconds: range) -> tuple[Memory, list[list[int]]]:
    rule_set, seen = compile_rules(rules, PLANT), []
    for second in seconds:
        now = START_NS + second * SECOND
        verdicts, memory = evaluate(rule_set, shot(PLANT, row(second), now), memory, now)
        seen.append(verdicts.condition.tolist())
    return memory, seen


@pytest.mark.parametrize("at", [10, 60, 149, 155, 203, 230, 262])
def test_a_stored_memory_goes_on_as_if_nothing_had_happened(at: int) -> None:
    rule_set = compile_rules(RULES, PLANT)
    before, _ = run(RULES, Memory.fresh(rule_set, START_NS), range(at))
    wall_ns = START_WALL_NS + before.holds.mono_ns
    stored = [state_part(rule_set, before, place, wall_ns) for place in range(len(rule_set.groups))]
    parts: list[StoredPart] = [delays_part(rule_set, before, wall_ns), *(part for part in stored if part is not None)]
    active = dict(zip(rule_set.ids, before.holds.active.tolist(), strict=True))
    restored = restore(rule_set, parts, active, before.holds.mono_ns, wall_ns)
    assert set(restored.rules) == set(rule_set.ids) and restored.left_out == ()
    for one, other in zip(restored.memory.states, before.states, strict=True):
        for name, kept in other.items():
            np.testing.assert_array_equal(one[name], kept, err_msg=name)
    _, told = run(RULES, restored.memory, range(at, 300))
    _, wanted = run(RULES, before, range(at, 300))
    assert told[1:] == wanted[1:]


def test_a_rule_with_more_causes_takes_nothing_from_the_others() -> None:
    rule_set = compile_rules(RULES, PLANT)
    before, _ = run(RULES, Memory.fresh(rule_set, START_NS), range(160))
    stop = RULES[-1]
    assert isinstance(stop, Stop)
    more = replace(stop, id="stop-2", causes=(*CAUSES, Cause(tag="XV", state=1), Cause(tag="TT", high=50.0)))
    wider = [*RULES, more]
    after = swap(rule_set, before, compile_rules(wider, PLANT), before.holds.mono_ns)
    _, told = run(wider, after, range(160, 300))
    _, wanted = run(RULES, before, range(160, 300))
    assert [conditions[:-1] for conditions in told] == wanted
