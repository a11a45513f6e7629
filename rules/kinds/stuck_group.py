"""Judges which values are stuck: how far each moved, against how far it must have moved."""

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.columns.quality import is_usable
from rules.geometry import Vessels
from rules.kinds.explain import explained, reading
from rules.kinds.premises import Places, Premises, good_of, missing
from rules.port import FOREVER, Explanation, Figure, JointBand, Judged, Moment, State, frozen
from rules.runs import places_of_runs
from rules.verdicts import Verdict

_NS: Final = 1_000_000_000
_FOUND: Final = ("movement", "expected", "share")
_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
Solved = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""(movement, expected change, coverage)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StuckGroup:
    """All Stuck rules."""

    position: npt.NDArray[np.intp]
    premises: Premises
    flat_within: npt.NDArray[np.float64]
    minimum_change: npt.NDArray[np.float64]
    vessels: Vessels
    neighbour_vessels: Vessels
    by_flow: npt.NDArray[np.bool_]
    by_neighbour: npt.NDArray[np.bool_]
    driver_rule: npt.NDArray[np.intp]
    """With `driver_row` and `driver_factor`: one for every flow (m3/s of one unit, outflows negative) and neighbour (1)."""
    driver_row: npt.NDArray[np.int32]
    driver_factor: npt.NDArray[np.float64]
    eu: tuple[str, ...]
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag, its flows or neighbour, and what its condition reads."""
        place, row = self.premises.conditions.inputs()
        return (
            np.concatenate([np.arange(self.position.size), self.driver_rule, place]),
            np.concatenate([self.premises.row, self.driver_row, row]),
        )

    def fresh(self, mono_ns: int) -> State:
        """No samples."""
        unknown = {name: np.full(self.position.size, np.nan) for name in _FOUND}
        return frozen(**self.premises.fresh(mono_ns), **unknown)

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """TRUE: flat although it had to move.  While active only a movement makes it FALSE: no transfer proves no gauge."""
        drivers, usable = self._drivers(moment)
        watched, after = self.premises.watch(moment, state, drivers, usable, exempt=active)
        movement, expected, share = watched.solved(state, _FOUND, lambda new: self._solved(after, new))
        condition = self.told(active, watched.premise, watched.heard, watched.broken, (movement, expected, share))
        return Judged(
            condition=condition,
            value=movement,
            limit=np.where(np.isnan(expected), self.minimum_change, expected),
            row=self.premises.row,
            state=frozen(**{**after, "movement": movement, "expected": expected, "share": share}),
            due_ns=watched.due_ns,
        )

    def at(self, places: npt.NDArray[np.intp]) -> "StuckGroup":
        """The rules at these places only."""
        begin, end = np.searchsorted(self.driver_rule, places), np.searchsorted(self.driver_rule, places, "right")
        drivers, _ = places_of_runs(begin, end - begin)
        return StuckGroup(
            position=self.position[places],
            premises=self.premises.at(places),
            flat_within=self.flat_within[places],
            minimum_change=self.minimum_change[places],
            vessels=self.vessels.at(places),
            neighbour_vessels=self.neighbour_vessels.at(places),
            by_flow=self.by_flow[places],
            by_neighbour=self.by_neighbour[places],
            driver_rule=np.repeat(np.arange(places.size), end - begin),
            driver_row=self.driver_row[drivers],
            driver_factor=self.driver_factor[drivers],
            eu=tuple(self.eu[place] for place in places.tolist()),
        )

    def joint_band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> JointBand:
        """Values matter when they are sampled and only then; where a condition is to hold too, there is no band."""
        place, row = self.inputs()
        place, row = place[order := np.argsort(place, kind="stable")], row[order]
        own = np.searchsorted(place, np.arange(self.position.size))
        low = np.where(self.premises.unconditional[place], -np.inf, np.nan)
        value, quality = moment.value[self.premises.row], moment.quality[self.premises.row]
        low[own[is_usable(quality) & ~np.isfinite(value)]] = np.nan  # it may be a number next time
        look_ns = np.full(place.size, FOREVER)
        look_ns[own], until_ns = self.premises.unchanged(moment, judged.state)
        return JointBand(low=low, high=np.full(place.size, np.inf), look_ns=look_ns, until_ns=until_ns)

    def told(
        self,
        active: npt.NDArray[np.bool_],
        premise: npt.NDArray[np.uint8],
        heard: npt.NDArray[np.bool_],
        broken: npt.NDArray[np.bool_],
        solved: Solved,
    ) -> npt.NDArray[np.uint8]:
        """The conditions, shape (..., m) as the columns."""
        movement, expected, share = solved
        covered = heard & (share >= self.premises.minimum_coverage)
        not_asked = (premise == _FALSE) | broken | (covered & (expected < self.minimum_change))
        flat = covered & (movement <= self.flat_within) & (expected >= self.minimum_change)
        condition = np.full(flat.shape, np.uint8(Verdict.UNKNOWN))
        condition[(heard & (movement > self.flat_within)) | (not_asked & ~active)] = _FALSE
        condition[flat & (premise != _FALSE)] = _TRUE
        return condition

    def _drivers(self, moment: Moment) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Net inflow in m3/s, or the value of the neighbour; and where everything that is sampled is good."""
        usable = good_of(moment, self.premises.row)
        if not self.driver_rule.size:
            return np.zeros(usable.size), usable
        good = good_of(moment, self.driver_row)
        flow = np.where(good, moment.value[self.driver_row], 0.0) * self.driver_factor
        bad = np.bincount(self.driver_rule[~good], minlength=usable.size) > 0
        net = np.bincount(self.driver_rule, flow, usable.size).astype(np.float64)
        return net, usable & ~bad

    def _solved(self, after: State, new: Places) -> Solved:
        """Movement, expected change and coverage."""
        return self.solve((after["sample_mono_ns"][new], after["sample"][new]), after["beside"][new], new)

    def solve(self, samples: windows.Samples, beside: npt.NDArray[np.float64], places: npt.NDArray[np.intp]) -> Solved:
        """Movement, expected change and coverage of windows that end with their last sample, each of the rule at `places`."""
        use, share = self.premises.measured(samples, places)
        return _range_but_one(samples[1], use), self._expected(samples, beside, use, places), share

    def _expected(
        self,
        samples: windows.Samples,
        beside: npt.NDArray[np.float64],
        use: npt.NDArray[np.bool_],
        places: npt.NDArray[np.intp],
    ) -> npt.NDArray[np.float64]:
        """By how much the value must have moved over the window."""
        times, values = samples
        both = use[:, :-1] & use[:, 1:]
        seconds = np.where(both, times[:, 1:] - times[:, :-1], 0) / _NS
        pumped = (np.where(both, (beside[:, 1:] + beside[:, :-1]) / 2, 0.0) * seconds).sum(axis=1)
        oldest = beside[np.arange(places.size), use.argmax(axis=1)]
        ends = self.neighbour_vessels.volume(np.column_stack((oldest, beside[:, -1])), places)
        volume = np.abs(np.where(self.by_flow[places], pumped, ends[:, 1] - ends[:, 0]))
        given = ~self.by_flow[places] & ~self.by_neighbour[places]
        return np.where(given, self.minimum_change[places], volume / self.vessels.area(values[:, -1], places))

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """How far it moved, how far it had to, and whether it had to at all."""
        judged = self.judge(moment, np.full(self.position.size, active), state)
        moved, limit, eu = float(judged.value[place]), float(judged.limit[place]), self.eu[place]
        window_s, flat = self.premises.window_ns[place] / _NS, self.flat_within[place]
        zh, en = reading(moment, int(self.premises.row[place]))
        asked_zh, asked_en = self.premises.asked(place, moment, judged.state)
        if math.isnan(moved) or judged.condition[place] == Verdict.UNKNOWN:
            share = self.premises.coverage(judged.state, place, moment.mono_ns)
            gap = missing(share, float(self.premises.minimum_coverage[place]), window_s)
            zh, en = f"{zh}；{gap[0]}", f"{en}; {gap[1]}"
        if not math.isnan(moved):
            zh += f"；{window_s:g} s 内变化 {moved:.4g} {eu}（不超过 {flat:g} 视为不动），应变化 {limit:.4g} {eu}"
            en += f"; moved {moved:.4g} {eu} in {window_s:g} s (up to {flat:g} is flat), must move {limit:.4g} {eu}"
        if active and judged.condition[place] == Verdict.UNKNOWN:
            zh, en = f"{zh}；报警中，须见其变化才恢复", f"{en}; active, returns only when it moves"
        figures = (
            Figure(zh="变化", en="moved", value=moved, eu=eu),
            Figure(zh="应变化", en="must move", value=limit, eu=eu),
        )
        inputs = tuple(
            dict.fromkeys(moment.tag_ids[row] for at, row in zip(*self.inputs(), strict=True) if at == place)
        )
        words = f"{zh}；条件：{asked_zh}", f"{en}; condition: {asked_en}"
        return explained(int(judged.condition[place]), words, figures, inputs)


def _range_but_one(values: npt.NDArray[np.float64], use: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Highest minus lowest of each row without the one sample that makes it widest: a wild reading is no movement.

    NaN under three samples.
    """
    ordered = np.sort(np.where(use, values, np.nan), axis=1)  # NaN stands last
    count, rows = use.sum(axis=1), np.arange(values.shape[0])
    top, second = ordered[rows, np.maximum(count - 1, 0)], ordered[rows, np.maximum(count - 2, 0)]
    narrowest = np.minimum(second - ordered[:, 0], top - ordered[:, 1])
    return np.where(count >= 3, narrowest, np.nan)
