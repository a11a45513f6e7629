"""What demands a trip and what shows that it was done: causes with voting, effects with their required times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.errors import RuleError, outside_range, stands_twice, unknown_tag
from rules.kinds.explain import reading
from rules.port import Moment, column
from rules.predicates import Condition, any_of, decide, in_state, m_of_n
from rules.verdicts import Verdict

Sense = Literal["state", "high", "low"]
"""When a cause demands the trip: a discrete state, a value at or above its trip point, at or below it."""

_NOT: Final = np.array([Verdict.TRUE, Verdict.FALSE, Verdict.UNKNOWN], np.uint8)
_SIGN: Final[dict[Sense, float]] = {"state": 1.0, "high": 1.0, "low": -1.0}
_WORD: Final[dict[Sense, str]] = {"state": "=", "high": "≥", "low": "≤"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One input of an interlock (sensor of a SIF, IEC 61511-1) and when it demands the trip."""

    tag: str
    sense: Sense
    trip_point: float
    """In the tag's unit; of a discrete tag the state that demands the trip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One final element: the state of its feedback that shows that it acted, and how long that may take."""

    tag: str
    acted_when: int
    within_ns: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DemandColumns:
    """The demands of m interlocks; their causes stand one after the other."""

    cause_rule: npt.NDArray[np.intp]
    first_cause: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    sign: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float64]
    """sign * trip point."""
    discrete: npt.NDArray[np.bool_]
    needed: npt.NDArray[np.intp]
    """m of m-out-of-n."""
    causes: tuple[Cause, ...]

    @classmethod
    def of(cls, causes: Sequence[tuple[Cause, ...]], needed: Sequence[int], table: TagTable) -> Self:
        """Compile the causes of each interlock."""
        counts = [len(each) for each in causes]
        flat = tuple(cause for each in causes for cause in each)
        return cls(
            cause_rule=column(np.repeat(np.arange(len(causes)), counts), np.intp),
            first_cause=column(list(accumulate(counts, initial=0))[: len(causes)], np.intp),
            row=column([table.row_of[cause.tag] for cause in flat], np.int32),
            sign=column([_SIGN[cause.sense] for cause in flat], np.float64),
            threshold=column([_SIGN[cause.sense] * cause.trip_point for cause in flat], np.float64),
            discrete=column([cause.sense == "state" for cause in flat], np.bool_),
            needed=column(needed, np.intp),
            causes=flat,
        )

    def present(self, moment: Moment) -> Condition:
        """Enough causes demand the trip; UNCERTAIN may make this TRUE, never FALSE."""
        return m_of_n(self._each(moment), self.first_cause, self.needed)

    def absent(self, moment: Moment) -> Condition:
        """Too few causes demand the trip; UNCERTAIN may make this TRUE, never FALSE."""
        beyond, within, quality = self._sides(moment)
        each = _NOT[decide(within, beyond, quality)]
        absent: Condition = _NOT[m_of_n(each, self.first_cause, self.needed)]
        return absent

    def told(self, place: int, moment: Moment) -> tuple[str, str]:
        """The causes of one interlock with what they read (zh, en)."""
        mine = np.flatnonzero(self.cause_rule == place).tolist()
        parts = [(reading(moment, int(self.row[at])), self.causes[at]) for at in mine]
        limits = [f"{_WORD[cause.sense]} {cause.trip_point:g}" for _, cause in parts]
        needed = f"{int(self.needed[place])}oo{len(mine)}"
        zh = "，".join(f"{words[0]}（触发：{limit}）" for (words, _), limit in zip(parts, limits, strict=True))
        en = ", ".join(f"{words[1]} (demands at {limit})" for (words, _), limit in zip(parts, limits, strict=True))
        return f"原因 {needed}：{zh}", f"causes {needed}: {en}"

    def _each(self, moment: Moment) -> Condition:
        return decide(*self._sides(moment))

    def _sides(self, moment: Moment) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.uint8]]:
        mirrored = moment.value[..., self.row] * self.sign
        beyond = np.where(self.discrete, mirrored == self.threshold, mirrored >= self.threshold)
        within = np.where(self.discrete, mirrored == 1.0 - self.threshold, mirrored < self.threshold)
        return beyond, within, moment.quality[..., self.row]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EffectColumns:
    """The effects of m interlocks, one after the other."""

    effect_rule: npt.NDArray[np.intp]
    first_effect: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    acted_when: npt.NDArray[np.float64]
    within_ns: npt.NDArray[np.int64]

    @classmethod
    def of(cls, effects: Sequence[tuple[Effect, ...]], table: TagTable) -> Self:
        """Compile the effects of each interlock."""
        counts = [len(each) for each in effects]
        flat = [effect for each in effects for effect in each]
        return cls(
            effect_rule=column(np.repeat(np.arange(len(effects)), counts), np.intp),
            first_effect=column(list(accumulate(counts, initial=0))[: len(effects)], np.intp),
            row=column([table.row_of[effect.tag] for effect in flat], np.int32),
            acted_when=column([effect.acted_when for effect in flat], np.float64),
            within_ns=column([effect.within_ns for effect in flat], np.int64),
        )

    def each_acted(self, moment: Moment) -> Condition:
        """Every effect stands in its acted state; UNCERTAIN may make this TRUE, never FALSE."""
        return in_state(moment.value[..., self.row], moment.quality[..., self.row], self.acted_when)

    def each_missing(self, moment: Moment) -> Condition:
        """Every effect stands in its other state; UNCERTAIN may make this TRUE, never FALSE."""
        return in_state(moment.value[..., self.row], moment.quality[..., self.row], 1.0 - self.acted_when)

    def any_acted(self, moment: Moment) -> tuple[Condition, npt.NDArray[np.intp]]:
        """Some effect of the interlock acted, and which effect decided it."""
        return any_of(self.each_acted(moment), self.first_effect)

    def told(self, place: int, moment: Moment) -> tuple[str, str]:
        """The effects of one interlock with what they read (zh, en)."""
        mine = np.flatnonzero(self.effect_rule == place).tolist()
        parts = [(reading(moment, int(self.row[at])), f"{self.acted_when[at]:g}") for at in mine]
        zh = "，".join(f"{words[0]}（动作为 {acted}）" for words, acted in parts)
        en = ", ".join(f"{words[1]} ({acted} means acted)" for words, acted in parts)
        return f"动作：{zh}", f"effects: {en}"


