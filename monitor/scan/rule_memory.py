"""Keeps what the rules remember on disk, beside the scan and never in its way: a restart goes on where it stopped."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, Protocol

import numpy as np
from sqlalchemy.exc import DatabaseError

from monitor.clock import Clock
from rules.catalog import RuleSet
from rules.memory import Memory
from rules.port import State
from rules.stored import DELAYS, StoredPart, delays_part, state_part

LOG = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
"""Running delays, and what a flag says, are at most this old on disk."""
STATE_EVERY_NS: Final = 10_000_000_000
"""Samples, counts and sums are at most this old, unless they are many."""
BYTES_PER_S: Final = 1_000_000
"""A kind that remembers more than ten seconds of this is stored less often, so that the journal's disk stays free."""
_NS: Final = 1_000_000_000


class RuleMemoryPort(Protocol):
    """Where parts of a memory are kept; `monitor.store.journal.JournalStore` satisfies it."""

    async def put_rule_memory(self, parts: Sequence[StoredPart], gone: Collection[str] = ()) -> None:
        """Replace parts, forget those that are gone; on disk when it returns."""


class RuleMemoryKeeper:
    """Looks every second at what the rules remember and stores what is due; all but the look is done in threads."""

    def __init__(
        self,
        rule_set: RuleSet,
        remembered: Callable[[], Memory],
        store: RuleMemoryPort,
        clock: Clock,
        found: Collection[str] = (),
    ) -> None:
        """`found` are the names of the parts that are stored already; those of no use are forgotten."""
        self._rule_set = rule_set
        self._remembered = remembered
        self._store = store
        self._clock = clock
        self._gone = set(found) - {kind.__name__ for kind, _ in rule_set.groups} - {DELAYS}
        self._delays: tuple[bytes, bytes] = (b"", b"") if DELAYS not in found else (b"?", b"")
        self._states: list[State | None] = [None] * len(rule_set.groups)
        self._due_ns = [0] * len(rule_set.groups)
        self._unstorable: set[int] = set()
        self._refused = False

    async def run(self) -> None:
        """Store what is due until cancelled; a database that refuses is told once and tried again."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.keep()

    async def keep(self, *, everything: bool = False) -> None:
        """Store what is due now, or all that is not on disk as it is; returns after it is there."""
        memory, mono_ns = self._remembered(), self._clock.mono_ns()
        wall_ns = self._clock.wall_ns() - (mono_ns - memory.holds.mono_ns)
        parts = await asyncio.to_thread(lambda: list(self._parts(memory, mono_ns, wall_ns, everything=everything)))
        if not parts and not self._gone:
            return
        try:
            await self._store.put_rule_memory(parts, sorted(self._gone))
        except DatabaseError as error:  # a restart remembers less; the journal finds out for itself what is wrong
            if not self._refused:
                LOG.warning("what the rules remember was not stored: %s", error)
            self._refused = True
            self._states = [None] * len(self._states)
            self._delays = (b"?", b"")
        else:
            self._refused, self._gone = False, set()

    def _parts(self, memory: Memory, mono_ns: int, wall_ns: int, *, everything: bool) -> Iterator[StoredPart]:
        at = np.flatnonzero((memory.holds.elapsed_ns > 0) & ~memory.holds.active)
        delays = at.tobytes(), memory.holds.elapsed_ns[at].tobytes()
        if delays != self._delays:
            self._delays = delays
            yield delays_part(self._rule_set, memory, wall_ns)
        for place, state in enumerate(memory.states):
            last = self._states[place]
            if not state or state is last or place in self._unstorable:
                continue
            if not (everything or mono_ns >= self._due_ns[place] or _flags_differ(state, last)):
                continue
            part = self._state_part(memory, place, wall_ns)
            if part is not None:
                self._states[place] = state
                self._due_ns[place] = mono_ns + max(STATE_EVERY_NS, len(part.body) * _NS // BYTES_PER_S)
                yield part

    def _state_part(self, memory: Memory, place: int, wall_ns: int) -> StoredPart | None:
        try:
            return state_part(self._rule_set, memory, place, wall_ns)
        except ValueError as error:
            LOG.error("a restart begins without this: %s", error)  # noqa: TRY400 - the text says all
            self._unstorable.add(place)
            return None


def _flags_differ(state: State, last: State | None) -> bool:
    """Whether a latch, or anything else that is one byte for each rule, is not as it was stored."""
    if last is None:
        return True
    return any(column.dtype.itemsize == 1 and not np.array_equal(column, last[name]) for name, column in state.items())
