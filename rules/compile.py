"""Rules into parallel arrays, with every mistake told at once."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from rules.catalog import KINDS, Rule, RuleSet
from rules.columns.tags import TagTable
from rules.errors import RuleError, RulesRefusedError
from rules.joint import Joints
from rules.points import Points
from rules.port import JointGroup, PointGroup, column
from rules.whole import WholeInputs

__all__ = ["RuleSet", "compile_rules"]


def compile_rules(rules: Sequence[Rule], table: TagTable) -> RuleSet:
    """Check every rule against the tags and turn them into arrays.

    :raises RulesRefusedError: with every mistake of every rule.
    """
    errors = tuple(_errors(rules, table))
    if errors:
        raise RulesRefusedError(errors)
    groups = []
    for of_kind, kind in KINDS.items():
        mine = [(position, rule) for position, rule in enumerate(rules) if type(rule) is of_kind]
        if mine:
            groups.append((of_kind, kind.group(mine, table)))
    pairs = [(group.position[place], row) for _, group in groups for place, row in (group.inputs(),)]
    input_rule = np.concatenate([rule for rule, _ in pairs]) if pairs else np.zeros(0, np.intp)
    input_row = np.concatenate([row for _, row in pairs]) if pairs else np.zeros(0, np.int32)
    order = np.argsort(input_rule, kind="stable")
    group_of, place_of = np.zeros(len(rules), np.int32), np.zeros(len(rules), np.int32)
    for at, (_, group) in enumerate(groups):
        group_of[group.position] = at
        place_of[group.position] = np.arange(group.position.size)
    return RuleSet(
        rules=tuple(rules),
        ids=tuple(rule.id for rule in rules),
        tag_ids=table.ids,
        tags=table.tags,
        groups=tuple(groups),
        on_delay_ns=column(_on_delays(rules, table, input_rule, input_row), np.int64),
        off_delay_ns=column([rule.delays.off_delay_ns for rule in rules], np.int64),
        spans=tuple(_span(group.position) for _, group in groups),
        points=Points.of([group for _, group in groups], len(table)),
        joints=Joints.of(
            [(at, group) for at, (_, group) in enumerate(groups) if isinstance(group, JointGroup)], len(rules)
        ),
        whole=WholeInputs.of(
            [(at, group) for at, (_, group) in enumerate(groups) if not isinstance(group, PointGroup | JointGroup)]
        ),
        group_of=column(group_of, np.int32),
        place_of=column(place_of, np.int32),
        input_rule=column(input_rule[order], np.intp),
        input_row=column(input_row[order], np.int32),
    )


def _span(position: npt.NDArray[np.intp]) -> slice | npt.NDArray[np.intp]:
    first, last = int(position[0]), int(position[-1])
    return slice(first, last + 1) if last - first + 1 == position.size else position


def _on_delays(
    rules: Sequence[Rule], table: TagTable, input_rule: npt.NDArray[np.intp], input_row: npt.NDArray[np.int32]
) -> npt.NDArray[np.int64]:
    """As asked for, but no shorter than a rule over several tags needs to settle."""
    longest = np.zeros(len(rules), np.int64)
    np.maximum.at(longest, input_rule, table.scan_period_ns[input_row])
    several = np.bincount(input_rule, minlength=len(rules)) > 1
    settles = several & np.array([KINDS[type(rule)].settles for rule in rules], np.bool_)
    return np.maximum([rule.delays.on_delay_ns for rule in rules], np.where(settles, longest, 0)).astype(np.int64)


def _errors(rules: Sequence[Rule], table: TagTable) -> Iterator[RuleError]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            yield RuleError(rule.id, "id", "重复；每个报警要有自己的编号", "stands twice; every alarm needs its own id")
        seen.add(rule.id)
        yield from _delay_errors(rule)
        yield from KINDS[type(rule)].errors(rule, table)
    for of_kind, kind in KINDS.items():
        yield from kind.set_errors([rule for rule in rules if type(rule) is of_kind], table)


def _delay_errors(rule: Rule) -> Iterator[RuleError]:
    for field, delay_ns in (("on_delay_s", rule.delays.on_delay_ns), ("off_delay_s", rule.delays.off_delay_ns)):
        if delay_ns < 0:
            zh = f"{delay_ns / 1e9:g} s 是负的；延时应为 0 或以上"
            en = f"{delay_ns / 1e9:g} s is negative; a delay is 0 or more"
            yield RuleError(rule.id, field, zh, en)
