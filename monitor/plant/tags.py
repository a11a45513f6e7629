"""`tags.csv`: every point of the plant with its place, address, range and unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.plant.devices import DevicePort
from monitor.plant.plant import TagAddress
from monitor.plant.record import Record
from monitor.plant.site import Site
from monitor.plant.source import half_width
from monitor.plant.units import ALIASES, NAMES, UNITS
from rules.columns.tags import Tag

COLUMNS = (
    "id", "description_zh", "description_en", "hazard_source", "process_unit", "equipment", "device", "address", "type",
    "word_order", "raw_low", "raw_high", "low", "high", "eu", "scan_class", "normal_state", "signal",
    "health",
)  # fmt: skip
REQUIRED = ("id", "description_zh", "hazard_source", "device", "address", "type", "low", "high", "scan_class")
TYPES = (
    "bool", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "bcd16", "bcd32", "text",
)  # fmt: skip
DISCRETE = ("bool", "text")
"""Types whose value is 0 or 1; of a text, whether there is any."""
WORD_ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
SIGNALS = ("4-20mA",)
SHOWN_STEPS = 2000
"""A screen shows no more steps over a range than an instrument of 0.05 % can tell apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRow:
    """One row of the sheet that could be read: the tag, its address, and its record for later mistakes."""

    tag: Tag
    address: TagAddress
    record: Record


def read_tags(records: Sequence[Record], site: Site, port: DevicePort) -> dict[str, TagRow]:
    """Check every row against the site and its driver; returns the rows by tag id in sheet order."""
    rows: dict[str, TagRow] = {}
    places: dict[tuple[str, str], str] = {}
    for record in records:
        tag_id = record.identifier("id")
        if tag_id in rows:
            first = rows[tag_id].record.line("id")
            record.wrong(
                "id", f"位号 {tag_id} 重复，第一次在第 {first} 行", f"tag {tag_id} stands twice, first in line {first}"
            )
            continue
        row = _row(record, tag_id, len(rows), site, port)
        place = (row.tag.device, row.address.address)
        if place in places and row.address.address:
            other = places[place]
            record.wrong("address", f"与位号 {other} 的地址相同", f"is the address of tag {other} already")
        places.setdefault(place, tag_id)
        rows[tag_id] = row
    return rows


def _row(record: Record, tag_id: str, row: int, site: Site, port: DevicePort) -> TagRow:
    description_zh = record.text("description_zh")
    kind = record.choice("type", TYPES)
    discrete = kind in DISCRETE
    low, high = _range(record, discrete)
    scan_class = record.reference("scan_class", site.scan_classes, ("扫描类", "scan class"))
    period_ns = site.scan_classes.get(scan_class, 1_000_000_000)
    source = record.reference("hazard_source", site.hazard_sources, ("重大危险源", "hazard source"))
    unit = record.reference("process_unit", site.process_units, ("装置单元", "process unit"), required=False)
    if unit in site.process_units and source and site.process_units[unit].hazard_source != source:
        other = site.process_units[unit].hazard_source
        record.wrong(
            "process_unit", f"{unit} 属于 {other}，不属于 {source}", f"{unit} belongs to {other}, not to {source}"
        )
    tag = Tag(
        id=tag_id,
        device=record.reference("device", site.devices, ("设备", "device")),
        hazard_source=source,
        process_unit=unit,
        equipment=record.reference("equipment", site.equipment, ("设备位号", "equipment"), required=False),
        description_zh=description_zh,
        description_en=record.text("description_en", required=False, default=description_zh),
        eu=_unit(record, discrete),
        low=low,
        high=high,
        discrete=discrete,
        normal_state=record.integer("normal_state", minimum=0, maximum=1),
        scan_class=scan_class,
        scan_period_ns=period_ns,
        resolution=0.0 if discrete else (high - low) / SHOWN_STEPS,
        health=record.text("health", required=False),
    )
    return TagRow(tag=tag, address=_address(record, tag, row, kind, site, port), record=record)


def _range(record: Record, discrete: bool) -> tuple[float, float]:
    if discrete:
        return 0.0, 1.0
    low, high = record.required_number("low"), record.required_number("high")
    if record.is_given("low") and record.is_given("high") and low >= high:
        record.wrong("low", f"量程下限 {low:g} 应小于上限 {high:g}", f"low {low:g} must be below high {high:g}")
    return low, high


def _unit(record: Record, discrete: bool) -> str:
    eu = record.text("eu", required=False)
    if eu in UNITS:
        if not eu and not discrete:
            record.wrong("eu", "模拟量必须有单位（无量纲写 1）", "an analog tag needs a unit (write 1 for none)")
        return eu
    if eu in ALIASES:
        record.wrong("eu", f"{eu!r} 请写作 {ALIASES[eu]}", f"{eu!r} is written {ALIASES[eu]}")
        return ALIASES[eu]
    by_fold = {unit.casefold(): unit for unit in UNITS}
    near = NAMES.get(eu.casefold(), by_fold.get(half_width(eu).casefold()))
    zh, en = (
        (f"，是否为 {near}？", f"; did you mean {near}?")
        if near
        else ("，见 docs/plant-folder.md", "; see docs/plant-folder.md")
    )
    record.wrong("eu", f"未知单位 {eu!r}{zh}", f"unknown unit {eu!r}{en}")
    return near or eu  # what follows from the unit is judged by the one that is meant


def _address(record: Record, tag: Tag, row: int, kind: str, site: Site, port: DevicePort) -> TagAddress:
    address = record.text("address")
    word_order = record.choice("word_order", WORD_ORDERS, default="ABCD")
    raw_low, raw_high = record.number("raw_low"), record.number("raw_high")
    if (raw_low is None) != (raw_high is None):
        key = "raw_low" if raw_low is None else "raw_high"
        record.wrong(
            key, "raw_low 与 raw_high 要么都填，要么都不填", "raw_low and raw_high are given together or not at all"
        )
    elif raw_low is not None and raw_low == raw_high:
        record.wrong("raw_high", "应与 raw_low 不同", "must differ from raw_low")
    device = site.devices.get(tag.device)
    if device is not None and device.sound and address:
        for found in port.check_address(device.kind, device.settings, address, kind, word_order):
            record.wrong(found.key, found.zh, found.en)
    return TagAddress(
        tag=tag.id,
        row=row,
        address=address,
        type=kind,
        word_order=word_order,
        raw_low=raw_low,
        raw_high=raw_high,
        low=tag.low,
        high=tag.high,
        scan_period_ns=tag.scan_period_ns,
        signal=_signal(record, tag),
    )


def _signal(record: Record, tag: Tag) -> str:
    """What carries the value: `4-20mA` has the bands of NE 43, anything else none."""
    signal = record.choice("signal", SIGNALS, default="") if record.is_given("signal") else ""
    if signal and tag.discrete:
        record.wrong("signal", "开关量没有 4-20mA 信号", "a discrete tag has no 4-20mA signal")
        return ""
    return signal


def check_equipment_tags(site: Site, rows: Mapping[str, TagRow]) -> None:
    """Report every tag that a piece of equipment names and `tags.csv` does not have."""
    for equipment_id, record in site.equipment_records.items():
        for key, value in record.values.items():
            if (
                key.endswith("_tag")
                and isinstance(value, str)
                and value
                and record.must_know(key, value, rows, ("位号", "tag"))
            ):
                owner = rows[value].tag.equipment
                if owner and owner != equipment_id and key.startswith(("level", "second", "pressure", "temperature")):
                    record.wrong(key, f"位号 {value} 属于设备 {owner}", f"tag {value} belongs to equipment {owner}")
