"""A condition in words with the numbers put in: `LT-101 = 9.3 > 8 TRUE and XV-101.OPEN = 0 == 1 FALSE`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rules.columns.quality import Quality
from rules.language.numbers import Column
from rules.language.shapes import Trace
from rules.language.tree import (
    Arithmetic,
    Comparison,
    Constant,
    Count,
    Function,
    Junction,
    Lasting,
    Mode,
    Negation,
    Node,
    Number,
    Ordering,
    QualityTest,
    Reading,
    Truth,
)
from rules.port import Moment

Words = tuple[str, str]
"""(zh, en)."""

_TRUTH: Final[tuple[Words, ...]] = (("不成立", "FALSE"), ("无法判断", "UNKNOWN"), ("成立", "TRUE"))
"""By rank."""
_JOIN: Final[dict[str, Words]] = {"and": (" 且 ", " and "), "or": (" 或 ", " or ")}
_QUALITY: Final[dict[int, Words]] = {
    Quality.GOOD: ("", ""),
    Quality.UNCERTAIN: ("（质量可疑）", " (uncertain)"),
    Quality.BAD: ("（质量坏）", " (bad)"),
    Quality.STALE: ("（过期）", " (stale)"),
    Quality.NEVER_SEEN: ("（从未读到）", " (never seen)"),
}


def told(truth: Truth, trace: Trace, moment: Moment) -> Words:
    """One condition in words; `trace` has what its nodes came to, in columns of length 1."""
    return _Telling(trace, moment).truth(truth, outermost=True)


@dataclass(frozen=True, slots=True)
class _Telling:
    trace: Trace
    moment: Moment

    def truth(self, node: Truth, *, outermost: bool = False) -> Words:
        match node:
            case Comparison(ordering, left, right):
                a, b = (self.compared(side, ordering) for side in (left, right))
                return self._verdict(node, (f"{a[0]} {ordering} {b[0]}", f"{a[1]} {ordering} {b[1]}"))
            case Junction(word, arguments):
                told = [self.truth(argument) for argument in arguments]
                zh, en = (joint.join(item[side] for item in told) for side, joint in enumerate(_JOIN[word]))
                return (zh, en) if outermost else (f"({zh})", f"({en})")
            case Negation(argument):
                zh, en = self.truth(argument, outermost=True)
                return f"非 ({zh})", f"not ({en})"
            case Lasting(argument, duration_ns):
                zh, en = self.truth(argument, outermost=True)
                wanted_s, so_far_s = duration_ns / 1e9, self.trace.lasted_ns[id(node)] / 1e9
                lasted = f"{min(so_far_s, wanted_s):.3g}"
                return self._verdict(
                    node,
                    (f"({zh}) 持续 {wanted_s:g} s（已 {lasted} s）", f"({en}) for {wanted_s:g} s ({lasted} s so far)"),
                )
            case QualityTest(name, reading):
                zh, en = self.reading(reading)
                return self._verdict(node, (f"{name}({zh})", f"{name}({en})"))
            case Mode(name, argument):
                zh, en = self.truth(argument, outermost=True)
                return self._verdict(node, (f"工况 {name} [{zh}]", f"mode {name} [{en}]"))

    def compared(self, node: Number, ordering: Ordering) -> Words:
        """One side of a comparison; beside == the value of a tag stands in brackets."""
        zh, en = self.number(node)
        if isinstance(node, Reading) and ordering in ("==", "!="):
            (name, value), (_, value_en) = zh.split(" = "), en.split(" = ")
            return f"{name} ({value})", f"{name} ({value_en})"
        return zh, en

    def number(self, node: Number) -> Words:
        """The number with what it came to."""
        match node:
            case Constant(value):
                return f"{value:g}", f"{value:g}"
            case Reading():
                return self.reading(node)
            case Arithmetic(operator, left, right):
                a, b = self.number(left), self.number(right)
                return self._came_to(node, (f"({a[0]} {operator} {b[0]})", f"({a[1]} {operator} {b[1]})"))
            case Function("neg", (argument,)):
                zh, en = self.number(argument)
                return f"-({zh})", f"-({en})"
            case Function(name, arguments):
                return self._came_to(node, _listed(name, [self.number(argument) for argument in arguments]))
            case Count(arguments):
                return self._came_to(node, _listed("count_true", [self.truth(argument) for argument in arguments]))

    def reading(self, node: Reading) -> Words:
        """The tag with what it reads, and how far that may be believed."""
        name = f"previous({node.tag})" if node.previous else node.tag
        if node.previous:
            shown = _span(self.trace.numbers[id(node)])
            return f"{name} = {shown}", f"{name} = {shown}"
        row = self.moment.tag_ids.index(node.tag)
        value, quality = float(self.moment.value[row]), int(self.moment.quality[row])
        zh, en = _QUALITY[quality]
        shown = "?" if np.isnan(value) else f"{value:g}"
        return f"{name} = {shown}{zh}", f"{name} = {shown}{en}"

    def _came_to(self, node: Number, words: Words) -> Words:
        column = self.trace.numbers[id(node)]
        return f"{words[0]} = {_span(column)}", f"{words[1]} = {_span(column)}"

    def _verdict(self, node: Node, words: Words) -> Words:
        zh, en = _TRUTH[int(self.trace.ranks[id(node)].ravel()[0])]
        return f"{words[0]} {zh}", f"{words[1]} {en}"


def _span(column: Column) -> str:
    """A number, or what it lies between where it is not known."""
    low, high = float(column.low.ravel()[0]), float(column.high.ravel()[0])
    if low == high:
        return f"{low:g}"
    return "?" if np.isinf(low) and np.isinf(high) else f"{low:g}..{high:g}"


def _listed(name: str, told: Sequence[Words]) -> Words:
    zh, en = (", ".join(item[side] for item in told) for side in (0, 1))
    return f"{name}({zh})", f"{name}({en})"
