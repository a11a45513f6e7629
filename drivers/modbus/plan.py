"""From spans to the fewest block reads.  Pure.

A value of several registers is always inside one block: it is never torn over two requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from drivers.modbus.place import Range, Span, Table


class Fill(StrEnum):
    """What a block may read beside what is wanted."""

    SHRINK = "shrink"
    """Nothing: a gap always begins another block."""
    REARRANGE = "rearrange"
    """Gaps within the limits; among the plans with the fewest blocks the one with the fewest addresses."""
    MAX_INSERT = "max_insert"
    """Gaps within the limits, blocks filled from the left."""


@dataclass(frozen=True, slots=True)
class Block:
    """One read request, and which of the planned spans (by position) its answer carries."""

    table: Table
    start: int
    count: int
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a block may grow, what it may read beside, and the peculiarities of a device."""

    max_registers: int = 120
    max_coils: int = 1000
    max_gap: int = 16
    """Unused registers in a row."""
    max_gap_coils: int = 128
    max_unused: int = 125
    """Unused registers in a block altogether."""
    max_unused_coils: int = 2000
    fill: Fill = Fill.MAX_INSERT
    forbidden: tuple[Range, ...] = ()
    """No block touches these."""
    one_request_per_tag: bool = False
    start_at_zero: bool = False
    """Every block begins at address 0."""

    def most(self, table: Table) -> int:
        """Addresses of one block."""
        return self.max_coils if table.is_bits else self.max_registers

    def gap(self, table: Table) -> int:
        """Unused addresses in a row."""
        if self.fill is Fill.SHRINK:
            return 0
        return self.max_gap_coils if table.is_bits else self.max_gap

    def unused(self, table: Table) -> int:
        """Unused addresses of one block."""
        return self.max_unused_coils if table.is_bits else self.max_unused


def coalesce(spans: Sequence[Span], limits: Limits) -> tuple[Block, ...]:
    """Cover every span by exactly one block, with as few blocks as the limits allow.

    Left to right, each block starts at the first span not yet covered and takes all that fit; for intervals on a line
    this greedy choice is the minimum.
    """
    order = sorted(range(len(spans)), key=lambda member: (spans[member].table, spans[member].start, spans[member].end))
    runs = _rearranged(spans, order, limits) if limits.fill is Fill.REARRANGE else _filled(spans, order, limits)
    return tuple(_block(spans, run, limits.start_at_zero) for run in runs)


def split(block: Block, spans: Sequence[Span], *, start_at_zero: bool = False) -> tuple[Block, Block] | None:
    """Cut a refused block in two to find what was refused; None when it holds a single span and is the culprit itself.

    Members are in order of their start; spans that are equal stay together, because they fail together.
    """
    places = sorted({(spans[member].start, spans[member].end) for member in block.members})
    if len(places) == 1:
        return None
    first_of_right = places[len(places) // 2]
    left = [member for member in block.members if (spans[member].start, spans[member].end) < first_of_right]
    right = [member for member in block.members if (spans[member].start, spans[member].end) >= first_of_right]
    return _block(spans, left, start_at_zero), _block(spans, right, start_at_zero)


def unused_of(block: Block, spans: Sequence[Span]) -> int:
    """Addresses that a block reads and no span wants."""
    wanted = {address for member in block.members for address in range(spans[member].start, spans[member].end)}
    return block.count - len(wanted)


class _Growth:
    """A block while spans, in order of their start, are added to it."""

    __slots__ = ("_end", "_limits", "_start", "_table", "_unused")

    def __init__(self, first: Span, limits: Limits) -> None:
        self._table = first.table
        self._start = 0 if limits.start_at_zero else first.start
        self._end = first.end
        self._unused = 0
        self._limits = limits

    @property
    def count(self) -> int:
        """Addresses from its first to its last."""
        return self._end - self._start

    def takes(self, span: Span) -> bool:
        """Add a span if the block can carry it."""
        limits, table = self._limits, self._table
        if span.table is not table:
            return False
        if limits.one_request_per_tag and (span.start, span.end) != (self._start, self._end):
            return False
        gap = max(0, span.start - self._end)
        unused = self._unused + gap
        if not limits.start_at_zero and (gap > limits.gap(table) or unused > limits.unused(table)):
            return False
        end = max(self._end, span.end)
        if end - self._start > limits.most(table):
            return False
        whole = Span(table, self._start, end - self._start)
        if gap and any(forbidden.touches(whole) for forbidden in limits.forbidden):
            return False
        self._end, self._unused = end, unused
        return True


def _filled(spans: Sequence[Span], order: Sequence[int], limits: Limits) -> list[list[int]]:
    runs: list[list[int]] = []
    growing: _Growth | None = None
    for member in order:
        if growing is None or not growing.takes(spans[member]):
            growing = _Growth(spans[member], limits)
            runs.append([])
        runs[-1].append(member)
    return runs


def _rearranged(spans: Sequence[Span], order: Sequence[int], limits: Limits) -> list[list[int]]:
    """The fewest blocks, and among those plans the fewest addresses: dynamic programming over the ends of blocks."""
    # best[i]: blocks and addresses that cover the first i spans, and where the last of these blocks begins
    best: list[tuple[int, int, int]] = [(0, 0, 0)] + [(len(order) + 1, 0, 0)] * len(order)
    for first in range(len(order)):
        blocks, addresses, _ = best[first]
        growing = _Growth(spans[order[first]], limits)
        for last in range(first, len(order)):
            if last > first and not growing.takes(spans[order[last]]):
                break
            best[last + 1] = min(best[last + 1], (blocks + 1, addresses + growing.count, first))
    runs: list[list[int]] = []
    end = len(order)
    while end:
        first = best[end][2]
        runs.append(list(order[first:end]))
        end = first
    return runs[::-1]


def _block(spans: Sequence[Span], members: Sequence[int], start_at_zero: bool) -> Block:
    start = 0 if start_at_zero else min(spans[member].start for member in members)
    end = max(spans[member].end for member in members)
    return Block(spans[members[0]].table, start, end - start, tuple(members))
