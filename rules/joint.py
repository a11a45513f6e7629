"""Rules over several tags with bands: only those whose inputs left theirs are judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from rules.columns.quality import FIRST_UNUSABLE
from rules.port import FOREVER, JointBand, JointGroup, Judged, Moment, State
from rules.runs import Places, merged, places_of_runs, scattered, taken

EVERY: Final = 4
"""A band costs as much for one rule as for many: they are made at every so many evaluations, for each group at another one;
until then a rule that left its band is judged."""
_FIRST_UNUSABLE: Final = np.uint8(FIRST_UNUSABLE)
_NOWHERE: Final[Places] = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointRules:
    """The rules of one group among all rules of this sort."""

    at: int
    """Which group of the rule set."""
    group: JointGroup
    begin: int
    """Number of its first rule."""
    end: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joints:
    """All groups of this sort: their rules numbered one group after the other, their inputs rule by rule."""

    members: tuple[JointRules, ...]
    ends: Places
    """Of each group."""
    row: Places
    """Of every input."""
    rule: Places
    """Number of the rule of every input, ascending."""
    first: Places
    """Where the inputs of each rule begin."""
    count: Places
    """How many inputs each rule has."""
    timed: int
    """From this input on a band may end with time: it belongs to a group with memory."""
    number: Places
    """Of the rule at each position of the rule set; -1 where it is of another sort."""

    @classmethod
    def of(cls, groups: Sequence[tuple[int, JointGroup]], rules: int) -> Self:
        """(index in the rule set, group); `rules` in the whole set."""
        members, rows, numbers, at_rule, timed = [], [_NOWHERE], [_NOWHERE], 0, 0
        number = np.full(rules, -1, np.intp)
        for at, group in sorted(groups, key=lambda pair: not pair[1].timeless):
            place, row = group.inputs()
            order = np.argsort(place, kind="stable")
            rows.append(row[order].astype(np.intp))
            numbers.append(place[order] + at_rule)
            end = at_rule + group.position.size
            number[group.position] = np.arange(at_rule, end)
            members.append(JointRules(at=at, group=group, begin=at_rule, end=end))
            at_rule = end
            timed += row.size if group.timeless else 0
        rule = np.concatenate(numbers)
        count = np.bincount(rule, minlength=at_rule).astype(np.intp)
        return cls(
            members=tuple(members),
            ends=np.array([one.end for one in members], np.intp),
            row=np.concatenate(rows),
            rule=rule,
            first=np.cumsum(count) - count,
            count=count,
            timed=timed,
            number=number,
        )

    def __len__(self) -> int:
        return self.first.size

    def no_bands(self) -> "JointBands":
        """Before anything was judged."""
        inputs = self.row.size
        return JointBands(
            low=np.full(inputs, np.nan),
            high=np.full(inputs, np.nan),
            quality=np.zeros(inputs, np.uint8),
            look_ns=np.full(inputs, FOREVER),
            until_ns=np.full(len(self), FOREVER),
            details={},
        )

    def numbers(self, positions: Places) -> Places:
        """Numbers of those of these rules that are of this sort, ascending."""
        found = self.number[positions]
        return np.sort(found[found >= 0])

    def judge(
        self, rules: Places, moment: Moment, active: npt.NDArray[np.bool_], states: list[State], bands: "JointBands"
    ) -> "JointTouched":
        """Judge the rules of these numbers (ascending); new states take the place of those in `states`, bands are renewed."""
        positions, conditions, due_ns = [_NOWHERE], [np.zeros(0, np.uint8)], FOREVER
        ended = [_NOWHERE]
        bands.evaluations += 1
        ends = rules.searchsorted(self.ends).tolist()
        for number, (member, begin, end) in enumerate(zip(self.members, [0, *ends], ends, strict=False)):
            left = rules[begin:end]
            if not left.size:
                continue
            group, before = member.group, states[member.at]
            whole = left.size * 2 > group.position.size  # to take most of them out costs more than to judge them all
            mine = np.arange(member.begin, member.end) if whole else left
            places = mine - member.begin
            state = before if whole else taken(before, places)
            group = group if whole else group.at(places)
            was_active = active.take(group.position)
            judged = group.judge(moment, was_active, state)
            states[member.at] = judged.state if whole else scattered(before, state, judged.state, places)
            if (bands.evaluations + number) % EVERY == 0:
                bands.renew(self, mine, moment, group.joint_band(moment, was_active, judged))
            else:
                ended.append(left)
            bands.tell(group.position, judged)
            due_ns = min(due_ns, FOREVER if judged.due_ns is None else judged.due_ns)
            positions.append(group.position)
            conditions.append(judged.condition)
        bands.end(self, np.concatenate(ended))
        return JointTouched(
            positions=np.concatenate(positions),
            condition=np.concatenate(conditions),
            due_ns=min(due_ns, bands.due_ns()),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointTouched:
    """What the judgement of some rules says."""

    positions: Places
    """In the rule set, in no order."""
    condition: npt.NDArray[np.uint8]
    due_ns: int
    """First mono time at which a condition of any rule of this sort may change although nothing is read."""


@dataclass(slots=True, kw_only=True, eq=False)
class JointBands:
    """The bands of all rules of this sort; columns of length inputs, written to as long as one evaluation owns them."""

    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    """When the band was made."""
    look_ns: npt.NDArray[np.int64]
    until_ns: npt.NDArray[np.int64]
    """Of every rule."""
    evaluations: int = 0
    """Since there are bands."""
    details: Mapping[int, tuple[str, ...]]
    """Position -> names, of TRUE rules that carry a list; another mapping when one changes."""

    def left(self, joints: Joints, moment: Moment) -> Places:
        """Numbers of the rules whose inputs left their bands, ascending."""
        value, quality = moment.value.take(joints.row), moment.quality.take(joints.row)
        holds = value >= self.low
        holds &= value <= self.high
        out = np.logical_not(holds, out=holds).nonzero()[0]
        # what cannot be judged may have any value, but a rule without a band is looked at whatever it is
        out = out[(quality.take(out) < _FIRST_UNUSABLE) | np.isnan(self.low.take(out))]
        out = merged(out, (quality != self.quality).nonzero()[0])
        if joints.timed < joints.row.size:
            received_ns = moment.received_mono_ns.take(joints.row[joints.timed :])
            out = merged(out, (received_ns >= self.look_ns[joints.timed :]).nonzero()[0] + joints.timed)
        left = joints.rule.take(out)
        if left.size:
            left = np.concatenate((left[:1], left[1:][left[1:] != left[:-1]]))  # once each
        return merged(left, (self.until_ns <= moment.mono_ns).nonzero()[0])

    def renew(self, joints: Joints, rules: Places, moment: Moment, band: JointBand) -> None:
        """Take over the new bands of the rules of these numbers (ascending)."""
        at, _ = places_of_runs(joints.first.take(rules), joints.count.take(rules))
        self.low[at], self.high[at] = band.low, band.high
        self.quality[at] = moment.quality.take(joints.row.take(at))
        if band.look_ns is not None:
            self.look_ns[at] = band.look_ns
        if band.until_ns is not None:
            self.until_ns[rules] = band.until_ns

    def end(self, joints: Joints, rules: Places) -> None:
        """These rules are judged at the next evaluation whatever is read."""
        self.low[joints.first.take(rules)] = np.nan
        self.until_ns[rules] = FOREVER

    def tell(self, positions: Places, judged: Judged) -> None:
        """What the rules at these positions carry now."""
        told = {int(positions[place]): names for place, names in judged.detail}
        gone = self.details.keys() & set(positions.tolist()) if self.details else set()
        if told or gone:
            self.details = {at: names for at, names in self.details.items() if at not in gone} | told

    def due_ns(self) -> int:
        """First mono time at which a band ends although nothing is read."""
        return int(self.until_ns.min()) if self.until_ns.size else FOREVER
