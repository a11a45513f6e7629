"""Tags against each other: how far one stands from others."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality
from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, unknown_tag
from rules.kinds.explain import explained, reading
from rules.kinds.mismatches import Mismatch, MismatchKind
from rules.port import NO_STATE, Explanation, Figure, Judged, Kind, Moment, Rule, State, column
from rules.predicates import finite_quality
from rules.verdicts import Verdict

Direction = Literal["both", "above", "below"]
_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation(Rule):
    """A tag stands `limit` or more from another, or from the median of several; the dead band acts on return only."""

    tag: str
    against: tuple[str, ...]
    limit: float
    """In the unit of the tags, over 0."""
    direction: Direction = "both"
    """above: tag - against counts; below: against - tag; both: whichever is greater."""
    dead_band: float = 0.0


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
        value = moment.value[..., self.row]
        quality = finite_quality(value, moment.quality[..., self.row])
        others = moment.value[..., self.other_row]
        other_quality = finite_quality(others, moment.quality[..., self.other_row])
        at = np.where(active, self.return_limit, self.limit)
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


class DeviationKind:
    """Checks and compiles Deviation rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: Deviation, table: TagTable) -> Iterator[RuleError]:
        """Unknown, discrete or repeated tags, units that differ, a limit or dead band that makes no sense."""
        if not rule.against:
            yield RuleError(rule.id, "against", "没有写比较的位号", "names no tag to compare with")
        names = (("tag", rule.tag), *(("against", name) for name in rule.against))
        for field, name in names:
            if name not in table.row_of:
                yield unknown_tag(rule.id, field, name)
            elif table.tags[table.row_of[name]].discrete:
                yield needs_analog(rule.id, field, name, ("偏差报警", "a deviation"))
        if len({name for _, name in names}) < len(names):
            yield RuleError(rule.id, "against", "有位号重复", "a tag stands twice")
        tags = [table.tags[table.row_of[name]] for _, name in names if name in table.row_of]
        units = {tag.eu for tag in tags if not tag.discrete}
        if len(units) > 1:
            zh = f"单位不同的位号不能比较：{', '.join(sorted(units))}"
            en = f"tags in different units cannot be compared: {', '.join(sorted(units))}"
            yield RuleError(rule.id, "against", zh, en)
        if not (math.isfinite(rule.limit) and rule.limit > 0):
            zh = f"{rule.limit:g} 不是偏差；限值应大于 0"
            en = f"{rule.limit:g} is no distance; a limit is over 0"
            yield RuleError(rule.id, "limit", zh, en)
        if not 0 <= rule.dead_band < math.inf or rule.dead_band >= rule.limit > 0:
            zh = f"{rule.dead_band:g} 使报警无法恢复；死区应为 0 或以上且小于限值"
            en = f"{rule.dead_band:g} leaves no way to return; a dead band is 0 or more and below the limit"
            yield RuleError(rule.id, "dead_band", zh, en)

    def set_errors(self, rules: Sequence[Deviation], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Deviation]], table: TagTable) -> DeviationGroup:
        """The columns."""
        longest = max(len(rule.against) for _, rule in rules)
        padded = [[*rule.against, *[rule.against[0]] * (longest - len(rule.against))] for _, rule in rules]
        return DeviationGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            other_row=column(np.array([[table.row_of[name] for name in names] for names in padded]), np.int32),
            others=column([len(rule.against) for _, rule in rules], np.intp),
            limit=column([rule.limit for _, rule in rules], np.float64),
            return_limit=column([rule.limit - rule.dead_band for _, rule in rules], np.float64),
            above=column([rule.direction != "below" for _, rule in rules], np.bool_),
            below=column([rule.direction != "above" for _, rule in rules], np.bool_),
        )


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {Deviation: DeviationKind(), Mismatch: MismatchKind()}
