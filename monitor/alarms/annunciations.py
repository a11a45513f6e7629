"""Journaled steps of alarms as columns: what figures, nuisance lists and floods are counted from.  Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.alarms.transition import Transition

NEW: Final = frozenset({"raised", "unsuppressed", "re_alarmed"})
"""Triggers that call the operator anew: the only steps that are counted as alarms (ISA-18.2 counts annunciations)."""
RETURNS: Final = frozenset({"returned", "returned_latched", "returned_untold"})
ENDS: Final = RETURNS | {"reactivated", "definition_removed", "definition_changed"}
"""Triggers after which the condition of an occurrence stands no longer."""


class Step(NamedTuple):
    """One journaled transition, as far as it is counted."""

    seq: int
    decided_wall_ns: int
    id: str
    occurrence: int
    trigger: str
    annunciated: bool
    priority: int
    person: bool
    """A person did it."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StepColumns:
    """Steps in the order of the journal; `name` and `trigger` are positions in `ids` and `triggers`."""

    ids: tuple[str, ...]
    triggers: tuple[str, ...]
    seq: npt.NDArray[np.int64]
    wall_ns: npt.NDArray[np.int64]
    name: npt.NDArray[np.int64]
    occurrence: npt.NDArray[np.int64]
    trigger: npt.NDArray[np.uint8]
    annunciated: npt.NDArray[np.bool_]
    priority: npt.NDArray[np.uint8]
    person: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.seq)

    def is_any(self, triggers: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Which steps have one of these triggers."""
        sought = frozenset(triggers)
        wanted = [at for at, trigger in enumerate(self.triggers) if trigger in sought]
        return np.isin(self.trigger, np.array(wanted, np.uint8))

    def is_new(self) -> npt.NDArray[np.bool_]:
        """Which steps called the operator anew; what happened under suppression did not."""
        return self.is_any(NEW) & self.annunciated

    def only(self, chosen: npt.NDArray[np.bool_]) -> "StepColumns":
        """The steps chosen by a mask, with the same ids and triggers."""
        return StepColumns(
            ids=self.ids,
            triggers=self.triggers,
            seq=self.seq[chosen],
            wall_ns=self.wall_ns[chosen],
            name=self.name[chosen],
            occurrence=self.occurrence[chosen],
            trigger=self.trigger[chosen],
            annunciated=self.annunciated[chosen],
            priority=self.priority[chosen],
            person=self.person[chosen],
        )

    def of(self, ids: frozenset[str]) -> "StepColumns":
        """The steps of some alarms."""
        wanted = np.array([at for at, alarm_id in enumerate(self.ids) if alarm_id in ids], np.int64)
        return self.only(np.isin(self.name, wanted))


def columns(steps: Iterable[Step]) -> StepColumns:
    """Steps in the order of the journal as columns."""
    listed = list(steps)
    ids = {alarm_id: at for at, alarm_id in enumerate(dict.fromkeys(step.id for step in listed))}
    triggers = {trigger: at for at, trigger in enumerate(dict.fromkeys(step.trigger for step in listed))}
    return StepColumns(
        ids=tuple(ids),
        triggers=tuple(triggers),
        seq=np.array([step.seq for step in listed], np.int64),
        wall_ns=np.array([step.decided_wall_ns for step in listed], np.int64),
        name=np.array([ids[step.id] for step in listed], np.int64),
        occurrence=np.array([step.occurrence for step in listed], np.int64),
        trigger=np.array([triggers[step.trigger] for step in listed], np.uint8),
        annunciated=np.array([step.annunciated for step in listed], np.bool_),
        priority=np.array([step.priority for step in listed], np.uint8),
        person=np.array([step.person for step in listed], np.bool_),
    )


def calls_anew(transition: Transition) -> bool:
    """Whether a transition calls the operator anew."""
    return transition.annunciated and transition.trigger.value in NEW
