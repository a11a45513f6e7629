"""What is no condition is refused with the character to look at, whatever is typed."""

import string
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.columns.tags import TagTable
from rules.language.conditions import ExpressionRefusedError, parse_condition
from tests.rules.plants import table, tag

PLANT = table(
    tag("LT-101"),
    tag("LT-102"),
    replace(tag("PT-101"), eu="kPa"),
    replace(tag("TT-101"), eu="°C"),
    replace(tag("FT-101"), eu="m3/h"),
    replace(tag("T-9"), eu="h"),
    replace(tag("V-9"), eu="m3"),
    replace(tag("STEP-1"), eu="1"),
    tag("XV-101.OPEN", discrete=True),
)
MODES = {
    "filling": "tag('XV-101.OPEN') == 1",
    "loop": "mode('loop-2')",
    "loop-2": "not mode('loop')",
    "broken": "tag('LT-999') > 1",
    **{f"deep-{n}": f"mode('deep-{n + 1}') and mode('deep-{n + 1}')" for n in range(7)},
    "deep-7": " and ".join(["tag('LT-101') > 1"] * 9),
}

CASES = [
    # text, column (1-based), words of the reason
    ("", 1, "there is no condition"),
    ("   ", 1, "there is no condition"),
    ("tag('LT-1O1') > 8", 6, "no tag 'LT-1O1'; did you mean LT-101?"),
    ("tag('LT-101')", 1, "a condition is wanted here"),
    ("tag('XV-101.OPEN')", 18, "say which state"),
    ("not tag('XV-101.OPEN')", 22, "say which state"),
    ("8", 1, "a condition is wanted here"),
    ("True", 1, "a condition is wanted here"),
    ("LT-101 > 8", 1, "a tag is written tag('LT-101')"),
    ("tag(LT-101) > 8", 5, "takes one id in quotes"),
    ("tag() > 8", 1, "takes one id in quotes"),
    ("tag('LT-101', 'LT-102') > 8", 5, "takes one id in quotes"),
    ("tag(x='LT-101') > 8", 6, "= is written =="),
    ("tag('LT-101') = 8", 15, "= is written =="),
    ("tag('LT-101') => 8", 15, "=> is written >="),
    ("tag('LT-101') <> 8", 15, "<> is written !="),
    ("tag('LT-101') > 8 && tag('LT-102') > 8", 19, "&& is written and"),
    ("tag('LT-101') > 8 AND tag('LT-102') > 8", 19, "AND is written and"),
    ("!(tag('LT-101') > 8)", 1, "! is written not"),
    ("tag('LT-101') ＞ 8", 15, "full-width character, type >"),
    ("tag（'LT-101'） > 8", 4, "full-width character, type ("),
    ("tag('LT-101') ≥ 8", 15, "has no place here"),
    ("tag('LT－101') > 8", 8, "an id has letters, digits"),
    ("tag('LT-101\\n') > 8", 5, "never closed"),
    ("tag('LT-101') > 8 # note", 19, "has no place here"),
    ("(tag('LT-101') > 8", 1, "never closed"),
    ("tag('LT-101') > 8)", 18, "never opened"),
    ("tag('LT-101) > 8", 5, "never closed"),
    ("[tag('LT-101') > 8]", 1, "[ is written ("),
    ("tag('LT-101') > 8 tag('LT-102') > 8", 19, "cannot be read from here"),
    ("tag('LT-101') >", 15, "something is missing after >"),
    ("tag('LT-101') > 8 and", 19, "something is missing after and"),
    ("(tag('LT-101') > ) and tag('LT-102') > 3", 16, "something is missing after >"),
    ("and tag('LT-101') > 8", 1, "cannot be read from here"),
    ("tag('LT-101') > > 8", 17, "cannot be read from here"),
    ("tag('LT-101') ** 2 > 8", 15, "there is no **"),
    ("tag('LT-101') % 2 > 8", 15, "has no place here"),
    ("tag('LT-101').value > 8", 14, "has no place here"),
    ("tag('LT-101') > 1_000", 18, "has no place here"),
    ("tag('LT-101') > 0x10", 18, "does not run into"),
    ("tag('LT-101') > 010", 17, "cannot be read from here"),
    ("tag('LT-101') > 1e999", 17, "too big"),
    ("tag('LT-101') > " + "9" * 400, 17, "too long"),
    ("tag('LT-101') / 0 > 1", 17, "divides by 0"),
    ("tag('LT-101') > 8 / (2 - 2)", 22, "divides by 0"),
    ("1 < 2", 5, "both sides are literals"),
    ("min(1, 2) > tag('LT-101')", 1, "names no tag"),
    ("min(tag('LT-101')) > 3", 1, "takes two numbers or more"),
    ("abs(tag('LT-101'), 3) > 3", 1, "takes one number"),
    ("tag('LT-101') + tag('PT-101') > 3", 17, "units differ: m and kPa"),
    ("tag('LT-101') > tag('PT-101')", 17, "units differ: m and kPa"),
    ("max(tag('LT-101'), tag('PT-101')) > 3", 1, "units differ: m and kPa"),
    ("tag('FT-101') * tag('T-9') > tag('LT-101')", 30, "units differ: m3 and m"),
    ("tag('TT-101') * tag('T-9') > 3", 17, "no true zero"),
    ("3 / tag('TT-101') > 3", 5, "no true zero"),
    ("tag('LT-101') == 3", 18, "never exactly equal"),
    ("tag('XV-101.OPEN') > 0", 22, "compared with == or !="),
    ("tag('XV-101.OPEN') == 2", 23, "compared with 0, 1 or another state"),
    ("tag('XV-101.OPEN') == tag('STEP-1')", 23, "compared with 0, 1 or another state"),
    ("tag('XV-101.OPEN') + 1 > 1", 22, "no arithmetic on a state"),
    ("-tag('XV-101.OPEN') == 1", 1, "no arithmetic on a state"),
    ("(tag('LT-101') > 3) + 1 > 1", 2, "a number is wanted here"),
    ("(tag('LT-101') > 3) == 1", 2, "a number is wanted here"),
    ("tag('LT-101') and tag('LT-102') > 3", 1, "a condition is wanted here"),
    ("is_on(tag('LT-101'))", 7, "is analog"),
    ("good('LT-101')", 6, "takes one tag"),
    ("previous(tag('LT-101') + 1) > 3", 10, "takes one tag"),
    ("count_true(tag('LT-101') > 3) >= 1", 1, "takes two conditions or more"),
    ("count_true(tag('LT-101') > 3, tag('LT-102') > 3) >= 3", 53, "3 is never reached"),
    ("count_true(tag('LT-101') > 3, tag('LT-102') > 3) >= tag('STEP-1')", 53, "a whole number and nothing else"),
    ("count_true(tag('LT-101') > 3, tag('LT-102') > 3) + 1 >= 2", 52, "a whole number and nothing else"),
    ("count_true(tag('LT-101') > 3, tag('LT-102') > 3)", 1, "a condition is wanted here"),
    ("tag('LT-101') > 3 if 1 else 2", 1, "a condition is wanted here"),
    ("tag('LT-101') in (1, 2)", 15, "no such comparison"),
    ("tag('LT-101') is 1", 15, "no such comparison"),
    ("exec('x')", 1, "there is no function exec"),
    ("averag(tag('LT-101'), tag('LT-102')) > 1", 1, "there is no function averag"),
    ("maxi(tag('LT-101'), tag('LT-102')) > 1", 1, "did you mean max?"),
    ("max(*tag('LT-101')) > 1", 5, "a number is wanted here"),
    ("tag('LT-101') > 8 for 10", 19, "after for comes a time"),
    ("tag('LT-101') > 8 for ten s", 23, "after for comes a time"),
    ("tag('LT-101') > 8 for 10 m", 26, "after for comes a time"),
    ("tag('LT-101') > 8 for 0 s", 23, "must be over 0"),
    ("tag('LT-101') > 8 for 25 h", 23, "at most 24 h"),
    ("tag('LT-101') for 10 s > 8", 24, "> cannot follow a time"),
    ("for 10 s", 1, "no condition before for"),
    ("tag('LT-101') for 10 s", 1, "a condition is wanted here"),
    ("tag('LT-101') > 1 and tag('LT-102') > 1 for 9 s or tag('LT-101') > 5", 41, "not clear what must last"),
    ("tag('LT-101') > 1 for 9 s and tag('LT-102') > 1 for 9 s", 49, "not clear what must last"),
    ("tag('LT-101') > 1 for 9 s for 9 s", 27, "for cannot follow a time"),
    ("mode('filing')", 7, "there is no mode 'filing'; did you mean filling?"),
    ("mode('loop')", 7, "name themselves"),
    ("mode('broken')", 7, "mode broken is wrong itself (column 6: there is no tag 'LT-999'"),
    ("mode('deep-0')", 7, "too complex"),
    ("not not not not not tag('LT-101') > 8", 17, "in a row"),
    ("(" * 25 + "tag('LT-101') > 8" + ")" * 25, 25, "nested deeper than 24"),
    (" or ".join(["tag('LT-101') > 8"] * 190), 3487, "too complex"),
    ("tag('LT-101') > 8 " * 400, 4001, "too long"),
    (" and ".join(["(tag('LT-101') > 8 for 1 s)"] * 9), 276, "more than 8 times for"),
]


