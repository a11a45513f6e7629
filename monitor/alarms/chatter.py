"""Alarms that say too much, vanish before anybody can act, or stand for days: chattering, fleeting, stale (ISA-18.2).  Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from monitor.alarms.annunciations import ENDS, RETURNS, StepColumns
from monitor.alarms.flood import busiest
from monitor.alarms.performance import NuisanceLimits

Nuisance = Literal["chattering", "fleeting", "stale"]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An alarm that stands now, from the board."""

    id: str
    occurrence: int
    raised_wall_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceAlarm:
    """One alarm that was found."""

    id: str
    kind: Nuisance
    count: int
    """Chattering: bursts; fleeting and stale: occurrences."""
    worst: float
    """Chattering: most annunciations inside the time; fleeting: shortest life in s; stale: longest in s."""
    first_ns: int
    last_ns: int
    standing: bool


def chattering(steps: StepColumns, limits: NuisanceLimits) -> tuple[NuisanceAlarm, ...]:
    """Alarms annunciated `chattering_count` times inside `chattering_within_ns`, the worst first."""
    new = steps.only(steps.is_new())
    order = np.lexsort((new.wall_ns, new.name))
    name, at = new.name[order], new.wall_ns[order]
    reach = limits.chattering_count - 1
    close = np.zeros(len(at), np.bool_)
    """Whether the annunciation is the first of so many inside the time."""
    if reach < len(at):
        same = name[reach:] == name[: len(name) - reach]
        close[: len(at) - reach] = same & (at[reach:] - at[: len(at) - reach] < limits.chattering_within_ns)
    found = []
    for wanted in np.unique(name[close]).tolist():
        mine = name == wanted
        times, starts = at[mine], np.flatnonzero(close[mine])
        worst, _ = busiest(times, limits.chattering_within_ns)
        bursts = 1 + int(np.count_nonzero(np.diff(times[starts]) >= limits.chattering_within_ns))
        found.append(
            NuisanceAlarm(
                id=new.ids[wanted],
                kind="chattering",
                count=bursts,
                worst=float(worst),
                first_ns=int(times[starts[0]]),
                last_ns=int(times[starts[-1] + reach]),
                standing=False,
            )
        )
    return tuple(sorted(found, key=lambda item: (-item.worst, -item.count, item.id)))


def fleeting(steps: StepColumns, limits: NuisanceLimits) -> tuple[NuisanceAlarm, ...]:
    """Alarms that returned inside `fleeting_within_ns` with no act of a person, and stood alone; the most frequent first."""
    begin, end, acted = _lives(steps)
    life = steps.wall_ns[end] - steps.wall_ns[begin]
    short = steps.is_any(RETURNS)[end] & (life < limits.fleeting_within_ns) & ~acted & steps.is_new()[begin]
    short &= _stands_alone(steps, begin, limits.fleeting_alone_ns)
    found = []
    for wanted in np.unique(steps.name[begin[short]]).tolist():
        mine = short & (steps.name[begin] == wanted)
        times = steps.wall_ns[begin[mine]]
        found.append(
            NuisanceAlarm(
                id=steps.ids[wanted],
                kind="fleeting",
                count=int(np.count_nonzero(mine)),
                worst=float(life[mine].min()) / 1e9,
                first_ns=int(times.min()),
                last_ns=int(times.max()),
                standing=False,
            )
        )
    return tuple(sorted(found, key=lambda item: (-item.count, item.id)))


def stale(
    steps: StepColumns, standing: Iterable[Standing], limits: NuisanceLimits, from_ns: int, to_ns: int
) -> tuple[NuisanceAlarm, ...]:
    """Alarms that stood longer than `stale_after_ns` at some moment of [from_ns, to_ns), the oldest first.

    One that stood for the complete period is known from `standing` only, so only while it still stands.
    """
    begin, end, _ = _lives(steps)
    raised = steps.is_any(("raised",))[begin] & (end != begin)
    lives = [
        (steps.ids[name], int(since), int(until), False)
        for name, since, until in zip(
            steps.name[begin[raised]], steps.wall_ns[begin[raised]], steps.wall_ns[end[raised]], strict=True
        )
    ]
    lives += [(item.id, item.raised_wall_ns, to_ns, True) for item in standing if item.raised_wall_ns < to_ns]
    found: dict[str, list[tuple[int, int, bool]]] = {}
    for alarm_id, since, until, stands in lives:
        last = min(until, to_ns)
        if last - since > limits.stale_after_ns and last > from_ns:
            found.setdefault(alarm_id, []).append((since, last, stands))
    listed = [_stale(alarm_id, times) for alarm_id, times in found.items()]
    return tuple(sorted(listed, key=lambda item: (-item.worst, item.id)))


def _stale(alarm_id: str, lives: Sequence[tuple[int, int, bool]]) -> NuisanceAlarm:
    return NuisanceAlarm(
        id=alarm_id,
        kind="stale",
        count=len(lives),
        worst=max(until - since for since, until, _ in lives) / 1e9,
        first_ns=min(since for since, _, _ in lives),
        last_ns=max(until for _, until, _ in lives),
        standing=any(stands for _, _, stands in lives),
    )


def _lives(steps: StepColumns) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Mask]:
    """The first step of every occurrence, its first closing one (itself where there is none), and whether a person acted.

    An act counts when it came not after the closing step.
    """
    order = np.lexsort((steps.seq, steps.occurrence, steps.name))
    if not len(order):
        return order, order, np.zeros(0, np.bool_)
    name, occurrence = steps.name[order], steps.occurrence[order]
    fresh = np.r_[True, (name[1:] != name[:-1]) | (occurrence[1:] != occurrence[:-1])]
    starts = np.flatnonzero(fresh)
    places = np.arange(len(order))
    closing = np.where(steps.is_any(ENDS)[order], places, len(order))
    first_closing = np.minimum.reduceat(closing, starts)
    ends = np.where(first_closing < len(order), first_closing, starts)
    acts = np.where(steps.person[order], places, len(order))
    acted = np.minimum.reduceat(acts, starts) <= np.where(ends > starts, ends, len(order) - 1)
    return order[starts], order[ends], acted


def _stands_alone(steps: StepColumns, begin: npt.NDArray[np.intp], alone_ns: int) -> Mask:
    """Whether no other annunciation of the same alarm is this close to the one that each occurrence began with."""
    new = steps.only(steps.is_new())
    order = np.lexsort((new.wall_ns, new.name))
    name, at = new.name[order], new.wall_ns[order]
    near_next = (name[1:] == name[:-1]) & (np.diff(at) < alone_ns)
    crowded = np.zeros(len(at), np.bool_)
    crowded[:-1] |= near_next
    crowded[1:] |= near_next
    return ~np.isin(steps.seq[begin], new.seq[order][crowded])
