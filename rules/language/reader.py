"""What reading a text needs at every node: where it stands, how much there is of it, which tags it names."""

import ast
import difflib
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from rules.columns.tags import TagTable
from rules.language.errors import ExpressionRefusedError
from rules.language.tree import Reading, Truth
from rules.language.words import Prepared, prepare

_LIKE_AN_ID: Final = re.compile(r"[A-Za-z0-9_.-]+")
NODES: Final = 500
"""Nodes of one condition, modes written out."""
NESTING: Final = 60
"""Nodes inside nodes."""
LASTINGS: Final = 8
"""`for` in one condition, modes written out."""
PREVIOUS: Final = 4
"""Tags with a previous reading in one condition, modes written out."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree and what it costs."""

    truth: Truth
    nodes: int
    lastings: int
    previous: frozenset[str]
    """Tags whose previous reading is asked for."""


@dataclass(slots=True)
class Surroundings:
    """What the texts of one condition share: its own and those of the modes it uses."""

    table: TagTable
    modes: Mapping[str, str]
    parsed: dict[tuple[str, bool], Parsed] = field(default_factory=dict)
    """Modes already read, by (id, positive)."""


class TextReader:
    """One text with its place in it."""

    def __init__(self, text: str, around: Surroundings, inside: tuple[str, ...] = ()) -> None:
        """`inside`: the modes that are being written out.

        :raises ExpressionRefusedError: a character, number or bracket that cannot be.
        """
        self._text, self._around, self._inside = text, around, inside
        self._prepared: Prepared = prepare(text)
        self._nodes = self._lastings = 0
        self._previous: set[str] = set()

    def _refuse(self, offset: int, zh: str, en: str) -> NoReturn:
        """Refuse at a column of what the parser saw (0-based)."""
        origin = self._prepared.origin
        raise ExpressionRefusedError(self._text, origin[min(max(offset, 0), len(origin) - 1)] + 1, zh, en)

    def _grow(self, node: ast.expr, depth: int, nodes: int = 1) -> None:
        self._nodes += nodes
        if depth > NESTING or self._nodes > NODES:
            zh, en = f"太复杂：超过 {NODES} 项或 {NESTING} 层", f"too complex: over {NODES} terms or {NESTING} levels"
            self._refuse(node.col_offset, zh, en)

    def _grow_state(self, node: ast.expr, lastings: int, previous: Collection[str]) -> None:
        self._lastings += lastings
        self._previous.update(previous)
        if self._lastings > LASTINGS:
            zh, en = f"for 超过 {LASTINGS} 个", f"more than {LASTINGS} times for"
            self._refuse(node.col_offset, zh, f"{en} in one condition")
        if len(self._previous) > PREVIOUS:
            zh, en = f"用 previous 的位号超过 {PREVIOUS} 个", f"previous of more than {PREVIOUS} tags"
            self._refuse(node.col_offset, zh, en)

    def _refuse_unknown(self, node: ast.expr, zh: str, en: str) -> NoReturn:
        """Refuse a node that has no place, by what it most likely is meant to be."""
        table = self._around.table
        match node:
            case ast.Call(func=ast.Name(id=name), col_offset=at) if name not in FUNCTIONS:
                near = nearest(name, FUNCTIONS)
                self._refuse(at, f"没有函数 {name}{near[0]}", f"there is no function {name}{near[1]}")
            case ast.Name(id=name, col_offset=at):
                looks = _LIKE_AN_ID.match(self._prepared.text, at)
                tag = looks[0] if looks and looks[0] in table.row_of else name
                zh, en = f"不认识 {tag}；位号写作 tag('{tag}')", f"{tag} means nothing; a tag is written tag('{tag}')"
                self._refuse(at, zh, en)
        self._refuse(node.col_offset, zh, en)

    def _literal(self, node: ast.Constant) -> float:
        try:
            value = float(node.value)  # type: ignore[arg-type]  # the parser lets only numbers through
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            self._refuse(node.col_offset, "数字太大", "the number is too big")
        return value

    def _id(self, node: ast.Call, name: str) -> str:
        """The one text in the brackets."""
        match node.args:
            case [ast.Constant(value=str() as found)] if not node.keywords:
                return found
        at = node.args[0].col_offset if node.args else node.col_offset
        zh, en = f"{name} 只要一个带引号的编号，如 {name}('LT-101')", f"{name} takes one id in quotes"
        self._refuse(at, zh, f"{en}, such as {name}('LT-101')")

    def _tag(self, node: ast.Call) -> Reading:
        name = self._id(node, "tag")
        table = self._around.table
        row = table.row_of.get(name)
        if row is None:
            near = nearest(name, table.ids)
            self._refuse(
                node.args[0].col_offset + 1, f"没有位号 {name!r}{near[0]}", f"there is no tag {name!r}{near[1]}"
            )
        return Reading(name, table.tags[row].discrete)

    def _reading_inside(self, node: ast.Call, name: str) -> Reading:
        """tag('ID') as the one argument of `name`."""
        match node.args:
            case [ast.Call(func=ast.Name(id="tag")) as inner] if not node.keywords:
                return self._tag(inner)
        at = node.args[0].col_offset if node.args else node.col_offset
        zh, en = f"{name} 里只写一个位号：{name}(tag('LT-101'))", f"{name} takes one tag: {name}(tag('LT-101'))"
        self._refuse(at, zh, en)


TRUTHS: Final = ("good", "usable", "is_on", "is_off", "mode")
"""Functions that give a truth."""
NUMBERS: Final = ("tag", "previous", "count_true", "abs", "min", "max", "mean", "median")
"""Functions that give a number."""
FUNCTIONS: Final = (*NUMBERS, *TRUTHS)


def nearest(word: str, known: Collection[str]) -> tuple[str, str]:
    """Words (zh, en) that name the nearest known spelling, or nothing."""
    # comparing with every tag of a big plant takes seconds: only those of about this length
    likely = [name for name in known if abs(len(name) - len(word)) <= 2]
    same_start = [name for name in likely if name[:1].upper() == word[:1].upper()]
    found = difflib.get_close_matches(word, same_start[:20_000] or likely[:20_000], n=1, cutoff=0.6)
    return (f"，是否为 {found[0]}？", f"; did you mean {found[0]}?") if found else ("", "")