@pytest.mark.parametrize(("text", "column", "words"), CASES, ids=[text[:60] for text, _, _ in CASES])
def test_the_character_and_the_reason_are_told(text: str, column: int, words: str) -> None:
    with pytest.raises(ExpressionRefusedError) as refused:
        parse_condition(text, PLANT, MODES)
    assert words in refused.value.reason_en
    assert refused.value.column == column, str(refused.value)
    assert refused.value.text == text
    assert refused.value.reason_zh


def test_the_caret_stands_under_the_character() -> None:
    with pytest.raises(ExpressionRefusedError) as refused:
        parse_condition("tag('LT-101') > 8 and tag('LT-103') > 8", PLANT)
    lines = str(refused.value).splitlines()
    assert lines[0] == "column 28: there is no tag 'LT-103'; did you mean LT-102?"
    assert lines[1][lines[2].index("^") :].startswith("LT-103")
    assert refused.value.message("zh").startswith("第 28 个字符：没有位号")


def test_the_caret_of_a_long_text_in_lines_stands_under_the_character_too() -> None:
    text = "\n  and ".join(["tag('LT-101') > 8"] * 10) + "\n  and tag('LT-103') > 8"
    with pytest.raises(ExpressionRefusedError) as refused:
        parse_condition(text, PLANT)
    _, shown, caret = str(refused.value).splitlines()
    assert shown[caret.index("^") :].startswith("LT-103")
    assert text[refused.value.column - 1 :].startswith("LT-103")


