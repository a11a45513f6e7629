"""Thousands of active alarms: their rows are brought up to date in turns, and nothing that matters waits for its turn."""

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alarms.board import Board
from monitor.alarms.commands import Acknowledge
from monitor.alarms.judged import never_raised
from monitor.alarms.newest import MOST_SHOWN
from monitor.alarms.transition import Alarm, altered
from tests.monitor.alarms.verdicts import FALSE, TRUE, UNKNOWN, WALL, definition, verdicts

COUNT = 3 * MOST_SHOWN + 7
IDS = tuple(f"LT-{number}.HH" for number in range(COUNT))


def everything_stands() -> Board:
    of = Board([definition(name) for name in IDS])
    judge(of, 20.0, WALL)
    return of


def judge(of: Board, value: float, received: int, verdict: Sequence[int] | None = None, quality: int = 0) -> int:
    steps = of.apply(
        verdicts(IDS, verdict or [TRUE] * COUNT, value=[value] * COUNT, received=received, quality=[quality] * COUNT),
        received,
    )
    return len(steps)


def shown(of: Board, value: float) -> list[str]:
    return [alarm.id for alarm in of.alarms() if alarm.value == value]


def test_each_scan_shows_some_newer_readings_and_all_have_their_turn() -> None:
    of = everything_stands()
    assert len(shown(of, 20.0)) == COUNT, "a raise has its reading at once"
    assert judge(of, 21.0, WALL + 1) == 0
    assert len(shown(of, 21.0)) == MOST_SHOWN
    # values that go on moving must not keep anybody waiting for ever
    seen = set(shown(of, 21.0))
    for number in range(1, -(-COUNT // MOST_SHOWN)):
        judge(of, 21.0 + number, WALL + 1 + number)
        seen |= set(shown(of, 21.0 + number))
    assert seen == set(IDS)


def test_what_stands_still_is_shown_after_a_few_scans_and_then_rests() -> None:
    of = everything_stands()
    for _ in range(-(-COUNT // MOST_SHOWN)):
        judge(of, 21.0, WALL + 1)
    assert len(shown(of, 21.0)) == COUNT
    before = of.alarms()
    judge(of, 21.0, WALL + 1)
    assert of.alarms() is before


@pytest.mark.parametrize(("verdict", "quality"), [(UNKNOWN, 2), (TRUE, 1)])
def test_what_cannot_be_judged_or_trusted_any_more_is_shown_at_once(verdict: int, quality: int) -> None:
    of = everything_stands()
    judge(of, 21.0, WALL + 1, [verdict] * COUNT, quality=quality)
    assert {(alarm.unknown, alarm.quality) for alarm in of.alarms()} == {(verdict == UNKNOWN, quality)}


def test_steps_and_commands_take_the_newest_reading() -> None:
    of = everything_stands()
    judge(of, 21.0, WALL + 1)
    last = IDS[-1]
    assert last not in shown(of, 21.0)
    step = of.obey(Acknowledge(id=last, occurrence=1, person="li", person_name="Li", comment=""), WALL + 2)
    assert (step.alarm.value, step.alarm.received_wall_ns) == (21.0, WALL + 1)
    assert judge(of, 5.0, WALL + 3, [TRUE] * (COUNT - 1) + [FALSE]) == 1
    assert shown(of, 5.0)[-1] == last


NAMES = sorted(Alarm.__slots__)


@given(st.dictionaries(st.sampled_from(NAMES), st.one_of(st.none(), st.integers(), st.text()), max_size=len(NAMES)))
def test_altered_is_what_replace_makes(changes: dict[str, object]) -> None:
    row = never_raised(definition("LT-1.HH"), "hash")
    made = altered(row, **changes)
    assert made == dataclasses.replace(row, **changes)  # type: ignore[arg-type]  # fields by name
    assert hash(made) == hash(dataclasses.replace(row, **changes))  # type: ignore[arg-type]  # fields by name
    assert row == never_raised(definition("LT-1.HH"), "hash"), "the row it was made from is as it was"


def test_altered_knows_its_fields_and_stays_frozen() -> None:
    row = never_raised(definition("LT-1.HH"), "hash")
    with pytest.raises(KeyError):
        altered(row, colour="red")
    with pytest.raises(dataclasses.FrozenInstanceError):
        altered(row, value=1.0).value = 2.0  # type: ignore[misc]  # frozen: it must refuse


def test_the_canonical_text_names_every_field_in_its_order() -> None:
    row = definition("LT-1.HH", cause_zh="进料阀卡")
    named = [part.partition("=")[0] for part in row.canonical().split("\x1f")]
    assert named == [item.name for item in dataclasses.fields(row)]
    assert "cause_zh='进料阀卡'" in row.canonical()
