"""What an alarm says, in Chinese and English: what it is about, what happened, how far."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.alarms.definition import AlarmDefinition, AlarmKind
from monitor.alarms.kinds import KIND_WORDS
from monitor.alarms.lifecycle import Trigger

NAMES_SHOWN: Final = 5
"""More names than this are cut in a message; the alarm keeps them all."""
_MOST_DECIMALS: Final = 6
_AMOUNT_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One text in both languages; `key` (kind.trigger) stays the same for ever."""

    key: str
    zh: str
    en: str


_SYSTEM: Final[dict[str, tuple[str, str]]] = {
    "clock_step": ("系统时钟跳变", "system clock stepped"),
    "clock_skew": ("现场设备时钟偏差超限", "clock of a device is off"),
    "disk": ("磁盘空间不足", "disk space low"),
    "overrun": ("数据来不及处理", "readings come faster than they are judged"),
    "history": ("历史数据停止记录", "history is not being recorded"),
}
"""Last part of the id of a `system.<noun>` alarm."""

_HAPPENED: Final[dict[Trigger, tuple[str, str]]] = {
    Trigger.RAISED: ("", ""),
    Trigger.RETURNED: ("恢复", "returned"),
    Trigger.RETURNED_LATCHED: ("恢复，锁定待复位", "returned, latched until reset"),
    Trigger.RETURNED_UNTOLD: ("恢复，抑制期间未通知", "returned, nobody had been told"),
    Trigger.REACTIVATED: ("再次触发，上一次关闭", "came again, the one before is closed"),
    Trigger.ACKNOWLEDGED: ("已确认", "acknowledged"),
    Trigger.RESET: ("已复位", "reset"),
    Trigger.RE_ALARMED: ("仍未消除，再次报警", "still standing, annunciated again"),
    Trigger.PRIORITY_RAISED: ("优先级升高", "priority raised"),
    Trigger.SHELVED: ("已搁置", "shelved"),
    Trigger.SUPPRESSED: ("按设计抑制", "suppressed by design"),
    Trigger.REMOVED_FROM_SERVICE: ("已停用", "removed from service"),
    Trigger.UNSHELVED: ("搁置结束", "shelving ended"),
    Trigger.RELEASED: ("设计抑制结束", "suppression by design ended"),
    Trigger.RETURNED_TO_SERVICE: ("恢复投用", "returned to service"),
    Trigger.UNSUPPRESSED: ("抑制解除，仍在报警", "no longer suppressed, still active"),
    Trigger.DEFINITION_REMOVED: ("报警定义已删除，关闭", "closed, its definition was removed"),
    Trigger.DEFINITION_CHANGED: (
        "报警定义已修改，关闭后重新判断",
        "closed and judged anew, its definition was changed",
    ),
}
_BEYOND: Final = {"high": ("≥", "<", ">=", "<"), "low": ("≤", ">", "<=", ">")}
"""Telling -> relation beyond and within the limit, Chinese and English."""


def message(
    definition: AlarmDefinition,
    trigger: Trigger,
    value: float | None,
    limit: float | None,
    detail: Sequence[str] = (),
    person_name: str = "",
    why: tuple[str, str] = ("", ""),
) -> Message:
    """Word one transition; `value` and `limit` in the tag's unit, `detail` the names the alarm lists, `why` (zh, en)."""
    what_zh, what_en = _what(definition)
    far_zh, far_en = _how_far(definition, value, limit, detail)
    happened_zh, happened_en = _HAPPENED[trigger]
    if person_name:
        happened_zh, happened_en = f"{happened_zh}：{person_name}", f"{happened_en} by {person_name}"
    if why[0]:
        happened_zh, happened_en = f"{happened_zh}（{why[0]}）", f"{happened_en} ({why[1]})"
    if happened_zh:
        happened_zh, happened_en = f"【{happened_zh}】", f"[{happened_en}]"
    head = _head(definition)
    return Message(
        key=f"{definition.kind}.{trigger.value}",
        zh=_joined(head, definition.subject_zh, what_zh, far_zh, happened_zh),
        en=_joined(head, definition.subject_en, what_en, far_en, happened_en),
    )


def kind_of(message_key: str) -> str:
    """The alarm kind in a message key; what is left of a definition that is gone."""
    return message_key.partition(".")[0]


def number(value: float, decimals: int) -> str:
    """A number as people read it: fixed decimals, no minus before zero."""
    text = f"{value:.{decimals}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def _head(definition: AlarmDefinition) -> str:
    return definition.tag or definition.interlock or definition.device or definition.id


