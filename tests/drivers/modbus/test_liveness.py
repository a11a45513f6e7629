import math

import pytest

from drivers.modbus.liveness import Liveness
from drivers.modbus.settings import read_settings
from rules.columns.quality import Quality

SECOND = 1_000_000_000


def of(**settings: object) -> Liveness:
    return Liveness(read_settings({"host": "plc", **settings}))


def judged(liveness: Liveness, *raw: float, at_s: float = 0.0) -> Quality:
    liveness.judge(list(raw), round(at_s * SECOND))
    assert bool(liveness.words) == (liveness.quality is not Quality.GOOD)
    return liveness.quality


def test_without_either_there_is_nothing_to_read() -> None:
    assert of().points == ()
    assert judged(of()) is Quality.GOOD


def test_they_are_read_as_what_they_are() -> None:
    liveness = of(heartbeat="co:5", sentinel="40001", sentinel_value=7)
    assert [(point.tag, str(point.place), point.type) for point in liveness.points] == [
        ("heartbeat", "co:5", "bool"),
        ("sentinel", "hr:0", "uint16"),
    ]
    assert of(heartbeat="hr:3.2").points[0].type == "bool"


def test_a_heartbeat_may_rest_for_its_time_and_no_longer() -> None:
    liveness = of(heartbeat="hr:10", heartbeat_within_s=5)
    assert judged(liveness, 1.0, at_s=100) is Quality.GOOD
    assert judged(liveness, 1.0, at_s=105) is Quality.GOOD
    assert judged(liveness, 1.0, at_s=105.1) is Quality.STALE
    assert liveness.words.en == (
        "heartbeat hr:10 has not changed for 5.1 s (it must within 5 s): the device answers, its program stands still"
    )
    assert judged(liveness, 2.0, at_s=106) is Quality.GOOD
    assert judged(liveness, 1.0, at_s=111.5) is Quality.GOOD, "any other value is a beat, back or forth"


def test_a_heartbeat_that_cannot_be_read_is_no_beat() -> None:
    liveness = of(heartbeat="hr:10", heartbeat_within_s=5)
    assert judged(liveness, 1.0, at_s=0) is Quality.GOOD
    assert judged(liveness, math.nan, at_s=3) is Quality.GOOD
    assert judged(liveness, math.nan, at_s=6) is Quality.STALE
    never = of(heartbeat="hr:10", heartbeat_within_s=5)
    assert judged(never, math.nan, at_s=0) is Quality.GOOD
    assert judged(never, math.nan, at_s=6) is Quality.STALE


@pytest.mark.parametrize(
    ("held", "words"), [(17.0, "holds 17 instead of 4660"), (math.nan, "cannot be read instead of 4660")]
)
def test_another_sentinel_is_another_device(held: float, words: str) -> None:
    liveness = of(sentinel="ir:3", sentinel_value=0x1234)
    assert judged(liveness, 4660.0) is Quality.GOOD
    assert judged(liveness, held) is Quality.BAD
    assert f"sentinel ir:3 {words}: another device, or another register map" in liveness.words.en
    assert judged(liveness, 4660.0) is Quality.GOOD


def test_of_the_wrong_device_no_heartbeat_is_believed() -> None:
    liveness = of(heartbeat="hr:1", heartbeat_within_s=1, sentinel="hr:0", sentinel_value=5)
    assert judged(liveness, 1.0, 5.0, at_s=0) is Quality.GOOD
    assert judged(liveness, 1.0, 6.0, at_s=3) is Quality.BAD
    assert judged(liveness, 1.0, 5.0, at_s=4) is Quality.STALE
