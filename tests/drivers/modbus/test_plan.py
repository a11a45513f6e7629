from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus.addresses import parse_range
from drivers.modbus.place import Range, Span, Table
from drivers.modbus.plan import Block, Fill, Limits, coalesce, split, unused_of


def test_neighbours_share_a_read_and_a_wide_gap_parts_them() -> None:
    hr = Table.HOLDING_REGISTERS
    spans = [Span(hr, 200, 2), Span(hr, 0, 2), Span(hr, 18, 1), Span(hr, 36, 1), Span(Table.INPUT_REGISTERS, 1, 1)]
    assert coalesce(spans, Limits(max_gap=16)) == (
        Block(hr, 0, 19, (1, 2)),
        Block(hr, 36, 1, (3,)),
        Block(hr, 200, 2, (0,)),
        Block(Table.INPUT_REGISTERS, 1, 1, (4,)),
    )


def test_a_value_at_the_edge_of_a_block_is_not_torn() -> None:
    spans = [Span(Table.HOLDING_REGISTERS, start, 4) for start in range(0, 122, 4)]
    blocks = coalesce(spans, Limits(max_registers=10))
    assert {block.count for block in blocks[:-1]} == {8}


_tables = st.sampled_from(Table)
_spans = st.lists(
    st.builds(
        lambda table, start, count: Span(table, start, 1 if table.is_bits else count),
        _tables,
        st.integers(0, 600),
        st.sampled_from([1, 1, 2, 4]),
    ),
    min_size=1,
    max_size=60,
)
_limits = st.builds(
    Limits,
    max_registers=st.integers(4, 125),
    max_coils=st.integers(1, 2000),
    max_gap=st.integers(0, 125),
    max_gap_coils=st.integers(0, 300),
)


def fewest(spans: list[Span], limits: Limits) -> int:
    """The least number of blocks by dynamic programming over the sorted spans of each table (slow oracle)."""
    total = 0
    for table in Table:
        ordered = sorted({(span.start, span.end) for span in spans if span.table is table})
        gap, most = (
            (limits.max_gap_coils, limits.max_coils) if table.is_bits else (limits.max_gap, limits.max_registers)
        )
        best = [0] + [10**9] * len(ordered)
        for first in range(len(ordered)):
            end = ordered[first][1]
            for last in range(first, len(ordered)):
                if ordered[last][0] - end > gap:
                    break
                end = max(end, ordered[last][1])
                if end - ordered[first][0] > most:
                    break
                best[last + 1] = min(best[last + 1], best[first] + 1)
        total += best[-1]
    return total


@given(_spans, _limits)
def test_any_plan_reads_every_span_exactly_once_whole_and_with_the_fewest_blocks(
    spans: list[Span], limits: Limits
) -> None:
    blocks = coalesce(spans, limits)
    assert sorted(member for block in blocks for member in block.members) == list(range(len(spans)))
    for block in blocks:
        assert block.count <= (limits.max_coils if block.table.is_bits else limits.max_registers)
        members = sorted((spans[member] for member in block.members), key=lambda span: span.start)
        assert block.start == members[0].start
        assert block.start + block.count == max(span.end for span in members)
        reached = members[0].end
        for span in members:
            assert span.table is block.table
            assert span.start - reached <= (limits.max_gap_coils if block.table.is_bits else limits.max_gap)
            reached = max(reached, span.end)
    assert len(blocks) == fewest(spans, limits)


@given(_spans)
def test_splitting_ends_with_single_spans_and_loses_none(spans: list[Span]) -> None:
    waiting = list(coalesce(spans, Limits()))
    singles: list[Block] = []
    while waiting:
        block = waiting.pop()
        halves = split(block, spans)
        if halves is None:
            singles.append(block)
            continue
        assert sorted(halves[0].members + halves[1].members) == sorted(block.members)
        assert abs(len({spans[m] for m in halves[0].members}) - len({spans[m] for m in halves[1].members})) <= 1
        waiting.extend(halves)
    assert sorted(member for block in singles for member in block.members) == list(range(len(spans)))
    for block in singles:
        assert {(spans[member].start, spans[member].count) for member in block.members} == {(block.start, block.count)}


def test_a_range_that_is_forbidden_is_never_read_over() -> None:
    hr = Table.HOLDING_REGISTERS
    spans = [Span(hr, 0, 2), Span(hr, 4, 2), Span(hr, 8, 2)]
    limits = Limits(forbidden=(parse_range("hr:6-7"), parse_range("ir:2-3"), parse_range("hr:30")))
    assert coalesce(spans, limits) == (Block(hr, 0, 6, (0, 1)), Block(hr, 8, 2, (2,)))


def test_shrink_reads_nothing_beside_what_is_wanted() -> None:
    ir = Table.INPUT_REGISTERS
    spans = [Span(ir, 0, 2), Span(ir, 2, 2), Span(ir, 5, 1), Span(Table.COILS, 0, 1), Span(Table.COILS, 2, 1)]
    blocks = coalesce(spans, Limits(fill=Fill.SHRINK))
    assert [(block.start, block.count) for block in blocks] == [(0, 1), (2, 1), (0, 4), (5, 1)]
    assert [unused_of(block, spans) for block in blocks] == [0] * 4


def test_unused_registers_of_a_request_are_limited_altogether() -> None:
    ir = Table.INPUT_REGISTERS
    spans = [Span(ir, start, 1) for start in range(0, 40, 5)]
    blocks = coalesce(spans, Limits(max_unused=8))
    assert [unused_of(block, spans) for block in blocks] == [8, 8, 4]


