"""Rate of change: how fast a value moves over a window, against a limit in its unit per minute."""

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import numpy as np

from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, unknown_tag
from rules.kinds.fields import beside, field, positions, tag_rows
from rules.kinds.rate_group import SLOTS, RateGroup
from rules.port import Kind, Rule

MOST_COVERAGE: Final = 0.5
"""Regular readings always cover this share, whatever their place in the slots."""
COHORTS: Final = 16
"""Windows begin their slots at so many different times, so that not all references move in one sweep."""
Direction = Literal["rise", "fall", "either"]
_SIGN: Final[Mapping[Direction, int]] = {"rise": 1, "fall": -1, "either": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateOfChange(Rule):
    """The value moves by `limit` (unit per minute, above 0) or faster, as an average over the window."""

    tag: str
    direction: Direction
    limit: float
    window_ns: int
    dead_band: float = 0.0
    """Unit per minute; on return only."""
    minimum_coverage: float = MOST_COVERAGE
    """Share of the window that reading and reference must lie apart."""


class RateKind:
    """Checks and compiles RateOfChange rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: RateOfChange, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tag, a limit or dead band that is none, a window too short for its readings."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        tag = table.tags[table.row_of[rule.tag]]
        if tag.discrete:
            yield needs_analog(rule.id, "tag", tag.id, ("变化率", "a rate"))
        if not math.isfinite(rule.limit) or rule.limit <= 0:
            zh = f"{rule.limit:g} 不是变化率；应大于 0，方向由 direction 说明"
            en = f"{rule.limit:g} is no rate; above 0, the direction says which way"
            yield RuleError(rule.id, "limit", zh, en)
        elif not math.isfinite(rule.dead_band) or not 0 <= rule.dead_band < rule.limit:
            zh = f"{rule.dead_band:g} 应为 0 或以上，且小于限值 {rule.limit:g}"
            en = f"{rule.dead_band:g} must be 0 or more and below the limit {rule.limit:g}"
            yield RuleError(rule.id, "dead_band", zh, en)
        least_ns = max(SLOTS * tag.scan_period_ns, SLOTS)
        if rule.window_ns < least_ns:
            window_s, every_s, least_s = (ns / 1e9 for ns in (rule.window_ns, tag.scan_period_ns, least_ns))
            zh = f"{window_s:g} s 太短：{tag.id} 每 {every_s:g} s 读一次，至少 {least_s:g} s"
            en = f"{window_s:g} s is too short: {tag.id} is read every {every_s:g} s, at least {least_s:g} s"
            yield RuleError(rule.id, "window_s", zh, en)
        if not 0 < rule.minimum_coverage <= MOST_COVERAGE:
            zh = f"{rule.minimum_coverage:g} 应大于 0、不大于 {MOST_COVERAGE:g}：再多就不总能覆盖"
            en = f"{rule.minimum_coverage:g}; above 0, up to {MOST_COVERAGE:g}: more is not always covered"
            yield RuleError(rule.id, "minimum_coverage", zh, en)

    def set_errors(self, rules: Sequence[RateOfChange], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def flawless(self, rules: Sequence[RateOfChange], table: TagTable) -> bool:
        """All of it by columns."""
        row = tag_rows(rules, table)
        if row.min() < 0:
            return False
        limit, dead_band = (field(rules, name, np.float64) for name in ("limit", "dead_band"))
        window_ns, coverage = field(rules, "window_ns", np.int64), field(rules, "minimum_coverage", np.float64)
        good = ~table.discrete[row] & np.isfinite(limit) & (limit > 0)
        good &= (dead_band >= 0) & (dead_band < limit) & (coverage > 0) & (coverage <= MOST_COVERAGE)
        good &= window_ns >= np.maximum(SLOTS * table.scan_period_ns[row], SLOTS)
        return bool(good.all())

    def group(self, rules: Sequence[tuple[int, RateOfChange]], table: TagTable) -> RateGroup:
        """The columns."""
        rates = [rule for _, rule in rules]
        window_ns, cohort = field(rates, "window_ns", np.int64), field(rates, "tag", np.int64, _cohort)
        slot_ns = window_ns // SLOTS
        least_ns = (field(rates, "minimum_coverage", np.float64) * window_ns).astype(np.int64)
        sign = field(rates, "direction", np.float64, _SIGN.__getitem__)
        limit, dead_band = (field(rates, name, np.float64) for name in ("limit", "dead_band"))
        return RateGroup(
            position=positions(rules),
            row=tag_rows(rates, table),
            numbers=beside(sign, limit, dead_band),
            spans_ns=beside(slot_ns, slot_ns * cohort // COHORTS, np.maximum(least_ns, 1)),
        )


def _cohort(tag: str) -> int:
    """By the tag, so that a rule keeps its slots whatever stands beside it.

    Without its last two characters: a hundred tags numbered one after the other move in one sweep, and what stands side by
    side in memory is read at once.
    """
    return zlib.crc32(tag[:-2].encode()) % COHORTS


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {RateOfChange: RateKind()}
