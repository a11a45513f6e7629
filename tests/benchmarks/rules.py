"""The rule engine against memory: a sweep of the fixed workload beside `np.copyto` of 67 bytes a point, in one run."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rules.columns.snapshot import Snapshot
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.memory import Memory
from tests.benchmarks import prometheus, replay
from tests.benchmarks.figures import Figure, median, of_runs, percentile
from tests.benchmarks.object_loop import PointLoop, points_of
from tests.benchmarks.rules_workload import QUIET, STORMY, SWEEP_NS, Plant, rules_of, table_of

COPIED: Final = 67
"""Bytes a point of the yardstick: what the no-change band of a point takes (value, bounds, times, states)."""
BLOCK: Final = 16
"""Sweeps of one sample: references of the rate rules move every fourth or so, and each sample has some of them."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured; the smoke test measures little."""

    points: int = 100_000
    many: int = 1_000_000
    warm_up: int = 140
    """Sweeps before the first that counts: windows of a rate must be covered."""
    blocks: int = 8
    loop_points: int = 2_000
    played: replay.Size = field(default_factory=replay.Size)
    against: prometheus.Size | None = field(default_factory=prometheus.Size)
    """None: not beside Prometheus."""


@dataclass(kw_only=True)
class Run:
    """Blocks of sweeps of one workload with the yardstick between them; CPU seconds of the one thread."""

    points: int
    rules: int = 0
    compiled: float = 0.0
    """CPU seconds of `compile_rules`."""
    sweeps: list[float] = field(default_factory=list)
    copies: list[float] = field(default_factory=list)
    loops: list[float] = field(default_factory=list)
    """The object loop over its points, a sweep."""
    transitions: int = 0

    def blocks(self, of: list[float]) -> list[float]:
        """Mean of each block."""
        return [sum(of[at : at + BLOCK]) / BLOCK for at in range(0, len(of), BLOCK)]

    def ratios(self) -> list[float]:
        """Sweep by copy, of each block."""
        return [sweep / copy for sweep, copy in zip(self.blocks(self.sweeps), self.blocks(self.copies), strict=True)]


def measure(points: int, share: float, size: Size, blocks: int, loop_points: int = 0) -> Run:
    """Sweep the workload, the yardstick after each sweep, and the object loop over its first points."""
    gc.collect()
    gc.disable()  # a million points are seven million objects, and all of them stay
    rules, table = rules_of(points), table_of(points)
    loop = points_of(rules_of(loop_points)) if loop_points else []
    begun = time.thread_time()
    rule_set = compile_rules(rules, table)
    run, plant = Run(points=points, rules=len(rules), compiled=time.thread_time() - begun), Plant(points, share)
    memory, before = Memory.fresh(rule_set, plant.now_ns), np.zeros(len(rules), np.uint8)
    source, target = np.ones(COPIED * points, np.uint8), np.zeros(COPIED * points, np.uint8)
    try:
        for number, seen in enumerate(plant.sweeps(size.warm_up + blocks * BLOCK)):
            begun = time.thread_time()
            verdicts, memory = evaluate(rule_set, seen, memory, seen.mono_ns)
            swept = time.thread_time() - begun
            copied = _timed(lambda: np.copyto(target, source))
            looped = _loop(loop, seen) if loop else 0.0
            if number >= size.warm_up:
                run.sweeps.append(swept)
                run.copies.append(copied)
                run.loops.append(looped)
                run.transitions += int((verdicts.verdict[verdicts.changed] != before[verdicts.changed]).sum())
            before = verdicts.verdict
    finally:
        gc.enable()
    return run


def _timed(work: Callable[[], object]) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def _loop(loop: list[PointLoop], seen: Snapshot) -> float:
    count = len(loop)
    values, qualities = seen.value[:count].tolist(), seen.quality[:count].tolist()
    received, now_ns = seen.received_mono_ns[:count].tolist(), seen.mono_ns
    begun = time.thread_time()
    for point, value, quality, received_ns in zip(loop, values, qualities, received, strict=True):
        point.step(value, quality, received_ns, now_ns)
    return time.thread_time() - begun


def run(size: Size) -> tuple[list[Figure], list[str]]:
    """All figures of the sweep."""
    quiet = measure(size.points, QUIET, size, size.blocks, size.loop_points)
    stormy = measure(size.points, STORMY, size, size.blocks)
    many = measure(size.many, QUIET, size, max(1, size.blocks // 4))
    per_point = [block / size.points * 1e9 for block in quiet.blocks(quiet.sweeps)]
    loops = [block / max(1, size.loop_points) * 1e9 for block in quiet.blocks(quiet.loops)]
    by_copy = f"median of blocks of {BLOCK} sweeps; np.copyto of {COPIED} B a point after each sweep; CPU time"
    figures = [
        of_runs("rules.quiet_x_copy", quiet.ratios(), "x", by_copy),
        of_runs("rules.stormy_x_copy", stormy.ratios(), "x", by_copy),
        of_runs(
            "rules.sweep_100k_ms", [block * 1e3 for block in quiet.blocks(quiet.sweeps)], "ms", "quiet, mean of a block"
        ),
        of_runs("rules.stormy_100k_ms", [block * 1e3 for block in stormy.blocks(stormy.sweeps)], "ms", "stormy"),
        of_runs(
            "rules.sweep_1m_ms", [block * 1e3 for block in many.blocks(many.sweeps)], "ms", "quiet, 1 000 000 points"
        ),
        of_runs("rules.quiet_1m_x_copy", many.ratios(), "x", "the same by its own copy"),
        of_runs("rules.compile_1m_s", [many.compiled], "s", f"{many.rules} rules checked and turned into arrays"),
        of_runs("rules.ns_per_point", per_point, "ns", "quiet, all rules of a point and its share of the others"),
        of_runs(
            "rules.x_python_loop",
            [one / other for one, other in zip(loops, per_point, strict=True)],
            "x",
            f"objects in a loop over {size.loop_points} points, limits, no update and rate only, by a point of the engine",
        ),
    ]
    played, said = replay.figures(size.played)
    notes = [_note("quiet", quiet), _note("stormy", stormy), _note("1 000 000 points, quiet", many), *said]
    beside, said = prometheus.figures(size.against) if size.against is not None else ([], [])
    return [*figures, *played, *beside], [*notes, *said]


def _note(name: str, measured: Run) -> str:
    sweeps = [sweep * 1e3 for sweep in measured.sweeps]
    share = measured.transitions / len(sweeps) / measured.points * 100
    return (
        f"{name}: {measured.points} points, {measured.rules} rules, a sweep each {SWEEP_NS / 1e6:g} ms with every value new, "
        f"{share:.3f} % verdicts change a sweep; sweep median {median(sweeps):.2f}, p99 {percentile(sweeps, 99):.2f} ms; "
        f"copy {median(measured.copies) * 1e3:.3f} ms; one process, one thread"
    )
