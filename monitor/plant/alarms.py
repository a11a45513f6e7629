"""`alarms.csv`, the master alarm database: definitions and the rules that judge them, and the generated alarms beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypedDict, cast

from monitor.alarms.classes import BUILT_IN, AlarmClassRules
from monitor.alarms.definition import BUILT_IN_CLASSES, AlarmClass, AlarmDefinition
from monitor.plant.kinds.signals import KINDS as SIGNAL_KINDS
from monitor.plant.kinds.signals import signal_rule
from monitor.plant.record import Record
from monitor.plant.site import NS
from monitor.plant.tags import TagRow
from rules.catalog import BadQuality, Delays, DiscreteState, Limit, NoUpdate, Rule

COLUMNS = (
    "id", "tag", "kind", "set_point", "dead_band", "on_delay_s", "off_delay_s", "priority", "class", "latch", "cause_zh",
    "cause_en", "consequence_zh", "consequence_en", "response_zh", "response_en", "time_to_respond_s",
    "eclipsed_by",
)  # fmt: skip
REQUIRED = ("tag", "kind", "priority", "class")
LIMIT_KINDS: Final = ("HH", "H", "L", "LL")
KINDS: Final = (*LIMIT_KINDS, "state", "no_update", "bad", *SIGNAL_KINDS)
CLASSES: Final = BUILT_IN_CLASSES


class Guidance(TypedDict, total=False):
    """The columns of a row that say what it means and what to do."""

    cause_zh: str
    cause_en: str
    consequence_zh: str
    consequence_en: str
    response_zh: str
    response_en: str


TEXTS: Final = tuple(Guidance.__annotations__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRow:
    """One alarm with the rule that judges it and the record it came from."""

    definition: AlarmDefinition
    rule: Rule
    record: Record


def read_alarms(
    records: Sequence[Record],
    tags: Mapping[str, TagRow],
    generated: Sequence[AlarmDefinition],
    classes: Mapping[str, AlarmClassRules] = BUILT_IN,
    start_grace_s: float = 15.0,
) -> tuple[list[AlarmRow], tuple[AlarmDefinition, ...]]:
    """Read the sheet; returns its alarms, and the generated definitions with what the sheet changes of them."""
    by_id = {definition.id: definition for definition in generated}
    rows: dict[str, AlarmRow] = {}
    changed: set[str] = set()
    for record in records:
        wanted = record.text("id", required=False)
        if wanted in by_id and not record.is_given("tag"):
            if wanted in changed:
                record.wrong("id", f"编号 {wanted} 重复", f"id {wanted} stands twice")
            changed.add(wanted)
            by_id[wanted] = _change(record, by_id[wanted])
            continue
        row = _row(record, tags, classes, start_grace_s)
        if row is None:
            continue
        alarm_id = row.definition.id
        if alarm_id in rows or alarm_id in by_id:
            record.wrong("id", f"报警编号 {alarm_id} 重复", f"alarm id {alarm_id} stands twice")
            continue
        rows[alarm_id] = row
    return list(rows.values()), tuple(by_id.values())


def _change(record: Record, definition: AlarmDefinition) -> AlarmDefinition:
    """A row with a generated id may change its priority and its texts, nothing else."""
    for key in ("kind", "set_point", "dead_band", "on_delay_s", "off_delay_s", "class", "latch"):
        if record.is_given(key):
            zh = f"{definition.id} 由系统生成，只能改 priority 和文字"
            record.wrong(key, zh, f"{definition.id} is generated: only its priority and texts may be changed")
    return with_texts(replace(definition, priority=priority_of(record)), record)


def with_texts(definition: AlarmDefinition, record: Record) -> AlarmDefinition:
    """The definition with the guidance that the row gives; what it leaves empty stays."""
    given = _texts(record)
    return replace(definition, **given) if given else definition


def _texts(record: Record) -> Guidance:
    """The guidance that the row gives, by field of the definition."""
    return cast(Guidance, {key: record.text(key) for key in TEXTS if record.is_given(key)})


def priority_of(record: Record) -> int:
    """`priority`, 1 (highest) to 4."""
    priority = record.integer("priority", minimum=1, maximum=4)
    if priority is None:
        record.wrong("priority", "必填，1（最高）到 4", "must be given, 1 (highest) to 4")
    return min(max(priority or 4, 1), 4)


def _row(
    record: Record, tags: Mapping[str, TagRow], classes: Mapping[str, AlarmClassRules], start_grace_s: float
) -> AlarmRow | None:
    tag_id = record.reference("tag", tags, ("位号", "tag"))
    kind = record.choice("kind", KINDS)
    alarm_id = record.identifier("id") if record.is_given("id") else f"{tag_id}.{kind}"
    if len(alarm_id) > 64:
        record.wrong("id", f"报警编号 {alarm_id} 超过 64 个字符", f"alarm id {alarm_id} is longer than 64 characters")
    priority, alarm_class = priority_of(record), class_of(record, tuple(classes))
    on_delay_s = record.number("on_delay_s", default=0.0, minimum=0, maximum=3600) or 0.0
    off_delay_s = record.number("off_delay_s", default=0.0, minimum=0, maximum=3600) or 0.0
    if tag_id not in tags:
        return None
    tag = tags[tag_id].tag
    delays = Delays(on_delay_ns=int(on_delay_s * NS), off_delay_ns=int(off_delay_s * NS))
    set_point = record.number("set_point")
    dead_band = record.number("dead_band", default=0.0, minimum=0) or 0.0
    if kind in SIGNAL_KINDS:
        rule = signal_rule(record, alarm_id, kind, tag, delays, ("set_point", start_grace_s))
    else:
        rule = _rule(record, alarm_id, kind, tags[tag_id], set_point, dead_band, delays)
    if rule is None:
        return None
    definition = AlarmDefinition(
        id=alarm_id,
        kind=kind,
        alarm_class=alarm_class,
        priority=priority,
        tag=tag_id,
        device=tag.device,
        hazard_source=tag.hazard_source,
        process_unit=tag.process_unit or None,
        equipment=tag.equipment or None,
        set_point=set_point,
        dead_band=dead_band,
        eu=tag.eu if kind in LIMIT_KINDS else "",
        on_delay_ns=delays.on_delay_ns,
        off_delay_ns=delays.off_delay_ns,
        latch=record.flag("latch", default=classes[alarm_class].latch_default),
        subject_zh=tag.description_zh,
        subject_en=tag.description_en,
        time_to_respond_s=record.number("time_to_respond_s", minimum=0),
        **_texts(record),
    )
    return AlarmRow(definition=definition, rule=rule, record=record)


def class_of(record: Record, classes: tuple[str, ...]) -> AlarmClass:
    """`class`, one of the plant's."""
    found = record.choice("class", classes, default="process")
    if not record.is_given("class"):
        record.wrong("class", f"必填：{', '.join(classes)}", f"must be given: {', '.join(classes)}")
    return found


