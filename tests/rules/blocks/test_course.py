"""Which sweeps are judged, and what stands between them."""

from dataclasses import replace

import numpy as np
import pytest

from rules.blocks.catalog import CALM, course
from rules.blocks.course import Stirs, SweepBySweep, Thinned, around, thinned, turned
from rules.catalog import KINDS, NoUpdate
from rules.compile import compile_rules
from rules.port import Group, Judged, Moment, State
from rules.stretch import Stretch
from tests.rules.passages import EVERY_KIND, PLANT, TENTH, stretch

LIFE = stretch(5, 40)
LENGTH = len(LIFE)


class Counting:
    """A group that remembers at which sweeps it was judged; its condition is the row of the first tag, even or odd."""

    position = np.arange(1)
    timeless = False

    def __init__(self, due_ns: int | None = None) -> None:
        self.seen: list[int] = []
        self.due_ns = due_ns

    def inputs(self) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(1, np.intp), np.zeros(1, np.int32)

    def fresh(self, mono_ns: int) -> State:
        return {"last_mono_ns": np.zeros(1, np.int64)}

    def judge(self, moment: Moment, active: np.ndarray, state: State) -> Judged:
        self.seen.append(int(np.searchsorted(LIFE.mono_ns, moment.mono_ns)))
        nothing = np.full(1, np.nan)
        return Judged(
            condition=np.full(1, len(self.seen) % 2, np.uint8), value=nothing, limit=nothing, row=np.zeros(1, np.int32),
            state={"last_mono_ns": np.full(1, moment.mono_ns)}, due_ns=self.due_ns,
        )  # fmt: skip

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> None:
        raise NotImplementedError


def gone_through(group: Counting, at: list[int]) -> Thinned:
    stirs = np.isin(np.arange(LENGTH), at)
    calm = Stirs(LIFE, stirs)
    return thinned(group, LIFE, np.zeros(1, np.bool_), group.fresh(0), calm)  # type: ignore[arg-type]  # explains nothing


def test_the_first_the_last_and_what_stirs_is_judged() -> None:
    group = Counting()
    found = gone_through(group, [7, 8, 20])
    assert group.seen == list(found.at) == [0, 7, 8, 20, LENGTH - 1]
    assert found.condition[:, 0].tolist() == [1] * 7 + [0] + [1] * 12 + [0] * (LENGTH - 21) + [1]
    assert found.state_at(19)["last_mono_ns"] == LIFE.mono_ns[8]
    assert found.state_at(20)["last_mono_ns"] == LIFE.mono_ns[20]


def test_a_due_time_is_judged() -> None:
    group = Counting(due_ns=int(LIFE.mono_ns[11]) - 1)
    gone_through(group, [])
    assert group.seen[:2] == [0, 11]


def test_one_sweep_is_a_stretch() -> None:
    group = Counting()
    short = LIFE.since(LENGTH - 1)
    found = thinned(group, short, np.zeros(1, np.bool_), group.fresh(0), Stirs(short, np.ones(1, np.bool_)))  # type: ignore[arg-type]  # as above
    assert found.condition.shape == (1, 1)
    assert group.seen == [LENGTH - 1]


def test_what_turned() -> None:
    columns = np.array([1, 1, 2, 2]), np.array([[0, 0], [0, 0], [0, 0], [0, 1]])
    assert turned(*columns).tolist() == [True, False, True, True]
    assert around(np.array([False, False, True, False, False, False])).tolist() == [
        False,
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_kind_without_a_way_of_its_own_is_judged_where_something_is_read() -> None:
    group, state = Counting(), {"last_mono_ns": np.zeros(1, np.int64)}
    calm = SweepBySweep(group, LIFE, state)  # type: ignore[arg-type]  # as above
    changed = group.judge(LIFE.moment(3), np.zeros(1, np.bool_), state)
    assert calm.next(3, changed) == 4
    rows = turned(
        LIFE.value[:, [0]].view(np.int64),
        LIFE.quality[:, [0]],
        LIFE.received_mono_ns[:, [0]],
        LIFE.source_time_ns[:, [0]],
    )
    later = np.flatnonzero(rows[5:])
    assert calm.next(4, changed) == (5 + int(later[0]) if later.size else LENGTH)


@pytest.mark.parametrize("group", [group for _, group in compile_rules(EVERY_KIND, PLANT).groups])
def test_a_group_alone_goes_as_it_is_judged(group: Group) -> None:
    """Conditions of every sweep, for both decisions; and in what it leaves it goes on alike."""
    for decided in (False, True):
        active, state = np.full(group.position.size, decided), group.fresh(int(LIFE.mono_ns[0]))
        found = course(group, LIFE, active, state)
        for at in range(LENGTH):
            judged = group.judge(LIFE.moment(at), active, state)
            assert found.condition[at].tolist() == judged.condition.tolist(), at
            state = judged.state
            again = group.judge(LIFE.moment(at), active, found.state_at(at))
            assert again.condition.tolist() == judged.condition.tolist(), at
            np.testing.assert_array_equal(again.value, judged.value)


def test_kinds_with_a_memory_have_a_way_of_their_own() -> None:
    """Else they are judged sweep by sweep: right, and slow."""
    remembering = {type(group) for _, group in compile_rules(EVERY_KIND, PLANT).groups if not group.timeless}
    own = {"StuckGroup", "ModeLimitGroup", "CountGroup", "RateGroup", "NoUpdateGroup"}
    assert {kind.__name__ for kind in remembering - CALM.keys()} == own
    assert len(KINDS) == len({type(rule) for rule in EVERY_KIND})


def test_silence_turns_between_two_readings() -> None:
    rules = [NoUpdate(id="n", tag="LT-1", after_ns=3 * TENTH)]
    ((_, group),) = compile_rules(rules, PLANT).groups
    received = np.full(LIFE.received_mono_ns.shape, LIFE.mono_ns[0])
    silent: Stretch = replace(LIFE, received_mono_ns=received)
    found = course(group, silent, np.zeros(1, np.bool_), group.fresh(0))
    assert found.condition[:, 0].tolist() == (LIFE.mono_ns - LIFE.mono_ns[0] > 3 * TENTH).astype(int).tolist()
