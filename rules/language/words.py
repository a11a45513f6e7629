"""The text before Python's parser sees it: a closed alphabet, matched brackets, and `for 10 s` turned into a call.

What passes here is printable ASCII of at most LENGTH characters, so that a column of the parser is a character, and no
number, name or nesting is big enough to hurt.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from rules.language.errors import ExpressionRefusedError

LENGTH: Final = 4000
DEPTH: Final = 24
"""Brackets inside brackets."""
NUMBER_LENGTH: Final = 24
WANT_MORE: Final = frozenset({"and", "or", "not"})
PREFIXES: Final = frozenset({"not", "+", "-"})
PREFIX_ROW: Final = 4
LASTING: Final = "_lasting"
"""The call that `for` becomes; no name of the language begins with an underscore."""
DURATION_NS: Final = {"ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9}

_WORD: Final = re.compile(
    r"(?P<space>[ \t\r\n]+)|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<text>'[^'\\\r\n]*'|\"[^\"\\\r\n]*\")"
    r"|(?P<sign>===|<>|=>|=<|&&|\|\||\*\*|//|<=|>=|==|!=|[-+*/<>(),=&|!\[\]{}])"
)
_INSTEAD: Final = {
    "=": "==", "===": "==", "<>": "!=", "=>": ">=", "=<": "<=", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not",
    "[": "(", "]": ")", "{": "(", "}": ")",
}  # fmt: skip
_RESERVED: Final = {"AND": "and", "OR": "or", "NOT": "not", "FOR": "for", "And": "and", "Or": "or", "Not": "not"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the text."""

    kind: str
    """number, name, text or sign."""
    text: str
    at: int
    """Offset of its first character."""

    @property
    def end(self) -> int:
        """Offset behind its last character."""
        return self.at + len(self.text)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What Python's parser gets, and where each of its characters came from."""

    text: str
    origin: tuple[int, ...]
    """Offset in the text as written, for each character of `text` and one behind it."""


def prepare(text: str) -> Prepared:
    """Check the words and brackets and write `for` as a call.

    :raises ExpressionRefusedError: a character, number or bracket that cannot be, an unclear `for`.
    """
    if len(text) > LENGTH:
        zh, en = f"太长：{len(text)} 个字符，最多 {LENGTH}", f"too long: {len(text)} characters, at most {LENGTH}"
        raise ExpressionRefusedError(text, LENGTH + 1, zh, f"{en}; name a part of it as a mode")
    found = _words(text)
    if not found:
        raise ExpressionRefusedError(text, 1, "没有条件", "there is no condition")
    _check_brackets(text, found)
    _check_complete(text, found)
    return _with_calls(text, found)


def _words(text: str) -> list[Word]:
    found: list[Word] = []
    at = 0
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        kind = str(match.lastgroup)
        if kind != "space":
            word = Word(kind, match[0], at)
            _check_word(text, word)
            _check_neighbour(text, word, found)
            found.append(word)
        at = match.end()
    return found


def _check_neighbour(text: str, word: Word, found: list[Word]) -> None:
    """What Python would read in a way of its own: ids side by side, a number that runs into a name, rows of signs."""
    before = found[-1] if found else None
    if word.kind == "text" and (before is None or before.text not in ("(", ",")):
        zh, en = "引号里的编号只能写在括号里，如 tag('LT-101')", "an id stands in brackets, such as tag('LT-101')"
        raise ExpressionRefusedError(text, word.at + 1, zh, en)
    glued = before is not None and before.kind == "number" and word.kind in ("name", "number") and before.end == word.at
    if glued and not (len(found) > 1 and found[-2].text == "for"):
        zh, en = "数字后面不能直接跟字母或数字", "a number does not run into what follows it"
        raise ExpressionRefusedError(text, word.at + 1, zh, en)
    if word.text in PREFIXES and len(found) >= PREFIX_ROW and all(w.text in PREFIXES for w in found[-PREFIX_ROW:]):
        zh, en = f"连续的 not、+、- 超过 {PREFIX_ROW} 个", f"more than {PREFIX_ROW} of not, + and - in a row"
        raise ExpressionRefusedError(text, word.at + 1, zh, en)


def _unreadable(text: str, at: int) -> ExpressionRefusedError:
    sign = text[at]
    if sign in "'\"":
        zh, en = "引号没有成对（编号里也不能有反斜杠）", "this quote is never closed (an id has no backslash)"
        return ExpressionRefusedError(text, at + 1, zh, en)
    plain = unicodedata.normalize("NFKC", sign)
    if plain != sign and len(plain) == 1 and plain.isascii() and plain.isprintable():
        return ExpressionRefusedError(text, at + 1, f"全角字符，应为 {plain}", f"full-width character, type {plain}")
    shown = repr(sign) if sign.isprintable() else f"U+{ord(sign):04X}"
    zh, en = f"不能有字符 {shown}", f"the character {shown} has no place here"
    return ExpressionRefusedError(text, at + 1, zh, en)


