"""Rules over several tags judged within their bands say what they say judged anew at every sweep, and are judged seldom."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import joint
from rules.catalog import Delays, Rule
from rules.compile import compile_rules
from rules.evaluate import evaluate, next_deadline_ns
from rules.geometry import Vessel
from rules.joint import EVERY
from rules.kinds.comparisons import Deviation
from rules.kinds.expressions import Expression
from rules.kinds.forecast import MinutesToLimit
from rules.kinds.stuck import Stuck
from rules.kinds.voting import Voter, Voting
from rules.language.conditions import parse_condition
from rules.memory import Memory, seed
from rules.port import JointGroup
from tests.benchmarks.rules_workload import Plant, table_of
from tests.benchmarks.rules_workload import rules_of as rules_of_points
from tests.rules.plants import SECOND, snapshot, table, tag

ANALOG, DISCRETE = ("A", "B", "C", "D"), ("X", "Y")
PLANT = table(*(tag(name) for name in ANALOG), *(tag(name, discrete=True) for name in DISCRETE))
TANK = Vessel(shape="vertical_cylinder", diameter_m=2.0, height_m=100.0)
TEXTS = (
    "tag('A') > 70 and tag('B') < 60", "tag('A') - tag('B') >= 5 or tag('X') == 1", "max(tag('A'), tag('B')) > 60",
    "median(tag('A'), tag('B'), tag('C')) > 50", "mean(tag('A'), tag('C')) < 49.9", "abs(tag('A') - 50) > 10",
    "not (tag('A') > 50) and good(tag('B'))", "count_true(tag('A') > 50, tag('B') > 50, tag('X') == 1) >= 2",
    "tag('A') * 2 > 100", "tag('A') / tag('B') > 1.2", "tag('A') > 50 for 2 s", "previous(tag('A')) < tag('A')",
    "usable(tag('C')) and tag('X') == 0", "min(tag('A'), tag('C')) + 10 > tag('B')", "tag('X') == tag('Y')",
)  # fmt: skip
delays = st.builds(Delays, on_delay_ns=st.sampled_from([0, SECOND]), off_delay_ns=st.sampled_from([0, 2 * SECOND]))
names = st.permutations(ANALOG)


def deviation(name: str, held: Delays) -> st.SearchStrategy[Rule]:
    def made(tags: list[str], others: int, limit: float, band: float, direction: str) -> Rule:
        against = tuple(tags[1 : 1 + others])
        return Deviation(
            id=name, tag=tags[0], against=against, limit=limit, dead_band=band, direction=direction, delays=held  # type: ignore[arg-type]  # one of the words
        )  # fmt: skip

    direction = st.sampled_from(["both", "above", "below"])
    return st.builds(
        made, names, st.integers(1, 3), st.sampled_from([5.0, 30.0]), st.sampled_from([0.0, 1.0]), direction
    )


@st.composite
def voting(draw: st.DrawFn, name: str, held: Delays) -> Rule:
    tags = draw(st.permutations([*ANALOG, *DISCRETE]))[: draw(st.integers(1, 4))]
    voters = tuple(
        Voter(tag=one, side="high", set_point=float(draw(st.integers(0, 1))))
        if one in DISCRETE
        else Voter(tag=one, side=draw(st.sampled_from(["high", "low"])), set_point=50.0, dead_band=2.0)
        for one in tags
    )
    needed = draw(st.integers(1, len(tags)))
    return Voting(
        id=name, voters=voters, needed=needed, degraded=draw(st.sampled_from([(), (needed - 1,)])), delays=held
    )


def minutes(name: str, held: Delays) -> st.SearchStrategy[Rule]:
    return st.builds(
        MinutesToLimit, id=st.just(name), tag=st.sampled_from(ANALOG), limit=st.sampled_from([20.0, 80.0]),
        rising=st.booleans(), required_ns=st.sampled_from([30 * SECOND, 300 * SECOND]), window_ns=st.just(20 * SECOND),
        dead_band_ns=st.sampled_from([0, 20 * SECOND]), minimum_rate=st.sampled_from([0.0, 36.0]),
        minimum_coverage=st.just(0.5), vessel=st.sampled_from([None, TANK]), delays=st.just(held),
    )  # fmt: skip


@st.composite
def stuck(draw: st.DrawFn, name: str, held: Delays) -> Rule:
    one, other, *_ = draw(names)
    text = draw(st.sampled_from([None, None, "tag('X') == 1", "tag('D') > 50 for 2 s"]))
    condition = None if text is None else parse_condition(text, PLANT)
    by_neighbour = draw(st.booleans()) or condition is None
    return Stuck(
        id=name, tag=one, window_ns=32 * SECOND, flat_within=0.5, minimum_change=2.0, condition=condition,
        neighbour=other if by_neighbour else None, minimum_coverage=0.3, delays=held,
    )  # fmt: skip


@st.composite
def rules_of(draw: st.DrawFn) -> list[Rule]:
    made: list[Rule] = []
    for number in range(draw(st.integers(1, 7))):
        name, held = f"r{number}", draw(delays)
        of: Callable[[str, Delays], st.SearchStrategy[Rule]] = draw(
            st.sampled_from([deviation, voting, minutes, stuck, lambda name, held: st.builds(
                Expression, id=st.just(name), when=st.sampled_from(TEXTS), delays=st.just(held))])
        )  # fmt: skip
        made.append(draw(of(name, held)))
    return made


moves = st.sampled_from([0.0, 0.0, 0.01, -0.01, 0.3, -0.3, 1.0, -1.0, 6.0, -6.0, 25.0, -25.0])
odd = st.sampled_from([49.9, 50.0, 60.0, 79.99, 80.0, 1e6, math.nan, math.inf])
change = st.tuples(
    st.integers(0, len(PLANT) - 1),
    st.one_of(moves.map(lambda by: ("by", by)), moves.map(lambda by: ("by", by)), odd.map(lambda to: ("to", to))),
    st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2, 3]),
)
sweeps = st.lists(
    st.tuples(st.sampled_from([0, 1, SECOND // 2, SECOND, SECOND, 4 * SECOND]), st.lists(change, max_size=4), st.booleans()),
    min_size=1, max_size=40,
)  # fmt: skip
History = list[tuple[int, list[tuple[int, tuple[str, float], int]], bool]]
cases = given(rules=rules_of(), history=sweeps, held=st.sets(st.integers(0, 6)), every=st.sampled_from([1, 1, 4]))


@settings(max_examples=25, deadline=None)
@cases
def test_bands_change_nothing(rules: list[Rule], history: History, held: set[int], every: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(joint, "EVERY", every)
        agree(rules, history, held)


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None)
@cases
def test_bands_change_nothing_at_length(rules: list[Rule], history: History, held: set[int], every: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(joint, "EVERY", every)
        agree(rules, history, held)


def agree(rules: list[Rule], history: History, held: set[int]) -> None:
    rule_set, now = compile_rules(rules, PLANT), 1000 * SECOND
    memory = seed(rule_set, {f"r{number}": True for number in held}, now)
    values = dict.fromkeys(ANALOG, 50.0) | dict.fromkeys(DISCRETE, 0.0)
    quality, received = dict.fromkeys(PLANT.ids, 0), dict.fromkeys(PLANT.ids, now)
    for step_ns, changes, to_deadline in history:
        deadline = next_deadline_ns(rule_set, memory)
        now = deadline if to_deadline and deadline is not None and deadline > now else now + step_ns
        for row, (how, number), as_quality in changes:
            name = PLANT.ids[row]
            before = values[name] if math.isfinite(values[name]) else 50.0
            values[name] = float(number > 0) if name in DISCRETE else before + number if how == "by" else number
            quality[name], received[name] = as_quality, now
        seen = snapshot(PLANT, now, {name: (values[name], quality[name], received[name]) for name in PLANT.ids})
        anew, plain = evaluate(rule_set, seen, replace(memory, carried=None), now)
        verdicts, memory = evaluate(rule_set, seen, memory, now)
        assert verdicts.condition.tolist() == anew.condition.tolist(), rules
        assert verdicts.verdict.tolist() == anew.verdict.tolist()
        assert verdicts.details == anew.details
        for name in ("value", "limit", "quality", "source_time_ns", "received_wall_ns"):
            np.testing.assert_array_equal(getattr(verdicts.evidence(), name), getattr(anew.evidence(), name))
        assert memory.due_ns == plain.due_ns
        assert memory.holds.elapsed_ns.tolist() == plain.holds.elapsed_ns.tolist()
        for one, other in zip(memory.states, plain.states, strict=True):
            assert one.keys() == other.keys()
            for key, array in one.items():
                if key != "condition_judged_mono_ns":  # of a condition without `for` nobody asks when it was judged
                    np.testing.assert_array_equal(array, other[key], err_msg=key)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rules over several tags were judged, of each judgement."""
    counts: list[int] = []
    rule_set = compile_rules(QUIET, PLANT)
    for kind in {type(group) for _, group in rule_set.groups}:
        real = kind.judge

        def counted(group: JointGroup, *rest: object, real: Callable[..., object] = real) -> object:
            counts.append(group.position.size)
            return real(group, *rest)

        monkeypatch.setattr(kind, "judge", counted)
    return counts


