"""One rule in the engine, second by second."""

from collections.abc import Callable

import numpy as np

from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain
from rules.memory import Memory
from rules.port import Rule
from tests.rules.kinds.movement_rules import PLANT
from tests.rules.kinds.series import GOOD, START_NS
from tests.rules.plants import SECOND, snapshot


class Run:
    """One rule in the engine, second by second."""

    def __init__(self, rule: Rule, plant: TagTable = PLANT) -> None:
        self.plant, self.rule_set = plant, compile_rules([rule], plant)
        self.memory, self.now_ns = Memory.fresh(self.rule_set, START_NS), START_NS
        self.seen: list[int] = []

    def play(self, seconds: int, **readings: Callable[[int], float] | float) -> int:
        """Readings by tag (`_` for `-`), a number or a function of the second; returns the last verdict."""
        for at in range(seconds):
            self.now_ns += SECOND
            values = {
                name.replace("_", "-"): (of(at) if callable(of) else of, GOOD) for name, of in readings.items()
            }  # fmt: skip
            self.frozen = snapshot(self.plant, self.now_ns, values)
            verdicts, self.memory = evaluate(self.rule_set, self.frozen, self.memory, self.now_ns)
            self.seen.append(int(verdicts.verdict[0]))
        self.evidence = verdicts.look_up(np.array([0]))
        return self.seen[-1]

    def told(self) -> tuple[str, str]:
        found = explain(self.rule_set, self.rule_set.ids[0], self.frozen, self.memory, self.now_ns)
        return found.zh, found.en


MINUTES = 60
