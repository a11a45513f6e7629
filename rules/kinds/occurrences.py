"""When something happened, rule by rule: the last times of it, and how much of a window was looked at.

Everything is counted by reading and by the time the reading was received, so that it does not matter how often the rules
are evaluated.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.port import NEVER, State, frozen

MOST: Final = 64
"""Times that are kept of each rule, and so the greatest number that can be asked for."""
SLOTS: Final = 32
"""Good readings that are kept of each window, one of each slot, to say how much of it was covered."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Occurrences:
    """What m rules remember of the past; all columns read-only."""

    event_mono_ns: npt.NDArray[np.int64]
    """(m, MOST), the latest last; NEVER where there was none."""
    read_mono_ns: npt.NDArray[np.int64]
    """(m, SLOTS + 1): when a good reading of each slot was received, the latest last."""
    last_mono_ns: npt.NDArray[np.int64]
    """(m): the last good reading."""
    last_value: npt.NDArray[np.float64]
    """(m): its value; NaN before the first."""
    side: npt.NDArray[np.int8]
    """(m): 1 up, 0 down, -1 not known yet."""
    extreme: npt.NDArray[np.float64]
    """(m): highest value since it went up, lowest since it went down."""

    @classmethod
    def fresh(cls, rules: int) -> "Occurrences":
        """Nothing was read yet."""
        return cls(
            event_mono_ns=np.full((rules, MOST), NEVER, np.int64),
            read_mono_ns=np.full((rules, SLOTS + 1), NEVER, np.int64),
            last_mono_ns=np.full(rules, NEVER, np.int64),
            last_value=np.full(rules, np.nan),
            side=np.full(rules, -1, np.int8),
            extreme=np.full(rules, np.nan),
        )

    @classmethod
    def of(cls, state: State) -> "Occurrences":
        """What a state holds."""
        return cls(**{name: state[name] for name in cls.__slots__})

    def state(self) -> State:
        """As the engine keeps it."""
        return frozen(**{name: getattr(self, name) for name in self.__slots__})

    def news(
        self, value: npt.NDArray[np.float64], good: npt.NDArray[np.bool_], received_mono_ns: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.intp]:
        """Rules whose reading is good and was not taken yet; a reading older than the last one is not."""
        later = received_mono_ns > self.last_mono_ns
        other = (received_mono_ns == self.last_mono_ns) & (value != self.last_value)
        return np.flatnonzero(good & (later | other))

    def taken(
        self,
        at: npt.NDArray[np.intp],
        happened: npt.NDArray[np.bool_],
        value: npt.NDArray[np.float64],
        received_mono_ns: npt.NDArray[np.int64],
        slot_ns: npt.NDArray[np.int64],
    ) -> "Occurrences":
        """With the readings of the rules `at` (other columns of the length of `at`) and what happened with them."""
        last_mono_ns, last_value = self.last_mono_ns.copy(), self.last_value.copy()
        last_mono_ns[at], last_value[at] = received_mono_ns, value
        before = self.read_mono_ns[at, -1]
        next_slot = (before == NEVER) | (received_mono_ns // slot_ns > before // slot_ns)
        return replace(
            self,
            event_mono_ns=_pushed(self.event_mono_ns, at[happened], received_mono_ns[happened]),
            read_mono_ns=_pushed(self.read_mono_ns, at[next_slot], received_mono_ns[next_slot]),
            last_mono_ns=last_mono_ns,
            last_value=last_value,
        )

    def count(self, window_ns: npt.NDArray[np.int64], mono_ns: int) -> npt.NDArray[np.intp]:
        """How often it happened in the window that ends now, at most MOST."""
        inside = (self.event_mono_ns != NEVER) & (mono_ns - window_ns[:, np.newaxis] <= self.event_mono_ns)
        times: npt.NDArray[np.intp] = inside.sum(axis=1, dtype=np.intp)
        return times

    def covered(self, window_ns: npt.NDArray[np.int64], gap_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Share (0 to 1) of the window before the last good reading that lies between readings no further apart than `gap_ns`."""
        begin = np.where(self.last_mono_ns == NEVER, 0, self.last_mono_ns - window_ns)
        times = np.concatenate([self.read_mono_ns, self.last_mono_ns[:, np.newaxis]], axis=1)
        known = times[:, :-1] != NEVER
        since = np.where(known, np.maximum(times[:, :-1], begin[:, np.newaxis]), times[:, 1:])
        between = np.where(known, np.maximum(times[:, 1:] - since, 0), 0)
        whole = np.where(known & (times[:, 1:] - times[:, :-1] <= gap_ns[:, np.newaxis]), between, 0)
        share: npt.NDArray[np.float64] = whole.sum(axis=1) / window_ns
        return share

    def nth_leaves_ns(self, count: npt.NDArray[np.intp], window_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """First mono time at which the `count`-th latest lies no longer in the window; NEVER where there are fewer."""
        nth = self.event_mono_ns[np.arange(count.size), MOST - count]
        return np.where(nth == NEVER, NEVER, nth + window_ns + 1)


def _pushed(
    times: npt.NDArray[np.int64], at: npt.NDArray[np.intp], received_mono_ns: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Times with one more at the end of the rows `at`; the oldest makes room."""
    if not at.size:
        return times
    times = times.copy()
    times[at, :-1] = times[at, 1:]
    times[at, -1] = received_mono_ns
    return times
