"""What one scan gives to the journal: one database transaction, on disk before anyone is told."""

from dataclasses import dataclass

from monitor.alarms.record import Entry
from monitor.alarms.transition import Alarm, Transition
from monitor.interlocks.permits import Permit
from monitor.interlocks.stored import StoredInterlock
from monitor.notify.row import OutboxRow, Supersede


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Everything that was decided together: rows, their consequences, and the board they lead to."""

    wall_ns: int
    transitions: tuple[Transition, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    """Board rows that changed, as they stand after the transitions."""
    outbox: tuple[OutboxRow, ...] = ()
    supersede: tuple[Supersede, ...] = ()
    entries: tuple[Entry, ...] = ()
    permits: tuple[Permit, ...] = ()
    """Bypass permits that changed, as they stand after their steps."""
    interlocks: tuple[StoredInterlock, ...] = ()
    """What is remembered of interlocks, where it is not as the disk has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The answer of the disk."""

    transition_seqs: tuple[int, ...]
    """Journal seq of each transition, in the order given."""
    seq: int
    """Last seq now on disk."""
    journaled_wall_ns: int
