"""Windows over time: samples taken by the reading's own time, good ones only, with the share of the window they cover.

A window of `window_ns` is cut into `slots` equal slots; of each slot the first good reading is kept, by the time it was
received, so that what is kept does not depend on how often the rules are evaluated.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.port import NEVER

SLOTS: Final = 32
"""Slots of a window, unless a kind needs more."""

Samples = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""(received mono times, values), both (m, slots + 1), oldest first; NEVER and NaN where nothing was kept yet."""


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
    """Keep a reading where it is good and the first of its slot; the oldest sample makes room.

    The same reading twice is kept once; a reading older than the last kept one is not kept.
    """
    times, values = samples
    slot_ns = np.maximum(window_ns // (times.shape[1] - 1), 1)
    last = times[:, -1]
    # NEVER divides to a slot before all others
    take = np.flatnonzero(good & (received_mono_ns > last) & (received_mono_ns // slot_ns > last // slot_ns))
    if not take.size:
        return samples
    times, values = times.copy(), values.copy()
    times[take, :-1], values[take, :-1] = times[take, 1:], values[take, 1:]
    times[take, -1], values[take, -1] = received_mono_ns[take], value[take]
    return _frozen(times), _frozen(values)


def inside(samples: Samples, window_ns: npt.NDArray[np.int64], mono_ns: int) -> npt.NDArray[np.bool_]:
    """Which samples are no older than the window, shape (m, slots + 1)."""
    times = samples[0]
    young: npt.NDArray[np.bool_] = (times != NEVER) & (mono_ns - times <= window_ns[:, np.newaxis])
    return young


def coverage(samples: Samples, window_ns: npt.NDArray[np.int64], mono_ns: int) -> npt.NDArray[np.float64]:
    """Share (0 to 1) of the slots of the window that hold a sample."""
    slots = samples[0].shape[1] - 1
    covered: npt.NDArray[np.float64] = np.minimum(inside(samples, window_ns, mono_ns).sum(axis=1) / slots, 1.0)
    return covered


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
