"""Stuck while it must move: a level that stays flat although a transfer runs (Buncefield 2005: flat for three hours)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from rules.columns.tags import Tag, TagTable
from rules.errors import RuleError, needs_analog, unknown_tag
from rules.geometry import M3_PER_S, METRES, Vessel, Vessels
from rules.kinds.mistakes import vessel_errors, window_errors
from rules.kinds.premises import Premises, tag_of
from rules.kinds.stuck_group import StuckGroup
from rules.language.conditions import Condition
from rules.port import Rule, column

READINGS: Final = 6
"""A window is no shorter than this many scan class periods: few readings may be equal by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck(Rule):
    """The value moves no further than `flat_within` over the window although it must move by `minimum_change` or more.

    By how much it must move: as given; or, with flows, their integral over the surface of the vessel; or, with a
    neighbour, what that one moved.
    """

    tag: str
    window_ns: int
    flat_within: float
    minimum_change: float
    condition: Condition | None = None
    """It must move while this holds; None: always (flows or neighbour say whether it must)."""
    inflows: tuple[str, ...] = ()
    outflows: tuple[str, ...] = ()
    vessel: Vessel | None = None
    neighbour: str | None = None
    neighbour_vessel: Vessel | None = None
    minimum_coverage: float = 0.75


class StuckKind:
    """Checks and compiles Stuck rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: Stuck, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tags, widths and times that cannot be, nothing that makes it move or too much of it."""
        known = True
        for field, name in _names(rule):
            if name not in table.row_of:
                yield unknown_tag(rule.id, field, name)
                known = False
            elif tag_of(table, name).discrete:
                yield needs_analog(rule.id, field, name)
        if not known:
            return
        tags = [tag_of(table, name) for _, name in _names(rule)]
        yield from window_errors(rule.id, rule.window_ns, rule.minimum_coverage, READINGS, tags)
        yield from _width_errors(rule)
        yield from _driver_errors(rule, table)
        yield from vessel_errors(rule.id, rule.vessel, tags[0])

    def set_errors(self, rules: Sequence[Stuck], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Stuck]], table: TagTable) -> StuckGroup:
        """The columns."""
        mine = [rule for _, rule in rules]
        drivers = [(place, *driver) for place, rule in enumerate(mine) for driver in _drivers(rule, table)]
        return StuckGroup(
            position=column([position for position, _ in rules], np.intp),
            premises=Premises.of(mine, [rule.condition for rule in mine], table, inverted=False),
            flat_within=column([rule.flat_within for rule in mine], np.float64),
            minimum_change=column([rule.minimum_change for rule in mine], np.float64),
            vessels=Vessels.of([rule.vessel for rule in mine], [_metres(table, rule.tag) for rule in mine]),
            neighbour_vessels=Vessels.of(
                [rule.neighbour_vessel for rule in mine], [_metres(table, rule.neighbour) for rule in mine]
            ),
            by_flow=column([bool(rule.inflows or rule.outflows) for rule in mine], np.bool_),
            by_neighbour=column([rule.neighbour is not None for rule in mine], np.bool_),
            driver_rule=column([place for place, _, _ in drivers], np.intp),
            driver_row=column([row for _, row, _ in drivers], np.int32),
            driver_factor=column([factor for _, _, factor in drivers], np.float64),
            eu=tuple(tag_of(table, rule.tag).eu for rule in mine),
        )


def _names(rule: Stuck) -> Iterator[tuple[str, str]]:
    yield "tag", rule.tag
    yield from (("inflow", name) for name in rule.inflows)
    yield from (("outflow", name) for name in rule.outflows)
    if rule.neighbour is not None:
        yield "neighbour", rule.neighbour


def _metres(table: TagTable, name: str | None) -> float:
    return METRES.get(tag_of(table, name).eu, 1.0) if name is not None else 1.0


def _drivers(rule: Stuck, table: TagTable) -> Iterator[tuple[int, float]]:
    for names, sign in ((rule.inflows, 1.0), (rule.outflows, -1.0)):
        yield from ((table.row_of[name], sign * M3_PER_S.get(tag_of(table, name).eu, 1.0)) for name in names)
    if rule.neighbour is not None:
        yield table.row_of[rule.neighbour], 1.0


def _width_errors(rule: Stuck) -> Iterator[RuleError]:
    if not (math.isfinite(rule.flat_within) and rule.flat_within >= 0):
        zh = f"{rule.flat_within:g} 不是宽度；应为 0 或以上"
        en = f"{rule.flat_within:g} is not a width; it is 0 or more"
        yield RuleError(rule.id, "flat_within", zh, en)
    elif not (math.isfinite(rule.minimum_change) and rule.minimum_change > rule.flat_within):
        zh = f"{rule.minimum_change:g} 应大于 flat_within {rule.flat_within:g}：否则不动也算动"
        en = f"{rule.minimum_change:g} must be above flat_within {rule.flat_within:g}: else standing still is enough"
        yield RuleError(rule.id, "minimum_change", zh, en)


def _driver_errors(rule: Stuck, table: TagTable) -> Iterator[RuleError]:
    flows = (*rule.inflows, *rule.outflows)
    if flows and rule.neighbour is not None:
        zh = "应动多少由流量或邻罐说明，二者不可并用"
        en = "either flows or a neighbour say how far it must move, not both"
        yield RuleError(rule.id, "neighbour", zh, en)
    if not flows and rule.neighbour is None and rule.condition is None:
        zh = "没有说明何时必须动：请写 while、流量或邻罐"
        en = "nothing says when it must move: give while, flows or a neighbour"
        yield RuleError(rule.id, "while", zh, en)
    if flows and rule.vessel is None:
        yield RuleError(rule.id, "equipment", "用流量时要有罐体几何", "flows need the geometry of the vessel")
    for field, name in (*(("inflow", name) for name in rule.inflows), *(("outflow", name) for name in rule.outflows)):
        if tag_of(table, name).eu not in M3_PER_S:
            zh = f"流量的单位应为 {', '.join(M3_PER_S)}；{name} 为 {tag_of(table, name).eu}"
            en = f"a flow is in {', '.join(M3_PER_S)}; {name} is in {tag_of(table, name).eu}"
            yield RuleError(rule.id, field, zh, en)
    if rule.neighbour is not None:
        tag: Tag = tag_of(table, rule.neighbour)
        yield from vessel_errors(rule.id, rule.neighbour_vessel, tag)
        if (rule.vessel is None) != (rule.neighbour_vessel is None):
            zh = "两罐的几何要么都写，要么都不写"
            en = "the geometry of both tanks is needed, or of none"
            yield RuleError(rule.id, "neighbour", zh, en)