QUIET: list[Rule] = [
    Deviation(id="d1", tag="A", against=("B",), limit=30.0),
    Deviation(id="d3", tag="A", against=("B", "C", "D"), limit=30.0),
    Voting(id="v", voters=tuple(Voter(tag=name, side="high", set_point=80.0) for name in "ABC"), needed=2),
    *(Expression(id=f"e{at}", when=text) for at, text in enumerate((TEXTS[0], "abs(tag('C') - tag('D')) > 10"))),
    MinutesToLimit(id="m", tag="A", limit=90.0, rising=True, required_ns=SECOND, window_ns=80 * SECOND),
    Stuck(id="s", tag="A", window_ns=320 * SECOND, flat_within=0.01, minimum_change=1.0, neighbour="B"),
]


def test_noise_costs_no_judgement_and_a_step_only_those_that_read_the_tag(judged: list[int]) -> None:
    rule_set, chance = compile_rules(QUIET, PLANT), np.random.default_rng(7)
    memory, before = Memory.fresh(rule_set, 1000 * SECOND), 0
    for number in range(1, 200):
        now = 1000 * SECOND + number * SECOND // 4
        noise = 50.0 + chance.normal(0.0, 0.02, len(ANALOG))
        if number == 199:
            noise[3] += 35.0
        readings = dict(zip(ANALOG, noise.tolist(), strict=True)) | {"X": 0.0, "Y": 0.0}
        seen = snapshot(PLANT, now, {name: (value, 0) for name, value in readings.items()})
        verdicts, memory = evaluate(rule_set, seen, memory, now)
        if number == 198:
            before = sum(judged)
            # all of them until they have bands, and the two that take samples for each slot of their windows
            assert before < EVERY * (len(QUIET) + 14)
    assert sum(judged) - before <= 2 + 2, "the median of three and the difference read D"
    assert verdicts.condition.tolist() == [0, 0, 0, 0, 1, 2, 0]


