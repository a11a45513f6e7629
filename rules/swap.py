"""Hot swap: another rule set goes on with the memory of the rules that did not change."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.catalog import RuleSet
from rules.fingerprints import fingerprints
from rules.hold import HoldMemory
from rules.memory import Memory
from rules.port import Rule, State
from rules.verdicts import Verdict

_CONDITION: Final = "condition_"
"""In the names of what embedded conditions remember."""


def swap(old_set: RuleSet, memory: Memory, new_set: RuleSet, mono_ns: int) -> Memory:
    """Memory for `new_set` at `mono_ns`, from what `old_set` remembers.

    Unchanged rules (same id, same fingerprint) keep everything.  Changed ones begin anew, but what was TRUE stays TRUE
    until all their inputs were read good; new ones begin with nothing, ids that are gone are forgotten.
    """
    was_at = _was_at(old_set, new_set)
    known = was_at >= 0
    before, after = fingerprints(old_set), fingerprints(new_set)
    same = np.array(
        [at >= 0 and after[place] is not None and before[at] == after[place] for place, at in enumerate(was_at)],
        np.bool_,
    )
    holds = memory.holds
    active = np.zeros(len(new_set), np.bool_)
    active[known] = holds.active[was_at[known]]
    condition = np.full(len(new_set), np.uint8(Verdict.UNKNOWN))
    condition[same] = holds.condition[was_at[same]]
    verdict = condition.copy()
    verdict[same] = holds.verdict[was_at[same]]
    elapsed_ns = np.zeros(len(new_set), np.int64)
    elapsed_ns[same] = holds.elapsed_ns[was_at[same]]
    awaiting = active.copy()
    awaiting[same] = memory.awaiting[was_at[same]]
    return Memory(
        start_mono_ns=memory.start_mono_ns,
        holds=HoldMemory.of(
            mono_ns=holds.mono_ns, active=active, condition=condition, elapsed_ns=elapsed_ns, verdict=verdict
        ),
        states=_states(old_set, memory, new_set, np.where(same, was_at, -1), mono_ns),
        awaiting=awaiting,
        inputs_seen_good=_seen_good(old_set, memory, new_set),
        due_ns=mono_ns,
    )


def with_rows(
    fresh: State, kept: State, places: npt.NDArray[np.intp], kept_places: npt.NDArray[np.intp]
) -> State | None:
    """A fresh state of a group with rows of another one; None where the two are not of one shape.

    Rows `kept_places` of `kept` become rows `places` of the result.  Only what conditions remember may be there on one
    side alone: a group has it while one of its conditions needs it, and rows of the others are as fresh in it.
    """
    if {name for name in fresh.keys() ^ kept.keys() if _CONDITION not in name}:
        return None
    made = {}
    for name, column in fresh.items():
        other = kept.get(name)
        if other is None:
            made[name] = column
            continue
        if column.dtype != other.dtype or column.shape[1:] != other.shape[1:]:
            return None
        if places.size and (column.shape[0] <= int(places.max()) or other.shape[0] <= int(kept_places.max())):
            return None
        made[name] = column.copy()
        made[name][places] = other[kept_places]
        made[name].flags.writeable = False
    return made


def _was_at(old_set: RuleSet, new_set: RuleSet) -> npt.NDArray[np.intp]:
    """Position in the old set of each rule of the new one; -1 where its id is new."""
    before = {rule_id: position for position, rule_id in enumerate(old_set.ids)}
    return np.array([before.get(rule_id, -1) for rule_id in new_set.ids], np.intp)


def _states(
    old_set: RuleSet, memory: Memory, new_set: RuleSet, same_at: npt.NDArray[np.intp], mono_ns: int
) -> tuple[State, ...]:
    """Of each group of the new set; a group whose columns changed their shape begins anew as a whole."""
    before: Mapping[type[Rule], tuple[npt.NDArray[np.intp], State]] = {
        kind: (group.position, state)
        for (kind, group), state in zip(old_set.groups, memory.states, strict=True)
    }  # fmt: skip
    made: list[State] = []
    for kind, group in new_set.groups:
        fresh = group.fresh(mono_ns)
        if fresh and kind in before:
            position, state = before[kind]
            places = np.flatnonzero(same_at[group.position] >= 0)
            kept_places = np.searchsorted(position, same_at[group.position[places]])
            fresh = with_rows(fresh, state, places, kept_places) or fresh
        made.append(fresh)
    return tuple(made)


def _seen_good(old_set: RuleSet, memory: Memory, new_set: RuleSet) -> npt.NDArray[np.bool_]:
    good = {tag_id for tag_id, seen in zip(old_set.tag_ids, memory.inputs_seen_good.tolist(), strict=True) if seen}
    return np.array([tag_id in good for tag_id in new_set.tag_ids], np.bool_)
