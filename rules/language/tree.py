"""A condition as a typed tree.  Numbers and truths are different classes: neither stands where the other is wanted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Ordering = Literal["<", "<=", ">", ">=", "==", "!="]
Operator = Literal["+", "-", "*", "/"]
FunctionName = Literal["abs", "neg", "min", "max", "mean", "median"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A number as it was written."""

    value: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tag reads now, or (`previous`) the reading before; `discrete`: a state, 0 or 1."""

    tag: str
    discrete: bool
    previous: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """left + - * / right."""

    operator: Operator
    left: "Number"
    right: "Number"


@dataclass(frozen=True, slots=True)
class Function:
    """abs and neg of one number; min, max, mean, median of several."""

    name: FunctionName
    arguments: tuple["Number", ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many of several truths are TRUE."""

    arguments: tuple["Truth", ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two numbers compared.

    `positive`: the comparison works towards TRUE of the whole, so UNCERTAIN may make it TRUE and never FALSE; under a
    `not` it is the other way round, so that UNCERTAIN never makes the whole FALSE.
    """

    ordering: Ordering
    left: "Number"
    right: "Number"
    positive: bool


@dataclass(frozen=True, slots=True)
class Junction:
    """Kleene and, or."""

    word: Literal["and", "or"]
    arguments: tuple["Truth", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """Kleene not."""

    argument: "Truth"


@dataclass(frozen=True, slots=True)
class Lasting:
    """TRUE once its condition was TRUE for `duration_ns` without being FALSE."""

    argument: "Truth"
    duration_ns: int


@dataclass(frozen=True, slots=True)
class QualityTest:
    """good: GOOD; usable: GOOD or UNCERTAIN; UNKNOWN while the tag was never seen."""

    name: Literal["good", "usable"]
    reading: Reading


@dataclass(frozen=True, slots=True)
class Mode:
    """A named condition, written out where it is used."""

    name: str
    argument: "Truth"


Number = Constant | Reading | Arithmetic | Function | Count
Truth = Comparison | Junction | Negation | Lasting | QualityTest | Mode
Node = Number | Truth


def parts(node: Node) -> tuple[Node, ...]:
    """What a node is made of, in the order in which it is written."""
    match node:
        case Constant() | Reading():
            return ()
        case Arithmetic(_, left, right) | Comparison(_, left, right, _):
            return (left, right)
        case Function(_, arguments) | Count(arguments) | Junction(_, arguments):
            return arguments
        case Negation(argument) | Lasting(argument, _) | Mode(_, argument):
            return (argument,)
        case QualityTest(_, reading):
            return (reading,)


def walk(node: Node) -> Iterator[Node]:
    """Every node, the outermost first, in the order in which they are written."""
    yield node
    for part in parts(node):
        yield from walk(part)
