"""How long a condition has been TRUE, as an on-delay counts: while TRUE, held by UNKNOWN, anew after FALSE."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rules.language.numbers import FALSE_RANK, TRUE_RANK, UNKNOWN_RANK, Ranks
from rules.port import NEVER

Nanoseconds = npt.NDArray[np.int64]


class Counted(NamedTuple):
    """What is remembered of each count."""

    since_mono_ns: Nanoseconds
    """Since when it counts, less what it had counted before; NEVER while it does not."""
    counted_ns: Nanoseconds
    """What had been counted when UNKNOWN began to hold it."""
    held_mono_ns: Nanoseconds
    """When UNKNOWN began to hold it."""


def resumed(since_mono_ns: Nanoseconds, judged_mono_ns: Nanoseconds, start_mono_ns: int, mono_ns: int) -> Nanoseconds:
    """The counts after a restart: the time since they were judged last, before the memory began, counts for none.

    As with on-delays: nobody knows what was in that time.  The very same array where nothing was judged before.
    """
    before = (judged_mono_ns != NEVER) & (judged_mono_ns < start_mono_ns)
    if not bool(before.any()):
        return since_mono_ns
    before = before & (since_mono_ns != NEVER)
    outage_ns = np.where(before, mono_ns - np.where(before, judged_mono_ns, 0), 0)
    return np.where(before, since_mono_ns + outage_ns, since_mono_ns)


def count(ranks: Ranks, before: Counted, mono_ns: int) -> Counted:
    """The counts at `mono_ns`; the very same arrays where nothing begins, is held or ends.

    The time since the last judgement belongs to what was judged then.
    """
    since, counted, held = before
    true, unknown = ranks == TRUE_RANK, ranks == UNKNOWN_RANK
    running = since != NEVER
    if not bool(((true != running) | ((ranks == FALSE_RANK) & (counted != 0))).any()):
        return before
    pauses = unknown & running
    # NEVER is the smallest integer: keep it out of the subtraction
    so_far = mono_ns - np.where(running, since, mono_ns)
    return Counted(
        np.where(true, np.where(running, since, mono_ns - counted), NEVER),
        np.where(pauses, so_far, np.where(unknown, counted, 0)),
        np.where(pauses, mono_ns, np.where(unknown, held, NEVER)),
    )


def lasted(ranks: Ranks, counts: Counted, duration_ns: Nanoseconds, mono_ns: int) -> Ranks:
    """TRUE where it was TRUE for `duration_ns`; UNKNOWN where it is, except at the moment a time that ran out is first seen."""
    since, counted, held = counts
    ran_out = (held == mono_ns) & (counted >= duration_ns)
    long_enough = (ranks == TRUE_RANK) & (since <= mono_ns - duration_ns)
    of_unknown = np.where(ran_out, TRUE_RANK, UNKNOWN_RANK)
    return np.where(ranks == UNKNOWN_RANK, of_unknown, TRUE_RANK * long_enough).astype(np.uint8)


def next_due_ns(since_mono_ns: Nanoseconds, duration_ns: Nanoseconds, mono_ns: int) -> int | None:
    """First moment after `mono_ns` at which a running count reaches its duration (0: has none); None = never."""
    at = np.flatnonzero((since_mono_ns != NEVER) & (duration_ns > 0))
    due = since_mono_ns.ravel()[at] + duration_ns.ravel()[at]
    due = due[due > mono_ns]
    return int(due.min()) if due.size else None
