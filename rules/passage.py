"""A rule set through a stretch of time: what `evaluate` would say at each sweep, at the price of the few where it changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.blocks.catalog import course
from rules.blocks.course import Course
from rules.catalog import RuleSet
from rules.hold import HoldMemory, hold, next_due_ns
from rules.port import NO_STATE, JointGroup, Judged, PointGroup, State
from rules.stretch import Stretch
from rules.verdicts import Evidence, Verdicts

Positions = npt.NDArray[np.intp]
NOWHERE: Final[Positions] = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Passing:
    """What a rule set remembers between two stretches; no rule may be awaiting its inputs (nothing was restored)."""

    holds: HoldMemory
    states: tuple[State, ...]
    """Of each group of the rule set, in its order."""
    begun: bool = True
    """Something was judged before."""

    @classmethod
    def fresh(cls, rule_set: RuleSet, mono_ns: int) -> "Passing":
        """Nothing was decided before."""
        return cls(
            holds=HoldMemory.fresh(len(rule_set), mono_ns),
            states=tuple(group.fresh(mono_ns) for _, group in rule_set.groups),
            begun=False,
        )


class Passage:
    """Goes from change to change; conditions of all sweeps are known beforehand for as long as no decision changes."""

    def __init__(self, rule_set: RuleSet, stretch: Stretch, before: Passing) -> None:
        """A stretch of one sweep at least."""
        self._rule_set, self._stretch, self._holds, self._begun = rule_set, stretch, before.holds, before.begun
        self._courses = [_Leg(0, self._course(at, 0, state)) for at, state in enumerate(before.states)]
        self._condition = np.empty((len(stretch), len(rule_set)), np.uint8)
        for at, span in enumerate(rule_set.spans):
            self._condition[:, span] = self._courses[at].course.condition
        self._differs = np.empty(self._condition.shape, np.bool_)
        np.not_equal(self._condition[0], before.holds.condition, out=self._differs[0])
        np.not_equal(self._condition[1:], self._condition[:-1], out=self._differs[1:])
        self._turns = np.add.reduce(self._differs, axis=1, dtype=np.intp)
        """How many conditions differ at each sweep from the one before."""
        self._looked: _Looked | None = None
        self._decided: tuple[int, Positions] = (0, NOWHERE)
        """The last sweep that decided something, and which rules, as long as the courses do not know of it."""

    def next(self, at: int) -> int:
        """The first sweep from `at` on at which a condition or a verdict changes; t: none."""
        self._go_on()
        if at == 0 and not self._begun:
            return 0
        found = len(self._stretch)
        if at < found:
            ahead = int((self._turns[at:] > 0).argmax())
            found = at + ahead if self._turns[at + ahead] else found
        due_ns = next_due_ns(self._rule_set.on_delay_ns, self._rule_set.off_delay_ns, self._holds)
        if due_ns is None:
            return found
        return min(found, max(at, int(np.searchsorted(self._stretch.mono_ns, due_ns))))

    @property
    def holds(self) -> HoldMemory:
        """What the delays remember since the last step."""
        return self._holds

    def verdicts(self, at: int, holds: HoldMemory | None = None) -> Verdicts:
        """What holds at sweep `at`, at which no verdict changes; not before the last sweep at which one did.

        `holds`: of before the last step, for a sweep before it (asked before the passage goes on).
        """
        return self._told(at, NOWHERE, holds or self._holds, holds or self._holds)

    def step(self, at: int) -> Verdicts:
        """What holds at sweep `at`, at which `next` says that something changes."""
        self._go_on()
        before, mono_ns = self._holds, int(self._stretch.mono_ns[at])
        differs = np.flatnonzero(self._differs[at])
        on_delay_ns, off_delay_ns = self._rule_set.on_delay_ns, self._rule_set.off_delay_ns
        held = hold(self._condition[at], on_delay_ns, off_delay_ns, before, mono_ns, differs)
        changed = np.union1d(differs, held.turned) if self._begun else np.arange(len(self._rule_set))
        told = self._told(at, changed, before, held.memory)
        self._holds, self._begun, self._decided = held.memory, True, (at, held.decided)
        return told

    def after(self) -> Passing:
        """What is remembered for the stretch that follows."""
        self._go_on()
        last = len(self._stretch) - 1
        states = tuple(leg.course.state_at(last - leg.first) for leg in self._courses)
        return Passing(holds=self._holds, states=states)

    def judged(self, at: int, group_at: int, active: npt.NDArray[np.bool_]) -> Judged:
        """One group at sweep `at`, not before its last decision: judging twice at one moment says the same."""
        group, leg = self._rule_set.groups[group_at][1], self._courses[group_at]
        state = leg.course.state_at(at - leg.first)
        return group.judge(self._stretch.moment(at), active[self._rule_set.spans[group_at]], state)

    def last_numbers(self, positions: Positions, since: int, at: int, holds: HoldMemory) -> tuple[int, ...]:
        """Sweeps after `since` and before `at` at which rules that have no number at `at` had their last one, ascending.

        Not before the last sweep at which a verdict changed; `holds` as of then.
        """
        sweeps = set()
        for group_at in np.unique(self._rule_set.group_of[positions]).tolist():
            group, places = self._rule_set.groups[group_at][1], self._rule_set.place_of[positions]
            places = places[self._rule_set.group_of[positions] == group_at]
            judged = self._look(at, holds.active).judged(group_at)
            if judged.value is getattr(group, "no_number", None):
                continue  # a rule of this kind never has one
            places = places[np.isnan(judged.value[places])]
            sweep = at - 1
            while places.size and sweep > since:
                known = ~np.isnan(self.judged(sweep, group_at, holds.active).value[places])
                if bool(known.any()):
                    sweeps.add(sweep)
                    places = places[~known]
                sweep -= 1
        return tuple(sorted(sweeps))

    def _course(self, group_at: int, first: int, state: State) -> Course:
        group, active = self._rule_set.groups[group_at][1], self._holds.active[self._rule_set.spans[group_at]]
        return course(group, self._stretch.since(first), active, state)

    def _go_on(self) -> None:
        """Another decision is another question: dead bands act from the next sweep on.

        Not before the verdicts of its own sweep were asked what they rest on.
        """
        (at, decided), self._decided = self._decided, (0, NOWHERE)
        if not decided.size or at + 1 == len(self._stretch):
            return
        for group_at in np.unique(self._rule_set.group_of[decided]).tolist():
            group, leg = self._rule_set.groups[group_at][1], self._courses[group_at]
            if group.timeless and isinstance(group, PointGroup | JointGroup):
                # each rule for itself: the others of the group go on as they are
                at_once = group.at(self._rule_set.place_of[decided[self._rule_set.group_of[decided] == group_at]])
                moment = self._stretch.since(at + 1).together()
                condition = at_once.judge(moment, self._holds.active[at_once.position], NO_STATE).condition
                self._replace(at + 1, at_once.position, condition)
                continue
            state = leg.course.state_at(at - leg.first)
            self._courses[group_at] = _Leg(at + 1, self._course(group_at, at + 1, state))
            self._replace(at + 1, self._rule_set.spans[group_at], self._courses[group_at].course.condition)

    def _replace(self, first: int, rules: slice | Positions, condition: npt.NDArray[np.uint8]) -> None:
        """Other conditions of some rules from sweep `first` on."""
        self._condition[first:, rules] = condition
        before = np.add.reduce(self._differs[first:, rules], axis=1, dtype=np.intp)
        self._differs[first:, rules] = condition != self._condition[first - 1 : -1, rules]
        self._turns[first:] += np.add.reduce(self._differs[first:, rules], axis=1, dtype=np.intp) - before

    def _look(self, at: int, active: npt.NDArray[np.bool_]) -> "_Looked":
        """What a sweep rests on; the same as the last time if it is asked for again."""
        if self._looked is None or self._looked.at != at or self._looked.active is not active:
            self._looked = _Looked(self, self._rule_set, self._stretch, at, active)
        return self._looked

    def _told(self, at: int, changed: Positions, before: HoldMemory, after: HoldMemory) -> Verdicts:
        looked = self._look(at, before.active)
        return Verdicts(
            ids=self._rule_set.ids,
            verdict=after.verdict,
            condition=self._condition[at],
            changed=changed,
            renew=NOWHERE,
            look_up=looked.evidence,
            details=looked,
        )


@dataclass(frozen=True, slots=True)
class _Leg:
    """The course of a group from the sweep after its last decision on."""

    first: int
    course: Course


class _Looked(Mapping[int, tuple[str, ...]]):
    """What verdicts rest on, judged again where it is asked for; as a mapping the names that TRUE rules carry.

    To be asked before the passage goes on.
    """

    def __init__(
        self, passage: Passage, rule_set: RuleSet, stretch: Stretch, at: int, active: npt.NDArray[np.bool_]
    ) -> None:
        self._passage, self._rule_set, self._stretch, self.at, self.active = passage, rule_set, stretch, at, active
        self._judged: dict[int, Judged] = {}

    def evidence(self, positions: Positions) -> Evidence:
        """Value, limit and reading of each of these rules."""
        value, limit = np.full(positions.size, np.nan), np.full(positions.size, np.nan)
        row = np.zeros(positions.size, np.intp)
        group_of, place_of = self._rule_set.group_of[positions], self._rule_set.place_of[positions]
        for group_at in np.unique(group_of).tolist():
            mine = np.flatnonzero(group_of == group_at)
            judged, places = self.judged(group_at), place_of[mine]
            value[mine], limit[mine], row[mine] = judged.value[places], judged.limit[places], judged.row[places]
        moment, at = self._stretch.moment(self.at), self.at
        received_ns = moment.received_mono_ns[row]
        offset_ns = int(self._stretch.wall_ns[at] - self._stretch.mono_ns[at])
        return Evidence(
            value=value,
            limit=limit,
            quality=moment.quality[row],
            source_time_ns=moment.source_time_ns[row],
            received_wall_ns=np.where(received_ns > 0, received_ns + offset_ns, 0),
        )

    def __getitem__(self, position: int) -> tuple[str, ...]:
        place = int(self._rule_set.place_of[position])
        return dict(self.judged(int(self._rule_set.group_of[position])).detail)[place]

    def __iter__(self) -> Iterator[int]:
        for group_at, (_, group) in enumerate(self._rule_set.groups):
            yield from (int(group.position[place]) for place, _ in self.judged(group_at).detail)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def judged(self, group_at: int) -> Judged:
        """One group."""
        if group_at not in self._judged:
            self._judged[group_at] = self._passage.judged(self.at, group_at, self.active)
        return self._judged[group_at]
