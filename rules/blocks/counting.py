"""Counts through a stretch of time: sides and turns one reading after the other, everything else as columns."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.blocks.course import Bools, Conditions
from rules.blocks.samples import Kept
from rules.kinds.count_group import CountGroup
from rules.kinds.occurrences import MOST, Occurrences
from rules.port import NEVER, State
from rules.stretch import Stretch

MOST_RULES: Final = 256
"""More rules are judged together sweep by sweep: what is looked at one by one here would take longer."""
Times = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountCourse:
    """The course of all rules that count; columns (t, m) where not said otherwise."""

    condition: Conditions
    kept: Kept
    """When a good reading of each slot was received."""
    last_ns: Times
    last_value: Floats
    side: npt.NDArray[np.int8]
    extreme: Floats
    events: tuple[Times, ...]
    """Of each rule: all its events, those from before first."""
    so_far: npt.NDArray[np.intp]
    """How many of them lie behind each sweep."""

    def state_at(self, at: int) -> State:
        """As the kind leaves it."""
        rules = np.arange(self.condition.shape[1])
        events = np.full((rules.size, MOST), NEVER, np.int64)
        for rule, (of_rule, so_far) in enumerate(zip(self.events, self.so_far[at].tolist(), strict=True)):
            latest = of_rule[max(0, so_far - MOST) : so_far]
            events[rule, MOST - latest.size :] = latest
        return Occurrences(
            event_mono_ns=events,
            read_mono_ns=self.kept.windows(np.full(rules.size, at), rules)[0],
            last_mono_ns=self.last_ns[at].copy(),
            last_value=self.last_value[at].copy(),
            side=self.side[at].copy(),
            extreme=self.extreme[at].copy(),
        ).state()


def count_course(group: CountGroup, stretch: Stretch, state: State) -> CountCourse:
    """As `CountGroup.judge` goes through it."""
    past, value = Occurrences.of(state), stretch.value[:, group.row]
    received_ns = stretch.received_mono_ns[:, group.row]
    good = group.good(value, stretch.quality[:, group.row])
    last_ns, last_value, news = _last(past, value, good, received_ns)
    side, extreme, happened = _sides(group, past, value, news)
    before = [of_rule[of_rule != NEVER] for of_rule in past.event_mono_ns]
    events = [
        np.concatenate((old, received_ns[happened[:, rule], rule])) for rule, old in enumerate(before)
    ]  # fmt: skip
    so_far = np.array([old.size for old in before], np.intp) + np.cumsum(happened, axis=0, dtype=np.intp)
    reads = past.read_mono_ns, np.zeros(past.read_mono_ns.shape)
    kept = Kept.of(reads, value, good, received_ns, group.window_ns)
    gone = [
        np.searchsorted(of_rule, stretch.mono_ns - window_ns)
        for of_rule, window_ns in zip(events, group.window_ns.tolist(), strict=True)
    ]
    count = np.minimum(so_far - np.stack(gone, axis=1), MOST)
    return CountCourse(
        condition=group.told(good, _covered(group, kept, last_ns), count),
        kept=kept,
        last_ns=last_ns,
        last_value=last_value,
        side=side,
        extreme=extreme,
        events=tuple(events),
        so_far=so_far,
    )


def _last(past: Occurrences, value: Floats, good: Bools, received_ns: Times) -> tuple[Times, Floats, Bools]:
    """(when the last good reading was received, its value, where it is news) of every sweep."""
    number = np.where(good, np.arange(good.shape[0])[:, np.newaxis], -1)
    newest = np.maximum.accumulate(number, axis=0)
    at, known = np.maximum(newest, 0), newest >= 0
    last_ns = np.where(known, np.take_along_axis(received_ns, at, axis=0), past.last_mono_ns)
    last_value = np.where(known, np.take_along_axis(value, at, axis=0), past.last_value)
    before_ns = np.concatenate((past.last_mono_ns[np.newaxis], last_ns[:-1]))
    before = np.concatenate((past.last_value[np.newaxis], last_value[:-1]))
    news = good & ((received_ns > before_ns) | ((received_ns == before_ns) & (value != before)))
    return last_ns, last_value, news


def _sides(
    group: CountGroup, past: Occurrences, value: Floats, news: Bools
) -> tuple[npt.NDArray[np.int8], Floats, Bools]:
    """(side, extreme, whether it was counted) of every sweep: each follows from the one before."""
    side, extreme = np.empty(value.shape, np.int8), np.empty(value.shape)
    happened = np.zeros(value.shape, np.bool_)
    for rule in range(value.shape[1]):
        at = np.flatnonzero(news[:, rule])
        sides, extremes = _way(group, rule, value[at, rule].tolist(), (int(past.side[rule]), float(past.extreme[rule])))
        counts = np.arange(value.shape[0]).searchsorted(at, "left")  # the sweeps themselves
        made = np.cumsum(news[:, rule])
        side[:, rule], extreme[:, rule] = np.array(sides, np.int8)[made], np.array(extremes)[made]
        before, after = np.array(sides[:-1], np.int8), np.array(sides[1:], np.int8)
        up = (before == 0) & (after == 1) & group.counts_up[rule]
        happened[counts, rule] = up | ((before == 1) & (after == 0) & group.counts_down[rule])
    return side, extreme, happened


def _way(group: CountGroup, rule: int, values: list[float], begin: tuple[int, float]) -> tuple[list[int], list[float]]:
    """Sides and extremes of one rule after each of its readings, what they were before first (`CountGroup.side_of`)."""
    up_at, down_below, swing = float(group.up_at[rule]), float(group.down_below[rule]), float(group.swing[rule])
    turns, falling = swing == swing, bool(group.falling[rule])
    side, extreme = begin
    sides, extremes = [side], [extreme]
    for new in values:
        if turns:
            up, down = side != 1 and new - extreme >= swing, side != 0 and extreme - new >= swing
        elif falling:
            up, down = new > up_at, new <= down_below
        else:
            up, down = new >= up_at, new < down_below
        after = 1 if up else 0 if down else side
        if extreme != extreme or after != side:
            extreme = new
        elif after == 1:
            extreme = max(extreme, new)
        elif after == 0:
            extreme = min(extreme, new)
        side = after
        sides.append(side)
        extremes.append(extreme)
    return sides, extremes


def _covered(group: CountGroup, kept: Kept, last_ns: Times) -> Bools:
    """Whether enough of the window of each sweep lies between readings."""
    made = np.empty(last_ns.shape, np.bool_)
    nothing = Occurrences.fresh(0)
    step = max(1, 8192 // max(last_ns.shape[1], 1))
    for first in range(0, last_ns.shape[0], step):
        part = last_ns[first : first + step]
        sweep, rule = (of.ravel() for of in np.mgrid[first : first + part.shape[0], 0 : part.shape[1]])
        seen = Occurrences(
            event_mono_ns=nothing.event_mono_ns,
            read_mono_ns=kept.windows(sweep, rule)[0],
            last_mono_ns=part.ravel(),
            last_value=nothing.last_value,
            side=nothing.side,
            extreme=nothing.extreme,
        )
        share = seen.covered(group.window_ns[rule], group.gap_ns[rule])
        made[first : first + step] = (share >= group.minimum_coverage[rule]).reshape(part.shape)
    return made
