"""On- and off-delay over columns: when a condition becomes a verdict (design: three-valued logic)."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from rules.verdicts import Verdict

_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HoldMemory:
    """What the delays remember between two evaluations; all columns of one length and read-only."""

    mono_ns: int
    """Of the last evaluation."""
    active: npt.NDArray[np.bool_]
    """The last decided verdict; UNKNOWN leaves it as it was."""
    condition: npt.NDArray[np.uint8]
    """Of the last evaluation."""
    elapsed_ns: npt.NDArray[np.int64]
    """Counted so far towards the other verdict."""

    def __post_init__(self) -> None:
        for column in (self.active, self.condition, self.elapsed_ns):
            column.flags.writeable = False

    @classmethod
    def fresh(cls, length: int, mono_ns: int, active: npt.NDArray[np.bool_] | None = None) -> Self:
        """Nothing is known yet, nothing counts; `active` (copied) says what was decided TRUE before a restart."""
        return cls(
            mono_ns=mono_ns,
            active=np.zeros(length, np.bool_) if active is None else active.astype(np.bool_),
            condition=np.full(length, _UNKNOWN, np.uint8),
            elapsed_ns=np.zeros(length, np.int64),
        )


def hold(
    condition: npt.NDArray[np.uint8],
    on_delay_ns: npt.NDArray[np.int64],
    off_delay_ns: npt.NDArray[np.int64],
    memory: HoldMemory,
    mono_ns: int,
) -> tuple[npt.NDArray[np.uint8], HoldMemory]:
    """Turn conditions into verdicts; returns them (read-only) and the memory for the next call.

    On-delay counts while TRUE, is held by UNKNOWN, reset by FALSE; off-delay counts while FALSE, is reset by UNKNOWN
    and TRUE.  The time since the last call belongs to the condition of the last call.  A verdict is UNKNOWN while its
    condition is, except at the moment a delay that was counted to its end before runs out.
    """
    verdict = condition.copy()
    active = memory.active
    elapsed = np.zeros(condition.shape[0], np.int64)
    # where the condition agrees with what was decided nothing runs: only the others cost something
    at = np.flatnonzero(condition != active.view(np.uint8))
    if at.size:
        now, was_active = condition[at], active[at]
        toward = (~was_active).view(np.uint8)
        counted = memory.condition[at] == toward
        counting = now == toward
        held = (now == _UNKNOWN) & ~was_active
        run = memory.elapsed_ns[at] + counted * max(0, mono_ns - memory.mono_ns)
        run[~(counting | held)] = 0
        due = (run >= np.where(was_active, off_delay_ns[at], on_delay_ns[at])) & (counting | (held & counted))
        run[due] = 0
        elapsed[at] = run
        verdict[at] = np.where(due, toward, np.where(now == _UNKNOWN, _UNKNOWN, was_active.view(np.uint8)))
        if bool(due.any()):
            active = active.copy()
            active[at[due]] = ~was_active[due]
    verdict.flags.writeable = False
    return verdict, HoldMemory(mono_ns=mono_ns, active=active, condition=condition, elapsed_ns=elapsed)


def next_due_ns(
    on_delay_ns: npt.NDArray[np.int64], off_delay_ns: npt.NDArray[np.int64], memory: HoldMemory
) -> int | None:
    """The mono time at which the first running delay ends if no condition changes; None when none runs."""
    at = np.flatnonzero((memory.condition != memory.active.view(np.uint8)) & (memory.condition != _UNKNOWN))
    if not at.size:
        return None
    delay = np.where(memory.active[at], off_delay_ns[at], on_delay_ns[at])
    return memory.mono_ns + int((delay - memory.elapsed_ns[at]).min())