def _what(definition: AlarmDefinition) -> tuple[str, str]:
    if definition.kind == "system" and definition.subject_zh:
        return "", ""  # the subject of a system alarm says what is wrong
    if definition.kind == "system":
        return _SYSTEM.get(definition.id.rpartition(".")[2], _named("system"))
    return _named(definition.kind)


def _named(kind: AlarmKind) -> tuple[str, str]:
    words = KIND_WORDS[kind]
    return words.zh, words.en


def _joined(head: str, subject: str, *parts: str) -> str:
    # a subject that is or begins with the name itself would say it twice
    named = subject if subject.startswith(head) else f"{head} {subject}"
    return " ".join(part.strip() for part in (named, *parts) if part.strip())


def _how_far(
    definition: AlarmDefinition, value: float | None, limit: float | None, detail: Sequence[str]
) -> tuple[str, str]:
    telling = KIND_WORDS[definition.kind].telling
    if telling in _BEYOND:
        return _against_limit(definition, telling, value, limit)
    if telling == "amount":
        return _amount(definition, value, limit, detail)
    if telling == "seconds" and definition.set_point is not None:
        return f"超过 {definition.set_point:g} s", f"for more than {definition.set_point:g} s"
    if telling == "points":
        count = len(detail) if detail else int(value or 0)
        if count:
            return f"{count} 个测点{_names(detail, '（', '、', '）', ' 等')}", _points(count, detail)
        return "", ""
    names = _names(detail, "(", ", ", ")", " ...")
    return names.strip(), names.strip()


def _points(count: int, detail: Sequence[str]) -> str:
    return f"{count} point{'s' if count > 1 else ''}{_names(detail, ' (', ', ', ')', ' ...')}"


def _names(names: Sequence[str], start: str, between: str, end: str, more: str) -> str:
    if not names:
        return ""
    return start + between.join(names[:NAMES_SHOWN]) + (more if len(names) > NAMES_SHOWN else "") + end


def _amount(
    definition: AlarmDefinition, value: float | None, limit: float | None, detail: Sequence[str]
) -> tuple[str, str]:
    """What is, and what was allowed; the names behind it."""
    names = _names(detail, " (", ", ", ")", " ...")
    if value is None:
        return names.strip(), names.strip()
    allowed = definition.set_point if limit is None else limit
    digits = _AMOUNT_DIGITS
    if allowed is not None and allowed != value:
        while _significant(value, digits) == _significant(allowed, digits) and digits < 2 * _AMOUNT_DIGITS:
            digits += 1  # "12, limit 12" says nothing
    shown = f"{_significant(value, digits)} {definition.eu}".strip()
    if allowed is None:
        return f"{shown}{names}", f"{shown}{names}"
    most = f"{_significant(allowed, digits)} {definition.eu}".strip()
    return f"{shown}，限值 {most}{names}", f"{shown}, limit {most}{names}"


def _against_limit(
    definition: AlarmDefinition, telling: str, value: float | None, limit: float | None
) -> tuple[str, str]:
    if limit is None:
        limit = definition.set_point
    if limit is None:
        return "", ""
    if value is None:
        text = f"{number(limit, _decimals(limit))} {definition.eu}".strip()
        return f"限值 {text}", f"limit {text}"
    decimals = _decimals(limit)
    left, right = number(value, decimals), number(limit, decimals)
    while left == right and value != limit and decimals < _MOST_DECIMALS:
        decimals += 1  # "12.00 < 12.00" says nothing
        left, right = number(value, decimals), number(limit, decimals)
    beyond = value >= limit if telling == "high" else value <= limit
    zh, within_zh, en, within_en = _BEYOND[telling]
    left, right = f"{left} {definition.eu}".rstrip(), f"{right} {definition.eu}".rstrip()
    return f"{left} {zh if beyond else within_zh} {right}", f"{left} {en if beyond else within_en} {right}"


def _significant(value: float, digits: int) -> str:
    """An amount that was counted or computed: so many digits that mean something, a count without decimals."""
    size = math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 0
    text = number(value, max(0, min(digits - 1 - size, 2 * _MOST_DECIMALS)))
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimals(limit: float) -> int:
    """As many as the limit itself needs, and more where numbers are small."""
    size = abs(limit)
    least = 0 if size >= 1000 else 1 if size >= 100 else 2
    written = f"{limit:.{_MOST_DECIMALS}f}".rstrip("0").partition(".")[2]
    return max(least, len(written))
