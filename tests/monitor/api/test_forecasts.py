"""`/forecasts` over HTTP: the time left as operators see it."""

from dataclasses import replace

import pytest

from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds.forecast import MinutesToLimit
from rules.memory import Memory
from tests.monitor.api.fake_plant import PLANT, TAGS, snapshot
from tests.monitor.api.fakes import Site

API = "/api/v1"
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
UP = MinutesToLimit(id="LT-101.HH", tag="LT-101", limit=11.0, rising=True, required_ns=5 * MINUTE, window_ns=MINUTE)
RULES = compile_rules(
    [UP, replace(UP, id="LT-101.L", limit=1.0, rising=False), replace(UP, id="PT-101.H", tag="PT-101", limit=1.0)], TAGS
)


def site_after(seconds: int, per_s: float) -> Site:
    """The level rises for so many seconds; the pressure is read good and stands."""
    site, memory, start = (
        Site(plant=replace(PLANT, rule_set=RULES)),
        Memory.fresh(RULES, snapshot().mono_ns),
        snapshot(),
    )
    for second in range(seconds + 1):
        value, quality = start.value.copy(), start.quality.copy()
        received = start.received_mono_ns.copy()
        for name, number in (("LT-101", 6.0 + per_s * second), ("PT-101", 0.5)):
            row = TAGS.row_of[name]
            value[row], quality[row], received[row] = number, 0, start.mono_ns + second * SECOND
        seen = replace(
            start,
            mono_ns=start.mono_ns + second * SECOND,
            wall_ns=start.wall_ns + second * SECOND,
            value=value,
            quality=quality,
            received_mono_ns=received,
        )
        _, memory = evaluate(RULES, seen, memory, seen.mono_ns)
    site.board.publish(snapshot=seen, memory=memory)
    return site


async def test_the_time_left_of_every_watched_limit() -> None:
    async with site_after(120, 0.01).client("viewer") as client:
        answer = await client.get(f"{API}/forecasts")
    assert answer.status_code == 200, answer.text
    up, down, pressure = answer.json()
    assert (up["id"], up["tag"], up["limit"], up["eu"], up["rising"]) == ("LT-101.HH", "LT-101", 11.0, "m", True)
    assert up["minutes"] == pytest.approx((11.0 - 7.2) / 0.6)
    assert (up["required_min"], up["trend_per_h"], up["known"]) == (5.0, pytest.approx(36.0), True)
    assert up["at"] == "2026-01-01T00:02:00.123Z"
    assert (down["minutes"], down["known"], down["verdict"]) == (None, True, "false"), "it moves away"
    assert (pressure["eu"], pressure["minutes"], pressure["known"]) == ("MPa", None, True)


async def test_of_one_tag_only() -> None:
    async with site_after(5, 0.01).client("viewer") as client:
        found = (await client.get(f"{API}/forecasts", params={"tag": "PT-101"})).json()
        assert [one["id"] for one in found] == ["PT-101.H"]
        assert (await client.get(f"{API}/forecasts", params={"tag": "nothing"})).json() == []


async def test_unknown_is_told_as_unknown() -> None:
    async with site_after(5, 0.01).client("viewer") as client:
        for one in (await client.get(f"{API}/forecasts")).json():
            assert (one["known"], one["minutes"], one["trend_per_h"]) == (False, None, None)


async def test_a_plant_without_rules_forecasts_nothing() -> None:
    async with Site().client("viewer") as client:
        assert (await client.get(f"{API}/forecasts")).json() == []
