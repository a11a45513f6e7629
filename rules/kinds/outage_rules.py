"""What load cuts and stops say alike: the flow, what it was before, how what is lost is counted, and what may be the cause."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rules.columns.tags import TagTable
from rules.errors import RuleError
from rules.kinds.drift import window_errors
from rules.kinds.first_out import Cause, cause_errors
from rules.port import Rule

_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRule(Rule):
    """A rule about one flow that gives less than it should."""

    tag: str
    dead_band: float = 0.0
    reference_ns: int = 600 * _SECOND_NS
    """The mean of so long a time before is what would have been given."""
    per_ns: int = 3600 * _SECOND_NS
    """Time base of the flow: an hour for m3/h."""
    quantity_eu: str = ""
    """Unit of what is lost (m3 for m3/h)."""
    causes: tuple[Cause, ...] = ()
    cause_before_ns: int = 600 * _SECOND_NS
    skew_ns: int = _SECOND_NS


def outage_errors(rule: OutageRule, table: TagTable) -> Iterator[RuleError]:
    """A window or times that are none, causes that are none."""
    yield from window_errors(rule.id, "reference_s", rule.reference_ns, (rule.tag,), table)
    if rule.per_ns <= 0:
        yield RuleError(rule.id, "per_s", "应大于 0", "must be more than 0")
    if rule.skew_ns < 0:
        yield RuleError(rule.id, "clock_skew_s", "应为 0 或以上", "must be 0 or more")
    if rule.cause_before_ns < 0:
        yield RuleError(rule.id, "cause_before_s", "应为 0 或以上", "must be 0 or more")
    yield from cause_errors(rule.id, rule.causes, table)
