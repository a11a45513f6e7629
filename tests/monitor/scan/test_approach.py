"""A value that moves towards its limit: fast, slow, in noise, downwards, unreadable."""

import math

import numpy as np
import pytest

from monitor.alarms.definition import AlarmDefinition
from monitor.interlocks.register import Protection
from monitor.scan.approach import EVERY_NS, STILL_NS, Approach
from rules.columns.quality import Quality
from tests.rules.plants import SECOND, snapshot, table, tag

PLANT = table(tag("LT-1"))  # 0 to 100
OUT = {"T-1.layers": ("SIS-1",)}
LEAST = 0.1


def approach(kind: str = "H") -> Approach:
    definition = AlarmDefinition(id="LT-1.X", kind=kind, alarm_class="process", priority=3, tag="LT-1")
    protection = Protection(
        id="T-1.layers", equipment="T-1", hazard_source="HS-1", required=2, layers=(), towards=("LT-1.X",)
    )
    return Approach([protection], [definition], PLANT)


def see(watched: Approach, at_s: float, value: float, quality: Quality = Quality.GOOD) -> bool:
    seen = snapshot(PLANT, round(at_s * SECOND), {"LT-1": (value, quality)})
    return bool(list(watched.moving(OUT, seen)))


@pytest.mark.parametrize(("kind", "sign"), [("H", 1), ("HH", 1), ("L", -1), ("LL", -1)])
def test_towards_its_own_limit_only(kind: str, sign: int) -> None:
    watched = approach(kind)
    assert not see(watched, 0, 50.0)
    assert see(watched, 10, 50.0 + sign)
    assert not see(watched, 20, 50.0 - sign), "it moves away"
    assert see(watched, 30, 50.0 + sign)


def test_nothing_is_out_nothing_is_told() -> None:
    watched = approach()
    for at_s, value in ((0, 50.0), (10, 60.0)):
        assert not list(watched.moving({}, snapshot(PLANT, at_s * SECOND, {"LT-1": (value, 0)})))
    assert see(watched, 11, 60.0), "it goes out while the value moves"


def test_a_slow_one_is_seen_and_noise_is_not() -> None:
    noise = np.random.default_rng(5)
    slow, still = approach(), approach()
    speed = 4 * LEAST / (STILL_NS / SECOND)
    seen_slow = [see(slow, at_s, 50.0 + speed * at_s + noise.normal(0, LEAST / 10)) for at_s in range(1200)]
    seen_still = [see(still, at_s, 50.0 + noise.normal(0, LEAST / 10)) for at_s in range(1200)]
    assert seen_slow.index(True) <= STILL_NS / SECOND / 3
    assert all(seen_slow[seen_slow.index(True) :]), "and goes on"
    assert not any(seen_still)


def test_what_stopped_is_forgotten() -> None:
    watched = approach()
    see(watched, 0, 50.0)
    assert see(watched, 10, 51.0)
    assert see(watched, 10 + STILL_NS / SECOND - 1, 51.0)
    assert not see(watched, 10 + STILL_NS / SECOND, 51.0)


def test_what_cannot_be_read_moves_nowhere_and_begins_anew() -> None:
    watched = approach()
    see(watched, 0, 50.0)
    assert see(watched, 10, 51.0)
    for quality in (Quality.UNCERTAIN, Quality.BAD, Quality.STALE):
        assert not see(watched, 11, math.nan if quality is Quality.BAD else 52.0, quality)
    assert not see(watched, 12, 70.0), "nobody saw how it came there"
    assert see(watched, 12 + EVERY_NS / SECOND, 71.0)
