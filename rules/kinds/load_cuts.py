"""A load cut: throughput falls far below its own recent reference in a short time; why first, and how much is lost."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, no_share, unknown_tag
from rules.kinds.first_out import CauseColumns
from rules.kinds.load_cut_group import LoadCutGroup
from rules.kinds.outage_rules import OutageRule, outage_errors
from rules.port import column

_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCut(OutageRule):
    """More than `drop_percent` below the mean of the `reference_ns` that ended `within_ns` ago; dead band in percent of it."""

    drop_percent: float
    within_ns: int = 60 * _SECOND_NS
    least_reference: float = 0.0
    """A unit that gave less than this was not running: nothing is cut."""
    accept_after_ns: int = 28_800 * _SECOND_NS
    """After so long the lower load is the new reference, and the cut is over."""
    least_coverage: float = 0.5


class LoadCutKind:
    """Checks and compiles LoadCut rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: LoadCut, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tag, parameters without sense, causes that are none."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        if table.tags[table.row_of[rule.tag]].discrete:
            yield needs_analog(rule.id, "tag", rule.tag)
        if not 0 < rule.drop_percent < 100:
            zh = f"{rule.drop_percent:g} 应在 0 与 100 之间"
            en = f"{rule.drop_percent:g} must be between 0 and 100"
            yield RuleError(rule.id, "drop_percent", zh, en)
        elif not 0 <= rule.dead_band < rule.drop_percent:
            zh = f"{rule.dead_band:g} 应为 0 或以上，且小于降幅"
            en = f"{rule.dead_band:g} must be 0 or more and less than the drop"
            yield RuleError(rule.id, "dead_band", zh, en)
        if rule.within_ns <= 0:
            yield RuleError(rule.id, "within_s", "应大于 0", "must be more than 0")
        if rule.accept_after_ns < rule.within_ns + rule.reference_ns:
            zh = "应不小于 within_s + reference_s"
            en = "must be no less than within_s + reference_s"
            yield RuleError(rule.id, "accept_after_s", zh, en)
        if not 0 <= rule.least_reference < math.inf:
            yield RuleError(rule.id, "least_reference", "应为 0 或以上", "must be 0 or more")
        if not 0 < rule.least_coverage <= 1:
            yield no_share(rule.id, "coverage", rule.least_coverage)
        yield from outage_errors(rule, table)

    def set_errors(self, rules: Sequence[LoadCut], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, LoadCut]], table: TagTable) -> LoadCutGroup:
        """The columns."""
        of = [rule for _, rule in rules]
        return LoadCutGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for rule in of], np.int32),
            drop=column([rule.drop_percent for rule in of], np.float64),
            return_drop=column([rule.drop_percent - rule.dead_band for rule in of], np.float64),
            within_ns=column([rule.within_ns for rule in of], np.int64),
            reference_ns=column([rule.reference_ns for rule in of], np.int64),
            least_reference=column([rule.least_reference for rule in of], np.float64),
            accept_after_ns=column([rule.accept_after_ns for rule in of], np.int64),
            least_coverage=column([rule.least_coverage for rule in of], np.float64),
            per_ns=column([rule.per_ns for rule in of], np.float64),
            quantity_eu=tuple(rule.quantity_eu for rule in of),
            causes=CauseColumns.of(of, table),
        )
