"""Text to tree: Python's own parser, then a closed list of nodes, types and units.  Nothing is ever run."""

import ast
from typing import Final

from rules.language.arithmetic import NotPossibleError, Typed, calculated, combined, compared, negated
from rules.language.errors import ExpressionRefusedError
from rules.language.reader import NUMBERS, TRUTHS, Parsed, Surroundings, TextReader, nearest
from rules.language.tree import (
    Comparison,
    Constant,
    Count,
    Junction,
    Lasting,
    Mode,
    Negation,
    Operator,
    Ordering,
    QualityTest,
    Reading,
    Truth,
)
from rules.language.units import dimension
from rules.language.words import DURATION_NS, LASTING

__all__ = ["Parser", "Surroundings"]

LONGEST_NS: Final = 24 * DURATION_NS["h"]
MODES_DEEP: Final = 8
"""Modes inside modes."""

_ORDERINGS: Final[dict[type[ast.cmpop], Ordering]] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_MIRRORED: Final[dict[Ordering, Ordering]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_OPERATORS: Final[dict[type[ast.operator], Operator]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


class Parser(TextReader):
    """Reads one text; a mode that it names is read by a parser of its own."""

    def parse(self, positive: bool = True) -> Parsed:
        """The tree; `positive`: UNCERTAIN may make it TRUE and never FALSE, else the other way round.

        :raises ExpressionRefusedError: the text is no condition.
        """
        try:
            body = ast.parse(self._prepared.text, mode="eval").body
        except SyntaxError as error:
            self._refuse((error.offset or 1) - 1, "此处无法理解", f"cannot be read from here ({error.msg})")
        except (RecursionError, MemoryError, ValueError, OverflowError):
            self._refuse(0, "嵌套太深", "nested too deep")
        truth = self._truth(body, positive, 0)
        return Parsed(truth, self._nodes, self._lastings, frozenset(self._previous))

    def _truth(self, node: ast.expr, positive: bool, depth: int) -> Truth:
        self._grow(node, depth)
        match node:
            case ast.BoolOp(op=word, values=values):
                arguments = tuple(self._truth(value, positive, depth + 1) for value in values)
                return Junction("and" if isinstance(word, ast.And) else "or", arguments)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Negation(self._truth(operand, not positive, depth + 1))
            case ast.Compare():
                return self._comparisons(node, positive, depth)
            case ast.Call(func=ast.Name(id=name)) if name == LASTING:
                return self._lasting(node, positive, depth)
            case ast.Call(func=ast.Name(id=name)) if name in TRUTHS:
                return self._truth_call(node, name, positive)
            case ast.Call(func=ast.Name(id="tag")) if self._tag(node).discrete:
                zh, en = "开关量请写明状态，如 == 1", "say which state of the tag is meant, such as == 1"
                self._refuse((node.end_col_offset or 1) - 1, zh, en)
        zh, en = "此处应为条件，如 tag('LT-101') > 8", "a condition is wanted here, such as tag('LT-101') > 8"
        self._refuse_unknown(node, zh, en)

    def _truth_call(self, node: ast.Call, name: str, positive: bool) -> Truth:
        if name == "mode":
            return self._mode(node, positive)
        reading = self._reading_inside(node, name)
        if name in ("is_on", "is_off"):
            if not reading.discrete:
                zh, en = f"{reading.tag} 是模拟量，没有开关状态", f"{reading.tag} is analog: it is neither on nor off"
                self._refuse(node.args[0].col_offset, zh, en)
            return Comparison("==", reading, Constant(1.0 if name == "is_on" else 0.0), positive)
        return QualityTest("good" if name == "good" else "usable", reading)

    def _mode(self, node: ast.Call, positive: bool) -> Truth:
        name = self._id(node, "mode")
        at = node.args[0].col_offset + 1
        around = self._around
        if name not in around.modes:
            near = nearest(name, around.modes)
            self._refuse(at, f"没有工况 {name!r}{near[0]}", f"there is no mode {name!r}{near[1]}")
        chain = (*self._inside, name)
        if name in self._inside or len(chain) > MODES_DEEP:
            words = " -> ".join(chain)
            self._refuse(at, f"工况 {words} 引用自己或层数太多", f"the modes {words} name themselves or go too deep")
        parsed = around.parsed.get((name, positive))
        if parsed is None:
            try:
                parsed = Parser(around.modes[name], around, chain).parse(positive)
            except ExpressionRefusedError as wrong:
                zh = f"工况 {name} 本身有误（第 {wrong.column} 个字符：{wrong.reason_zh}）"
                self._refuse(at, zh, f"mode {name} is wrong itself (column {wrong.column}: {wrong.reason_en})")
            around.parsed[name, positive] = parsed
        self._grow(node, 0, parsed.nodes)
        self._grow_state(node, parsed.lastings, parsed.previous)
        return Mode(name, parsed.truth)

    def _lasting(self, node: ast.Call, positive: bool, depth: int) -> Truth:
        match node.args:
            case [condition, ast.Constant(value=int() | float() as count), ast.Constant(value=str() as unit)]:
                duration_ns = count * DURATION_NS[unit]
                if not 0 < duration_ns <= LONGEST_NS:
                    zh, en = "时间应大于 0，最长 24 h", "the time must be over 0 and at most 24 h"
                    self._refuse(node.args[1].col_offset, zh, en)
                self._grow_state(node, 1, ())
                return Lasting(self._truth(condition, positive, depth + 1), round(duration_ns))
        self._refuse(node.args[0].col_offset if node.args else 0, "for 前面应为一个条件", "for follows one condition")

    def _comparisons(self, node: ast.Compare, positive: bool, depth: int) -> Truth:
        """One comparison, or a chain: each pair, joined by and."""
        operands = (node.left, *node.comparators)
        found: list[Truth] = []
        for place, operator in enumerate(node.ops):
            if type(operator) not in _ORDERINGS:
                at = operands[place].end_col_offset or 0
                self._refuse(at + 1, "没有这种比较", "there is no such comparison: use < <= > >= == !=")
            ordering = _ORDERINGS[type(operator)]
            found.append(self._comparison(operands[place], ordering, operands[place + 1], positive, depth))
        return found[0] if len(found) == 1 else Junction("and", tuple(found))

    def _comparison(self, left: ast.expr, ordering: Ordering, right: ast.expr, positive: bool, depth: int) -> Truth:
        counted = _is_count(left) or _is_count(right)
        if counted and ordering in ("==", "!="):
            # n == k is "at least k and at most k": each half goes one way, so UNCERTAIN goes one way in each
            halves: tuple[Ordering, Ordering] = (">=", "<=") if ordering == "==" else (">", "<")
            both = tuple(self._comparison(left, half, right, positive, depth) for half in halves)
            return Junction("and" if ordering == "==" else "or", both)
        rising = positive
        if counted and (ordering if _is_count(left) else _MIRRORED[ordering]) in ("<", "<="):
            rising = not positive
        numbers = self._number(left, rising, depth + 1), self._number(right, rising, depth + 1)
        try:
            return compared(ordering, *numbers, positive)
        except NotPossibleError as why:
            self._refuse(right.col_offset, why.zh, why.en)

    def _number(self, node: ast.expr, positive: bool, depth: int) -> Typed:
        self._grow(node, depth)
        match node:
            case ast.Constant(value=value) if type(value) in (int, float):
                return Typed(Constant(self._literal(node)))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                number = self._number(operand, positive, depth + 1)
                return self._negated(node, number) if isinstance(sign, ast.USub) else number
            case ast.BinOp(op=operator, left=left, right=right) if type(operator) in _OPERATORS:
                numbers = self._number(left, positive, depth + 1), self._number(right, positive, depth + 1)
                try:
                    return calculated(_OPERATORS[type(operator)], *numbers)
                except NotPossibleError as why:
                    self._refuse(right.col_offset, why.zh, why.en)
            case ast.Call(func=ast.Name(id=name)) if name in NUMBERS:
                return self._number_call(node, name, positive, depth)
        zh, en = "此处应为数值：数字或 tag('LT-101')", "a number is wanted here: a literal or tag('LT-101')"
        self._refuse_unknown(node, zh, en)

    def _negated(self, node: ast.expr, number: Typed) -> Typed:
        try:
            return negated(number)
        except NotPossibleError as why:
            self._refuse(node.col_offset, why.zh, why.en)

    def _number_call(self, node: ast.Call, name: str, positive: bool, depth: int) -> Typed:
        if node.keywords:
            self._refuse(node.col_offset, f"{name} 的参数不写名字", f"{name} takes no named arguments")
        if name in ("tag", "previous"):
            return self._reading(node, name)
        if name == "count_true":
            if len(node.args) < 2:
                self._refuse(node.col_offset, "count_true 至少两个条件", "count_true takes two conditions or more")
            return Typed(Count(tuple(self._truth(each, positive, depth + 1) for each in node.args)))
        numbers = tuple(self._number(each, positive, depth + 1) for each in node.args)
        try:
            return combined(name, numbers)
        except NotPossibleError as why:
            self._refuse(node.col_offset, why.zh, why.en)

    def _reading(self, node: ast.Call, name: str) -> Typed:
        reading = self._tag(node) if name == "tag" else self._reading_inside(node, name)
        if name == "previous":
            reading = Reading(reading.tag, reading.discrete, previous=True)
            self._grow_state(node, 0, (reading.tag,))
        if reading.discrete:
            return Typed(reading, is_state=True)
        table = self._around.table
        return Typed(reading, dimension(table.tags[table.row_of[reading.tag]].eu))


def _is_count(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="count_true")):
            return True
    return False
