"""Minutes to a limit: how long until a level reaches it at its present trend, against the time that people need to act."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.columns.quality import is_usable
from rules.columns.tags import Tag, TagTable
from rules.errors import RuleError, needs_analog, not_a_number, outside_range, unknown_tag
from rules.geometry import METRES, Vessel, Vessels
from rules.kinds.explain import explained, reading
from rules.kinds.mistakes import vessel_errors, window_errors
from rules.port import NEVER, Explanation, Figure, Judged, Kind, Moment, Rule, State, column, frozen
from rules.predicates import decide
from rules.slopes import theil_sen

SLOTS: Final = 20
"""Slots of the window: 210 pairs for a slope."""
READINGS: Final = 4
"""A window is no shorter than this many scan class periods."""
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesToLimit(Rule):
    """At its present trend the value reaches `limit` in no more than `required_ns`; constant volume flow with a vessel."""

    tag: str
    limit: float
    """In the unit of the tag."""
    rising: bool
    """True: a limit to stay below (H, HH, overflow); False: one to stay above (L, LL)."""
    required_ns: int
    window_ns: int
    dead_band_ns: int = 0
    """While active the alarm returns only with this much time more."""
    minimum_rate: float = 0.0
    """Unit of the tag per hour; what moves no faster counts as standing."""
    minimum_coverage: float = 0.75
    vessel: Vessel | None = None
    """Its geometry; without one the value itself is taken to go on as it does."""


def minutes_to(
    value: npt.NDArray[np.float64],
    rate_per_s: npt.NDArray[np.float64],
    limit: npt.NDArray[np.float64],
    vessels: Vessels,
    rising: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.float64]:
    """Minutes until each value (m) reaches its limit, both in the unit of the tag.

    `rate_per_s` is the trend of the volume (`vessels.volume`), per second.  0 where the limit is reached and the value
    moves on, infinite where it does not move towards it, NaN where value or rate is not known.  `rising` says on which side
    a limit must not be passed; without it the limit lies where the value is not.
    """
    missing = vessels.volume(limit) - vessels.volume(value)
    upwards = limit >= value if rising is None else rising
    sign = np.where(upwards, 1.0, -1.0)
    missing, towards = np.maximum(missing * sign, 0.0), rate_per_s * sign
    minutes = np.full(value.shape, np.inf)
    np.divide(missing, towards * 60.0, out=minutes, where=towards > 0)
    return np.where(np.isnan(value) | np.isnan(rate_per_s), np.nan, minutes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MinutesToLimitGroup:
    """All MinutesToLimit rules."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    limit: npt.NDArray[np.float64]
    rising: npt.NDArray[np.bool_]
    required_min: npt.NDArray[np.float64]
    return_min: npt.NDArray[np.float64]
    """Required minutes and dead band: what an active alarm must exceed to return."""
    minimum_rate: npt.NDArray[np.float64]
    """Per second."""
    window_ns: npt.NDArray[np.int64]
    period_ns: npt.NDArray[np.int64]
    minimum_coverage: npt.NDArray[np.float64]
    silence_ns: npt.NDArray[np.int64]
    """How old the last sample may be."""
    vessels: Vessels
    eu: tuple[str, ...]
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag."""
        return np.arange(self.row.size), self.row

    def fresh(self, mono_ns: int) -> State:
        """No samples, so no trend."""
        times, values = windows.fresh(self.row.size, SLOTS)
        return frozen(sample_mono_ns=times, sample=values, rate=np.full(self.row.size, np.nan))

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Take samples, solve the trend of those that have a new one, and compare the time left with the time needed."""
        quality, value = moment.quality[self.row], moment.value[self.row]
        after = self._sampled(moment, state)
        rate, last = after["rate"], after["sample_mono_ns"][:, -1]
        # the silence is judged now, all else only when a sample was kept
        heard = (last != NEVER) & (moment.mono_ns - last <= self.silence_ns)
        rate = np.where(heard, rate, np.nan)
        usable = np.where(is_usable(quality) & np.isfinite(value), value, np.nan)
        minutes = minutes_to(usable, rate, self.limit, self.vessels, self.rising)
        threshold = np.where(active, self.return_min, self.required_min)
        condition = decide(minutes <= threshold, minutes > threshold, quality)
        ends = (last + self.silence_ns + 1)[heard]
        return Judged(
            condition=condition,
            value=np.where(np.isfinite(minutes), minutes, np.nan),
            limit=self.required_min,
            row=self.row,
            state=after,
            due_ns=int(ends.min()) if ends.size else None,
        )

    def _sampled(self, moment: Moment, state: State) -> State:
        before = (state["sample_mono_ns"], state["sample"])
        good = moment.quality[self.row] == 0
        samples = windows.kept(before, moment.value[self.row], good, moment.received_mono_ns[self.row], self.window_ns)
        if samples is before:
            return state
        new = np.flatnonzero(samples[0][:, -1] != before[0][:, -1])
        rate = state["rate"].copy()
        rate[new] = self._rate(samples, new)
        return frozen(sample_mono_ns=samples[0], sample=samples[1], rate=rate)

    def _rate(self, samples: windows.Samples, places: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Trend of the volume per second at the last sample of some rules; NaN where the window is not covered, 0 at rest."""
        times, values = samples[0][places], samples[1][places]
        window_ns, last = self.window_ns[places], times[:, -1]
        use = windows.inside((times, values), window_ns, last)
        rate = theil_sen(times, self.vessels.volume(values, places), use)
        covered = windows.coverage((times, values), window_ns, last, self.period_ns[places])
        rate[covered < self.minimum_coverage[places]] = np.nan
        at_rest = np.abs(rate) <= self.minimum_rate[places] * self.vessels.area(values[:, -1], places)
        rate[at_rest & (self.minimum_rate[places] > 0)] = 0.0
        return rate

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The value, its trend, when it reaches the limit and how much time is needed."""
        judged = self.judge(moment, np.full(self.row.size, active), state)
        rate, limit, eu = float(judged.state["rate"][place]), float(self.limit[place]), self.eu[place]
        minutes, required = float(judged.value[place]), float(self.required_min[place])
        one = np.array([place])
        value = moment.value[self.row[one]]
        trend = rate / float(self.vessels.area(value, one)[0]) * 3600
        window_s = self.window_ns[place] / _NS
        zh, en = reading(moment, int(self.row[place]))
        if math.isnan(rate):
            share = self._covered(place, moment, judged.state)
            needed = self.minimum_coverage[place]
            zh += f"；{window_s:g} s 窗口只有 {share:.0%} 有好值（至少 {needed:.0%}），趋势不明"
            en += f"; good readings cover {share:.0%} of the window of {window_s:g} s (needs {needed:.0%}): no trend"
        elif math.isnan(minutes):
            zh += f"；趋势 {trend:+.3g} {eu}/h，不向 {limit:g} {eu} 移动"
            en += f"; trend {trend:+.3g} {eu}/h, not towards {limit:g} {eu}"
        else:
            zh += f"；趋势 {trend:+.3g} {eu}/h，{minutes:.1f} 分钟后到 {limit:g} {eu}；至少需要 {required:g} 分钟"
            en += f"; trend {trend:+.3g} {eu}/h, at {limit:g} {eu} in {minutes:.1f} min; {required:g} min are needed"
        figures = (
            Figure(zh="剩余时间", en="time left", value=minutes, eu="min"),
            Figure(zh="所需时间", en="time needed", value=required, eu="min"),
            Figure(zh="趋势", en="trend", value=trend, eu=f"{eu}/h"),
            Figure(zh="限值", en="limit", value=limit, eu=eu),
        )
        return explained(int(judged.condition[place]), (zh, en), figures, (moment.tag_ids[int(self.row[place])],))

    def _covered(self, place: int, moment: Moment, state: State) -> float:
        one = np.array([place])
        samples = state["sample_mono_ns"][one], state["sample"][one]
        return float(windows.coverage(samples, self.window_ns[one], moment.mono_ns, self.period_ns[one])[0])


class MinutesToLimitKind:
    """Checks and compiles MinutesToLimit rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: MinutesToLimit, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tag, a limit outside range or vessel, times that cannot be, a level that is no length."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        tag = table.tags[table.row_of[rule.tag]]
        if tag.discrete:
            yield needs_analog(rule.id, "tag", tag.id, ("预测", "a forecast"))
            return
        yield from _limit_errors(rule, tag)
        yield from _time_errors(rule, tag)
        yield from vessel_errors(rule.id, rule.vessel, tag)

    def set_errors(self, rules: Sequence[MinutesToLimit], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, MinutesToLimit]], table: TagTable) -> MinutesToLimitGroup:
        """The columns."""
        mine = [rule for _, rule in rules]
        tags = [table.tags[table.row_of[rule.tag]] for rule in mine]
        required = np.array([rule.required_ns for rule in mine]) / 60 / _NS
        window_ns = column([rule.window_ns for rule in mine], np.int64)
        coverage = column([rule.minimum_coverage for rule in mine], np.float64)
        period_ns = column([tag.scan_period_ns for tag in tags], np.int64)
        silence_ns = np.maximum((1 - coverage) * window_ns, 2.0 * np.maximum(window_ns // SLOTS, period_ns))
        return MinutesToLimitGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for rule in mine], np.int32),
            limit=column([rule.limit for rule in mine], np.float64),
            rising=column([rule.rising for rule in mine], np.bool_),
            required_min=column(required, np.float64),
            return_min=column(required + np.array([rule.dead_band_ns for rule in mine]) / 60 / _NS, np.float64),
            minimum_rate=column([rule.minimum_rate / 3600 for rule in mine], np.float64),
            window_ns=window_ns,
            period_ns=period_ns,
            minimum_coverage=coverage,
            silence_ns=column(silence_ns, np.int64),
            vessels=Vessels.of([rule.vessel for rule in mine], [METRES.get(tag.eu, 1.0) for tag in tags]),
            eu=tuple(tag.eu for tag in tags),
        )


def _limit_errors(rule: MinutesToLimit, tag: Tag) -> Iterator[RuleError]:
    if not math.isfinite(rule.limit):
        yield not_a_number(rule.id, "limit", rule.limit)
    elif tag.low < tag.high and not tag.low <= rule.limit <= tag.high:
        yield outside_range(rule.id, "limit", rule.limit, tag)
    elif rule.vessel is not None and rule.limit * METRES.get(tag.eu, 1.0) > rule.vessel.top_m:
        zh = f"{rule.limit:g} {tag.eu} 高于罐顶"
        en = f"{rule.limit:g} {tag.eu} is above the top of the vessel"
        yield RuleError(rule.id, "limit", zh, en)
    if not math.isfinite(rule.minimum_rate) or rule.minimum_rate < 0:
        zh = f"{rule.minimum_rate:g} 不是速率；应为 0 或以上"
        en = f"{rule.minimum_rate:g} is not a rate; it is 0 or more"
        yield RuleError(rule.id, "minimum_rate", zh, en)


def _time_errors(rule: MinutesToLimit, tag: Tag) -> Iterator[RuleError]:
    if rule.required_ns <= 0:
        zh = f"{rule.required_ns / 60 / _NS:g} 分钟来不及处置"
        en = f"{rule.required_ns / 60 / _NS:g} min is no time to act in"
        yield RuleError(rule.id, "required_min", zh, en)
    if rule.dead_band_ns < 0:
        yield RuleError(rule.id, "dead_band_min", "死区应为 0 或以上", "a dead band is 0 or more")
    yield from window_errors(rule.id, rule.window_ns, rule.minimum_coverage, READINGS, [tag])


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {MinutesToLimit: MinutesToLimitKind()}
