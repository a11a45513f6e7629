"""Failed, spurious and drifted: columns against a scalar oracle, on any history; errors; words."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalog import KINDS, Rule
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain, next_deadline_ns
from rules.kinds.interlocks import Cause, Effect, FailedToTrip, SpuriousTrip, TripPointDrift
from rules.memory import Memory
from rules.port import Moment
from rules.restore import restore
from rules.stored import state_part
from rules.verdicts import Verdict
from tests.rules.kinds.oracle_interlocks import FailedOracle, SpuriousOracle, drifted
from tests.rules.oracle import NEVER_SEEN, Point
from tests.rules.plants import SECOND, START_WALL_NS, snapshot, table, tag

GOOD, UNCERTAIN, BAD, STALE = range(4)
ANALOG, STATES, FEEDBACK = ("PT-1", "PT-2", "PT-3"), ("LSHH-1",), ("XV-1", "P-1")
TICK = SECOND // 2
PLANT = table(
    *(tag(name) for name in ANALOG),
    tag("LSHH-1", discrete=True, normal_state=0, period_ns=TICK),
    *(tag(name, discrete=True, period_ns=TICK) for name in FEEDBACK),
    tag("PT-1.SP", low=0.0, high=20.0),
)

cause = st.one_of(
    st.builds(
        Cause,
        tag=st.sampled_from(ANALOG),
        sense=st.sampled_from(["high", "low"]),
        trip_point=st.sampled_from([20.0, 50.0, 80.0]),
    ),
    st.builds(Cause, tag=st.just("LSHH-1"), sense=st.just("state"), trip_point=st.sampled_from([0.0, 1.0])),
)
causes = st.lists(cause, min_size=1, max_size=4, unique_by=lambda item: (item.tag, item.sense)).map(tuple)
effect = st.builds(
    Effect,
    tag=st.sampled_from(FEEDBACK),
    acted_when=st.integers(0, 1),
    within_ns=st.sampled_from([0, 1, TICK, 2 * TICK, 5 * TICK]),
)
effects = st.lists(effect, min_size=1, max_size=2, unique_by=lambda item: item.tag).map(tuple)


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    made: list[Rule] = []
    for number in range(draw(st.integers(1, 5))):
        its_causes, its_effects = draw(causes), draw(effects)
        needed = draw(st.integers(1, len(its_causes)))
        if draw(st.booleans()):
            made.append(FailedToTrip(id=f"f-{number}", causes=its_causes, effects=its_effects, needed=needed))
        else:
            made.append(
                SpuriousTrip(
                    id=f"s-{number}",
                    causes=its_causes,
                    effects=its_effects,
                    needed=needed,
                    tolerance_ns=draw(st.sampled_from([0, 1, TICK])),
                )
            )
    made.append(TripPointDrift(id="d", tag="PT-1.SP", approved=11.2, tolerance=draw(st.sampled_from([0.0, 0.5]))))
    return made


values = st.sampled_from([0.0, 11.2, 11.200000762939453, 11.7, 19.9, 20.0, 50.0, 50.1, 80.0, 100.0, math.nan])
bits = st.sampled_from([0.0, 1.0, 0.0, 1.0, 0.5, math.nan])
qualities = st.sampled_from([0, 0, 0, 0, 0, 1, 1, 2, 3, 4])
change = st.tuples(st.integers(0, len(PLANT) - 1), values, bits, qualities)
histories = st.lists(
    st.tuples(st.sampled_from([0, 1, TICK // 2, TICK, TICK, 2 * TICK, 7 * TICK]), st.lists(change, max_size=3)),
    min_size=1,
    max_size=25,
)
History = list[tuple[int, list[tuple[int, float, float, int]]]]


def oracle_of(rule: Rule) -> FailedOracle | SpuriousOracle | TripPointDrift:
    if isinstance(rule, FailedToTrip):
        return FailedOracle(rule)
    if isinstance(rule, SpuriousTrip):
        names = [*(item.tag for item in rule.causes), *(item.tag for item in rule.effects)]
        return SpuriousOracle(rule, max(PLANT.tags[PLANT.row_of[name]].scan_period_ns for name in names))
    assert isinstance(rule, TripPointDrift)
    return rule


def agrees(made: list[Rule], history: History) -> None:
    rule_set = compile_rules(made, PLANT)
    now = 5 * SECOND
    memory, oracles = Memory.fresh(rule_set, now), [oracle_of(rule) for rule in made]
    points = {name: Point() for name in PLANT.ids}
    for number, (step_ns, changes) in enumerate(history):
        now += step_ns
        for row, value, bit, quality in changes:
            name = PLANT.ids[row]
            given_value = bit if PLANT.tags[row].discrete else value
            points[name] = Point(math.nan if quality == NEVER_SEEN else given_value, quality, now)
        readings = {name: (point.value, point.quality, point.received_ns) for name, point in points.items()}
        frozen = snapshot(PLANT, now, readings)
        verdicts, memory = evaluate(rule_set, frozen, memory, now)
        wanted = [
            drifted(oracle, points[oracle.tag]) if isinstance(oracle, TripPointDrift) else oracle.step(points, now)
            for oracle in oracles
        ]
        assert verdicts.condition.tolist() == wanted, (number, made)
        moment = Moment.of(frozen, rule_set.tag_ids, memory.start_mono_ns, now)
        for (_, group), state in zip(rule_set.groups, memory.states, strict=True):
            again = group.judge(moment, memory.holds.active[group.position], state)
            assert again.condition.tolist() == verdicts.condition[group.position].tolist(), "not idempotent"
            assert all(again.state[name].tolist() == state[name].tolist() for name in state), "not idempotent"


@settings(max_examples=100, deadline=None)
@given(made=rules(), history=histories)
def test_columns_agree_with_the_oracle(made: list[Rule], history: History) -> None:
    agrees(made, history)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=10_000, deadline=None)
@given(made=rules(), history=histories)
def test_columns_agree_with_the_oracle_at_length(made: list[Rule], history: History) -> None:
    agrees(made, history)


@settings(max_examples=60, deadline=None)
@given(made=rules(), history=histories)
def test_nothing_changes_before_the_deadline_that_was_told(made: list[Rule], history: History) -> None:
    rule_set, now = compile_rules(made, PLANT), 5 * SECOND
    memory, points = Memory.fresh(rule_set, now), {name: Point() for name in PLANT.ids}
    for step_ns, changes in history:
        now += step_ns
        for row, value, bit, quality in changes:
            points[PLANT.ids[row]] = Point(bit if PLANT.tags[row].discrete else value, quality, now)
        readings = {name: (point.value, point.quality, point.received_ns) for name, point in points.items()}
        verdicts, memory = evaluate(rule_set, snapshot(PLANT, now, readings), memory, now)
    deadline = next_deadline_ns(rule_set, memory)
    quiet_until = now + 3600 * SECOND if deadline is None else deadline - 1
    if quiet_until > now and not held(rule_set.ids, made, points):
        before, _ = evaluate(rule_set, snapshot(PLANT, quiet_until, readings), memory, quiet_until)
        assert before.condition.tolist() == verdicts.condition.tolist()


def held(ids: tuple[str, ...], made: list[Rule], points: dict[str, Point]) -> bool:
    """A moment at which a time that ran out is first seen under UNKNOWN decides for this moment only: not looked at here."""
    names = {item.tag for rule in made if isinstance(rule, FailedToTrip) for item in rule.causes}
    return any(points[name].quality != GOOD or points[name].value != points[name].value for name in names)


@settings(max_examples=40, deadline=None)
@given(made=rules(), history=histories, order=st.randoms(use_true_random=False))
def test_the_order_of_the_rules_does_not_matter(made: list[Rule], history: History, order: random.Random) -> None:
    shuffled = list(made)
    order.shuffle(shuffled)
    found = []
    for of in (made, shuffled):
        rule_set, now = compile_rules(of, PLANT), 5 * SECOND
        memory, points = Memory.fresh(rule_set, now), {name: Point() for name in PLANT.ids}
        steps = []
        for step_ns, changes in history:
            now += step_ns
            for row, value, bit, quality in changes:
                points[PLANT.ids[row]] = Point(bit if PLANT.tags[row].discrete else value, quality, now)
            readings = {name: (point.value, point.quality, point.received_ns) for name, point in points.items()}
            verdicts, memory = evaluate(rule_set, snapshot(PLANT, now, readings), memory, now)
            steps.append(dict(zip(rule_set.ids, verdicts.verdict.tolist(), strict=True)))
        found.append(steps)
    assert found[0] == found[1]


HIGH = Cause(tag="PT-1", sense="high", trip_point=80.0)
CLOSED = Effect(tag="XV-1", acted_when=1, within_ns=2 * SECOND)


def play(rule: Rule, series: list[dict[str, float]]) -> list[int]:
    rule_set = compile_rules([rule], PLANT)
    memory, found = Memory.fresh(rule_set, 0), []
    readings: dict[str, tuple[float, int]] = {}
    for second, changes in enumerate(series, start=1):
        readings |= {name: (value, GOOD) for name, value in changes.items()}
        verdicts, memory = evaluate(rule_set, snapshot(PLANT, second * SECOND, readings), memory, second * SECOND)
        found.append(int(verdicts.verdict[0]))
    return found


def test_a_missing_effect_is_told_after_its_time_and_one_scan_class_period() -> None:
    rule = FailedToTrip(id="f", causes=(HIGH,), effects=(CLOSED,))
    series = [{"PT-1": 70.0, "XV-1": 0.0}, {"PT-1": 85.0}, {}, {}, {}, {"XV-1": 1.0}, {}]
    # demanded at 2 s, due at 4 s, settled at 5 s
    assert play(rule, series) == [0, 0, 0, 0, 1, 0, 0]
    assert play(rule, [{"PT-1": 70.0, "XV-1": 0.0}, {"PT-1": 85.0}, {"XV-1": 1.0}, {}, {}]) == [0, 0, 0, 0, 0]


def test_a_trip_with_a_cause_just_before_or_just_after_is_not_spurious() -> None:
    rule = SpuriousTrip(id="s", causes=(HIGH,), effects=(replace(CLOSED, within_ns=3 * SECOND),))
    start = {"PT-1": 70.0, "XV-1": 0.0}
    assert play(rule, [start, {"XV-1": 1.0}, {}, {}, {"XV-1": 0.0}]) == [0, 0, 1, 1, 0]
    assert play(rule, [start, {"XV-1": 1.0}, {"PT-1": 85.0}, {}, {}]) == [0, 0, 0, 0, 0]
    assert play(rule, [start, {"PT-1": 85.0}, {"PT-1": 70.0}, {}, {"XV-1": 1.0}, {}, {}]) == [0] * 7
    assert play(rule, [start, {"PT-1": 85.0}, {"PT-1": 70.0}, {}, {}, {}, {}, {"XV-1": 1.0}, {}]) == [0] * 8 + [1]


def test_a_trip_that_stands_at_the_start_is_unknown_without_its_cause() -> None:
    rule = SpuriousTrip(id="s", causes=(HIGH,), effects=(CLOSED,))
    assert play(rule, [{"PT-1": 70.0, "XV-1": 1.0}, {}, {}]) == [2, 2, 2]
    assert play(rule, [{"PT-1": 85.0, "XV-1": 1.0}, {}, {}]) == [0, 0, 0]


def test_a_trip_point_of_the_plc_is_a_32_bit_float() -> None:
    rule = TripPointDrift(id="d", tag="PT-1.SP", approved=11.2)
    assert play(rule, [{"PT-1.SP": 11.199999809265137}, {"PT-1.SP": 11.21}, {"PT-1.SP": 11.2}]) == [0, 1, 0]


def restarted(rule: Rule, before: dict[str, float], after: dict[str, float]) -> list[int]:
    """Two sweeps, an outage of an hour, four sweeps: the verdicts after it."""
    rule_set = compile_rules([rule], PLANT)
    memory, found = Memory.fresh(rule_set, 0), []
    for second in (1, 2):
        readings = {name: (value, GOOD) for name, value in before.items()}
        _, memory = evaluate(rule_set, snapshot(PLANT, second * SECOND, readings), memory, second * SECOND)
    part = state_part(rule_set, memory, 0, START_WALL_NS)
    assert part is not None
    memory = restore(rule_set, (part,), {}, 100 * SECOND, START_WALL_NS + 3600 * SECOND).memory
    for second in (101, 102, 103, 104):
        readings = {name: (value, GOOD) for name, value in after.items()}
        verdicts, memory = evaluate(rule_set, snapshot(PLANT, second * SECOND, readings), memory, second * SECOND)
        found.append(int(verdicts.condition[0]))
    return found


def test_a_demand_goes_on_after_an_outage_that_counts_for_nothing() -> None:
    rule = FailedToTrip(id="f", causes=(HIGH,), effects=(replace(CLOSED, within_ns=3 * SECOND),))
    demanded = {"PT-1": 85.0, "XV-1": 0.0}
    assert restarted(rule, demanded, demanded) == [0, 0, 1, 1]


def test_a_trip_that_began_during_an_outage_has_no_beginning() -> None:
    rule = SpuriousTrip(id="s", causes=(HIGH,), effects=(CLOSED,))
    quiet, tripped = {"PT-1": 70.0, "XV-1": 0.0}, {"PT-1": 70.0, "XV-1": 1.0}
    assert restarted(rule, quiet, tripped) == [2, 2, 2, 2]
    assert restarted(rule, quiet, quiet) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("rule", "field", "words"),
    [
        (FailedToTrip(id="x", causes=(), effects=(CLOSED,)), "causes", "names no cause"),
        (FailedToTrip(id="x", causes=(HIGH,), effects=()), "effects", "names no effect"),
        (FailedToTrip(id="x", causes=(HIGH,), effects=(CLOSED,), needed=2), "needed", "2 of 1 causes cannot be"),
        (FailedToTrip(id="x", causes=(replace(HIGH, tag="PT-9"),), effects=(CLOSED,)), "causes", "no tag 'PT-9'"),
        (
            FailedToTrip(id="x", causes=(replace(HIGH, trip_point=101),), effects=(CLOSED,)),
            "causes",
            "outside the range",
        ),
        (FailedToTrip(id="x", causes=(replace(HIGH, tag="LSHH-1"),), effects=(CLOSED,)), "causes", "is discrete: give"),
        (FailedToTrip(id="x", causes=(HIGH, HIGH), effects=(CLOSED,)), "causes", "stands twice"),
        (SpuriousTrip(id="x", causes=(HIGH,), effects=(replace(CLOSED, tag="PT-1"),)), "effects", "discrete feedback"),
        (SpuriousTrip(id="x", causes=(HIGH,), effects=(replace(CLOSED, acted_when=2),)), "effects", "is 0 or 1"),
        (SpuriousTrip(id="x", causes=(HIGH,), effects=(CLOSED,), tolerance_ns=-1), "tolerance_s", "is negative"),
        (TripPointDrift(id="x", tag="XV-1", approved=1.0), "tag", "is discrete"),
        (TripPointDrift(id="x", tag="PT-1.SP", approved=21.0), "approved", "outside the range 0 to 20"),
        (TripPointDrift(id="x", tag="PT-1.SP", approved=2.0, tolerance=-1.0), "tolerance", "0 or more"),
        (TripPointDrift(id="x", tag="PT-1.SP", approved=math.inf), "approved", "is not a number"),
    ],
)
def test_mistakes_are_named(rule: Rule, field: str, words: str) -> None:
    errors = list(KINDS[type(rule)].errors(rule, PLANT))
    assert [error for error in errors if error.field == field and words in error.en], errors


def test_explanations_have_the_numbers() -> None:
    made: list[Rule] = [
        FailedToTrip(id="f", causes=(HIGH,), effects=(CLOSED,)),
        SpuriousTrip(id="s", causes=(HIGH,), effects=(CLOSED,)),
        TripPointDrift(id="d", tag="PT-1.SP", approved=11.2),
    ]
    rule_set = compile_rules(made, PLANT)
    memory = Memory.fresh(rule_set, 0)
    for second in (1, 2, 3, 4):
        readings = {"PT-1": (85.0, GOOD), "XV-1": (0.0, GOOD), "PT-1.SP": (11.5, GOOD)}
        frozen = snapshot(PLANT, second * SECOND, readings)
        verdicts, memory = evaluate(rule_set, frozen, memory, second * SECOND)
    told = [explain(rule_set, rule.id, frozen, memory, 4 * SECOND) for rule in made]
    assert [item.condition for item in told] == [Verdict.TRUE, Verdict.FALSE, Verdict.TRUE]
    assert "demanded for 3.0 s, to act within 2 s" in told[0].en
    assert "PT-1 = 85 (demands at ≥ 80)" in told[0].en
    assert "XV-1 = 0 (1 means acted)" in told[1].en
    assert told[2].en == "TRUE: PT-1.SP = 11.5; approved 11.2 +- 1.34e-06"
    assert told[0].inputs == ("PT-1", "XV-1")
    assert dict(verdicts.details) == {0: ("XV-1",)}
