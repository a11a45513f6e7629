"""What an instrument says of itself makes its values worse, never better, and silence clears nothing."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.columns.health import DEVICE_HEALTH, HEALTH_GRACE_NS, LETTERS, Health, HealthCodes, Instruments, kept
from rules.columns.latest import Latest
from rules.columns.quality import Quality
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain
from rules.kinds.signals import Forced
from rules.memory import Memory
from rules.verdicts import Verdict
from tests.rules.plants import SECOND, START_WALL_NS, batch, table, tag

PLANT = table(tag("LT", health="LT.HEALTH"), tag("PT"), tag("LT.HEALTH"), tag("TT", health="LT.HEALTH"))
GOOD, UNCERTAIN, BAD, NEVER = (int(each) for each in (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD, Quality.NEVER_SEEN))
NORMAL, FAILURE, CHECK, OFF_SPEC, MAINTENANCE = 0.0, 1.0, 2.0, 3.0, 4.0


class Plant:
    """A Latest that is told readings of LT, PT, the health variable and TT."""

    def __init__(self, of: TagTable = PLANT) -> None:
        self.latest, self.now = Latest(of), SECOND
        self.latest.freeze(self.now, START_WALL_NS)

    def read(self, health: float, quality: int = GOOD, own: int = GOOD) -> Snapshot:
        self.now += SECOND
        qualities = [own, GOOD, quality, own]
        self.latest.apply(batch([0, 1, 2, 3], [5.0, 6.0, health, 7.0], mono_ns=self.now, quality=qualities))
        return self.latest.freeze(self.now, START_WALL_NS)


@pytest.mark.parametrize(
    ("number", "letter", "quality"),
    [
        (NORMAL, "N", GOOD),
        (FAILURE, "F", BAD),
        (CHECK, "C", UNCERTAIN),
        (OFF_SPEC, "S", UNCERTAIN),
        (MAINTENANCE, "M", GOOD),
        (5.0, "?", UNCERTAIN),
        (0.5, "?", UNCERTAIN),
        (-1.0, "?", UNCERTAIN),
    ],
)
def test_each_letter_makes_of_its_values_what_the_standard_says(number: float, letter: str, quality: int) -> None:
    frozen = Plant().read(number)
    assert frozen.quality.tolist() == [quality, GOOD, GOOD, quality]
    assert [LETTERS[state] for state in frozen.health] == [letter, "", "", letter]
    assert np.isnan(frozen.value[[0, 3]]).all() == (letter == "F"), "a failed instrument measures nothing"
    assert frozen.value[1:3].tolist() == [6.0, number]


@pytest.mark.parametrize("number", [NORMAL, MAINTENANCE, OFF_SPEC])
@pytest.mark.parametrize("own", [UNCERTAIN, BAD])
def test_no_letter_makes_a_value_better(number: float, own: int) -> None:
    assert Plant().read(number, own=own).quality[0] == max(own, UNCERTAIN if number == OFF_SPEC else GOOD)


@pytest.mark.parametrize("number", [FAILURE, CHECK, OFF_SPEC])
@pytest.mark.parametrize("silent", [BAD, int(Quality.STALE)])
def test_a_state_that_can_no_longer_be_read_stays_until_another_is_read(number: float, silent: int) -> None:
    plant = Plant()
    before = plant.read(number).quality[0]
    for _ in range(3):
        assert plant.read(np.nan, silent).quality[0] == before
    plant.now += 3600 * SECOND  # nothing at all comes for an hour: the value itself is stale, the letter is still known
    frozen = plant.latest.freeze(plant.now, START_WALL_NS)
    assert frozen.quality[0] == Quality.STALE
    assert LETTERS[frozen.health[0]] == LETTERS[DEVICE_HEALTH.states(np.array([number]))[0]]
    assert plant.read(NORMAL).quality[0] == GOOD


def test_a_state_read_between_two_scans_is_not_overlooked_when_the_variable_fails_after_it() -> None:
    plant = Plant()
    plant.latest.apply(batch([0, 2], [5.0, FAILURE], mono_ns=2 * SECOND))
    plant.latest.apply(batch([2], [np.nan], mono_ns=2 * SECOND, quality=[BAD]))
    assert plant.latest.freeze(2 * SECOND, START_WALL_NS).quality[0] == BAD


def test_right_after_a_start_a_value_waits_for_its_state_and_then_stands_for_itself() -> None:
    latest = Latest(PLANT)
    latest.freeze(SECOND, START_WALL_NS)
    for after_ns, quality in ((0, UNCERTAIN), (HEALTH_GRACE_NS - 1, UNCERTAIN), (HEALTH_GRACE_NS, GOOD)):
        now = SECOND + after_ns
        latest.apply(batch([0, 1], [5.0, 6.0], mono_ns=now))
        assert latest.freeze(now, START_WALL_NS).quality.tolist()[:3] == [quality, GOOD, NEVER]


def test_a_bad_answer_for_the_state_ends_the_waiting() -> None:
    frozen = Plant().read(np.nan, BAD)
    assert frozen.quality.tolist() == [GOOD, GOOD, BAD, GOOD]
    assert frozen.health.tolist() == [Health.UNKNOWN] * 4


def test_other_numbers_may_be_configured() -> None:
    codes = HealthCodes(normal=(1, 2), failure=(16, 17), check_function=(), off_spec=(0,), maintenance_required=(9,))
    plant = Plant(TagTable(PLANT.tags, codes))
    letters = [LETTERS[plant.read(number).health[0]] for number in (1, 2, 16, 17, 0, 9, 4)]
    assert letters == ["N", "N", "F", "F", "S", "M", "?"]


def test_a_plant_without_health_has_none_and_an_unknown_name_is_none() -> None:
    assert len(table(tag("A"), tag("B")).instruments) == 0
    assert len(table(tag("A", health="NOWHERE")).instruments) == 0
    frozen = Plant(table(*(tag(name) for name in "ABCD"))).read(FAILURE)
    assert frozen.health.tolist() == [0, 0, 0, 0]
    assert frozen.quality.tolist() == [GOOD] * 4


numbers = st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, float("nan")])
said = st.tuples(numbers, st.sampled_from([GOOD, UNCERTAIN, BAD]), st.sampled_from([GOOD, UNCERTAIN, BAD]))
WORST = {"": GOOD, "N": GOOD, "M": GOOD, "S": UNCERTAIN, "C": UNCERTAIN, "?": UNCERTAIN, "F": BAD}


def oracle(history: Sequence[tuple[float, int, int]]) -> list[tuple[int, str]]:
    """(quality, letter) of the measured tag after each reading of (state, its quality, the tag's own quality)."""
    letter, found = "", []
    for number, quality, own in history:
        if quality < BAD and number == number:
            letter = {0.0: "N", 1.0: "F", 2.0: "C", 3.0: "S", 4.0: "M"}.get(number, "?")
        found.append((max(own, WORST[letter]), letter))
    return found


@settings(max_examples=50)
@given(st.lists(said, min_size=1, max_size=12), st.integers(0, 12))
def test_columns_agree_with_one_reading_at_a_time_and_a_block_with_its_sweeps(
    history: list[tuple[float, int, int]], cut: int
) -> None:
    plant, wanted = Plant(), oracle(history)
    frozen = [plant.read(*each) for each in history]
    assert [(int(each.quality[0]), LETTERS[each.health[0]]) for each in frozen] == wanted
    value = np.array([[5.0, 6.0, number, 7.0] for number, _, _ in history])
    quality = np.array([[own, GOOD, state, own] for _, state, own in history], np.uint8)
    instruments, before, found = PLANT.instruments, PLANT.instruments.unsaid(), []
    for part in (slice(0, cut), slice(cut, None)):
        if not len(value[part]):
            continue
        health = kept(instruments.said(value[part], quality[part]), before)
        before = health[-1]
        here = quality[part].copy()
        instruments.degrade(value[part].copy(), here, health)
        found += [(int(row[0]), LETTERS[state[0]]) for row, state in zip(here, health, strict=True)]
    assert found == wanted


# --- the condition `forced` ---------------------------------------------------------------------------


def verdicts_of(history: Sequence[tuple[float, int]], status: int = 0) -> list[int]:
    """Condition of `forced` on LT, on PT after each reading of (state, its quality)."""
    rule_set = compile_rules([Forced(id="f", tag="LT"), Forced(id="other", tag="PT")], PLANT)
    plant, memory = Plant(), Memory.fresh(rule_set, SECOND)
    found = []
    for number, quality in history:
        verdicts, memory = evaluate(rule_set, plant.read(number, quality), memory, plant.now)
        assert verdicts.condition[1] == Verdict.FALSE
        found.append(int(verdicts.condition[0]))
    return found


def test_a_function_check_is_forced_and_nothing_else_is() -> None:
    true, false, unknown = int(Verdict.TRUE), int(Verdict.FALSE), int(Verdict.UNKNOWN)
    history = [
        (NORMAL, GOOD),
        (CHECK, GOOD),
        (MAINTENANCE, GOOD),
        (OFF_SPEC, GOOD),
        (FAILURE, GOOD),
        (CHECK, UNCERTAIN),
    ]
    assert verdicts_of(history) == [false, true, false, unknown, unknown, true]


def test_a_function_check_whose_end_nobody_can_read_is_not_over() -> None:
    rule_set = compile_rules([Forced(id="f", tag="LT")], PLANT)
    plant, memory = Plant(), Memory.fresh(rule_set, SECOND)
    seen = []
    for number, quality in [(CHECK, GOOD), (np.nan, BAD), (np.nan, BAD), (NORMAL, GOOD)]:
        verdicts, memory = evaluate(rule_set, plant.read(number, quality), memory, plant.now)
        seen.append(int(verdicts.verdict[0]))
    assert seen == [Verdict.TRUE, Verdict.UNKNOWN, Verdict.UNKNOWN, Verdict.FALSE], "UNKNOWN clears no alarm"


def test_its_explanation_names_what_said_so() -> None:
    rule_set = compile_rules([Forced(id="f", tag="LT")], PLANT)
    plant, memory = Plant(), Memory.fresh(rule_set, SECOND)
    frozen = plant.read(CHECK)
    _, memory = evaluate(rule_set, frozen, memory, plant.now)
    explained = explain(rule_set, "f", frozen, memory, plant.now)
    assert explained.inputs == ("LT", "LT.HEALTH")
    assert "LT.HEALTH" in explained.zh
    assert "NE 107 C" in explained.en


def test_columns_cannot_be_written() -> None:
    instruments = Instruments.of(["B", ""], {"A": 0, "B": 1}, DEVICE_HEALTH)
    assert (instruments.row.tolist(), instruments.said_by.tolist()) == ([0], [1])
    assert not instruments.row.flags.writeable
