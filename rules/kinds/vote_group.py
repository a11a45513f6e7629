"""Judges votes: all m-out-of-n rules as columns, and the bands within which no instrument changes its vote."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable
from rules.kinds.explain import explained, reading
from rules.port import NO_STATE, Explanation, Figure, JointBand, Judged, Moment, State
from rules.predicates import limit_band, number_band
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
_GOOD: Final = np.uint8(Quality.GOOD)


@dataclass(frozen=True, slots=True, eq=False)
class _Votes:
    """What the voters of each rule say, shape (..., most voters, m)."""

    true: npt.NDArray[np.bool_]
    false: npt.NDArray[np.bool_]
    """An absent voter counts as FALSE."""
    bad: npt.NDArray[np.bool_] | None
    """None where no voter is."""


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
        rule, voter = np.nonzero(self.present.T)
        return rule, self.voter_row[voter, rule]

    def fresh(self, mono_ns: int) -> State:
        """Nothing is remembered but the verdict."""
        return NO_STATE

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Count the votes; FALSE only where even all unknown voters together could not make it TRUE."""
        says = self._says(moment, active)
        votes, never = _count(says.true), _count(says.false)
        needed = self.needed
        if says.bad is not None:
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

    def at(self, places: npt.NDArray[np.intp]) -> "VotingGroup":
        """The rules at these places only."""
        return VotingGroup(
            position=self.position.take(places),
            voter_row=self.voter_row.take(places, axis=1),
            present=self.present.take(places, axis=1),
            sign=self.sign.take(places, axis=1),
            threshold=self.threshold.take(places, axis=1),
            return_threshold=self.return_threshold.take(places, axis=1),
            discrete=self.discrete.take(places, axis=1),
            needed=self.needed.take(places),
            needed_with_bad=self.needed_with_bad.take(places, axis=0),
        )

    def joint_band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> JointBand:
        """As long as every voter stays on its side, the vote and who voted stay."""
        value, quality = moment.value[self.voter_row], moment.quality[self.voter_row]
        at = np.where(active, self.return_threshold, self.threshold)
        low, high = limit_band(value * self.sign, quality, self.sign, at)
        low, high = np.where(self.discrete, value, low), np.where(self.discrete, value, high)
        low, high = number_band(value, quality, low, high)
        return JointBand(low=low.T[self.present.T], high=high.T[self.present.T])

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Every voter, the votes, and how many are needed now."""
        everywhere = np.full(self.position.size, active)
        judged, says = self.judge(moment, everywhere, state), self._says(moment, everywhere)
        mine = np.flatnonzero(self.present[:, place]).tolist()
        told = [reading(moment, int(self.voter_row[voter, place])) for voter in mine]
        votes, needed = int(judged.value[place]), int(np.broadcast_to(judged.limit, judged.value.shape)[place])
        bad_voters = 0 if says.bad is None else int(says.bad[:, place].sum())
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
        value, quality = moment.value.take(self.voter_row, axis=-1), moment.quality.take(self.voter_row, axis=-1)
        at = np.where(active, self.return_threshold, self.threshold)
        usable = is_usable(quality) & np.isfinite(value)
        if bool(self.discrete.any()):
            usable &= ~self.discrete | (value == 0.0) | (value == 1.0)
        true = (value * self.sign >= at) & usable & self.present
        if bool(usable.all()) and not quality.any():  # nothing is open: who does not say TRUE says FALSE
            return _Votes(true=true, false=~true, bad=None)
        return _Votes(
            true=true,
            false=((value * self.sign < at) & usable & (quality == _GOOD)) | ~self.present,
            bad=~usable & self.present,
        )

    def _deciders(self, says: _Votes, condition: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
        """The first voter that says what the vote says, else the first that does not say FALSE."""
        wanted = condition[..., np.newaxis, :]
        if says.bad is None:
            rank = (says.true == (wanted == _TRUE)) & self.present
        else:
            unknown, false = ~says.true & ~says.false, says.false & self.present
            agrees = np.where(wanted == _TRUE, says.true, np.where(wanted == _FALSE, false, unknown))
            rank = np.where(agrees, np.int8(2), ~says.false)
        row: npt.NDArray[np.int32] = self.voter_row[rank.argmax(axis=-2), np.arange(self.needed.size)]
        return row

    def _voted(
        self, says: _Votes, condition: npt.NDArray[np.uint8], tag_ids: tuple[str, ...]
    ) -> tuple[tuple[int, tuple[str, ...]], ...]:
        detail = []
        for place in (condition == _TRUE).nonzero()[0].tolist():  # the few that are TRUE, not every rule
            voted = np.flatnonzero(says.true[:, place])
            if not voted.size:  # TRUE because too few are left
                voted = np.flatnonzero(~says.false[:, place])
            detail.append((place, tuple(tag_ids[row] for row in self.voter_row[voted, place].tolist())))
        return tuple(detail)


def _count(voters: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    """How many voters of each rule; MOST_VOTERS fit."""
    count: npt.NDArray[np.int8] = np.add.reduce(voters.view(np.int8), axis=-2, dtype=np.int8)
    return count