GOOD_ONES = [
    "tag('LT-101') > 8",
    '  tag("LT-101")>8 ',
    "tag('LT-101') > 8\n  and tag('LT-102') > 8",
    "8 > tag('LT-101') > -2.5e-1",
    "tag('FT-101') * tag('T-9') > tag('V-9')",
    "tag('FT-101') * 0.5 > 20",
    "tag('V-9') / tag('FT-101') < tag('T-9')",
    "tag('LT-101') / tag('LT-102') > 1.1",
    "(tag('TT-101') + tag('TT-101')) / 2 > 40",
    "tag('STEP-1') == 3 or tag('LT-101') / tag('LT-102') != 1",
    "previous(tag('XV-101.OPEN')) == 0 and tag('XV-101.OPEN') == 1",
    "tag('LT-101') > 8 for 10s",
    "(tag('LT-101') > 8 for 1.5 min) and mode('filling')",
    "not mode('filling') for 2 h",
    "max(previous(tag('LT-101')), 3, tag('LT-102')) - 2 >= +1",
]


@pytest.mark.parametrize("text", GOOD_ONES)
def test_a_condition_is_read(text: str) -> None:
    condition = parse_condition(text, PLANT, MODES)
    assert condition.text == text
    assert condition.inputs


def test_inputs_and_modes_of_a_condition() -> None:
    condition = parse_condition("mode('filling') and tag('LT-102') > tag('LT-101')", PLANT, MODES)
    assert condition.inputs == ("XV-101.OPEN", "LT-102", "LT-101")
    assert condition.modes == (("filling", "tag('XV-101.OPEN') == 1"),)
    assert condition.timeless
    assert not parse_condition("previous(tag('LT-101')) > 1", PLANT).timeless


WORDS = st.sampled_from(
    ["tag('LT-101')", "tag('XV-101.OPEN')", "mode('filling')", "previous(", "count_true(", "min(", "good(", "(", ")", ",", "and",
     "or", "not", "for", "10", "s", ">", "==", "+", "-", "*", "/", "8", "1e308", "'", '"', "tag", "__import__", "lambda", "if",
     "else", "\n", "\t", "\x00", "：", "（", "é", "\u202e", "0x1f", "1_0", "...", "yield", "await", "f''", "b'x'", ":=", "is"]
)  # fmt: skip
texts = st.one_of(
    st.text(max_size=80),
    st.text(alphabet=string.printable, max_size=120),
    st.lists(WORDS, max_size=25).map(" ".join),
    st.lists(WORDS, max_size=25).map("".join),
    st.builds(lambda word, times: word * times, WORDS, st.integers(1, 3000)),
)


def refused_or_read(text: str, plant: TagTable = PLANT) -> None:
    try:
        condition = parse_condition(text, plant, MODES)
    except ExpressionRefusedError as refused:
        assert 1 <= refused.column <= len(text) + 1
        assert refused.message("zh")
        assert refused.message("en")
    else:
        assert condition.inputs


@settings(max_examples=100, deadline=None)
@given(text=texts)
@example("-" * 3999)
@example("not " * 999)
@example("(" * 4000)
@example("tag(" * 1000)
@example("1" * 4000)
@example("9" * 23 + " > tag('LT-101')")
@example("1+" * 1900 + "1")
@example("tag('LT-101')" + "<1" * 1900)
@example("tag('LT-101')>1" + " or tag('LT-101')>1" * 200)
@example("'" * 2000)
@example("\ud800")
def test_whatever_is_typed_is_refused_or_read(text: str) -> None:
    refused_or_read(text)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=10_000, deadline=None)
@given(text=texts)
def test_whatever_is_typed_is_refused_or_read_at_length(text: str) -> None:
    refused_or_read(text)


def test_a_mode_that_calls_itself_many_times_costs_nothing() -> None:
    """Written out, this would be 2 to the power of 20 comparisons."""
    modes = {f"m{n}": f"mode('m{n + 1}') and mode('m{n + 1}')" for n in range(20)} | {"m20": "tag('LT-101') > 1"}
    with pytest.raises(ExpressionRefusedError, match="go too deep"):
        parse_condition("mode('m0')", PLANT, modes)
