"""A stored memory taken over after a restart: what is broken, of another version or defined anew is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.catalog import KINDS, RuleSet
from rules.fingerprints import fingerprints
from rules.hold import HoldMemory
from rules.memory import Memory, seed
from rules.port import NEVER, Group, State
from rules.stored import DELAYS, DELAYS_VERSION, LONGEST_NS, Part, StoredPart, UnreadableError, read_part
from rules.swap import with_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What of a stored memory was not taken over."""

    part: str
    rules: int
    """How many; 0 where the part cannot be read at all."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A memory to go on with."""

    memory: Memory
    rules: tuple[str, ...] = ()
    """Ids of the rules that go on with what they remembered, in the order of the set."""
    left_out: tuple[LeftOut, ...] = ()


def restore(
    rule_set: RuleSet, parts: Sequence[StoredPart], active: Mapping[str, bool], mono_ns: int, wall_ns: int
) -> Restored:
    """Memory after a restart, at `mono_ns` and `wall_ns`: what was TRUE comes from the board (`active`), the rest as stored.

    Moments of mono time are moved by the wall time that passed (never less than nothing); a moment still to come then
    lies between now and as far ahead as it did.  Running on-delays keep what they counted; the outage is UNKNOWN and
    counts for none.  The board wins: a rule that stands TRUE has no on-delay, and no FALSE of it is believed before all
    its inputs were read good.
    """
    memory = seed(rule_set, active, mono_ns)
    if not parts:
        return Restored(memory=memory)
    taking = _Taking(rule_set, memory, mono_ns, wall_ns)
    for part in parts:
        taking.take(part)
    after = replace(memory, holds=taking.holds, states=tuple(taking.states))
    ids = tuple(rule_set.ids[position] for position in np.flatnonzero(taking.taken).tolist())
    return Restored(memory=after, rules=ids, left_out=tuple(taking.left_out))


class _Taking:
    """A seeded memory on its way to what was stored."""

    def __init__(self, rule_set: RuleSet, seeded: Memory, mono_ns: int, wall_ns: int) -> None:
        self._rule_set, self._mono_ns, self._wall_ns = rule_set, mono_ns, wall_ns
        self._known = _Known.of(rule_set)
        self._place = {kind.__name__: place for place, (kind, _) in enumerate(rule_set.groups)}
        self.holds = seeded.holds
        self.states = list(seeded.states)
        self.taken = np.zeros(len(rule_set), np.bool_)
        self.left_out: list[LeftOut] = []

    def take(self, part: StoredPart) -> None:
        """Take one part over, or say why not."""
        try:
            read = read_part(part)
            if part.name == DELAYS:
                self.holds, at = _with_delays(self.holds, read, self._known, self._rule_set.on_delay_ns)
            else:
                at = self._take_state(part, read)
        except UnreadableError as error:
            self.left_out.append(LeftOut(part=part.name, rules=0, reason=str(error)))
            return
        self.taken[at] = True
        if at.size < len(read.ids):
            reason = "gone, defined anew, or stored with impossible numbers"
            self.left_out.append(LeftOut(part=part.name, rules=len(read.ids) - at.size, reason=reason))

    def _take_state(self, part: StoredPart, read: Part) -> npt.NDArray[np.intp]:
        if part.name not in self._place:
            raise UnreadableError("no rule of this kind is left")
        place = self._place[part.name]
        kind, group = self._rule_set.groups[place]
        if read.version != KINDS[kind].version:
            raise UnreadableError(
                f"it was stored by version {read.version} of the kind, this is version {KINDS[kind].version}"
            )
        passed_ns = min(max(0, self._wall_ns - part.wall_ns), LONGEST_NS)
        arrays, good = _moved(read, self._mono_ns, passed_ns)
        self.states[place], at = _with_state(self.states[place], arrays, good, self._known.find(read), group)
        return at


