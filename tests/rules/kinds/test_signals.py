"""What a device says of its own signal."""

import math

import numpy as np
import pytest
from asyncua.ua.status_codes import StatusCodes
from hypothesis import strategies as st

from drivers.modbus.wire import Refusal
from drivers.opcua.wire import quality
from rules.catalog import KINDS, Rule
from rules.columns import status
from rules.columns.latest import Latest
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain, next_deadline_ns
from rules.kinds.signals import Forced, NeverSeen, OutOfBand, Uncertain
from rules.memory import Memory
from tests.rules.kinds.checks import agrees, block_is_sweep_by_sweep
from tests.rules.kinds.oracle_signals import signal
from tests.rules.kinds.readings import FALSE, GOOD, START_NS, TRUE, UNCERTAIN, UNKNOWN, Sweep, sweeps_of
from tests.rules.kinds.twins import twins
from tests.rules.plants import SECOND, START_WALL_NS, batch, snapshot, table, tag

PLANT = table(tag("LT-1"), tag("LT-2"), tag("XS-1", discrete=True))
values = st.sampled_from([0.0, 50.0, math.nan, math.inf])
codes = st.sampled_from([*status.FORCED, *status.OUT_OF_BAND, 0, 0x40000000, 0x80000000, 0x40930000, 2, 11])
statuses = st.builds(lambda code, info: code | info, codes, st.sampled_from([0, 0, 0x0400, 0x0600, 0x0480]))


@st.composite
def signals(draw: st.DrawFn, timeless: bool) -> list[Rule]:
    kind = draw(st.sampled_from(["uncertain", "band", "forced"])) if timeless else "never"
    rules: list[Rule] = []
    for number in range(draw(st.integers(1, 3))):
        name, on = f"r{number}", draw(st.sampled_from(["LT-1", "LT-2"]))
        made: dict[str, Rule] = {
            "uncertain": Uncertain(id=name, tag=on),
            "band": OutOfBand(id=name, tag=on),
            "forced": Forced(id=name, tag=on),
            "never": NeverSeen(id=name, tag=on, after_ns=draw(st.sampled_from([0, SECOND, 3 * SECOND]))),
        }
        rules.append(made[kind])
    return rules


def check(rules: list[Rule], history: list[Sweep]) -> None:
    agrees(rules, PLANT, history, lambda points, active, now: [signal(rule, points, now, START_NS) for rule in rules])
    if not isinstance(rules[0], NeverSeen):
        block_is_sweep_by_sweep(rules, PLANT, history)


test_arrays_agree_with_the_oracle, test_arrays_agree_with_the_oracle_for_long = twins(
    check, 80, rules=st.booleans().flatmap(signals), history=sweeps_of(PLANT, values, statuses)
)


def test_the_numbers_are_those_of_the_standard() -> None:
    wanted = {
        "GOOD_LOCAL_OVERRIDE": StatusCodes.GoodLocalOverride,
        "UNCERTAIN_SUBSTITUTE_VALUE": StatusCodes.UncertainSubstituteValue,
        "UNCERTAIN_TRANSDUCER_IN_MANUAL": StatusCodes.UncertainTransducerInManual,
        "UNCERTAIN_SIMULATED_VALUE": StatusCodes.UncertainSimulatedValue,
        "UNCERTAIN_ENGINEERING_UNITS_EXCEEDED": StatusCodes.UncertainEngineeringUnitsExceeded,
        "UNCERTAIN_OVER_RANGE": StatusCodes.UncertainOverRange,
        "UNCERTAIN_UNDER_RANGE": StatusCodes.UncertainUnderRange,
        "BAD_OUT_OF_RANGE": StatusCodes.BadOutOfRange,
        "BAD_SENSOR_FAILURE": StatusCodes.BadSensorFailure,
    }
    assert {name: getattr(status, name) for name in wanted} == wanted


