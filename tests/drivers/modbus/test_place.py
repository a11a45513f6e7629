import pytest

from drivers.errors import MisconfiguredError
from drivers.modbus.addresses import mistakes, parse, parse_range
from drivers.modbus.place import Place, Range, Span, Table, span_of


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
        ("hr:100/10", "hr:100/10"),
        ("ir:65535/1", "ir:65535/1"),
        ("40101/120", "hr:100/120"),
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
        ("hr:1/0", "a text here takes 1 to 120 registers, not 0"),
        ("hr:1/121", "a text here takes 1 to 120 registers, not 121"),
        ("hr:65530/7", "a text here takes 1 to 6 registers, not 7"),
        ("co:1/4", "co is a bit, a text stands in registers"),
        ("hr:1.3/4", "write hr:100"),
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
        ("hr:1", "bcd32", "DCBA", []),
        ("hr:1/8", "text", "BADC", []),
        ("hr:1/8", "text", "CDAB", ["a text has ABCD, or BADC with the bytes swapped"]),
        ("hr:1", "text", "", ["write hr:1/10 for ten registers"]),
        ("hr:1/8", "uint16", "", ["write type text"]),
        ("hr:65535", "bcd32", "", ["takes 2 registers, the last that fits is 65534"]),
        ("hr:1", "real", "", ["type: 'real' is unknown"]),
        ("hr:1", "float32", "BACD", ["word_order: 'BACD' is unknown"]),
        ("co:1", "int16", "", ["type must be bool, not int16"]),
        ("hr:1.4", "int16", "", ["bit of a register: type must be bool"]),
        ("hr:65535", "float32", "", ["takes 2 registers, the last that fits is 65534"]),
        ("hr:65533", "float64", "", ["takes 4 registers, the last that fits is 65532"]),
        ("x", "real", "Z", ["type: 'real'", "word_order: 'Z'", "address: 'x' is not a Modbus address"]),
    ],
)
def test_every_mistake_of_a_point_is_told_at_once(address: str, kind: str, order: str, words: list[str]) -> None:
    found = mistakes(address, kind, order)
    assert len(found) == len(words)
    for text, word in zip(found, words, strict=True):
        assert word in str(text)


def test_spans() -> None:
    assert span_of(Place(Table.COILS, 5), "bool") == Span(Table.COILS, 5, 1)
    assert span_of(Place(Table.HOLDING_REGISTERS, 5, 3), "bool") == Span(Table.HOLDING_REGISTERS, 5, 1)
    assert span_of(Place(Table.INPUT_REGISTERS, 5), "float64") == Span(Table.INPUT_REGISTERS, 5, 4)
    assert span_of(Place(Table.INPUT_REGISTERS, 5, None, 7), "text") == Span(Table.INPUT_REGISTERS, 5, 7)


@pytest.mark.parametrize(
    ("text", "start", "end"), [("hr:100-119", 100, 120), ("hr:7", 7, 8), ("hr:65535-65535", 65535, 65536)]
)
def test_ranges(text: str, start: int, end: int) -> None:
    found = parse_range(text)
    assert found == Range(Table.HOLDING_REGISTERS, start, end)
    assert parse_range(str(found)) == found


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("hr:100-", "write hr:100-119"),
        ("100-119", "write hr:100-119"),
        ("hr:100-hr:119", "write hr:100-119"),
        ("hr:9-8", "the last address must be from 9 to 65535"),
        ("hr:9-65536", "the last address must be from 9 to 65535"),
        ("hr:70000", "addresses end at hr:65535"),
    ],
)
def test_a_wrong_range_says_what_would_be_right(text: str, advice: str) -> None:
    with pytest.raises(MisconfiguredError, match=advice):
        parse_range(text)


def test_a_range_touches_what_has_an_address_in_it() -> None:
    hr, ir = Table.HOLDING_REGISTERS, Table.INPUT_REGISTERS
    forbidden = Range(hr, 10, 12)
    touched = [start for start in range(20) if forbidden.touches(Span(hr, start, 2))]
    assert touched == [9, 10, 11]
    assert not forbidden.touches(Span(ir, 10, 2))
