import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import MisconfiguredError
from drivers.modbus.place import Place, Span, Table, mistakes, parse, span_of
from drivers.modbus.plan import Block, Limits, coalesce, split


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("hr:0", "hr:0"),
        ("hr:65535", "hr:65535"),
        ("ir:7", "ir:7"),
        ("co:12", "co:12"),
        ("di:3", "di:3"),
        ("hr:100.3", "hr:100.3"),
        ("ir:100.15", "ir:100.15"),
        ("40001", "hr:0"),
        ("40100", "hr:99"),
        ("49999", "hr:9998"),
        ("30001", "ir:0"),
        ("10001", "di:0"),
        ("00001", "co:0"),
        ("400001", "hr:0"),
        ("465536", "hr:65535"),
        ("365536", "ir:65535"),
        ("100001", "di:0"),
        ("000017", "co:16"),
        ("40001.3", "hr:0.3"),
    ],
)
def test_an_address_is_shown_as_what_it_means(text: str, meant: str) -> None:
    assert str(parse(text)) == meant
    assert parse(meant) == parse(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "write hr:100"),
        ("100", "a bare number does not say the table"),
        ("hr100", "write hr:100"),
        ("HR:100", "did you mean hr:100?"),
        (" hr:100", "did you mean hr:100?"),
        ("hr：１００", "did you mean hr:100?"),
        ("４０００１", "did you mean 40001?"),
        ("hr:-1", "write hr:100"),
        ("hr:65536", "addresses end at hr:65535"),
        ("465537", "addresses end at hr:65535"),
        ("hr:1.16", "bits 0 to 15, not 16"),
        ("co:5.1", "co is a bit already, write co:5"),
        ("00001.1", "co is a bit already, write co:0"),
        ("40000", "counts from 40001, which is hr:0"),
        ("300000", "counts from 300001, which is ir:0"),
        ("20001", "a bare number does not say the table"),
        ("50001", "a bare number does not say the table"),
        ("nsu=urn:x;s=y", "write hr:100"),
        ("hr:1e2", "write hr:100"),
    ],
)
def test_a_wrong_address_says_what_would_be_right(text: str, advice: str) -> None:
    with pytest.raises(MisconfiguredError, match=advice.replace("?", r"\?")) as caught:
        parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("address", "kind", "order", "words"),
    [
        ("hr:1", "float32", "", []),
        ("hr:1", "bool", "ABCD", []),
        ("hr:1.4", "bool", "", []),
        ("co:1", "bool", "", []),
        ("hr:65534", "float32", "CDAB", []),
        ("hr:1", "real", "", ["type 'real' is unknown"]),
        ("hr:1", "float32", "BACD", ["word order 'BACD' is unknown"]),
        ("co:1", "int16", "", ["type must be bool, not int16"]),
        ("hr:1.4", "int16", "", ["bit of a register: type must be bool"]),
        ("hr:65535", "float32", "", ["takes 2 registers, the last that fits is 65534"]),
        ("hr:65533", "float64", "", ["takes 4 registers, the last that fits is 65532"]),
        ("x", "real", "Z", ["type 'real'", "word order 'Z'", "'x' is not a Modbus address"]),
    ],
)
def test_every_mistake_of_a_point_is_told_at_once(address: str, kind: str, order: str, words: list[str]) -> None:
    found = mistakes(address, kind, order)
    assert len(found) == len(words)
    for text, word in zip(found, words, strict=True):
        assert word in text


def test_spans() -> None:
    assert span_of(Place(Table.COILS, 5), "bool") == Span(Table.COILS, 5, 1)
    assert span_of(Place(Table.HOLDING_REGISTERS, 5, 3), "bool") == Span(Table.HOLDING_REGISTERS, 5, 1)
    assert span_of(Place(Table.INPUT_REGISTERS, 5), "float64") == Span(Table.INPUT_REGISTERS, 5, 4)


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
