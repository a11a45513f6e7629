"""All interlocks through time: judged at every scan, told where something changed.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from monitor.interlocks.axes import Cover
from monitor.interlocks.changes import Change, change_of
from monitor.interlocks.columns import compile_interlocks
from monitor.interlocks.feedback import Answer
from monitor.interlocks.feedback_watch import FeedbackWatch, Followed
from monitor.interlocks.judge import ACTIONS, COVERS, SERVICES, VOTINGS, Codes, Judgement, judge
from monitor.interlocks.keeping import Keeping, LeftOut
from monitor.interlocks.memory import InterlockMemory
from monitor.interlocks.permit_book import PermitBook, Reconciled
from monitor.interlocks.permits import PermitStep
from monitor.interlocks.register import Register
from monitor.interlocks.state import InterlockState
from monitor.interlocks.stored import Instant, Remembered, StoredInterlock, remembered_of, taken
from monitor.interlocks.trips import demanding
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.port import NEVER
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watched:
    """What one scan says of the interlocks."""

    states: tuple[InterlockState, ...]
    """In register order; the same objects while nothing of them changes."""
    judgement: Judgement
    cover: Codes
    changes: tuple[Change, ...]
    """Axes that turned, in register order."""
    steps: tuple[PermitStep, ...]
    turned_worse: tuple[int, ...]
    """Places whose bypass became unauthorised or overdue while it stood: to be announced anew."""


class InterlockWatch:
    """Owns what is remembered of every interlock, and the permit book."""

    def __init__(self, register: Register, table: TagTable) -> None:
        self.register = register
        self.book = PermitBook(register)
        self._table = table
        self._columns = compile_interlocks(register.interlocks, table)
        count = len(register.interlocks)
        self._place = {item.id: place for place, item in enumerate(register.interlocks)}
        self._memory = InterlockMemory.fresh(count)
        self._feedback = FeedbackWatch(self._columns, register.interlocks)
        self._keeping = Keeping(register.interlocks, table)
        self._cover: Codes = np.zeros(count, np.uint8)
        self._seen: Judgement | None = None
        self._seen_cover = self._cover
        self._unused: tuple[str, ...] = ()
        self._states = tuple(_unknown(item.id) for item in register.interlocks)
        self.due_ns: int | None = None
        """Mono time at which a demand that nothing answered becomes late, if nothing is read."""

    def restore(
        self, rows: Sequence[StoredInterlock], now: Instant, starting_until_mono_ns: int
    ) -> tuple[LeftOut, ...]:
        """Go on with what the last run remembered, before the first look; says what of it was left out.

        Until `starting_until_mono_ns` a demand of the last run is late only when all that ends or answers it was read.
        """
        found, left_out = self._keeping.restore(rows, now)
        self._memory = taken(self._columns, found, now, starting_until_mono_ns)
        self._feedback.restore({place: each.asked for place, each in found.items() if each.asked is not None})
        states = list(self._states)
        for place, each in found.items():
            states[place] = replace(states[place], demanded_by=each.demanded_by)
        self._states = tuple(states)
        return left_out

    def changed(self, now: Instant) -> tuple[StoredInterlock, ...]:
        """What is remembered otherwise than the disk has it, to be written with what was decided."""
        return self._keeping.take(lambda place: self._remembered(place, now), now)

    def _remembered(self, place: int, now: Instant) -> Remembered | None:
        return remembered_of(self._memory, place, self._states[place].demanded_by, self._feedback.demand(place), now)

    def watch(self, snapshot: Snapshot) -> Watched:
        """Judge every interlock at this snapshot and reconcile the permits with the live bits."""
        # bits decide what permits say, and permits decide the service: bits first, from the same snapshot
        judgement, memory = judge(self._columns, snapshot, self._cover, self._memory)
        reconciled = self._reconcile(judgement, snapshot.wall_ns)
        cover = self._covered(reconciled)
        if not np.array_equal(cover, self._cover):
            self._cover = cover
            judgement, memory = judge(self._columns, snapshot, cover, self._memory)
        followed = self._feedback.look(judgement, memory, snapshot)
        self._keeping.saw(self._memory, memory, followed.moved)
        self._memory = memory
        self.due_ns = min((due for due in (judgement.due_ns, followed.due_ns) if due is not None), default=None)
        changes, worse = self._turned(judgement, snapshot, reconciled, followed)
        return Watched(
            states=self._states,
            judgement=judgement,
            cover=self._cover,
            changes=changes,
            steps=reconciled.steps,
            turned_worse=worse,
        )

    @property
    def states(self) -> tuple[InterlockState, ...]:
        """Every interlock as the last scan judged it."""
        return self._states

    def _reconcile(self, judgement: Judgement, wall_ns: int) -> Reconciled:
        bits = self._columns.bits
        concerned = {self._columns.ids[place] for place in bits.owner[judgement.bits == _TRUE].tolist()}
        permits = self.book.open()
        if not concerned and not permits:
            return Reconciled(steps=(), cover={}, unused=())
        concerned |= {permit.interlock for permit in permits}
        return self.book.reconcile({name: self._bits(name, judgement) for name in concerned}, wall_ns)

    def _bits(self, interlock: str, judgement: Judgement) -> Mapping[str, Verdict]:
        bits = self._columns.bits
        mine = bits.of(self._place[interlock])
        return {self._table.ids[int(bits.row[bit])]: Verdict(int(judgement.bits[bit])) for bit in mine}

    def _covered(self, reconciled: Reconciled) -> Codes:
        cover = np.zeros(len(self._columns), np.uint8)
        for interlock, found in reconciled.cover.items():
            cover[self._place[interlock]] = COVERS.index(found)
        return cover

    def _turned(
        self, judgement: Judgement, snapshot: Snapshot, reconciled: Reconciled, followed: Followed
    ) -> tuple[tuple[Change, ...], tuple[int, ...]]:
        """Make anew the states that differ from the last scan; tells what turned."""
        places = sorted({*self._differing(judgement, reconciled), *followed.moved})
        states, changes, worse = list(self._states) if places else [], list[Change](), list[int]()
        for place in places:
            before = states[place]
            after = self._state(place, judgement, before, snapshot.wall_ns, reconciled)
            if after == before:
                continue
            states[place] = after
            changes += self._changes(before, after, judgement, snapshot, followed.told.get(place))
            if before.cover is Cover.ACTIVE and after.cover in _WORSE and after.bypassed_by:
                worse.append(place)
        if places:
            self._states = tuple(states)
        return tuple(changes), tuple(worse)

    def _differing(self, judgement: Judgement, reconciled: Reconciled) -> list[int]:
        """Places of which anything is not as the last scan had it, in register order."""
        before, cover, unused = self._seen, self._seen_cover, self._unused
        self._seen, self._seen_cover, self._unused = judgement, self._cover, reconciled.unused
        if before is None:
            return list(range(len(self._columns)))
        differs = cover != self._cover
        for name in ("service", "action", "voting", "tripped", "demand"):
            differs |= getattr(before, name) != getattr(judgement, name)
        differs[self._columns.bits.owner[before.bits != judgement.bits]] = True
        differs[self._columns.inputs.owner[before.inputs != judgement.inputs]] = True
        moved = (before.outputs != judgement.outputs) | (before.stuck != judgement.stuck)
        differs[self._columns.outputs.owner[moved]] = True
        differs[[self._place[name] for name in set(unused) ^ set(reconciled.unused)]] = True
        found: list[int] = np.flatnonzero(differs).tolist()
        return found

    def _state(
        self, place: int, judgement: Judgement, before: InterlockState, wall_ns: int, reconciled: Reconciled
    ) -> InterlockState:
        columns, ids = self._columns, self._table.ids
        bits = columns.bits.true_of(place, judgement.bits)
        causes = tuple(ids[int(columns.inputs.row[cause])] for cause in columns.inputs.true_of(place, judgement.inputs))
        if not causes and self._memory.demand_mono_ns[place] != NEVER:
            causes = before.demanded_by  # open: nothing was read that ends it
        service, action = SERVICES[judgement.service[place]], ACTIONS[judgement.action[place]]
        return replace(
            before,
            service=service,
            action=action,
            voting=VOTINGS[judgement.voting[place]],
            cover=COVERS[self._cover[place]],
            demand=Verdict(int(judgement.demand[place])),
            trip=Verdict(int(judgement.tripped[place])),
            bypassed_by=tuple(ids[int(columns.bits.row[bit])] for bit in bits),
            demanded_by=causes,
            unmoved=self._unmoved(place, judgement),
            feedback=self._feedback.of(place),
            service_since_wall_ns=before.service_since_wall_ns if service is before.service else wall_ns,
            action_since_wall_ns=before.action_since_wall_ns if action is before.action else wall_ns,
            unused_permit=before.id in reconciled.unused,
        )

    def _unmoved(self, place: int, judgement: Judgement) -> tuple[str, ...]:
        outputs = self._columns.outputs
        return tuple(self._table.ids[int(outputs.row[at])] for at in outputs.of(place) if judgement.stuck[at])

    def _changes(
        self,
        before: InterlockState,
        after: InterlockState,
        judgement: Judgement,
        snapshot: Snapshot,
        answered: tuple[Answer, Answer] | None,
    ) -> list[Change]:
        place = self._place[before.id]
        since_ns = int(self._memory.demand_mono_ns[place])
        return change_of(
            before,
            after,
            causes=demanding(
                self._columns, self._columns.inputs.true_of(place, judgement.inputs), self._table, snapshot
            ),
            wall_ns=snapshot.wall_ns,
            response_ns=None if since_ns == NEVER else snapshot.mono_ns - since_ns,
            required_ns=int(self._columns.within_ns[place]),
            answered=answered,
        )


_WORSE: Final = frozenset({Cover.NONE, Cover.OVERDUE, Cover.WRONG_INPUT})


def _unknown(interlock: str) -> InterlockState:
    return InterlockState(
        id=interlock,
        service=SERVICES[-1],
        action=ACTIONS[-1],
        voting=VOTINGS[-1],
        cover=Cover.NONE,
        demand=Verdict.UNKNOWN,
        trip=Verdict.UNKNOWN,
        bypassed_by=(),
        demanded_by=(),
    )


def states_by_id(states: Sequence[InterlockState]) -> dict[str, InterlockState]:
    """Interlock id -> its state."""
    return {state.id: state for state in states}
