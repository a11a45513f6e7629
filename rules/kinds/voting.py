"""m-out-of-n voting over instruments, each with its own limit, and what is left of a vote when one is bad."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable
from rules.columns.tags import TagTable
from rules.errors import RuleError
from rules.kinds.explain import explained, reading
from rules.kinds.votes_left import VoteDegraded, VoteDegradedKind
from rules.port import NO_STATE, Explanation, Figure, Judged, Kind, Moment, Rule, State, column
from rules.predicates import Condition, beyond_limit, m_of_n
from rules.verdicts import Verdict

Side = Literal["high", "low"]
_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VotingGroup:
    """All Voting rules; their voters stand one after the other, those of rule i from `first_voter[i]` on."""

    position: npt.NDArray[np.intp]
    first_voter: npt.NDArray[np.intp]
    voter_rule: npt.NDArray[np.intp]
    voter_row: npt.NDArray[np.int32]
    sign: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float64]
    return_threshold: npt.NDArray[np.float64]
    """sign * set-point, and what a voter must fall below while the vote is TRUE."""
    discrete: npt.NDArray[np.bool_]
    """Of each voter: anything but 0 and 1 is bad."""
    needed: npt.NDArray[np.intp]
    needed_with_bad: npt.NDArray[np.intp]
    """(rule, bad voters): votes needed then."""
    timeless: ClassVar[bool] = True

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads all its voters."""
        return self.voter_rule, self.voter_row

    def fresh(self, mono_ns: int) -> State:
        """Nothing is remembered but the verdict."""
        return NO_STATE

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Count the votes; FALSE only where even all unknown voters together could not make it TRUE."""
        bits, bad = self._bits(moment, active)
        votes = np.add.reduceat(bits == _TRUE, self.first_voter, axis=-1, dtype=np.intp)
        bad_voters = np.add.reduceat(bad, self.first_voter, axis=-1, dtype=np.intp)
        needed = self.needed_with_bad[np.arange(self.needed.size), bad_voters]
        condition = m_of_n(bits, self.first_voter, self.needed)
        condition[votes >= needed] = _TRUE
        names = () if bits.ndim > 1 else self._voted(bits, condition, moment.tag_ids)
        return Judged(
            condition=condition,
            value=votes.astype(np.float64),
            limit=needed.astype(np.float64),
            row=self.voter_row[self._decider(bits, condition)],
            state=state,
            detail=names,
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Every voter, the votes, and how many are needed now."""
        everywhere = np.full(self.position.size, active)
        judged = self.judge(moment, everywhere, state)
        bits, bad = self._bits(moment, everywhere)
        mine = np.flatnonzero(self.voter_rule == place).tolist()
        told = [reading(moment, int(self.voter_row[voter])) for voter in mine]
        votes, needed = int(judged.value[place]), int(judged.limit[place])
        bad_voters, of = int(bad[mine].sum()), len(mine) - int(bad[mine].sum())
        zh = "，".join(part[0] for part in told) + f"；{of} 取 {needed}，已有 {votes} 票"
        en = ", ".join(part[1] for part in told) + f"; {needed} of {of} needed, {votes} vote"
        if bad_voters:
            full = f"{self.needed[place]}oo{len(mine)}"
            zh += f"（{bad_voters} 个不可用，由 {full} 降级）"
            en += f" ({bad_voters} cannot be used, degraded from {full})"
        return explained(
            int(judged.condition[place]),
            (zh, en),
            (
                Figure(zh="票数", en="votes", value=votes),
                Figure(zh="需要", en="needed", value=needed),
                Figure(zh="不可用", en="not usable", value=bad_voters),
            ),
            tuple(moment.tag_ids[int(self.voter_row[voter])] for voter in mine if bits[voter] != _FALSE)
            or tuple(moment.tag_ids[int(self.voter_row[voter])] for voter in mine),
        )

    def _bits(self, moment: Moment, active: npt.NDArray[np.bool_]) -> tuple[Condition, npt.NDArray[np.bool_]]:
        """(what each voter says, whether it is bad)."""
        value, quality = moment.value[..., self.voter_row], moment.quality[..., self.voter_row]
        bad = ~(is_usable(quality) & np.isfinite(value)) | (self.discrete & (value != 0.0) & (value != 1.0))
        quality = np.where(bad, np.uint8(Quality.BAD), quality)
        bits = beyond_limit(value * self.sign, quality, self.threshold, self.return_threshold, active[self.voter_rule])
        return bits, bad

    def _decider(self, bits: Condition, condition: Condition) -> npt.NDArray[np.intp]:
        """The first voter that says what the vote says, else the first that does not say FALSE."""
        says = bits == np.repeat(condition, np.diff(self.first_voter, append=bits.shape[-1]), axis=-1)
        rank = np.where(says, 2, np.where(bits != _FALSE, 1, 0))
        count = bits.shape[-1]
        best = np.maximum.reduceat(rank * count + (count - 1 - np.arange(count)), self.first_voter, axis=-1)
        decider: npt.NDArray[np.intp] = count - 1 - best % count
        return decider

    def _voted(
        self, bits: Condition, condition: Condition, tag_ids: tuple[str, ...]
    ) -> tuple[tuple[int, tuple[str, ...]], ...]:
        detail = []
        for place in np.flatnonzero(condition == _TRUE).tolist():  # the few that are TRUE, not every rule
            start = int(self.first_voter[place])
            end = int(self.first_voter[place + 1]) if place + 1 < self.first_voter.size else bits.size
            voted = np.flatnonzero(bits[start:end] == _TRUE) + start
            if not voted.size:  # TRUE because too few are left
                voted = np.flatnonzero(bits[start:end] != _FALSE) + start
            detail.append((place, tuple(tag_ids[row] for row in self.voter_row[voted].tolist())))
        return tuple(detail)


