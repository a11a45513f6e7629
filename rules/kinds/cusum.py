"""A slow shift: the two-sided tabular CUSUM (E. S. Page, Continuous inspection schemes, Biometrika 41, 1954)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality
from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, not_a_number, not_a_state, unknown_tag
from rules.kinds.cusum_sums import Sums
from rules.kinds.explain import explained, reading
from rules.port import NEVER, Explanation, Figure, Judged, Moment, Rule, State, column
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
_GOOD: Final = np.uint8(Quality.GOOD)
_SIEGMUND: Final = 1.166
"""Correction of the decision interval for discrete samples (D. Siegmund, Sequential Analysis, 1985)."""
_CAP: Final = 2.0
"""A capped sum goes no higher than this many decision intervals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cusum(Rule):
    """The sum of what exceeds target +- slack has passed the decision interval on either side."""

    tag: str
    target: float | None = None
    """None: the mean of the first `learn_samples` good samples."""
    sigma: float | None = None
    """What slack and decision are multiples of; None: the standard deviation of these samples; 1 for units of the tag."""
    least_sigma: float = 0.0
    """A learned sigma is not believed to be smaller: a flat hour would make every change an alarm."""
    slack: float = 0.5
    """k: half of the shift that is to be found."""
    decision: float = 10.0
    """h."""
    sample_ns: int = 60_000_000_000
    learn_samples: int = 60
    silence_ns: int = 180_000_000_000
    """After so long without a sample the rule is UNKNOWN, and learning begins anew."""
    capped: bool = True
    """The sums stop at twice the decision interval, so that the alarm returns soon after the shift is gone."""
    reset_tag: str = ""
    """A discrete tag: while it stands in `reset_state` the sums are zero, and a learned target is forgotten."""
    reset_state: int = 1

    @property
    def learns(self) -> bool:
        """Whether target or sigma come from the first samples."""
        return self.target is None or self.sigma is None


def samples_between_false_alarms(slack: float, decision: float) -> float:
    """Mean samples from one false alarm to the next of a process on target, normal and independent (Siegmund).

    4: 168, 5: 465, 8: 9 600, 10: 71 000, 12: 520 000 for a slack of 0.5 (both in sigmas); autocorrelated readings fare worse.
    """
    return _run_length(-slack, decision) / 2


def samples_to_detect(shift: float, slack: float, decision: float) -> float:
    """Mean samples until a shift of so many sigmas is found (Siegmund)."""
    return _run_length(shift - slack, decision)