def test_a_memory_gives_its_bands_once_and_judges_all_anew_after_that() -> None:
    rule_set = compile_rules(QUIET, PLANT)
    seen = snapshot(PLANT, 1001 * SECOND, dict.fromkeys(PLANT.ids, (50.0, 0)))
    _, memory = evaluate(rule_set, seen, Memory.fresh(rule_set, 1000 * SECOND), 1001 * SECOND)
    later = snapshot(PLANT, 1002 * SECOND, dict.fromkeys(PLANT.ids, (85.0, 0)))
    one, after = evaluate(rule_set, later, memory, 1002 * SECOND)
    again, same = evaluate(rule_set, later, memory, 1002 * SECOND)
    assert one.condition.tolist() == again.condition.tolist()
    assert one.verdict.tolist() == again.verdict.tolist()
    assert again.changed.size == len(rule_set) and one.changed.size < len(rule_set)
    third, _ = evaluate(rule_set, later, after, 1002 * SECOND)
    fourth, _ = evaluate(rule_set, later, same, 1002 * SECOND)
    assert third.verdict.tolist() == fourth.verdict.tolist() == one.verdict.tolist()


def test_a_plant_of_hundreds_says_the_same_within_its_bands() -> None:
    """The workload of the benchmark, with qualities that come and go: a few of many rules are judged at a time."""
    points, chance = 400, np.random.default_rng(5)
    rule_set, plant = compile_rules(rules_of_points(points), table_of(points)), Plant(points, 0.01)
    memory, quality, judged_some = Memory.fresh(rule_set, plant.now_ns), np.zeros(points, np.uint8), 0
    for number, read in enumerate(plant.sweeps(120)):
        quality = np.where(chance.random(points) < 0.004, chance.choice([0, 0, 1, 2, 3], points), quality).astype(
            np.uint8
        )
        seen = replace(read, quality=quality)
        anew, plain = evaluate(rule_set, seen, replace(memory, carried=None), seen.mono_ns)
        verdicts, memory = evaluate(rule_set, seen, memory, seen.mono_ns)
        assert verdicts.condition.tolist() == anew.condition.tolist(), number
        assert verdicts.verdict.tolist() == anew.verdict.tolist()
        assert verdicts.details == anew.details
        assert memory.due_ns == plain.due_ns
        asked = verdicts.changed if verdicts.changed.size < len(rule_set) else np.arange(0, len(rule_set), 3)
        np.testing.assert_array_equal(verdicts.at(asked).value, anew.at(asked).value)
        judged_some += verdicts.changed.size < len(rule_set)
        for one, other in zip(memory.states, plain.states, strict=True):
            for key, array in one.items():
                np.testing.assert_array_equal(array, other[key], err_msg=key)
    assert judged_some == 119
