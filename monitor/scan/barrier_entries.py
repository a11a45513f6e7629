"""What the journal keeps of interlocks and permits, in words of both languages."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from monitor.alarms.record import Entry
from monitor.interlocks.changes import Change, words_of
from monitor.interlocks.permits import PermitStep, PermitTrigger
from monitor.interlocks.register import Register

_STEPS: Final[dict[PermitTrigger, tuple[str, str]]] = {
    PermitTrigger.REQUESTED: ("申请旁路", "bypass requested"),
    PermitTrigger.APPROVED_BY_ONE: ("一级审批通过", "one approval given"),
    PermitTrigger.APPROVED: ("审批通过", "approved"),
    PermitTrigger.REFUSED: ("审批不通过", "refused"),
    PermitTrigger.WITHDRAWN: ("申请撤回", "withdrawn"),
    PermitTrigger.REVOKED: ("许可收回", "revoked"),
    PermitTrigger.USED: ("开始旁路", "bypass begun"),
    PermitTrigger.CLEARED: ("旁路已恢复，待校验", "bypass ended, function check due"),
    PermitTrigger.CLEARED_UNCHECKED: ("旁路已恢复，许可关闭", "bypass ended, closed"),
    PermitTrigger.CHECKED: ("功能校验合格，许可关闭", "function checked, closed"),
    PermitTrigger.CHECK_FAILED: ("功能校验不合格", "function check failed"),
    PermitTrigger.ENDED: ("许可到期，未使用", "its time ended unused"),
    PermitTrigger.MARK: ("许可时间已过", "of its time has passed:"),
    PermitTrigger.MEASURE_CHECKED: ("补偿措施已检查", "compensating measures checked"),
    PermitTrigger.MEASURE_MISSED: ("补偿措施未按时检查", "a check of the measures was missed"),
}


def entries_of(changes: Sequence[Change], register: Register, wall_ns: int) -> tuple[Entry, ...]:
    """One entry for each interlock that turned, found by its id: also at a start, where all of them turn."""
    if not changes:
        return ()
    names = {item.id: item for item in register.interlocks}
    by_interlock: dict[str, list[Change]] = {}
    for change in changes:
        by_interlock.setdefault(change.interlock, []).append(change)
    return tuple(
        Entry(
            kind="interlock",
            wall_ns=wall_ns,
            id=interlock,
            hazard_source=names[interlock].hazard_source,
            message_zh=f"{interlock} {names[interlock].name_zh} {'；'.join(_words(change, 0) for change in mine)}",
            message_en=f"{interlock} {names[interlock].name_en} {'; '.join(_words(change, 1) for change in mine)}",
            values={"changes": [_told(change) for change in mine]},
        )
        for interlock, mine in by_interlock.items()
    )


def permit_entry(step: PermitStep, register: Register) -> Entry:
    """One step of one permit; found by its interlock."""
    permit = step.permit
    interlock = next(item for item in register.interlocks if item.id == permit.interlock)
    zh, en = _STEPS[step.trigger]
    if step.trigger is PermitTrigger.MARK:
        zh, en = f"{zh} {step.mark}%（{step.role}）", f"{step.mark}% {en} {step.role}"
    who = f" {step.person_name}" if step.person_name else ""
    why = f"：{step.comment}" if step.comment else ""
    return Entry(
        kind="permit",
        wall_ns=step.wall_ns,
        id=permit.interlock,
        hazard_source=interlock.hazard_source,
        message_zh=f"{permit.id} {interlock.id} {interlock.name_zh} {zh}{who}{why}",
        message_en=f"{permit.id} {interlock.id} {interlock.name_en} {en}{who}{why.replace('：', ': ')}",
        person=step.person or None,
        person_name=step.person_name or None,
        values={
            "permit": permit.id,
            "trigger": step.trigger.value,
            "before": step.before.value if step.before else None,
            "after": permit.state.value,
            "mark": step.mark,
            "role": step.role,
            "comment": step.comment,
            "bits": list(permit.bits),
            "until_wall_ns": permit.until_wall_ns,
        },
    )


def _words(change: Change, language: int) -> str:
    if change.axis == "feedback":
        told: Sequence[Mapping[str, Any]] = change.detail["effects"]
        return ("，", ", ")[language].join(effect_words(each, language) for each in told)
    before, after = words_of(change.before)[language], words_of(change.after)[language]
    return f"{before} → {after}"


def effect_words(effect: Mapping[str, Any], language: int) -> str:
    """One effect of the demand log (`told_of`) in words, zh (0) or en (1)."""
    word = words_of(effect["answer"])[language] if effect["answer"] else ""
    after_s, most = effect["after_s"], (("至多 ", "at most ")[language] if effect["at_most"] else "")
    after = "" if after_s is None else f"{most}{after_s:.2f} s "
    allowed = ("（限 {:g} s）", " (within {:g} s)")[language].format(effect["within_s"])
    return f"{effect['tag']} {after}{word}{allowed}"


def _told(change: Change) -> dict[str, object]:
    return {
        "interlock": change.interlock,
        "axis": change.axis,
        "before": change.before,
        "after": change.after,
        "detail": dict(change.detail),
    }
