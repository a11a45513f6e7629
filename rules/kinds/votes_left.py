"""A vote is degraded: an instrument of it says that it cannot be used."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable
from rules.columns.tags import TagTable
from rules.errors import RuleError, stands_twice, unknown_tag
from rules.kinds.explain import explained, reading
from rules.port import NO_STATE, Explanation, Figure, Judged, Moment, Rule, State, column
from rules.predicates import Condition, any_of
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteDegraded(Rule):
    """An instrument of a vote is BAD; one whose device stopped is unknown, which its link and its source tell."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VoteDegradedGroup:
    """All VoteDegraded rules; their voters stand one after the other, those of rule i from `first_voter[i]` on."""

    position: npt.NDArray[np.intp]
    first_voter: npt.NDArray[np.intp]
    voter_rule: npt.NDArray[np.intp]
    voter_row: npt.NDArray[np.int32]
    voters: npt.NDArray[np.float64]
    """How many each rule has."""
    timeless: ClassVar[bool] = True

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads all its instruments."""
        return self.voter_rule, self.voter_row

    def fresh(self, mono_ns: int) -> State:
        """Nothing is remembered."""
        return NO_STATE

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Kleene or over the instruments of each rule; the value is how many can still be used."""
        bits, usable = self._bits(moment)
        condition, decider = any_of(bits, self.first_voter)
        left = np.add.reduceat(usable, self.first_voter, axis=-1, dtype=np.intp).astype(np.float64)
        names = () if bits.ndim > 1 else self._lost(bits, condition, moment.tag_ids)
        return Judged(
            condition=condition, value=left, limit=self.voters, row=self.voter_row[decider], state=state, detail=names
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Every instrument, and how many are left."""
        judged = self.judge(moment, np.zeros(self.position.size, np.bool_), state)
        rows = self.voter_row[self.voter_rule == place].tolist()
        told = [reading(moment, row) for row in rows]
        left = int(judged.value[place])
        zh = "，".join(part[0] for part in told) + f"；{len(rows)} 个中 {left} 个可用"
        en = ", ".join(part[1] for part in told) + f"; {left} of {len(rows)} can be used"
        return explained(
            int(judged.condition[place]),
            (zh, en),
            (Figure(zh="可用", en="usable", value=left), Figure(zh="总数", en="of", value=len(rows))),
            tuple(moment.tag_ids[row] for row in rows),
        )

    def _bits(self, moment: Moment) -> tuple[Condition, npt.NDArray[np.bool_]]:
        value, quality = moment.value[..., self.voter_row], moment.quality[..., self.voter_row]
        answers = is_usable(quality)
        usable = answers & np.isfinite(value)
        bits = np.full(quality.shape, _UNKNOWN, np.uint8)
        bits[usable & (quality == np.uint8(Quality.GOOD))] = _FALSE
        bits[(quality == np.uint8(Quality.BAD)) | (answers & ~usable)] = _TRUE
        # what is not read at all (STALE) stays unknown: a dead device is the alarm of its link, not one for every vote
        return bits, usable

    def _lost(
        self, bits: Condition, condition: Condition, tag_ids: tuple[str, ...]
    ) -> tuple[tuple[int, tuple[str, ...]], ...]:
        detail = []
        for place in np.flatnonzero(condition == _TRUE).tolist():  # the few that are degraded, not every rule
            start = int(self.first_voter[place])
            lost = np.flatnonzero(bits[start : start + int(self.voters[place])] == _TRUE) + start
            detail.append((place, tuple(tag_ids[row] for row in self.voter_row[lost].tolist())))
        return tuple(detail)


class VoteDegradedKind:
    """Checks and compiles VoteDegraded rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: VoteDegraded, table: TagTable) -> Iterator[RuleError]:
        """No instrument, an unknown or repeated one."""
        if len(rule.tags) < 2:
            yield RuleError(rule.id, "tags", "至少要有 2 块仪表", "needs 2 instruments or more")
        for place, name in enumerate(rule.tags):
            if name in rule.tags[:place]:
                yield stands_twice(rule.id, "tags", name)
            if name not in table.row_of:
                yield unknown_tag(rule.id, "tags", name)

    def set_errors(self, rules: Sequence[VoteDegraded], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, VoteDegraded]], table: TagTable) -> VoteDegradedGroup:
        """The columns."""
        counts = [len(rule.tags) for _, rule in rules]
        return VoteDegradedGroup(
            position=column([position for position, _ in rules], np.intp),
            first_voter=column(list(accumulate(counts, initial=0))[: len(rules)], np.intp),
            voter_rule=column(np.repeat(np.arange(len(rules)), counts), np.intp),
            voter_row=column([table.row_of[tag] for _, rule in rules for tag in rule.tags], np.int32),
            voters=column(counts, np.float64),
        )
