"""One evaluation: snapshot and memory in, verdicts and memory out.  Whole columns, no loop over rules."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.carried import Carried
from rules.catalog import RuleSet
from rules.columns.quality import Quality
from rules.columns.snapshot import Snapshot
from rules.hold import hold, next_due_ns
from rules.memory import Memory
from rules.port import Explanation, Judged, Moment, State
from rules.verdicts import Evidence, Verdict, Verdicts

_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)


def evaluate(rule_set: RuleSet, snapshot: Snapshot, memory: Memory, mono_ns: int) -> tuple[Verdicts, Memory]:
    """Judge every rule at `mono_ns`; the verdicts stand in the order of the rule set.

    :raises ValueError: the snapshot is of another plant than the rule set.
    """
    if len(snapshot) != len(rule_set.tag_ids):
        raise ValueError(
            f"the snapshot has {len(snapshot)} tags, the rule set was compiled for {len(rule_set.tag_ids)}"
        )
    moment = Moment.of(snapshot, rule_set.tag_ids, memory.start_mono_ns, mono_ns)
    table = _Table.empty(len(rule_set))
    states: list[State] = []
    for (_, group), state in zip(rule_set.groups, memory.states, strict=True):
        judged = group.judge(moment, memory.holds.active[group.position], state)
        table.fill(group.position, judged)
        states.append(judged.state)
    condition = table.condition
    awaiting, seen_good = _await_inputs(rule_set, snapshot, memory, condition)
    condition.flags.writeable = False
    holds = hold(condition, rule_set.on_delay_ns, rule_set.off_delay_ns, memory.holds, mono_ns)
    before = memory.holds
    differs = (condition != before.condition) | (holds.verdict != before.verdict)
    evidence = Evidence(
        value=table.value,
        limit=table.limit,
        quality=snapshot.quality[table.row],
        source_time_ns=snapshot.source_time_ns[table.row],
        received_wall_ns=snapshot.received_wall_ns[table.row],
    )
    verdicts = Verdicts(
        ids=rule_set.ids,
        verdict=holds.verdict,
        condition=condition,
        changed=np.arange(len(rule_set)) if memory.carried is None else np.flatnonzero(differs),
        renew=np.zeros(0, np.intp),
        look_up=evidence.at,
        details=dict(table.detail),
    )
    after = Memory(
        start_mono_ns=memory.start_mono_ns,
        holds=holds,
        states=tuple(states),
        awaiting=awaiting,
        inputs_seen_good=seen_good,
        due_ns=table.due_ns,
        carried=Carried(),
    )
    return verdicts, after


def explain(rule_set: RuleSet, rule_id: str, snapshot: Snapshot, memory: Memory, mono_ns: int) -> Explanation:
    """Why the condition of one rule is TRUE, FALSE or UNKNOWN now, in words and numbers.

    :raises KeyError: no rule has this id.
    """
    position = rule_set.ids.index(rule_id) if rule_id in rule_set.ids else -1
    moment = Moment.of(snapshot, rule_set.tag_ids, memory.start_mono_ns, mono_ns)
    for (_, group), state in zip(rule_set.groups, memory.states, strict=True):
        place = int(np.searchsorted(group.position, position))
        if place < group.position.size and group.position[place] == position:
            return group.explain(place, moment, bool(memory.holds.active[position]), state)
    raise KeyError(rule_id)


def next_deadline_ns(rule_set: RuleSet, memory: Memory) -> int | None:
    """The mono time at which a verdict changes although nothing is read: a delay ends, a silence grows too long."""
    due = (next_due_ns(rule_set.on_delay_ns, rule_set.off_delay_ns, memory.holds), memory.due_ns)
    return min((moment for moment in due if moment is not None), default=None)


@dataclass(slots=True)
class _Table:
    """What the groups say, in the order of the rule set."""

    condition: npt.NDArray[np.uint8]
    value: npt.NDArray[np.float64]
    limit: npt.NDArray[np.float64]
    row: npt.NDArray[np.int32]
    detail: list[tuple[int, tuple[str, ...]]]
    due_ns: int | None = None

    @classmethod
    def empty(cls, length: int) -> "_Table":
        return cls(
            condition=np.full(length, _UNKNOWN, np.uint8),
            value=np.full(length, np.nan),
            limit=np.full(length, np.nan),
            row=np.zeros(length, np.int32),
            detail=[],
        )

    def fill(self, position: npt.NDArray[np.intp], judged: Judged) -> None:
        self.condition[position] = judged.condition
        self.value[position] = judged.value
        self.limit[position] = judged.limit
        self.row[position] = judged.row
        self.detail += [(int(position[place]), names) for place, names in judged.detail]
        if judged.due_ns is not None:
            self.due_ns = judged.due_ns if self.due_ns is None else min(self.due_ns, judged.due_ns)


def _await_inputs(
    rule_set: RuleSet, snapshot: Snapshot, memory: Memory, condition: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """After a restart: make FALSE UNKNOWN where not all inputs of a taken-over rule were read good once."""
    if not bool(memory.awaiting.any()):
        return memory.awaiting, memory.inputs_seen_good
    seen_good = memory.inputs_seen_good | (snapshot.quality == np.uint8(Quality.GOOD))
    unread = np.zeros(len(rule_set), np.bool_)
    unread[rule_set.input_rule[~seen_good[rule_set.input_row]]] = True
    awaiting = memory.awaiting & unread
    condition[awaiting & (condition == _FALSE)] = _UNKNOWN
    return awaiting, seen_good