def _check_word(text: str, word: Word) -> None:
    instead = _INSTEAD.get(word.text) if word.kind == "sign" else _RESERVED.get(word.text)
    if instead is not None:
        raise ExpressionRefusedError(
            text, word.at + 1, f"{word.text} 应写作 {instead}", f"{word.text} is written {instead}"
        )
    if word.text in ("**", "//"):
        zh, en = f"没有运算 {word.text}，只有 + - * /", f"there is no {word.text}, only + - * /"
        raise ExpressionRefusedError(text, word.at + 1, zh, en)
    if word.kind == "number" and len(word.text) > NUMBER_LENGTH:
        zh, en = f"数字太长，最多 {NUMBER_LENGTH} 位", f"the number is too long, at most {NUMBER_LENGTH} characters"
        raise ExpressionRefusedError(text, word.at + 1, zh, en)
    if word.kind == "text" and not all(" " <= sign <= "~" for sign in word.text):
        place = next(place for place, sign in enumerate(word.text) if not " " <= sign <= "~")
        zh, en = "编号只能由英文字母、数字和 _ - . 组成", "an id has letters, digits and _ - . only"
        raise ExpressionRefusedError(text, word.at + 1 + place, zh, en)


def _check_brackets(text: str, found: list[Word]) -> None:
    opened: list[Word] = []
    for word in found:
        if word.text == "(":
            opened.append(word)
            if len(opened) > DEPTH:
                zh, en = f"括号嵌套超过 {DEPTH} 层", f"brackets are nested deeper than {DEPTH}"
                raise ExpressionRefusedError(text, word.at + 1, zh, f"{en}; name a part of it as a mode")
        elif word.text == ")":
            if not opened:
                raise ExpressionRefusedError(text, word.at + 1, "多了一个右括号", "this bracket was never opened")
            opened.pop()
    if opened:
        raise ExpressionRefusedError(text, opened[-1].at + 1, "括号没有闭合", "this bracket is never closed")


def _check_complete(text: str, found: list[Word]) -> None:
    """Nothing ends with a sign that wants something behind it."""
    for word, behind in zip(found, [*found[1:], None], strict=True):
        wants = word.text in WANT_MORE or (word.kind == "sign" and word.text not in "()")
        if wants and (behind is None or behind.text in (")", ",")):
            zh, en = f"{word.text} 后面缺少内容", f"something is missing after {word.text}"
            raise ExpressionRefusedError(text, word.at + 1, zh, en)


@dataclass(slots=True)
class _Segment:
    """What stands between a bracket or comma and the next."""

    first: int
    """Place of its first word."""
    joins: bool = False
    """Has an and or an or."""
    lasting: Word | None = None


def _with_calls(text: str, found: list[Word]) -> Prepared:
    inserts: list[tuple[int, int, str, int]] = []  # from, to (offsets), what stands there instead, where it came from
    open_segments = [_Segment(0)]
    place = 0
    while place < len(found):
        word, segment = found[place], open_segments[-1]
        if word.text == "(":
            open_segments.append(_Segment(place + 1))
        elif word.text == ")":
            open_segments.pop()
        elif word.text == ",":
            open_segments[-1] = _Segment(place + 1)
        elif word.text in ("and", "or"):
            segment.joins = True
        elif word.text == "for" and word.kind == "name":
            duration, unit = _duration(text, found, place)
            _check_clear(text, found, place, segment)
            segment.lasting = word
            first = found[segment.first].at
            inserts.append((first, first, f"{LASTING}(", word.at))
            inserts.append((word.at, word.end, ",", word.at))
            inserts.append((duration.end, unit.end, f",'{unit.text}')", unit.at))
            place += 2
        place += 1
    return _edited(text, inserts)


def _duration(text: str, found: list[Word], place: int) -> tuple[Word, Word]:
    """The number and the unit behind `for`."""
    word, behind = found[place], found[place + 1 : place + 3]
    units = ", ".join(DURATION_NS)
    if len(behind) < 2 or behind[0].kind != "number" or behind[1].text not in DURATION_NS:
        at = next((item.at for item, kind in zip(behind, ("number", "name"), strict=False) if item.kind != kind), None)
        if at is None:
            at = behind[1].at if len(behind) == 2 else word.at
        zh = f"for 后面应为时间，如 for 10 s（单位 {units}）"
        raise ExpressionRefusedError(text, at + 1, zh, f"after for comes a time such as for 10 s (units: {units})")
    return behind[0], behind[1]


def _check_clear(text: str, found: list[Word], place: int, segment: _Segment) -> None:
    """`for` takes all that stands left of it in its brackets; where more follows, that must be one thing."""
    word = found[place]
    if place == segment.first:
        raise ExpressionRefusedError(text, word.at + 1, "for 前面没有条件", "there is no condition before for")
    follows = found[place + 3] if place + 3 < len(found) else None
    ends = follows is None or follows.text in (")", ",")
    if follows is not None and not ends and follows.text not in ("and", "or"):
        zh, en = f"{follows.text} 不能跟在时间后面", f"{follows.text} cannot follow a time"
        raise ExpressionRefusedError(text, follows.at + 1, zh, en)
    if segment.lasting is not None or (segment.joins and not ends):
        zh = "for 管到哪里不清楚，请给要持续的条件加括号"
        en = "it is not clear what must last: put brackets around it, such as (a and b) for 10 s"
        raise ExpressionRefusedError(text, word.at + 1, zh, en)


def _edited(text: str, inserts: list[tuple[int, int, str, int]]) -> Prepared:
    pieces: list[str] = []
    origin: list[int] = []
    at = 0
    for first, last, instead, came_from in sorted(inserts):
        pieces += (text[at:first], instead)
        origin += (*range(at, first), *[came_from] * len(instead))
        at = last
    pieces.append(text[at:])
    origin += range(at, len(text) + 1)
    flat = "".join(pieces).translate({ord(sign): " " for sign in "\t\r\n"})
    lead = len(flat) - len(flat.lstrip(" "))  # to Python a blank in front is an indentation
    return Prepared(flat[lead:], tuple(origin[lead:]))
