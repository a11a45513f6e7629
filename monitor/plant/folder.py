"""The plant folder as a whole: read, link, compile, and refuse with every mistake at once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.notify.people import Notification
from monitor.plant.alarms import COLUMNS as ALARM_COLUMNS
from monitor.plant.alarms import REQUIRED as ALARM_REQUIRED
from monitor.plant.alarms import AlarmRow, read_alarms
from monitor.plant.barriers import barrier_definitions, trip_point_definitions, trip_point_rules
from monitor.plant.devices import DevicePort
from monitor.plant.document import read_document
from monitor.plant.generated import bypass_definition, bypass_rule, generated_definitions
from monitor.plant.guard import check_set_points, protected_by
from monitor.plant.health import check_health_tags, read_health_codes
from monitor.plant.interlocks import check_protections, read_register, read_transfers
from monitor.plant.mistakes import Mistake, PlantRefusedError
from monitor.plant.plant import Device, Plant, TagAddress
from monitor.plant.rules import read_modes, read_rules
from monitor.plant.sheet import read_sheet
from monitor.plant.site import NS, Site, read_site
from monitor.plant.suppressions import Silenceable, read_suppressions
from monitor.plant.tags import COLUMNS as TAG_COLUMNS
from monitor.plant.tags import REQUIRED as TAG_REQUIRED
from monitor.plant.tags import TagRow, check_equipment_tags, read_tags
from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.errors import RulesRefusedError

FILES: Final = ("plant.toml", "tags.csv", "alarms.csv", "rules.toml", "interlocks.toml")
RULE_FILES: Final = frozenset({"alarms.csv", "rules.toml", "interlocks.toml"})
"""What a set of rules consists of; site, devices and tags are the plant's."""

PKI: Final = "pki"
"""Key of a device that signs or encrypts, and the folder meant where it is not given: our certificate, whom we trust."""

DEVICE_FILES: Final = (PKI, "password_file", "user_certificate", "user_key")
"""Keys of a device that name files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A plant that passed, with the warnings an engineer should still read."""

    plant: Plant
    warnings: tuple[Mistake, ...]


def fingerprint(folder: Path, rules_from: Path | None = None) -> str:
    """Hash of all files of the folder: tells whether they differ from what runs; a missing file counts as empty."""
    return _print_of({name: _place(folder, name, rules_from) for name in FILES})


def _place(folder: Path, name: str, rules_from: Path | None) -> Path:
    """Where a file of the plant stands."""
    other = rules_from / name if rules_from is not None and name in RULE_FILES else None
    return other if other is not None and other.is_file() else folder / name


