"""`interlocks.toml`: the register of interlocks, their classes, and the protection layers of tanks and units."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from monitor.interlocks.register import (
    BUILT_IN_CLASSES,
    BypassBit,
    Cause,
    Interlock,
    InterlockClass,
    Layer,
    Protection,
    Register,
)
from monitor.plant.causes import TAG, must_be_discrete, read_causes, read_effects, read_tags
from monitor.plant.document import Document
from monitor.plant.kinds.conditions import condition_at
from monitor.plant.record import Record
from monitor.plant.site import Site
from monitor.plant.tags import TagRow
from monitor.plant.trip_points import check_trip_point_tag
from rules.columns.tags import TagTable
from rules.language.conditions import Condition

KEYS = (
    "id", "name_zh", "name_en", "hazard_source", "process_unit", "equipment", "class", "sil", "owner", "voting", "causes",
    "effects", "trip_tag", "trip_point", "trip_eu", "trip_point_tag", "trip_point_tolerance", "bypass", "permit_required",
    "proof_test_interval_days", "last_proof_test",
)  # fmt: skip
CLASS_KEYS: Final = (
    "id", "target_percent", "permit_required", "approval", "longest_hours", "function_check", "authorised_counts",
)  # fmt: skip
PROTECTION_KEYS: Final = ("id", "equipment", "hazard_source", "required", "transfer", "towards", "layers")
LAYER_KEYS: Final = ("id", "name_zh", "name_en", "alarms", "interlocks", "tags", "faults")
TABLES: Final = ("schema", "interlocks", "interlock_classes", "protections", "bypass_limits")


def read_register(document: Document, site: Site, tags: Mapping[str, TagRow]) -> Register:
    """Read the register; mistakes go to the document's report."""
    document.record().only(TABLES)
    classes = _classes(document)
    found: dict[str, Interlock] = {}
    for record in document.records("interlocks"):
        interlock = _interlock(record, site, tags, classes)
        if interlock.id in found or interlock.id in site.devices:
            record.wrong("id", f"编号 {interlock.id} 重复", f"id {interlock.id} stands twice")
        found[interlock.id] = interlock
    return Register(
        interlocks=tuple(found.values()),
        classes=classes,
        protections=_protections(document, site, tags, found),
        simultaneous=_limits(document, site),
    )


def check_protections(document: Document, register: Register, alarms: Collection[str]) -> None:
    """Report every alarm that a protection names and nobody defines; called when all alarms are read."""
    for record, protection in zip(document.records("protections"), register.protections, strict=False):
        for layer in protection.layers:
            for alarm in (*layer.alarms, *layer.faults):
                record.must_know("layers", alarm, alarms, ("报警", "alarm"))
        for alarm in protection.towards:
            record.must_know("towards", alarm, alarms, ("报警", "alarm"))


def read_transfers(document: Document, table: TagTable, modes: Mapping[str, str]) -> tuple[Condition, ...]:
    """The conditions of the protections that name a transfer, in their order; mistakes go to the document's report."""
    found = [
        condition_at(record, "transfer", table, modes)
        for record in document.records("protections")
        if record.is_given("transfer")
    ]
    return tuple(condition for condition in found if condition is not None)


def _classes(document: Document) -> dict[str, InterlockClass]:
    classes = dict(BUILT_IN_CLASSES)
    seen: set[str] = set()
    for record in document.records("interlock_classes"):
        record.only(CLASS_KEYS)
        class_id = record.identifier("id")
        if class_id in seen:
            record.wrong("id", f"级别 {class_id} 重复", f"class {class_id} stands twice")
        seen.add(class_id)
        default = classes.get(class_id, InterlockClass(id=class_id))
        approval = record.texts("approval") or default.approval
        if not approval or len(set(approval)) != len(approval):
            record.wrong("approval", "至少一级审批，各级角色不同", "at least one role, each named once")
        percent = record.number("target_percent", default=default.target_percent, minimum=0, maximum=100)
        hours = record.number("longest_hours", default=default.longest_s / 3600, minimum=0.1, maximum=24 * 365)
        classes[class_id] = InterlockClass(
            id=class_id,
            target_percent=default.target_percent if percent is None else percent,
            permit_required=record.flag("permit_required", default=default.permit_required),
            approval=approval,
            longest_s=(default.longest_s / 3600 if hours is None else hours) * 3600,
            function_check=record.flag("function_check", default=default.function_check),
            counts_authorised=record.flag("authorised_counts", default=default.counts_authorised),
        )
    return classes


def _interlock(
    record: Record, site: Site, tags: Mapping[str, TagRow], classes: Mapping[str, InterlockClass]
) -> Interlock:
    record.only(KEYS)
    interlock_id = record.identifier("id")
    name_zh = record.text("name_zh")
    trip_tag = record.reference("trip_tag", tags, TAG, required=False) or None
    if trip_tag is not None and trip_tag in tags:
        must_be_discrete(record, "trip_tag", trip_tag, tags)
    inputs, outputs = read_causes(record, tags, interlock_id), read_effects(record, tags)
    class_id = record.choice("class", tuple(classes), default="A")
    return Interlock(
        id=interlock_id,
        name_zh=name_zh,
        name_en=record.text("name_en", required=False, default=name_zh),
        hazard_source=record.reference("hazard_source", site.hazard_sources, ("重大危险源", "hazard source")),
        process_unit=record.reference("process_unit", site.process_units, ("装置单元", "process unit"), required=False),
        equipment=record.reference("equipment", site.equipment, ("设备", "equipment"), required=False),
        interlock_class=class_id,
        sil=record.integer("sil", minimum=1, maximum=4),
        owner=record.reference("owner", site.persons, ("人员", "person"), required=False),
        causes=tuple(cause.tag for cause in inputs),
        effects=tuple(output.tag for output in outputs),
        inputs=inputs,
        outputs=outputs,
        needed=_voting(record, len(inputs)),
        bypass_bits=tuple(_bypass_bit(item, tags, inputs) for item in record.records("bypass", required=True)),
        permit_required=record.flag("permit_required", default=classes[class_id].permit_required),
        proof_test_interval_days=record.integer("proof_test_interval_days", minimum=1, maximum=36_500),
        last_proof_test=_date(record, "last_proof_test"),
        trip_tag=trip_tag,
        trip_point=record.number("trip_point"),
        trip_eu=record.text("trip_eu", required=False),
        trip_point_tag=_trip_point_tag(record, tags),
        trip_point_tolerance=record.number("trip_point_tolerance", default=0.0, minimum=0) or 0.0,
    )


