"""Tags against each other: how far one stands from others."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import numpy as np

from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, unknown_tag
from rules.kinds.deviation_group import DeviationGroup
from rules.kinds.mismatches import Mismatch, MismatchKind
from rules.port import Kind, Rule, column

Direction = Literal["both", "above", "below"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation(Rule):
    """A tag stands `limit` or more from another, or from the median of several; the dead band acts on return only."""

    tag: str
    against: tuple[str, ...]
    limit: float
    """In the unit of the tags, over 0."""
    direction: Direction = "both"
    """above: tag - against counts; below: against - tag; both: whichever is greater."""
    dead_band: float = 0.0


class DeviationKind:
    """Checks and compiles Deviation rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = True

    def errors(self, rule: Deviation, table: TagTable) -> Iterator[RuleError]:
        """Unknown, discrete or repeated tags, units that differ, a limit or dead band that makes no sense."""
        if not rule.against:
            yield RuleError(rule.id, "against", "没有写比较的位号", "names no tag to compare with")
        names = (("tag", rule.tag), *(("against", name) for name in rule.against))
        for field, name in names:
            if name not in table.row_of:
                yield unknown_tag(rule.id, field, name)
            elif table.tags[table.row_of[name]].discrete:
                yield needs_analog(rule.id, field, name, ("偏差报警", "a deviation"))
        if len({name for _, name in names}) < len(names):
            yield RuleError(rule.id, "against", "有位号重复", "a tag stands twice")
        tags = [table.tags[table.row_of[name]] for _, name in names if name in table.row_of]
        units = {tag.eu for tag in tags if not tag.discrete}
        if len(units) > 1:
            zh = f"单位不同的位号不能比较：{', '.join(sorted(units))}"
            en = f"tags in different units cannot be compared: {', '.join(sorted(units))}"
            yield RuleError(rule.id, "against", zh, en)
        if not (math.isfinite(rule.limit) and rule.limit > 0):
            zh = f"{rule.limit:g} 不是偏差；限值应大于 0"
            en = f"{rule.limit:g} is no distance; a limit is over 0"
            yield RuleError(rule.id, "limit", zh, en)
        if not 0 <= rule.dead_band < math.inf or rule.dead_band >= rule.limit > 0:
            zh = f"{rule.dead_band:g} 使报警无法恢复；死区应为 0 或以上且小于限值"
            en = f"{rule.dead_band:g} leaves no way to return; a dead band is 0 or more and below the limit"
            yield RuleError(rule.id, "dead_band", zh, en)

    def set_errors(self, rules: Sequence[Deviation], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Deviation]], table: TagTable) -> DeviationGroup:
        """The columns."""
        longest = max(len(rule.against) for _, rule in rules)
        padded = [[*rule.against, *[rule.against[0]] * (longest - len(rule.against))] for _, rule in rules]
        return DeviationGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            other_row=column(np.array([[table.row_of[name] for name in names] for names in padded]), np.int32),
            others=column([len(rule.against) for _, rule in rules], np.intp),
            limit=column([rule.limit for _, rule in rules], np.float64),
            return_limit=column([rule.limit - rule.dead_band for _, rule in rules], np.float64),
            above=column([rule.direction != "below" for _, rule in rules], np.bool_),
            below=column([rule.direction != "above" for _, rule in rules], np.bool_),
        )


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {Deviation: DeviationKind(), Mismatch: MismatchKind()}
