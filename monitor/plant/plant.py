"""A plant that passed every check: what the rest of the service is built from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from monitor.alarms.classes import Philosophy
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.design_suppression import DesignSuppression
from monitor.alarms.performance import Performance
from monitor.hazards.source import Equipment, HazardSource, ProcessUnit
from monitor.hazards.unusable import BAD_SHARE
from monitor.interlocks.register import Interlock, Register
from monitor.notify.people import Channel, Notification, Person
from rules.catalog import Rule
from rules.columns.tags import TagTable
from rules.language.conditions import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class TagAddress:
    """Where a tag lives on its device, as `tags.csv` says it; the driver reads it."""

    tag: str
    row: int
    address: str
    type: str
    word_order: str
    raw_low: float | None
    raw_high: float | None
    low: float
    high: float
    scan_period_ns: int
    signal: str = ""
    """`4-20mA`: the driver judges its NE 43 bands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One PLC, gateway or server; `settings` are the remaining keys of its table, checked by its driver."""

    id: str
    kind: str
    name_zh: str
    name_en: str
    settings: Mapping[str, object]
    addresses: tuple[TagAddress, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """Everything `plant.toml`, `tags.csv`, `alarms.csv` and `interlocks.toml` say, checked and linked."""

    id: str
    name_zh: str
    name_en: str
    timezone: str
    language: str
    start_grace_ns: int
    shifts: tuple[time, ...]
    """When shifts begin, site time."""
    tags: TagTable
    rules: tuple[Rule, ...]
    """In the order of the first len(rules) definitions: rules[i].id == definitions[i].id."""
    definitions: tuple[AlarmDefinition, ...]
    """Rule alarms first, then the generated ones that scan judges (link, blind, channel, system)."""
    hazard_sources: tuple[HazardSource, ...]
    process_units: tuple[ProcessUnit, ...]
    equipment: tuple[Equipment, ...]
    interlocks: tuple[Interlock, ...]
    devices: tuple[Device, ...]
    persons: tuple[Person, ...]
    channels: tuple[Channel, ...]
    notification: Notification
    history_keep_days: int
    journal_keep_days: int
    influx: Mapping[str, object] = field(default_factory=dict)
    """`[history.influx]` as written; empty when history stays inside."""
    performance: Performance = field(default_factory=Performance)
    transfer_conditions: tuple[Condition, ...] = ()
    """Of the protections that name a transfer, in their order."""
    register: Register = field(default_factory=Register)
    """The interlocks with their classes, protections and limits."""
    philosophy: Philosophy = field(default_factory=Philosophy)
    """Classes, limits of shelving, operator positions."""
    """When alarms flood or are a nuisance, and the targets of the figures."""
    suppressions: tuple[DesignSuppression, ...] = ()
    suppression_conditions: tuple[Condition, ...] = ()
    """Of the suppressions that have a condition of their own, in their order."""
    device_bad_share: float = BAD_SHARE
    """When so many points of a device are BAD, the device is told instead of them."""
    fingerprint: str = ""
    """Hash over the bytes of all files of the folder, to tell when they differ from what runs."""
