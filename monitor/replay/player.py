"""A recording through rules and board: every transition that would have been, and what each rule did."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from monitor.alarms.board import Board
from monitor.alarms.transition import Transition
from monitor.plant.plant import Plant
from monitor.replay.outcome import Outcome, Times
from monitor.replay.series import Block, Recording, Sweeps, stretch_of
from monitor.scan.suppressions import Suppressing
from rules.columns.snapshot import Snapshot
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.hold import HoldMemory
from rules.language.conditions import Condition, ConditionColumns
from rules.memory import Memory
from rules.passage import Passage, Passing
from rules.stretch import Stretch
from rules.verdicts import Verdicts


class Player:
    """Plays a recording through one plant's rules; nobody acknowledges, nobody shelves."""

    def __init__(self, plant: Plant, *, sweep_by_sweep: bool = False) -> None:
        """`sweep_by_sweep`: judge as a running scan does, every rule at every sweep; else as blocks, which comes to the same."""
        self.plant = plant
        self.rule_set = compile_rules(plant.rules, plant.tags)
        definitions = plant.definitions[: len(plant.rules)]
        # every standing alarm shows its newest reading at every sweep, however few are looked at
        self._board = Board(definitions, plant.philosophy, most_shown=len(definitions))
        self._recording = Recording(plant.tags)
        self._suppressing = suppressing(plant, self.rule_set.ids)
        self._times = Times(self.rule_set.ids)
        self._sweep_by_sweep = sweep_by_sweep
        self._memory: Memory | None = None
        self._passing: Passing | None = None
        self._follows = False
        """The board or a suppression changed at the last sweep: a suppression may go on at the next."""
        self.outcome = Outcome()

    def play(self, recording: Iterable[Sweeps]) -> Outcome:
        """Play all of it; returns what came of it."""
        for sweeps in recording:
            if len(sweeps):
                self._play(self._recording.block(sweeps))
        self._times.told(self.outcome)
        return self.outcome

    def _play(self, block: Block) -> None:
        first_ns = int(block.mono_ns[0])
        if self._memory is None or self._passing is None:
            self._memory, self._passing = Memory.fresh(self.rule_set, first_ns), Passing.fresh(self.rule_set, first_ns)
            self._suppressing.restore((), first_ns)
            self.outcome.from_wall_ns = int(block.wall_ns[0])
            self._times.pass_to(self.outcome.from_wall_ns)
        if self._sweep_by_sweep:
            self._memory = self._sweeps(block, self._memory)
        else:
            self._passing = self._pass(block, self._memory.start_mono_ns, self._passing)
        self.outcome.sweeps += len(block)
        self.outcome.readings += int(block.changed.sum())
        self.outcome.to_wall_ns = int(block.wall_ns[-1])
        self._times.pass_to(self.outcome.to_wall_ns)

    def _sweeps(self, block: Block, memory: Memory) -> Memory:
        for at in range(len(block)):
            snapshot = block.snapshot(at)
            verdicts, memory = evaluate(self.rule_set, snapshot, memory, snapshot.mono_ns)
            self._take(snapshot, verdicts)
        return memory

    def _pass(self, block: Block, start_mono_ns: int, passing: Passing) -> Passing:
        """From sweep to sweep at which verdicts, suppressions or time alone may move the board."""
        stretch = stretch_of(block, self.plant.tags.ids, start_mono_ns)
        passage = Passage(self.rule_set, stretch, passing)
        stirs = np.append(np.flatnonzero(self._suppressing.stirs(stretch)), len(block))
        at = last = -1
        while True:
            turn, other = passage.next(at + 1), self._next(stretch, stirs, at + 1)
            at = min(turn, other)
            if at == len(block):
                break
            before = passage.holds
            verdicts = passage.step(at) if turn == at else passage.verdicts(at)
            if other > at and verdicts.verdict is before.verdict and (at or passing.begun):
                continue  # a condition changed: a delay runs or is over, nobody is told
            self._show(passage, stretch, (last, at - 1), before)
            self._take(block.snapshot(at), verdicts)
            last = at
        self._show(passage, stretch, (last, len(block) - 1), passage.holds)
        return passage.after()

    def _next(self, stretch: Stretch, stirs: npt.NDArray[np.intp], at: int) -> int:
        """The first sweep from `at` on at which a suppression or time alone may move the board; t: none."""
        if self._follows or at == len(stretch):
            return at
        mono_ns, wall_ns = self._suppressing.due_ns(int(stretch.mono_ns[max(at - 1, 0)]))
        moments = [moment for moment in (wall_ns, self._board.next_deadline_ns()) if moment is not None]
        ahead = int(np.searchsorted(stretch.wall_ns, min(moments))) if moments else len(stretch)
        stir = int(stirs[np.searchsorted(stirs, at)])
        return min(stir, max(at, min(ahead, stretch.first_at(mono_ns))))

    def _show(self, passage: Passage, stretch: Stretch, span: tuple[int, int], holds: HoldMemory) -> None:
        """Have standing alarms show the reading of the last sweep of `span`, or the last number in it where it has none.

        `span`: (sweep at which the board was asked last, a later one before the next); `holds` as of between.
        """
        standing, (last, at) = self._board.standing(), span
        if at <= last or not standing.size:
            return
        for sweep in [*passage.last_numbers(standing, last, at, holds), at]:
            self._board.apply(passage.verdicts(sweep, holds), int(stretch.wall_ns[sweep]))

    def _take(self, snapshot: Snapshot, verdicts: Verdicts) -> None:
        wall_ns, standing = snapshot.wall_ns, self._suppressing.standing
        self.outcome.evaluated += 1
        self._times.pass_to(wall_ns, verdicts.verdict)
        taken = self._suppressing.apply(self._board, snapshot, verdicts, wall_ns)
        self._board.changed()
        self._follows = bool(taken) or self._suppressing.standing is not standing
        self.outcome.transitions += taken
        self.outcome.raised.update(step.id for step in taken if step.trigger.value == "raised")


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
