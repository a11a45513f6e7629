"""Windows over time: samples taken by the reading's own time, good ones only, with the share of the window they cover.

A window of `window_ns` is cut into equal slots on a fixed grid of mono time; of each slot the first good reading is kept,
by the time it was received.  So what is kept follows from the readings alone: an evaluation more, at another time or
twice at one, changes nothing.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.port import NEVER

SLOTS: Final = 32
"""Slots of a window, unless a kind needs more."""
_SPAN: Final = 2
"""A sample stands for the time up to the next one, but for no longer than this many slots (or periods, where readings come
more slowly): of regular readings the first ones of two neighbouring slots are less than a slot and a period apart."""

Samples = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""(received mono times, values), both (m, slots + 1), oldest first; NEVER and NaN where nothing was kept yet."""
Now = int | npt.NDArray[np.int64]
"""The mono time a window ends at: one for all rules, or one for each."""


def fresh(rules: int, slots: int = SLOTS) -> Samples:
    """Nothing was kept yet."""
    return _frozen(np.full((rules, slots + 1), NEVER, np.int64)), _frozen(np.full((rules, slots + 1), np.nan))


def kept(
    samples: Samples,
    value: npt.NDArray[np.float64],
    good: npt.NDArray[np.bool_],
    received_mono_ns: npt.NDArray[np.int64],
    window_ns: npt.NDArray[np.int64],
) -> Samples:
    """Keep a reading where it is good, a number and the first of its slot; the oldest sample makes room.

    The same reading twice is kept once; a reading no newer than the last kept one is not kept.  Where nothing is kept at
    all, the samples come back as they are (the same objects).
    """
    times, values = samples
    slot_ns = np.maximum(window_ns // (times.shape[1] - 1), 1)
    last = times[:, -1]
    newer = good & (received_mono_ns > last) & np.isfinite(value)
    # NEVER divides to a slot before all others
    take = np.flatnonzero(newer & (received_mono_ns // slot_ns > last // slot_ns))
    if not take.size:
        return samples
    times, values = times.copy(), values.copy()
    times[take, :-1], values[take, :-1] = times[take, 1:], values[take, 1:]
    times[take, -1], values[take, -1] = received_mono_ns[take], value[take]
    return _frozen(times), _frozen(values)


def next_slot_ns(
    last_mono_ns: npt.NDArray[np.int64], window_ns: npt.NDArray[np.int64], slots: int
) -> npt.NDArray[np.int64]:
    """Received time (m) from which a good reading is kept after the sample of `last_mono_ns`; at once where there is none."""
    slot_ns = np.maximum(window_ns // slots, 1)
    return np.where(last_mono_ns == NEVER, NEVER, (last_mono_ns // slot_ns + 1) * slot_ns)


def kept_beside(
    beside: npt.NDArray[np.float64], new: npt.NDArray[np.intp], value: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """A second value of the same samples (m, slots + 1): takes `value` (m) over at the places with a `new` sample."""
    if not new.size:
        return beside
    beside = beside.copy()
    beside[new, :-1], beside[new, -1] = beside[new, 1:], value[new]
    return _frozen(beside)


def new_places(before: Samples, after: Samples) -> npt.NDArray[np.intp]:
    """Where `kept` added a sample."""
    return np.zeros(0, np.intp) if after is before else np.flatnonzero(after[0][:, -1] != before[0][:, -1])


def forgotten(samples: Samples, places: npt.NDArray[np.bool_]) -> Samples:
    """Samples without those of the rules where `places` (m) is True: their windows begin anew."""
    times, values = samples
    if not bool((places & (times[:, -1] != NEVER)).any()):
        return samples
    at = places[:, np.newaxis]
    return _frozen(np.where(at, NEVER, times)), _frozen(np.where(at, np.nan, values))


def inside(samples: Samples, window_ns: npt.NDArray[np.int64], mono_ns: Now) -> npt.NDArray[np.bool_]:
    """Which samples are no older than the window, shape (m, slots + 1)."""
    times = samples[0]
    young: npt.NDArray[np.bool_] = (times != NEVER) & (_ends(mono_ns) - times <= window_ns[:, np.newaxis])
    return young


def coverage(
    samples: Samples,
    window_ns: npt.NDArray[np.int64],
    mono_ns: Now,
    period_ns: npt.NDArray[np.int64] | None = None,
) -> npt.NDArray[np.float64]:
    """Share (0 to 1) of the time of the window that samples stand for.

    Give the scan class period of the readings (m) where it may be longer than a slot: else a window that is read every
    ten seconds and cut into slots of one second is never covered.
    """
    times = samples[0]
    step_ns = np.maximum(window_ns // (times.shape[1] - 1), 1)
    if period_ns is not None:
        step_ns = np.maximum(step_ns, period_ns)
    ends = _ends(mono_ns)
    known = times != NEVER
    # ages before now, never below 0 and never above the window: what lies outside of it counts for nothing
    age_ns = np.where(known, np.clip(ends - times, 0, window_ns[:, np.newaxis]), window_ns[:, np.newaxis])
    until_ns = np.zeros_like(age_ns)
    until_ns[:, :-1] = age_ns[:, 1:]
    stands_ns = np.maximum(ends - times - _SPAN * step_ns[:, np.newaxis], until_ns)  # age at which it ends to stand
    covered_ns = np.where(known, np.maximum(age_ns - stands_ns, 0), 0).sum(axis=1)
    share: npt.NDArray[np.float64] = np.minimum(covered_ns / np.maximum(window_ns, 1), 1.0)
    return share


def steadied(samples: Samples, use: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Values (m, slots - 1) as running medians of three samples, so that one wild reading is no movement.

    NaN where not all three are in `use`.
    """
    before, middle, after = (samples[1][:, at : at + use.shape[1] - 2] for at in (0, 1, 2))
    all_three = use[:, :-2] & use[:, 1:-1] & use[:, 2:]
    median = np.maximum(np.minimum(before, middle), np.minimum(np.maximum(before, middle), after))
    return np.where(all_three, median, np.nan)


def _ends(mono_ns: Now) -> npt.NDArray[np.int64]:
    return np.asarray(mono_ns, np.int64)[..., np.newaxis]


def unchanged_until_ns(
    samples: Samples,
    window_ns: npt.NDArray[np.int64],
    covered: npt.NDArray[np.float64],
    least: npt.NDArray[np.float64],
    mono_ns: int,
    ago_ns: npt.NDArray[np.int64] | int = 0,
) -> npt.NDArray[np.int64]:
    """First moments (m) after now at which windows that end `ago_ns` ago may change although nothing is read; else NEVER.

    That is when a sample enters or leaves, or when the coverage (`covered`, now) may cross `least`: it moves by no more
    than the time that passes.
    """
    times, ago = samples[0], np.asarray(ago_ns, np.int64)[..., np.newaxis]
    far = np.int64(2**63 - 1)
    known = times != NEVER
    first = np.full(times.shape[0], far)
    for moments in (times + ago, times + (ago + window_ns[:, np.newaxis] + 1)):
        np.minimum(first, np.where(known & (moments > mono_ns), moments, far).min(axis=1), out=first)
    crossing = mono_ns + np.maximum(np.abs(covered - least) * window_ns, 1_000_000).astype(np.int64)
    return np.where(first == far, NEVER, np.minimum(first, crossing))


def due(
    samples: Samples, before: npt.NDArray[np.int64], until_ns: npt.NDArray[np.int64], mono_ns: int
) -> npt.NDArray[np.intp]:
    """Rules whose windows differ from the last look: a sample was kept since (`before`: times then), or `until_ns` is past."""
    moved = (until_ns != NEVER) & (until_ns <= mono_ns)
    if samples[0] is not before:
        moved |= samples[0][:, -1] != before[:, -1]
    return np.flatnonzero(moved)


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
