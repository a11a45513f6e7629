"""Conditions once more, one value at a time: trees as tuples, written as text and judged without arrays.

("const", 3.0)  ("tag", name)  ("previous", name)  ("arith", op, a, b)  ("fn", name, a, b ...)
("compare", op, a, b)  ("count", op, k, t, u ...)  ("and" | "or", t, u ...)  ("not", t)  ("for", seconds, t)
("good" | "usable", name)  ("mode", name)
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.rules.oracle import BAD, FALSE, GOOD, NEVER_SEEN, TRUE, UNCERTAIN, UNKNOWN, Point

Tree = tuple[Any, ...]
Between = tuple[float, float, bool]
"""(at least, at most, an UNCERTAIN reading is part of it)."""
SECOND = 1_000_000_000
ANYWHERE = (-math.inf, math.inf)
HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def text_of(tree: Tree) -> str:
    kind, *rest = tree
    match kind:
        case "const":
            return repr(rest[0])
        case "tag" | "mode":
            return f"{kind}('{rest[0]}')"
        case "previous" | "good" | "usable":
            return f"{kind}(tag('{rest[0]}'))"
        case "arith" | "compare":
            return f"({text_of(rest[1])} {rest[0]} {text_of(rest[2])})"
        case "fn" if rest[0] == "neg":
            return f"(-{text_of(rest[1])})"
        case "fn":
            return f"{rest[0]}({', '.join(text_of(each) for each in rest[1:])})"
        case "count":
            return f"(count_true({', '.join(text_of(each) for each in rest[2:])}) {rest[0]} {rest[1]})"
        case "and" | "or":
            return "(" + f" {kind} ".join(text_of(each) for each in rest) + ")"
        case "not":
            return f"(not {text_of(rest[0])})"
        case "for":
            return f"({text_of(rest[1])} for {rest[0]} s)"
    raise AssertionError(kind)


@dataclass
class Count:
    """One `for`."""

    before: int = UNKNOWN
    before_ns: int = 0
    counted_ns: int = 0
    held_ns: int = -1

    def step(self, now: int, now_ns: int, duration_ns: int) -> int:
        if self.before == TRUE:
            self.counted_ns += now_ns - self.before_ns
            self.held_ns = now_ns if now == UNKNOWN else -1
        elif now != UNKNOWN:
            self.held_ns = -1
        if now == FALSE:
            self.counted_ns = 0
        self.before, self.before_ns = now, now_ns
        ran_out = self.counted_ns >= duration_ns
        if now == UNKNOWN:
            return TRUE if ran_out and self.held_ns == now_ns else UNKNOWN
        return TRUE if now == TRUE and ran_out else FALSE


@dataclass
class Oracle:
    """One condition with its memory."""

    tree: Tree
    modes: Mapping[str, Tree]
    discrete: frozenset[str]
    counts: dict[tuple[object, ...], Count] = field(default_factory=dict)
    read: dict[str, list[Point]] = field(default_factory=dict)
    """The last two readings of each tag."""

    def judge(self, points: Mapping[str, Point], now_ns: int) -> int:
        self.points, self.now_ns = points, now_ns
        for name, point in points.items():
            kept = self.read.setdefault(name, [])
            if point.received_ns > 0 and (not kept or point.received_ns > kept[-1].received_ns):
                kept.append(Point(point.value, point.quality, point.received_ns))
            elif kept and point.received_ns == kept[-1].received_ns and point.quality <= BAD:
                kept[-1] = Point(point.value, point.quality, point.received_ns)
        return self.truth(self.tree, True, ())

    def truth(self, tree: Tree, positive: bool, path: tuple[object, ...]) -> int:
        kind, *rest = tree
        match kind:
            case "compare":
                return self.compare(rest[0], self.number(rest[1]), self.number(rest[2]), positive)
            case "and" | "or":
                found = [self.truth(each, positive, (*path, place)) for place, each in enumerate(rest)]
                decisive = FALSE if kind == "and" else TRUE
                return decisive if decisive in found else UNKNOWN if UNKNOWN in found else 1 - decisive
            case "not":
                return {TRUE: FALSE, FALSE: TRUE, UNKNOWN: UNKNOWN}[self.truth(rest[0], not positive, (*path, 0))]
            case "for":
                now = self.truth(rest[1], positive, (*path, 0))
                count = self.counts.setdefault(path, Count())
                return count.step(now, self.now_ns, round(rest[0] * SECOND))
            case "good" | "usable":
                quality = self.points[rest[0]].quality
                if quality == NEVER_SEEN:
                    return UNKNOWN
                return TRUE if quality <= (GOOD if kind == "good" else UNCERTAIN) else FALSE
            case "mode":
                return self.truth(self.modes[rest[0]], positive, (*path, 0))
            case "count":
                return self.count(tree, positive, path)
        raise AssertionError(kind)

    def count(self, tree: Tree, positive: bool, path: tuple[object, ...]) -> int:
        _, operator, limit, *arguments = tree

        def half(how: str) -> int:
            rising = positive if how in (">", ">=") else not positive
            found = [self.truth(each, rising, (*path, how, place)) for place, each in enumerate(arguments)]
            least, most = found.count(TRUE), len(found) - found.count(FALSE)
            answers = {HOLDS[how](many, limit) for many in range(least, most + 1)}
            return UNKNOWN if len(answers) == 2 else TRUE if True in answers else FALSE

        if operator in ("==", "!="):
            both = [half(">="), half("<=")] if operator == "==" else [half(">"), half("<")]
            decisive = FALSE if operator == "==" else TRUE
            return decisive if decisive in both else UNKNOWN if UNKNOWN in both else 1 - decisive
        return half(operator)

    def compare(self, operator: str, left: Between, right: Between, positive: bool) -> int:
        (a, b, unsure), (c, d, unsure_too) = left, right
        if operator in ("==", "!="):
            same, apart = a == b == c == d, b < c or a > d
            holds, fails = (same, apart) if operator == "==" else (apart, same)
        else:
            corners = [HOLDS[operator](x, y) for x in (a, b) for y in (c, d)]
            holds, fails = all(corners), not any(corners)
        if (unsure or unsure_too) and not (holds if positive else fails):
            return UNKNOWN
        return TRUE if holds else FALSE if fails else UNKNOWN

    def reading(self, name: str, point: Point) -> Between:
        fits = point.value in (0.0, 1.0) if name in self.discrete else math.isfinite(point.value)
        low, high = (point.value, point.value) if point.quality < BAD and fits else ANYWHERE
        return low, high, point.quality == UNCERTAIN

    def number(self, tree: Tree) -> Between:
        kind, *rest = tree
        match kind:
            case "const":
                return rest[0], rest[0], False
            case "tag":
                return self.reading(rest[0], self.points[rest[0]])
            case "previous":
                kept = self.read[rest[0]]
                return self.reading(rest[0], kept[-2] if len(kept) > 1 else Point())
            case "arith":
                return self.arithmetic(rest[0], self.number(rest[1]), self.number(rest[2]))
            case "fn":
                return self.function(rest[0], [self.number(each) for each in rest[1:]])
        raise AssertionError(kind)

    def arithmetic(self, operator: str, left: Between, right: Between) -> Between:
        (a, b, unsure), (c, d, unsure_too) = left, right
        pairs = [(x, y) for x in (a, b) for y in (c, d)]
        if operator == "+":
            pairs = [(a, c), (b, d)]
        elif operator == "-":
            pairs = [(a, d), (b, c)]
        elif operator == "/" and c <= 0 <= d:
            return (*ANYWHERE, unsure or unsure_too)
        calculate: dict[str, Callable[[float, float], float]] = {
            "+": lambda x, y: x + y,
            "-": lambda x, y: x - y,
            "*": lambda x, y: x * y,
            "/": lambda x, y: x / y,
        }
        corners = [calculate[operator](x, y) for x, y in pairs]
        return self.tidy(corners, a == b and c == d, unsure or unsure_too)

    def tidy(self, corners: list[float], exact: bool, unsure: bool) -> Between:
        low, high = min(corners), max(corners)
        lost = any(math.isnan(corner) for corner in corners) or low == math.inf or high == -math.inf
        if lost or (exact and math.isinf(low)):
            low, high = ANYWHERE
        return low, high, unsure

    def function(self, name: str, numbers: list[Between]) -> Between:
        unsure = any(number[2] for number in numbers)
        low, high, _ = numbers[0]
        if name == "neg":
            return -high, -low, unsure
        if name == "abs":
            least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
            return least, max(abs(low), abs(high)), unsure
        lows, highs = [number[0] for number in numbers], [number[1] for number in numbers]
        exact = all(number[0] == number[1] for number in numbers)
        return self.tidy([_of_several(name, lows), _of_several(name, highs)], exact, unsure)


def _of_several(name: str, values: list[float]) -> float:
    if name == "min":
        return min(values)
    if name == "max":
        return max(values)
    if name == "mean":
        return sum(values) / len(values)
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
