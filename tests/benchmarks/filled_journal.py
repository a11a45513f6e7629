"""A journal as after a long time of work, written through the board and the store of the product."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from monitor.alarms.board import Board
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.transition import Transition
from monitor.clock import SystemClock
from monitor.plant.plant import Plant
from monitor.settings import Settings
from monitor.store.commit import Commit
from monitor.store.journal import JournalStore, open_journal
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME
from rules.verdicts import Evidence, Verdict, Verdicts
from tests.benchmarks.synthetic_plant import BEYOND, LIMIT, NORMAL

ROUND_NS: Final = 60_000_000_000
"""Between two rounds of the history that is made up."""
SYNCED: Final = bytes(4096)


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What was written, and what reading it back took."""

    rows: int
    active: int
    fill_s: float
    load_s: tuple[float, ...]
    """Each time the stored board was read, decoded and taken over by a new `Board`, in seconds."""


def verdicts(definitions: Sequence[AlarmDefinition], *, is_true: bool, wall_ns: int) -> Verdicts:
    """All alarms with a tag TRUE or FALSE, the generated ones FALSE."""
    count = len(definitions)
    tagged = np.array([definition.tag is not None for definition in definitions])
    verdict = np.where(tagged & is_true, Verdict.TRUE, Verdict.FALSE).astype(np.uint8)
    return Verdicts.dense(
        ids=tuple(definition.id for definition in definitions),
        verdict=verdict,
        condition=verdict,
        evidence=Evidence(
            value=np.where(tagged, BEYOND if is_true else NORMAL, np.nan),
            limit=np.where(tagged, LIMIT, np.nan),
            quality=np.full(count, Quality.GOOD, np.uint8),
            source_time_ns=np.full(count, NO_TIME, np.int64),
            received_wall_ns=np.full(count, wall_ns, np.int64),
        ),
    )


def steps(board: Board, definitions: Sequence[AlarmDefinition], wall_ns: int) -> Iterator[tuple[Transition, ...]]:
    """For ever: every alarm raised, returned, raised again unanswered (two steps), ...; a minute after each other."""
    is_true = True
    while True:
        yield board.apply(verdicts(definitions, is_true=is_true, wall_ns=wall_ns), wall_ns)
        is_true = not is_true
        wall_ns += ROUND_NS


async def fill(state_dir: Path, plant: Plant, rows: int, loads: int = 5) -> Filled:
    """Write about `rows` journal rows, ending with every alarm of a tag raised and unanswered, and read the board back."""
    tagged = sum(definition.tag is not None for definition in plant.definitions)
    # one round of raises, then (returned, reactivated, raised) again and again
    rounds = 1 + 2 * max(0, round((rows / tagged - 1) / 3))
    clock = SystemClock()
    board = Board(plant.definitions)
    begun = time.perf_counter()
    async with open_journal(state_dir, plant.id, Settings(), clock) as journal:
        course = steps(board, plant.definitions, clock.wall_ns() - rounds * ROUND_NS)
        for _ in range(rounds):
            taken = next(course)
            for first in range(0, len(taken), tagged):
                part = taken[first : first + tagged]
                is_last = first + tagged >= len(taken)
                alarms = board.changed() if is_last else ()
                await journal.commit(Commit(wall_ns=part[0].decided_wall_ns, transitions=part, alarms=alarms))
        fill_s = time.perf_counter() - begun
        load_s = tuple([await _load(journal, plant) for _ in range(loads)])
        return Filled(rows=journal.seq, active=tagged, fill_s=fill_s, load_s=load_s)


async def _load(journal: JournalStore, plant: Plant) -> float:
    board = Board(plant.definitions)
    begun = time.perf_counter()
    closed = board.restore(await journal.load_board(), SystemClock().wall_ns())
    taken_s = time.perf_counter() - begun
    assert not closed
    assert sum(alarm.condition_true for alarm in board.alarms()) == sum(
        definition.tag is not None for definition in plant.definitions
    )
    return taken_s


def sync_ms(folder: Path, count: int, pause_s: float) -> list[float]:
    """Milliseconds until 4 kB at the end of a file are on this disk, `count` times with pauses: below it is no commit."""
    path = folder / "fsync"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    taken = []
    try:
        for _ in range(count):
            begun = time.perf_counter()
            os.write(descriptor, SYNCED)
            os.fdatasync(descriptor)
            taken.append((time.perf_counter() - begun) * 1e3)
            time.sleep(pause_s)
    finally:
        os.close(descriptor)
        path.unlink()
    return taken


def fsyncs_per_s(folder: Path, count: int) -> float:
    """How often a second this disk can take 4 kB at the end of a file and say that they are on it."""
    path = folder / "fsync"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        begun = time.perf_counter()
        for _ in range(count):
            os.write(descriptor, SYNCED)
            os.fdatasync(descriptor)
        return count / (time.perf_counter() - begun)
    finally:
        os.close(descriptor)
        path.unlink()
