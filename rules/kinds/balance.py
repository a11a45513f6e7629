"""Mass balance: what a group of tanks gained against what the flow meters let in and out."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np

from rules import windows
from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, stands_twice, unknown_tag
from rules.geometry import M3_PER_S, METRES, Vessel, Vessels
from rules.kinds.balance_group import MassBalanceGroup
from rules.kinds.expansion import NOWHERE, Warmth, temperature_errors
from rules.kinds.flow_totals import WIDTH, FlowTotals
from rules.kinds.mistakes import vessel_errors, window_errors
from rules.kinds.premises import READINGS, silence_ns, tag_of
from rules.port import Kind, Rule, column


@dataclass(frozen=True, slots=True, kw_only=True)
class MassBalance(Rule):
    """|gain of the tanks - (inflow - outflow)| over the window exceeds the tolerance."""

    levels: tuple[tuple[str, Vessel], ...]
    """(level tag, geometry) of each tank."""
    inflows: tuple[str, ...]
    outflows: tuple[str, ...]
    window_ns: int
    tolerance_m3: float
    tolerance_share: float = 0.0
    """Of the throughput (the larger of what came and what went), on top of `tolerance_m3`."""
    maximum_gap_ns: int = 0
    """A flow that was not read for longer cannot be integrated; 0: a slot of the window, three periods at least."""
    minimum_coverage: float = 0.75
    temperatures: tuple[str, ...] = ()
    """Of the liquid in each tank, in degC, in the order of `levels`; empty: volumes are taken as measured."""
    flow_temperatures: tuple[str, ...] = ()
    """Of each flow, inflows first, NOWHERE for a meter that counts at REFERENCE_C; empty: all do."""
    expansion_per_k: float = 0.0
    """Volume expansion of the liquid, from its data sheet."""
    expansion_source: str = ""
    """Where that stands."""


class MassBalanceKind:
    """Checks and compiles MassBalance rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: MassBalance, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tags, one named twice, units that cannot be added, tolerances and times that cannot be."""
        names = _names(rule)
        for field, name in names:
            if name not in table.row_of:
                yield unknown_tag(rule.id, field, name)
            elif tag_of(table, name).discrete:
                yield needs_analog(rule.id, field, name)
            elif field != "tanks" and tag_of(table, name).eu not in M3_PER_S:
                unit, units = tag_of(table, name).eu, ", ".join(M3_PER_S)
                zh = f"流量的单位应为 {units}；{name} 为 {unit or '无'}"
                en = f"a flow is in {units}; {name} is in {unit or 'no unit'}"
                yield RuleError(rule.id, field, zh, en)
        for name in sorted({name for _, name in names if [other for _, other in names].count(name) > 1}):
            yield stands_twice(rule.id, next(field for field, other in names if other == name), name)
        if any(name not in table.row_of for _, name in names):
            return
        for name, vessel in rule.levels:
            yield from vessel_errors(rule.id, vessel, tag_of(table, name))
        yield from _number_errors(rule)
        yield from temperature_errors(rule.id, _warm_names(rule), rule.expansion_per_k, table)
        if names:
            tags = [tag_of(table, name) for _, name in names]
            yield from window_errors(rule.id, rule.window_ns, rule.minimum_coverage, READINGS, tags)

    def set_errors(self, rules: Sequence[MassBalance], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, MassBalance]], table: TagTable) -> MassBalanceGroup:
        """The columns."""
        mine = [rule for _, rule in rules]
        window_ns = column([rule.window_ns for rule in mine], np.int64)
        coverage = column([rule.minimum_coverage for rule in mine], np.float64)
        slowest = [max(tag_of(table, name).scan_period_ns for _, name in _names(rule)) for rule in mine]
        period_ns = column(slowest, np.int64)
        gaps = np.maximum(window_ns // windows.SLOTS, 3 * period_ns)
        given = np.array([rule.maximum_gap_ns for rule in mine], np.int64)
        levels = [(place, name, vessel) for place, rule in enumerate(mine) for name, vessel in rule.levels]
        return MassBalanceGroup(
            position=column([position for position, _ in rules], np.intp),
            level_rule=column([place for place, _, _ in levels], np.intp),
            level_row=column([table.row_of[name] for _, name, _ in levels], np.int32),
            vessels=Vessels.of(
                [vessel for _, _, vessel in levels],
                [METRES.get(tag_of(table, name).eu, 1.0) for _, name, _ in levels],
            ),
            warmth=Warmth.of(
                [tag for rule in mine for tag in (rule.temperatures or (NOWHERE,) * len(rule.levels))],
                [rule.expansion_per_k for rule in mine for _ in rule.levels],
                table,
            ),
            totals=FlowTotals.of(
                [(rule.inflows, rule.outflows) for rule in mine],
                np.where(given > 0, given, gaps),
                table,
                [(rule.flow_temperatures, rule.expansion_per_k) for rule in mine],
            ),
            beta=tuple((rule.expansion_per_k, rule.expansion_source) for rule in mine),
            first_row=column([table.row_of[rule.levels[0][0]] for rule in mine], np.int32),
            window_ns=window_ns,
            period_ns=period_ns,
            minimum_coverage=coverage,
            silence_ns=column(silence_ns(window_ns, coverage, period_ns), np.int64),
            tolerance_m3=column([rule.tolerance_m3 for rule in mine], np.float64),
            tolerance_share=column([rule.tolerance_share for rule in mine], np.float64),
        )


def _names(rule: MassBalance) -> list[tuple[str, str]]:
    return [
        *(("tanks", name) for name, _ in rule.levels),
        *(("inflow", name) for name in rule.inflows),
        *(("outflow", name) for name in rule.outflows),
    ]


def _warm_names(rule: MassBalance) -> list[tuple[str, str]]:
    fields = (*("inflow_temperature" for _ in rule.inflows), *("outflow_temperature" for _ in rule.outflows))
    return [
        *(("temperature", name) for name in rule.temperatures),
        *((field, name) for field, name in zip(fields, rule.flow_temperatures, strict=False) if name != NOWHERE),
    ]


def _number_errors(rule: MassBalance) -> Iterator[RuleError]:
    if not rule.levels:
        yield RuleError(rule.id, "tanks", "没有写储罐", "names no tank")
    flows = len(rule.inflows) + len(rule.outflows)
    if not 1 <= flows <= WIDTH:
        zh = f"有 {flows} 个流量；物料平衡取 1 到 {WIDTH} 个"
        en = f"has {flows} flows; a balance takes 1 to {WIDTH}"
        yield RuleError(rule.id, "inflow", zh, en)
    if not (math.isfinite(rule.tolerance_m3) and rule.tolerance_m3 > 0):
        zh = f"{rule.tolerance_m3:g} 不是允差；计量总有误差"
        en = f"{rule.tolerance_m3:g} is no tolerance; meters are never exact"
        yield RuleError(rule.id, "tolerance_m3", zh, en)
    if not 0 <= rule.tolerance_share < 1:
        zh = f"{100 * rule.tolerance_share:g} % 不是吞吐量的份额"
        en = f"{100 * rule.tolerance_share:g} % is no share of the throughput"
        yield RuleError(rule.id, "tolerance_percent", zh, en)
    wanted = ((rule.temperatures, len(rule.levels)), (rule.flow_temperatures, flows))
    if any(tags and len(tags) != count for tags, count in wanted):
        zh = "温度应逐罐、逐表各一个，顺序相同"
        en = "temperatures: one for each tank and one for each meter, in the same order"
        yield RuleError(rule.id, "temperature", zh, en)
    if rule.maximum_gap_ns < 0 or rule.maximum_gap_ns > rule.window_ns:
        yield RuleError(
            rule.id, "maximum_gap_s", "间断应大于 0，且不长于窗口", "a gap is above 0 and no longer than the window"
        )


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {MassBalance: MassBalanceKind()}
