"""Rules into parallel arrays, with every mistake told at once."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from rules.catalog import (
    BadQuality,
    BadQualityColumns,
    Bypassed,
    BypassedColumns,
    DiscreteState,
    Limit,
    LimitColumns,
    LimitKind,
    NoUpdate,
    NoUpdateColumns,
    Rule,
    RuleSet,
    StateColumns,
)
from rules.columns.tags import Tag, TagTable
from rules.errors import RuleError, RulesRefusedError

__all__ = ["RuleSet", "compile_rules"]

_Scalar = TypeVar("_Scalar", bound=np.generic)
_Kind = TypeVar("_Kind", bound=Rule)

_ORDER: Final[dict[LimitKind, int]] = {"LL": 0, "L": 1, "H": 2, "HH": 3}
_SIGN: Final[dict[LimitKind, int]] = {"LL": -1, "L": -1, "H": 1, "HH": 1}


def compile_rules(rules: Sequence[Rule], table: TagTable) -> RuleSet:
    """Check every rule against the tags and turn them into arrays.

    :raises RulesRefusedError: with every mistake of every rule.
    """
    errors = tuple(_errors(rules, table))
    if errors:
        raise RulesRefusedError(errors)
    bits = [rule.bits if isinstance(rule, Bypassed) else ((rule.tag, 0),) for rule in rules]
    rows = [[table.row_of[tag] for tag, _ in of_rule] for of_rule in bits]
    return RuleSet(
        ids=tuple(rule.id for rule in rules),
        tag_ids=table.ids,
        row=_column([of_rule[0] for of_rule in rows], np.int32),
        limit=_column([_limit(rule) for rule in rules], np.float64),
        on_delay_ns=_column([rule.delays.on_delay_ns for rule in rules], np.int64),
        off_delay_ns=_column([rule.delays.off_delay_ns for rule in rules], np.int64),
        input_rule=_column([place for place, of_rule in enumerate(rows) for _ in of_rule], np.intp),
        input_row=_column([row for of_rule in rows for row in of_rule], np.int32),
        limits=_limit_columns(_of_kind(rules, Limit), table),
        states=_state_columns(_of_kind(rules, DiscreteState), table),
        no_updates=_no_update_columns(_of_kind(rules, NoUpdate), table),
        bad_qualities=_bad_quality_columns(_of_kind(rules, BadQuality), table),
        bypasses=_bypassed_columns(_of_kind(rules, Bypassed), table),
    )


# --- arrays -----------------------------------------------------------------------------------


def _column(values: Sequence[float], dtype: type[_Scalar]) -> npt.NDArray[_Scalar]:
    column = np.array(values, dtype)
    column.flags.writeable = False
    return column


def _of_kind(rules: Sequence[Rule], kind: type[_Kind]) -> list[tuple[int, _Kind]]:
    return [(position, rule) for position, rule in enumerate(rules) if isinstance(rule, kind)]


def _limit(rule: Rule) -> float:
    if isinstance(rule, Limit):
        return rule.set_point
    if isinstance(rule, DiscreteState):
        return float(rule.abnormal_state)
    return float(rule.bits[0][1]) if isinstance(rule, Bypassed) else math.nan


def _limit_columns(rules: Sequence[tuple[int, Limit]], table: TagTable) -> LimitColumns:
    return LimitColumns(
        position=_column([position for position, _ in rules], np.intp),
        row=_column([table.row_of[rule.tag] for _, rule in rules], np.int32),
        sign=_column([_SIGN[rule.kind] for _, rule in rules], np.float64),
        threshold=_column([_SIGN[rule.kind] * rule.set_point for _, rule in rules], np.float64),
        return_threshold=_column([_SIGN[rule.kind] * rule.set_point - rule.dead_band for _, rule in rules], np.float64),
    )


def _state_columns(rules: Sequence[tuple[int, DiscreteState]], table: TagTable) -> StateColumns:
    return StateColumns(
        position=_column([position for position, _ in rules], np.intp),
        row=_column([table.row_of[rule.tag] for _, rule in rules], np.int32),
        abnormal_state=_column([rule.abnormal_state for _, rule in rules], np.float64),
    )


def _no_update_columns(rules: Sequence[tuple[int, NoUpdate]], table: TagTable) -> NoUpdateColumns:
    return NoUpdateColumns(
        position=_column([position for position, _ in rules], np.intp),
        row=_column([table.row_of[rule.tag] for _, rule in rules], np.int32),
        after_ns=_column([rule.after_ns for _, rule in rules], np.int64),
    )


def _bad_quality_columns(rules: Sequence[tuple[int, BadQuality]], table: TagTable) -> BadQualityColumns:
    return BadQualityColumns(
        position=_column([position for position, _ in rules], np.intp),
        row=_column([table.row_of[rule.tag] for _, rule in rules], np.int32),
    )


def _bypassed_columns(rules: Sequence[tuple[int, Bypassed]], table: TagTable) -> BypassedColumns:
    return BypassedColumns(
        position=_column([position for position, _ in rules], np.intp),
        first_bit=_column(list(accumulate((len(rule.bits) for _, rule in rules), initial=0))[: len(rules)], np.intp),
        bit_row=_column([table.row_of[tag] for _, rule in rules for tag, _ in rule.bits], np.int32),
        bit_state=_column([state for _, rule in rules for _, state in rule.bits], np.float64),
    )


# --- mistakes ---------------------------------------------------------------------------------


def _errors(rules: Sequence[Rule], table: TagTable) -> Iterator[RuleError]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            yield RuleError(rule.id, "id", "stands twice; every alarm needs its own id")
        seen.add(rule.id)
        yield from _delay_errors(rule)
        yield from _bypassed_errors(rule, table) if isinstance(rule, Bypassed) else _tag_errors(rule, table)
    yield from _order_errors([rule for rule in rules if isinstance(rule, Limit) and rule.tag in table.row_of])


def _delay_errors(rule: Rule) -> Iterator[RuleError]:
    for field, delay_ns in (("on_delay_s", rule.delays.on_delay_ns), ("off_delay_s", rule.delays.off_delay_ns)):
        if delay_ns < 0:
            yield RuleError(rule.id, field, f"{delay_ns / 1e9:g} s is negative; a delay is 0 or more")


def _tag_errors(rule: Limit | DiscreteState | NoUpdate | BadQuality, table: TagTable) -> Iterator[RuleError]:
    if rule.tag not in table.row_of:
        yield RuleError(rule.id, "tag", f"no tag {rule.tag!r}")
        return
    tag = table.tags[table.row_of[rule.tag]]
    if isinstance(rule, Limit):
        yield from _limit_errors(rule, tag)
    elif isinstance(rule, DiscreteState):
        if not tag.discrete:
            yield RuleError(rule.id, "kind", f"a state alarm needs a discrete tag; {tag.id} is analog")
        if rule.abnormal_state not in (0, 1):
            yield RuleError(rule.id, "set_point", f"the abnormal state is 0 or 1, not {rule.abnormal_state}")
    elif isinstance(rule, NoUpdate) and rule.after_ns < max(1, tag.scan_period_ns):
        period_s = tag.scan_period_ns / 1e9
        yield RuleError(
            rule.id,
            "set_point",
            f"{rule.after_ns / 1e9:g} s is under the scan class period of {tag.id}, {period_s:g} s",
        )


def _limit_errors(rule: Limit, tag: Tag) -> Iterator[RuleError]:
    if tag.discrete:
        yield RuleError(rule.id, "kind", f"a {rule.kind} alarm needs an analog tag; {tag.id} is discrete")
        return
    if not math.isfinite(rule.set_point):
        yield RuleError(rule.id, "set_point", f"{rule.set_point} is not a number")
    elif tag.low < tag.high and not tag.low <= rule.set_point <= tag.high:
        yield RuleError(
            rule.id,
            "set_point",
            f"{rule.set_point:g} is outside the range {tag.low:g} to {tag.high:g} {tag.eu}".rstrip(),
        )
    if not math.isfinite(rule.dead_band) or rule.dead_band < 0:
        yield RuleError(rule.id, "dead_band", f"{rule.dead_band:g} is not a width; a dead band is 0 or more")
    elif tag.low < tag.high and rule.dead_band > 0:
        room = rule.set_point - tag.low if _SIGN[rule.kind] > 0 else tag.high - rule.set_point
        if rule.dead_band >= room:
            yield RuleError(
                rule.id,
                "dead_band",
                f"{rule.dead_band:g} leaves no way to return: the range ends {room:g} from the set-point",
            )


def _bypassed_errors(rule: Bypassed, table: TagTable) -> Iterator[RuleError]:
    if not rule.bits:
        yield RuleError(rule.id, "bypass", "names no bypass bit")
    seen: set[str] = set()
    for name, state in rule.bits:
        if name in seen:
            yield RuleError(rule.id, "bypass", f"{name} stands twice")
        seen.add(name)
        if name not in table.row_of:
            yield RuleError(rule.id, "bypass", f"no tag {name!r}")
        elif not table.tags[table.row_of[name]].discrete:
            yield RuleError(rule.id, "bypass", f"a bypass bit needs a discrete tag; {name} is analog")
        if state not in (0, 1):
            yield RuleError(rule.id, "bypassed_when", f"is 0 or 1, not {state}")


def _order_errors(limits: Sequence[Limit]) -> Iterator[RuleError]:
    """LL < L < H < HH on one tag, and a dead band that ends before the next limit on its return side."""
    by_tag: dict[str, list[Limit]] = defaultdict(list)
    for rule in limits:
        by_tag[rule.tag].append(rule)
    for of_tag in by_tag.values():
        ordered = sorted(of_tag, key=lambda rule: _ORDER[rule.kind])
        for place, lower in enumerate(ordered):
            for upper in ordered[place + 1 :]:
                if _ORDER[lower.kind] < _ORDER[upper.kind]:
                    yield from _pair_errors(lower, upper)


def _pair_errors(lower: Limit, upper: Limit) -> Iterator[RuleError]:
    distance = upper.set_point - lower.set_point
    if distance <= 0:
        outer, inner = (lower, upper) if lower.kind == "LL" or upper.kind == "H" else (upper, lower)
        word = "below" if outer is lower else "above"
        yield RuleError(
            outer.id,
            "set_point",
            f"{outer.kind} {outer.set_point:g} must be {word} {inner.kind} {inner.set_point:g} ({inner.id})",
        )
        return
    for rule, other in ((lower, upper), (upper, lower)):
        returns_towards_other = (_SIGN[rule.kind] < 0) == (rule is lower)
        if returns_towards_other and rule.dead_band >= distance:
            yield RuleError(
                rule.id,
                "dead_band",
                f"{rule.dead_band:g} reaches {other.kind} {other.set_point:g} ({other.id}), only {distance:g} away",
            )
