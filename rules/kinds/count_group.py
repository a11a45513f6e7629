"""All rules that count, as columns: what was read so far, and how often something happened in the window that ends now."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality
from rules.kinds.explain import explained, reading
from rules.kinds.occurrences import SLOTS, Occurrences
from rules.port import Explanation, Figure, Judged, Moment, State
from rules.predicates import finite_quality
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountGroup:
    """All rules of one kind that count; each has an up side and a down side, and going from one to the other counts."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    discrete: npt.NDArray[np.bool_]
    at_least: npt.NDArray[np.intp]
    window_ns: npt.NDArray[np.int64]
    gap_ns: npt.NDArray[np.int64]
    """Readings further apart leave the window uncovered between them."""
    minimum_coverage: npt.NDArray[np.float64]
    up_at: npt.NDArray[np.float64]
    """A value at or over this is up; NaN where turns count."""
    down_below: npt.NDArray[np.float64]
    """A value under this is down (for a fall: at or under it)."""
    falling: npt.NDArray[np.bool_]
    """The level is crossed downwards: reached at `down_below`, left over `up_at`."""
    swing: npt.NDArray[np.float64]
    """How far a turn must come back; NaN where a level counts."""
    counts_up: npt.NDArray[np.bool_]
    counts_down: npt.NDArray[np.bool_]
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag."""
        return np.arange(self.row.size), self.row

    def fresh(self, mono_ns: int) -> State:
        """Nothing was read."""
        return Occurrences.fresh(self.row.size).state()

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Take what was read, then look at the window that ends now: enough seen is TRUE, however little was covered."""
        value, received_ns = moment.value[self.row], moment.received_mono_ns[self.row]
        good = self.good(value, moment.quality[self.row])
        before = Occurrences.of(state)
        past = self._taken(before, value, good, received_ns)
        count = past.count(self.window_ns, moment.mono_ns)
        leaves_ns = past.nth_leaves_ns(self.at_least, self.window_ns)
        enough = count >= self.at_least
        covered = past.covered(self.window_ns, self.gap_ns) >= self.minimum_coverage
        due = leaves_ns[enough]
        return Judged(
            condition=self.told(good, covered, count),
            value=count.astype(np.float64),
            limit=self.at_least.astype(np.float64),
            row=self.row,
            state=state if past is before else past.state(),
            due_ns=int(due.min()) if due.size else None,
        )

    def told(
        self, good: npt.NDArray[np.bool_], covered: npt.NDArray[np.bool_], count: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.uint8]:
        """The conditions, shape (..., m) as the columns: enough seen is TRUE, however little was covered."""
        enough = count >= self.at_least
        condition = np.full(count.shape, _UNKNOWN, np.uint8)
        condition[good & covered & ~enough] = _FALSE
        condition[enough] = _TRUE
        return condition

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """How often, in which window, how much of it was seen, and when last."""
        judged = self.judge(moment, np.zeros(self.row.size, np.bool_), state)
        past = Occurrences.of(judged.state)
        count, most = int(judged.value[place]), int(self.at_least[place])
        window_s = float(self.window_ns[place]) / SECOND_NS
        share = 100 * float(past.covered(self.window_ns, self.gap_ns)[place])
        zh, en = reading(moment, int(self.row[place]))
        zh = f"{zh}；{window_s:g} s 内 {count} 次，{most} 次及以上报警；窗口覆盖 {share:.0f} %"
        en = f"{en}; {count} times in {window_s:g} s, alarm at {most}; {share:.0f} % of the window covered"
        figures = [
            Figure(zh="次数", en="times", value=count),
            Figure(zh="限值", en="limit", value=most),
            Figure(zh="窗口", en="window", value=window_s, eu="s"),
            Figure(zh="覆盖率", en="coverage", value=share, eu="%"),
        ]
        if count:
            ago_s = (moment.mono_ns - int(past.event_mono_ns[place, -1])) / SECOND_NS
            figures.append(Figure(zh="最近一次距今", en="last one ago", value=ago_s, eu="s"))
        name = moment.tag_ids[int(self.row[place])]
        return explained(int(judged.condition[place]), (zh, en), tuple(figures), (name,))

    def good(self, value: npt.NDArray[np.float64], quality: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        """Which readings (..., m) count."""
        state = (value == 0.0) | (value == 1.0)
        good: npt.NDArray[np.bool_] = (finite_quality(value, quality) == np.uint8(Quality.GOOD)) & (
            state | ~self.discrete
        )
        return good

    def _taken(
        self,
        past: Occurrences,
        value: npt.NDArray[np.float64],
        good: npt.NDArray[np.bool_],
        received_ns: npt.NDArray[np.int64],
    ) -> Occurrences:
        at = past.news(value, good, received_ns)
        if not at.size:
            return past
        new = value[at]
        side, extreme = past.side.copy(), past.extreme.copy()
        before = side[at]
        after, reached = self._side(at, new, before, extreme[at])
        side[at], extreme[at] = after, reached
        happened = ((before == 0) & (after == 1) & self.counts_up[at]) | (
            (before == 1) & (after == 0) & self.counts_down[at]
        )
        past = replace(past, side=side, extreme=extreme)
        return past.taken(at, happened, new, received_ns[at], np.maximum(self.window_ns[at] // SLOTS, 1))

    def _side(
        self,
        at: npt.NDArray[np.intp],
        new: npt.NDArray[np.float64],
        before: npt.NDArray[np.int8],
        extreme: npt.NDArray[np.float64],
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
        """The side of each new value and the extreme of its way; between the levels the side stays."""
        turns = ~np.isnan(self.swing[at])
        first = np.isnan(extreme)
        rises = new - extreme >= self.swing[at]
        falls = extreme - new >= self.swing[at]
        falling = self.falling[at]
        up = np.where(turns, (before != 1) & rises, np.where(falling, new > self.up_at[at], new >= self.up_at[at]))
        below = np.where(falling, new <= self.down_below[at], new < self.down_below[at])
        down = np.where(turns, (before != 0) & falls, below)
        after = np.where(up, np.int8(1), np.where(down, np.int8(0), before))
        furthest = np.where(
            after == 1, np.maximum(extreme, new), np.where(after == 0, np.minimum(extreme, new), extreme)
        )
        reached = np.where(first | (after != before), new, furthest)
        return after.astype(np.int8), reached
