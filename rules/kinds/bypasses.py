"""A bypassed interlock: any of its bypass bits stands in the bypassed state."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_discrete, not_a_state, stands_twice, unknown_tag
from rules.kinds.explain import explained, reading
from rules.port import NO_STATE, Explanation, Judged, Moment, Rule, State, column
from rules.predicates import any_of, in_state
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypassed(Rule):
    """Any bypass bit of an interlock stands in its bypassed state (or of m inputs: one TRUE wins, Kleene or)."""

    bits: tuple[tuple[str, int], ...]
    """(tag, the state that means bypassed) for each bypass bit."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BypassedGroup:
    """All Bypassed rules; their bits stand one after the other, those of rule i from `first_bit[i]` on."""

    position: npt.NDArray[np.intp]
    first_bit: npt.NDArray[np.intp]
    bit_rule: npt.NDArray[np.intp]
    bit_row: npt.NDArray[np.int32]
    bit_state: npt.NDArray[np.float64]
    """The value that means bypassed."""
    timeless: ClassVar[bool] = True

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads all its bits."""
        return self.bit_rule, self.bit_row

    def fresh(self, mono_ns: int) -> State:
        """Nothing is remembered."""
        return NO_STATE

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Kleene or over the bits of each rule; `detail` of a TRUE one names its bypassed bits."""
        bits = in_state(moment.value[..., self.bit_row], moment.quality[..., self.bit_row], self.bit_state)
        condition, decider = any_of(bits, self.first_bit)
        row = self.bit_row[decider]
        value = np.take_along_axis(moment.value, row.astype(np.intp), axis=-1)
        names = () if bits.ndim > 1 else self._bypassed_bits(bits, condition, moment.tag_ids)
        return Judged(
            condition=condition, value=value, limit=self.bit_state[decider], row=row, state=state, detail=names
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Every bit with what it means."""
        judged = self.judge(moment, np.zeros(self.position.size, np.bool_), state)
        mine = np.flatnonzero(self.bit_rule == place).tolist()
        parts = [reading(moment, int(self.bit_row[bit])) for bit in mine]
        means = [f"{self.bit_state[bit]:g}" for bit in mine]
        zh = "；".join(f"{part[0]}（{when} 为旁路）" for part, when in zip(parts, means, strict=True))
        en = "; ".join(f"{part[1]} ({when} means bypassed)" for part, when in zip(parts, means, strict=True))
        inputs = tuple(moment.tag_ids[int(self.bit_row[bit])] for bit in mine)
        return explained(int(judged.condition[place]), (zh, en), inputs=inputs)

    def _bypassed_bits(
        self, bits: npt.NDArray[np.uint8], condition: npt.NDArray[np.uint8], tag_ids: tuple[str, ...]
    ) -> tuple[tuple[int, tuple[str, ...]], ...]:
        detail = []
        for place in np.flatnonzero(condition == _TRUE).tolist():  # the few that are bypassed, not every rule
            mine = self.bit_rule == place
            rows = self.bit_row[mine & (bits == _TRUE)]
            detail.append((place, tuple(tag_ids[row] for row in rows.tolist())))
        return tuple(detail)


class BypassedKind:
    """Checks and compiles Bypassed rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: Bypassed, table: TagTable) -> Iterator[RuleError]:
        """No bit, an unknown, analog or repeated bit, a state that is none."""
        if not rule.bits:
            yield RuleError(rule.id, "bypass", "没有写旁路位", "names no bypass bit")
        seen: set[str] = set()
        for name, state in rule.bits:
            if name in seen:
                yield stands_twice(rule.id, "bypass", name)
            seen.add(name)
            if name not in table.row_of:
                yield unknown_tag(rule.id, "bypass", name)
            elif not table.tags[table.row_of[name]].discrete:
                yield needs_discrete(rule.id, "bypass", name, ("旁路位", "a bypass bit"))
            if state not in (0, 1):
                yield not_a_state(rule.id, "bypassed_when", state)

    def set_errors(self, rules: Sequence[Bypassed], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Bypassed]], table: TagTable) -> BypassedGroup:
        """The columns."""
        counts = [len(rule.bits) for _, rule in rules]
        return BypassedGroup(
            position=column([position for position, _ in rules], np.intp),
            first_bit=column(list(accumulate(counts, initial=0))[: len(rules)], np.intp),
            bit_rule=column(np.repeat(np.arange(len(rules)), counts), np.intp),
            bit_row=column([table.row_of[tag] for _, rule in rules for tag, _ in rule.bits], np.int32),
            bit_state=column([state for _, rule in rules for _, state in rule.bits], np.float64),
        )
