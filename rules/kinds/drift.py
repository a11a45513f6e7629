"""One instrument drifts away from the others of the same quantity, seen as the mean difference over a long window."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.columns.quality import Quality
from rules.columns.tags import TagTable
from rules.errors import RuleError, no_share
from rules.kinds.explain import explained, reading
from rules.kinds.members import member_errors, tolerance_errors
from rules.port import NEVER, Explanation, Figure, Judged, Kind, Moment, Rule, State, column, frozen
from rules.verdicts import Verdict

Floats = npt.NDArray[np.float64]
_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
_GOOD: Final = np.uint8(Quality.GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift(Rule):
    """`tag` minus the mean of `others` is on average over `window_ns` more than `tolerance` off zero."""

    tag: str
    others: tuple[str, ...]
    """One or two instruments of the same quantity."""
    tolerance: float
    dead_band: float = 0.0
    window_ns: int = 3_600_000_000_000
    least_coverage: float = 0.5
    """Share of the window (0 to 1) that must hold good samples; under it the rule is UNKNOWN."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DriftGroup:
    """All Drift rules; one that has a single other instrument has it twice, which leaves the mean as it is."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    other: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
    tolerance: Floats
    return_tolerance: Floats
    window_ns: npt.NDArray[np.int64]
    least_coverage: Floats
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag and the others."""
        rules = np.arange(self.row.size)
        twice = self.other[0] != self.other[1]
        return np.concatenate((rules, rules, rules[twice])), np.concatenate(
            (self.row, self.other[0], self.other[1][twice])
        )

    def fresh(self, mono_ns: int) -> State:
        """No difference was seen yet."""
        times, differences = windows.fresh(self.row.size)
        return frozen(
            sample_mono_ns=times,
            difference=differences,
            mean=np.full(self.row.size, np.nan),
            known=np.zeros(self.row.size, np.bool_),
            until_mono_ns=np.full(self.row.size, NEVER, np.int64),
        )

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Take over the difference of now, and compare the mean of all differences in the window."""
        good = self._good(moment)
        after = self._looked(moment, state, good)
        mean, known, until = after["mean"], after["known"], after["until_mono_ns"]
        ends = until[until != NEVER]
        return Judged(
            condition=self.told(active, good, mean, known),
            value=mean,
            limit=self.tolerance,
            row=self.row,
            state=after,
            due_ns=int(ends.min()) if ends.size else None,
        )

    def told(
        self, active: npt.NDArray[np.bool_], good: npt.NDArray[np.bool_], mean: Floats, known: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.uint8]:
        """The conditions, shape (..., m) as the columns."""
        at = np.where(active, self.return_tolerance, self.tolerance)
        condition = np.full(mean.shape, _UNKNOWN, np.uint8)
        condition[known & good & (np.abs(mean) <= at)] = _FALSE
        condition[known & (np.abs(mean) > at)] = _TRUE
        return condition

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The mean difference, what is allowed, and how much of the window is known."""
        judged = self.judge(moment, np.full(self.row.size, active), state)
        samples = judged.state["sample_mono_ns"], judged.state["difference"]
        coverage = float(windows.coverage(samples, self.window_ns, moment.mono_ns)[place])
        mean, window_s = float(judged.value[place]), self.window_ns[place] / 1e9
        allowed = float(self.return_tolerance[place] if active else self.tolerance[place])
        rows = dict.fromkeys((int(self.row[place]), int(self.other[0][place]), int(self.other[1][place])))
        told = [reading(moment, row) for row in rows]
        zh = f"{'，'.join(part[0] for part in told)}；{window_s:g} s 内平均差 {mean:g}，允许 ±{allowed:g}"
        en = f"{', '.join(part[1] for part in told)}; mean difference over {window_s:g} s {mean:g}, allowed +-{allowed:g}"
        if judged.condition[place] == _UNKNOWN:
            least = self.least_coverage[place]
            zh += f"；窗口内有效样本 {coverage:.0%}，至少需要 {least:.0%}"
            en += f"; good samples in {coverage:.0%} of the window, at least {least:.0%} needed"
        return explained(
            int(judged.condition[place]),
            (zh, en),
            (
                Figure(zh="平均差", en="mean difference", value=mean),
                Figure(zh="允许", en="allowed", value=allowed),
                Figure(zh="窗口覆盖率", en="coverage of the window", value=coverage),
            ),
            tuple(moment.tag_ids[row] for row in rows),
        )

    def _good(self, moment: Moment) -> npt.NDArray[np.bool_]:
        """Where all instruments are read well now: what is not read well now is not FALSE, whatever the window says."""
        good = np.ones(self.row.size, np.bool_)
        for row in (self.row, *self.other):
            good &= (moment.quality[row] == _GOOD) & np.isfinite(moment.value[row])
        return good

    def _kept(self, moment: Moment, state: State, good: npt.NDArray[np.bool_]) -> windows.Samples:
        rows = (self.row, *self.other)
        mine, first, second = (np.where(good, moment.value[row], np.nan) for row in rows)
        difference = mine - (first + second) / 2
        # a difference is as old as its older reading: a half-read pair is no new sample
        received = np.minimum(
            moment.received_mono_ns[self.row],
            np.minimum(moment.received_mono_ns[self.other[0]], moment.received_mono_ns[self.other[1]]),
        )
        return windows.kept((state["sample_mono_ns"], state["difference"]), difference, good, received, self.window_ns)

    def _looked(self, moment: Moment, state: State, good: npt.NDArray[np.bool_]) -> State:
        """The state with the difference of now; means are taken anew only where their window changed."""
        samples = self._kept(moment, state, good)
        at = windows.due(samples, state["sample_mono_ns"], state["until_mono_ns"], moment.mono_ns)
        if not at.size:
            return state
        part = samples[0][at], samples[1][at]
        window_ns, least = self.window_ns[at], self.least_coverage[at]
        mean, known, until = state["mean"].copy(), state["known"].copy(), state["until_mono_ns"].copy()
        mean[at], known[at], covered = self.solve(part, at, moment.mono_ns)
        until[at] = windows.unchanged_until_ns(part, window_ns, covered, least, moment.mono_ns)
        return frozen(sample_mono_ns=samples[0], difference=samples[1], mean=mean, known=known, until_mono_ns=until)

    def solve(
        self, samples: windows.Samples, places: npt.NDArray[np.intp], mono_ns: windows.Now
    ) -> tuple[Floats, npt.NDArray[np.bool_], Floats]:
        """(mean, known, coverage) of windows, each of the rule at `places`."""
        window_ns = self.window_ns[places]
        inside = windows.inside(samples, window_ns, mono_ns)
        count, covered = inside.sum(axis=1), windows.coverage(samples, window_ns, mono_ns)
        total = np.where(inside, samples[1], 0.0).sum(axis=1)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        return mean, (covered >= self.least_coverage[places]) & (count > 0), covered


