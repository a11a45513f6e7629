"""Fluctuation: the variance over a window against what it was on a good day."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.columns.quality import Quality
from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, no_share, unknown_tag
from rules.kinds.drift import window_errors
from rules.kinds.explain import explained, reading
from rules.port import NEVER, Explanation, Figure, Judged, Moment, Rule, State, column, frozen
from rules.verdicts import Verdict

Floats = npt.NDArray[np.float64]
_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
_GOOD: Final = np.uint8(Quality.GOOD)
_FEWEST: Final = 4
"""Samples that a variance about a line needs to mean anything."""
_LEARN_COVERAGE: Final = 0.9
"""Of a window that is learned from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variance(Rule):
    """Variance about the straight line through the window, more than `ratio` times the reference."""

    tag: str
    ratio: float = 4.0
    dead_band: float = 0.0
    """Of the ratio."""
    window_ns: int = 600_000_000_000
    reference_sigma: float | None = None
    """Standard deviation of a good day; None: learned from the first `learn_windows` windows."""
    learn_windows: int = 5
    least_sigma: float = 0.0
    """A learned sigma is not believed to be smaller."""
    least_coverage: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VarianceGroup:
    """All Variance rules."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    ratio: Floats
    return_ratio: Floats
    window_ns: npt.NDArray[np.int64]
    reference: Floats
    """Variance; NaN where it is learned."""
    learn_windows: npt.NDArray[np.int64]
    least_variance: Floats
    least_coverage: Floats
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag."""
        return np.arange(self.row.size), self.row

    def fresh(self, mono_ns: int) -> State:
        """No sample was seen yet."""
        times, values = windows.fresh(self.row.size)
        return frozen(
            sample_mono_ns=times,
            sample=values,
            learned=np.zeros(self.row.size, np.int64),
            learned_sum=np.zeros(self.row.size),
            learned_mono_ns=np.full(self.row.size, NEVER, np.int64),
            ratio=np.full(self.row.size, np.nan),
            known=np.zeros(self.row.size, np.bool_),
            until_mono_ns=np.full(self.row.size, NEVER, np.int64),
        )

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Keep the sample of now, learn from full windows, and compare the ratio of the variances."""
        good = (moment.quality[self.row] == _GOOD) & np.isfinite(moment.value[self.row])
        after = self._looked(moment, state)
        ratio, known, until = after["ratio"], after["known"], after["until_mono_ns"]
        ends = until[until != NEVER]
        return Judged(
            condition=self.told(active, good, ratio, known),
            value=np.where(known, ratio, np.nan),
            limit=self.ratio,
            row=self.row,
            state=after,
            due_ns=int(ends.min()) if ends.size else None,
        )

    def told(
        self, active: npt.NDArray[np.bool_], good: npt.NDArray[np.bool_], ratio: Floats, known: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.uint8]:
        """The conditions, shape (..., m) as the columns; what is not read well now is not FALSE."""
        at = np.where(active, self.return_ratio, self.ratio)
        condition = np.full(ratio.shape, _UNKNOWN, np.uint8)
        condition[known & good & (ratio <= at)] = _FALSE
        condition[known & (ratio > at)] = _TRUE
        return condition

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Both standard deviations and the ratio of the variances."""
        judged = self.judge(moment, np.full(self.row.size, active), state)
        samples = judged.state["sample_mono_ns"], judged.state["sample"]
        inside = windows.inside(samples, self.window_ns, moment.mono_ns)
        sigma = math.sqrt(float(self._variance(samples, inside)[place]))
        reference = math.sqrt(float(self.reference_of(judged.state)[place]))
        coverage = float(windows.coverage(samples, self.window_ns, moment.mono_ns)[place])
        allowed = float(self.return_ratio[place] if active else self.ratio[place])
        zh, en = reading(moment, int(self.row[place]))
        learned, needed = int(judged.state["learned"][place]), int(self.learn_windows[place])
        if learned < needed:
            zh, en = f"{zh}；正在学习基准：{learned}/{needed} 个窗口", f"{en}; learning: {learned} of {needed} windows"
        ratio, window_s = float(judged.value[place]), self.window_ns[place] / 1e9
        zh += f"；{window_s:g} s 内标准差 {sigma:.3g}，基准 {reference:.3g}，方差比 {ratio:.3g}，允许 {allowed:g}"
        en += f"; standard deviation over {window_s:g} s {sigma:.3g}, reference {reference:.3g}"
        en += f", ratio of variances {ratio:.3g}, allowed {allowed:g}"
        if coverage < self.least_coverage[place]:
            zh, en = f"{zh}；窗口覆盖率 {coverage:.0%} 不足", f"{en}; only {coverage:.0%} of the window is known"
        figures = (
            Figure(zh="标准差", en="standard deviation", value=sigma),
            Figure(zh="基准标准差", en="reference", value=reference),
            Figure(zh="方差比", en="ratio of variances", value=ratio),
            Figure(zh="窗口覆盖率", en="coverage of the window", value=coverage),
        )
        return explained(int(judged.condition[place]), (zh, en), figures, (moment.tag_ids[int(self.row[place])],))

    def solve(
        self, samples: windows.Samples, places: npt.NDArray[np.intp], mono_ns: windows.Now, reference: Floats
    ) -> tuple[Floats, npt.NDArray[np.bool_], Floats]:
        """(ratio, known, coverage) of windows, each of the rule at `places`; `reference` of every rule."""
        window_ns = self.window_ns[places]
        covered = windows.coverage(samples, window_ns, mono_ns)
        ratio = self._variance(samples, windows.inside(samples, window_ns, mono_ns)) / reference[places]
        return ratio, (covered >= self.least_coverage[places]) & np.isfinite(ratio), covered

    def reference_of(self, state: State) -> Floats:
        """The variance that each is compared with; NaN while it is learned."""
        learned = state["learned_sum"] / np.maximum(state["learned"], 1)
        ready = state["learned"] >= self.learn_windows
        own = np.where(ready, np.maximum(learned, self.least_variance), np.nan)
        return np.where(np.isnan(self.reference), own, self.reference)

    def _looked(self, moment: Moment, state: State) -> State:
        """The state with the sample of now; ratios are taken anew only where their window changed."""
        samples = windows.kept(
            (state["sample_mono_ns"], state["sample"]),
            moment.value[self.row],
            moment.quality[self.row] == _GOOD,
            moment.received_mono_ns[self.row],
            self.window_ns,
        )
        at = windows.due(samples, state["sample_mono_ns"], state["until_mono_ns"], moment.mono_ns)
        if not at.size:
            return state
        after = dict(self._learnt(samples, state))
        part = samples[0][at], samples[1][at]
        for name in ("ratio", "known", "until_mono_ns"):
            after[name] = after[name].copy()
        ratio, known, covered = self.solve(part, at, moment.mono_ns, self.reference_of(after))
        after["ratio"][at], after["known"][at] = ratio, known
        window_ns, least = self.window_ns[at], self.least_coverage[at]
        after["until_mono_ns"][at] = windows.unchanged_until_ns(part, window_ns, covered, least, moment.mono_ns)
        return frozen(**{**after, "sample_mono_ns": samples[0], "sample": samples[1]})

    def _learnt(self, samples: windows.Samples, state: State) -> State:
        """Take over the variance of every window that followed the last learned one in full, at its last sample."""
        last, before = samples[0][:, -1], state["learned_mono_ns"]
        due = (state["learned"] < self.learn_windows) & (last != NEVER)
        due &= (before == NEVER) | (last - np.maximum(before, 0) >= self.window_ns)
        at = np.flatnonzero(due)
        if not at.size:
            return state
        part, window_ns, ends = (samples[0][at], samples[1][at]), self.window_ns[at], last[at]
        full = windows.coverage(part, window_ns, ends) >= _LEARN_COVERAGE
        variance = self._variance(part, windows.inside(part, window_ns, ends))[full]
        at = at[full]
        learned, total, when = state["learned"].copy(), state["learned_sum"].copy(), before.copy()
        learned[at] += 1
        total[at] += variance
        when[at] = last[at]
        return {**state, "learned": learned, "learned_sum": total, "learned_mono_ns": when}

    def _variance(self, samples: windows.Samples, inside: npt.NDArray[np.bool_]) -> Floats:
        """About the least-squares line through the samples inside (n - 2); NaN where there are too few."""
        count = inside.sum(axis=1)
        times_s = np.where(inside, (samples[0] - samples[0][:, -1:]) / 1e9, 0.0)
        values = np.where(inside, samples[1], 0.0)
        many = np.maximum(count, 1)[:, np.newaxis]
        away_s = np.where(inside, times_s - times_s.sum(axis=1, keepdims=True) / many, 0.0)
        off = np.where(inside, values - values.sum(axis=1, keepdims=True) / many, 0.0)
        spread = (away_s**2).sum(axis=1)
        along = (away_s * off).sum(axis=1)
        rest = (off**2).sum(axis=1) - along**2 / np.where(spread > 0, spread, 1.0)
        return np.where(count >= _FEWEST, np.maximum(rest, 0.0) / np.maximum(count - 2, 1), np.nan)


