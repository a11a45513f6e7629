"""Many transitions in one commit against one commit for each, on the same disk, in turns."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from monitor.alarms.board import Board
from monitor.alarms.transition import Transition
from monitor.clock import SystemClock
from monitor.notify.people import Channel, Notification
from monitor.notify.policy import decide
from monitor.plant.plant import Plant
from monitor.settings import Settings
from monitor.store.commit import Commit
from monitor.store.journal import JournalStore, open_journal
from tests.benchmarks.filled_journal import fsyncs_per_s, steps

SYNCS = 200


@dataclass(kw_only=True)
class Commits:
    """Durable transitions a second of each round, and what the disk could do then."""

    burst_per_s: list[float] = field(default_factory=list)
    single_per_s: list[float] = field(default_factory=list)
    syncs_per_s: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """How many times faster the burst was in each round."""
        return [burst / single for burst, single in zip(self.burst_per_s, self.single_per_s, strict=True)]


async def measure(folder: Path, plant: Plant, burst: int, singles: int, rounds: int) -> Commits:
    """`rounds` times a burst in one commit and `singles` commits of one, each transition with its outbox row.

    The plant must have an alarm for each of them.
    """
    clock = SystemClock()
    board = Board(plant.definitions)
    course = steps(board, plant.definitions, clock.wall_ns())
    notification = replace(plant.notification, channels=(Channel(id="mqtt", kind="mqtt"),))
    found = Commits()
    async with open_journal(folder, plant.id, Settings(), clock) as journal:
        for number, taken in enumerate(itertools.islice(course, rounds)):
            one_by_one = taken[:singles]
            together = taken[singles : singles + burst]
            assert len(together) == burst, "fewer alarms than the burst needs"
            orders = [("burst", [_commit(together, notification)])]
            orders.insert(number % 2, ("single", [_commit((step,), notification) for step in one_by_one]))
            found.syncs_per_s.append(fsyncs_per_s(folder, SYNCS))
            for name, commits in orders:
                rate = await _rate(journal, commits)
                (found.burst_per_s if name == "burst" else found.single_per_s).append(rate)
    return found


def _commit(taken: Sequence[Transition], notification: Notification) -> Commit:
    wall_ns = taken[0].decided_wall_ns
    outbox, supersede = decide(taken, notification, wall_ns)
    alarms = {step.id: step.alarm for step in taken}  # the last step of each tells how it stands
    return Commit(
        wall_ns=wall_ns,
        transitions=tuple(taken),
        alarms=tuple(alarms.values()),
        outbox=outbox,
        supersede=supersede,
    )


async def _rate(journal: JournalStore, commits: Sequence[Commit]) -> float:
    begun = time.perf_counter()
    for commit in commits:
        await journal.commit(commit)
    return sum(len(commit.transitions) for commit in commits) / (time.perf_counter() - begun)
