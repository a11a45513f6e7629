"""When each scan class of one device is due: staggered phases, earliest deadline first, overruns counted."""

from collections.abc import Sequence


class Schedule:
    """The scan classes of one device on a grid of monotonic time; pure, so the caller says what time it is.

    Every class is due at once at the start (nothing has been read yet); after that class k keeps the grid
    `start + phase[k] + n * period[k]`, so that classes of one device do not fall on the same moment for ever; with a
    `share` of their own, 0 to 1 of the shortest period, the same holds for devices that were started together.
    """

    __slots__ = ("_begun", "_phase_ns", "_slot_ns", "overruns", "period_ns")

    def __init__(self, period_ns: Sequence[int], start_ns: int, share: float = 0.0) -> None:
        """:raises ValueError: no class, or a period that is not positive."""
        if not period_ns or min(period_ns) <= 0:
            raise ValueError(f"scan class periods must be positive and at least one: {list(period_ns)}")
        self.period_ns: tuple[int, ...] = tuple(period_ns)
        self.overruns = 0
        least_ns = min(period_ns)
        own_ns = round(share * least_ns)
        self._phase_ns = [(number * least_ns // len(period_ns) + own_ns) % least_ns for number in range(len(period_ns))]
        self._slot_ns = [start_ns] * len(period_ns)
        self._begun = [False] * len(period_ns)

    def next_due_ns(self) -> int:
        """The earliest moment at which some class is due."""
        return min(self._slot_ns)

    def due(self, mono_ns: int) -> int | None:
        """The class to read now: of those due, the one whose period ends first; None when none is due."""
        waiting = [number for number, slot_ns in enumerate(self._slot_ns) if slot_ns <= mono_ns]
        return min(waiting, key=self._deadline_ns) if waiting else None

    def until_ns(self, number: int, mono_ns: int) -> int | None:
        """When a more urgent class becomes due and class `number` must step aside; None when never before its own end."""
        deadline_ns = self._deadline_ns(number)
        rivals = [
            slot_ns
            for rival, slot_ns in enumerate(self._slot_ns)
            if slot_ns > mono_ns and self._deadline_ns(rival) < deadline_ns
        ]
        return min(rivals, default=None)

    def done(self, number: int, mono_ns: int) -> int:
        """Class `number` was read to its end: move it to its next slot and tell how many slots it missed.

        A class that ran into its next slot is due again at once; slots further back are given up, so that a slow device
        is read as fast as it can be and never accumulates a debt.
        """
        period_ns = self.period_ns[number]
        missed = max(0, (mono_ns - self._slot_ns[number]) // period_ns)
        if not self._begun[number]:
            self._begun[number] = True
            self._slot_ns[number] += self._phase_ns[number]
        self._slot_ns[number] += max(1, missed) * period_ns
        self.overruns += missed
        return missed

    def _deadline_ns(self, number: int) -> int:
        return self._slot_ns[number] + self.period_ns[number]
