"""The incident of the simulated plant against the demo plant's own rules: the stuck gauge is told before the switch trips.

No servers: the plant steps, its readings go through Latest and the engine as a driver would deliver them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers import registry
from monitor.plant.folder import read_plant
from monitor.plant.plant import Plant
from rules.columns.latest import Latest
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain
from rules.kinds.balance import MassBalance
from rules.kinds.forecast import MinutesToLimit
from rules.kinds.movement import Leak, Stuck, UnplannedMovement
from rules.memory import Memory
from rules.verdicts import Verdict
from simulators.plant.buncefield import Buncefield
from simulators.plant.plant import Plant as SimulatedPlant
from tests.rules.plants import SECOND, START_WALL_NS, batch

DEMO = Path(__file__).parents[2] / "monitor" / "plant" / "demo"
MINE = (Stuck, UnplannedMovement, Leak, MinutesToLimit, MassBalance)


@pytest.fixture(scope="module")
def demo() -> Plant:
    return read_plant(DEMO, registry).plant


class Watch:
    """The rules of these families, fed with what the simulated plant shows."""

    def __init__(self, demo: Plant, seed: int) -> None:
        self.table = demo.tags
        self.rule_set = compile_rules([rule for rule in demo.rules if isinstance(rule, MINE)], demo.tags)
        self.latest, self.farm = Latest(demo.tags), SimulatedPlant(np.random.default_rng(seed))
        self.now_ns = 1000 * SECOND
        self.memory = Memory.fresh(self.rule_set, self.now_ns)
        self.raised: dict[str, int] = {}
        """Alarm -> when its verdict was TRUE first."""
        self.decided: set[str] = set()
        """Alarms that were FALSE once."""

    def step(self, dt_ns: int) -> None:
        self.farm.step(dt_ns / SECOND)
        self.now_ns += dt_ns
        shown = self.farm.read()
        due = [
            row
            for row, tag in enumerate(self.table.tags)
            if tag.id in shown and self.now_ns % tag.scan_period_ns < dt_ns
        ]  # fmt: skip
        self.latest.apply(batch(due, [shown[self.table.ids[row]] for row in due], mono_ns=self.now_ns))
        self.frozen = self.latest.freeze(self.now_ns, START_WALL_NS + self.now_ns)
        verdicts, self.memory = evaluate(self.rule_set, self.frozen, self.memory, self.now_ns)
        for name, verdict in zip(verdicts.ids, verdicts.verdict, strict=True):
            if verdict == Verdict.TRUE:
                self.raised.setdefault(name, self.now_ns)
            elif verdict == Verdict.FALSE:
                self.decided.add(name)

    def incident(self) -> Iterator[str]:
        """Plays the incident, answered as soon as it can be; gives the stages as they begin."""
        buncefield, dt_ns = Buncefield(), SECOND // 5
        while not buncefield.is_over:
            began = buncefield.advance(self.farm, dt_ns / SECOND)
            buncefield.answer()
            if began is not None:
                yield began
            self.step(dt_ns)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_stuck_gauge_is_told_before_the_switch_trips(demo: Plant, seed: int) -> None:
    watch = Watch(demo, seed)
    for _ in range(60):
        watch.step(SECOND)
    began = {}
    for stage in watch.incident():
        began[stage] = watch.now_ns
        if stage == "switch_tripped":
            told = explain(watch.rule_set, "LT-101A.stuck", watch.frozen, watch.memory, watch.now_ns)
            assert told.condition == Verdict.TRUE
    raised_ns = watch.raised["LT-101A.stuck"]
    assert began["gauge_stuck"] < raised_ns < began["switch_tripped"]
    assert raised_ns - began["gauge_stuck"] <= 8 * SECOND
    assert set(watch.raised) == {"LT-101A.stuck"}


def test_the_alarm_returns_when_the_repaired_gauge_moves(demo: Plant) -> None:
    watch = Watch(demo, 4)
    for _ in range(30):
        watch.step(SECOND)
    for stage in watch.incident():
        if stage in ("draining", "drained"):  # the transfer is over, the gauge still stands: not well
            active = watch.memory.holds.active[watch.rule_set.ids.index("LT-101A.stuck")]
            assert active, stage
    for _ in range(60):
        watch.step(SECOND)
    assert not watch.memory.holds.active[watch.rule_set.ids.index("LT-101A.stuck")]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_healthy_plant_raises_none_of_them_and_all_can_be_judged(demo: Plant) -> None:
    watch = Watch(demo, 7)
    for _ in range(4800):
        watch.step(SECOND)
    assert watch.raised == {}
    assert watch.decided == set(watch.rule_set.ids)
