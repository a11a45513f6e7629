"""`rules.toml`: rules that need more than a row of `alarms.csv`, each the definition of an alarm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.alarms.classes import AlarmClassRules
from monitor.alarms.definition import AlarmDefinition
from monitor.interlocks.register import Interlock
from monitor.plant.alarms import AlarmRow, class_of, priority_of, with_texts
from monitor.plant.document import Document
from monitor.plant.kinds import (
    agreement,
    balance,
    comparisons,
    counts,
    early_signs,
    expressions,
    forecast,
    gas,
    interlocks,
    movement,
    rates,
    setpoints,
    signals,
)
from monitor.plant.kinds.conditions import read_condition
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from monitor.plant.site import NS, Site
from monitor.plant.tags import TagRow
from rules.catalog import Delays, Limit
from rules.columns.tags import TagTable

TABLES: Final = ("schema", "rules", "modes", "suppressions")
COMMON: Final = (
    "id", "kind", "name_zh", "name_en", "on_delay_s", "off_delay_s", "priority", "class", "latch", "hazard_source",
    "process_unit", "equipment", "cause_zh", "cause_en", "consequence_zh", "consequence_en", "response_zh", "response_en",
    "time_to_respond_s",
)  # fmt: skip
"""Keys that every `[[rules]]` table takes."""
READERS: Final[Mapping[str, KindReader]] = {
    **agreement.READERS,
    **balance.READERS,
    **comparisons.READERS,
    **counts.READERS,
    **early_signs.READERS,
    **expressions.READERS,
    **forecast.READERS,
    **gas.READERS,
    **interlocks.READERS,
    **movement.READERS,
    **rates.READERS,
    **setpoints.READERS,
    **signals.READERS,
}
"""Every word of the key `kind`."""


def read_rules(
    document: Document,
    site: Site,
    tags: Mapping[str, TagRow],
    register: Sequence[Interlock],
    taken: frozenset[str],
    alarms: Sequence[AlarmRow] = (),
) -> list[AlarmRow]:
    """Read every `[[rules]]` table; `taken` are the ids of all other alarms.  Mistakes go to the document's report.

    `alarms`: those of alarms.csv, whose set-points a rule may name.
    """
    document.record().only(TABLES)
    modes = read_modes(document)
    surroundings = Surroundings(
        site=site,
        tags=tags,
        table=TagTable([row.tag for row in tags.values()]),
        interlocks={interlock.id: interlock for interlock in register},
        modes=modes,
        set_points={(row.rule.tag, row.rule.kind): row.rule.set_point for row in alarms if isinstance(row.rule, Limit)},
    )
    for record in document.records("modes"):  # also where nothing uses them
        read_condition(record, "when", surroundings)
    rows: dict[str, AlarmRow] = {}
    for record in document.records("rules"):
        row = _row(record, surroundings, site.philosophy.classes)
        if row is None:
            continue
        if row.definition.id in rows or row.definition.id in taken:
            zh, en = f"报警编号 {row.definition.id} 重复", f"alarm id {row.definition.id} stands twice"
            record.wrong("id", zh, en)
            continue
        rows[row.definition.id] = row
    return list(rows.values())


def read_modes(document: Document) -> dict[str, str]:
    """`[[modes]]`: named states of a unit or tank (start-up, empty ...), each a condition as text."""
    modes: dict[str, str] = {}
    for record in document.records("modes"):
        record.only(("id", "when", "name_zh", "name_en"))
        mode, when = record.identifier("id"), record.text("when")
        if mode in modes:
            record.wrong("id", f"工况编号 {mode} 重复", f"mode id {mode} stands twice")
        modes[mode] = when
    return modes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an alarm belongs and what it is about: what its table says, else what its tag says."""

    device: str | None
    hazard_source: str
    process_unit: str
    equipment: str
    name_zh: str
    name_en: str

    @classmethod
    def of(cls, record: Record, read: ReadRule | None, surroundings: Surroundings) -> "_Place":
        own = _of_subject(read, surroundings)
        site = surroundings.site

        def told(key: str, known: Mapping[str, object], noun: tuple[str, str], default: str) -> str:
            return record.reference(key, known, noun, required=False) or default

        source = told("hazard_source", site.hazard_sources, ("重大危险源", "hazard source"), own.hazard_source)
        if read is not None and not source:
            record.wrong("hazard_source", "必填：此规则没有位号", "must be given: the rule has no tag")
        name_zh = record.text("name_zh", required=read is not None and not own.name_zh, default=own.name_zh)
        return cls(
            device=own.device,
            hazard_source=source,
            process_unit=told("process_unit", site.process_units, ("装置单元", "process unit"), own.process_unit),
            equipment=told("equipment", site.equipment, ("设备", "equipment"), own.equipment),
            name_zh=name_zh,
            name_en=record.text("name_en", required=False, default=own.name_en or name_zh),
        )


def _of_subject(read: ReadRule | None, surroundings: Surroundings) -> _Place:
    """What the interlock or the tag of a rule says of itself; empty where it has neither."""
    interlock = surroundings.interlocks.get(read.interlock) if read is not None and read.interlock else None
    row = surroundings.tags.get(read.tag) if read is not None and read.tag else None
    tag = row.tag if row is not None else None
    return _Place(
        device=tag.device if tag else None,
        hazard_source=interlock.hazard_source if interlock else tag.hazard_source if tag else "",
        process_unit=interlock.process_unit if interlock else tag.process_unit if tag else "",
        equipment=tag.equipment if tag else "",
        name_zh=interlock.name_zh if interlock else tag.description_zh if tag else "",
        name_en=interlock.name_en if interlock else tag.description_en if tag else "",
    )


def _row(record: Record, surroundings: Surroundings, classes: Mapping[str, AlarmClassRules]) -> AlarmRow | None:
    kind = record.choice("kind", tuple(READERS))
    rule_id = record.identifier("id")
    reader = READERS.get(kind)
    if reader is None or not record.is_given("kind"):
        return None
    record.only((*COMMON, *reader.keys))
    on_delay_s = record.number("on_delay_s", default=0.0, minimum=0, maximum=3600) or 0.0
    off_delay_s = record.number("off_delay_s", default=0.0, minimum=0, maximum=3600) or 0.0
    delays = Delays(on_delay_ns=int(on_delay_s * NS), off_delay_ns=int(off_delay_s * NS))
    read = reader.read(record, rule_id, delays, surroundings)
    priority, alarm_class = priority_of(record), class_of(record, tuple(classes))
    place = _Place.of(record, read, surroundings)
    if read is None:
        return None
    own_latch = classes[alarm_class].latch_default if read.latch_default is None else read.latch_default
    definition = AlarmDefinition(
        id=rule_id,
        kind=kind,
        alarm_class=alarm_class,
        priority=priority,
        tag=read.tag,
        device=place.device,
        interlock=read.interlock,
        hazard_source=place.hazard_source or None,
        process_unit=place.process_unit or None,
        equipment=place.equipment or None,
        set_point=read.set_point,
        dead_band=read.dead_band,
        eu=read.eu,
        on_delay_ns=read.rule.delays.on_delay_ns,
        off_delay_ns=read.rule.delays.off_delay_ns,
        latch=record.flag("latch", default=own_latch),
        subject_zh=place.name_zh,
        subject_en=place.name_en,
        time_to_respond_s=record.number("time_to_respond_s", minimum=0),
    )
    return AlarmRow(definition=with_texts(definition, record), rule=read.rule, record=record)
