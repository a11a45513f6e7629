"""Minutes to a limit: how long until a level reaches it at its present trend, against the time that people need to act."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np

from rules.columns.tags import Tag, TagTable
from rules.errors import RuleError, needs_analog, not_a_number, outside_range, unknown_tag
from rules.geometry import METRES, Vessel, Vessels
from rules.kinds.forecast_group import SLOTS, MinutesToLimitGroup
from rules.kinds.mistakes import vessel_errors, window_errors
from rules.port import Kind, Rule, column

READINGS: Final = 4
"""A window is no shorter than this many scan class periods."""
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesToLimit(Rule):
    """At its present trend the value reaches `limit` in no more than `required_ns`; constant volume flow with a vessel."""

    tag: str
    limit: float
    """In the unit of the tag."""
    rising: bool
    """True: a limit to stay below (H, HH, overflow); False: one to stay above (L, LL)."""
    required_ns: int
    window_ns: int
    dead_band_ns: int = 0
    """While active the alarm returns only with this much time more."""
    minimum_rate: float = 0.0
    """Unit of the tag per hour; what moves no faster counts as standing."""
    minimum_coverage: float = 0.75
    vessel: Vessel | None = None
    """Its geometry; without one the value itself is taken to go on as it does."""


class MinutesToLimitKind:
    """Checks and compiles MinutesToLimit rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: MinutesToLimit, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tag, a limit outside range or vessel, times that cannot be, a level that is no length."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        tag = table.tags[table.row_of[rule.tag]]
        if tag.discrete:
            yield needs_analog(rule.id, "tag", tag.id, ("预测", "a forecast"))
            return
        yield from _limit_errors(rule, tag)
        yield from _time_errors(rule, tag)
        yield from vessel_errors(rule.id, rule.vessel, tag)

    def set_errors(self, rules: Sequence[MinutesToLimit], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, MinutesToLimit]], table: TagTable) -> MinutesToLimitGroup:
        """The columns."""
        mine = [rule for _, rule in rules]
        tags = [table.tags[table.row_of[rule.tag]] for rule in mine]
        required = np.array([rule.required_ns for rule in mine]) / 60 / _NS
        window_ns = column([rule.window_ns for rule in mine], np.int64)
        coverage = column([rule.minimum_coverage for rule in mine], np.float64)
        period_ns = column([tag.scan_period_ns for tag in tags], np.int64)
        silence_ns = np.maximum((1 - coverage) * window_ns, 2.0 * np.maximum(window_ns // SLOTS, period_ns))
        return MinutesToLimitGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for rule in mine], np.int32),
            limit=column([rule.limit for rule in mine], np.float64),
            rising=column([rule.rising for rule in mine], np.bool_),
            required_min=column(required, np.float64),
            return_min=column(required + np.array([rule.dead_band_ns for rule in mine]) / 60 / _NS, np.float64),
            minimum_rate=column([rule.minimum_rate / 3600 for rule in mine], np.float64),
            window_ns=window_ns,
            period_ns=period_ns,
            minimum_coverage=coverage,
            silence_ns=column(silence_ns, np.int64),
            vessels=Vessels.of([rule.vessel for rule in mine], [METRES.get(tag.eu, 1.0) for tag in tags]),
            eu=tuple(tag.eu for tag in tags),
        )


def _limit_errors(rule: MinutesToLimit, tag: Tag) -> Iterator[RuleError]:
    if not math.isfinite(rule.limit):
        yield not_a_number(rule.id, "limit", rule.limit)
    elif tag.low < tag.high and not tag.low <= rule.limit <= tag.high:
        yield outside_range(rule.id, "limit", rule.limit, tag)
    elif rule.vessel is not None and rule.limit * METRES.get(tag.eu, 1.0) > rule.vessel.top_m:
        zh = f"{rule.limit:g} {tag.eu} 高于罐顶"
        en = f"{rule.limit:g} {tag.eu} is above the top of the vessel"
        yield RuleError(rule.id, "limit", zh, en)
    if not math.isfinite(rule.minimum_rate) or rule.minimum_rate < 0:
        zh = f"{rule.minimum_rate:g} 不是速率；应为 0 或以上"
        en = f"{rule.minimum_rate:g} is not a rate; it is 0 or more"
        yield RuleError(rule.id, "minimum_rate", zh, en)


def _time_errors(rule: MinutesToLimit, tag: Tag) -> Iterator[RuleError]:
    if rule.required_ns <= 0:
        zh = f"{rule.required_ns / 60 / _NS:g} 分钟来不及处置"
        en = f"{rule.required_ns / 60 / _NS:g} min is no time to act in"
        yield RuleError(rule.id, "required_min", zh, en)
    if rule.dead_band_ns < 0:
        yield RuleError(rule.id, "dead_band_min", "死区应为 0 或以上", "a dead band is 0 or more")
    yield from window_errors(rule.id, rule.window_ns, rule.minimum_coverage, READINGS, [tag])


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {MinutesToLimit: MinutesToLimitKind()}
