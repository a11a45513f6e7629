"""How often something happened in a window: edges of a discrete tag, crossings of a level, swings of an input."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt

from rules.columns.tags import Tag, TagTable
from rules.errors import RuleError, no_dead_band, no_share, unknown_tag
from rules.kinds.count_group import SECOND_NS, CountGroup
from rules.kinds.occurrences import MOST, SLOTS
from rules.port import Kind, Rule, column

Edge = Literal["rise", "fall", "change"]
MINIMUM_COVERAGE: Final = 0.8
"""Of a window that was looked at before it may be said that nothing happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Rule):
    """Something happened `at_least` times or more in a window.

    Of a discrete tag its edges; of an analog one a level crossed upwards (rise) or downwards (fall).  A level counts
    again only after the value came back over `dead_band`.
    """

    tag: str
    edge: Edge
    at_least: int
    window_ns: int
    level: float | None = None
    dead_band: float = 0.0
    minimum_coverage: float = MINIMUM_COVERAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatteringInput(Rule):
    """An input goes up and down again `at_least` times in a window (ISA-18.2: three in a minute).

    Of a discrete tag each change from 0 to 1 counts; of an analog one each turn from falling to rising where it moves
    `swing` or more each way.
    """

    tag: str
    at_least: int = 3
    window_ns: int = 60 * SECOND_NS
    swing: float | None = None
    minimum_coverage: float = MINIMUM_COVERAGE


class CountKind:
    """Checks and compiles Count rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: Count, table: TagTable) -> Iterator[RuleError]:
        """Unknown tag, a level where there can be none or none where one is needed, a number that cannot be reached."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        tag = table.tags[table.row_of[rule.tag]]
        if tag.discrete and rule.level is not None:
            zh = f"{tag.id} 是开关量：只有跳变，没有高度"
            en = f"{tag.id} is discrete: it has edges, no level"
            yield RuleError(rule.id, "level", zh, en)
        if not tag.discrete and (rule.level is None or not math.isfinite(rule.level)):
            zh = f"{tag.id} 是模拟量：请写穿越的高度"
            en = f"{tag.id} is analog: give the level that is crossed"
            yield RuleError(rule.id, "level", zh, en)
        if not 0 <= rule.dead_band < math.inf:
            yield no_dead_band(rule.id, rule.dead_band)
        yield from _window_errors(rule, tag, 1 if rule.edge == "change" else 2)

    def set_errors(self, rules: Sequence[Count], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Count]], table: TagTable) -> CountGroup:
        """The columns."""
        sides = [_sides(rule) for _, rule in rules]
        edges = [rule.edge for _, rule in rules]
        return _group(
            rules,
            [rule.tag for _, rule in rules],
            table,
            up_at=column([up for up, _ in sides], np.float64),
            down_below=column([down for _, down in sides], np.float64),
            falling=column([rule.level is not None and rule.edge == "fall" for _, rule in rules], np.bool_),
            swing=column(np.full(len(rules), np.nan), np.float64),
            counts_up=column([edge != "fall" for edge in edges], np.bool_),
            counts_down=column([edge != "rise" for edge in edges], np.bool_),
        )


class ChatteringInputKind:
    """Checks and compiles ChatteringInput rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: ChatteringInput, table: TagTable) -> Iterator[RuleError]:
        """Unknown tag, a swing where there can be none or none where one is needed, a number that cannot be reached."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        tag = table.tags[table.row_of[rule.tag]]
        if tag.discrete and rule.swing is not None:
            yield RuleError(rule.id, "swing", f"{tag.id} 是开关量：没有摆幅", f"{tag.id} is discrete: it has no swing")
        if not tag.discrete and (rule.swing is None or not 0 < rule.swing < math.inf):
            zh = f"{tag.id} 是模拟量：请写计数的摆幅，大于 0 {tag.eu}".rstrip()
            en = f"{tag.id} is analog: give the swing that counts, over 0 {tag.eu}".rstrip()
            yield RuleError(rule.id, "swing", zh, en)
        yield from _window_errors(rule, tag, 2)

    def set_errors(self, rules: Sequence[ChatteringInput], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, ChatteringInput]], table: TagTable) -> CountGroup:
        """The columns."""
        count = len(rules)
        return _group(
            rules,
            [rule.tag for _, rule in rules],
            table,
            up_at=column(np.ones(count), np.float64),
            down_below=column(np.ones(count), np.float64),
            falling=column(np.zeros(count), np.bool_),
            swing=column([math.nan if rule.swing is None else rule.swing for _, rule in rules], np.float64),
            counts_up=column(np.ones(count), np.bool_),
            counts_down=column(np.zeros(count), np.bool_),
        )


def _group(
    rules: Sequence[tuple[int, Count]] | Sequence[tuple[int, ChatteringInput]],
    tags: Sequence[str],
    table: TagTable,
    **columns: npt.NDArray[Any],
) -> CountGroup:
    row = column([table.row_of[name] for name in tags], np.int32)
    window_ns = column([rule.window_ns for _, rule in rules], np.int64)
    gap_ns = np.maximum(2 * (window_ns // SLOTS), np.maximum(3 * table.scan_period_ns[row], SECOND_NS))
    return CountGroup(
        position=column([position for position, _ in rules], np.intp),
        row=row,
        discrete=column(table.discrete[row], np.bool_),
        at_least=column([rule.at_least for _, rule in rules], np.intp),
        window_ns=window_ns,
        gap_ns=column(gap_ns, np.int64),
        minimum_coverage=column([rule.minimum_coverage for _, rule in rules], np.float64),
        **columns,
    )


def _sides(rule: Count) -> tuple[float, float]:
    """Where a value is up and where it is down; an edge of a discrete tag is a level at 1."""
    if rule.level is None:
        return 1.0, 1.0
    if rule.edge == "fall":
        return rule.level + rule.dead_band, rule.level
    return rule.level, rule.level - rule.dead_band


def _window_errors(rule: Count | ChatteringInput, tag: Tag, periods_each: int) -> Iterator[RuleError]:
    if not 1 <= rule.at_least <= MOST:
        zh = f"{rule.at_least} 应为 1 到 {MOST}"
        en = f"{rule.at_least} is not from 1 to {MOST}"
        yield RuleError(rule.id, "at_least", zh, en)
    if not 0 < rule.minimum_coverage <= 1:
        yield no_share(rule.id, "minimum_coverage", rule.minimum_coverage)
    needed_ns = max(periods_each * (rule.at_least - 1) * tag.scan_period_ns, SECOND_NS)
    if rule.window_ns < needed_ns:
        window_s, every_s, least_s = (ns / SECOND_NS for ns in (rule.window_ns, tag.scan_period_ns, needed_ns))
        zh = f"{window_s:g} s 太短，看不到 {rule.at_least} 次：{tag.id} 每 {every_s:g} s 读一次，至少 {least_s:g} s"
        en = f"{window_s:g} s is too short to see it {rule.at_least} times"
        en = f"{en}: {tag.id} is read every {every_s:g} s, at least {least_s:g} s"
        yield RuleError(rule.id, "window_s", zh, en)


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {Count: CountKind(), ChatteringInput: ChatteringInputKind()}