def _rule(
    record: Record, alarm_id: str, kind: str, row: TagRow, set_point: float | None, dead_band: float, delays: Delays
) -> Rule:
    tag = row.tag
    if kind == "no_update":
        floor_s = max(3 * tag.scan_period_ns / NS, 1.0)
        after_s = floor_s if set_point is None else set_point
        if after_s < floor_s:
            zh = f"{after_s:g} s 太短：此位号每 {tag.scan_period_ns / NS:g} s 采一次，至少 {floor_s:g} s"
            record.wrong(
                "set_point",
                zh,
                f"{after_s:g} s is too short: the tag is read every {tag.scan_period_ns / NS:g} s, at least {floor_s:g} s",
            )
        return NoUpdate(id=alarm_id, tag=tag.id, after_ns=int(max(after_s, floor_s) * NS), delays=delays)
    if kind == "bad":
        return BadQuality(id=alarm_id, tag=tag.id, delays=delays)
    if kind == "state":
        return DiscreteState(id=alarm_id, tag=tag.id, abnormal_state=_abnormal(record, row, set_point), delays=delays)
    if set_point is None:
        record.wrong("set_point", f"{kind} 报警必须有设定值", f"a {kind} alarm needs a set-point")
    limit_kind = next(item for item in LIMIT_KINDS if item == kind)
    fallback = tag.high if kind in ("HH", "H") else tag.low
    return Limit(
        id=alarm_id,
        tag=tag.id,
        kind=limit_kind,
        set_point=fallback if set_point is None else set_point,
        dead_band=dead_band,
        delays=delays,
    )


def _abnormal(record: Record, row: TagRow, set_point: float | None) -> int:
    if set_point is not None:
        if set_point not in (0.0, 1.0):
            record.wrong("set_point", "state 报警的设定值为 0 或 1", "the set-point of a state alarm is 0 or 1")
        return int(set_point != 0.0)
    if row.tag.normal_state is None:
        zh = "请填异常状态 0 或 1，或在 tags.csv 填 normal_state"
        record.wrong("set_point", zh, "give the abnormal state 0 or 1, or normal_state in tags.csv")
        return 1
    return 1 - row.tag.normal_state
