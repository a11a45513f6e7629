"""Suppression by design as the plant folder says it: `[[suppressions]]`, `eclipsed_by`, and what a dead device makes silent."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from monitor.alarms.classes import AlarmClassRules
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.design_suppression import DesignSuppression, find_circle
from monitor.alarms.shelving import MILDER
from monitor.plant.alarms import AlarmRow
from monitor.plant.document import Document
from monitor.plant.record import ID_LENGTH, Record
from monitor.plant.site import NS
from rules.columns.tags import TagTable
from rules.language.conditions import Condition, ExpressionRefusedError, parse_condition

KEYS: Final = ("id", "when", "parent", "alarms", "reason_zh", "reason_en", "off_delay_s", "maximum_s")
PATTERN: Final = re.compile(r"[A-Za-z0-9_.*-]+")
LONGEST_OFF_DELAY_S: Final = 600.0
LONGEST_S: Final = 30 * 24 * 3600.0
SEVERER: Final = {milder: severe for severe, milder in MILDER.items()}
"""H -> HH, L -> LL."""
NO_ECLIPSE: Final = "none"
OURSELVES: Final = frozenset({"channel", "system"})
"""Kinds by which the service speaks of itself: no logic of the plant may keep them silent."""
OF_THE_SIGNAL: Final = frozenset({"bad", "uncertain", "no_update", "never_seen", "out_of_band"})
"""Kinds that say of one gauge what a dead device says of all."""
RESERVED: Final = ("eclipse.", "device.")


@dataclass(slots=True)
class ReadSuppressions:
    """What was read; `conditions` are those of the suppressions with a condition of their own, in their order."""

    suppressions: list[DesignSuppression] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silenceable:
    """What a suppression may refer to."""

    rows: Sequence[AlarmRow]
    definitions: Mapping[str, AlarmDefinition]
    """Every alarm of the plant by id, the generated ones too."""
    classes: Mapping[str, AlarmClassRules]
    table: TagTable
    modes: Mapping[str, str]

    def forbidden(self, definition: AlarmDefinition) -> tuple[str, str] | None:
        """Why this alarm may never be suppressed by design (zh, en); None where it may."""
        if definition.kind in OURSELVES:
            return "是本系统自身的报警", "is about this service itself"
        rules = self.classes[definition.alarm_class]
        if not rules.may_be_suppressed:
            return (
                f"属于不允许按设计抑制的类别 {rules.id}",
                f"is of class {rules.id}, which may not be suppressed by design",
            )
        return None


def read_suppressions(document: Document, around: Silenceable, *, eclipse: bool) -> ReadSuppressions:
    """Read all three forms; `eclipse`: every HH keeps H of its tag silent, and LL L, unless its row says otherwise."""
    read = ReadSuppressions()
    seen: dict[str, Record] = {}
    for record in document.records("suppressions"):
        record.only(KEYS)
        name = record.identifier("id")
        if name in seen:
            record.wrong("id", f"抑制编号 {name} 重复", f"suppression id {name} stands twice")
        if name.startswith(RESERVED):
            words = "、".join(RESERVED), " and ".join(RESERVED)
            record.wrong("id", f"编号不能以 {words[0]} 开头", f"ids beginning with {words[1]} are generated")
        seen[name] = record
        _read_one(record, name, around, read)
    read.suppressions += _eclipses(around, eclipse)
    read.suppressions += _devices(around)
    _refuse_circle(read.suppressions, seen)
    return read


def _read_one(record: Record, name: str, around: Silenceable, read: ReadSuppressions) -> None:
    condition = _condition(record, around)
    parent = record.reference("parent", around.definitions, ("报警", "alarm"), required=False)
    if record.is_given("when") == record.is_given("parent"):
        zh, en = "when 与 parent 必须且只能填一个", "give either when or parent, and only one"
        record.wrong("when" if record.is_given("when") else "id", zh, en)
    reason = record.text("reason_zh")
    off_delay_s = record.number("off_delay_s", default=0.0, minimum=0, maximum=LONGEST_OFF_DELAY_S) or 0.0
    maximum_s = record.number("maximum_s", minimum=1, maximum=LONGEST_S)
    alarms = tuple(_alarms(record, parent, around))
    if parent in around.definitions:
        _warn_of_a_mild_parent(record, around.definitions[parent], alarms, around)
    if not alarms or (condition is None) == (parent not in around.definitions):
        return
    read.suppressions.append(
        DesignSuppression(
            id=name,
            kind="condition" if condition is not None else "parent",
            when=condition.text if condition is not None else "",
            remembers=condition is not None and not condition.timeless,
            parent=None if condition is not None else parent,
            alarms=alarms,
            reason_zh=reason,
            reason_en=record.text("reason_en", required=False, default=reason),
            off_delay_ns=round(off_delay_s * NS),
            maximum_ns=None if maximum_s is None else round(maximum_s * NS),
        )
    )
    if condition is not None:
        read.conditions.append(condition)


def _condition(record: Record, around: Silenceable) -> Condition | None:
    text = record.text("when", required=False)
    if not text:
        return None
    try:
        return parse_condition(text, around.table, around.modes)
    except ExpressionRefusedError as refused:
        record.wrong("when", refused.message("zh"), refused.message("en"))
        return None


def _alarms(record: Record, parent: str, around: Silenceable) -> Iterator[str]:
    """Ids that the list names, each once; a pattern leaves the parent itself out."""
    wanted = record.texts("alarms")
    if not wanted:
        record.wrong("alarms", '至少列一个报警，如 ["T-101.*"]', 'name at least one alarm, such as ["T-101.*"]')
    found: dict[str, None] = {}
    for text in wanted:
        if "*" not in text:
            if record.must_know("alarms", text, around.definitions, ("报警", "alarm")):
                found[text] = None
            continue
        matching = _matching(text, around.definitions) if PATTERN.fullmatch(text) else []
        if not matching:
            record.wrong("alarms", f"没有报警符合 {text!r}", f"no alarm matches {text!r}")
        found |= dict.fromkeys(name for name in matching if name != parent)
    for name in found:
        why = around.forbidden(around.definitions[name])
        if why is not None:
            record.wrong("alarms", f"{name} {why[0]}", f"{name} {why[1]}")
            continue
        yield name


def _matching(pattern: str, ids: Mapping[str, object]) -> list[str]:
    """A star stands for any letters, points included; everything else for itself."""
    words = re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
    return [name for name in ids if words.fullmatch(name)]


def _warn_of_a_mild_parent(record: Record, parent: AlarmDefinition, alarms: Sequence[str], around: Silenceable) -> None:
    higher = [name for name in alarms if around.definitions[name].priority < parent.priority]
    if higher:
        zh = f"{parent.id} 优先级 {parent.priority}，却抑制优先级更高的 {'、'.join(higher[:5])}"
        en = f"{parent.id} has priority {parent.priority} and silences what is more urgent: {', '.join(higher[:5])}"
        record.wrong("parent", zh, en, "warning")


def _eclipses(around: Silenceable, everywhere: bool) -> list[DesignSuppression]:
    """One for each HH (LL) that keeps H (L) of its tag silent."""
    severe: dict[tuple[str | None, str], list[str]] = {}
    for row in around.rows:
        severe.setdefault((row.definition.tag, row.definition.kind), []).append(row.definition.id)
    below: dict[str, list[str]] = {}
    for row in around.rows:
        for parent in _eclipsing(row, severe, around, everywhere):
            below.setdefault(parent, []).append(row.definition.id)
    return [
        DesignSuppression(
            id=f"eclipse.{parent}"[:ID_LENGTH],
            kind="eclipse",
            parent=parent,
            alarms=tuple(alarms),
            reason_zh=f"{parent} 已报警，同一位号的低一级报警不再重复",
            reason_en=f"{parent} is TRUE: the level before it on the same tag says nothing new",
        )
        for parent, alarms in below.items()
    ]


def _eclipsing(
    row: AlarmRow, severe: Mapping[tuple[str | None, str], Sequence[str]], around: Silenceable, everywhere: bool
) -> Sequence[str]:
    """Ids of the alarms that eclipse this one."""
    definition, record = row.definition, row.record
    asked = record.text("eclipsed_by", required=False)
    if asked == NO_ECLIPSE or not (asked or everywhere):
        return ()
    wanted = SEVERER.get(definition.kind)
    found = severe.get((definition.tag, wanted), ()) if wanted is not None else ()
    forbidden = around.forbidden(definition)
    if not asked:
        return () if forbidden else found
    if wanted is None or asked != wanted:
        zh = "只有 H 可填 HH、L 可填 LL，或填 none"
        record.wrong("eclipsed_by", zh, "H takes HH, L takes LL, every alarm takes none")
    elif not found:
        zh, en = f"位号 {definition.tag} 没有 {asked} 报警", f"tag {definition.tag} has no {asked} alarm"
        record.wrong("eclipsed_by", zh, en)
    elif forbidden:
        record.wrong("eclipsed_by", f"{definition.id} {forbidden[0]}", f"{definition.id} {forbidden[1]}")
        return ()
    return found


def _devices(around: Silenceable) -> list[DesignSuppression]:
    """One for each device whose gauges have alarms of their own about their signal."""
    found = []
    for link in around.definitions.values():
        if link.kind != "link":
            continue
        alarms = tuple(
            item.id
            for item in around.definitions.values()
            if item.device == link.device and item.kind in OF_THE_SIGNAL and around.forbidden(item) is None
        )
        if alarms:
            found.append(
                DesignSuppression(
                    id=f"device.{link.device}"[:ID_LENGTH],
                    kind="device",
                    parent=link.id,
                    alarms=alarms,
                    reason_zh=f"设备 {link.device} 整体失效，各表的信号报警不再逐条重复",
                    reason_en=f"Device {link.device} gives nothing usable: the signal alarms of its gauges say nothing new",
                    off_delay_ns=_recovery_ns(link, alarms, around),
                )
            )
    return found


def _recovery_ns(link: AlarmDefinition, alarms: Sequence[str], around: Silenceable) -> int:
    """So long a device needs until every gauge that is well again has been read and has returned."""
    slowest_ns = max(tag.scan_period_ns for tag in around.table.tags if tag.device == link.device)
    longest_ns = max(around.definitions[name].off_delay_ns for name in alarms)
    return slowest_ns + longest_ns + link.off_delay_ns


def _refuse_circle(suppressions: Sequence[DesignSuppression], records: Mapping[str, Record]) -> None:
    circle = find_circle(suppressions)
    if not circle:
        return
    inside = [item for item in suppressions if item.parent in circle and set(item.alarms) & set(circle)]
    shown = " -> ".join(circle)
    for item in inside:
        if item.id in records:
            record = records[item.id]
            record.wrong("parent", f"报警互相抑制成环：{shown}", f"alarms keep each other silent in a circle: {shown}")
