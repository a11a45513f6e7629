"""Alarm floods per operator position: above 10 new annunciations in 10 minutes until below 5 (ISA-18.2, EEMUA 191).  Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from monitor.alarms.performance import FloodLimits

Times = npt.NDArray[np.int64]
_NONE: Final[Times] = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionFlood:
    """One operator position as it stands."""

    position: str
    in_flood: bool = False
    since_wall_ns: int | None = None
    """When the flood began, or when the last one ended."""
    count: int = 0
    """New annunciations in the window that ends now."""
    peak: int = 0
    """The highest count of this flood, or of the last one."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FloodMemory:
    """All positions, and when what is counted was annunciated (mono time, ascending)."""

    positions: tuple[PositionFlood, ...]
    arrivals: tuple[Times, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Spans:
    """Floods of one position in the past: wall times of begin and end, and the highest count of each."""

    begin_ns: Times
    end_ns: Times
    """One that had not ended by the end of what was looked at ends there."""
    peak: Times
    is_open: bool
    """The last one had not ended."""


def begun(positions: Sequence[str]) -> FloodMemory:
    """No position has heard anything yet."""
    return FloodMemory(
        positions=tuple(PositionFlood(position=position) for position in positions),
        arrivals=tuple(_NONE for _ in positions),
    )


def advance(memory: FloodMemory, limits: FloodLimits, new: Sequence[int], mono_ns: int, wall_ns: int) -> FloodMemory:
    """Let time pass and count `new` annunciations of each position, made now; the same object when nothing changed."""
    moved = [
        _advanced(state, arrivals, limits, count, mono_ns, wall_ns)
        for state, arrivals, count in zip(memory.positions, memory.arrivals, new, strict=True)
    ]
    if all(state is before for (state, _), before in zip(moved, memory.positions, strict=True)):
        return memory
    return FloodMemory(positions=tuple(state for state, _ in moved), arrivals=tuple(times for _, times in moved))


def _advanced(
    state: PositionFlood, arrivals: Times, limits: FloodLimits, new: int, mono_ns: int, wall_ns: int
) -> tuple[PositionFlood, Times]:
    expired = int(np.searchsorted(arrivals, mono_ns - limits.window_ns, side="right")) if len(arrivals) else 0
    if not new and not expired:
        return state, arrivals
    arrivals = np.concatenate((arrivals[expired:], np.full(new, mono_ns, np.int64)))
    count = len(arrivals)
    in_flood = count > limits.begin_above or (state.in_flood and count >= limits.end_below)
    peak = state.peak
    if in_flood:
        peak = max(count, peak) if state.in_flood else count
    since = wall_ns if in_flood != state.in_flood else state.since_wall_ns
    return replace(state, in_flood=in_flood, since_wall_ns=since, count=count, peak=peak), arrivals


def seeded(
    positions: Sequence[str], past_wall_ns: Sequence[Times], limits: FloodLimits, mono_ns: int, wall_ns: int
) -> FloodMemory:
    """The memory after a restart: what was annunciated before, per position, at these wall times (ascending).

    A wall time in the future (the clock was set back) counts as now.
    """
    states, arrivals = [], []
    for position, times in zip(positions, past_wall_ns, strict=True):
        past = np.minimum(times, wall_ns)
        found = spans(past, wall_ns, limits)
        recent = past[past > wall_ns - limits.window_ns]
        since = None
        if len(found.begin_ns):
            since = int(found.begin_ns[-1] if found.is_open else found.end_ns[-1])
        states.append(
            PositionFlood(
                position=position,
                in_flood=found.is_open,
                since_wall_ns=since,
                count=len(recent),
                peak=int(found.peak[-1]) if len(found.peak) else 0,
            )
        )
        arrivals.append(mono_ns - (wall_ns - recent))
    return FloodMemory(positions=tuple(states), arrivals=tuple(arrivals))


def spans(times_ns: Times, until_ns: int, limits: FloodLimits) -> Spans:
    """Floods among annunciations at these times (ascending, not after `until_ns`), looked at until then.

    An annunciation counts from its moment until the window has passed, that end excluded.
    """
    at, count = _counts(times_ns, until_ns, limits.window_ns)
    flooded = _held(count > limits.begin_above, count < limits.end_below)
    edge = np.flatnonzero(np.diff(flooded, prepend=False))
    begins, ends = edge[0::2], edge[1::2]
    is_open = len(begins) > len(ends)
    end_ns = np.concatenate((at[ends], [until_ns])) if is_open else at[ends]
    last = np.concatenate((ends, [len(count)])) if is_open else ends
    peak = [int(count[first:stop].max()) for first, stop in zip(begins.tolist(), last.tolist(), strict=True)]
    return Spans(begin_ns=at[begins], end_ns=end_ns.astype(np.int64), peak=np.array(peak, np.int64), is_open=is_open)


def _counts(times_ns: Times, until_ns: int, window_ns: int) -> tuple[Times, Times]:
    """Every moment at which the count changed, and the count from then on."""
    expiries = times_ns + window_ns
    moments = np.unique(np.concatenate((times_ns, expiries[expiries <= until_ns])))
    arrived = np.searchsorted(times_ns, moments, side="right")
    expired = np.searchsorted(expiries, moments, side="right")
    return moments, (arrived - expired).astype(np.int64)


def _held(begins: npt.NDArray[Any], ends: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Hysteresis: TRUE from a begin on until an end."""
    said = np.where(begins | ends, np.arange(len(begins)), -1)
    last = np.maximum.accumulate(said) if len(said) else said
    return (last >= 0) & begins[np.maximum(last, 0)] if len(said) else np.zeros(0, np.bool_)


def busiest(times_ns: Times, window_ns: int) -> tuple[int, int | None]:
    """Most annunciations in any window, and when the first such window ends; (0, None) where there are none."""
    if not len(times_ns):
        return 0, None
    count = np.arange(1, len(times_ns) + 1) - np.searchsorted(times_ns, times_ns - window_ns, side="right")
    place = int(np.argmax(count))
    return int(count[place]), int(times_ns[place])
