"""What the rules remember between two evaluations: explicit, frozen, handed in and out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from rules.carried import Carried
from rules.catalog import RuleSet
from rules.hold import HoldMemory
from rules.port import State


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memory:
    """Memory of one rule set; columns are read-only."""

    start_mono_ns: int
    """When it began: silence counts from here for what was never read."""
    holds: HoldMemory
    states: tuple[State, ...]
    """Of each group of the rule set, in its order."""
    awaiting: npt.NDArray[np.bool_]
    """Rules that a restart took over as TRUE and whose inputs were not all read good since: no FALSE is believed."""
    inputs_seen_good: npt.NDArray[np.bool_]
    """Tags (in row order) read good since the start; kept up to date only while some rule is awaiting."""
    due_ns: int | None = None
    """First mono time at which a condition may change although nothing is read."""
    carried: Carried | None = None
    """Derived from all this and the last snapshot, never stored; None: the next evaluation judges everything anew."""

    def __post_init__(self) -> None:
        self.awaiting.flags.writeable = False
        self.inputs_seen_good.flags.writeable = False

    def take_carried(self) -> Carried | None:
        """What the last evaluation left, for one evaluation, which writes to it; None where it is not to be believed.

        Asked again from the same memory, everything is judged anew, with the same result.
        """
        carried = self.carried
        if carried is None or carried.spent or carried.holds is not self.holds or carried.states is not self.states:
            return None
        if carried.start_mono_ns != self.start_mono_ns:
            return None
        carried.spent = True
        return carried

    @classmethod
    def fresh(cls, rule_set: RuleSet, mono_ns: int) -> Self:
        """Nothing was decided before."""
        return cls(
            start_mono_ns=mono_ns,
            holds=HoldMemory.fresh(len(rule_set), mono_ns),
            states=tuple(group.fresh(mono_ns) for _, group in rule_set.groups),
            awaiting=np.zeros(len(rule_set), np.bool_),
            inputs_seen_good=np.zeros(len(rule_set.tag_ids), np.bool_),
        )


def seed(rule_set: RuleSet, active: Mapping[str, bool], mono_ns: int) -> Memory:
    """Memory after a restart: what was TRUE (by rule id) is held TRUE; delays start anew; other ids are ignored."""
    was_active = np.array([active.get(rule_id, False) for rule_id in rule_set.ids], np.bool_)
    return Memory(
        start_mono_ns=mono_ns,
        holds=HoldMemory.fresh(len(rule_set), mono_ns, was_active),
        states=tuple(group.fresh(mono_ns) for _, group in rule_set.groups),
        awaiting=was_active.copy(),
        inputs_seen_good=np.zeros(len(rule_set.tag_ids), np.bool_),
    )
