"""What is remembered of every interlock between two scans: open demands, trips and whether they had a cause.  Pure."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from monitor.interlocks.columns import InterlockColumns
from rules.port import NEVER
from rules.predicates import Condition
from rules.verdicts import Verdict

_TRUE, _FALSE, _UNKNOWN = np.uint8(Verdict.TRUE), np.uint8(Verdict.FALSE), np.uint8(Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InterlockMemory:
    """What is remembered of each interlock between two scans (length n, read-only)."""

    demand_mono_ns: npt.NDArray[np.int64]
    """Since when a demand stands; NEVER where none does.  Silence ends none: it stays open until it is read to be over."""
    withheld: npt.NDArray[np.bool_]
    """The demand that stands met a bypass, as far as the bits were read."""
    demanded_mono_ns: npt.NDArray[np.int64]
    """When a demand was seen last, or could not be ruled out; NEVER where none was."""
    trip_mono_ns: npt.NDArray[np.int64]
    """Since when it is tripped; NEVER where it is not."""
    caused: npt.NDArray[np.bool_]
    """The trip that stands has a cause."""
    known: npt.NDArray[np.bool_]
    """It was seen not tripped since the start: a trip that stands at the start is taken to have had a cause."""
    unread: npt.NDArray[np.bool_]
    """The open demand is of the last run, and something that tells its end or its trip was never read since the start."""
    starting_until_mono_ns: int = NEVER
    """Until then what was never read is starting, not silent: an `unread` demand is not late before."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            column = getattr(self, name)
            if isinstance(column, np.ndarray):
                column.flags.writeable = False

    @classmethod
    def fresh(cls, count: int) -> Self:
        """Nothing was seen yet."""
        return cls(
            demand_mono_ns=np.full(count, NEVER, np.int64),
            withheld=np.zeros(count, np.bool_),
            demanded_mono_ns=np.full(count, NEVER, np.int64),
            trip_mono_ns=np.full(count, NEVER, np.int64),
            caused=np.zeros(count, np.bool_),
            known=np.zeros(count, np.bool_),
            unread=np.zeros(count, np.bool_),
        )


def remembered(
    columns: InterlockColumns,
    seen: tuple[Condition, Condition, Condition],
    never_seen: npt.NDArray[np.bool_],
    memory: InterlockMemory,
    now_ns: int,
) -> tuple[InterlockMemory, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The memory after this moment, where a demand is late, and where a trip may still find its cause.

    `seen` are demand, tripped and bypassed of every interlock; `never_seen`: one of the first two cannot be judged because
    something of it was never read.
    """
    demand, tripped, bypassed = seen
    stands, unsure, is_tripped = demand == _TRUE, demand == _UNKNOWN, tripped == _TRUE
    since = _demand_since(demand, is_tripped, memory, now_ns)
    trip_begun = np.where(memory.trip_mono_ns == NEVER, now_ns, memory.trip_mono_ns)
    trip_since = np.where(is_tripped, trip_begun, np.where(tripped == _UNKNOWN, memory.trip_mono_ns, NEVER))
    recent = (memory.demanded_mono_ns != NEVER) & (
        now_ns - memory.demanded_mono_ns <= columns.within_ns + columns.settle_ns
    )
    begins = is_tripped & (memory.trip_mono_ns == NEVER)
    caused = np.where(begins, recent | stands | unsure | ~memory.known, memory.caused | stands)
    met = np.where(bypassed == _UNKNOWN, memory.withheld, stands & (bypassed == _TRUE))
    after = InterlockMemory(
        demand_mono_ns=since,
        withheld=met & (since != NEVER),
        demanded_mono_ns=np.where(stands | unsure, now_ns, memory.demanded_mono_ns),
        trip_mono_ns=trip_since,
        caused=caused & (trip_since != NEVER),
        known=memory.known | (tripped == _FALSE),
        unread=memory.unread & never_seen & (since != NEVER) & (now_ns < memory.starting_until_mono_ns),
        starting_until_mono_ns=memory.starting_until_mono_ns,
    )
    # a trip that was seen and cannot be read any more was an answer
    overdue = (since != NEVER) & (trip_since == NEVER) & (now_ns - since > columns.within_ns)
    late = columns.answers & overdue & ~after.unread
    settling = is_tripped & ~after.caused & (now_ns - trip_since <= columns.settle_ns)
    return after, late, settling


def _demand_since(
    demand: Condition, is_tripped: npt.NDArray[np.bool_], memory: InterlockMemory, now_ns: int
) -> npt.NDArray[np.int64]:
    """Since when each demand stands: UNKNOWN begins none, and ends only one that was answered."""
    begun = np.where(memory.demand_mono_ns == NEVER, now_ns, memory.demand_mono_ns)
    answered = is_tripped & (memory.trip_mono_ns != NEVER)
    kept = np.where((demand == _UNKNOWN) & ~answered, memory.demand_mono_ns, NEVER)
    return np.where(demand == _TRUE, begun, kept)


def due_ns(
    columns: InterlockColumns,
    memory: InterlockMemory,
    late: npt.NDArray[np.bool_],
    settling: npt.NDArray[np.bool_],
    moves_until_ns: npt.NDArray[np.int64],
) -> int | None:
    """Mono time at which something is decided although nothing is read; None where nothing is due.

    `moves_until_ns`: when the times of effects are over that have not acted yet.
    """
    waiting = columns.answers & (memory.demand_mono_ns != NEVER) & (memory.trip_mono_ns == NEVER) & ~late
    deadline_ns = memory.demand_mono_ns + columns.within_ns + 1
    due = np.concatenate(
        (
            np.where(memory.unread, np.maximum(deadline_ns, memory.starting_until_mono_ns), deadline_ns)[waiting],
            (memory.trip_mono_ns + columns.settle_ns + 1)[settling],
            moves_until_ns,
        )
    )
    return int(due.min()) if due.size else None
