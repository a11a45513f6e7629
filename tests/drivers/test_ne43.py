"""NE 43 bands: the four currents, and all the way from a register to the rule that asks."""

import math
from contextlib import aclosing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.driver import open_driver
from drivers.ne43 import Bands
from monitor.clock import SystemClock
from rules.catalog import Rule
from rules.columns.latest import Latest
from rules.columns.quality import Quality
from rules.columns.status import BAD_SENSOR_FAILURE, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds.signals import OutOfBand
from rules.memory import Memory
from rules.verdicts import Verdict
from tests.drivers.modbus.device import Device, TagAddress
from tests.drivers.modbus.peer import listening
from tests.rules.plants import table, tag

GOOD, UNCERTAIN, BAD = Quality.GOOD, Quality.UNCERTAIN, Quality.BAD
LOOP = TagAddress(tag="LT-1", row=0, address="hr:0", low=0.0, high=16.0, signal="4-20mA")
"""One unit a milliampere: a value is the current less 4 mA."""
PLAIN = TagAddress(tag="LT-2", row=1, address="hr:1", low=0.0, high=16.0)


@pytest.mark.parametrize(
    ("current_ma", "quality", "status"),
    [
        (0.0, BAD, BAD_SENSOR_FAILURE),
        (3.6, BAD, BAD_SENSOR_FAILURE),
        (3.61, UNCERTAIN, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED),
        (3.79, UNCERTAIN, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED),
        (3.8, GOOD, 0),
        (3.9, GOOD, 0),
        (12.0, GOOD, 0),
        (20.5, GOOD, 0),
        (20.51, UNCERTAIN, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED),
        (20.99, UNCERTAIN, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED),
        (21.0, BAD, BAD_SENSOR_FAILURE),
        (25.0, BAD, BAD_SENSOR_FAILURE),
    ],
)
def test_every_band(current_ma: float, quality: int, status: int) -> None:
    exactly = {3.6: 3.6 - 4.0, 3.8: 3.8 - 4.0, 20.5: 16.5, 21.0: 17.0}
    value = np.array([exactly.get(current_ma, current_ma - 4.0)] * 2)
    good, zero = np.zeros(2, np.uint8), np.zeros(2, np.uint32)
    values, qualities, statuses = Bands.of([LOOP, PLAIN]).judge(value, good, zero)
    assert (int(qualities[0]), int(statuses[0])) == (quality, status)
    assert math.isnan(values[0]) == (quality == BAD)
    assert (values[1], int(qualities[1]), int(statuses[1])) == (value[1], GOOD, 0)  # no 4-20 mA signal: never touched


@given(
    value=st.floats(allow_nan=True, allow_infinity=True),
    quality=st.sampled_from(list(Quality)),
    status=st.integers(0, 2**32 - 1),
)
def test_nothing_gets_better_and_what_is_unusable_stays(value: float, quality: Quality, status: int) -> None:
    given_ = np.array([value]), np.array([quality], np.uint8), np.array([status], np.uint32)
    values, qualities, statuses = Bands.of([LOOP]).judge(*given_)
    assert qualities[0] >= quality
    if quality >= BAD:
        assert (qualities[0], statuses[0]) == (quality, status)
        np.testing.assert_array_equal(values, given_[0])
    if qualities[0] == quality == UNCERTAIN:
        assert statuses[0] == status  # why it was uncertain before is not overwritten
    assert given_[1][0] == quality and given_[2][0] == status


async def test_from_a_register_to_the_rule_that_asks() -> None:
    """Counts 0 to 27648 are 4 to 20 mA, as a Siemens input says it; 29500 are 21.07 mA, 28600 20.55 mA."""
    plant = table(tag("LT-1", high=12.0), tag("LT-2", high=12.0), tag("LT-3", high=12.0))
    addresses = [
        TagAddress(
            tag=f"LT-{number}",
            row=number - 1,
            address=f"hr:{number}",
            type="int16",
            raw_low=0,
            raw_high=27648,
            high=12.0,
            signal="4-20mA",
        )
        for number in (1, 2, 3)
    ]
    registers = {"hr": {1: 29500, 2: 28600, 3: 13824}, "ir": {}}
    async with listening(device=Device(registers=registers)) as peer:
        settings = {"host": "127.0.0.1", "port": peer.port, "timeout_s": 5.0}
        driver = open_driver("PLC-2", settings, addresses, SystemClock())
        async with driver, aclosing(driver.batches()) as arriving:
            batch = await anext(arriving)
            assert driver.health().impairment.en == ""  # a failed sensor is no refused point
    assert batch.quality.tolist() == [BAD, UNCERTAIN, GOOD]
    assert batch.raw is not None
    assert batch.raw.tolist() == [29500, 28600, 13824]
    assert batch.value[2] == 6.0
    latest = Latest(plant)
    latest.apply(batch)
    rules: list[Rule] = [OutOfBand(id=f"LT-{number}.out_of_band", tag=f"LT-{number}") for number in (1, 2, 3)]
    rule_set, now = compile_rules(rules, plant), batch.received_mono_ns
    verdicts, _ = evaluate(rule_set, latest.freeze(now, batch.received_wall_ns), Memory.fresh(rule_set, now), now)
    assert verdicts.verdict.tolist() == [Verdict.TRUE, Verdict.TRUE, Verdict.FALSE]