@dataclass(frozen=True, slots=True)
class _Known:
    """The rules of the set by what they are known again by."""

    rule_set: RuleSet
    position: Mapping[str, int]

    @classmethod
    def of(cls, rule_set: RuleSet) -> "_Known":
        return cls(rule_set, {rule_id: at for at, rule_id in enumerate(rule_set.ids)})

    def find(self, read: Part) -> npt.NDArray[np.intp]:
        """Position of each rule of a part; -1 where it is not known again."""
        at = [self.position.get(rule_id, -1) for rule_id in read.ids]
        told = [position for position in at if position >= 0]
        # only of what was stored: a start must not wait for the fingerprints of all rules
        prints = dict(zip(told, fingerprints(self.rule_set, told), strict=True))
        same = [
            position >= 0 and (found := prints[position]) is not None and found.hex() == stored
            for position, stored in zip(at, read.prints, strict=True)
        ]
        return np.where(same, at, -1).astype(np.intp)


def _with_delays(
    holds: HoldMemory, read: Part, known: _Known, on_delay_ns: npt.NDArray[np.int64]
) -> tuple[HoldMemory, npt.NDArray[np.intp]]:
    """The holds with what was counted, and the positions that it was found for."""
    elapsed_ns = read.arrays.get("elapsed_ns")
    if read.version != DELAYS_VERSION or elapsed_ns is None or elapsed_ns.dtype != np.int64 or elapsed_ns.ndim != 1:
        raise UnreadableError(f"it has version {read.version}, this program reads {DELAYS_VERSION}")
    at = known.find(read)
    good = (at >= 0) & (elapsed_ns >= 0)
    at, elapsed_ns = at[good], elapsed_ns[good]
    made = holds.elapsed_ns.copy()
    # a delay that was counted to its end while the service stood still ends with the first TRUE that is read
    made[at] = np.where(holds.active[at], 0, np.minimum(elapsed_ns, on_delay_ns[at]))
    return HoldMemory.of(mono_ns=holds.mono_ns, active=holds.active, condition=holds.condition, elapsed_ns=made), at


def _with_state(
    fresh: State,
    arrays: State,
    good: npt.NDArray[np.bool_],
    at: npt.NDArray[np.intp],
    group: Group,
) -> tuple[State, npt.NDArray[np.intp]]:
    """The state of one group with the stored rows that are good, and the positions that they were found for."""
    place = np.searchsorted(group.position, at).clip(0, group.position.size - 1)
    good = good & (at >= 0) & (group.position[place] == at)
    made = with_rows(fresh, arrays, place[good], np.flatnonzero(good))
    if made is None:
        raise UnreadableError("its columns are not those of this program")
    return made, at[good]


def _moved(read: Part, mono_ns: int, passed_ns: int) -> tuple[State, npt.NDArray[np.bool_]]:
    """The columns of a part with its ages as moments again, and which rules have ages that can be."""
    arrays, good = dict(read.arrays), np.ones(len(read.ids), np.bool_)
    for name, age_ns in read.arrays.items():
        if name.endswith("_mono_ns"):
            arrays[name], plausible = _moments(age_ns, mono_ns, passed_ns)
            good &= plausible
    return arrays, good


def _moments(age_ns: npt.NDArray[Any], mono_ns: int, passed_ns: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Ages back into moments of mono time, `passed_ns` later; and which rules have ages that can be."""
    never = age_ns == NEVER
    if age_ns.dtype != np.int64:
        raise UnreadableError("its moments are not whole nanoseconds")
    beyond = ~never & (np.abs(np.where(never, 0, age_ns)) > LONGEST_NS)
    age = np.where(never | beyond, 0, age_ns)
    # what lay ahead (a negative age) comes nearer, but not nearer than now
    moment = np.where(age < 0, mono_ns + np.maximum(-age - passed_ns, 0), mono_ns - age - passed_ns)
    return np.where(never, NEVER, moment), ~beyond.reshape(len(beyond), -1).any(axis=1)
