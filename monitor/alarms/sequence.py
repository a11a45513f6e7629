"""Which event came first, as far as that can be known: each event lies in an interval, overlapping ones have no order.  Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

TimeFrom = Literal["source", "received", "decided"]
Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """When something happened: between `earliest_ns` and `latest_ns`, both included (wall time)."""

    earliest_ns: int
    latest_ns: int
    time_from: TimeFrom

    @property
    def at_ns(self) -> int:
        """The middle: the best estimate."""
        return (self.earliest_ns + self.latest_ns) // 2


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Order:
    """Events by their earliest moment, and what is certain about that order; all columns in the new order."""

    place: npt.NDArray[np.intp]
    """Where each event stood in what was given."""
    undecided_with_next: Times
    """With so many of the following events the order is undecided; they follow without a gap."""
    undecided_within_ns: Times
    """The time in which those and this one lie; 0 where nothing is undecided."""
    first_out: npt.NDArray[np.bool_]
    """It may have been the first of all."""


def interval(
    *, source_ns: int | None, received_ns: int | None, decided_ns: int, delay_ns: int, resolution_ns: int
) -> Interval:
    """When the condition of a transition turned.

    A reading that moves on during a delay has a time at the delay's end, one that stands still has the time of its turn:
    the turn is not later than either the reading's time or the decision minus the delay.  A device's own stamp may err to
    both sides; a reading without one, and what we judged ourselves, happened since the look before.
    """
    told = source_ns if source_ns is not None else received_ns
    at_ns = decided_ns - delay_ns if told is None else min(told, decided_ns - delay_ns)
    if source_ns is not None:
        return Interval(earliest_ns=at_ns - resolution_ns, latest_ns=at_ns + resolution_ns, time_from="source")
    time_from: TimeFrom = "decided" if received_ns is None else "received"
    return Interval(earliest_ns=at_ns - resolution_ns, latest_ns=at_ns, time_from=time_from)


def is_undecided(one: Interval, other: Interval) -> bool:
    """Whether the order of two events cannot be told."""
    return one.earliest_ns <= other.latest_ns and other.earliest_ns <= one.latest_ns


def in_order(intervals: Sequence[Interval]) -> Order:
    """Sort events by their earliest moment and say where that order is not certain."""
    earliest = np.array([item.earliest_ns for item in intervals], np.int64)
    latest = np.array([item.latest_ns for item in intervals], np.int64)
    place = np.lexsort((latest, earliest))
    earliest, latest = earliest[place], latest[place]
    following = np.searchsorted(earliest, latest, side="right") - np.arange(len(place)) - 1
    within = np.zeros(len(place), np.int64)
    for at in np.flatnonzero(following).tolist():
        within[at] = latest[at : at + int(following[at]) + 1].max() - earliest[at]
    return Order(
        place=place,
        undecided_with_next=following.astype(np.int64),
        undecided_within_ns=within,
        first_out=earliest <= latest.min() if len(place) else np.zeros(0, np.bool_),
    )
