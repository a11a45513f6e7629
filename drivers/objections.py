"""What is wrong with the settings of a device or the address of a tag, in both languages."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from drivers.errors import MisconfiguredError


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing wrong; both texts say what would be right."""

    key: str
    """Of the device's table, or the column of the tag."""
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.key}: {self.en}"

    def text(self, language: str) -> str:
        """Key and words, `zh` or `en`."""
        return f"{self.key}: {self.zh if language == 'zh' else self.en}"


class WrongValueError(ValueError):
    """A value that a setting cannot have; for validators of pydantic, whose own error then carries both texts."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        super().__init__(en)


_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = MappingProxyType(
    {
        "string_type": lambda _: "应为文本（加引号）",
        "int_type": lambda _: "应为整数",
        "float_type": lambda _: "应为数字",
        "finite_number": lambda _: "应为有限的数字",
        "bool_type": lambda _: "应为 true 或 false",
        "tuple_type": lambda _: "应为列表",
        "list_type": lambda _: "应为列表",
        "greater_than": lambda context: f"应大于 {context['gt']:g}",
        "greater_than_equal": lambda context: f"应不小于 {context['ge']:g}",
        "less_than": lambda context: f"应小于 {context['lt']:g}",
        "less_than_equal": lambda context: f"应不大于 {context['le']:g}",
        "literal_error": lambda context: f"应为 {context['expected'].replace(' or ', ' 或 ').replace(', ', '、')}",
    }
)
"""What is wrong with a value, by pydantic's name for it."""


def objections_of(error: ValidationError, known: Iterable[str]) -> list[Objection]:
    """Everything pydantic says of the keys of a device; `known` are those there are."""
    names = list(known)
    return [_objection(dict(detail), names) for detail in error.errors(include_url=False)]


def refused(objections: Iterable[Objection], whose: str = "") -> MisconfiguredError:
    """The error that says all of them; `whose`: of which device or tag."""
    found = list(objections)
    head = f"{whose}: " if whose else ""
    en, zh = "; ".join(map(str, found)), "；".join(each.text("zh") for each in found)
    return MisconfiguredError(f"{head}{en}", f"{head}{zh}")


def _objection(detail: Mapping[str, Any], known: list[str]) -> Objection:
    key = str(detail["loc"][0])
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    cause = context.get("error")
    if isinstance(cause, WrongValueError):
        return Objection(key, cause.zh, str(cause))
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(key, known, n=1)
        if near:
            return Objection(key, f"未知的键，是否为 {near[0]}？", f"unknown key, did you mean {near[0]}?")
        return Objection(key, f"未知的键；可用：{'、'.join(known)}", f"unknown key; known: {', '.join(known)}")
    if kind == "missing":
        return Objection(key, "必填", "missing")
    words = _WORDS[kind](context) if kind in _WORDS else detail["msg"]
    return Objection(key, f"{value!r} {words}", f"{value!r} {detail['msg'].replace('Input should', 'should')}")
