"""m-out-of-n voting over instruments, each with its own limit, and what is left of a vote when one is bad."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable
from rules.columns.tags import TagTable
from rules.errors import RuleError, no_dead_band, not_a_number, outside_range, unknown_tag
from rules.kinds.explain import explained, reading
from rules.kinds.votes_left import VoteDegraded, VoteDegradedKind
from rules.port import NO_STATE, Explanation, Figure, Judged, Kind, Moment, Rule, State, column
from rules.verdicts import Verdict

Side = Literal["high", "low"]
_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
_GOOD: Final = np.uint8(Quality.GOOD)
MOST_VOTERS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """One instrument and when it votes; a discrete one votes in the state `set_point` (0 or 1)."""

    tag: str
    side: Side
    set_point: float
    dead_band: float = 0.0
    """Acts on return only, so while the vote is TRUE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voting(Rule):
    """At least `needed` of the voters vote; what is needed when some of them are bad stands in `degraded`."""

    voters: tuple[Voter, ...]
    needed: int
    degraded: tuple[int, ...] = ()
    """Votes needed with 1, 2 ... bad voters (0: TRUE at once); beyond its end, `needed` (and so UNKNOWN rather than TRUE)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Votes:
    """What the voters of each rule say, shape (..., most voters, m)."""

    true: npt.NDArray[np.bool_]
    false: npt.NDArray[np.bool_]
    """An absent voter counts as FALSE."""
    bad: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VotingGroup:
    """All Voting rules; voter v of rule i stands at [v, i], a rule with fewer voters has absent ones behind them."""

    position: npt.NDArray[np.intp]
    voter_row: npt.NDArray[np.int32]
    present: npt.NDArray[np.bool_]
    sign: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float64]
    return_threshold: npt.NDArray[np.float64]
    """sign * set-point, and what a voter must fall below while the vote is TRUE."""
    discrete: npt.NDArray[np.bool_]
    """Anything but 0 and 1 is bad."""
    needed: npt.NDArray[np.intp]
    needed_with_bad: npt.NDArray[np.intp]
    """(rule, bad voters): votes needed then."""
    timeless: ClassVar[bool] = True

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads all its voters."""
        voter, rule = np.nonzero(self.present)
        return rule, self.voter_row[voter, rule]

    def fresh(self, mono_ns: int) -> State:
        """Nothing is remembered but the verdict."""
        return NO_STATE

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Count the votes; FALSE only where even all unknown voters together could not make it TRUE."""
        says = self._says(moment, active)
        votes, never = _count(says.true), _count(says.false)
        needed = self.needed
        if bool(says.bad.any()):
            needed = self.needed_with_bad[np.arange(self.needed.size), _count(says.bad)]
        possible = self.present.shape[0] - never
        condition = np.where(possible < self.needed, _FALSE, _UNKNOWN)
        condition[(votes >= needed) | (votes >= self.needed)] = _TRUE
        return Judged(
            condition=condition,
            value=votes.astype(np.float64),
            limit=needed.astype(np.float64),
            row=self._deciders(says, condition),
            state=state,
            detail=() if condition.ndim > 1 else self._voted(says, condition, moment.tag_ids),
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Every voter, the votes, and how many are needed now."""
        everywhere = np.full(self.position.size, active)
        judged, says = self.judge(moment, everywhere, state), self._says(moment, everywhere)
        mine = np.flatnonzero(self.present[:, place]).tolist()
        told = [reading(moment, int(self.voter_row[voter, place])) for voter in mine]
        votes, needed = int(judged.value[place]), int(np.broadcast_to(judged.limit, judged.value.shape)[place])
        bad_voters = int(says.bad[:, place].sum())
        of = len(mine) - bad_voters
        zh = "，".join(part[0] for part in told) + f"；{of} 取 {needed}，已有 {votes} 票"
        en = ", ".join(part[1] for part in told) + f"; {needed} of {of} needed, {votes} vote"
        if bad_voters:
            full = f"{self.needed[place]}oo{len(mine)}"
            zh += f"（{bad_voters} 个不可用，由 {full} 降级）"
            en += f" ({bad_voters} cannot be used, degraded from {full})"
        decide = [voter for voter in mine if not says.false[voter, place]] or mine
        return explained(
            int(judged.condition[place]),
            (zh, en),
            (
                Figure(zh="票数", en="votes", value=votes),
                Figure(zh="需要", en="needed", value=needed),
                Figure(zh="不可用", en="not usable", value=bad_voters),
            ),
            tuple(moment.tag_ids[int(self.voter_row[voter, place])] for voter in decide),
        )

    def _says(self, moment: Moment, active: npt.NDArray[np.bool_]) -> _Votes:
        value, quality = moment.value[..., self.voter_row], moment.quality[..., self.voter_row]
        at = self.threshold if not bool(active.any()) else np.where(active, self.return_threshold, self.threshold)
        usable = is_usable(quality) & np.isfinite(value)
        if bool(self.discrete.any()):
            usable &= ~self.discrete | (value == 0.0) | (value == 1.0)
        mirrored = value * self.sign
        return _Votes(
            true=(mirrored >= at) & usable & self.present,
            false=((mirrored < at) & usable & (quality == _GOOD)) | ~self.present,
            bad=~usable & self.present,
        )

    def _deciders(self, says: _Votes, condition: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
        """The first voter that says what the vote says, else the first that does not say FALSE."""
        if bool((says.false | ~self.present).all()):
            return np.broadcast_to(self.voter_row[0], condition.shape)
        unknown = ~says.true & ~says.false
        wanted = np.expand_dims(condition, -2)
        agrees = np.where(wanted == _TRUE, says.true, np.where(wanted == _FALSE, says.false & self.present, unknown))
        rank = np.where(agrees, 2, np.where(says.false, 0, 1)).astype(np.int8)
        row: npt.NDArray[np.int32] = self.voter_row[rank.argmax(axis=-2), np.arange(self.needed.size)]
        return row

    def _voted(
        self, says: _Votes, condition: npt.NDArray[np.uint8], tag_ids: tuple[str, ...]
    ) -> tuple[tuple[int, tuple[str, ...]], ...]:
        detail = []
        for place in np.flatnonzero(condition == _TRUE).tolist():  # the few that are TRUE, not every rule
            voted = np.flatnonzero(says.true[:, place])
            if not voted.size:  # TRUE because too few are left
                voted = np.flatnonzero(~says.false[:, place])
            detail.append((place, tuple(tag_ids[row] for row in self.voter_row[voted, place].tolist())))
        return tuple(detail)


def _count(voters: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    """How many voters of each rule; MOST_VOTERS fit."""
    count: npt.NDArray[np.int8] = np.add.reduce(voters.view(np.int8), axis=-2, dtype=np.int8)
    return count


class VotingKind:
    """Checks and compiles Voting rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: Voting, table: TagTable) -> Iterator[RuleError]:
        """No or too many voters, voters that cannot vote, a vote that cannot be TRUE or gets harder when one is bad."""
        count = len(rule.voters)
        if not 1 <= count <= MOST_VOTERS:
            zh = f"应有 1 到 {MOST_VOTERS} 块仪表，现有 {count}"
            en = f"needs 1 to {MOST_VOTERS} instruments, has {count}"
            yield RuleError(rule.id, "tags", zh, en)
        if not 1 <= rule.needed <= max(count, 1):
            zh = f"{count} 取 {rule.needed} 永远不成立，或总是成立"
            en = f"{rule.needed} of {count} can never be TRUE, or always is"
            yield RuleError(rule.id, "vote", zh, en)
        yield from _degraded_errors(rule)
        for place, voter in enumerate(rule.voters):
            if voter.tag in [other.tag for other in rule.voters[:place]]:
                zh = f"{voter.tag} 重复：一块仪表一票"
                en = f"{voter.tag} stands twice: one instrument has one vote"
                yield RuleError(rule.id, "tags", zh, en)
            yield from _voter_errors(rule.id, voter, table)

    def set_errors(self, rules: Sequence[Voting], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Voting]], table: TagTable) -> VotingGroup:
        """The columns."""
        most = max(len(rule.voters) for _, rule in rules)
        shape = (most, len(rules))
        row, present, discrete = np.zeros(shape, np.int32), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        sign, threshold, back = np.ones(shape), np.zeros(shape), np.zeros(shape)
        for place, (_, rule) in enumerate(rules):
            row[:, place] = table.row_of[rule.voters[0].tag]
            for at, voter in enumerate(rule.voters):
                row[at, place], present[at, place] = table.row_of[voter.tag], True
                discrete[at, place] = table.tags[row[at, place]].discrete
                if discrete[at, place]:  # votes beyond the middle between its two states
                    sign[at, place] = 1 if voter.set_point == 1 else -1
                    threshold[at, place] = sign[at, place] * 0.5
                    continue
                sign[at, place] = 1 if voter.side == "high" else -1
                threshold[at, place] = sign[at, place] * voter.set_point
                back[at, place] = voter.dead_band
        with_bad = [[rule.needed, *rule.degraded, *([rule.needed] * most)][: most + 1] for _, rule in rules]
        return VotingGroup(
            position=column([position for position, _ in rules], np.intp),
            voter_row=column(row, np.int32),
            present=column(present, np.bool_),
            sign=column(sign, np.float64),
            threshold=column(threshold, np.float64),
            return_threshold=column(threshold - back, np.float64),
            discrete=column(discrete, np.bool_),
            needed=column([rule.needed for _, rule in rules], np.intp),
            needed_with_bad=column(np.array(with_bad), np.intp),
        )


def _degraded_errors(rule: Voting) -> Iterator[RuleError]:
    if len(rule.degraded) > len(rule.voters):
        zh = f"有 {len(rule.degraded)} 级，而仪表有 {len(rule.voters)} 块"
        en = f"has {len(rule.degraded)} steps for {len(rule.voters)} instruments"
        yield RuleError(rule.id, "degrade", zh, en)
    for before, after in zip((rule.needed, *rule.degraded), rule.degraded, strict=False):
        if not 0 <= after <= before:
            zh = f"{before} 票之后为 {after} 票：仪表坏了不得更难成立"
            en = f"{after} votes needed after {before}: a bad instrument never makes it harder"
            yield RuleError(rule.id, "degrade", zh, en)


def _voter_errors(rule_id: str, voter: Voter, table: TagTable) -> Iterator[RuleError]:
    if voter.tag not in table.row_of:
        yield unknown_tag(rule_id, "tags", voter.tag)
        return
    tag = table.tags[table.row_of[voter.tag]]
    if tag.discrete:
        if voter.set_point not in (0, 1):
            zh = f"{tag.id} 是开关量：以状态 0 或 1 投票"
            en = f"{tag.id} is discrete: it votes in the state 0 or 1"
            yield RuleError(rule_id, "set_point", zh, en)
        return
    if not np.isfinite(voter.set_point):
        yield not_a_number(rule_id, "set_point", voter.set_point)
    elif tag.low < tag.high and not tag.low <= voter.set_point <= tag.high:
        yield outside_range(rule_id, "set_point", voter.set_point, tag, named=True)
    if not 0 <= voter.dead_band < float("inf"):
        yield no_dead_band(rule_id, voter.dead_band)


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {Voting: VotingKind(), VoteDegraded: VoteDegradedKind()}
