"""Conditions from text to verdict: what the language says, with the worked cases of docs/rules/expressions.md."""

from collections.abc import Mapping

import pytest

from rules.columns.tags import TagTable
from rules.language.conditions import Condition, ConditionColumns, parse_condition
from rules.port import Moment
from tests.rules.plants import SECOND, snapshot, table, tag

GOOD, UNCERTAIN, BAD, STALE, NEVER_SEEN = range(5)
FALSE, TRUE, UNKNOWN = range(3)
PLANT = table(tag("LT-1"), tag("LT-2"), tag("LT-3"), tag("XV-1", discrete=True), tag("XV-2", discrete=True))
Readings = Mapping[str, tuple[float, int] | tuple[float, int, int]]


def moment(readings: Readings, now: int = 10 * SECOND, of: TagTable = PLANT) -> Moment:
    return Moment.of(snapshot(of, now, readings), of.ids, 0, now)


def verdict(text: str, readings: Readings, modes: Mapping[str, str] | None = None) -> int:
    columns = ConditionColumns.of([parse_condition(text, PLANT, modes or {})], PLANT)
    return int(columns.judge(moment(readings), columns.fresh(0))[0][0])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tag('LT-1') > 8", TRUE),
        ("tag('LT-1') > 9", FALSE),
        ("tag('LT-1') >= 9", TRUE),
        ("tag('LT-1') - 2 * tag('LT-2') > 0", TRUE),
        ("tag('XV-1') == 1 and tag('XV-2') == 0", TRUE),
        ("tag('XV-1') != tag('XV-2')", TRUE),
        ("is_on(tag('XV-1')) and is_off(tag('XV-2'))", TRUE),
        ("not tag('LT-1') > 8", FALSE),
        ("8 < tag('LT-1') < 10", TRUE),
        ("min(tag('LT-1'), tag('LT-2'), tag('LT-3')) < 5", TRUE),
        ("mean(tag('LT-1'), tag('LT-2')) > 6", TRUE),
        ("median(tag('LT-1'), tag('LT-2'), tag('LT-3')) < 5", TRUE),
        ("abs(tag('LT-2') - tag('LT-1')) > 4.5", TRUE),
        ("count_true(tag('LT-1') > 3, tag('LT-2') > 3, tag('LT-3') > 3) == 2", TRUE),
        ("mode('filling') and tag('LT-1') > 8", TRUE),
    ],
)
def test_good_readings_decide(text: str, wanted: int) -> None:
    readings = {"LT-1": (9, GOOD), "LT-2": (4, GOOD), "LT-3": (1, GOOD), "XV-1": (1, GOOD), "XV-2": (0, GOOD)}
    assert verdict(text, readings, {"filling": "tag('XV-1') == 1"}) == wanted


def lasting(condition: Condition, series: list[tuple[float, Readings]]) -> list[int]:
    columns = ConditionColumns.of([condition], PLANT)
    state, found = columns.fresh(0), []
    for second, readings in series:
        now = round(second * SECOND)
        verdicts, state = columns.judge(moment(readings, now), state)
        again, same = columns.judge(moment(readings, now), state)
        assert again.tolist() == verdicts.tolist()
        assert all((same[name] == state[name]).all() or name.endswith("value") for name in state)
        found.append(int(verdicts[0]))
    return found


def test_for_counts_while_true_is_held_by_unknown_and_begins_anew_at_false() -> None:
    condition = parse_condition("tag('LT-1') > 8 for 3 s", PLANT)
    high, bad, low = {"LT-1": (9.0, GOOD)}, {"LT-1": (9.0, BAD)}, {"LT-1": (1.0, GOOD)}
    series: list[tuple[float, Readings]] = [(10, high), (12, high), (12.5, bad), (20, bad), (21, high), (21.5, high)]
    # 2.5 s counted when it went bad; the half second that is missing is counted once it is good again
    assert lasting(condition, series) == [FALSE, FALSE, UNKNOWN, UNKNOWN, FALSE, TRUE]
    assert lasting(condition, [(10, high), (12, low), (13, high), (15, high), (16, high)]) == [
        FALSE,
        FALSE,
        FALSE,
        FALSE,
        TRUE,
    ]


def test_a_time_that_ran_out_before_it_went_unknown_still_decides() -> None:
    condition = parse_condition("tag('LT-1') > 8 for 3 s", PLANT)
    assert lasting(
        condition, [(10, {"LT-1": (9.0, GOOD)}), (14, {"LT-1": (9.0, BAD)}), (15, {"LT-1": (9.0, BAD)})]
    ) == [
        FALSE,
        TRUE,
        UNKNOWN,
    ]
