"""Expressions and interlocks inside the engine: how readings arrive does not matter, a restart or swap loses nothing."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import Delays, Rule, RuleSet
from rules.columns.latest import Latest
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds.expressions import Expression
from rules.kinds.interlocks import Cause, Effect, FailedToTrip, SpuriousTrip, TripPointDrift
from rules.memory import Memory
from rules.restore import restore
from rules.stored import StoredPart, delays_part, state_part
from rules.swap import swap
from tests.rules.plants import SECOND, START_WALL_NS, batch, table, tag

PLANT = table(tag("LT-1"), tag("LT-2"), tag("LT-1.SP"), tag("XV-1", discrete=True), tag("P-1", discrete=True))
CAUSES = (Cause(tag="LT-1", sense="high", trip_point=80.0), Cause(tag="LT-2", sense="high", trip_point=80.0))
EFFECTS = (Effect(tag="XV-1", acted_when=1, within_ns=2 * SECOND), Effect(tag="P-1", acted_when=0, within_ns=SECOND))
RULES: tuple[Rule, ...] = (
    Expression(id="lasts", when="tag('LT-1') > 50 and tag('XV-1') == 0 for 3 s"),
    Expression(id="rises", when="tag('LT-2') > previous(tag('LT-2')) for 1 s", delays=Delays(on_delay_ns=SECOND)),
    Expression(id="plain", when="not count_true(tag('LT-1') > 50, tag('LT-2') > 50, is_on(tag('P-1'))) >= 2"),
    Expression(id="mode", when="mode('m') or good(tag('LT-1.SP'))", modes=(("m", "is_on(tag('P-1')) for 2 s"),)),
    FailedToTrip(id="failed", causes=CAUSES, effects=EFFECTS),
    SpuriousTrip(id="spurious", causes=CAUSES, effects=EFFECTS, needed=2),
    TripPointDrift(id="drift", tag="LT-1.SP", approved=50.0, tolerance=1.0),
)
SWAPPED: tuple[Rule, ...] = (
    Expression(id="other", when="tag('LT-1') < previous(tag('LT-2')) for 9 s"),
    *reversed(RULES),
    FailedToTrip(id="another", causes=CAUSES[:1], effects=EFFECTS[:1]),
)
Reading = tuple[int, float, float, int]
readings = st.tuples(
    st.integers(0, len(PLANT) - 1),
    st.sampled_from([0.0, 45.0, 50.0, 51.0, 80.0, 90.0]),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from([0, 0, 0, 0, 1, 2]),
)
histories = st.lists(st.tuples(st.integers(1, 3), st.lists(readings, max_size=6)), min_size=1, max_size=20)
History = list[tuple[int, list[Reading]]]


def value_of(reading: Reading) -> float:
    return reading[2] if PLANT.tags[reading[0]].discrete else reading[1]


class Engine:
    """Readings into what is read and what is decided of every rule, by its id."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set, self.latest, self.now = rule_set, Latest(PLANT), 100 * SECOND
        self.memory = Memory.fresh(rule_set, self.now)

    def read(self, *parts: list[Reading]) -> None:
        for part in parts:
            if part:
                rows, values = [reading[0] for reading in part], [value_of(reading) for reading in part]
                grades = [reading[3] for reading in part]
                self.latest.apply(batch(rows, values, mono_ns=self.now, quality=grades))

    def judge(self) -> dict[str, tuple[int, bool]]:
        frozen = self.latest.freeze(self.now, START_WALL_NS + self.now)
        verdicts, self.memory = evaluate(self.rule_set, frozen, self.memory, self.now)
        both = zip(verdicts.condition.tolist(), self.memory.holds.active.tolist(), strict=True)
        return dict(zip(verdicts.ids, both, strict=True))

    def restart(self) -> None:
        """Stored and taken over in the same moment."""
        wall_ns = START_WALL_NS + self.now
        parts: list[StoredPart] = [delays_part(self.rule_set, self.memory, wall_ns)]
        states = (state_part(self.rule_set, self.memory, place, wall_ns) for place in range(len(self.rule_set.groups)))
        parts += [part for part in states if part is not None]
        held = zip(self.rule_set.ids, self.memory.holds.active.tolist(), strict=True)
        self.memory = restore(self.rule_set, parts, dict(held), self.now, wall_ns).memory

    def swap(self, rule_set: RuleSet) -> None:
        self.memory = swap(self.rule_set, self.memory, rule_set, self.now)
        self.rule_set = rule_set


@settings(max_examples=40, deadline=None)
@given(history=histories, order=st.randoms(use_true_random=False), cut=st.integers(0, 6))
def test_the_order_in_a_batch_and_its_splitting_change_nothing(
    history: History, order: random.Random, cut: int
) -> None:
    whole, parted = Engine(compile_rules(RULES, PLANT)), Engine(compile_rules(RULES, PLANT))
    for seconds, changes in history:
        once = list({reading[0]: reading for reading in changes}.values())
        mixed = list(once)
        order.shuffle(mixed)
        for engine in (whole, parted):
            engine.now += seconds * SECOND
        whole.read(once)
        parted.read(mixed[:cut], mixed[cut:])
        wanted = whole.judge()
        assert parted.judge() == wanted
        assert parted.judge() == wanted, "judged twice at one moment"


@settings(max_examples=40, deadline=None)
@given(history=histories, every=st.integers(1, 4))
def test_a_restart_at_any_moment_loses_nothing(history: History, every: int) -> None:
    """With every tag read good in every sweep, so that a restart has nothing to wait for."""
    steady, stopped = Engine(compile_rules(RULES, PLANT)), Engine(compile_rules(RULES, PLANT))
    shown = {row: (row, 45.0, 0.0, 0) for row in range(len(PLANT))}
    for number, (seconds, changes) in enumerate(history):
        shown |= {reading[0]: (*reading[:3], 0) for reading in changes}
        if number and number % every == 0:
            stopped.restart()
        for engine in (steady, stopped):
            engine.now += seconds * SECOND
            engine.read(list(shown.values()))
        wanted, found = steady.judge(), stopped.judge()
        assert {name: verdict[0] for name, verdict in found.items()} == {
            name: verdict[0] for name, verdict in wanted.items()
        }


@settings(max_examples=40, deadline=None)
@given(history=histories, swap_at=st.integers(0, 20))
def test_a_new_rule_set_goes_on_with_the_rules_it_keeps(history: History, swap_at: int) -> None:
    steady, swapped = Engine(compile_rules(RULES, PLANT)), Engine(compile_rules(RULES, PLANT))
    more = compile_rules(SWAPPED, PLANT)
    for number, (seconds, changes) in enumerate(history):
        if number == swap_at:
            swapped.swap(more)
        for engine in (steady, swapped):
            engine.now += seconds * SECOND
            engine.read(changes)
        wanted, found = steady.judge(), swapped.judge()
        assert {name: found[name] for name in wanted} == wanted
