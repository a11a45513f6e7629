"""One evaluation while it is made: what is judged, what differs from the last time, what verdicts rest on."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.bands import Bands, Left, Rows
from rules.carried import Carried
from rules.catalog import RuleSet
from rules.columns.snapshot import Snapshot
from rules.hold import Held
from rules.joint import JointBands, JointTouched
from rules.memory import Memory
from rules.points import Touched
from rules.port import FOREVER, JointGroup, Judged, Moment, PointGroup, State
from rules.runs import merged, taken
from rules.verdicts import Evidence, Verdict
from rules.whole import WholeSweep

Positions = npt.NDArray[np.intp]
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
NOWHERE: Final[Positions] = np.zeros(0, np.intp)


@dataclass(slots=True, kw_only=True, eq=False)
class Sweep:
    """Judges at one moment: rules with bands where a reading left its band, groups of other rules whole."""

    rule_set: RuleSet
    moment: Moment
    memory: Memory
    states: list[State] = field(init=False)
    """Of each group, as judged so far."""
    details: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Position -> names, of TRUE rules that carry a list."""
    due_ns: int = FOREVER
    """First mono time at which a condition may change although nothing is read."""
    awaits: bool = field(init=False)
    """Whether any rule waits for its inputs to be read good."""
    carried: Carried | None = field(init=False)
    """From the last evaluation; None where everything is judged anew."""
    _touched: Touched = field(init=False)
    _joint: JointTouched = field(init=False)
    _bands: Bands = field(init=False)
    _joint_bands: JointBands = field(init=False)
    _bands_due_ns: int | None = None
    """By the bands from before; None where they are not believed."""
    _sweep: WholeSweep = field(init=False)
    """The groups that are judged whole."""

    def __post_init__(self) -> None:
        self.states = list(self.memory.states)
        carried = self.carried = self.memory.take_carried()
        # who does not wait now never will
        self.awaits = (carried is None or carried.awaits) and bool(self.memory.awaiting.any())
        rows = len(self.rule_set.tag_ids)
        self._bands = self.rule_set.points.no_bands(rows) if carried is None else carried.bands
        self._joint_bands = self.rule_set.joints.no_bands() if carried is None else carried.joint

    def judge(self) -> None:
        """Judge what must be judged."""
        active, joints = self.memory.holds.active, self.rule_set.joints
        if self.carried is None or self.moment.mono_ns < self.memory.holds.mono_ns:
            # nothing was judged before, or time went back: no band can be believed
            rows = np.arange(len(self.rule_set.tag_ids))
            left, rules = Left(still=rows, moving=rows, silent=rows, due_ns=FOREVER), np.arange(len(joints))
        else:
            left = self._bands.left(self.moment)
            rules = self._joint_bands.left(joints, self.moment)
            self._bands_due_ns = left.due_ns
            if self.awaits:
                waiting = self._rows_awaited()
                left = Left(
                    still=merged(left.still, waiting),
                    moving=merged(left.moving, waiting),
                    silent=merged(left.silent, waiting),
                    due_ns=left.due_ns,
                )
                rules = merged(rules, joints.numbers(np.flatnonzero(self.memory.awaiting)))
        self._touched = self.rule_set.points.judge(left, self.moment, active, self.states)
        self._joint = joints.judge(rules, self.moment, active, self.states, self._joint_bands)
        self.due_ns = self._joint.due_ns
        self.details.update(self._joint_bands.details)
        self._judge_whole(active)

    def _judge_whole(self, active: npt.NDArray[np.bool_]) -> None:
        before = None if self.carried is None else self.carried.whole
        groups = [group for _, group in self.rule_set.groups]
        self._sweep = WholeSweep.begun(self.rule_set.whole, self.moment, before)
        for at in self.rule_set.whole.groups:
            group, decided = groups[at], active[self.rule_set.spans[at]]
            judged = self._sweep.kept(at, decided) or group.judge(self.moment, decided, self.states[at])
            self._sweep.take(at, judged, decided, self.states[at])
            self.states[at] = judged.state
            self.due_ns = min(self.due_ns, FOREVER if judged.due_ns is None else judged.due_ns)
            for place, names in judged.detail:
                self.details[int(group.position[place])] = names

    def conditions(self, awaiting: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.uint8], Positions]:
        """The condition of every rule, and where it differs from the last one, ascending.

        FALSE is UNKNOWN for rules that are `awaiting`.
        """
        before, whole = self.memory.holds.condition, self._sweep.judged
        groups = self.rule_set.groups
        at = np.concatenate(
            (self._touched.positions, self._joint.positions, *(groups[each][1].position for each in whole))
        )
        told = np.concatenate(
            (self._touched.condition, self._joint.condition, *(judged.condition for judged in whole.values()))
        )
        if self.awaits:
            told[awaiting.take(at) & (told == _FALSE)] = _UNKNOWN
        differs = (told != before.take(at)).nonzero()[0]
        if not differs.size:
            return before, NOWHERE
        at = at.take(differs)
        after = before.copy()
        after[at] = told.take(differs)
        at.sort(kind="stable")
        return after, at

    def after(self, held: Held, awaiting: npt.NDArray[np.bool_], seen_good: npt.NDArray[np.bool_]) -> Memory:
        """The memory for the next evaluation.

        A dead band acts from the decision on.  Where the condition is what was decided, the band from before is only too
        narrow: there was no dead band then.  What was decided in spite of UNKNOWN is judged anew, and so is every rule over
        several tags that was decided.
        """
        unknown = held.memory.condition[held.decided] == _UNKNOWN
        undecided = self._point_rows(held.decided[unknown])
        touched = self._touched
        self._bands.renew(touched.still, touched.moving, touched.silence, self.moment, undecided)
        self._joint_bands.end(self.rule_set.joints, self.rule_set.joints.numbers(held.decided))
        due_ns = self._bands_due_ns
        if due_ns is None or touched.silence.rows.size:
            due_ns = self._bands.due_ns(self.moment)
        self.due_ns = min(self.due_ns, due_ns)
        states, start_mono_ns = tuple(self.states), self.memory.start_mono_ns
        seen = self._sweep.seen(self.moment.mono_ns)
        return Memory(
            start_mono_ns=start_mono_ns,
            holds=held.memory,
            states=states,
            awaiting=awaiting,
            inputs_seen_good=seen_good,
            due_ns=None if self.due_ns >= FOREVER else self.due_ns,
            carried=Carried(
                start_mono_ns=start_mono_ns,
                holds=held.memory,
                states=states,
                awaits=self.awaits,
                bands=self._bands,
                joint=self._joint_bands,
                whole=seen,
            ),
        )

    def look_up(self, snapshot: Snapshot) -> "LookUp":
        """What the verdicts rest on."""
        return LookUp(
            rule_set=self.rule_set,
            snapshot=snapshot,
            moment=self.moment,
            active=self.memory.holds.active,
            states=tuple(self.states),
            whole=self._sweep.judged,
        )

    def _rows_awaited(self) -> Rows:
        """Tags of rules that wait for their inputs to be read good."""
        rows: Rows = np.unique(self.rule_set.input_row[self.memory.awaiting[self.rule_set.input_rule]]).astype(np.intp)
        return rows

    def _point_rows(self, positions: Positions) -> Rows:
        """Tags of those of these rules that read one tag."""
        if not positions.size:
            return NOWHERE
        group_of, place_of = self.rule_set.group_of[positions], self.rule_set.place_of[positions]
        rows = [rules.group.row[place_of[group_of == rules.at]] for rules in self.rule_set.points.members]
        return np.concatenate(rows).astype(np.intp) if rows else NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LookUp:
    """What the verdicts of one evaluation rest on, made for the positions that are asked for."""

    rule_set: RuleSet
    snapshot: Snapshot
    moment: Moment
    active: npt.NDArray[np.bool_]
    """As it was when they were judged."""
    states: tuple[State, ...]
    whole: dict[int, Judged]

    def __call__(self, positions: Positions) -> Evidence:
        """Value, limit and reading of each of these rules."""
        value, limit = np.full(positions.size, np.nan), np.full(positions.size, np.nan)
        row = np.zeros(positions.size, np.intp)
        group_of, place_of = self.rule_set.group_of[positions], self.rule_set.place_of[positions]
        for at in np.unique(group_of).tolist():
            mine = np.flatnonzero(group_of == at)
            places = place_of[mine].astype(np.intp)
            judged = self.whole.get(at)
            if judged is None:
                some, places = np.unique(places, return_inverse=True)
                judged = self._some(at, some)
            value[mine], limit[mine], row[mine] = judged.value[places], judged.limit[places], judged.row[places]
        return Evidence(
            value=value,
            limit=limit,
            quality=self.snapshot.quality[row],
            source_time_ns=self.snapshot.source_time_ns[row],
            received_wall_ns=self.snapshot.received_wall_ns[row],
        )

    def _some(self, at: int, places: Positions) -> Judged:
        """Some rules once more: judging twice at one moment says the same."""
        group = self.rule_set.groups[at][1]
        assert isinstance(group, PointGroup | JointGroup)
        active = self.active[group.position[places]]
        return group.at(places).judge(self.moment, active, taken(self.states[at], places))
