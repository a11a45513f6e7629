"""The interlock matrix as a sheet: one row for each interlock, in words, as Excel in China opens it."""

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from starlette.responses import Response

from monitor.api.ports import PlantCard
from monitor.api.sheets import Column, moment, sheet
from monitor.interlocks.axes import Cover
from monitor.interlocks.changes import words_of
from monitor.interlocks.feedback import Feedback
from monitor.interlocks.proof_tests import proof_test_due, site_date
from monitor.interlocks.register import Cause, Interlock
from monitor.interlocks.state import InterlockState

COVERS: Final[Mapping[Cover, tuple[str, str]]] = {
    Cover.NONE: ("无", "none"),
    Cover.ACTIVE: ("有效", "valid"),
    Cover.OVERDUE: ("已过期", "outlived"),
    Cover.WRONG_INPUT: ("旁路了别的输入", "other input bypassed"),
    Cover.RESTORING: ("待功能校验", "function check due"),
}
"""What the permits say of an interlock, Chinese and English."""
_COLUMNS: Final[tuple[Column, ...]] = (
    ("联锁", "interlock"),
    ("名称", "name"),
    ("危险源", "hazard source"),
    ("装置单元", "process unit"),
    ("设备", "equipment"),
    ("级别", "class"),
    ("SIL", "SIL"),
    ("总状态", "headline"),
    ("投用", "service"),
    ("自", "since"),
    ("旁路位", "bypassed by"),
    ("许可", "permit"),
    ("动作", "action"),
    ("自", "since"),
    ("触发原因", "demanded by"),
    ("表决", "voting"),
    ("表决状态", "voting left"),
    ("原因", "causes"),
    ("结果", "effects"),
    ("结果时间", "feedback"),
    ("联锁值", "trip point"),
    ("单位", "unit"),
    ("下次功能测试", "proof test due"),
    ("测试逾期", "proof test overdue"),
    ("负责人", "owner"),
)
_SENSES: Final = {"high": "≥", "low": "≤", "state": "="}


def matrix_sheet(plant: PlantCard, states: Mapping[str, InterlockState], wall_ns: int, *, english: bool) -> Response:
    """Every interlock of the register with its state on all axes; times in site time."""
    rows = [_row(plant, item, states[item.id], wall_ns, english=english) for item in plant.interlocks]
    return sheet(_COLUMNS, rows, f"interlocks-{plant.id}", english=english)


def _row(plant: PlantCard, item: Interlock, state: InterlockState, wall_ns: int, *, english: bool) -> list[object]:
    at, zone = int(english), ZoneInfo(plant.timezone)
    due = proof_test_due(item)
    late = due is not None and due < site_date(wall_ns, plant.timezone)
    return [
        item.id, item.name_en if english else item.name_zh, item.hazard_source, item.process_unit, item.equipment,
        item.interlock_class, item.sil, words_of(state.headline.word)[at],
        words_of(state.service)[at], moment(state.service_since_wall_ns, zone), " ".join(state.bypassed_by),
        COVERS[state.cover][at],
        words_of(state.action)[at], moment(state.action_since_wall_ns, zone), " ".join(state.demanded_by),
        f"{item.needed}oo{len(item.inputs)}", words_of(state.voting)[at],
        "; ".join(_cause(cause) for cause in item.inputs), " ".join(item.effects),
        "; ".join(_feedback(each, at) for each in state.feedback if each.answer is not None),
        item.trip_point, item.trip_eu,
        None if due is None else due.isoformat(), ("yes" if english else "是") if late else "", item.owner,
    ]  # fmt: skip


def _feedback(effect: Feedback, language: int) -> str:
    """What one effect did about the last demand."""
    after = "" if effect.after_s is None else f" {'≤ ' if effect.at_most else ''}{effect.after_s:.2f}"
    word = words_of(effect.answer)[language] if effect.answer else ""
    return f"{effect.tag}{after}/{effect.within_s:g} s {word}"


def _cause(cause: Cause) -> str:
    return f"{cause.tag} {_SENSES[cause.sense]} {cause.trip_point:g}"
