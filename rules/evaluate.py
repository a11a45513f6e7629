"""One evaluation: snapshot and memory in, verdicts and memory out.  Whole columns, no loop over rules."""

from typing import Final

import numpy as np
import numpy.typing as npt

from rules.catalog import RuleSet
from rules.columns.quality import Quality
from rules.columns.snapshot import Snapshot
from rules.hold import hold, next_due_ns
from rules.memory import Memory
from rules.port import Explanation, Moment
from rules.runs import merged
from rules.sweep import NOWHERE, Sweep
from rules.verdicts import Verdicts

_GOOD: Final = np.uint8(Quality.GOOD)


def evaluate(rule_set: RuleSet, snapshot: Snapshot, memory: Memory, mono_ns: int) -> tuple[Verdicts, Memory]:
    """Judge every rule at `mono_ns`; the verdicts stand in the order of the rule set.

    :raises ValueError: the snapshot is of another plant than the rule set.
    """
    if len(snapshot) != len(rule_set.tag_ids):
        raise ValueError(
            f"the snapshot has {len(snapshot)} tags, the rule set was compiled for {len(rule_set.tag_ids)}"
        )
    moment = Moment.of(snapshot, rule_set.tag_ids, memory.start_mono_ns, mono_ns)
    sweep = Sweep(rule_set=rule_set, moment=moment, memory=memory)
    sweep.judge()
    awaiting, seen_good = memory.awaiting, memory.inputs_seen_good
    if sweep.awaits:
        awaiting, seen_good = _await_inputs(rule_set, snapshot, memory)
    condition, differs = sweep.conditions(awaiting)
    held = hold(condition, rule_set.on_delay_ns, rule_set.off_delay_ns, memory.holds, mono_ns, differs)
    after = sweep.after(held, awaiting, seen_good)
    verdicts = Verdicts(
        ids=rule_set.ids,
        verdict=held.memory.verdict,
        condition=condition,
        changed=np.arange(len(rule_set)) if sweep.carried is None else merged(differs, held.turned),
        renew=NOWHERE,
        look_up=sweep.look_up(snapshot),
        details=sweep.details,
    )
    return verdicts, after


def explain(rule_set: RuleSet, rule_id: str, snapshot: Snapshot, memory: Memory, mono_ns: int) -> Explanation:
    """Why the condition of one rule is TRUE, FALSE or UNKNOWN now, in words and numbers.

    :raises KeyError: no rule has this id.
    """
    if rule_id not in rule_set.ids:
        raise KeyError(rule_id)
    position = rule_set.ids.index(rule_id)
    at, place = int(rule_set.group_of[position]), int(rule_set.place_of[position])
    moment = Moment.of(snapshot, rule_set.tag_ids, memory.start_mono_ns, mono_ns)
    group = rule_set.groups[at][1]
    return group.explain(place, moment, bool(memory.holds.active[position]), memory.states[at])


def next_deadline_ns(rule_set: RuleSet, memory: Memory) -> int | None:
    """The mono time at which a verdict changes although nothing is read: a delay ends, a silence grows too long."""
    due = (next_due_ns(rule_set.on_delay_ns, rule_set.off_delay_ns, memory.holds), memory.due_ns)
    return min((moment for moment in due if moment is not None), default=None)


def _await_inputs(
    rule_set: RuleSet, snapshot: Snapshot, memory: Memory
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """After a restart: taken-over rules whose inputs were not all read good once (no FALSE is believed); tags that were."""
    seen_good = memory.inputs_seen_good | (snapshot.quality == _GOOD)
    unread = np.zeros(len(rule_set), np.bool_)
    unread[rule_set.input_rule[~seen_good[rule_set.input_row]]] = True
    return memory.awaiting & unread, seen_good
