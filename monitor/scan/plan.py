"""What the scan judges: tags, rules, alarms and barriers of one plant, compiled."""

from dataclasses import dataclass, field

from monitor.alarms.classes import Philosophy
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.design_suppression import DesignSuppression
from monitor.alarms.performance import Performance
from monitor.hazards.unusable import BAD_SHARE
from monitor.interlocks.register import Register
from monitor.notify.people import Notification
from rules.catalog import RuleSet
from rules.columns.tags import TagTable
from rules.language.conditions import ConditionColumns


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPlan:
    """What the scan judges: the plant's tags, rules and alarms, compiled."""

    table: TagTable
    rule_set: RuleSet
    definitions: tuple[AlarmDefinition, ...]
    notification: Notification
    start_grace_ns: int
    philosophy: Philosophy = field(default_factory=Philosophy)
    performance: Performance = field(default_factory=Performance)
    suppressions: tuple[DesignSuppression, ...] = ()
    suppression_conditions: ConditionColumns | None = None
    """Of the suppressions that have a condition of their own, in their order."""
    device_bad_share: float = BAD_SHARE
    register: Register = field(default_factory=Register)
    transfer_conditions: ConditionColumns | None = None
    """Of the protections that name a transfer, in their order."""
