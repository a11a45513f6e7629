"""`/sequence`: events in the order in which they happened."""

from typing import Literal

from monitor.api.dto.base import Dto, Text


class SequenceEvent(Dto):
    """One event of the sequence-of-events sheet."""

    seq: int
    """Its journal row."""
    id: str
    occurrence: int
    trigger: str
    priority: int
    subject: Text
    message: Text
    tag: str | None
    device: str | None
    value: float | None
    eu: str
    at: str
    """Best estimate; the truth lies between `earliest` and `latest`."""
    earliest: str
    latest: str
    time_from: Literal["source", "received", "decided"]
    """`source`: the device stamped it; `received`: read by us (Modbus has no time); `decided`: judged by us."""
    resolution_ms: float
    decided_at: str
    first_out: bool
    """It may have been the first."""
    undecided_with_next: int
    """With so many rows below it the order is undecided ..."""
    undecided_within_ms: float
    """... within so many milliseconds; 0 where the order is certain."""


class Sequence(Dto):
    """What happened in which order, by the time at which it happened, as far as that can be known."""

    begin: str
    end: str
    complete: bool
    """False: more events than one sheet holds; ask for a shorter period."""
    events: list[SequenceEvent]