def test_no_modbus_exception_is_in_a_class() -> None:
    sent = np.array([int(code) for code in range(256)], np.uint32)
    assert not status.is_of(sent, (*status.FORCED, *status.OUT_OF_BAND)).any()
    assert Refusal(2).code == 2


@pytest.mark.parametrize("code", [*status.FORCED, *status.OUT_OF_BAND])
def test_what_the_driver_makes_of_a_code_is_seen(code: int) -> None:
    """Through the driver's own quality: a class that the driver turned into NEVER_SEEN or STALE could never be TRUE."""
    sent, value = np.array([code | 0x0480], np.uint32), np.array([50.0])
    latest = Latest(PLANT)
    latest.apply(
        batch([0], value.tolist(), mono_ns=6 * SECOND, quality=quality(sent, value).tolist(), status=sent.tolist())
    )
    rules: list[Rule] = [Forced(id="forced", tag="LT-1"), OutOfBand(id="band", tag="LT-1")]
    rule_set = compile_rules(rules, PLANT)
    frozen = latest.freeze(6 * SECOND, START_WALL_NS)
    verdicts, memory = evaluate(rule_set, frozen, Memory.fresh(rule_set, START_NS), 6 * SECOND)
    forced = code in status.FORCED
    assert verdicts.condition.tolist() == ([TRUE, UNKNOWN] if forced else [UNKNOWN, TRUE])
    assert f"0x{code | 0x0480:08X}" in explain(rule_set, "forced", frozen, memory, 6 * SECOND).en


def test_never_seen_ends_with_the_first_answer_and_tells_when_it_is_due() -> None:
    rule_set = compile_rules([NeverSeen(id="n", tag="LT-1", after_ns=15 * SECOND)], PLANT)
    memory = Memory.fresh(rule_set, START_NS)
    nothing, now = snapshot(PLANT, START_NS, {}), START_NS
    verdicts, memory = evaluate(rule_set, nothing, memory, now)
    assert verdicts.condition.tolist() == [UNKNOWN]
    due = next_deadline_ns(rule_set, memory)
    assert due == START_NS + 15 * SECOND + 1
    verdicts, memory = evaluate(rule_set, snapshot(PLANT, due, {}), memory, due)
    assert verdicts.verdict.tolist() == [TRUE]
    assert next_deadline_ns(rule_set, memory) is None
    assert "never read in 15.0 s" in explain(rule_set, "n", nothing, memory, due).en
    answered = snapshot(PLANT, due + SECOND, {"LT-1": (3.0, UNCERTAIN)})
    verdicts, memory = evaluate(rule_set, answered, memory, due + SECOND)
    assert verdicts.verdict.tolist() == [FALSE]
    stale = snapshot(PLANT, due + 60 * SECOND, {"LT-1": (3.0, 3, due + SECOND)})
    assert evaluate(rule_set, stale, memory, due + 60 * SECOND)[0].verdict.tolist() == [FALSE]


@pytest.mark.parametrize(
    ("rule", "field", "word"),
    [
        (Uncertain(id="x", tag="NO"), "tag", "no tag"),
        (Forced(id="x", tag="NO"), "tag", "no tag"),
        (OutOfBand(id="x", tag="XS-1"), "kind", "discrete"),
        (NeverSeen(id="x", tag="NO", after_ns=1), "tag", "no tag"),
        (NeverSeen(id="x", tag="LT-1", after_ns=-1), "set_point", "negative"),
    ],
)
def test_mistakes(rule: Rule, field: str, word: str) -> None:
    (error,) = KINDS[type(rule)].errors(rule, PLANT)
    assert (error.rule_id, error.field) == ("x", field)
    assert word in error.en


def test_a_forced_discrete_is_possible() -> None:
    rule_set = compile_rules([Forced(id="x", tag="XS-1")], PLANT)
    good = snapshot(PLANT, START_NS, {"XS-1": (1.0, GOOD)})
    assert evaluate(rule_set, good, Memory.fresh(rule_set, START_NS), START_NS)[0].condition.tolist() == [FALSE]
