"""Numbers while a text is read: what may be added to, multiplied with and compared with what."""

import math
from dataclasses import dataclass
from typing import Final

from rules.language.tree import Arithmetic, Comparison, Constant, Count, Function, Number, Operator, Ordering
from rules.language.units import NONE, Dimension, has_offset, inverse, times, written

Reason = tuple[str, str]
"""Why not, (zh, en)."""


class NotPossibleError(Exception):
    """These two numbers do not go together; the reader of the text adds the place."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class Typed:
    """A number with what is known of it while the text is read."""

    node: Number
    unit: Dimension | None = None
    """None: literals only, which take the unit of their partner."""
    is_state: bool = False
    """A discrete tag: 0 or 1, to be compared and nothing else."""

    @property
    def constant(self) -> float | None:
        """The number, where it is a literal."""
        return self.node.value if isinstance(self.node, Constant) else None


_STATE: Final = ("开关量只能与 0、1 或另一个开关量比较", "a state is compared with 0, 1 or another state, nothing else")
_COUNT: Final = (
    "count_true 只能直接与一个整数比较，如 count_true(a, b, c) >= 2",
    "count_true is compared with a whole number and nothing else, such as count_true(a, b, c) >= 2",
)


def calculated(operator: Operator, left: Typed, right: Typed) -> Typed:
    """left + - * / right.

    :raises NotPossibleError: units, states, a division by zero.
    """
    _must_be_measured((left, right))
    unit = _common((left, right)) if operator in "+-" else _product(operator, left, right)
    a, b = left.constant, right.constant
    if operator == "/" and b == 0:
        raise NotPossibleError("除数为 0", "this divides by 0")
    if a is None or b is None:
        return Typed(Arithmetic(operator, left.node, right.node), unit)
    value = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else math.inf}[operator]
    if not math.isfinite(value):
        raise NotPossibleError("结果太大", "the result is too big")
    return Typed(Constant(value))


def negated(number: Typed) -> Typed:
    """Minus a number.

    :raises NotPossibleError: it is a state or a count.
    """
    _must_be_measured((number,))
    if number.constant is not None:
        return Typed(Constant(-number.constant))
    return Typed(Function("neg", (number.node,)), number.unit)


def combined(name: str, numbers: tuple[Typed, ...]) -> Typed:
    """abs of one, min, max, mean, median of several.

    :raises NotPossibleError: too few or too many, units, states, literals only.
    """
    _must_be_measured(numbers)
    if name == "abs":
        if len(numbers) != 1:
            raise NotPossibleError("abs 只有一个参数", "abs takes one number")
    elif len(numbers) < 2:
        raise NotPossibleError(f"{name} 至少两个参数", f"{name} takes two numbers or more")
    if all(number.constant is not None for number in numbers):
        raise NotPossibleError(f"{name} 里没有位号", f"{name} names no tag")
    nodes = tuple(number.node for number in numbers)
    match name:
        case "abs" | "min" | "max" | "mean" | "median":
            return Typed(Function(name, nodes), _common(numbers))
    raise AssertionError(name)


def compared(ordering: Ordering, left: Typed, right: Typed, positive: bool) -> Comparison:
    """left < <= > >= == != right.

    :raises NotPossibleError: units, states, two literals, a measured value that would have to be equal.
    """
    for count, other in ((left, right), (right, left)):
        if isinstance(count.node, Count):
            _check_count(count.node, other)
            return Comparison(ordering, left.node, right.node, positive)
    if left.constant is not None and right.constant is not None:
        raise NotPossibleError("两边都是数字，没有位号", "both sides are literals: there is no tag to watch")
    if left.is_state or right.is_state:
        _check_state(ordering, left, right)
        return Comparison(ordering, left.node, right.node, positive)
    unit = _common((left, right))
    if ordering in ("==", "!=") and unit:
        zh, en = "模拟量不会恰好相等，请写 abs(a - b) < 允差", "a measured value is never exactly equal"
        raise NotPossibleError(zh, f"{en}: write abs(a - b) < tolerance")
    return Comparison(ordering, left.node, right.node, positive)


def _check_state(ordering: Ordering, left: Typed, right: Typed) -> None:
    if ordering not in ("==", "!="):
        raise NotPossibleError("开关量只能用 == 或 !=", "a state is compared with == or !=")
    for state, other in ((left, right), (right, left)):
        if not state.is_state:
            continue
        if not other.is_state and other.constant not in (0.0, 1.0):
            raise NotPossibleError(*_STATE)


def _check_count(count: Count, other: Typed) -> None:
    limit = other.constant
    if limit is None or limit != int(limit):
        raise NotPossibleError(*_COUNT)
    if not 0 <= limit <= len(count.arguments):
        zh = f"只有 {len(count.arguments)} 个条件，不能与 {limit:g} 比较"
        raise NotPossibleError(zh, f"there are {len(count.arguments)} conditions: {limit:g} is never reached")


def _must_be_measured(numbers: tuple[Typed, ...]) -> None:
    if any(number.is_state for number in numbers):
        raise NotPossibleError(
            "开关量不能参与计算，只能比较，如 == 1", "no arithmetic on a state: compare it, such as == 1"
        )
    if any(isinstance(number.node, Count) for number in numbers):
        raise NotPossibleError(*_COUNT)


def _common(numbers: tuple[Typed, ...]) -> Dimension | None:
    """The unit that all have; literals take it."""
    found: Dimension | None = None
    for number in numbers:
        if number.unit is None:
            continue
        if found is not None and number.unit != found:
            first, second = written(found), written(number.unit)
            raise NotPossibleError(
                f"单位不同：{first} 与 {second}（不作换算）",
                f"units differ: {first} and {second} (nothing is converted)",
            )
        found = number.unit
    return found


def _product(operator: Operator, left: Typed, right: Typed) -> Dimension | None:
    if left.unit is None and right.unit is None:
        return None
    a, b = left.unit or NONE, right.unit or NONE
    for unit, other, divides in ((a, right, False), (b, left, operator == "/")):
        if has_offset(unit) and (other.constant is None or divides):
            word = written(unit)
            zh, en = f"{word} 的零点是人为的，不能相乘或相除", f"{word} has no true zero: no product or ratio of it"
            raise NotPossibleError(zh, en)
    return times(a, inverse(b) if operator == "/" else b)
