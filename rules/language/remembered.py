"""What conditions remember: how long a `for` has lasted, which reading came before.  First axis: the condition."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality
from rules.language.lasting import Counted, count, lasted, resumed
from rules.language.numbers import Floats, Ranks
from rules.language.reader import LASTINGS, PREVIOUS
from rules.port import NEVER, Moment, State

SINCE: Final = "condition_since_mono_ns"
COUNTED: Final = "condition_counted_ns"
HELD: Final = "condition_held_mono_ns"
"""Of every `for`: the columns of `lasting.Counted`."""
JUDGED: Final = "condition_judged_mono_ns"
"""When the condition was judged last."""
READ: Final = "condition_read_mono_ns"
"""When the newest reading of a tag with `previous` was received."""
READ_VALUE: Final = "condition_read_value"
READ_QUALITY: Final = "condition_read_quality"
BEFORE_VALUE: Final = "condition_before_value"
BEFORE_QUALITY: Final = "condition_before_quality"

Places = npt.NDArray[np.intp] | slice


def fresh_state(conditions: int) -> State:
    """Nothing lasted, nothing was read; the width is fixed, so that a row means the same whatever else is configured."""
    never_seen = np.uint8(Quality.NEVER_SEEN)
    made: dict[str, npt.NDArray[Any]] = {
        SINCE: np.full((conditions, LASTINGS), NEVER, np.int64),
        COUNTED: np.zeros((conditions, LASTINGS), np.int64),
        HELD: np.full((conditions, LASTINGS), NEVER, np.int64),
        JUDGED: np.full(conditions, NEVER, np.int64),
        READ: np.full((conditions, PREVIOUS), NEVER, np.int64),
        READ_VALUE: np.full((conditions, PREVIOUS), np.nan),
        READ_QUALITY: np.full((conditions, PREVIOUS), never_seen),
        BEFORE_VALUE: np.full((conditions, PREVIOUS), np.nan),
        BEFORE_QUALITY: np.full((conditions, PREVIOUS), never_seen),
    }
    for array in made.values():
        array.flags.writeable = False
    return made


class Remembered:
    """The state while conditions are judged: read from what was, written to copies made when something changes."""

    def __init__(self, state: State, moment: Moment) -> None:
        self._before = state
        self._after: dict[str, npt.NDArray[Any]] = {}
        self._mono_ns = moment.mono_ns
        if SINCE in state:
            judged = state[JUDGED][:, np.newaxis]
            since = resumed(state[SINCE], judged, moment.start_mono_ns, moment.mono_ns)
            if since is not state[SINCE]:
                self._after[SINCE] = since

    def state(self) -> State:
        """The state after; the same arrays where nothing changed, but for when it was judged."""
        if JUDGED in self._before:
            self._after[JUDGED] = np.full(self._before[JUDGED].shape, self._mono_ns, np.int64)
        for array in self._after.values():
            array.flags.writeable = False
        return {**self._before, **self._after} if self._after else self._before

    def lasting(self, places: Places, slot: int, ranks: Ranks, duration_ns: npt.NDArray[np.int64]) -> Ranks:
        """`for`, see `rules.language.lasting`."""
        before = Counted(*(self._get(name, places, slot) for name in (SINCE, COUNTED, HELD)))
        after = count(ranks, before, self._mono_ns)
        if after is not before:
            for name, array in zip((SINCE, COUNTED, HELD), after, strict=True):
                self._put(name, places, slot, array)
        return lasted(ranks, after, duration_ns, self._mono_ns)

    def counted_ns(self, places: Places, slot: int) -> npt.NDArray[np.int64]:
        """How long each `for` has counted."""
        since, counted, _ = (self._get(name, places, slot) for name in (SINCE, COUNTED, HELD))
        running = since != NEVER
        so_far: npt.NDArray[np.int64] = np.where(running, self._mono_ns - np.where(running, since, 0), counted)
        return so_far

    def previous(
        self, places: Places, slot: int, value: Floats, quality: Ranks, received_mono_ns: npt.NDArray[np.int64]
    ) -> tuple[Floats, Ranks]:
        """The reading before the newest (value, quality), by the time each was received."""
        read = self._get(READ, places, slot)
        newer = (received_mono_ns > read) & (received_mono_ns > 0)
        # the same moment again: the later of two readings that came together is the one that counts
        again = (received_mono_ns == read) & (quality <= np.uint8(Quality.BAD))
        read_value, read_quality = self._get(READ_VALUE, places, slot), self._get(READ_QUALITY, places, slot)
        before_value, before_quality = self._get(BEFORE_VALUE, places, slot), self._get(BEFORE_QUALITY, places, slot)
        same_value = (read_value == value) | (np.isnan(read_value) & np.isnan(value))
        replaced = again & ((read_quality != quality) | ~same_value)
        if bool((newer | replaced).any()):
            before_value = np.where(newer, read_value, before_value)
            before_quality = np.where(newer, read_quality, before_quality)
            seen = newer | replaced
            self._put(READ, places, slot, np.where(newer, received_mono_ns, read))
            self._put(READ_VALUE, places, slot, np.where(seen, value, read_value))
            self._put(READ_QUALITY, places, slot, np.where(seen, quality, read_quality))
            self._put(BEFORE_VALUE, places, slot, before_value)
            self._put(BEFORE_QUALITY, places, slot, before_quality)
        return before_value, before_quality

    def _get(self, name: str, places: Places, slot: int) -> npt.NDArray[Any]:
        source = self._after.get(name, self._before[name])
        found: npt.NDArray[Any] = source[places, slot]
        return found

    def _put(self, name: str, places: Places, slot: int, array: npt.NDArray[Any]) -> None:
        if name not in self._after:
            self._after[name] = self._before[name].copy()
        self._after[name][places, slot] = array
