"""Refusals in both languages: none of any kind is in English only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules import errors
from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.errors import RuleError, RulesRefusedError
from rules.kinds.limits import Limit
from tests.rules.plants import tag

RULES = Path(errors.__file__).parent
LEVEL = tag("LT-1")


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


def texts(node: ast.expr) -> str:
    """All literal text of an expression."""
    found = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return "".join(value for value in found if isinstance(value, str))


def parts(node: ast.expr) -> list[ast.expr]:
    """Of `zh, en`."""
    return node.elts if isinstance(node, ast.Tuple) else [node]


def refusals() -> Iterator[tuple[str, str, str]]:
    """(place, zh, en) of every RuleError that the engine makes; names stand for what was assigned last before them."""
    for path in sorted(RULES.rglob("*.py")):
        assigned: dict[str, ast.expr] = {}
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.Call))
        for node in sorted(nodes, key=lambda item: (item.lineno, item.col_offset)):
            if isinstance(node, ast.Assign):
                target, value = node.targets[0], node.value
                both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
                names = zip(parts(target), parts(value), strict=True) if both else [(target, value)]
                assigned |= {name.id: of for name, of in names if isinstance(name, ast.Name)}
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "RuleError":
                zh, en = (assigned.get(arg.id, arg) if isinstance(arg, ast.Name) else arg for arg in node.args[2:4])
                yield f"{path.relative_to(RULES)}:{node.lineno}", texts(zh), texts(en)


def test_every_refusal_is_in_both_languages() -> None:
    found = list(refusals())
    assert len(found) > 100
    # the words come from the reader of the text, from the vessel
    own = {"kinds/expressions.py", "kinds/modes.py", "kinds/mistakes.py"}
    for place, zh, en in found:
        assert place.partition(":")[0] in own or is_chinese(zh), place
        assert not is_chinese(en), place


SHARED = [
    (errors.unknown_tag("a", "tag", "LT-9"), "没有位号 'LT-9'", "no tag 'LT-9'"),
    (errors.stands_twice("a", "tags", "LT-9"), "LT-9 重复", "LT-9 stands twice"),
    (errors.needs_analog("a", "tag", "X"), "应用模拟量位号；X 是开关量", "needs an analog tag; X is discrete"),
    (
        errors.needs_discrete("a", "tag", "X", ("旁路位", "a bypass bit")),
        "旁路位应用开关量位号；X 是模拟量",
        "a bypass bit needs a discrete tag; X is analog",
    ),
    (errors.not_a_number("a", "limit", float("nan")), "nan 不是数字", "nan is not a number"),
    (errors.not_a_state("a", "state", 2), "应为 0 或 1，现为 2", "is 0 or 1, not 2"),
    (errors.no_dead_band("a", -1), "-1 不是宽度；死区应为 0 或以上", "-1 is not a width; a dead band is 0 or more"),
    (errors.no_share("a", "coverage", 2), "2 应大于 0 且不大于 1", "2 must be above 0 and at most 1"),
    (
        errors.outside_range("a", "limit", 99, LEVEL),
        f"99 超出量程 {LEVEL.low:g} 到 {LEVEL.high:g} {LEVEL.eu}",
        f"99 is outside the range {LEVEL.low:g} to {LEVEL.high:g} {LEVEL.eu}",
    ),
    (
        errors.outside_range("a", "limit", 99, LEVEL, named=True),
        f"99 超出 LT-1 的量程 {LEVEL.low:g} 到 {LEVEL.high:g} {LEVEL.eu}",
        f"99 is outside the range {LEVEL.low:g} to {LEVEL.high:g} {LEVEL.eu} of LT-1",
    ),
]


@pytest.mark.parametrize(("error", "zh", "en"), SHARED)
def test_what_many_kinds_refuse(error: RuleError, zh: str, en: str) -> None:
    assert (error.rule_id, error.zh, error.en) == ("a", zh, en)
    assert str(error) == f"a: {error.field}: {en}"


def test_a_refusal_carries_every_mistake() -> None:
    wrong = Limit(id="a", tag="LT-9", kind="H", set_point=1.0)
    other = Limit(id="b", tag="LT-1", kind="H", set_point=float("nan"))
    with pytest.raises(RulesRefusedError) as refused:
        compile_rules((wrong, other), TagTable([LEVEL]))
    assert [(error.rule_id, error.field) for error in refused.value.errors] == [("a", "tag"), ("b", "set_point")]
    assert str(refused.value) == "a: tag: no tag 'LT-9'; b: set_point: nan is not a number"
