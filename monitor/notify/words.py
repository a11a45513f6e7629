"""The fixed words of messages to people, in both languages.  Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from monitor.notify.row import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language."""

    language: Literal["zh", "en"]
    priorities: Mapping[int, str]
    raised: str
    repeat: str
    returned: str
    came_and_went: str
    acknowledged: str
    digest: str
    count: str
    separator: str
    and_more: str
    site: str
    hazard_source: str
    subject: str
    alarm: str
    numeric: str
    since: str
    returned_at: str
    acknowledged_by: str
    comment: str
    response: str
    after: Mapping[str, str]
    """State after a return -> what is still to be done."""
    purpose: Mapping[Purpose, str]

    def pick(self, body: Mapping[str, Any], name: str) -> str:
        """The word of a body in this language, else in the other."""
        other = "en" if self.language == "zh" else "zh"
        return str(body[f"{name}_{self.language}"] or body[f"{name}_{other}"])

    def priority(self, priority: int) -> str:
        """A priority in words."""
        return self.priorities.get(priority, str(priority))

    def joined(self, items: Iterable[str]) -> str:
        """A list as this language writes it."""
        return self.separator.join(items)


CHINESE: Final = Words(
    language="zh",
    priorities={1: "一级", 2: "二级", 3: "三级", 4: "四级"},
    raised="【{level}报警】",
    repeat="【{level}报警】第 {repeat} 次重复提醒，仍未确认",
    returned="【{level}报警已恢复】",
    came_and_went="【{level}报警】发生后已恢复",
    acknowledged="【{level}报警已确认】",
    digest="【报警汇总】{site}：共 {n} 条（{counts}）",
    count="{level} {n} 条",
    separator="，",
    and_more="…另有 {n} 条见链接",
    site="现场：",
    hazard_source="重大危险源：",
    subject="位号：",
    alarm="报警：",
    numeric="报警：{kind}，当前值 {value}，限值 {limit}",
    since="发生时间：",
    returned_at="恢复时间：",
    acknowledged_by="确认人：",
    comment="备注：",
    response="处置：",
    after={
        "returned_unacknowledged": "（尚未确认，请确认）",
        "latched_unacknowledged": "（已锁存，请确认并复位）",
        "latched_acknowledged": "（已锁存，待复位）",
    },
    purpose={
        Purpose.RAISE: "报警",
        Purpose.RETURN: "恢复",
        Purpose.ACKNOWLEDGE: "确认",
        Purpose.REPEAT: "重复",
        Purpose.EVENT: "事件",
    },
)

ENGLISH: Final = Words(
    language="en",
    priorities={1: "Priority 1", 2: "Priority 2", 3: "Priority 3", 4: "Priority 4"},
    raised="[{level} ALARM]",
    repeat="[{level} ALARM] reminder {repeat}, still unacknowledged",
    returned="[{level} alarm returned]",
    came_and_went="[{level} ALARM] raised and returned",
    acknowledged="[{level} alarm acknowledged]",
    digest="[ALARM DIGEST] {site}: {n} alarms ({counts})",
    count="{level}: {n}",
    separator=", ",
    and_more="... {n} more behind the link",
    site="Site: ",
    hazard_source="Hazard source: ",
    subject="Tag: ",
    alarm="Alarm: ",
    numeric="Alarm: {kind}, value {value}, limit {limit}",
    since="Since: ",
    returned_at="Returned: ",
    acknowledged_by="Acknowledged by: ",
    comment="Comment: ",
    response="Do: ",
    after={
        "returned_unacknowledged": " (not acknowledged yet)",
        "latched_unacknowledged": " (latched: acknowledge and reset)",
        "latched_acknowledged": " (latched: reset)",
    },
    purpose={
        Purpose.RAISE: "raised",
        Purpose.RETURN: "returned",
        Purpose.ACKNOWLEDGE: "acknowledged",
        Purpose.REPEAT: "reminder",
        Purpose.EVENT: "event",
    },
)
