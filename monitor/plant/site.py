"""`plant.toml`: site, persons, hazard sources, units, equipment, devices, channels, history."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.alarms.classes import Philosophy
from monitor.alarms.performance import Performance
from monitor.hazards.source import Chemical, Equipment, HazardSource, ProcessUnit
from monitor.hazards.unusable import BAD_SHARE
from monitor.notify.people import Channel, Person
from monitor.plant.channels import read_channel
from monitor.plant.devices import DevicePort, DeviceRecord, read_devices
from monitor.plant.document import Document
from monitor.plant.gas_limits import CHEMICAL
from monitor.plant.performance import read_performance
from monitor.plant.philosophy import read_philosophy
from monitor.plant.record import Record
from monitor.plant.vessels import GEOMETRY, read_vessel

SCHEMA = 1
NS = 1_000_000_000
MINIMUM_KEEP_DAYS = 30
"""Order 40 article 13: monitoring records are kept for at least 30 days."""
JOURNAL_KEEP_DAYS = 1096
"""Three years."""

TOP = (
    "schema",
    "site",
    "scan_classes",
    "persons",
    "hazard_sources",
    "process_units",
    "equipment",
    "devices",
    "channels",
    "duty",
    "history",
    "journal",
    "alarm_performance",
    "alarm_classes",
    "alarms",
    "shelving",
    "operator_positions",
    "set_point_bounds",
    "health",
)
EQUIPMENT_KINDS = ("atmospheric_tank", "sphere", "pump", "valve", "detector", "other")
EQUIPMENT_NUMBERS = ("height_m", "overflow_height_m", "fill_rate_m_per_h")
EQUIPMENT_TAGS = tuple(item.name for item in fields(Equipment) if item.name.endswith("_tag"))
RESPONSIBLE = ("principal_responsible", "technical_responsible", "operation_responsible")


@dataclass(slots=True, kw_only=True)
class Site:
    """Everything of `plant.toml`."""

    id: str = ""
    name_zh: str = ""
    name_en: str = ""
    timezone: str = "Asia/Shanghai"
    language: str = "zh"
    console_url: str = ""
    start_grace_ns: int = 15 * NS
    shifts: tuple[time, ...] = (time(8), time(20))
    """When shifts begin, site time."""
    scan_classes: dict[str, int] = field(default_factory=dict)
    """Name -> period in ns."""
    persons: dict[str, Person] = field(default_factory=dict)
    hazard_sources: dict[str, HazardSource] = field(default_factory=dict)
    process_units: dict[str, ProcessUnit] = field(default_factory=dict)
    equipment: dict[str, Equipment] = field(default_factory=dict)
    equipment_records: dict[str, Record] = field(default_factory=dict)
    devices: dict[str, DeviceRecord] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    history_keep_days: int = MINIMUM_KEEP_DAYS
    journal_keep_days: int = JOURNAL_KEEP_DAYS
    influx: Mapping[str, object] = field(default_factory=dict)
    performance: Performance = field(default_factory=Performance)
    philosophy: Philosophy = field(default_factory=Philosophy)
    eclipse: bool = False
    """Every HH keeps H of its tag silent, and LL L."""
    device_bad_share: float = BAD_SHARE


def read_site(document: Document, devices: DevicePort) -> Site:
    """Read `plant.toml`; mistakes go to the document's report."""
    site = Site()
    top = document.record()
    top.only(TOP)
    if top.integer("schema", default=SCHEMA) != SCHEMA:
        top.wrong("schema", f"此版本只认识 schema = {SCHEMA}", f"this version knows schema = {SCHEMA} only")
    _site(site, document.record("site"))
    _scan_classes(site, document.record("scan_classes"))
    for record in document.records("persons"):
        _person(site, record)
    for record in document.records("hazard_sources"):
        _hazard_source(site, record)
    if not site.hazard_sources:
        top.wrong(
            "hazard_sources", "至少要有一个重大危险源 [[hazard_sources]]", "needs at least one [[hazard_sources]]"
        )
    for record in document.records("process_units"):
        _process_unit(site, record)
    for record in document.records("equipment"):
        _equipment(site, record)
    site.devices = read_devices(document.records("devices"), devices)
    for record in document.records("channels"):
        channel_id = record.fresh_identifier(site.channels)
        site.channels[channel_id] = read_channel(record, channel_id)
    _history(site, document)
    _journal(site, document.record("journal"))
    _alarms(site, document.record("alarms"))
    site.performance = read_performance(document)
    site.philosophy = read_philosophy(document, site.hazard_sources, site.process_units)
    return site


