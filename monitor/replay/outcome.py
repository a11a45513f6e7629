"""What came of a recording: every transition, and what each rule did."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from monitor.alarms.annunciations import Step
from monitor.alarms.transition import Transition
from rules.verdicts import Verdict


@dataclass(slots=True)
class Outcome:
    """What a rule set did with a recording."""

    sweeps: int = 0
    readings: int = 0
    evaluated: int = 0
    """Sweeps at which verdicts went to the board; at the others nothing changed."""
    from_wall_ns: int = 0
    to_wall_ns: int = 0
    transitions: list[Transition] = field(default_factory=list)
    raised: Counter[str] = field(default_factory=Counter)
    """Occurrences by alarm id."""
    true_ns: Counter[str] = field(default_factory=Counter)
    """Time TRUE by alarm id, nanoseconds."""
    unknown_ns: Counter[str] = field(default_factory=Counter)
    """Time UNKNOWN by alarm id, nanoseconds."""

    def steps(self) -> list[Step]:
        """The transitions as figures count them."""
        return [
            Step(
                seq=seq,
                decided_wall_ns=step.decided_wall_ns,
                id=step.id,
                occurrence=step.occurrence,
                trigger=step.trigger.value,
                annunciated=step.annunciated,
                priority=step.alarm.priority,
                person=step.person is not None,
            )
            for seq, step in enumerate(self.transitions, start=1)
        ]


class Times:
    """How long each rule was TRUE and how long UNKNOWN."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ids = tuple(ids)
        self._verdict = np.full(len(self._ids), Verdict.UNKNOWN, np.uint8)
        self._true_ns, self._unknown_ns = np.zeros((2, len(self._ids)), np.int64)
        self._until_ns: int | None = None

    def pass_to(self, wall_ns: int, verdict: npt.NDArray[np.uint8] | None = None) -> None:
        """The time up to now belongs to the verdicts so far; `verdict` those from now on (None: the same)."""
        if self._until_ns is not None:
            self._true_ns[self._verdict == Verdict.TRUE] += wall_ns - self._until_ns
            self._unknown_ns[self._verdict == Verdict.UNKNOWN] += wall_ns - self._until_ns
        self._until_ns = wall_ns
        if verdict is not None:
            self._verdict = verdict

    def told(self, outcome: Outcome) -> None:
        """Put the times of all rules that were ever so into the outcome."""
        for times_ns, into in ((self._true_ns, outcome.true_ns), (self._unknown_ns, outcome.unknown_ns)):
            into.update({self._ids[at]: int(times_ns[at]) for at in np.flatnonzero(times_ns).tolist()})
