"""m-out-of-n voting over instruments, each with its own limit, and what is left of a vote when one is bad."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import numpy as np

from rules.columns.tags import TagTable
from rules.errors import RuleError, no_dead_band, not_a_number, outside_range, unknown_tag
from rules.kinds.vote_group import VotingGroup
from rules.kinds.votes_left import VoteDegraded, VoteDegradedKind
from rules.port import Kind, Rule, column

Side = Literal["high", "low"]
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