class VarianceKind:
    """Checks and compiles Variance rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: Variance, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tag, parameters without sense."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        if table.tags[table.row_of[rule.tag]].discrete:
            yield needs_analog(rule.id, "tag", rule.tag)
        yield from window_errors(rule.id, "window_s", rule.window_ns, (rule.tag,), table)
        if not 1 < rule.ratio < math.inf:
            yield RuleError(rule.id, "ratio", f"{rule.ratio:g} 应大于 1", f"{rule.ratio:g} must be more than 1")
        elif not 0 <= rule.dead_band < rule.ratio:
            zh = f"{rule.dead_band:g} 应为 0 或以上，且小于 ratio"
            en = f"{rule.dead_band:g} must be 0 or more and less than the ratio"
            yield RuleError(rule.id, "dead_band", zh, en)
        if rule.reference_sigma is not None and not 0 < rule.reference_sigma < math.inf:
            zh = f"{rule.reference_sigma:g} 应大于 0"
            en = f"{rule.reference_sigma:g} must be more than 0"
            yield RuleError(rule.id, "reference_sigma", zh, en)
        if rule.reference_sigma is None and not 0 < rule.least_sigma < math.inf:
            zh = "自学习基准时应大于 0"
            en = "must be more than 0 where the reference is learned"
            yield RuleError(rule.id, "least_sigma", zh, en)
        if rule.reference_sigma is None and rule.learn_windows < 1:
            yield RuleError(rule.id, "learn_windows", "应为 1 或以上", "must be 1 or more")
        if not 0 < rule.least_coverage <= 1:
            yield no_share(rule.id, "coverage", rule.least_coverage)

    def set_errors(self, rules: Sequence[Variance], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Variance]], table: TagTable) -> VarianceGroup:
        """The columns."""
        of = [rule for _, rule in rules]
        fixed = [math.nan if rule.reference_sigma is None else rule.reference_sigma**2 for rule in of]
        return VarianceGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for rule in of], np.int32),
            ratio=column([rule.ratio for rule in of], np.float64),
            return_ratio=column([rule.ratio - rule.dead_band for rule in of], np.float64),
            window_ns=column([rule.window_ns for rule in of], np.int64),
            reference=column(fixed, np.float64),
            learn_windows=column([rule.learn_windows if rule.reference_sigma is None else 0 for rule in of], np.int64),
            least_variance=column([rule.least_sigma**2 for rule in of], np.float64),
            least_coverage=column([rule.least_coverage for rule in of], np.float64),
        )