def _trip_point_tag(record: Record, tags: Mapping[str, TagRow]) -> str | None:
    """Where the PLC shows the trip point of the whole interlock; None where it is not given or cannot be it."""
    tag = record.reference("trip_point_tag", tags, TAG, required=False)
    if tag not in tags:
        return None
    trip_point = record.number("trip_point")
    if trip_point is None:
        record.wrong(
            "trip_point", "必填：trip_point_tag 要与批准值比较", "must be given: trip_point_tag is compared with it"
        )
        return None
    eu = record.text("trip_eu", required=False)
    return tag if check_trip_point_tag(record, tags[tag].tag, trip_point, eu) else None


def _voting(record: Record, inputs: int) -> int:
    """`2oo3`: so many of so many; 1 of all where it is not given."""
    text = record.text("voting", required=False)
    if not text:
        return 1
    needed, _, total = text.partition("oo")
    if not (needed.isdecimal() and total.isdecimal()) or not 1 <= int(needed) <= int(total) or int(total) != inputs:
        zh, en = f"{text}：应为 1oo{inputs} 到 {inputs}oo{inputs}", f"{text}: must be 1oo{inputs} to {inputs}oo{inputs}"
        record.wrong("voting", zh, en)
        return 1
    return int(needed)


def _date(record: Record, key: str) -> date | None:
    value = record.values.get(key)
    if value is None or type(value) is date:
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        record.wrong(key, f"{value} 不是日期，写成 2026-03-01", f"{value} is no date: write 2026-03-01")
        return None


def _protections(
    document: Document, site: Site, tags: Mapping[str, TagRow], interlocks: Collection[str]
) -> tuple[Protection, ...]:
    found: dict[str, Protection] = {}
    for record in document.records("protections"):
        record.only(PROTECTION_KEYS)
        equipment = record.reference("equipment", site.equipment, ("设备", "equipment"))
        protection_id = record.identifier("id") if record.is_given("id") else f"{equipment}.layers"
        if protection_id in found:
            record.wrong("id", f"编号 {protection_id} 重复", f"id {protection_id} stands twice")
        layers = tuple(_layer(item, tags, interlocks) for item in record.records("layers", required=True))
        required = record.integer("required", minimum=1, maximum=max(len(layers), 1))
        if required is None:
            record.wrong("required", "必填：至少要几层", "must be given: how many layers are needed")
        found[protection_id] = Protection(
            id=protection_id,
            equipment=equipment,
            hazard_source=record.reference("hazard_source", site.hazard_sources, ("重大危险源", "hazard source")),
            required=required or 1,
            layers=layers,
            transfer=record.text("transfer", required=False),
            towards=record.texts("towards"),
        )
    return tuple(found.values())


def _layer(record: Record, tags: Mapping[str, TagRow], interlocks: Collection[str]) -> Layer:
    record.only(LAYER_KEYS)
    name_zh = record.text("name_zh")
    named = record.texts("interlocks")
    for interlock in named:
        record.must_know("interlocks", interlock, interlocks, ("联锁", "interlock"))
    layer = Layer(
        id=record.identifier("id"),
        name_zh=name_zh,
        name_en=record.text("name_en", required=False, default=name_zh),
        alarms=record.texts("alarms"),
        interlocks=named,
        tags=read_tags(record, "tags", tags),
        faults=record.texts("faults"),
    )
    if not (layer.alarms or layer.interlocks or layer.tags):
        record.wrong("id", "此层没有写明报警、联锁或位号", "the layer names no alarm, no interlock and no tag")
    return layer


def _limits(document: Document, site: Site) -> dict[str, int]:
    limits: dict[str, int] = {}
    for record in document.records("bypass_limits"):
        record.only(("hazard_source", "most"))
        source = record.reference("hazard_source", site.hazard_sources, ("重大危险源", "hazard source"))
        most = record.integer("most", minimum=0, maximum=10_000)
        if most is None:
            record.wrong("most", "必填：同时旁路最多几个", "must be given: how many may be bypassed at once")
        limits[source] = most or 0
    return limits


def _bypass_bit(record: Record, tags: Mapping[str, TagRow], inputs: tuple[Cause, ...]) -> BypassBit:
    record.only(("tag", "bypassed_when", "cause"))
    tag = record.reference("tag", tags, TAG)
    if tag in tags:
        must_be_discrete(record, "tag", tag, tags)
    when = record.integer("bypassed_when", minimum=0, maximum=1)
    if when is None:
        record.wrong("bypassed_when", "必填：旁路时该位为 0 还是 1", "must be given: does 0 or 1 mean bypassed")
    cause = record.reference("cause", [item.tag for item in inputs], ("原因位号", "cause"), required=False) or None
    return BypassBit(tag=tag, bypassed_when=1 if when is None else when, cause=cause)
