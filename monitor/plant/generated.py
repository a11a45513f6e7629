"""The alarms that no sheet lists: bypassed interlocks, and what the service watches of itself (design section 5)."""

from collections.abc import Mapping
from typing import Final

from monitor.alarms.definition import AlarmDefinition
from monitor.interlocks.register import Interlock
from monitor.plant.site import NS, Site
from monitor.plant.tags import TagRow
from rules.catalog import Bypassed, Rule

SYSTEM: Final[tuple[tuple[str, int, str, str], ...]] = (
    ("system.clock_step", 3, "系统时钟跳变", "System clock stepped"),
    ("system.clock_skew", 3, "现场设备时钟偏差超限", "Clock of a device is off"),
    ("system.disk", 2, "磁盘空间不足", "Disk space low"),
    ("system.overrun", 3, "采集收件箱溢出合并", "Reading inbox overrun"),
    ("system.history", 3, "历史数据库停止写入", "History is not being written"),
    ("system.drift", 3, "运行的报警定义与批准的不一致", "Alarm definitions differ from the approved ones"),
)


def bypass_rule(interlock: Interlock) -> Rule:
    """The rule of `<interlock>.bypass`: any of its bypass bits stands in the bypassed state."""
    return Bypassed(
        id=f"{interlock.id}.bypass", bits=tuple((bit.tag, bit.bypassed_when) for bit in interlock.bypass_bits)
    )


def bypass_definition(interlock: Interlock) -> AlarmDefinition:
    """`<interlock>.bypass`, priority 1: a barrier is out."""
    return AlarmDefinition(
        id=f"{interlock.id}.bypass",
        kind="bypass",
        alarm_class="interlock",
        priority=1,
        interlock=interlock.id,
        hazard_source=interlock.hazard_source,
        process_unit=interlock.process_unit or None,
        generated=True,
        subject_zh=interlock.name_zh,
        subject_en=interlock.name_en,
        cause_zh="联锁旁路开关处于旁路位置",
        cause_en="A bypass switch of the interlock stands in its bypassed position",
        consequence_zh="工况超限时联锁不会动作",
        consequence_en="The interlock will not act when the process goes beyond its limit",
        response_zh="核对旁路审批；无审批立即恢复投用，派人现场监护并报告班长",
        response_en="Check the bypass permit; without one restore at once, post a watch and report to the shift leader",
    )


def generated_definitions(site: Site, tags: Mapping[str, TagRow]) -> tuple[AlarmDefinition, ...]:
    """What the service watches of itself: links, blindness, channels, system (design section 5)."""
    links = [
        AlarmDefinition(
            id=f"{device.id}.link",
            on_delay_ns=NS,
            off_delay_ns=NS, kind="link", alarm_class="system", priority=2, device=device.id, generated=True,
            subject_zh=device.name_zh, subject_en=device.name_en,
            consequence_zh="该设备所有位号失去监控",
            consequence_en="No point of this device is monitored",
            response_zh="检查网络、电源和 PLC 状态，现场加强巡检",
            response_en="Check network, power and PLC; patrol the area meanwhile",
        )
        for device in site.devices.values()
    ]  # fmt: skip
    pairs = dict.fromkeys((row.tag.hazard_source, row.tag.device) for row in tags.values())
    blind = [
        AlarmDefinition(
            id=f"{source}.blind.{device}", kind="blind", alarm_class="system", priority=2, device=device, hazard_source=source,
            generated=True,
            subject_zh=site.hazard_sources[source].name_zh, subject_en=site.hazard_sources[source].name_en,
            consequence_zh="这些位号无法判断，报警不会出现",
            consequence_en="These points cannot be judged: their alarms cannot come",
            response_zh="按盲区清单现场人工监测，尽快恢复", response_en="Watch the listed points by hand and restore them",
        )
        for source, device in pairs
        if source in site.hazard_sources
    ]  # fmt: skip
    channels = [
        AlarmDefinition(
            id=f"channel.{channel.id}",
            on_delay_ns=2 * NS, kind="channel", alarm_class="system", priority=2, generated=True,
            subject_zh=f"通知通道 {channel.id}", subject_en=f"Notification channel {channel.id}",
            consequence_zh="推送无法送达", consequence_en="Pushes are not delivered",
            response_zh="用电话通知值班领导，检查网络和通道配置",
            response_en="Phone the duty leader; check network and channel settings",
        )
        for channel in site.channels.values()
    ]  # fmt: skip
    system = [
        AlarmDefinition(
            id=alarm_id, kind="system", alarm_class="system", priority=priority, generated=True, subject_zh=zh, subject_en=en
        )
        for alarm_id, priority, zh, en in SYSTEM
    ]  # fmt: skip
    return (*links, *blind, *channels, *system)
