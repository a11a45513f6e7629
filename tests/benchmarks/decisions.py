"""Which decision belongs to which write at the source, and how long each took.  Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RAISED, RETURNED = "raised", "returned"
LONGEST_NS = 5_000_000_000
"""A decision that comes later than this is counted as missed."""


@dataclass(frozen=True, kw_only=True)
class Write:
    """What the source put into its tables, and when: an alarm becomes true or false by it."""

    wall_ns: int
    alarm_id: str
    is_abnormal: bool


@dataclass(kw_only=True)
class Latencies:
    """Milliseconds of each stage; one entry for each decision."""

    decided: list[float] = field(default_factory=list)
    """From the write at the source to the decision."""
    waited: list[float] = field(default_factory=list)
    """From the batch received to the scan that judged it: the shortest time between two scans shows here."""
    durable: list[float] = field(default_factory=list)
    """From the batch received to the journal on disk (told in whole milliseconds)."""
    told: list[float] = field(default_factory=list)
    """From the journal on disk to the event in the hands of an observer in another process."""
    streamed: list[float] = field(default_factory=list)
    """Both together: from the batch received to the event at the observer."""
    missed: int = 0
    """Writes without a decision."""


def latencies(
    writes: Iterable[Write], bodies: Sequence[tuple[int, Mapping[str, Any]]], seen: Mapping[int, tuple[int, int]]
) -> Latencies:
    """Match writes with journal bodies (seq, body), oldest first, and with what the observer saw.

    `seen`: journal seq -> (wall ns at the observer, wall ns of the commit as the event tells it).
    """
    found: dict[tuple[str, str], list[tuple[int, int, Mapping[str, Any]]]] = {}
    for seq, body in bodies:
        found.setdefault((body["id"], body["trigger"]), []).append((body["decided_wall_ns"], seq, body))
    result = Latencies()
    for write in writes:
        candidates = found.get((write.alarm_id, RAISED if write.is_abnormal else RETURNED), [])
        at = bisect_left(candidates, write.wall_ns, key=lambda candidate: candidate[0])
        if at == len(candidates) or candidates[at][0] - write.wall_ns > LONGEST_NS:
            result.missed += 1
            continue
        decided_ns, seq, body = candidates[at]
        result.decided.append((decided_ns - write.wall_ns) / 1e6)
        if seq in seen and body["received_wall_ns"]:
            streamed_ns, durable_ns = seen[seq]
            result.waited.append((decided_ns - body["received_wall_ns"]) / 1e6)
            result.streamed.append((streamed_ns - body["received_wall_ns"]) / 1e6)
            result.told.append((streamed_ns - durable_ns) / 1e6)
            result.durable.append((durable_ns - body["received_wall_ns"]) / 1e6)
    return result
