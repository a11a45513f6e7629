"""Recordings of the simulated plant, made in memory: what replay tests and benchmarks play."""

from collections.abc import Iterator

import numpy as np

from monitor.replay.series import NO_READING, Sweeps
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from rules.columns.tags import TagTable
from simulators.plant.plant import Plant
from tests.rules.plants import SECOND, START_WALL_NS


def recording(table: TagTable, seconds: int, *, block: int = 512, seed: int = 7) -> Iterator[Sweeps]:
    """The healthy simulated plant at 1 Hz; tags that it does not have are never read."""
    plant = Plant(np.random.default_rng(seed))
    for first in range(0, seconds, block):
        count = min(block, seconds - first)
        value = np.full((count, len(table)), np.nan)
        quality = np.full((count, len(table)), NO_READING, np.uint8)
        for at in range(count):
            plant.step(1.0)
            for name, number in plant.read().items():
                row = table.row_of.get(name)
                if row is not None:
                    value[at, row], quality[at, row] = number, 0
        wall_ns = START_WALL_NS + (first + np.arange(count, dtype=np.int64)) * SECOND
        yield Sweeps(wall_ns=wall_ns, value=value, quality=quality)


def batch_of(sweeps: Sweeps, at: int, mono_ns: int) -> ReadingBatch:
    """One sweep of a recording as a driver would have delivered it."""
    rows = np.flatnonzero(sweeps.quality[at] != NO_READING).astype(np.int32)
    return ReadingBatch(
        device="PLC-1",
        received_mono_ns=mono_ns,
        received_wall_ns=int(sweeps.wall_ns[at]),
        origin=Origin.LIVE,
        row=rows,
        value=sweeps.value[at][rows],
        quality=sweeps.quality[at][rows],
        status=np.zeros(rows.size, np.uint32),
        source_time_ns=np.full(rows.size, NO_TIME, np.int64),
    )