class VotingKind:
    """Checks and compiles Voting rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: Voting, table: TagTable) -> Iterator[RuleError]:
        """No or too many voters, voters that cannot vote, a vote that cannot be TRUE or gets harder when one is bad."""
        count = len(rule.voters)
        if not 1 <= count <= MOST_VOTERS:
            yield RuleError(rule.id, "tags", f"needs 1 to {MOST_VOTERS} instruments, has {count}")
        if not 1 <= rule.needed <= max(count, 1):
            yield RuleError(rule.id, "vote", f"{rule.needed} of {count} can never be TRUE, or always is")
        yield from _degraded_errors(rule)
        for place, voter in enumerate(rule.voters):
            if voter.tag in [other.tag for other in rule.voters[:place]]:
                yield RuleError(rule.id, "tags", f"{voter.tag} stands twice: one instrument has one vote")
            yield from _voter_errors(rule.id, voter, table)

    def set_errors(self, rules: Sequence[Voting], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Voting]], table: TagTable) -> VotingGroup:
        """The columns."""
        counts = [len(rule.voters) for _, rule in rules]
        voters = [voter for _, rule in rules for voter in rule.voters]
        discrete = [table.tags[table.row_of[voter.tag]].discrete for voter in voters]
        # a discrete voter votes beyond the middle between its two states
        sign = [
            (1 if voter.set_point == 1 else -1) if bit else (1 if voter.side == "high" else -1)
            for voter, bit in zip(voters, discrete, strict=True)
        ]
        at = [0.5 if bit else voter.set_point for voter, bit in zip(voters, discrete, strict=True)]
        back = [0.0 if bit else voter.dead_band for voter, bit in zip(voters, discrete, strict=True)]
        threshold = np.array(sign, np.float64) * np.array(at, np.float64)
        most = max(counts)
        with_bad = [[rule.needed, *rule.degraded, *([rule.needed] * most)][: most + 1] for _, rule in rules]
        return VotingGroup(
            position=column([position for position, _ in rules], np.intp),
            first_voter=column(list(accumulate(counts, initial=0))[: len(rules)], np.intp),
            voter_rule=column(np.repeat(np.arange(len(rules)), counts), np.intp),
            voter_row=column([table.row_of[voter.tag] for voter in voters], np.int32),
            sign=column(sign, np.float64),
            threshold=column(threshold, np.float64),
            return_threshold=column(threshold - np.array(back, np.float64), np.float64),
            discrete=column(discrete, np.bool_),
            needed=column([rule.needed for _, rule in rules], np.intp),
            needed_with_bad=column(np.array(with_bad), np.intp),
        )


def _degraded_errors(rule: Voting) -> Iterator[RuleError]:
    if len(rule.degraded) > len(rule.voters):
        yield RuleError(rule.id, "degrade", f"has {len(rule.degraded)} steps for {len(rule.voters)} instruments")
    for before, after in zip((rule.needed, *rule.degraded), rule.degraded, strict=False):
        if not 0 <= after <= before:
            yield RuleError(
                rule.id, "degrade", f"{after} votes needed after {before}: a bad instrument never makes it harder"
            )


def _voter_errors(rule_id: str, voter: Voter, table: TagTable) -> Iterator[RuleError]:
    if voter.tag not in table.row_of:
        yield RuleError(rule_id, "tags", f"no tag {voter.tag!r}")
        return
    tag = table.tags[table.row_of[voter.tag]]
    if tag.discrete:
        if voter.set_point not in (0, 1):
            yield RuleError(rule_id, "set_point", f"{tag.id} is discrete: it votes in the state 0 or 1")
        return
    if not np.isfinite(voter.set_point):
        yield RuleError(rule_id, "set_point", f"{voter.set_point} is not a number")
    elif tag.low < tag.high and not tag.low <= voter.set_point <= tag.high:
        why = f"{voter.set_point:g} is outside the range {tag.low:g} to {tag.high:g} {tag.eu} of {tag.id}"
        yield RuleError(rule_id, "set_point", why)
    if not 0 <= voter.dead_band < float("inf"):
        yield RuleError(rule_id, "dead_band", f"{voter.dead_band:g} is not a width; a dead band is 0 or more")


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {Voting: VotingKind(), VoteDegraded: VoteDegradedKind()}
