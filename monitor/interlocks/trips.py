"""What demanded a trip, in which order, and how fast it was answered: the words and numbers of the demand log.  Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.interlocks.columns import InterlockColumns
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Demanding:
    """One cause that demands the trip."""

    tag: str
    value: float
    source_time_ns: int | None
    received_wall_ns: int
    resolution_ns: int
    """Two causes closer than their resolutions cannot be put in order."""

    @property
    def at_ns(self) -> int:
        """Source time where the protocol has one, else when it arrived."""
        return self.received_wall_ns if self.source_time_ns is None else self.source_time_ns


def demanding(
    columns: InterlockColumns, places: Sequence[int], table: TagTable, snapshot: Snapshot
) -> tuple[Demanding, ...]:
    """The causes at these places of `columns.inputs`, the earliest first."""
    found = []
    for place in places:
        row = int(columns.inputs.row[place])
        source_ns = int(snapshot.source_time_ns[row])
        found.append(
            Demanding(
                tag=table.ids[row],
                value=float(snapshot.value[row]),
                source_time_ns=None if source_ns == NO_TIME else source_ns,
                received_wall_ns=int(snapshot.received_wall_ns[row]),
                resolution_ns=int(table.scan_period_ns[row]),
            )
        )
    return tuple(sorted(found, key=lambda item: (item.at_ns, item.tag)))


def first_out(causes: Sequence[Demanding]) -> tuple[tuple[str, ...], int | None]:
    """The cause that came first; several, and within how many nanoseconds, where the order is undecided."""
    if not causes:
        return (), None
    first = min(causes, key=lambda item: item.at_ns)
    # an instant lies anywhere in the resolution before it was seen
    undecided = [item for item in causes if item.at_ns - item.resolution_ns <= first.at_ns]
    if len(undecided) == 1:
        return (first.tag,), None
    return tuple(item.tag for item in undecided), max(item.resolution_ns for item in undecided)