def _site(site: Site, record: Record) -> None:
    record.only(("id", "name_zh", "name_en", "timezone", "language", "console_url", "start_grace_s", "shifts"))
    site.id = record.identifier("id")
    site.name_zh, site.name_en = record.names()
    site.timezone = record.text("timezone", required=False, default="Asia/Shanghai")
    try:
        ZoneInfo(site.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        record.wrong(
            "timezone",
            f"未知时区 {site.timezone!r}，如 Asia/Shanghai",
            f"unknown time zone {site.timezone!r}, e.g. Asia/Shanghai",
        )
    site.language = record.choice("language", ("zh", "en"), default="zh")
    site.console_url = record.text("console_url", required=False, default="http://127.0.0.1:8000").rstrip("/")
    site.shifts = _shifts(record) or site.shifts
    grace_s = record.number("start_grace_s", default=15.0, minimum=0, maximum=600)
    site.start_grace_ns = int((15.0 if grace_s is None else grace_s) * NS)


def _shifts(record: Record) -> tuple[time, ...]:
    """`shifts = ["08:00", "20:00"]`: when shifts begin, site time."""
    found = []
    for text in record.texts("shifts"):
        try:
            found.append(time.fromisoformat(text))
        except ValueError:
            record.wrong("shifts", f"{text} 不是时刻，写成 08:00", f"{text} is no time of day: write 08:00")
    return tuple(sorted(set(found)))


def _scan_classes(site: Site, record: Record) -> None:
    for name in record.values:
        period_s = record.required_number(name, minimum=0.05, maximum=3600)
        site.scan_classes[name] = int(max(period_s, 0.05) * NS)
    if not site.scan_classes:
        record.wrong(
            "",
            "至少要有一个扫描类，如 normal = 1.0（秒）",
            "needs at least one scan class such as normal = 1.0 (seconds)",
        )


def _person(site: Site, record: Record) -> None:
    record.only(("id", "name_zh", "name_en", "mobile", "wecom_userid"))
    person_id = record.fresh_identifier(site.persons)
    zh, en = record.names()
    mobile = record.text("mobile", required=False)
    userid = record.text("wecom_userid", required=False)
    site.persons[person_id] = Person(id=person_id, name_zh=zh, name_en=en, mobile=mobile, wecom_userid=userid)


def _hazard_source(site: Site, record: Record) -> None:
    record.only(("id", "name_zh", "name_en", "level", "chemicals", *RESPONSIBLE))
    source_id = record.fresh_identifier(site.hazard_sources)
    zh, en = record.names()
    level = record.integer("level", minimum=1, maximum=4)
    if level is None:
        record.wrong("level", "必填，1 到 4 级（GB 18218）", "must be given, 1 to 4 (GB 18218)")
    principal, technical, operation = (record.reference(key, site.persons, ("人员", "person")) for key in RESPONSIBLE)
    site.hazard_sources[source_id] = HazardSource(
        id=source_id,
        name_zh=zh,
        name_en=en,
        level=level or 1,
        chemicals=tuple(_chemical(item) for item in record.records("chemicals", required=True)),
        principal_responsible=principal,
        technical_responsible=technical,
        operation_responsible=operation,
    )


def _chemical(record: Record) -> Chemical:
    record.only(("name_zh", "name_en", "cas", "quantity_t", "critical_quantity_t"))
    zh, en = record.names()
    return Chemical(
        name_zh=zh,
        name_en=en,
        cas=record.text("cas", required=False),
        quantity_t=record.required_number("quantity_t", minimum=0),
        critical_quantity_t=record.required_number("critical_quantity_t", minimum=0.001),
    )


def _process_unit(site: Site, record: Record) -> None:
    record.only(("id", "name_zh", "name_en", "hazard_source"))
    unit_id = record.fresh_identifier(site.process_units)
    zh, en = record.names()
    source = record.reference("hazard_source", site.hazard_sources, ("重大危险源", "hazard source"))
    site.process_units[unit_id] = ProcessUnit(id=unit_id, name_zh=zh, name_en=en, hazard_source=source)


def _equipment(site: Site, record: Record) -> None:
    detected = CHEMICAL if record.values.get("kind") == "detector" else ()
    place = ("id", "name_zh", "name_en", "kind", "process_unit")
    record.only((*place, *EQUIPMENT_NUMBERS, *EQUIPMENT_TAGS, *GEOMETRY, *detected))
    equipment_id = record.fresh_identifier(site.equipment)
    zh_name, en_name = record.names()
    height, overflow = record.number("height_m", minimum=0), record.number("overflow_height_m", minimum=0)
    if height is not None and overflow is not None and overflow > height:
        zh = f"溢流高度 {overflow:g} 高于罐高 {height:g}"
        record.wrong("overflow_height_m", zh, f"{overflow:g} is above height_m {height:g}")
    kind = record.choice("kind", EQUIPMENT_KINDS)
    plain = Equipment(
        id=equipment_id,
        name_zh=zh_name,
        name_en=en_name,
        kind=kind,
        process_unit=record.reference("process_unit", site.process_units, ("装置单元", "process unit")),
        height_m=height,
        overflow_height_m=overflow,
        fill_rate_m_per_h=record.number("fill_rate_m_per_h", minimum=0),
        vessel=read_vessel(record, kind, height),
    )
    tags: dict[str, Any] = {key: record.text(key, required=False) or None for key in EQUIPMENT_TAGS}
    site.equipment[equipment_id] = replace(plain, **tags)
    site.equipment_records[equipment_id] = record


def _history(site: Site, document: Document) -> None:
    record = document.record("history")
    record.only(("keep_days", "influx"))
    site.history_keep_days = (
        record.integer("keep_days", default=MINIMUM_KEEP_DAYS, minimum=1, maximum=3660) or MINIMUM_KEEP_DAYS
    )
    if site.history_keep_days < MINIMUM_KEEP_DAYS:
        zh = f"历史只保存 {site.history_keep_days} 天；40 号令第十三条要求不少于 {MINIMUM_KEEP_DAYS} 天"
        en = f"history is kept {site.history_keep_days} days; Order 40 article 13 asks for {MINIMUM_KEEP_DAYS} at least"
        record.wrong("keep_days", zh, en, "warning")
    influx = document.nested("history", "influx")
    influx.only(("url_env", "url_file", "token_env", "token_file", "org", "bucket", "database", "measurement"))
    site.influx = dict(influx.values)


def _alarms(site: Site, record: Record) -> None:
    record.only(("eclipse", "device_bad_share"))
    site.eclipse = record.flag("eclipse")
    share = record.number("device_bad_share", default=BAD_SHARE, minimum=0.1, maximum=1)
    site.device_bad_share = BAD_SHARE if share is None else share


def _journal(site: Site, record: Record) -> None:
    record.only(("keep_days",))
    days = record.integer("keep_days", default=JOURNAL_KEEP_DAYS, minimum=1, maximum=36600) or JOURNAL_KEEP_DAYS
    if 1 <= days < MINIMUM_KEEP_DAYS:  # others are said already
        zh = f"日志至少保存 {MINIMUM_KEEP_DAYS} 天（40 号令第十三条），不能是 {days} 天"
        record.wrong("keep_days", zh, f"Order 40 article 13 asks for {MINIMUM_KEEP_DAYS} days at least, not {days}")
    site.journal_keep_days = days
