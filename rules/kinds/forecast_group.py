"""Judges how long values take to their limits: samples, a robust trend, the time left, and where it stays enough."""

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.columns.quality import is_usable
from rules.geometry import Vessels
from rules.kinds.explain import explained, reading
from rules.port import FOREVER, NEVER, Explanation, Figure, JointBand, Judged, Moment, State, frozen
from rules.predicates import decide, number_band
from rules.slopes import theil_sen

SLOTS: Final = 20
"""Slots of the window: 210 pairs for a slope."""
_NS: Final = 1_000_000_000
_SURE: Final = 1e-9
"""Share of a volume that rounding never reaches."""


def minutes_to(
    value: npt.NDArray[np.float64],
    rate_per_s: npt.NDArray[np.float64],
    limit: npt.NDArray[np.float64],
    vessels: Vessels,
    rising: npt.NDArray[np.bool_] | None = None,
    places: npt.NDArray[np.intp] | slice = slice(None),
) -> npt.NDArray[np.float64]:
    """Minutes until each value (m) reaches its limit, both in the unit of the tag.

    `rate_per_s` is the trend of the volume (`vessels.volume`), per second.  0 where the limit is reached and the value
    moves on, infinite where it does not move towards it, NaN where value or rate is not known.  `rising` says on which side
    a limit must not be passed; without it the limit lies where the value is not.  `places`: the vessel of each value.
    """
    missing = vessels.volume(limit, places) - vessels.volume(value, places)
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
        condition, minutes = self.told(active, (value, quality), rate, np.arange(self.row.size))
        ends = (last + self.silence_ns + 1)[heard]
        return Judged(
            condition=condition,
            value=np.where(np.isfinite(minutes), minutes, np.nan),
            limit=self.required_min,
            row=self.row,
            state=after,
            due_ns=int(ends.min()) if ends.size else None,
        )

    def at(self, places: npt.NDArray[np.intp]) -> "MinutesToLimitGroup":
        """The rules at these places only."""
        return MinutesToLimitGroup(
            position=self.position[places],
            row=self.row[places],
            limit=self.limit[places],
            rising=self.rising[places],
            required_min=self.required_min[places],
            return_min=self.return_min[places],
            minimum_rate=self.minimum_rate[places],
            window_ns=self.window_ns[places],
            period_ns=self.period_ns[places],
            minimum_coverage=self.minimum_coverage[places],
            silence_ns=self.silence_ns[places],
            vessels=self.vessels.at(places),
            eu=tuple(self.eu[place] for place in places.tolist()),
        )

    def joint_band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> JointBand:
        """Until the next sample the trend stays; the value may move as far as a quarter of what is left would take.

        Without a trend towards the limit the value does not matter.  The more is left the longer it takes, so that trying
        twice the width at both ends is enough.
        """
        quality, value = moment.quality[self.row], moment.value[self.row]
        last, rate = judged.state["sample_mono_ns"][:, -1], judged.state["rate"]
        until_ns = np.where(moment.mono_ns - last <= self.silence_ns, last + self.silence_ns + 1, FOREVER)
        until_ns = np.where(last == NEVER, FOREVER, until_ns).astype(np.int64)
        towards = np.where(self.rising, rate, -rate)
        with np.errstate(all="ignore"):
            reach = self._reach(moment, active, towards)
            room = np.where((towards > 0) & (until_ns < FOREVER), reach / 2, np.inf)
            low, high = number_band(value, quality, value - room, value + room)
        next_ns = windows.next_slot_ns(last, self.window_ns, SLOTS)
        return JointBand(low=low, high=high, look_ns=np.where(quality == 0, next_ns, FOREVER), until_ns=until_ns)

    def _reach(
        self, moment: Moment, active: npt.NDArray[np.bool_], towards: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """How far each value may move without the time left passing the time needed; NaN where that cannot be told."""
        value, threshold = moment.value[self.row], np.where(active, self.return_min, self.required_min)
        rate = np.where(self.rising, towards, -towards)
        minutes = minutes_to(value, rate, self.limit, self.vessels, self.rising)
        enough = minutes > threshold
        volume = np.abs(minutes - threshold) * towards * 60 / 2
        room = volume / self.vessels.area(value)
        # where nearly nothing is left, rounding would decide
        sure = volume > _SURE * (np.abs(self.vessels.volume(self.limit)) + np.abs(self.vessels.volume(value)))
        for tried in (value - room, value + room):
            sure &= (minutes_to(tried, rate, self.limit, self.vessels, self.rising) > threshold) == enough
        return np.where(sure & np.isfinite(room), room, np.nan)

    def told(
        self,
        active: npt.NDArray[np.bool_],
        reading: tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]],
        rate: npt.NDArray[np.float64],
        places: npt.NDArray[np.intp],
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
        """(condition, minutes left) of readings (value, quality) and trends, each of the rule at `places`."""
        value, quality = reading
        usable = np.where(is_usable(quality) & np.isfinite(value), value, np.nan)
        minutes = minutes_to(usable, rate, self.limit[places], self.vessels, self.rising[places], places)
        threshold = np.where(active, self.return_min, self.required_min)[places]
        return decide(minutes <= threshold, minutes > threshold, quality), minutes

    def _sampled(self, moment: Moment, state: State) -> State:
        before = (state["sample_mono_ns"], state["sample"])
        good = moment.quality[self.row] == 0
        samples = windows.kept(before, moment.value[self.row], good, moment.received_mono_ns[self.row], self.window_ns)
        if samples is before:
            return state
        new = np.flatnonzero(samples[0][:, -1] != before[0][:, -1])
        rate = state["rate"].copy()
        rate[new] = self.trend((samples[0][new], samples[1][new]), new)
        return frozen(sample_mono_ns=samples[0], sample=samples[1], rate=rate)

    def trend(self, samples: windows.Samples, places: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Trend of the volume per second at the last sample of windows, each of the rule at `places`.

        NaN where the window is not covered, 0 at rest.
        """
        times, values = samples
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
