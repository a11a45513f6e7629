"""Judges deviations: how far each tag stands from another or from a median, and how far all may move before that matters."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality
from rules.kinds.explain import explained, reading
from rules.port import NO_STATE, Explanation, Figure, JointBand, Judged, Moment, State
from rules.predicates import finite_quality, number_band
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
_GOOD: Final = np.uint8(Quality.GOOD)
_MARGIN: Final = 1.0 - 1e-9
"""Bands are this much narrower than they might be: rounding may cost a look, never a change."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeviationGroup:
    """All Deviation rules; the tags each is compared with fill a rectangle of as many columns as the longest list."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    other_row: npt.NDArray[np.int32]
    """(m, k); what is past the end of a list repeats its first tag and is not looked at."""
    others: npt.NDArray[np.intp]
    """How many of the k columns count."""
    limit: npt.NDArray[np.float64]
    return_limit: npt.NDArray[np.float64]
    above: npt.NDArray[np.bool_]
    """Standing above the others counts."""
    below: npt.NDArray[np.bool_]
    timeless: ClassVar[bool] = True

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag and those it is compared with."""
        places, slots = np.nonzero(self._counts())
        return (
            np.concatenate([np.arange(self.row.size), places]),
            np.concatenate([self.row, self.other_row[places, slots]]),
        )

    def fresh(self, mono_ns: int) -> State:
        """Nothing but the verdict is remembered."""
        return NO_STATE

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """TRUE where the distance is reached wherever unusable values may be, FALSE where it cannot be.

        A median with unusable members lies somewhere between two bounds; both ends must agree.  UNCERTAIN members
        count as known for TRUE and as unknown for FALSE.
        """
        value = moment.value.take(self.row, axis=-1)
        quality = finite_quality(value, moment.quality.take(self.row, axis=-1))
        others = moment.value.take(self.other_row, axis=-1)
        other_quality = finite_quality(others, moment.quality.take(self.other_row, axis=-1))
        at = np.where(active, self.return_limit, self.limit)
        if (
            others.shape[-1] == 1 and not quality.any() and not other_quality.any()
        ):  # one other and all good: nothing is open
            with np.errstate(over="ignore"):
                shown = self._distance(value - others[..., 0], others[..., 0] - value)
            condition = np.where(shown >= at, _TRUE, _FALSE)
            return Judged(condition=condition, value=shown, limit=self.limit, row=self.row, state=state)
        condition = np.full(value.shape, _UNKNOWN, np.uint8)
        with np.errstate(invalid="ignore", over="ignore"):
            low, high = self._bounds(others, other_quality == np.uint8(Quality.GOOD))
            furthest = self._distance(value - low, high - value)
            low, high = self._bounds(others, other_quality <= np.uint8(Quality.UNCERTAIN))
            nearest = self._distance(value - high, low - value)
            middle = self._median(np.where(other_quality <= np.uint8(Quality.UNCERTAIN), others, np.nan))
            shown = self._distance(value - middle, middle - value)
        condition[(furthest < at) & (quality == np.uint8(Quality.GOOD))] = _FALSE
        condition[(nearest >= at) & (quality <= np.uint8(Quality.UNCERTAIN))] = _TRUE
        return Judged(condition=condition, value=shown, limit=self.limit, row=self.row, state=state)

    def at(self, places: npt.NDArray[np.intp]) -> "DeviationGroup":
        """The rules at these places only."""
        return DeviationGroup(
            position=self.position.take(places),
            row=self.row.take(places),
            other_row=self.other_row.take(places, axis=0),
            others=self.others.take(places),
            limit=self.limit.take(places),
            return_limit=self.return_limit.take(places),
            above=self.above.take(places),
            below=self.below.take(places),
        )

    def joint_band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> JointBand:
        """Every tag may move by half of what is left: value and median move no further than that, each towards the other.

        What cannot be judged may have any value.  Rounding is monotone, so it is enough to try the corners.
        """
        rows = np.column_stack((self.row, self.other_row))
        value, quality = moment.value[rows], moment.quality[rows]
        usable = finite_quality(value, quality) <= np.uint8(Quality.UNCERTAIN)
        at = np.where(active, self.return_limit, self.limit)
        with np.errstate(invalid="ignore", over="ignore"):
            furthest, nearest = self._reach(value, quality, np.zeros(at.size))
            room = np.where(judged.condition == _TRUE, nearest - at, at - furthest) / 2 * _MARGIN
            furthest, nearest = self._reach(value, quality, room)
            holds = (judged.condition == _TRUE) & (nearest >= at) | (judged.condition == _FALSE) & (furthest < at)
            # a median of which nothing is known, or a tag that cannot be judged: the numbers do not matter
            blind = ~usable[:, 0] | (np.where(self._counts(), usable[:, 1:], False).sum(axis=1) * 2 <= self.others)
            room = np.where(holds, room, np.where(blind & (judged.condition == _UNKNOWN), np.inf, np.nan))
            low, high = number_band(value, quality, value - room[:, np.newaxis], value + room[:, np.newaxis])
        low[np.isnan(room)] = np.nan
        reads = np.column_stack((np.ones(self.row.size, np.bool_), self._counts()))
        return JointBand(low=low[reads], high=high[reads])

    def _reach(
        self, value: npt.NDArray[np.float64], quality: npt.NDArray[np.uint8], room: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The furthest that each tag may stand, and the nearest, if all of them (m, 1 + k) may move by `room` (m)."""
        step = room[:, np.newaxis]
        known = finite_quality(value, quality)
        low, high = value[:, 0] - room, value[:, 0] + room
        if value.shape[1] == 2 and bool((known == _GOOD).all()):  # most pairs, most of the time
            below, above = value[:, 1] - room, value[:, 1] + room
            return self._distance(high - below, above - low), self._distance(low - above, below - high)
        good, usable = known[:, 1:] == _GOOD, known[:, 1:] <= np.uint8(Quality.UNCERTAIN)
        lowest, highest = self._bounds(value[:, 1:] - step, good)[0], self._bounds(value[:, 1:] + step, good)[1]
        furthest = self._distance(high - lowest, highest - low)
        lowest, highest = self._bounds(value[:, 1:] - step, usable)[0], self._bounds(value[:, 1:] + step, usable)[1]
        return furthest, self._distance(low - highest, lowest - high)

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Every reading, the distance and what is allowed."""
        judged = self.judge(moment, np.full(self.row.size, active), state)
        rows = [int(self.row[place]), *self.other_row[place, : self.others[place]].tolist()]
        words = [reading(moment, row) for row in rows]
        several = len(rows) > 2
        zh = f"{words[0][0]}；对比{'中位数 ' if several else ' '}{'，'.join(word[0] for word in words[1:])}"
        en = f"{words[0][1]}; against {'the median of ' if several else ''}{', '.join(word[1] for word in words[1:])}"
        limit, returns = float(self.limit[place]), float(self.return_limit[place])
        zh, en = f"{zh}；条件：偏差 ≥ {limit:g}", f"{en}; condition: deviation >= {limit:g}"
        if active and returns != limit:
            zh, en = f"{zh}，回到 {returns:g} 以下才恢复", f"{en}, returns below {returns:g}"
        figures = (
            Figure(zh="偏差", en="deviation", value=float(judged.value[place])),
            Figure(zh="限值", en="limit", value=limit),
            Figure(zh="恢复值", en="returns below", value=returns),
        )
        return explained(int(judged.condition[place]), (zh, en), figures, tuple(moment.tag_ids[row] for row in rows))

    def _counts(self) -> npt.NDArray[np.bool_]:
        counts: npt.NDArray[np.bool_] = np.arange(self.other_row.shape[1]) < self.others[:, np.newaxis]
        return counts

    def _distance(self, over: npt.NDArray[np.float64], under: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The greater of the sides that count."""
        return np.maximum(np.where(self.above, over, -np.inf), np.where(self.below, under, -np.inf))

    def _bounds(
        self, others: npt.NDArray[np.float64], known: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The median if every unknown were lowest, and if it were highest."""
        counts = self._counts()
        low = np.where(counts, np.where(known, others, -np.inf), np.inf)
        high = np.where(counts & known, others, np.inf)
        return self._middle(low), self._middle(high)

    def _middle(self, padded: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Median of the first `others` of each row once sorted; what does not count is +inf and sorts behind."""
        if padded.shape[-1] == 1:
            return padded[..., 0]
        ordered = np.sort(padded, axis=-1)
        places = np.arange(self.row.size)
        lower, upper = ordered[..., places, (self.others - 1) // 2], ordered[..., places, self.others // 2]
        middle: npt.NDArray[np.float64] = np.where(lower == upper, lower, lower / 2 + upper / 2)
        return middle

    def _median(self, others: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Median of what can be used, NaN where nothing can; for the screen."""
        if others.shape[-1] == 1:
            return others[..., 0]
        ordered = np.sort(np.where(self._counts(), others, np.nan), axis=-1)
        usable = np.isfinite(ordered).sum(axis=-1)
        lower = np.take_along_axis(ordered, np.maximum(usable - 1, 0)[..., np.newaxis] // 2, axis=-1)[..., 0]
        upper = np.take_along_axis(ordered, np.minimum(usable // 2, ordered.shape[-1] - 1)[..., np.newaxis], axis=-1)[
            ..., 0
        ]
        median: npt.NDArray[np.float64] = np.where(lower == upper, lower, lower / 2 + upper / 2)
        return median
