"""HH, H, L, LL whose set-point depends on the mode of the plant: filling, empty, start-up."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, no_dead_band, outside_range, unknown_tag
from rules.kinds.explain import explained, inputs_of, reading
from rules.kinds.limits import LimitKind
from rules.language.conditions import Condition, ConditionColumns, ExpressionRefusedError, parse_condition
from rules.port import Explanation, Figure, Judged, Moment, Rule, State, column
from rules.predicates import beyond_limit, finite_quality
from rules.verdicts import Verdict

SIGN: Final[Mapping[LimitKind, float]] = {"LL": -1.0, "L": -1.0, "H": 1.0, "HH": 1.0}
MOST_MODES: Final = 8
_FALSE: Final = np.uint8(Verdict.FALSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class InMode:
    """The set-point that holds in one mode."""

    mode: str
    set_point: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeLimit(Rule):
    """Value beyond the set-point of the mode that holds; the first of `in_modes` that is TRUE, else `set_point`.

    While a mode is UNKNOWN, or TRUE or FALSE by an UNCERTAIN reading alone, the strictest of the set-points that may hold
    is the one: it may make TRUE, and FALSE only where all of them would.
    """

    tag: str
    kind: LimitKind
    set_point: float
    in_modes: tuple[InMode, ...]
    modes: tuple[tuple[str, str], ...]
    """(mode id, its condition as text) of every mode that `in_modes` names, also through other modes."""
    dead_band: float = 0.0

    @property
    def set_points(self) -> tuple[float, ...]:
        """Every set-point that may hold."""
        return (*(each.set_point for each in self.in_modes), self.set_point)

    def conditions(self, table: TagTable) -> tuple[Condition, ...]:
        """Of each of `in_modes`: that the mode holds, and that it does not.

        Two, because UNCERTAIN may make a condition TRUE and never FALSE: FALSE of the one says that a mode surely does not
        hold, FALSE of the other that it surely does.

        :raises ExpressionRefusedError: a mode is not defined, or its condition has a mistake.
        """
        defined = dict(self.modes)
        asked = (f"{way}mode('{each.mode}')" for each in self.in_modes for way in ("", "not "))
        return tuple(parse_condition(text, table, defined) for text in asked)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModeLimitGroup:
    """All ModeLimit rules; slots 2j and 2j + 1: the j-th mode of each holds, does not hold.  Past the last one there is no
    condition, and the set-point is the default."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    sign: npt.NDArray[np.float64]
    dead_band: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float64]
    """(MOST_MODES + 1, m): sign * set-point of each mode, at last of none."""
    slots: tuple[ConditionColumns, ...]
    """2 * MOST_MODES."""
    used: int
    """Slots before the first that is the default of every rule."""
    names: tuple[tuple[str, ...], ...]
    timeless: bool

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag and what its modes read."""
        pairs = [(np.arange(self.row.size), self.row), *(slot.inputs() for slot in self.slots[::2])]
        return np.concatenate([place for place, _ in pairs]), np.concatenate([row for _, row in pairs])

    def fresh(self, mono_ns: int) -> State:
        """What the conditions of the modes remember."""
        return {
            f"mode_{number}_{name}": array
            for number, slot in enumerate(self.slots)
            for name, array in slot.fresh(mono_ns).items()
        }

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Compare every value with the strictest set-point that may hold now."""
        verdicts, after = self._modes(moment, state)
        condition, threshold = self.told(active, moment, verdicts)
        slots = enumerate(self.slots[: self.used])
        due = [slot.due_ns(self.remembered(after, number), moment.mono_ns) for number, slot in slots]
        return Judged(
            condition=condition,
            value=moment.value[..., self.row],
            limit=threshold * self.sign,
            row=self.row,
            state=after,
            due_ns=min((each for each in due if each is not None), default=None),
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The value, each mode with why it holds or not, and the set-point that counts."""
        judged = self.judge(moment, np.full(self.row.size, active), state)
        zh, en = reading(moment, int(self.row[place]))
        for number, mode in enumerate(self.names[place]):
            set_point = float(self.threshold[number, place] * self.sign[place])
            told = self.slots[2 * number].explain(place, moment, self.remembered(judged.state, 2 * number))
            zh, en = f"{zh}；{mode}（{set_point:g}）：{told[0]}", f"{en}; {mode} ({set_point:g}): {told[1]}"
        set_point = float(judged.limit[place])
        word_zh, word_en = ("≥", ">=") if self.sign[place] > 0 else ("≤", "<=")
        figures = (
            Figure(zh="测量值", en="value", value=float(judged.value[place])),
            Figure(zh="设定值", en="set-point", value=set_point),
            Figure(zh="回差", en="dead band", value=float(self.dead_band[place])),
        )
        inputs = inputs_of(self.inputs(), place, moment)
        words = f"{zh}；条件：{word_zh} {set_point:g}", f"{en}; condition: {word_en} {set_point:g}"
        return explained(int(judged.condition[place]), words, figures, inputs)

    def _modes(self, moment: Moment, state: State) -> tuple[list[npt.NDArray[np.uint8]], State]:
        """Verdict of each slot that is used, and the state after (the same where nothing changed)."""
        verdicts, after = [], dict(state)
        for number, slot in enumerate(self.slots[: self.used]):
            before = self.remembered(state, number)
            verdict, now = slot.judge(moment, before)
            verdicts.append(verdict)
            if now is not before:
                after |= self.named(number, now)
        unchanged = all(after[name] is array for name, array in state.items())
        return verdicts, state if unchanged else after

    def told(
        self, active: npt.NDArray[np.bool_], moment: Moment, verdicts: Sequence[npt.NDArray[np.uint8]]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
        """(conditions, mirrored thresholds), shape (..., m), by the verdicts of the modes of each slot that is used."""
        value = moment.value[..., self.row]
        threshold = self._strictest(verdicts, value.shape)
        quality = finite_quality(value, moment.quality[..., self.row])
        return beyond_limit(value * self.sign, quality, threshold, threshold - self.dead_band, active), threshold

    @staticmethod
    def named(number: int, state: State) -> State:
        """What slot `number` remembers, as it stands in the state of the group."""
        return {f"mode_{number}_{name}": array for name, array in state.items()}

    def remembered(self, state: State, number: int) -> State:
        """What one slot remembers."""
        prefix = f"mode_{number}_"
        return {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}

    def _strictest(self, verdicts: Sequence[npt.NDArray[np.uint8]], shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """The lowest (mirrored) threshold of the modes that may be the first one to hold."""
        strictest = np.full(shape, np.inf)
        open_still = np.ones(shape, np.bool_)
        for holds, does_not, threshold in zip(verdicts[::2], verdicts[1::2], self.threshold, strict=False):
            strictest = np.where(open_still & (holds != _FALSE), np.minimum(strictest, threshold), strictest)
            open_still &= does_not != _FALSE
        return np.where(open_still, np.minimum(strictest, self.threshold[-1]), strictest)


class ModeLimitKind:
    """Checks and compiles ModeLimit rules."""

    version: ClassVar[int] = 2
    settles: ClassVar[bool] = True

    def errors(self, rule: ModeLimit, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tag, set-points outside the range, modes that are none or stand twice."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
        else:
            tag = table.tags[table.row_of[rule.tag]]
            if tag.discrete:
                yield needs_analog(rule.id, "tag", tag.id, (f"{rule.kind} 报警", f"a {rule.kind} alarm"))
            for set_point in rule.set_points:
                if not math.isfinite(set_point) or (tag.low < tag.high and not tag.low <= set_point <= tag.high):
                    yield outside_range(rule.id, "set_point", set_point, tag)
        if not 0 <= rule.dead_band < math.inf:
            yield no_dead_band(rule.id, rule.dead_band)
        names = [each.mode for each in rule.in_modes]
        if not 1 <= len(names) <= MOST_MODES or len(set(names)) < len(names):
            zh = f"应写 1 到 {MOST_MODES} 个工况，每个一次"
            en = f"names 1 to {MOST_MODES} modes, each once"
            yield RuleError(rule.id, "set_points", zh, en)
        try:
            rule.conditions(table)
        except ExpressionRefusedError as refused:
            zh = f"{refused.reason_zh}：{refused.text!r}"
            en = f"{refused.reason_en}: {refused.text!r}"
            yield RuleError(rule.id, "set_points", zh, en)

    def set_errors(self, rules: Sequence[ModeLimit], table: TagTable) -> Iterator[RuleError]:
        """None: the set-point guard compares limits of all kinds."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, ModeLimit]], table: TagTable) -> ModeLimitGroup:
        """The columns."""
        conditions = [rule.conditions(table) for _, rule in rules]
        slots = tuple(
            ConditionColumns.of([each[number] if number < len(each) else None for each in conditions], table)
            for number in range(2 * MOST_MODES)
        )
        padded = [[*rule.set_points, *[rule.set_point] * (MOST_MODES + 1 - len(rule.set_points))] for _, rule in rules]
        sign = column([SIGN[rule.kind] for _, rule in rules], np.float64)
        return ModeLimitGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            sign=sign,
            dead_band=column([rule.dead_band for _, rule in rules], np.float64),
            threshold=column(np.array(padded).T * sign, np.float64),
            slots=slots,
            used=max(len(each) for each in conditions),
            names=tuple(tuple(each.mode for each in rule.in_modes) for _, rule in rules),
            timeless=all(slot.timeless for slot in slots),
        )
