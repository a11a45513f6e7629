"""On- and off-delay over columns: when a condition becomes a verdict (design: three-valued logic)."""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from rules.runs import merged
from rules.verdicts import Verdict

_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HoldMemory:
    """What the delays remember between two evaluations; columns are read-only, those of length n in rule order."""

    mono_ns: int
    """Of the last evaluation."""
    active: npt.NDArray[np.bool_]
    """The last decided verdict (n); UNKNOWN leaves it as it was."""
    condition: npt.NDArray[np.uint8]
    """Of the last evaluation (n)."""
    verdict: npt.NDArray[np.uint8]
    """Of the last evaluation (n)."""
    pending: npt.NDArray[np.intp]
    """Rules whose delay runs or is held, ascending; nothing counts for all others."""
    counted_ns: npt.NDArray[np.int64]
    """Counted so far towards the other verdict, of each of `pending`."""

    def __post_init__(self) -> None:
        for column in (self.active, self.condition, self.verdict, self.pending, self.counted_ns):
            column.flags.writeable = False

    @classmethod
    def fresh(cls, length: int, mono_ns: int, active: npt.NDArray[np.bool_] | None = None) -> Self:
        """Nothing is known yet, nothing counts; `active` (copied) says what was decided TRUE before a restart."""
        return cls.of(
            mono_ns=mono_ns,
            active=np.zeros(length, np.bool_) if active is None else active.astype(np.bool_),
            condition=np.full(length, _UNKNOWN, np.uint8),
            elapsed_ns=np.zeros(length, np.int64),
        )

    @classmethod
    def of(
        cls,
        *,
        mono_ns: int,
        active: npt.NDArray[np.bool_],
        condition: npt.NDArray[np.uint8],
        elapsed_ns: npt.NDArray[np.int64],
        verdict: npt.NDArray[np.uint8] | None = None,
    ) -> Self:
        """From whole columns (n); `elapsed_ns`: counted so far towards the other verdict, 0 where nothing was.

        `verdict`: of the evaluation at `mono_ns`, where it may have decided something in spite of UNKNOWN.
        """
        toward = (~active).view(np.uint8)
        if verdict is None:
            verdict = np.where(condition == _UNKNOWN, _UNKNOWN, active.view(np.uint8))
        in_spite = (condition == _UNKNOWN) & (verdict != _UNKNOWN)
        pending = np.flatnonzero((elapsed_ns > 0) | (condition == toward) | in_spite)
        return cls(
            mono_ns=mono_ns,
            active=active,
            condition=condition,
            verdict=verdict,
            pending=pending,
            counted_ns=elapsed_ns[pending],
        )

    @property
    def elapsed_ns(self) -> npt.NDArray[np.int64]:
        """Counted so far towards the other verdict, of every rule (n); 0 where nothing is."""
        elapsed_ns = np.zeros(self.active.shape, np.int64)
        elapsed_ns[self.pending] = self.counted_ns
        elapsed_ns.flags.writeable = False
        return elapsed_ns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """What the delays say now."""

    memory: HoldMemory
    """For the next call; its `verdict` is the answer."""
    turned: npt.NDArray[np.intp]
    """Where the verdict differs from the last one, ascending."""
    decided: npt.NDArray[np.intp]
    """Where `active` differs from the last one, ascending."""


def hold(
    condition: npt.NDArray[np.uint8],
    on_delay_ns: npt.NDArray[np.int64],
    off_delay_ns: npt.NDArray[np.int64],
    memory: HoldMemory,
    mono_ns: int,
    changed: npt.NDArray[np.intp] | None = None,
) -> Held:
    """Turn conditions into verdicts.

    On-delay counts while TRUE, is held by UNKNOWN, reset by FALSE; off-delay counts while FALSE, is reset by UNKNOWN
    and TRUE.  The time since the last call belongs to the condition of the last call.  A verdict is UNKNOWN while its
    condition is, except at the moment a delay that was counted to its end before runs out; asked again at that moment,
    it is the same.

    `changed`: where the condition differs from the last one, ascending, if the caller knows.
    """
    if changed is None:
        changed = np.flatnonzero(condition != memory.condition)
    # where nothing counted and the condition stays, the verdict stays: only the others cost something
    at = merged(memory.pending, changed)
    active, verdict = memory.active, memory.verdict
    if not at.size:
        after = replace(memory, mono_ns=mono_ns, condition=condition)
        return Held(memory=after, turned=at, decided=at)
    now, was_active = condition.take(at), active.take(at)
    toward = (~was_active).view(np.uint8)
    counted = memory.condition.take(at) == toward
    counting = now == toward
    unknown = now == _UNKNOWN
    held = unknown & ~was_active
    run = np.zeros(at.size, np.int64)
    run[at.searchsorted(memory.pending)] = memory.counted_ns
    run += counted * max(0, mono_ns - memory.mono_ns)
    run *= counting | held
    delay_ns = np.where(was_active, off_delay_ns.take(at), on_delay_ns.take(at))
    due = (run >= delay_ns) & (counting | (held & counted))
    run *= ~due
    told = _told_in_spite(at, memory, mono_ns) & unknown
    decided = np.where(unknown & ~told, _UNKNOWN, was_active.view(np.uint8))
    np.copyto(decided, toward, where=due)
    flipped, turned = at[due], (decided != verdict.take(at)).nonzero()[0]
    if flipped.size:
        active = active.copy()
        active[flipped] = ~was_active[due]
    if turned.size:
        verdict = verdict.copy()
        verdict[at[turned]] = decided[turned]
    # decided in spite of UNKNOWN: that is the verdict of this moment only
    still = np.where(due, unknown, counting | told | (run > 0))
    after = HoldMemory(
        mono_ns=mono_ns, active=active, condition=condition, verdict=verdict,
        pending=at[still], counted_ns=run[still],
    )  # fmt: skip
    return Held(memory=after, turned=at[turned], decided=flipped)


def _told_in_spite(at: npt.NDArray[np.intp], memory: HoldMemory, mono_ns: int) -> npt.NDArray[np.bool_]:
    """What was decided in spite of UNKNOWN at this very moment: nothing else is TRUE while its condition is UNKNOWN."""
    if mono_ns != memory.mono_ns:
        return np.zeros(at.size, np.bool_)
    told: npt.NDArray[np.bool_] = (memory.condition[at] == _UNKNOWN) & (memory.verdict[at] != _UNKNOWN)
    return told


def next_due_ns(
    on_delay_ns: npt.NDArray[np.int64], off_delay_ns: npt.NDArray[np.int64], memory: HoldMemory
) -> int | None:
    """The mono time at which the first verdict changes if no condition does; None when none will.

    A running delay ends; or what was decided in spite of UNKNOWN is UNKNOWN again, at once.
    """
    condition, active = memory.condition[memory.pending], memory.active[memory.pending]
    if bool((active & (condition == _UNKNOWN)).any()):
        return memory.mono_ns + 1
    runs = (condition != active.view(np.uint8)) & (condition != _UNKNOWN)
    at = memory.pending[runs]
    if not at.size:
        return None
    delay = np.where(active[runs], off_delay_ns[at], on_delay_ns[at])
    return memory.mono_ns + int((delay - memory.counted_ns[runs]).min())
