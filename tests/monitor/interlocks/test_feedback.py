"""What every single effect did about a demand: its own time against its own limit, told once, by the best clock there is."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.interlocks.feedback import Answer, Feedback, Sight, answer_of, is_news, summary
from monitor.interlocks.feedback_watch import FeedbackWatch
from monitor.interlocks.register import BypassBit, Cause, Effect, Register
from monitor.interlocks.watch import InterlockWatch, Watched
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.verdicts import Verdict
from tests.monitor.interlocks.register import interlock
from tests.rules.plants import SECOND, START_WALL_NS, snapshot, table, tag

W, L, N, U, A = Answer.WITHIN, Answer.LATE, Answer.NOT_MOVED, Answer.UNKNOWN, Answer.WAITING
PLANT = table(*(tag(name, discrete=True, normal_state=0) for name in ("LS-1", "LS-2", "BP-1", "TR-1", "XV-1", "XV-2")))
ONE = interlock(
    inputs=[Cause(tag=name, sense="state", trip_point=1.0) for name in ("LS-1", "LS-2")],
    bits=[BypassBit(tag="BP-1", bypassed_when=1)],
    outputs=[Effect(tag="XV-1", acted_when=1, within_s=2.0), Effect(tag="XV-2", acted_when=1, within_s=5.0)],
)
STALE, BAD = 3, 2
Reading = tuple[float, int]


class Field:
    """One interlock, looked at whenever the test says; what is not said stays as it was."""

    def __init__(self, needed: int = 1) -> None:
        self.watch = InterlockWatch(Register(interlocks=(replace(ONE, needed=needed),)), PLANT)
        self.readings: dict[str, Reading] = dict.fromkeys(PLANT.ids, (0.0, 0))
        self.mono_ns = 100 * SECOND

    def see(self, seconds: float = 1.0, source_s: Mapping[str, float] | None = None, **changed: float) -> Watched:
        """`source_s`: by tag, on the clock of the test, what the device tells of when."""
        self.mono_ns += round(seconds * SECOND)
        self.readings |= {name.replace("_", "-"): (value, 0) for name, value in changed.items()}
        return self.watch.watch(self._snapshot(source_s or {}))

    def lose(self, *names: str, quality: int = STALE) -> None:
        self.readings |= {name: (self.readings[name][0], quality) for name in names}

    def _snapshot(self, source_s: Mapping[str, float]) -> Snapshot:
        seen = snapshot(PLANT, self.mono_ns, dict(self.readings))
        source = np.full(len(PLANT), NO_TIME, np.int64)
        for name, at_s in source_s.items():
            source[PLANT.row_of[name]] = START_WALL_NS + round(at_s * SECOND)
        return replace(seen, source_time_ns=source)

    @property
    def now_s(self) -> float:
        return self.mono_ns / SECOND


def answers(watched: Watched) -> list[tuple[Answer | None, Any]]:
    return [(each.answer, each.after_s) for each in watched.states[0].feedback]


def told(watched: Watched) -> list[tuple[str, str]]:
    return [(change.before, change.after) for change in watched.changes if change.axis == "feedback"]


def demanded() -> Field:
    """Read calm once, and demanded since one second."""
    field = Field()
    field.see()
    field.see(LS_1=1.0)
    return field


def test_before_a_demand_only_the_required_times_are_known() -> None:
    (first, second) = Field().see().states[0].feedback
    assert first == Feedback(tag="XV-1", within_s=2.0)
    assert second == Feedback(tag="XV-2", within_s=5.0)


def test_each_effect_has_its_own_time_against_its_own_limit() -> None:
    field = demanded()
    assert answers(field.see(TR_1=1.0)) == [(A, None), (A, None)]
    found = field.see(0.5, XV_1=1.0)
    assert answers(found) == [(W, 1.5), (A, None)]
    assert told(found) == [], "the other one may still move"
    found = field.see(2.5, XV_2=1.0)
    assert answers(found) == [(W, 1.5), (W, 4.0)]
    assert told(found) == [("waiting", "within")]
    assert told(field.see()) == []


def test_exactly_the_required_time_is_not_late() -> None:
    field = demanded()
    assert answers(field.see(2.0, XV_1=1.0, TR_1=1.0))[0] == (W, 2.0)
    field = demanded()
    assert answers(field.see(2.001, XV_1=1.0, TR_1=1.0))[0] == (L, 2.001)


def test_what_does_not_move_is_told_at_its_time_and_again_when_it_moves_late() -> None:
    field = demanded()
    field.see(1.0, XV_2=1.0, TR_1=1.0)
    due = field.watch.due_ns
    assert due is not None
    assert due - field.mono_ns == 2 * SECOND + 1, "its two seconds and a scan class period, one of them gone"
    found = field.see(2.0)
    assert (answers(found), told(found)) == ([(A, None), (W, 1.0)], [])
    field.mono_ns = due
    found = field.see(0.0)
    assert (answers(found), told(found)) == ([(N, None), (W, 1.0)], [("waiting", "not_moved")])
    (change,) = [each for each in found.changes if each.axis == "feedback"]
    assert change.detail["demanded_by"] == ["LS-1"]
    assert [each["answer"] for each in change.detail["effects"]] == ["not_moved", "within"]
    assert told(field.see()) == []
    late = field.see(4.0, XV_1=1.0)
    assert answers(late)[0] == (L, pytest.approx(8.0))
    assert told(late) == [("not_moved", "late")]


def test_the_state_of_the_effects_stands_in_the_change_of_the_action_too() -> None:
    found = demanded().see(XV_1=1.0, TR_1=1.0)
    (change,) = [each for each in found.changes if each.axis == "action"]
    assert change.detail["effects"] == [
        {"tag": "XV-1", "within_s": 2.0, "answer": W, "after_s": 1.0, "at_most": False, "by_source_time": False},
        {"tag": "XV-2", "within_s": 5.0, "answer": A, "after_s": None, "at_most": False, "by_source_time": False},
    ]


def test_source_times_are_believed_where_both_devices_tell_one() -> None:
    field = Field()
    field.see()
    base = field.now_s
    field.see(LS_1=1.0, source_s={"LS-1": base + 0.1})
    found = field.see(2.5, XV_1=1.0, TR_1=1.0, source_s={"LS-1": base + 0.1, "XV-1": base + 1.8})
    assert answers(found)[0] == (W, pytest.approx(1.7)), "read after 2.5 s, moved after 1.7 s"
    assert found.states[0].feedback[0].by_source_time
    plain = field.see(0.5, XV_2=1.0).states[0].feedback[1]
    assert (plain.after_s, plain.by_source_time) == (3.0, False), "its device tells no time"


@pytest.mark.parametrize("source_s", [-3600.0, -0.5, 3.7, 3600.0])
def test_clocks_that_disagree_measure_nothing(source_s: float) -> None:
    field = Field()
    field.see()
    base = field.now_s + 1.0
    field.see(LS_1=1.0, source_s={"LS-1": base})
    found = field.see(2.5, XV_1=1.0, TR_1=1.0, source_s={"LS-1": base, "XV-1": base + source_s})
    assert answers(found)[0] == (L, 2.5)


def test_the_time_runs_from_the_cause_that_completed_the_vote() -> None:
    field = Field(needed=2)
    field.see()
    base = field.now_s
    field.see(LS_1=1.0, source_s={"LS-1": base + 0.5})
    assert answers(field.see(3.0, source_s={"LS-1": base + 0.5})) == [(None, None)] * 2, "one of two"
    field.see(LS_2=1.0, source_s={"LS-1": base + 0.5, "LS-2": base + 4.5})
    found = field.see(XV_1=1.0, TR_1=1.0, source_s={"XV-1": base + 5.5})
    assert answers(found)[0] == (W, pytest.approx(1.0))


def test_an_effect_that_was_there_already_took_no_time() -> None:
    field = Field()
    field.see(XV_1=1.0)
    field.see(LS_1=1.0, source_s={"LS-1": field.now_s + 0.5, "XV-1": 0.0})
    assert answers(field.see(TR_1=1.0))[0] == (W, 0.0)


def test_an_effect_that_acted_unseen_is_known_to_be_sooner_only() -> None:
    field = demanded()
    field.lose("XV-1", "XV-2")
    field.see(1.0, TR_1=1.0)
    found = field.see(2.5, XV_1=1.0, XV_2=1.0).states[0].feedback
    assert [(each.answer, each.after_s, each.at_most) for each in found] == [(U, 3.5, True), (W, 3.5, True)]


def test_an_effect_that_cannot_be_read_at_its_time_is_unknown() -> None:
    field = demanded()
    field.lose("XV-1", quality=BAD)
    found = field.see(3.1, TR_1=1.0)
    assert answers(found)[0] == (U, None)
    assert told(found) == [("waiting", "unknown")]


def test_of_a_demand_that_ended_without_a_trip_no_effect_is_missed() -> None:
    field = demanded()
    field.see(LS_1=0.0)
    found = field.see(3.0)
    assert (answers(found)[0], told(found)) == ((A, None), [])
    field.see(4.0)
    again = field.see(LS_1=1.0)
    assert answers(again) == [(A, None), (A, None)], "another demand, another measure"


def test_a_pulse_that_trips_is_followed_to_the_end_and_the_next_demand_begins_anew() -> None:
    field = demanded()
    field.see(LS_1=0.0, TR_1=1.0)
    found = field.see(0.5, XV_1=1.0, XV_2=1.0)
    assert told(found) == [("waiting", "within")]
    assert told(field.see(20.0, LS_1=1.0)) == [], "it is tripped already"
    field.see(LS_1=0.0)
    reset = field.see(20.0, TR_1=0.0, XV_1=0.0, XV_2=0.0)
    assert answers(reset) == [(W, 1.5), (W, 1.5)], "shown until the next demand"
    field.see(10.0)
    assert answers(field.see(LS_1=1.0)) == [(A, None), (A, None)]


def test_a_demand_that_stands_at_the_start_is_not_measured() -> None:
    field = Field()
    found = field.see(LS_1=1.0, TR_1=1.0, XV_1=1.0, XV_2=1.0)
    assert answers(found) == [(None, None)] * 2, "nobody knows when it began"


def test_all_effects_in_one_word() -> None:
    worst_first = [N, U, L, A, W]
    for some in permutations(worst_first, 3):
        assert summary(some) == min(some, key=worst_first.index)
    assert summary(()) is A


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        ((), (A, A), False), ((), (W, A), False), ((), (W, W), True), ((), (N, A), True), ((N, A), (N, W), True),
        ((N, A), (N, A), False), ((N, A), (A, A), False), ((N, N), (N, L), True), ((), (A, U), True),
        ((N, A, A), (N, W, A), False), ((W, W), (W, W), False),
    ],
)  # fmt: skip
def test_what_is_told_of_the_effects(before: tuple[Answer, ...], after: tuple[Answer, ...], news: bool) -> None:
    assert is_news(before, after) is news


sight = st.builds(
    Sight,
    after_ns=st.none() | st.integers(0, 4 * SECOND),
    at_most=st.booleans(),
    by_source_time=st.booleans(),
    blind=st.booleans(),
)


@settings(max_examples=50)
@given(sight, st.sampled_from(list(Verdict)), st.booleans())
def test_no_answer_is_given_that_was_not_seen(seen: Sight, verdict: Verdict, is_over: bool) -> None:
    within_ns = 2 * SECOND
    found = answer_of(seen, verdict, within_ns, is_over)
    if found is W:
        assert seen.after_ns is not None
        assert seen.after_ns <= within_ns
    if found is L:
        assert seen.after_ns is not None
        assert seen.after_ns > within_ns
        assert not seen.at_most
    if found is N:
        assert seen.after_ns is None
        assert is_over
        assert verdict != Verdict.UNKNOWN
    if found is A:
        assert not is_over


class Thorough(FeedbackWatch):
    """Looks at every demand at every scan."""

    def _stirred(self, *_: object) -> list[int]:
        return list(self._demands)


TAGS = ("LS-1", "LS-2", "BP-1", "TR-1", "XV-1", "XV-2")
happening = st.tuples(
    st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.1, 7.0]),
    st.dictionaries(st.sampled_from(TAGS), st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0, 0, 0, STALE]))),
)


@settings(max_examples=30)
@given(st.lists(happening, min_size=1, max_size=15))
def test_what_stands_still_need_not_be_looked_at(history: list[tuple[float, dict[str, Reading]]]) -> None:
    field, every = Field(), Field()
    every.watch._feedback = Thorough(every.watch._columns, every.watch.register.interlocks)
    for seconds, changed in history:
        for one in (field, every):
            one.readings |= changed
        found, wanted = field.see(seconds), every.see(seconds)
        assert answers(found) == answers(wanted)
        assert told(found) == told(wanted)
        assert field.watch.due_ns == every.watch.due_ns