class DriftKind:
    """Checks and compiles Drift rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: Drift, table: TagTable) -> Iterator[RuleError]:
        """Instruments that cannot be compared, a tolerance that is none, a window too short for its slots."""
        yield from member_errors(rule.id, (rule.tag,), table, "tag", (1, 1))
        yield from member_errors(rule.id, (rule.tag, *rule.others), table, "others")
        yield from tolerance_errors(rule.id, rule.tolerance, rule.dead_band)
        yield from window_errors(rule.id, "window_s", rule.window_ns, (rule.tag, *rule.others), table)
        if not 0 < rule.least_coverage <= 1:
            yield no_share(rule.id, "coverage", rule.least_coverage)

    def set_errors(self, rules: Sequence[Drift], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Drift]], table: TagTable) -> DriftGroup:
        """The columns."""
        return DriftGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            other=(
                column([table.row_of[rule.others[0]] for _, rule in rules], np.int32),
                column([table.row_of[rule.others[-1]] for _, rule in rules], np.int32),
            ),
            tolerance=column([rule.tolerance for _, rule in rules], np.float64),
            return_tolerance=column([rule.tolerance - rule.dead_band for _, rule in rules], np.float64),
            window_ns=column([rule.window_ns for _, rule in rules], np.int64),
            least_coverage=column([rule.least_coverage for _, rule in rules], np.float64),
        )


def window_errors(
    rule_id: str, field: str, window_ns: int, tags: Sequence[str], table: TagTable, slots: int = windows.SLOTS
) -> Iterator[RuleError]:
    """A window whose slots are shorter than the tags are read would never be covered."""
    period_ns = max((table.tags[table.row_of[tag]].scan_period_ns for tag in tags if tag in table.row_of), default=1)
    least_ns = max(period_ns, 1) * slots
    if window_ns < least_ns:
        zh = f"{window_ns / 1e9:g} s 太短：{slots} 个扫描周期为 {least_ns / 1e9:g} s"
        en = f"{window_ns / 1e9:g} s is too short: {slots} slots of the scan class period are {least_ns / 1e9:g} s"
        yield RuleError(rule_id, field, zh, en)


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {Drift: DriftKind()}
