"""The alarms of interlocks, permits and protection layers: generated from the register, judged by the scan."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from monitor.alarms.definition import AlarmDefinition
from monitor.interlocks.register import Interlock, Protection, Register
from monitor.plant.site import Site
from monitor.plant.trip_points import WatchedTripPoint, watched_trip_points
from rules.catalog import Rule
from rules.kinds.trip_points import TripPointDrift


class _Kind(NamedTuple):
    """One alarm: the end of its id, its kind and priority, and what people read, each (zh, en)."""

    suffix: str
    kind: str
    priority: int
    cause: tuple[str, str]
    consequence: tuple[str, str]
    response: tuple[str, str]


_OF_AN_INTERLOCK: Final = (
    _Kind(
        "demand", "demand_while_bypassed", 1,
        ("联锁条件成立，但联锁已旁路", "Its trip condition is TRUE while it is bypassed"),
        ("联锁本应动作而没有动作", "It would have tripped and did not"),
        ("立即按补偿措施手动执行联锁动作，恢复联锁", "Do its action by hand at once as the permit says; restore it"),
    ),
    _Kind(
        "failed", "failed_to_trip", 1,
        (
            "联锁条件成立而规定时间内没有动作，或已跳闸而最终元件没有到位",
            "It was demanded and nothing acted within its time, or it tripped and a final element did not move",
        ),
        ("最后一道保护没有起作用", "The last protection did not act"),
        ("立即手动执行联锁动作，报告班长", "Carry out its action by hand at once; report to the shift leader"),
    ),
    _Kind(
        "spurious", "spurious_trip", 2,
        ("没有原因而动作", "It tripped without any of its causes"),
        ("装置停车，操作人员可能失去信任而旁路", "A stop for nothing; people may bypass what they no longer trust"),
        ("查明仪表或回路故障后再复位", "Find the fault in instrument or loop before it is reset"),
    ),
    _Kind(
        "overdue", "bypass_overdue", 1,
        ("旁路超过许可时间", "It is bypassed beyond the end of its permit"),
        ("工况超限时联锁不会动作，且无有效许可", "It will not act, and no permit covers it any more"),
        ("立即恢复投用，或重新审批", "Restore it at once, or have a new permit approved"),
    ),
    _Kind(
        "voting", "voting_lost", 3,
        ("部分检测元件失效", "Some of its instruments are bad"),
        ("表决降级或失效，联锁可能拒动或误动", "Its voting is degraded or lost: it may fail to trip, or trip for nothing"),
        ("尽快修复检测元件", "Repair the instruments"),
    ),
    _Kind(
        "permit", "permit", 2,
        ("旁路许可时间将到、补偿措施未按时检查，或许可未使用", "Its permit runs out, a check was missed, or nobody uses it"),
        ("旁路可能超期", "The bypass may outlive its permit"),
        ("检查补偿措施，安排恢复", "Check the measures and prepare to restore it"),
    ),
)  # fmt: skip
_TRIP_POINT: Final = _Kind(
    "trip_point", "trip_point_drift", 2,
    ("PLC 中的联锁设定值与批准值不同", "The trip point in the PLC is not the approved one"),
    ("联锁会过早或过晚动作", "It will act too early or too late"),
    ("核对变更审批，恢复批准的设定值", "Check the change approval; put the approved trip point back"),
)  # fmt: skip
_OF_A_PROTECTION: Final = _Kind(
    "", "layers", 2,
    ("输送期间可用的独立保护层少于要求", "Fewer independent protection layers than required while a transfer runs"),
    ("再有一处失效就没有保护", "One more failure and nothing protects it"),
    ("停止输送，或恢复列出的保护层", "Stop the transfer, or restore the layers listed"),
)  # fmt: skip
_OF_A_SOURCE: Final = _Kind(
    "bypasses", "bypasses", 2,
    ("同时旁路的联锁超过规定数量", "More interlocks are bypassed at once than allowed"),
    ("共同失去多道保护", "Several protections are out together"),
    ("先恢复再旁路，分批检修", "Restore before bypassing more; do the work in turns"),
)  # fmt: skip


def trip_point_rules(interlocks: Sequence[Interlock]) -> tuple[Rule, ...]:
    """The rule of each trip point that a PLC shows: of an interlock, and of each of its causes."""
    return tuple(
        TripPointDrift(id=each.alarm, tag=each.tag, approved=each.approved, tolerance=each.tolerance)
        for each in watched_trip_points(interlocks)
    )


def trip_point_definitions(interlocks: Sequence[Interlock]) -> tuple[AlarmDefinition, ...]:
    """The alarms of these rules, in their order."""
    return tuple(_of_trip_point(each) for each in watched_trip_points(interlocks))


def _of_trip_point(watched: WatchedTripPoint) -> AlarmDefinition:
    found = replace(
        _of_interlock(watched.interlock, _TRIP_POINT),
        id=watched.alarm,
        tag=watched.tag,
        set_point=watched.approved,
        eu=watched.eu,
    )
    if not watched.cause:
        return found
    zh, en = f"{found.subject_zh} {watched.cause}", f"{found.subject_en} {watched.cause}"
    return replace(found, subject_zh=zh, subject_en=en)


def barrier_definitions(register: Register, site: Site) -> tuple[AlarmDefinition, ...]:
    """What the scan judges of interlocks, permits and layers: of each interlock, of each protection, of each limit."""
    of_interlocks = [_of_interlock(item, kind) for item in register.interlocks for kind in _OF_AN_INTERLOCK]
    of_protections = [_of_protection(item, site) for item in register.protections]
    of_sources = [_of_source(source, most, site) for source, most in register.simultaneous.items()]
    return (*of_interlocks, *of_protections, *of_sources)


def _of_interlock(item: Interlock, kind: _Kind) -> AlarmDefinition:
    return replace(
        _definition(f"{item.id}.{kind.suffix}", kind, item.hazard_source, (item.name_zh, item.name_en)),
        interlock=item.id,
        process_unit=item.process_unit or None,
        equipment=item.equipment or None,
    )


def _of_protection(item: Protection, site: Site) -> AlarmDefinition:
    equipment = site.equipment.get(item.equipment)
    named = (equipment.name_zh, equipment.name_en) if equipment else (item.equipment, item.equipment)
    return replace(
        _definition(item.id, _OF_A_PROTECTION, item.hazard_source, named),
        process_unit=equipment.process_unit if equipment else None,
        equipment=item.equipment,
        set_point=float(item.required),
    )


def _of_source(source: str, most: int, site: Site) -> AlarmDefinition:
    found = site.hazard_sources.get(source)
    named = (found.name_zh, found.name_en) if found else (source, source)
    return replace(_definition(f"{source}.{_OF_A_SOURCE.suffix}", _OF_A_SOURCE, source, named), set_point=float(most))


def _definition(alarm_id: str, kind: _Kind, hazard_source: str, subject: tuple[str, str]) -> AlarmDefinition:
    return AlarmDefinition(
        id=alarm_id,
        kind=kind.kind,
        alarm_class="interlock",
        priority=kind.priority,
        hazard_source=hazard_source,
        generated=True,
        subject_zh=subject[0],
        subject_en=subject[1],
        cause_zh=kind.cause[0],
        cause_en=kind.cause[1],
        consequence_zh=kind.consequence[0],
        consequence_en=kind.consequence[1],
        response_zh=kind.response[0],
        response_en=kind.response[1],
    )
