"""Two or three instruments of one quantity do not show the same; of three, which one lies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable
from rules.columns.tags import TagTable
from rules.errors import RuleError
from rules.kinds.explain import explained, reading
from rules.kinds.members import member_errors, tolerance_errors
from rules.port import NO_STATE, Explanation, Figure, Judged, Kind, Moment, Rule, State, column
from rules.verdicts import Verdict

Floats = npt.NDArray[np.float64]
_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
_GOOD: Final = np.uint8(Quality.GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement(Rule):
    """An instrument is more than `tolerance` away: of three from their median, of two from the other one."""

    tags: tuple[str, ...]
    tolerance: float
    dead_band: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Spread:
    """How far the usable instruments of each rule stand apart."""

    usable: tuple[npt.NDArray[np.bool_], ...]
    """Of each of the three places."""
    distance: tuple[Floats, ...]
    """Of each place: from the median of three, from the other one of two; NaN where it is not usable or alone."""
    largest: Floats
    three: npt.NDArray[np.bool_]
    all_good: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DisagreementGroup:
    """All Disagreement rules; a rule over two has its first row once more at the third place, marked absent."""

    position: npt.NDArray[np.intp]
    rows: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]
    third: npt.NDArray[np.bool_]
    """The rule has a third instrument."""
    tolerance: Floats
    return_tolerance: Floats
    """tolerance - dead band: where an active alarm returns."""
    timeless: ClassVar[bool] = True

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its two or three instruments."""
        rules = np.arange(self.third.size)
        mine = np.flatnonzero(self.third)
        return np.concatenate((rules, rules, mine)), np.concatenate((self.rows[0], self.rows[1], self.rows[2][mine]))

    def fresh(self, mono_ns: int) -> State:
        """Nothing is remembered but the verdict."""
        return NO_STATE

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """TRUE where the usable ones stand apart; FALSE only where all of them are GOOD and agree."""
        spread = self._spread(moment)
        at = np.where(active, self.return_tolerance, self.tolerance)
        condition = np.full(spread.largest.shape, _UNKNOWN, np.uint8)
        condition[spread.all_good & (spread.largest <= at)] = _FALSE
        condition[spread.largest > at] = _TRUE
        detail = () if condition.ndim > 1 else self._liars(spread, condition, at, moment.tag_ids)
        return Judged(
            condition=condition,
            value=spread.largest,
            limit=self.tolerance,
            row=self._deciders(moment, spread, condition),
            state=state,
            detail=detail,
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Every reading, how far the farthest one stands away, and which one lies."""
        judged = self.judge(moment, np.full(self.third.size, active), state)
        spread = self._spread(moment)
        mine = [int(rows[place]) for rows in self.rows[: 3 if self.third[place] else 2]]
        readings = [reading(moment, row) for row in mine]
        names = dict(judged.detail).get(place, ())
        allowed = float(self.return_tolerance[place] if active else self.tolerance[place])
        zh, en = _told(float(spread.largest[place]), allowed, bool(spread.three[place]), names)
        return explained(
            int(judged.condition[place]),
            ("，".join(part[0] for part in readings) + zh, ", ".join(part[1] for part in readings) + en),
            (
                Figure(zh="最大偏离", en="largest distance", value=float(spread.largest[place])),
                Figure(zh="允许", en="allowed", value=allowed),
            ),
            tuple(moment.tag_ids[row] for row in mine),
        )

    def _spread(self, moment: Moment) -> _Spread:
        values, usable, good = [], [], []
        for place, rows in enumerate(self.rows):
            value, quality = moment.value[..., rows], moment.quality[..., rows]
            here = is_usable(quality) & np.isfinite(value)
            if place == 2:
                here &= self.third
            values.append(np.where(here, value, np.nan))
            usable.append(here)
            good.append(here & (quality == _GOOD))
        low = np.fmin(np.fmin(values[0], values[1]), values[2])
        high = np.fmax(np.fmax(values[0], values[1]), values[2])
        three = usable[0] & usable[1] & usable[2]
        apart = np.where(usable[0].astype(np.int8) + usable[1] + usable[2] > 1, high - low, np.nan)
        median = np.maximum(
            np.minimum(values[0], values[1]), np.minimum(np.maximum(values[0], values[1]), values[2])
        )  # NaN unless all three are there
        distance = tuple(
            np.where(three, np.abs(value - median), np.where(here, apart, np.nan))
            for value, here in zip(values, usable, strict=True)
        )
        return _Spread(
            usable=tuple(usable),
            distance=distance,
            largest=np.where(three, np.fmax(high - median, median - low), apart),
            three=three,
            all_good=good[0] & good[1] & (good[2] | ~self.third),
        )

    def _deciders(self, moment: Moment, spread: _Spread, condition: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
        """The tag that stands farthest away; of what is UNKNOWN the one that is read worst."""
        first, second, third = spread.distance
        apart = np.where(second > first, self.rows[1], self.rows[0])
        apart = np.where(third > np.fmax(first, second), self.rows[2], apart)
        quality = [
            moment.quality[..., rows].astype(np.int16) + ~here  # what is not usable in spite of its quality counts too
            for here, rows in zip(spread.usable, self.rows, strict=True)
        ]
        worst = np.where(quality[1] > quality[0], self.rows[1], self.rows[0])
        worst = np.where(self.third & (quality[2] > np.maximum(quality[0], quality[1])), self.rows[2], worst)
        return np.where(condition == _UNKNOWN, worst, apart).astype(np.int32)

    def _liars(
        self, spread: _Spread, condition: npt.NDArray[np.uint8], at: Floats, tag_ids: tuple[str, ...]
    ) -> tuple[tuple[int, tuple[str, ...]], ...]:
        detail = []
        for place in np.flatnonzero(condition == _TRUE).tolist():  # the few that disagree, not every rule
            beyond = [column for column in range(3) if spread.distance[column][place] > at[place]]
            if len(beyond) != 1:  # none of them can be believed more than the others
                beyond = [column for column in range(3) if spread.usable[column][place]]
            detail.append((place, tuple(tag_ids[int(self.rows[column][place])] for column in beyond)))
        return tuple(detail)


def _told(largest: float, allowed: float, three: bool, names: tuple[str, ...]) -> tuple[str, str]:
    if largest != largest:
        return "；可用的不足两个，无法比较", "; fewer than two can be used, nothing to compare"
    of_zh, of_en = ("与中位值", "from the median") if three else ("彼此", "from each other")
    zh, en = (
        f"；最远{of_zh}相差 {largest:g}，允许 {allowed:g}",
        f"; at most {largest:g} away {of_en}, allowed {allowed:g}",
    )
    if len(names) == 1:
        return f"{zh}；{names[0]} 不可信", f"{en}; {names[0]} is the one that lies"
    if names:
        return f"{zh}；无法判定哪一个不可信", f"{en}; which one lies cannot be decided"
    return zh, en


class DisagreementKind:
    """Checks and compiles Disagreement rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: Disagreement, table: TagTable) -> Iterator[RuleError]:
        """Instruments that cannot be compared, a tolerance that is none."""
        yield from member_errors(rule.id, rule.tags, table)
        yield from tolerance_errors(rule.id, rule.tolerance, rule.dead_band)

    def set_errors(self, rules: Sequence[Disagreement], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Disagreement]], table: TagTable) -> DisagreementGroup:
        """The columns."""

        def rows(place: int) -> npt.NDArray[np.int32]:
            return column(
                [table.row_of[rule.tags[place if place < len(rule.tags) else 0]] for _, rule in rules], np.int32
            )

        return DisagreementGroup(
            position=column([position for position, _ in rules], np.intp),
            rows=(rows(0), rows(1), rows(2)),
            third=column([len(rule.tags) > 2 for _, rule in rules], np.bool_),
            tolerance=column([rule.tolerance for _, rule in rules], np.float64),
            return_tolerance=column([rule.tolerance - rule.dead_band for _, rule in rules], np.float64),
        )


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {Disagreement: DisagreementKind()}