def test_rearranged_blocks_are_as_few_and_read_less() -> None:
    ir = Table.INPUT_REGISTERS
    starts = [0, 8, 20, 30, 31, 32]
    spans = [Span(ir, start, 1) for start in starts]
    filled = coalesce(spans, Limits(max_registers=31))
    rearranged = coalesce(spans, Limits(max_registers=31, fill=Fill.REARRANGE))
    assert [block.count for block in filled] == [31, 2]
    assert [block.count for block in rearranged] == [9, 13]
    assert len(filled) == len(rearranged)


def test_one_request_for_each_value_and_equal_ones_together() -> None:
    hr = Table.HOLDING_REGISTERS
    spans = [Span(hr, 0, 2), Span(hr, 2, 1), Span(hr, 0, 2), Span(hr, 3, 1)]
    blocks = coalesce(spans, Limits(one_request_per_tag=True))
    assert blocks == (Block(hr, 0, 2, (0, 2)), Block(hr, 2, 1, (1,)), Block(hr, 3, 1, (3,)))


def test_requests_that_begin_at_zero_and_stay_so_when_they_are_cut() -> None:
    hr = Table.HOLDING_REGISTERS
    spans = [Span(hr, 40, 2), Span(hr, 90, 1), Span(Table.COILS, 7, 1)]
    blocks = coalesce(spans, Limits(start_at_zero=True))
    assert blocks == (Block(Table.COILS, 0, 8, (2,)), Block(hr, 0, 91, (0, 1)))
    assert split(blocks[1], spans, start_at_zero=True) == (Block(hr, 0, 42, (0,)), Block(hr, 0, 91, (1,)))


def cheapest(spans: list[Span], limits: Limits) -> tuple[int, int]:
    """Fewest blocks, then fewest addresses, by trying every way to cut each table's spans (slow oracle)."""
    blocks = addresses = 0
    for table in Table:
        ordered = sorted({(span.start, span.end) for span in spans if span.table is table})
        best: list[tuple[int, int]] = [(0, 0)] + [(10**6, 0)] * len(ordered)
        for first in range(len(ordered)):
            for last in range(first, len(ordered)):
                part = ordered[first : last + 1]
                count = max(end for _, end in part) - part[0][0]
                wanted = {address for start, end in part for address in range(start, end)}
                reached, gap = part[0][1], 0
                for start, end in part[1:]:
                    gap, reached = max(gap, start - reached), max(reached, end)
                most_gap = limits.max_gap_coils if table.is_bits else limits.max_gap
                most_unused = limits.max_unused_coils if table.is_bits else limits.max_unused
                most = limits.max_coils if table.is_bits else limits.max_registers
                block = set(range(part[0][0], part[0][0] + count)) - wanted
                forbidden = any(
                    each.table is table and not block.isdisjoint(range(each.start, each.end))
                    for each in limits.forbidden
                )
                if gap <= most_gap and len(block) <= most_unused and count <= most and not forbidden:
                    best[last + 1] = min(best[last + 1], (best[first][0] + 1, best[first][1] + count))
        blocks += best[-1][0]
        addresses += best[-1][1]
    return blocks, addresses


_few_spans = st.lists(
    st.builds(
        lambda table, start, count: Span(table, start, 1 if table.is_bits else count),
        st.sampled_from([Table.COILS, Table.HOLDING_REGISTERS]),
        st.integers(0, 120),
        st.sampled_from([1, 2, 4]),
    ),
    min_size=1,
    max_size=14,
)
_forbidden = st.builds(
    lambda start, count: Range(Table.HOLDING_REGISTERS, start, start + count), st.integers(0, 120), st.integers(1, 9)
)
_all_limits = st.builds(
    Limits,
    max_registers=st.integers(8, 60),
    max_coils=st.integers(8, 60),
    max_gap=st.integers(0, 20),
    max_gap_coils=st.integers(0, 20),
    max_unused=st.integers(0, 30),
    max_unused_coils=st.integers(0, 30),
    forbidden=st.lists(_forbidden, max_size=2).map(tuple),
)


def plan_is_whole_and_cheapest(spans: list[Span], limits: Limits) -> None:
    """Every span once and whole, nothing forbidden, nothing over a limit, and no cheaper plan."""
    spans = [span for span in spans if not any(each.touches(span) for each in limits.forbidden)]
    for fill in (Fill.MAX_INSERT, Fill.REARRANGE):
        blocks = coalesce(spans, replace(limits, fill=fill))
        assert sorted(member for block in blocks for member in block.members) == list(range(len(spans)))
        for block in blocks:
            whole = Span(block.table, block.start, block.count)
            assert all(
                whole.start <= spans[member].start and spans[member].end <= whole.end for member in block.members
            )
            assert not any(each.touches(whole) for each in limits.forbidden)
        fewest_blocks, fewest_addresses = cheapest(spans, limits)
        assert len(blocks) == fewest_blocks
        if fill is Fill.REARRANGE:
            assert sum(block.count for block in blocks) == fewest_addresses


@given(_few_spans, _all_limits)
@settings(max_examples=50)
def test_any_limits_give_a_whole_plan_and_no_other_is_cheaper(spans: list[Span], limits: Limits) -> None:
    plan_is_whole_and_cheapest(spans, limits)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@given(_few_spans, _all_limits)
@settings(max_examples=10_000)
def test_any_limits_give_a_whole_plan_at_length(spans: list[Span], limits: Limits) -> None:
    plan_is_whole_and_cheapest(spans, limits)