def cause_errors(rule_id: str, causes: Sequence[Cause], needed: int, table: TagTable) -> Iterator[RuleError]:
    """No cause, an unknown or repeated tag, a sense that does not fit it, a trip point outside its range, a bad vote."""
    if not causes:
        yield RuleError(rule_id, "causes", "没有写原因", "names no cause")
    elif not 1 <= needed <= len(causes):
        zh = f"{len(causes)} 个原因取 {needed} 不成立：应为 1 到 {len(causes)}"
        en = f"{needed} of {len(causes)} causes cannot be: 1 to {len(causes)}"
        yield RuleError(rule_id, "needed", zh, en)
    seen: set[tuple[str, Sense]] = set()
    for cause in causes:
        if (cause.tag, cause.sense) in seen:
            yield stands_twice(rule_id, "causes", cause.tag)
        seen.add((cause.tag, cause.sense))
        if cause.tag not in table.row_of:
            yield unknown_tag(rule_id, "causes", cause.tag)
            continue
        tag = table.tags[table.row_of[cause.tag]]
        if tag.discrete != (cause.sense == "state"):
            zh, en = (
                ("开关量：请写状态（0 或 1）", "discrete: give a state (0 or 1)")
                if tag.discrete
                else ("模拟量：请写高于或低于的动作值", "analog: give a trip point above or below")
            )
            yield RuleError(rule_id, "causes", f"{tag.id} 是{zh}", f"{tag.id} is {en}")
        elif tag.discrete and cause.trip_point not in (0, 1):
            zh = f"{tag.id} 的状态应为 0 或 1，现为 {cause.trip_point:g}"
            en = f"the state of {tag.id} is 0 or 1, not {cause.trip_point:g}"
            yield RuleError(rule_id, "causes", zh, en)
        elif tag.low < tag.high and not tag.low <= cause.trip_point <= tag.high:
            yield outside_range(rule_id, "causes", cause.trip_point, tag, named=True)


def effect_errors(rule_id: str, effects: Sequence[Effect], table: TagTable) -> Iterator[RuleError]:
    """No effect, an unknown, analog or repeated tag, a state that is none, a time that is none."""
    if not effects:
        yield RuleError(rule_id, "effects", "没有写动作", "names no effect")
    seen: set[str] = set()
    for effect in effects:
        if effect.tag in seen:
            yield stands_twice(rule_id, "effects", effect.tag)
        seen.add(effect.tag)
        if effect.tag not in table.row_of:
            yield unknown_tag(rule_id, "effects", effect.tag)
        elif not table.tags[table.row_of[effect.tag]].discrete:
            zh = f"动作要有开关量反馈；{effect.tag} 是模拟量"
            en = f"an effect needs a discrete feedback; {effect.tag} is analog"
            yield RuleError(rule_id, "effects", zh, en)
        if effect.acted_when not in (0, 1):
            zh = f"{effect.tag} 的状态应为 0 或 1，现为 {effect.acted_when}"
            en = f"the state of {effect.tag} is 0 or 1, not {effect.acted_when}"
            yield RuleError(rule_id, "effects", zh, en)
        if effect.within_ns < 0:
            yield RuleError(rule_id, "effects", f"{effect.tag} 的时间是负的", f"the time of {effect.tag} is negative")
