"""One evaluation: snapshot and memory in, verdicts and memory out.  Whole columns, no loop over rules."""

from typing import Final

import numpy as np
import numpy.typing as npt

from rules.catalog import RuleSet
from rules.columns.quality import Quality
from rules.columns.snapshot import Snapshot
from rules.hold import hold, next_due_ns
from rules.memory import Memory
from rules.predicates import any_of, bad_quality, beyond_limit, in_state, not_updated
from rules.verdicts import Verdict, Verdicts

_FALSE: Final = np.uint8(Verdict.FALSE)
_TRUE: Final = np.uint8(Verdict.TRUE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
_Names = tuple[tuple[int, tuple[str, ...]], ...]


def evaluate(rule_set: RuleSet, snapshot: Snapshot, memory: Memory, mono_ns: int) -> tuple[Verdicts, Memory]:
    """Judge every rule at `mono_ns`; the verdicts stand in the order of the rule set.

    `detail` of a Bypassed rule that is TRUE names the bypassed bits.

    :raises ValueError: the snapshot is of another plant than the rule set.
    """
    if len(snapshot) != len(rule_set.tag_ids):
        raise ValueError(
            f"the snapshot has {len(snapshot)} tags, the rule set was compiled for {len(rule_set.tag_ids)}"
        )
    condition, no_update_due_ns = _single_conditions(rule_set, snapshot, memory, mono_ns)
    row, limit, detail = _judge_bypasses(rule_set, snapshot, condition)
    awaiting, seen_good = _await_inputs(rule_set, snapshot, memory, condition)
    condition.flags.writeable = False
    verdict, holds = hold(condition, rule_set.on_delay_ns, rule_set.off_delay_ns, memory.holds, mono_ns)
    value = snapshot.value[row]
    value[rule_set.no_updates.position] = np.nan
    verdicts = Verdicts(
        ids=rule_set.ids,
        verdict=verdict,
        condition=condition,
        value=value,
        limit=limit,
        quality=snapshot.quality[row],
        source_time_ns=snapshot.source_time_ns[row],
        received_wall_ns=snapshot.received_wall_ns[row],
        renew=np.zeros(len(rule_set), np.bool_),
        detail=detail,
    )
    after = Memory(
        start_mono_ns=memory.start_mono_ns,
        holds=holds,
        awaiting=awaiting,
        inputs_seen_good=seen_good,
        no_update_due_ns=no_update_due_ns,
    )
    return verdicts, after


def next_deadline_ns(rule_set: RuleSet, memory: Memory) -> int | None:
    """The mono time at which a verdict changes although nothing is read: a delay ends, a silence grows too long."""
    due = (next_due_ns(rule_set.on_delay_ns, rule_set.off_delay_ns, memory.holds), memory.no_update_due_ns)
    return min((moment for moment in due if moment is not None), default=None)


def _single_conditions(
    rule_set: RuleSet, snapshot: Snapshot, memory: Memory, mono_ns: int
) -> tuple[npt.NDArray[np.uint8], int | None]:
    """All rules that read one tag; a Bypassed rule is left UNKNOWN."""
    condition = np.full(len(rule_set), _UNKNOWN, np.uint8)
    limits, states, silences, bads = rule_set.limits, rule_set.states, rule_set.no_updates, rule_set.bad_qualities
    condition[limits.position] = beyond_limit(
        snapshot.value[limits.row] * limits.sign,
        snapshot.quality[limits.row],
        limits.threshold,
        limits.return_threshold,
        memory.holds.active[limits.position],
    )
    condition[states.position] = in_state(
        snapshot.value[states.row], snapshot.quality[states.row], states.abnormal_state
    )
    silent, due_ns = not_updated(
        snapshot.received_mono_ns[silences.row], silences.after_ns, memory.start_mono_ns, mono_ns
    )
    condition[silences.position] = silent
    condition[bads.position] = bad_quality(snapshot.quality[bads.row])
    return condition, due_ns


def _judge_bypasses(
    rule_set: RuleSet, snapshot: Snapshot, condition: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64], _Names]:
    """Fill the conditions of Bypassed rules; returns the row and limit that decided each rule, and the bypassed bits."""
    bypasses = rule_set.bypasses
    if not bypasses.position.size:
        return rule_set.row, rule_set.limit, ()
    bits = in_state(snapshot.value[bypasses.bit_row], snapshot.quality[bypasses.bit_row], bypasses.bit_state)
    bypassed, decider = any_of(bits, bypasses.first_bit)
    condition[bypasses.position] = bypassed
    row, limit = rule_set.row.copy(), rule_set.limit.copy()
    row[bypasses.position] = bypasses.bit_row[decider]
    limit[bypasses.position] = bypasses.bit_state[decider]
    detail = []
    for index in np.flatnonzero(bypassed == _TRUE).tolist():  # the few that are bypassed, not every rule
        first = int(bypasses.first_bit[index])
        last = int(bypasses.first_bit[index + 1]) if index + 1 < bypasses.first_bit.size else bits.size
        rows = bypasses.bit_row[first:last][bits[first:last] == _TRUE]
        detail.append((int(bypasses.position[index]), tuple(rule_set.tag_ids[at] for at in rows.tolist())))
    return row, limit, tuple(detail)


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
