"""Conditions that engineers write themselves, in the language of docs/rules/expressions.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.errors import RuleError
from rules.kinds.explain import explained
from rules.language.conditions import ConditionColumns, ExpressionRefusedError, parse_condition
from rules.port import NO_STATE, Explanation, Figure, JointBand, Judged, Kind, Moment, Rule, State, column
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)


@dataclass(frozen=True, kw_only=True)
class Expression(Rule):
    """TRUE while its condition is."""

    when: str
    """The condition as text."""
    modes: tuple[tuple[str, str], ...] = ()
    """(id, text) of the modes that it names: with `when` they say all of the rule."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpressionGroup:
    """All Expression rules; those of one shape are judged together."""

    position: npt.NDArray[np.intp]
    columns: ConditionColumns
    first_input: npt.NDArray[np.intp]
    """Where the tags of each rule begin in `columns.input_row`."""
    no_number: npt.NDArray[np.float64]
    """NaN: a condition is no measured value."""
    span: npt.NDArray[np.float64]
    """Range of every tag of the plant, by row."""

    @property
    def timeless(self) -> bool:
        """No rule has `for` or previous."""
        return self.columns.timeless

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads the tags that its condition names, also through modes."""
        return self.columns.inputs()

    def fresh(self, mono_ns: int) -> State:
        """Nothing lasted, nothing was read before; nothing at all where all rules are timeless."""
        return NO_STATE if self.timeless else self.columns.fresh(mono_ns)

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Judge every condition; `detail` of a TRUE one names its tags, `row` is the tag that was read last."""
        condition, after = self.columns.judge(moment, state)
        return Judged(
            condition=condition,
            value=self.no_number,
            limit=self.no_number,
            row=self._last_read(moment),
            state=after,
            due_ns=self.columns.due_ns(after, moment.mono_ns),
            detail=() if condition.ndim > 1 else self._tags_of(condition),
        )

    def at(self, places: npt.NDArray[np.intp]) -> "ExpressionGroup":
        """The rules at these places only."""
        columns = self.columns.at(places)
        return ExpressionGroup(
            position=self.position.take(places),
            columns=columns,
            first_input=columns.input_place.searchsorted(np.arange(places.size)),
            no_number=self.no_number.take(places),
            span=self.span,
        )

    def joint_band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> JointBand:
        """What `band` of its condition says; a `for` that runs is judged at every evaluation."""
        low, high = self.columns.band(moment, self.span)
        return JointBand(low=low, high=high)

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The condition with the numbers put in."""
        words = self.columns.explain(place, moment, state)
        judged, _ = self.columns.judge(moment, state)
        rows = self._rows(place)
        figures = tuple(
            Figure(zh=moment.tag_ids[row], en=moment.tag_ids[row], value=float(moment.value[row])) for row in rows
        )
        return explained(int(judged[place]), words, figures, tuple(moment.tag_ids[row] for row in rows))

    def _last_read(self, moment: Moment) -> npt.NDArray[np.int32]:
        """What came last made it what it is: its quality and its times go with the alarm."""
        rows = self.columns.input_row
        received = moment.received_mono_ns.take(rows, axis=-1)
        latest = np.maximum.reduceat(received, self.first_input, axis=-1).take(self.columns.input_place, axis=-1)
        number = np.where(received == latest, np.arange(rows.size), rows.size)
        found: npt.NDArray[np.int32] = rows.take(np.minimum.reduceat(number, self.first_input, axis=-1))
        return found

    def _rows(self, place: int) -> list[int]:
        found: list[int] = self.columns.input_row[self.columns.input_place == place].tolist()
        return found

    def _tags_of(self, condition: npt.NDArray[np.uint8]) -> tuple[tuple[int, tuple[str, ...]], ...]:
        conditions = self.columns.conditions
        true = (condition == _TRUE).nonzero()[0].tolist()
        return tuple((place, item.inputs) for place in true if (item := conditions[place]) is not None)


class ExpressionKind:
    """Checks and compiles Expression rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: Expression, table: TagTable) -> Iterator[RuleError]:
        """A text that is no condition of these tags."""
        try:
            parse_condition(rule.when, table, dict(rule.modes))
        except ExpressionRefusedError as refused:
            yield RuleError(rule.id, "when", refused.message("zh"), str(refused))

    def set_errors(self, rules: Sequence[Expression], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Expression]], table: TagTable) -> ExpressionGroup:
        """The columns."""
        conditions = [parse_condition(rule.when, table, dict(rule.modes)) for _, rule in rules]
        counts = np.array([len(condition.inputs) for condition in conditions], np.intp)
        return ExpressionGroup(
            position=column([position for position, _ in rules], np.intp),
            columns=ConditionColumns.of(conditions, table),
            first_input=column(np.cumsum(counts) - counts, np.intp),
            no_number=column(np.full(len(rules), np.nan), np.float64),
            span=column(_spans(table), np.float64),
        )


def _spans(table: TagTable) -> npt.NDArray[np.float64]:
    """Range of every tag, 0 of a state; 1 where none is given."""
    with np.errstate(invalid="ignore", over="ignore"):
        span = table.high - table.low
    return np.where(table.discrete, 0.0, np.where(np.isfinite(span) & (span > 0), span, 1.0))


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {Expression: ExpressionKind()}
