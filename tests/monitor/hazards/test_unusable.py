"""When a device gives nothing usable, against a slow count."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.hazards.unusable import FEWEST, judge_devices, watch_devices
from rules.columns.quality import Quality
from rules.columns.tags import TagTable
from rules.verdicts import Verdict
from tests.rules.plants import tag

DEVICES = ("A", "B", "C", "none")


@given(
    st.lists(st.tuples(st.sampled_from(DEVICES), st.sampled_from(tuple(Quality))), min_size=1, max_size=60),
    st.sampled_from((0.1, 0.3, 0.5, 1.0)),
    st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_it_is_what_counting_says(points: list[tuple[str, Quality]], share: float, starting: bool) -> None:
    table = TagTable([tag(f"T{row}", device=device) for row, (device, _) in enumerate(points)])
    quality = np.array([found for _, found in points], np.uint8)
    condition, bad = judge_devices(watch_devices(table, DEVICES[:3], share), quality, starting)
    for place, device in enumerate(DEVICES[:3]):
        mine = [found for of, found in points if of == device]
        count, waiting = mine.count(Quality.BAD), mine.count(Quality.NEVER_SEEN) if starting else 0
        enough = max(FEWEST, math.ceil(share * len(mine)))
        wanted = Verdict.TRUE if count >= enough else Verdict.UNKNOWN if count + waiting >= enough else Verdict.FALSE
        assert (int(condition[place]), int(bad[place])) == (int(wanted), count)


@pytest.mark.parametrize(("bad", "verdict"), [(4, Verdict.FALSE), (5, Verdict.TRUE)])
def test_the_limit_itself_counts(bad: int, verdict: Verdict) -> None:
    table = TagTable([tag(f"T{row}", device="A") for row in range(10)])
    quality = np.array([Quality.BAD] * bad + [Quality.GOOD] * (10 - bad), np.uint8)
    condition, _ = judge_devices(watch_devices(table, ["A"], 0.5), quality, False)
    assert condition.tolist() == [verdict]


def test_a_plant_without_devices_is_no_trouble() -> None:
    table = TagTable([tag("T", device="A")])
    condition, bad = judge_devices(watch_devices(table, []), np.array([Quality.BAD], np.uint8), True)
    assert condition.size == bad.size == 0
