"""Set-points, comparisons, counts and signals inside the engine: how readings arrive does not matter, a restart loses nothing."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import Delays, Rule
from rules.columns.latest import Latest
from rules.columns.status import BAD_SENSOR_FAILURE, GOOD_LOCAL_OVERRIDE
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds.comparisons import Deviation
from rules.kinds.counts import ChatteringInput, Count
from rules.kinds.mismatches import Mismatch, follows
from rules.kinds.modes import InMode, ModeLimit
from rules.kinds.setpoints import TagLimit
from rules.kinds.signals import Forced, NeverSeen, OutOfBand, Uncertain
from rules.memory import Memory
from rules.restore import restore
from rules.stored import StoredPart, delays_part, state_part
from rules.swap import swap
from rules.verdicts import Verdicts
from tests.rules.plants import SECOND, START_WALL_NS, batch, snapshot, table, tag

PLANT = table(tag("LT-1"), tag("LT-2"), tag("LC-1.SP"), tag("XV-1.CMD", discrete=True), tag("XV-1.OPEN", discrete=True))
FILLING = (("filling", "tag('XV-1.CMD') == 1 for 3 s"),)
STARTS = Count(id="starts", tag="XV-1.CMD", edge="rise", at_least=3, window_ns=60 * SECOND, minimum_coverage=0.2)
MODE = ModeLimit(
    id="mode", tag="LT-1", kind="H", set_point=80.0, in_modes=(InMode(mode="filling", set_point=50.0),), modes=FILLING
)
RULES: tuple[Rule, ...] = (
    TagLimit(
        id="held", tag="LT-1", kind="HH", set_point_tag="LC-1.SP", set_point_minimum=0.0, set_point_maximum=100.0,
        dead_band=5.0,
    ),
    MODE,
    Deviation(id="deviation", tag="LT-1", against=("LT-2", "LC-1.SP"), limit=5.0, dead_band=1.0),
    Mismatch(id="mismatch", wrong=follows("XV-1.CMD", "XV-1.OPEN"), delays=Delays(on_delay_ns=2 * SECOND)),
    STARTS,
    ChatteringInput(id="chatters", tag="LT-2", swing=10.0, window_ns=20 * SECOND),
    Uncertain(id="uncertain", tag="LT-1"),
    OutOfBand(id="band", tag="LT-2"),
    Forced(id="forced", tag="LT-1"),
    NeverSeen(id="never", tag="LC-1.SP", after_ns=3 * SECOND),
)  # fmt: skip
Reading = tuple[int, float, float, int, int]

readings = st.tuples(
    st.integers(0, len(PLANT) - 1),
    st.sampled_from([0.0, 45.0, 50.0, 55.0, 80.0, 90.0]),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from([0, 0, 0, 1, 2]),
    st.sampled_from([0, 0, GOOD_LOCAL_OVERRIDE, BAD_SENSOR_FAILURE]),
)
histories = st.lists(st.tuples(st.integers(1, 4), st.lists(readings, max_size=5)), min_size=1, max_size=25)


def one_a_row(sweep: Sequence[Reading]) -> list[Reading]:
    """The last reading of each tag: two of one tag in one batch are another question (the scan steps between them)."""
    return list({reading[0]: reading for reading in sweep}.values())


def apply(latest: Latest, sweep: Sequence[Reading], now_ns: int) -> None:
    latest.apply(
        batch(
            [row for row, *_ in sweep],
            [bit if PLANT.discrete[row] else value for row, value, bit, _, _ in sweep],
            mono_ns=now_ns,
            quality=[quality for *_, quality, _ in sweep],
            status=[status for *_, status in sweep],
        )
    )


@settings(max_examples=60)
@given(history=histories, seed=st.integers(0, 2**16))
def test_order_splits_and_a_second_evaluation_change_nothing(
    history: list[tuple[int, list[Reading]]], seed: int
) -> None:
    chance, rule_set = random.Random(seed), compile_rules(RULES, PLANT)
    plain, mixed = Latest(PLANT), Latest(PLANT)
    memories = [Memory.fresh(rule_set, SECOND), Memory.fresh(rule_set, SECOND)]
    now = SECOND
    for step, drawn in history:
        now += step * SECOND // 2
        sweep = one_a_row(drawn)
        apply(plain, sweep, now)
        shuffled = chance.sample(sweep, len(sweep))
        at = chance.randint(0, len(shuffled))
        apply(mixed, shuffled[:at], now)
        apply(mixed, shuffled[at:], now)
        first, memories[0] = evaluate(rule_set, plain.freeze(now, START_WALL_NS), memories[0], now)
        other = mixed.freeze(now, START_WALL_NS)
        before = memories[1].holds.active
        once, memories[1] = evaluate(rule_set, other, memories[1], now)
        decided = before != memories[1].holds.active  # what was decided just now has its dead band from here on
        twice, memories[1] = evaluate(rule_set, other, memories[1], now)
        assert first.condition.tolist() == once.condition.tolist()
        assert first.verdict.tolist() == once.verdict.tolist()
        assert once.condition[~decided].tolist() == twice.condition[~decided].tolist()
        assert memories[0].holds.active.tolist() == memories[1].holds.active.tolist()


@settings(max_examples=40)
@given(history=histories, order=st.permutations(range(len(RULES))))
def test_the_order_of_the_rules_changes_nothing(history: list[tuple[int, list[Reading]]], order: list[int]) -> None:
    sets = [compile_rules(RULES, PLANT), compile_rules([RULES[place] for place in order], PLANT)]
    memories, latest, now = [Memory.fresh(each, SECOND) for each in sets], Latest(PLANT), SECOND
    for step, drawn in history:
        now += step * SECOND // 2
        apply(latest, one_a_row(drawn), now)
        frozen, said = latest.freeze(now, START_WALL_NS), []
        for number, rule_set in enumerate(sets):
            verdicts, memories[number] = evaluate(rule_set, frozen, memories[number], now)
            said.append(dict(zip(verdicts.ids, verdicts.verdict.tolist(), strict=True)))
        assert said[0] == said[1]


class Service:
    """One process after another over the same readings, each with a mono clock of its own."""

    def __init__(self, *rules: Rule) -> None:
        self.rules, self.mono_ns, self.wall_s = rules, 100 * SECOND, 0
        self.rule_set = compile_rules(rules, PLANT)
        self.memory = Memory.fresh(self.rule_set, self.mono_ns)

    def scan(self, **values: float) -> Verdicts:
        """A second later."""
        self.mono_ns, self.wall_s = self.mono_ns + SECOND, self.wall_s + 1
        names = {name.replace("_", "-", 1).replace("_", "."): value for name, value in values.items()}
        frozen = snapshot(PLANT, self.mono_ns, {name: (value, 0) for name, value in names.items()})
        verdicts, self.memory = evaluate(self.rule_set, frozen, self.memory, self.mono_ns)
        return verdicts

    def restart(self, down_s: int) -> None:
        wall_ns = START_WALL_NS + self.wall_s * SECOND
        states = [state_part(self.rule_set, self.memory, place, wall_ns) for place in range(len(self.rule_set.groups))]
        parts: list[StoredPart] = [delays_part(self.rule_set, self.memory, wall_ns), *(each for each in states if each)]
        active = dict(zip(self.rule_set.ids, self.memory.holds.active.tolist(), strict=True))
        self.wall_s, self.mono_ns = self.wall_s + down_s, 7 * SECOND
        after_ns = START_WALL_NS + self.wall_s * SECOND
        found = restore(self.rule_set, parts, active, self.mono_ns, after_ns)
        assert not found.left_out
        self.memory = found.memory


def test_a_count_goes_on_over_a_restart() -> None:
    service = Service(STARTS)
    for state in (0.0, 1.0, 0.0, 1.0, 0.0):  # two starts: wall seconds 2 and 4
        service.scan(XV_1_CMD=state)
    service.restart(down_s=20)
    assert service.scan(XV_1_CMD=1.0).condition.tolist() == [
        1
    ]  # the third, at 26: begun while nobody looked or just now
    for _ in range(36):  # until 62: the one of second 2 leaves the window of a minute after 62
        assert service.scan(XV_1_CMD=1.0).condition.tolist() == [1]
    assert service.scan(XV_1_CMD=1.0).condition.tolist() != [1]


def test_what_happened_long_before_a_restart_is_out_of_the_window() -> None:
    service = Service(STARTS)
    for state in (0.0, 1.0, 0.0, 1.0, 0.0):
        service.scan(XV_1_CMD=state)
    service.restart(down_s=120)
    assert service.scan(XV_1_CMD=1.0).condition.tolist() == [2]


def test_a_mode_that_must_last_goes_on_over_a_restart() -> None:
    service = Service(MODE)
    said = [service.scan(XV_1_CMD=1.0, LT_1=60.0).condition.tolist()[0] for _ in range(2)]
    service.restart(down_s=1)
    said += [service.scan(XV_1_CMD=1.0, LT_1=60.0).condition.tolist()[0] for _ in range(4)]
    assert said[:2] == [0, 0]
    assert said[-1] == 1


@pytest.mark.parametrize("rule", [STARTS, MODE], ids=["count", "mode"])
def test_another_rule_of_the_kind_does_not_touch_what_is_remembered(rule: Rule) -> None:
    other: Rule = (
        Count(id="other", tag="XV-1.OPEN", edge="change", at_least=64, window_ns=600 * SECOND)
        if isinstance(rule, Count)
        else ModeLimit(
            id="other", tag="LT-2", kind="L", set_point=5.0,
            in_modes=(InMode(mode="filling", set_point=4.0), InMode(mode="full", set_point=3.0)),
            modes=(*FILLING, ("full", "tag('LT-2') > 90 for 5 s")),
        )
    )  # fmt: skip
    service = Service(rule)
    for state in (0.0, 1.0, 1.0, 0.0, 1.0):
        service.scan(XV_1_CMD=state, LT_1=60.0)
    grown = compile_rules([other, rule], PLANT)
    after = swap(service.rule_set, service.memory, grown, service.mono_ns)
    for name, column in service.memory.states[0].items():
        np.testing.assert_array_equal(after.states[0][name][1], column[0])
