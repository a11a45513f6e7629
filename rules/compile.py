"""Rules into parallel arrays, with every mistake told at once."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import count
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.catalog import KINDS, Rule, RuleSet
from rules.columns.tags import TagTable
from rules.errors import RuleError, RulesRefusedError
from rules.joint import Joints
from rules.kinds.fields import field
from rules.points import Points
from rules.port import Group, JointGroup, Kind, PointGroup, QuickKind, column
from rules.whole import WholeInputs

__all__ = ["RuleSet", "compile_rules"]


class _Placed(Sequence[tuple[int, Rule]]):
    """The rules of one kind with their positions in the set, as pairs that nobody keeps."""

    def __init__(self, positions: npt.NDArray[np.intp], of: Sequence[Rule]) -> None:
        self.positions = memoryview(positions.data)
        self.rules = list(map(of.__getitem__, self.positions))

    def __len__(self) -> int:
        return len(self.rules)

    def __iter__(self) -> Iterator[tuple[int, Rule]]:
        return zip(self.positions, self.rules, strict=True)

    def __getitem__(self, at: Any) -> Any:
        return tuple(self)[at] if isinstance(at, slice) else (self.positions[at], self.rules[at])


def compile_rules(rules: Sequence[Rule], table: TagTable) -> RuleSet:
    """Check every rule against the tags and turn them into arrays.

    :raises RulesRefusedError: with every mistake of every rule.
    """
    kinds, ids = _by_kind(rules), tuple(map(attrgetter("id"), rules))
    on_delay_ns, off_delay_ns = (field(rules, f"delays.{name}", np.int64) for name in ("on_delay_ns", "off_delay_ns"))
    early = bool((on_delay_ns < 0).any() or (off_delay_ns < 0).any())
    errors = tuple(_errors(rules, ids, kinds, table, early=early))
    if errors:
        raise RulesRefusedError(errors)
    groups = [(of_kind, kind.group(kinds[of_kind], table)) for of_kind, kind in KINDS.items() if of_kind in kinds]
    input_rule, input_row = _inputs([group for _, group in groups])
    group_of, place_of = np.zeros(len(rules), np.int32), np.zeros(len(rules), np.int32)
    settles = np.zeros(len(rules), np.bool_)
    for at, (of_kind, group) in enumerate(groups):
        group_of[group.position] = at
        place_of[group.position] = np.arange(group.position.size)
        settles[group.position] = KINDS[of_kind].settles
    return RuleSet(
        rules=tuple(rules),
        ids=ids,
        tag_ids=table.ids,
        tags=table.tags,
        groups=tuple(groups),
        on_delay_ns=column(_settled(on_delay_ns, settles, table, input_rule, input_row), np.int64),
        off_delay_ns=off_delay_ns,
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
        input_rule=input_rule,
        input_row=input_row,
    )


def _by_kind(rules: Sequence[Rule]) -> Mapping[type[Rule], _Placed]:
    number: defaultdict[type[Rule], int] = defaultdict(count().__next__)
    kind = np.fromiter(map(number.__getitem__, map(type, rules)), np.int16, len(rules))
    return {of_kind: _Placed((kind == at).nonzero()[0], rules) for of_kind, at in number.items()}


def _inputs(groups: Sequence[Group]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
    """(position, row): one pair for every tag that a rule reads, by position."""
    pairs = [(group.position[place], row) for group in groups for place, row in (group.inputs(),)]
    rule = np.concatenate([np.zeros(0, np.intp), *(rule for rule, _ in pairs)])
    row = np.concatenate([np.zeros(0, np.int32), *(row for _, row in pairs)])
    order = np.argsort(rule, kind="stable")
    return column(rule[order], np.intp), column(row[order], np.int32)


def _span(position: npt.NDArray[np.intp]) -> slice | npt.NDArray[np.intp]:
    first, last = int(position[0]), int(position[-1])
    return slice(first, last + 1) if last - first + 1 == position.size else position


def _settled(
    on_delay_ns: npt.NDArray[np.int64],
    settles: npt.NDArray[np.bool_],
    table: TagTable,
    input_rule: npt.NDArray[np.intp],
    input_row: npt.NDArray[np.int32],
) -> npt.NDArray[np.int64]:
    """As asked for, but no shorter than a rule over several tags needs to settle."""
    settles = settles & (np.bincount(input_rule, minlength=settles.size) > 1)
    made, at = on_delay_ns.copy(), settles[input_rule]
    np.maximum.at(made, input_rule[at], table.scan_period_ns[input_row[at]])
    return made


def _errors(
    rules: Sequence[Rule], ids: Sequence[str], kinds: Mapping[type[Rule], _Placed], table: TagTable, *, early: bool
) -> Iterator[RuleError]:
    """`early`: some delay is negative."""
    unsure = {of_kind for of_kind, placed in kinds.items() if not _flawless(of_kind, placed, table)}
    twice = _some_twice(ids)
    if unsure or early or twice:
        asked = rules if early or twice else _in_order(kinds, unsure)
        yield from _errors_of_each(asked, unsure, table)
    for of_kind, kind in KINDS.items():
        if of_kind in unsure:
            yield from kind.set_errors(kinds[of_kind].rules, table)


def _some_twice(ids: Sequence[str]) -> bool:
    """Some id stands twice, or two have one hash: a column of hashes takes a tenth of the memory of a set of ids."""
    hashes = np.fromiter(map(hash, ids), np.int64, len(ids))
    hashes.sort()
    return bool((hashes[1:] == hashes[:-1]).any())


def _flawless(of_kind: type[Rule], placed: _Placed, table: TagTable) -> bool:
    kind: Kind[Any] | QuickKind[Any] = KINDS[of_kind]
    return isinstance(kind, QuickKind) and kind.flawless(placed.rules, table)


def _in_order(kinds: Mapping[type[Rule], _Placed], chosen: Set[type[Rule]]) -> Iterator[Rule]:
    """The rules of some kinds in the order of the set."""
    return (rule for _, rule in heapq.merge(*(kinds[each] for each in chosen), key=itemgetter(0)))


def _errors_of_each(rules: Iterable[Rule], unsure: Set[type[Rule]], table: TagTable) -> Iterator[RuleError]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            yield RuleError(rule.id, "id", "重复；每个报警要有自己的编号", "stands twice; every alarm needs its own id")
        seen.add(rule.id)
        yield from _delay_errors(rule)
        if type(rule) in unsure:
            yield from KINDS[type(rule)].errors(rule, table)


def _delay_errors(rule: Rule) -> Iterator[RuleError]:
    for name, delay_ns in (("on_delay_s", rule.delays.on_delay_ns), ("off_delay_s", rule.delays.off_delay_ns)):
        if delay_ns < 0:
            zh = f"{delay_ns / 1e9:g} s 是负的；延时应为 0 或以上"
            en = f"{delay_ns / 1e9:g} s is negative; a delay is 0 or more"
            yield RuleError(rule.id, name, zh, en)