def _run_length(drift: float, decision: float) -> float:
    reach = decision + _SIEGMUND
    if abs(drift) < 1e-9:
        return reach**2
    exponent = -2 * drift * reach
    if exponent > 700:
        return math.inf
    return (math.exp(exponent) - exponent - 1) / (2 * drift**2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CusumGroup:
    """All Cusum rules; NaN stands for a target or a sigma that is learned."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    target: npt.NDArray[np.float64]
    sigma: npt.NDArray[np.float64]
    least_sigma: npt.NDArray[np.float64]
    slack: npt.NDArray[np.float64]
    decision: npt.NDArray[np.float64]
    cap: npt.NDArray[np.float64]
    sample_ns: npt.NDArray[np.int64]
    learn_samples: npt.NDArray[np.int64]
    """0 where nothing is learned."""
    silence_ns: npt.NDArray[np.int64]
    reset_row: npt.NDArray[np.int32]
    reset_state: npt.NDArray[np.float64]
    """NaN where there is no reset tag."""
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag, and its reset tag where it has one."""
        rules = np.arange(self.row.size)
        resets = np.isfinite(self.reset_state)
        return np.concatenate((rules, rules[resets])), np.concatenate((self.row, self.reset_row[resets]))

    def fresh(self, mono_ns: int) -> State:
        """No sample was seen yet."""
        return Sums.fresh(self.row.size).state()

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Take over the sample of now where there is one, and compare the larger sum with the decision interval."""
        sums = self._advanced(moment, Sums.of(state))
        largest = np.maximum(sums.high, sums.low)
        known = (sums.learned >= self.learn_samples) & (sums.last != NEVER)
        known &= moment.mono_ns - np.where(known, sums.last, moment.mono_ns) <= self.silence_ns
        good = (moment.quality[self.row] == _GOOD) & np.isfinite(moment.value[self.row])
        ends = (sums.last + self.silence_ns + 1)[known]
        return Judged(
            condition=self.told(good, known, largest),
            value=np.where(known, largest, np.nan),
            limit=self.decision,
            row=self.row,
            state=sums.state(),
            due_ns=int(ends.min()) if ends.size else None,
        )

    def told(
        self, good: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_], largest: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.uint8]:
        """The conditions, shape (..., m) as the columns; what is not read well now is not FALSE."""
        condition = np.full(largest.shape, _UNKNOWN, np.uint8)
        condition[known & good & (largest <= self.decision)] = _FALSE
        condition[known & (largest > self.decision)] = _TRUE
        return condition

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Both sums, what they are measured from, how large the shift is and when it began."""
        judged = self.judge(moment, np.zeros(self.row.size, np.bool_), state)
        sums = Sums.of(judged.state)
        target, scale = float(self.targets(sums)[place]), float(self.scales(sums)[place])
        high, low, decision = float(sums.high[place]), float(sums.low[place]), float(self.decision[place])
        zh, en = reading(moment, int(self.row[place]))
        figures = [
            Figure(zh="上侧累积和", en="upper sum", value=high),
            Figure(zh="下侧累积和", en="lower sum", value=low),
            Figure(zh="判定限", en="decision interval", value=decision),
        ]
        if sums.learned[place] < self.learn_samples[place]:
            zh += f"；正在学习基准：{sums.learned[place]}/{self.learn_samples[place]} 个样本"
            en += f"; learning: {sums.learned[place]} of {self.learn_samples[place]} samples"
        else:
            figures.append(Figure(zh="基准", en="target", value=target))
            zh += f"；基准 {target:g}，上侧 {high:.3g}，下侧 {low:.3g}，判定限 {decision:g}"
            en += f"; target {target:g}, upper sum {high:.3g}, lower sum {low:.3g}, decision interval {decision:g}"
            since = int((sums.high_since if high >= low else sums.low_since)[place])
            if since != NEVER and max(high, low) > 0:
                samples = (int(sums.last[place]) - since) // int(self.sample_ns[place]) + 1
                shift = (1 if high >= low else -1) * (float(self.slack[place]) + max(high, low) / samples) * scale
                ago_s = (moment.mono_ns - since) / 1e9
                zh += f"；估计偏移 {shift:+.3g}，约始于 {ago_s:.0f} s 前"
                en += f"; shift of about {shift:+.3g} since about {ago_s:.0f} s ago"
                figures.append(Figure(zh="估计偏移", en="estimated shift", value=shift))
                figures.append(Figure(zh="开始于", en="began", value=ago_s, eu="s"))
        inputs = (moment.tag_ids[int(self.row[place])],)
        return explained(int(judged.condition[place]), (zh, en), tuple(figures), inputs)

    def targets(self, sums: Sums) -> npt.NDArray[np.float64]:
        """As given or as learned so far."""
        return np.where(np.isnan(self.target), sums.mean, self.target)

    def scales(self, sums: Sums) -> npt.NDArray[np.float64]:
        """What slack and decision are multiples of, as given or as learned so far."""
        return np.where(np.isnan(self.sigma), np.maximum(sums.learned_sigma(), self.least_sigma), self.sigma)

    def _advanced(self, moment: Moment, sums: Sums) -> Sums:
        reset = moment.quality[self.reset_row] == _GOOD
        reset &= moment.value[self.reset_row] == self.reset_state
        if bool(reset.any()):
            sums = sums.zeroed(reset)
        value, received = moment.value[self.row], moment.received_mono_ns[self.row]
        newer = (moment.quality[self.row] == _GOOD) & np.isfinite(value) & (received > sums.last) & ~reset
        # one sample of each slot of a fixed grid: how often the rules are evaluated changes nothing
        at = np.flatnonzero(newer & (received // self.sample_ns > sums.last // self.sample_ns))
        if not at.size:
            return sums
        gap = (sums.last[at] != NEVER) & (received[at] - np.maximum(sums.last[at], 0) > self.silence_ns[at])
        learning = sums.learned[at] < self.learn_samples[at]
        sums = sums.learnt(at[learning], value, received, at[learning & gap])
        at = at[~learning]
        if not at.size:
            return sums
        away = (value[at] - self.targets(sums)[at]) / self.scales(sums)[at]
        return sums.stepped(at, away, received, self.slack, self.cap)


class CusumKind:
    """Checks and compiles Cusum rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: Cusum, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tag, parameters without sense."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        tag = table.tags[table.row_of[rule.tag]]
        if tag.discrete:
            yield needs_analog(rule.id, "tag", tag.id)
        if rule.reset_tag and (
            rule.reset_tag not in table.row_of or not table.tags[table.row_of[rule.reset_tag]].discrete
        ):
            zh = f"{rule.reset_tag} 应为开关量"
            en = f"{rule.reset_tag} must be a discrete tag"
            yield RuleError(rule.id, "reset_tag", zh, en)
        if rule.sample_ns < max(tag.scan_period_ns, 1):
            yield RuleError(
                rule.id, "sample_s", f"短于 {tag.id} 的扫描周期", f"is under the scan class period of {tag.id}"
            )
        if rule.silence_ns < 2 * rule.sample_ns:
            yield RuleError(rule.id, "silence_s", "至少为两个采样间隔", "must be at least two samples")
        yield from _number_errors(rule)

    def set_errors(self, rules: Sequence[Cusum], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Cusum]], table: TagTable) -> CusumGroup:
        """The columns."""
        of = [rule for _, rule in rules]
        return CusumGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for rule in of], np.int32),
            target=column([math.nan if rule.target is None else rule.target for rule in of], np.float64),
            sigma=column([math.nan if rule.sigma is None else rule.sigma for rule in of], np.float64),
            least_sigma=column([rule.least_sigma for rule in of], np.float64),
            slack=column([rule.slack for rule in of], np.float64),
            decision=column([rule.decision for rule in of], np.float64),
            cap=column([_CAP * rule.decision if rule.capped else math.inf for rule in of], np.float64),
            sample_ns=column([rule.sample_ns for rule in of], np.int64),
            learn_samples=column([rule.learn_samples if rule.learns else 0 for rule in of], np.int64),
            silence_ns=column([rule.silence_ns for rule in of], np.int64),
            reset_row=column([table.row_of[rule.reset_tag or rule.tag] for rule in of], np.int32),
            reset_state=column([rule.reset_state if rule.reset_tag else math.nan for rule in of], np.float64),
        )


def _number_errors(rule: Cusum) -> Iterator[RuleError]:
    if rule.target is not None and not math.isfinite(rule.target):
        yield not_a_number(rule.id, "target", rule.target)
    if rule.sigma is not None and not 0 < rule.sigma < math.inf:
        zh = f"{rule.sigma:g} 不是标准差；应大于 0"
        en = f"{rule.sigma:g} is no standard deviation; it is more than 0"
        yield RuleError(rule.id, "sigma", zh, en)
    if rule.sigma is None and not 0 < rule.least_sigma < math.inf:
        yield RuleError(rule.id, "least_sigma", "自学习 sigma 时应大于 0", "must be more than 0 where sigma is learned")
    if not 0 <= rule.slack < math.inf:
        yield RuleError(rule.id, "slack", f"{rule.slack:g} 应为 0 或以上", f"{rule.slack:g} must be 0 or more")
    if not 0 < rule.decision < math.inf:
        yield RuleError(rule.id, "decision", f"{rule.decision:g} 应大于 0", f"{rule.decision:g} must be more than 0")
    if rule.learns and rule.learn_samples < 2:
        yield RuleError(rule.id, "learn_samples", "应为 2 或以上", "must be 2 or more")
    if rule.reset_state not in (0, 1):
        yield not_a_state(rule.id, "reset_state", rule.reset_state)
