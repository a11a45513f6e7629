"""How fast values move: the columns of all rate rules, a few kept readings each, and their no-change bands."""

import functools
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable
from rules.kinds.explain import explained, reading
from rules.port import FOREVER, NEVER, Band, BandEnd, Explanation, Figure, Judged, Moment, State, frozen
from rules.predicates import decide

SLOTS: Final = 4
"""Slots of a window; of each the first good reading is kept.  The reference is then 1/2 to 1 window old."""
MINUTE_NS: Final = 60_000_000_000
_GOOD: Final = np.uint8(Quality.GOOD)
_MARGIN: Final = 1.0 - 1e-9
"""Bands are this much narrower than the rule: rounding may cost a look, never a change."""
TIMES: Final = tuple(f"sample_{slot}_mono_ns" for slot in range(SLOTS))
VALUES: Final = tuple(f"sample_{slot}" for slot in range(SLOTS))
"""Of the state: the sample of a slot stands where its number, by how many there are, says."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """What readings are compared with; columns of length m."""

    time_ns: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    is_old_enough: npt.NDArray[np.bool_]
    next_slot_ns: npt.NDArray[np.int64]
    """Received time of a reading from which another reference may count."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateJudged(Judged):
    """With what was compared."""

    reference: Reference


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateGroup:
    """All RateOfChange rules."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    numbers: npt.NDArray[np.float64]
    """(m, 3): sign, limit, dead band; side by side, for some rules are taken out at a time."""
    spans_ns: npt.NDArray[np.int64]
    """(m, 3): slot, phase, least age."""
    timeless: ClassVar[bool] = False
    ends: ClassVar[BandEnd] = "slot"

    @property
    def sign(self) -> npt.NDArray[np.float64]:
        """+1 rise, -1 fall, 0 either."""
        return self.numbers[:, 0]

    @property
    def limit(self) -> npt.NDArray[np.float64]:
        """Unit per minute."""
        return self.numbers[:, 1]

    @property
    def dead_band(self) -> npt.NDArray[np.float64]:
        """Unit per minute."""
        return self.numbers[:, 2]

    @property
    def slot_ns(self) -> npt.NDArray[np.int64]:
        """A quarter of the window."""
        return self.spans_ns[:, 0]

    @property
    def phase_ns(self) -> npt.NDArray[np.int64]:
        """By how much the slots of a rule are shifted."""
        return self.spans_ns[:, 1]

    @property
    def least_ns(self) -> npt.NDArray[np.int64]:
        """How old the reference must be."""
        return self.spans_ns[:, 2]

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag."""
        return np.arange(self.row.size), self.row

    def fresh(self, mono_ns: int) -> State:
        """No reading was kept."""
        count = self.row.size
        times = {name: np.full(count, NEVER, np.int64) for name in TIMES}
        return frozen(**times, **{name: np.full(count, np.nan) for name in VALUES})

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Compare the average rate since the reference; UNKNOWN where there is none that is old enough."""
        value, quality = moment.value.take(self.row), moment.quality.take(self.row)
        received_ns = moment.received_mono_ns.take(self.row)
        slot = (received_ns + self.phase_ns) // self.slot_ns
        state = self._kept(state, value, quality, received_ns, slot)
        reference = self._reference(state, received_ns, slot)
        rate = self.rate(value, received_ns, reference.time_ns, reference.value)
        return RateJudged(
            condition=self.told(active, value, quality, rate),
            value=rate,
            limit=np.where(self.sign < 0, -self.limit, self.limit),
            row=self.row,
            state=state,
            reference=reference,
        )

    def told(
        self,
        active: npt.NDArray[np.bool_],
        value: npt.NDArray[np.float64],
        quality: npt.NDArray[np.uint8],
        rate: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.uint8]:
        """The conditions, shape (..., m) as the columns."""
        at, signed = self._at(active), np.where(np.isfinite(value), self._signed(rate), np.nan)
        return decide(signed >= at, signed < at, quality)

    def at(self, places: npt.NDArray[np.intp]) -> "RateGroup":
        """The rules at these places only."""
        return RateGroup(
            position=self.position.take(places),
            row=self.row.take(places),
            numbers=self.numbers.take(places, axis=0),
            spans_ns=self.spans_ns.take(places, axis=0),
        )

    def band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> Band:
        """What can still be reached at the limit from the reference: later readings may have moved further, not less.

        Where the rate is beyond its limit there is no band: the same value brings it back as time goes on.
        """
        assert isinstance(judged, RateJudged)
        value, reference = moment.value[self.row], judged.reference
        at = self._at(active)
        beyond = self._signed(judged.value) >= at
        width = at * ((moment.received_mono_ns[self.row] - reference.time_ns) / MINUTE_NS) * _MARGIN
        low = np.where(self.sign > 0, -np.inf, np.nextafter(reference.value - width, np.inf))
        high = np.where(self.sign < 0, np.inf, np.nextafter(reference.value + width, -np.inf))
        low[beyond], high[beyond] = np.inf, -np.inf
        open_ = ~reference.is_old_enough | ~is_usable(moment.quality[self.row])
        low[open_], high[open_] = -np.inf, np.inf
        low[np.isnan(value)] = np.nan  # it may be a number next time
        young = ~reference.is_old_enough & (reference.time_ns != NEVER)
        grown_ns = np.where(young, reference.time_ns + self.least_ns, FOREVER)
        return Band(low=low, high=high, look_ns=np.minimum(reference.next_slot_ns, grown_ns))

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The rate, the two readings it is made of, the limit."""
        one = self.at(np.array([place]))
        mine = {name: array[[place]] for name, array in state.items()}
        judged = one.judge(moment, np.array([active]), mine)
        assert isinstance(judged, RateJudged)
        reference = judged.reference
        row, limit, band = int(self.row[place]), float(self.limit[place]), float(self.dead_band[place])
        zh, en = reading(moment, row)
        inputs = (moment.tag_ids[row],)
        condition = int(judged.condition[0])
        least_s, limit_now = self.least_ns[place] / 1e9, float(judged.limit[0])
        if not reference.is_old_enough[0]:
            words = (
                f"{zh}；还没有 {least_s:g} s 以前的好值可比",
                f"{en}; no good reading {least_s:g} s back to compare with",
            )
            return explained(condition, words, inputs=inputs)
        rate, since_s = float(judged.value[0]), (moment.received_mono_ns[row] - reference.time_ns[0]) / 1e9
        before = float(reference.value[0])
        which = {1: ("上升", "rise"), -1: ("下降", "fall"), 0: ("变化", "change")}[int(self.sign[place])]
        zh += f"，{since_s:.0f} s 前为 {before:g}，每分钟 {rate:+.4g}；{which[0]}每分钟 {limit:g} 报警"
        en += f", {before:g} {since_s:.0f} s before, {rate:+.4g} a minute; alarm at a {which[1]} of {limit:g} a minute"
        if active and band:
            zh, en = zh + f"，低于 {limit - band:g} 恢复", en + f", returns below {limit - band:g}"
        figures = (
            Figure(zh="变化率", en="rate", value=rate, eu="/min"),
            Figure(zh="限值", en="limit", value=limit_now, eu="/min"),
            Figure(zh="参考值", en="reference", value=before),
            Figure(zh="相隔", en="apart", value=since_s, eu="s"),
        )
        return explained(condition, (zh, en), figures, inputs)

    def _at(self, active: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        return np.where(active, self.limit - self.dead_band, self.limit)

    def _signed(self, rate: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """So that beyond always means at or above the limit."""
        return np.where(self.sign == 0, np.abs(rate), np.where(self.sign < 0, -rate, rate))

    def _kept(
        self,
        state: State,
        value: npt.NDArray[np.float64],
        quality: npt.NDArray[np.uint8],
        received_ns: npt.NDArray[np.int64],
        slot: npt.NDArray[np.int64],
    ) -> State:
        """Keep a reading that is good, a number, newer than all kept and the first of its slot."""
        newest = functools.reduce(np.maximum, (state[name] for name in TIMES))
        begins = slot * self.slot_ns - self.phase_ns
        take = (newest < begins) & (received_ns > newest)
        if not take.any():
            return state
        take &= (quality == _GOOD) & np.isfinite(value)
        made, column_of = dict(state), slot % SLOTS
        for number in np.flatnonzero(np.bincount(column_of[take], minlength=SLOTS)).tolist():
            at = take & (column_of == number)
            for name, values in ((TIMES[number], received_ns), (VALUES[number], value)):
                made[name] = np.where(at, values, made[name])
        return frozen(**made)

    def _reference(self, state: State, received_ns: npt.NDArray[np.int64], slot: npt.NDArray[np.int64]) -> Reference:
        """The oldest reading kept in the slots of the window that ends with the slot of the present reading."""
        begins = (slot - (SLOTS - 1)) * self.slot_ns - self.phase_ns
        time_ns, value = np.full(self.row.size, FOREVER), np.full(self.row.size, np.nan)
        for times, values in zip(TIMES, VALUES, strict=True):
            kept_ns = state[times]
            older = (kept_ns >= begins) & (kept_ns <= received_ns) & (kept_ns < time_ns)
            np.copyto(time_ns, kept_ns, where=older)
            np.copyto(value, state[values], where=older)
        found = time_ns < FOREVER
        return Reference(
            time_ns=np.where(found, time_ns, NEVER),
            value=value,
            is_old_enough=found & (received_ns - np.where(found, time_ns, received_ns) >= self.least_ns),
            next_slot_ns=(slot + 1) * self.slot_ns - self.phase_ns,
        )

    def rate(
        self,
        value: npt.NDArray[np.float64],
        received_ns: npt.NDArray[np.int64],
        time_ns: npt.NDArray[np.int64],
        reference: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.float64]:
        """Unit per minute of readings (..., m) since their references (time NEVER: none); NaN where none is old enough."""
        found = time_ns != NEVER
        apart_ns = np.where(found, received_ns - np.where(found, time_ns, received_ns), 1)
        old_enough = found & (apart_ns >= self.least_ns)
        with np.errstate(over="ignore", invalid="ignore"):
            rate = (value - reference) / (np.where(old_enough, apart_ns, 1) / MINUTE_NS)
        return np.where(old_enough, rate, np.nan)
