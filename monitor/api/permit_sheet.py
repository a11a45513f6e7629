"""The permit book (联锁摘除台账) as a sheet: one row for each permit, with everybody who had a hand in it."""

from collections.abc import Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from monitor.api.exports import csv_lines
from monitor.api.sheets import Column, heads, moment
from monitor.interlocks.permits import Permit, PermitState

STATES: Final[Mapping[PermitState, tuple[str, str]]] = {
    PermitState.REQUESTED: ("待审批", "requested"),
    PermitState.APPROVED: ("已批准", "approved"),
    PermitState.IN_USE: ("旁路中", "in use"),
    PermitState.RESTORING: ("待功能校验", "function check due"),
    PermitState.CLOSED: ("已关闭", "closed"),
    PermitState.REFUSED: ("未批准", "refused"),
    PermitState.WITHDRAWN: ("已撤回", "withdrawn"),
    PermitState.REVOKED: ("已收回", "revoked"),
    PermitState.EXPIRED: ("已到期", "expired"),
}
"""Where a permit stands, Chinese and English."""
_COLUMNS: Final[tuple[Column, ...]] = (
    ("许可", "permit"),
    ("联锁", "interlock"),
    ("旁路位", "bits"),
    ("状态", "state"),
    ("原因", "reason"),
    ("风险", "risk"),
    ("补偿措施", "measures"),
    ("起", "from"),
    ("止", "until"),
    ("申请人", "requested by"),
    ("申请时间", "requested at"),
    ("审批", "approvals"),
    ("开始旁路", "bypassed at"),
    ("恢复", "restored at"),
    ("旁路 h", "bypassed h"),
    ("措施检查", "checks of the measures"),
    ("漏检", "checks missed"),
    ("结束", "ended at"),
    ("结束人", "ended by"),
    ("功能校验/说明", "function check or note"),
)


def permit_heads(*, english: bool) -> bytes:
    """The row of column names."""
    return heads(_COLUMNS, english=english)


def permit_lines(permits: Sequence[Permit], timezone: str, *, english: bool) -> bytes:
    """These permits in their order; times in site time; reads the time zone's rules, so not in the loop."""
    zone = ZoneInfo(timezone)
    return csv_lines(_row(permit, zone, english=english) for permit in permits)


def _row(permit: Permit, zone: ZoneInfo, *, english: bool) -> list[object]:
    used, cleared = permit.used_wall_ns, permit.cleared_wall_ns
    hours = None if used is None or cleared is None else round((cleared - used) / 3.6e12, 4)
    checks = [f"{moment(check.wall_ns, zone)} {check.person_name}: {check.note}" for check in permit.checks]
    return [
        permit.id, permit.interlock, " ".join(permit.bits), STATES[permit.state][int(english)],
        permit.reason, permit.risk, "; ".join(permit.measures),
        moment(permit.start_wall_ns, zone), moment(permit.until_wall_ns, zone),
        permit.requested_name, moment(permit.requested_wall_ns, zone),
        "; ".join(f"{item.role} {item.person_name} {moment(item.wall_ns, zone)}" for item in permit.approvals),
        moment(used, zone), moment(cleared, zone), hours, "; ".join(checks), permit.missed,
        moment(permit.ended_wall_ns, zone), permit.ended_name, permit.ended_note,
    ]  # fmt: skip