def _print_of(paths: Mapping[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, path in paths.items():
        digest.update(name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"") + b"\0")
    return digest.hexdigest()


def read_plant(folder: Path, devices: DevicePort, rules_from: Path | None = None) -> Checked:
    """Read and check a plant folder; `rules_from`: a folder whose own RULE_FILES stand in for those of the plant.

    :raises PlantRefusedError: with every mistake of every file.
    """
    mistakes: list[Mistake] = []
    if not folder.is_dir():
        zh, en = f"没有此文件夹：{folder}", f"there is no such folder: {folder}"
        raise PlantRefusedError((Mistake(file=str(folder), line=0, column="", zh=zh, en=en),))
    paths = {name: _place(folder, name, rules_from) for name in FILES}
    print_of_files = _print_of(paths)
    document = read_document(paths["plant.toml"], mistakes.append)
    tag_records = read_sheet(paths["tags.csv"], TAG_COLUMNS, TAG_REQUIRED, mistakes.append)
    alarm_records = read_sheet(paths["alarms.csv"], ALARM_COLUMNS, ALARM_REQUIRED, mistakes.append)
    sheet_of_interlocks = read_document(paths["interlocks.toml"], mistakes.append)
    more = read_document(paths["rules.toml"], mistakes.append, required=False)
    site = None if document is None else read_site(document, devices)
    tags = None if site is None or tag_records is None else read_tags(tag_records, site, devices)
    if (
        document is None
        or site is None
        or tags is None
        or alarm_records is None
        or sheet_of_interlocks is None
        or more is None
    ):  # nothing else can be linked: say only what is certain
        raise PlantRefusedError(_in_order(mistakes))
    check_equipment_tags(site, tags)
    register = read_register(sheet_of_interlocks, site, tags)
    interlocks = register.interlocks
    generated = generated_definitions(site, tags)
    bypass = (*(bypass_definition(interlock) for interlock in interlocks), *trip_point_definitions(interlocks))
    barriers = barrier_definitions(register, site)
    rows, changed = read_alarms(
        alarm_records, tags, (*bypass, *barriers, *generated), site.philosophy.classes, site.start_grace_ns / NS
    )
    taken = frozenset([*(row.definition.id for row in rows), *(definition.id for definition in changed)])
    rows += read_rules(more, site, tags, interlocks, taken, tuple(rows))
    rules = (
        *(row.rule for row in rows),
        *(bypass_rule(interlock) for interlock in interlocks),
        *trip_point_rules(interlocks),
    )
    table = TagTable([row.tag for row in tags.values()], read_health_codes(document))
    try:
        compile_rules(rules, table)
    except RulesRefusedError as refused:
        _report_rules(refused, rows, mistakes)
    check_health_tags(tags, rows)
    check_set_points(rows, protected_by(tags, site, interlocks, document), sheet_of_interlocks)
    definitions = (*(row.definition for row in rows), *changed)
    check_protections(sheet_of_interlocks, register, {definition.id for definition in definitions})
    transfers = read_transfers(sheet_of_interlocks, table, read_modes(more))
    around = Silenceable(
        rows=rows,
        definitions={definition.id: definition for definition in definitions},
        classes=site.philosophy.classes,
        table=table,
        modes=read_modes(more),
    )
    suppressions = read_suppressions(more, around, eclipse=site.eclipse)
    if any(mistake.severity == "error" for mistake in mistakes):
        raise PlantRefusedError(_in_order(mistakes))
    plant = Plant(
        id=site.id,
        name_zh=site.name_zh,
        name_en=site.name_en,
        timezone=site.timezone,
        language=site.language,
        start_grace_ns=site.start_grace_ns,
        shifts=site.shifts,
        tags=table,
        rules=rules,
        definitions=definitions,
        hazard_sources=tuple(site.hazard_sources.values()),
        process_units=tuple(site.process_units.values()),
        equipment=tuple(site.equipment.values()),
        interlocks=interlocks,
        register=register,
        transfer_conditions=transfers,
        devices=_devices(site, tags, folder.absolute()),
        persons=tuple(site.persons.values()),
        channels=tuple(site.channels.values()),
        notification=_notification(site),
        history_keep_days=site.history_keep_days,
        journal_keep_days=site.journal_keep_days,
        influx=site.influx,
        performance=site.performance,
        philosophy=site.philosophy,
        suppressions=tuple(suppressions.suppressions),
        suppression_conditions=tuple(suppressions.conditions),
        device_bad_share=site.device_bad_share,
        fingerprint=print_of_files,
    )
    return Checked(plant=plant, warnings=_in_order(mistakes))


def _in_order(mistakes: list[Mistake]) -> tuple[Mistake, ...]:
    order = {name: position for position, name in enumerate(FILES)}
    return tuple(sorted(set(mistakes), key=lambda item: (order.get(item.file, 9), item.line, item.column, item.en)))


def _report_rules(refused: RulesRefusedError, rows: list[AlarmRow], mistakes: list[Mistake]) -> None:
    """Put what the compiler says at the line of the alarm it is about, unless that field is reported already."""
    records = {row.definition.id: row.record for row in rows}
    reported = {(mistake.file, mistake.line, mistake.column) for mistake in mistakes}
    for error in refused.errors:
        record = records.get(error.rule_id)
        line = record.line(error.field) if record else 0
        file = record.file if record else "interlocks.toml"
        if (file, line, error.field) not in reported:
            mistakes.append(Mistake(file=file, line=line, column=error.field, zh=error.zh, en=error.en))


def _devices(site: Site, tags: Mapping[str, TagRow], folder: Path) -> tuple[Device, ...]:
    addresses: dict[str, list[TagAddress]] = {}
    for row in tags.values():
        addresses.setdefault(row.tag.device, []).append(row.address)
    return tuple(
        Device(
            id=device.id,
            kind=device.kind,
            name_zh=device.name_zh,
            name_en=device.name_en,
            settings=with_files(device.settings, folder),
            addresses=tuple(addresses.get(device.id, ())),
        )
        for device in site.devices.values()
    )


def with_files(settings: Mapping[str, object], folder: Path) -> dict[str, object]:
    """The settings of a device with its files where they are: a relative name is one inside the plant folder."""
    given = {PKI: PKI, **settings} if settings.get("security", "none") != "none" else settings
    return {
        key: str(folder / value) if key in DEVICE_FILES and isinstance(value, str) else value
        for key, value in given.items()
    }


def _notification(site: Site) -> Notification:
    return Notification(
        plant=site.id,
        site_zh=site.name_zh,
        site_en=site.name_en,
        timezone=site.timezone,
        console_url=site.console_url,
        language="en" if site.language == "en" else "zh",
        persons=tuple(site.persons.values()),
        channels=tuple(site.channels.values()),
        hazard_source_names={source.id: (source.name_zh, source.name_en) for source in site.hazard_sources.values()},
    )
