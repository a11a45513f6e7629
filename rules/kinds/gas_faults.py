"""A gas detector that cannot do its work: it says so, it has drifted below zero, or its signal is out of its band."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable
from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, needs_discrete, not_a_state, unknown_tag
from rules.kinds.explain import explained, reading
from rules.port import NO_STATE, Explanation, Figure, Judged, Moment, Rule, State, column
from rules.predicates import Condition, any_of, decide, in_state
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_PARTS: Final = 3
"""Of each rule: the concentration, the fault bit, the fault code."""
_WORDS: Final = (("读数超出有效范围", "reading out of its band"), ("故障位", "fault bit"), ("故障码", "fault code"))


@dataclass(frozen=True, slots=True, kw_only=True)
class GasFault(Rule):
    """The reading of a detector is bad or out of its band, its fault bit stands, or its code is none of the healthy ones."""

    tag: str
    below_zero: float = -math.inf
    """At or under this it has drifted below zero."""
    over_range: float = math.inf
    """At or above this the signal is none."""
    fault_tag: str = ""
    fault_state: int = 1
    code_tag: str = ""
    healthy_codes: tuple[float, ...] = (0.0,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GasFaultGroup:
    """All GasFault rules; a part that a rule does not have takes the row of its concentration and is marked absent."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    below_zero: npt.NDArray[np.float64]
    over_range: npt.NDArray[np.float64]
    fault_row: npt.NDArray[np.int32]
    fault_state: npt.NDArray[np.float64]
    has_fault: npt.NDArray[np.bool_]
    code_row: npt.NDArray[np.int32]
    healthy_code: npt.NDArray[np.float64]
    """(rule, codes), filled up with NaN."""
    has_code: npt.NDArray[np.bool_]
    no_number: npt.NDArray[np.float64]
    timeless: ClassVar[bool] = True

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its concentration, and its fault bit and code where it has them."""
        rules = np.arange(self.row.size)
        places = np.concatenate((rules, rules[self.has_fault], rules[self.has_code]))
        return places, np.concatenate((self.row, self.fault_row[self.has_fault], self.code_row[self.has_code]))

    def fresh(self, mono_ns: int) -> State:
        """Nothing is remembered."""
        return NO_STATE

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Kleene or over the parts; `detail` names the tags that say so."""
        parts = self._parts(moment)
        bits = parts.reshape(*parts.shape[:-2], -1)
        condition, decider = any_of(bits, np.arange(self.row.size) * _PARTS)
        rows = np.stack((self.row, self.fault_row, self.code_row), axis=-1).reshape(-1)
        names = () if bits.ndim > 1 else self._faulty(parts, condition, moment.tag_ids)
        return Judged(
            condition=condition,
            value=moment.value[..., self.row],
            limit=self.no_number,
            row=rows[decider],
            state=state,
            detail=names,
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Every part with what it says."""
        judged = self.judge(moment, np.zeros(self.row.size, np.bool_), state)
        says = self._parts(moment)[place]
        rows = (self.row, self.fault_row, self.code_row)
        present = (True, bool(self.has_fault[place]), bool(self.has_code[place]))
        mine = [int(of_part[place]) for of_part, here in zip(rows, present, strict=True) if here]
        told = [reading(moment, row) for row in mine]
        found = [words for words, said in zip(_WORDS, says.tolist(), strict=True) if said == _TRUE]
        zh, en = "，".join(part[0] for part in told), ", ".join(part[1] for part in told)
        if found:
            zh += "；" + "、".join(words[0] for words in found)
            en += "; " + ", ".join(words[1] for words in found)
        low, high = float(self.below_zero[place]), float(self.over_range[place])
        figures = tuple(
            Figure(zh=zh_name, en=en_name, value=at)
            for zh_name, en_name, at in (("低于即为零点漂移", "below zero at", low), ("超量程", "over range at", high))
            if math.isfinite(at)
        )
        return explained(int(judged.condition[place]), (zh, en), figures, tuple(moment.tag_ids[row] for row in mine))

    def _parts(self, moment: Moment) -> Condition:
        """What each part says, shape (..., m, 3)."""
        value, quality = moment.value[..., self.row], moment.quality[..., self.row]
        no_number = is_usable(quality) & ~np.isfinite(value)
        out = (value <= self.below_zero) | (value >= self.over_range) | no_number
        reads = decide(out, ~out, quality)
        reads[quality == np.uint8(Quality.BAD)] = _TRUE
        says = in_state(moment.value[..., self.fault_row], moment.quality[..., self.fault_row], self.fault_state)
        code = moment.value[..., self.code_row]
        healthy = (code[..., np.newaxis] == self.healthy_code).any(axis=-1)
        codes = decide(np.isfinite(code) & ~healthy, healthy, moment.quality[..., self.code_row])
        return np.stack(
            (reads, np.where(self.has_fault, says, _FALSE), np.where(self.has_code, codes, _FALSE)), axis=-1
        )

    def _faulty(
        self, parts: Condition, condition: Condition, tag_ids: tuple[str, ...]
    ) -> tuple[tuple[int, tuple[str, ...]], ...]:
        rows = (self.row, self.fault_row, self.code_row)
        detail = []
        for place in np.flatnonzero(condition == _TRUE).tolist():  # the few that are faulty, not every rule
            names = [tag_ids[int(rows[part][place])] for part in range(_PARTS) if parts[place, part] == _TRUE]
            detail.append((place, tuple(names)))
        return tuple(detail)


class GasFaultKind:
    """Checks and compiles GasFault rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: GasFault, table: TagTable) -> Iterator[RuleError]:
        """Unknown tags, tags of the wrong sort, a band that is none."""
        tags = (("tag", rule.tag, False), ("fault_tag", rule.fault_tag, True), ("code_tag", rule.code_tag, False))
        for field, name, discrete in tags:
            if field != "tag" and not name:
                continue
            if name not in table.row_of:
                yield unknown_tag(rule.id, field, name)
            elif table.tags[table.row_of[name]].discrete != discrete:
                yield (needs_discrete if discrete else needs_analog)(rule.id, field, name)
        if rule.fault_state not in (0, 1):
            yield not_a_state(rule.id, "fault_state", rule.fault_state)
        if not rule.below_zero < 0 < rule.over_range:
            zh = "应小于 0，且 over_range 大于它"
            en = "must be below 0, and over_range above it"
            yield RuleError(rule.id, "below_zero", zh, en)
        if rule.code_tag and not rule.healthy_codes:
            yield RuleError(rule.id, "healthy_codes", "至少列出一个代码", "must list at least one code")

    def set_errors(self, rules: Sequence[GasFault], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, GasFault]], table: TagTable) -> GasFaultGroup:
        """The columns."""
        most = max(len(rule.healthy_codes) for _, rule in rules)
        codes = np.full((len(rules), max(most, 1)), np.nan)
        for place, (_, rule) in enumerate(rules):
            codes[place, : len(rule.healthy_codes)] = rule.healthy_codes
        return GasFaultGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            below_zero=column([rule.below_zero for _, rule in rules], np.float64),
            over_range=column([rule.over_range for _, rule in rules], np.float64),
            fault_row=column([table.row_of[rule.fault_tag or rule.tag] for _, rule in rules], np.int32),
            fault_state=column([rule.fault_state for _, rule in rules], np.float64),
            has_fault=column([bool(rule.fault_tag) for _, rule in rules], np.bool_),
            code_row=column([table.row_of[rule.code_tag or rule.tag] for _, rule in rules], np.int32),
            healthy_code=column(codes, np.float64),
            has_code=column([bool(rule.code_tag) for _, rule in rules], np.bool_),
            no_number=column(np.full(len(rules), np.nan), np.float64),
        )
