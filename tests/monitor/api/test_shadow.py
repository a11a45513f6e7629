"""What shadow rules say otherwise, over HTTP."""

from monitor.hazards.shadow import ShadowDifference, ShadowState
from tests.monitor.api.fake_plant import WALL_NS
from tests.monitor.api.fakes import Site, assert_problem

API = "/api/v1"
STATE = ShadowState(
    folder="/plant/shadow",
    fingerprint="ab" * 32,
    word="refused",
    reason_zh="alarms.csv:3: 没有位号 LT-1",
    reason_en="alarms.csv:3: no tag LT-1",
    since_wall_ns=WALL_NS,
    rules=4,
    same=2,
    changed=1,
    only_live=0,
    only_shadow=1,
    differing=1,
    differences=(
        ShadowDifference(
            id="LT-101.H", live=False, shadow=True, since_wall_ns=WALL_NS, times=3, live_raised=0, shadow_raised=3
        ),
        ShadowDifference(
            id="new.rule", live=None, shadow=False, since_wall_ns=None, times=1, live_raised=0, shadow_raised=1
        ),
    ),
)


async def test_without_a_shadow_there_is_none() -> None:
    site = Site()
    async with site.client("viewer") as client:
        answer = await client.get(f"{API}/shadow")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["differences"]) == ("none", [])


async def test_differences_with_counts_and_since_when() -> None:
    site = Site()
    site.board.publish(shadow=STATE)
    async with site.client("viewer") as client:
        body = (await client.get(f"{API}/shadow")).json()
    assert (body["state"], body["reason"]["en"]) == ("refused", "alarms.csv:3: no tag LT-1")
    assert (body["rules"], body["same"], body["changed"], body["only_live"], body["only_shadow"]) == (4, 2, 1, 0, 1)
    assert body["since"] == "2026-01-01T00:00:00.123Z"
    assert body["differences"] == [
        {
            "id": "LT-101.H",
            "live": False,
            "shadow": True,
            "since": "2026-01-01T00:00:00.123Z",
            "times": 3,
            "live_raised": 0,
            "shadow_raised": 3,
        },
        {
            "id": "new.rule",
            "live": None,
            "shadow": False,
            "since": None,
            "times": 1,
            "live_raised": 0,
            "shadow_raised": 1,
        },
    ]


async def test_a_stranger_sees_nothing() -> None:
    async with Site().client() as client:
        assert_problem(await client.get(f"{API}/shadow"), 401, "login")
