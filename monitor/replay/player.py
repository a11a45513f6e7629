"""A recording through rules and board: every transition that would have been, and what each rule did."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from monitor.alarms.annunciations import Step
from monitor.alarms.board import Board
from monitor.alarms.transition import Transition
from monitor.plant.plant import Plant
from monitor.replay.series import Block, Recording, Sweeps
from monitor.scan.suppressions import Suppressing
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.language.conditions import Condition, ConditionColumns
from rules.memory import Memory
from rules.verdicts import Verdict


@dataclass(slots=True)
class Outcome:
    """What a rule set did with a recording."""

    sweeps: int = 0
    readings: int = 0
    evaluated: int = 0
    """Sweeps that had to be judged one by one; the others were shown to change nothing."""
    from_wall_ns: int = 0
    to_wall_ns: int = 0
    transitions: list[Transition] = field(default_factory=list)
    raised: Counter[str] = field(default_factory=Counter)
    """Occurrences by alarm id."""
    true_ns: Counter[str] = field(default_factory=Counter)
    """Time TRUE by alarm id, nanoseconds."""
    unknown_ns: Counter[str] = field(default_factory=Counter)
    """Time UNKNOWN by alarm id, nanoseconds."""

    def steps(self) -> list[Step]:
        """The transitions as figures count them."""
        return [
            Step(
                seq=seq,
                decided_wall_ns=step.decided_wall_ns,
                id=step.id,
                occurrence=step.occurrence,
                trigger=step.trigger.value,
                annunciated=step.annunciated,
                priority=step.alarm.priority,
                person=step.person is not None,
            )
            for seq, step in enumerate(self.transitions, start=1)
        ]


class Player:
    """Plays a recording through one plant's rules; nobody acknowledges, nobody shelves."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.rule_set = compile_rules(plant.rules, plant.tags)
        self._definitions = plant.definitions[: len(plant.rules)]
        self._board = Board(self._definitions, plant.philosophy)
        self._recording = Recording(plant.tags)
        self._suppressing = suppressing(plant, self.rule_set.ids)
        self._memory: Memory | None = None
        self._verdict: npt.NDArray[np.uint8] = np.full(len(self.rule_set), Verdict.UNKNOWN, np.uint8)
        self._last_wall_ns = 0
        self.outcome = Outcome()

    def play(self, recording: Iterable[Sweeps]) -> Outcome:
        """Play all of it; returns what came of it."""
        for sweeps in recording:
            if len(sweeps):
                self._play(self._recording.block(sweeps))
        return self.outcome

    def _play(self, block: Block) -> None:
        if self._memory is None:
            self._memory = Memory.fresh(self.rule_set, int(block.mono_ns[0]))
            self._suppressing.restore((), int(block.mono_ns[0]))
            self.outcome.from_wall_ns = self._last_wall_ns = int(block.wall_ns[0])
        for at in range(len(block)):
            self._sweep(block, at)
        self.outcome.sweeps += len(block)
        self.outcome.readings += int(block.changed.sum())
        self._account(int(block.wall_ns[-1]))
        self.outcome.to_wall_ns = int(block.wall_ns[-1])

    def _sweep(self, block: Block, at: int) -> None:
        assert self._memory is not None  # set by _play
        wall_ns = int(block.wall_ns[at])
        snapshot = block.snapshot(at)
        verdicts, self._memory = evaluate(self.rule_set, snapshot, self._memory, snapshot.mono_ns)
        self.outcome.evaluated += 1
        if not np.array_equal(verdicts.verdict, self._verdict):
            self._account(wall_ns)
            self._verdict = verdicts.verdict
        taken = self._suppressing.apply(self._board, snapshot, verdicts, wall_ns)
        self._board.changed()
        self.outcome.transitions += taken
        self.outcome.raised.update(step.id for step in taken if step.trigger.value == "raised")

    def _account(self, wall_ns: int) -> None:
        """Add the time since the last change to what was TRUE and what was UNKNOWN through it."""
        passed_ns = wall_ns - self._last_wall_ns
        self._last_wall_ns = wall_ns
        for verdict, into in ((Verdict.TRUE, self.outcome.true_ns), (Verdict.UNKNOWN, self.outcome.unknown_ns)):
            for position in np.flatnonzero(self._verdict == verdict).tolist():
                into[self.rule_set.ids[position]] += passed_ns


def suppressing(plant: Plant, ids: Sequence[str]) -> Suppressing:
    """The plant's suppressions as far as a recording can tell: those of links and of what the service says of itself
    are left out, nothing of them is recorded.
    """
    known = frozenset(ids)
    kept, conditions = [], iter(plant.suppression_conditions)
    of_kept: list[Condition] = []
    for item in plant.suppressions:
        condition = next(conditions) if item.when else None
        alarms = tuple(alarm for alarm in item.alarms if alarm in known)
        if not alarms or (item.parent is not None and item.parent not in known):
            continue
        kept.append(replace(item, alarms=alarms))
        if condition is not None:
            of_kept.append(condition)
    columns = ConditionColumns.of(of_kept, plant.tags) if of_kept else None
    return Suppressing(kept, columns, ids, plant.tags, plant.start_grace_ns)


def differences(now: Sequence[Transition], new: Sequence[Transition]) -> list[tuple[str, Transition]]:
    """Annunciations of one set that the other does not have: ("only now" | "only new", transition), by time.

    Two are the same when id, trigger and moment are.
    """
    old_keys = {_key(step) for step in now if step.annunciated}
    new_keys = {_key(step) for step in new if step.annunciated}
    only = [("only now", step) for step in now if step.annunciated and _key(step) not in new_keys]
    only += [("only new", step) for step in new if step.annunciated and _key(step) not in old_keys]
    return sorted(only, key=lambda item: (item[1].decided_wall_ns, item[1].id))


def _key(step: Transition) -> tuple[str, str, int]:
    return step.id, step.trigger.value, step.decided_wall_ns
