"""Discrete states that do not go together: a command without its feedback, both limit switches or neither."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_discrete, unknown_tag
from rules.kinds.explain import explained, reading
from rules.port import NO_STATE, Explanation, Judged, Moment, Rule, State, column
from rules.predicates import any_of, in_state
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)
_NOT: Final = np.array([Verdict.TRUE, Verdict.FALSE, Verdict.UNKNOWN], np.uint8)

StateOf = tuple[str, int]
"""(discrete tag, 0 or 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch(Rule):
    """One of several combinations of states that must not be; `on_delay_ns` is the time the plant has to move."""

    wrong: tuple[tuple[StateOf, ...], ...]
    """Combinations: all states of one together are wrong.  The last state of each is the one that should be otherwise."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag once, in the order written."""
        return tuple(dict.fromkeys(name for states in self.wrong for name, _ in states))


def follows(command: str, feedback: str, feedback_when_commanded: int = 1) -> tuple[tuple[StateOf, ...], ...]:
    """What is wrong where `feedback` must stand in `feedback_when_commanded` while `command` is 1, else in the other."""
    meant = feedback_when_commanded
    return ((command, 1), (feedback, 1 - meant)), ((command, 0), (feedback, meant))


def limit_switches(opened: str, closed: str) -> tuple[tuple[StateOf, ...], ...]:
    """What is wrong of two limit switches: both made, or neither."""
    return ((opened, 1), (closed, 1)), ((opened, 0), (closed, 0))


def expected(when: tuple[StateOf, ...], states: tuple[StateOf, ...]) -> tuple[tuple[StateOf, ...], ...]:
    """What is wrong where all `states` must stand as given while `when` holds (always, if it is empty)."""
    return tuple((*when, (name, 1 - state)) for name, state in states)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MismatchGroup:
    """All Mismatch rules: their states one after the other, `first_state` of each combination, `first_wrong` of each rule."""

    position: npt.NDArray[np.intp]
    first_wrong: npt.NDArray[np.intp]
    """Of each rule: its first combination."""
    first_state: npt.NDArray[np.intp]
    """Of each combination: its first state."""
    last_state: npt.NDArray[np.intp]
    state_rule: npt.NDArray[np.intp]
    state_row: npt.NDArray[np.int32]
    state: npt.NDArray[np.float64]
    timeless: ClassVar[bool] = True

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads every tag of its combinations once."""
        pairs = np.unique(np.stack([self.state_rule, self.state_row.astype(np.intp)], axis=1), axis=0)
        return pairs[:, 0], pairs[:, 1].astype(np.int32)

    def fresh(self, mono_ns: int) -> State:
        """Nothing is remembered: the on-delay is the time to move."""
        return NO_STATE

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Kleene: a rule is TRUE where any combination is, a combination where all its states are."""
        combinations = self._combinations(moment)
        condition, decider = any_of(combinations, self.first_wrong)
        deciding = self.last_state[decider]
        row = self.state_row[deciding]
        value = np.take_along_axis(moment.value, row.astype(np.intp), axis=-1)
        names = () if combinations.ndim > 1 else self._names(combinations, condition, moment.tag_ids)
        return Judged(
            condition=condition, value=value, limit=1.0 - self.state[deciding], row=row, state=state, detail=names
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Every reading, and which combinations are wrong."""
        condition, _ = any_of(self._combinations(moment), self.first_wrong)
        rows = list(dict.fromkeys(self.state_row[self.state_rule == place].tolist()))
        words = [reading(moment, row) for row in rows]
        wrong = " / ".join(self._written(number, moment.tag_ids) for number in self._mine(place))
        zh = f"{'，'.join(word[0] for word in words)}；不应出现：{wrong}"
        en = f"{', '.join(word[1] for word in words)}; must not be: {wrong}"
        return explained(int(condition[place]), (zh, en), inputs=tuple(moment.tag_ids[row] for row in rows))

    def _combinations(self, moment: Moment) -> npt.NDArray[np.uint8]:
        states = in_state(moment.value[..., self.state_row], moment.quality[..., self.state_row], self.state)
        any_not, _ = any_of(_NOT[states], self.first_state)
        return _NOT[any_not]

    def _mine(self, place: int) -> range:
        ends = np.append(self.first_wrong, self.first_state.size)
        return range(int(ends[place]), int(ends[place + 1]))

    def _written(self, combination: int, tag_ids: tuple[str, ...]) -> str:
        states = range(int(self.first_state[combination]), int(self.last_state[combination]) + 1)
        return " + ".join(f"{tag_ids[int(self.state_row[at])]} = {self.state[at]:g}" for at in states)

    def _names(
        self, combinations: npt.NDArray[np.uint8], condition: npt.NDArray[np.uint8], tag_ids: tuple[str, ...]
    ) -> tuple[tuple[int, tuple[str, ...]], ...]:
        """Of each TRUE rule the tags that should stand otherwise."""
        found = []
        for place in np.flatnonzero(condition == _TRUE).tolist():  # the few that are TRUE, not every rule
            wrong = [number for number in self._mine(place) if combinations[number] == _TRUE]
            rows = dict.fromkeys(int(self.state_row[self.last_state[number]]) for number in wrong)
            found.append((place, tuple(tag_ids[row] for row in rows)))
        return tuple(found)


class MismatchKind:
    """Checks and compiles Mismatch rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: Mismatch, table: TagTable) -> Iterator[RuleError]:
        """No combination, unknown or analog tags, states that are none, a tag that must be 0 and 1 at once."""
        if not rule.wrong or not all(rule.wrong):
            yield RuleError(rule.id, "expect", "没有写状态", "names no states")
        for name in rule.tags:
            if name not in table.row_of:
                yield unknown_tag(rule.id, "expect", name)
            elif not table.tags[table.row_of[name]].discrete:
                yield needs_discrete(rule.id, "expect", name, ("状态", "a state"))
        for states in rule.wrong:
            for name, state in states:
                if state not in (0, 1):
                    zh = f"{name} 的状态应为 0 或 1，现为 {state}"
                    en = f"the state of {name} is 0 or 1, not {state}"
                    yield RuleError(rule.id, "expect", zh, en)
            names = [name for name, _ in states]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                zh = f"{', '.join(twice)} 不能与自己比较"
                en = f"{', '.join(twice)} cannot be compared with itself"
                yield RuleError(rule.id, "expect", zh, en)

    def set_errors(self, rules: Sequence[Mismatch], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Mismatch]], table: TagTable) -> MismatchGroup:
        """The columns."""
        wrong = [states for _, rule in rules for states in rule.wrong]
        ends = list(accumulate((len(states) for states in wrong), initial=0))
        per_rule = [sum(len(states) for states in rule.wrong) for _, rule in rules]
        combinations = list(accumulate((len(rule.wrong) for _, rule in rules), initial=0))
        return MismatchGroup(
            position=column([position for position, _ in rules], np.intp),
            first_wrong=column(combinations[: len(rules)], np.intp),
            first_state=column(ends[: len(wrong)], np.intp),
            last_state=column([end - 1 for end in ends[1:]], np.intp),
            state_rule=column(np.repeat(np.arange(len(rules)), per_rule), np.intp),
            state_row=column([table.row_of[name] for states in wrong for name, _ in states], np.int32),
            state=column([state for states in wrong for _, state in states], np.float64),
        )
