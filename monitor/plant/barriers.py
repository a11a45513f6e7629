"""The alarms of interlocks, permits and protection layers: generated from the register, judged by the scan."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.alarms.definition import AlarmDefinition
from monitor.interlocks.register import Interlock, Protection, Register
from monitor.plant.site import Site
from rules.catalog import Rule
from rules.kinds.trip_points import TripPointDrift


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One alarm that every interlock has."""

    suffix: str
    kind: str
    priority: int
    cause: tuple[str, str]
    consequence: tuple[str, str]
    response: tuple[str, str]


_OF_AN_INTERLOCK: Final = (
    _Kind(
        suffix="demand",
        kind="demand_while_bypassed",
        priority=1,
        cause=("联锁条件成立，但联锁已旁路", "Its trip condition is TRUE while it is bypassed"),
        consequence=("联锁本应动作而没有动作", "It would have tripped and did not"),
        response=(
            "立即按补偿措施手动执行联锁动作，恢复联锁",
            "Do its action by hand at once as the permit says; restore it",
        ),
    ),
    _Kind(
        suffix="failed",
        kind="failed_to_trip",
        priority=1,
        cause=("联锁条件成立，规定时间内没有动作", "Its trip condition is TRUE and nothing acted within its time"),
        consequence=("最后一道保护没有起作用", "The last protection did not act"),
        response=("立即手动执行联锁动作，报告班长", "Carry out its action by hand at once; report to the shift leader"),
    ),
    _Kind(
        suffix="spurious",
        kind="spurious_trip",
        priority=2,
        cause=("没有原因而动作", "It tripped without any of its causes"),
        consequence=(
            "装置停车，操作人员可能失去信任而旁路",
            "A stop for nothing; people may bypass what they no longer trust",
        ),
        response=("查明仪表或回路故障后再复位", "Find the fault in instrument or loop before it is reset"),
    ),
    _Kind(
        suffix="overdue",
        kind="bypass_overdue",
        priority=1,
        cause=("旁路超过许可时间", "It is bypassed beyond the end of its permit"),
        consequence=("工况超限时联锁不会动作，且无有效许可", "It will not act, and no permit covers it any more"),
        response=("立即恢复投用，或重新审批", "Restore it at once, or have a new permit approved"),
    ),
    _Kind(
        suffix="voting",
        kind="voting_lost",
        priority=3,
        cause=("部分检测元件失效", "Some of its instruments are bad"),
        consequence=(
            "表决降级或失效，联锁可能拒动或误动",
            "Its voting is degraded or lost: it may fail to trip, or trip for nothing",
        ),
        response=("尽快修复检测元件", "Repair the instruments"),
    ),
    _Kind(
        suffix="permit",
        kind="permit",
        priority=2,
        cause=(
            "旁路许可时间将到、补偿措施未按时检查，或许可未使用",
            "Its permit runs out, a check was missed, or nobody uses it",
        ),
        consequence=("旁路可能超期", "The bypass may outlive its permit"),
        response=("检查补偿措施，安排恢复", "Check the measures and prepare to restore it"),
    ),
)


def trip_point_rules(interlocks: Sequence[Interlock]) -> tuple[Rule, ...]:
    """The rule of `<interlock>.trip_point` of each interlock whose PLC shows its trip point."""
    return tuple(
        TripPointDrift(
            id=f"{item.id}.trip_point",
            tag=item.trip_point_tag,
            approved=item.trip_point,
            tolerance=item.trip_point_tolerance,
        )
        for item in interlocks
        if item.trip_point_tag is not None and item.trip_point is not None
    )


def trip_point_definitions(interlocks: Sequence[Interlock]) -> tuple[AlarmDefinition, ...]:
    """The alarms of these rules, in their order."""
    return tuple(
        AlarmDefinition(
            id=f"{item.id}.trip_point",
            kind="trip_point_drift",
            alarm_class="interlock",
            priority=2,
            tag=item.trip_point_tag,
            interlock=item.id,
            hazard_source=item.hazard_source,
            process_unit=item.process_unit or None,
            equipment=item.equipment or None,
            set_point=item.trip_point,
            eu=item.trip_eu,
            generated=True,
            subject_zh=item.name_zh,
            subject_en=item.name_en,
            cause_zh="PLC 中的联锁设定值与批准值不同",
            cause_en="The trip point in the PLC is not the approved one",
            consequence_zh="联锁会过早或过晚动作",
            consequence_en="It will act too early or too late",
            response_zh="核对变更审批，恢复批准的设定值",
            response_en="Check the change approval; put the approved trip point back",
        )
        for item in interlocks
        if item.trip_point_tag is not None and item.trip_point is not None
    )


def barrier_definitions(register: Register, site: Site) -> tuple[AlarmDefinition, ...]:
    """What the scan judges of interlocks, permits and layers: of each interlock, of each protection, of each limit."""
    of_interlocks = [_of_interlock(item, kind) for item in register.interlocks for kind in _OF_AN_INTERLOCK]
    of_protections = [_of_protection(item, site) for item in register.protections]
    of_sources = [_of_source(source, most, site) for source, most in register.simultaneous.items()]
    return (*of_interlocks, *of_protections, *of_sources)


def _of_interlock(item: Interlock, kind: _Kind) -> AlarmDefinition:
    return AlarmDefinition(
        id=f"{item.id}.{kind.suffix}",
        kind=kind.kind,
        alarm_class="interlock",
        priority=kind.priority,
        interlock=item.id,
        hazard_source=item.hazard_source,
        process_unit=item.process_unit or None,
        equipment=item.equipment or None,
        generated=True,
        subject_zh=item.name_zh,
        subject_en=item.name_en,
        cause_zh=kind.cause[0],
        cause_en=kind.cause[1],
        consequence_zh=kind.consequence[0],
        consequence_en=kind.consequence[1],
        response_zh=kind.response[0],
        response_en=kind.response[1],
    )


def _of_protection(item: Protection, site: Site) -> AlarmDefinition:
    equipment = site.equipment.get(item.equipment)
    return AlarmDefinition(
        id=item.id,
        kind="layers",
        alarm_class="interlock",
        priority=2,
        hazard_source=item.hazard_source,
        process_unit=equipment.process_unit if equipment else None,
        equipment=item.equipment,
        set_point=float(item.required),
        generated=True,
        subject_zh=equipment.name_zh if equipment else item.equipment,
        subject_en=equipment.name_en if equipment else item.equipment,
        cause_zh="输送期间可用的独立保护层少于要求",
        cause_en="Fewer independent protection layers than required while a transfer runs",
        consequence_zh="再有一处失效就没有保护",
        consequence_en="One more failure and nothing protects it",
        response_zh="停止输送，或恢复列出的保护层",
        response_en="Stop the transfer, or restore the layers listed",
    )


def _of_source(source: str, most: int, site: Site) -> AlarmDefinition:
    named = site.hazard_sources.get(source)
    return AlarmDefinition(
        id=f"{source}.bypasses",
        kind="bypasses",
        alarm_class="interlock",
        priority=2,
        hazard_source=source,
        set_point=float(most),
        generated=True,
        subject_zh=named.name_zh if named else source,
        subject_en=named.name_en if named else source,
        cause_zh="同时旁路的联锁超过规定数量",
        cause_en="More interlocks are bypassed at once than allowed",
        consequence_zh="共同失去多道保护",
        consequence_en="Several protections are out together",
        response_zh="先恢复再旁路，分批检修",
        response_en="Restore before bypassing more; do the work in turns",
    )
