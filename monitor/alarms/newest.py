"""The newest reading of each alarm, and which rows of the board wait to show it."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from monitor.alarms.judged import reading_of
from monitor.alarms.transition import Alarm, altered
from rules.columns.quality import Quality
from rules.verdicts import Evidence, Verdict, Verdicts

MOST_SHOWN: Final = 50
"""Rows that one scan shows with a newer reading, less those that took a step: more would delay the next decision."""

Positions = npt.NDArray[np.intp]


class Newest:
    """Looks up the evidence of active alarms only: all others show what they showed when they ended."""

    __slots__ = (
        "_evidence",
        "_most",
        "_next_shown",
        "_place",
        "_quality",
        "_received",
        "_stale",
        "_value",
        "_verdicts",
    )

    def __init__(self, length: int, most: int = MOST_SHOWN) -> None:
        """`most`: rows that one scan shows with a newer reading."""
        self._most = most
        self._value = np.full(length, np.nan)
        self._quality = np.full(length, Quality.NEVER_SEEN, np.uint8)
        self._received = np.zeros(length, np.int64)
        self._stale = np.zeros(length, np.bool_)
        """Active alarms whose row does not show the newest reading yet."""
        self._next_shown = 0
        self._place: Positions = np.zeros(length, np.intp)
        """Where in `_evidence` each position that was looked at stands."""
        self._evidence: Evidence | None = None
        self._verdicts: Verdicts | None = None

    def look(self, verdicts: Verdicts, active: Positions, stepped: Positions, turned: Positions) -> list[int]:
        """Take over new verdicts; returns the rows to show now.

        Those that `turned` (known or unknown) or have another quality at once, then readings that moved: of active alarms
        only, at most `most`, the longest waiting first.  `stepped` rows show their newest reading by their step.
        """
        looked = active
        for more in (stepped, turned):
            if more.size:
                looked = np.union1d(looked, more)
        evidence = verdicts.at(looked)
        self._verdicts, self._evidence = verdicts, evidence
        self._place[looked] = np.arange(looked.size)
        steps = np.zeros(self._stale.shape, np.bool_)
        steps[stepped] = True
        waits = np.zeros(self._stale.shape, np.bool_)
        waits[active] = ~steps[active]
        other_quality = looked[(evidence.quality != self._quality[looked]) & waits[looked]]
        before, value = self._value[looked], evidence.value
        moved = (evidence.received_wall_ns != self._received[looked]) | (
            (value != before) & ~(np.isnan(value) & np.isnan(before))
        )
        self._value[looked], self._quality[looked] = value, evidence.quality
        self._received[looked] = evidence.received_wall_ns
        self._stale[looked] |= moved
        self._stale &= waits
        at_once = np.union1d(other_quality, turned[~steps[turned]])
        self._stale[at_once] = False
        return [*at_once.tolist(), *self._next(self._most - stepped.size)]

    def _next(self, most: int) -> list[int]:
        waiting = np.flatnonzero(self._stale)
        first = int(np.searchsorted(waiting, self._next_shown))
        chosen: list[int] = np.concatenate((waiting[first:], waiting[:first]))[: max(0, most)].tolist()
        self._next_shown = chosen[-1] + 1 if chosen else self._next_shown
        return chosen

    def waits(self, position: int) -> bool:
        """A newer reading than the one shown is known."""
        return bool(self._stale[position])

    def fields(self, position: int, last_value: float | None) -> dict[str, Any]:
        """The fields of a row that show the reading judged last, of a position that was looked at."""
        assert self._verdicts is not None
        assert self._evidence is not None  # nothing is looked up before the first verdicts
        unknown = self._verdicts.verdict.item(position) == Verdict.UNKNOWN
        return reading_of(self._evidence, self._place.item(position), unknown, last_value)

    def reading(self, alarm: Alarm, position: int) -> Alarm:
        """The row with that reading, its state untouched."""
        return altered(alarm, **self.fields(position, alarm.value))

    def shown(self, alarm: Alarm, position: int) -> Alarm:
        """The same, with the list of names: it goes with the count, or fewer would be named than are counted."""
        self._stale[position] = False
        fields = self.fields(position, alarm.value)
        assert self._verdicts is not None
        return altered(alarm, detail=self._verdicts.details.get(position, alarm.detail), **fields)
