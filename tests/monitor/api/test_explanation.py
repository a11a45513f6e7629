"""Why an alarm is what it is, over HTTP: rules with their delays, and what the service judges itself."""

from dataclasses import replace

import numpy as np

from rules.catalog import Delays, Limit
from rules.columns.snapshot import Snapshot
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.memory import Memory, seed
from tests.monitor.api.fake_plant import PLANT, TAGS, snapshot
from tests.monitor.api.fakes import Site, assert_problem

API = "/api/v1"
SECOND = 1_000_000_000
RULES = compile_rules(
    [
        Limit(id="LT-101.HH", tag="LT-101", kind="HH", set_point=11.0, delays=Delays(on_delay_ns=30 * SECOND)),
        Limit(id="AT-201.H", tag="AT-201", kind="H", set_point=10.0),
    ],
    TAGS,
)


def at(seconds: int, **values: tuple[float, int]) -> Snapshot:
    """The plant of the fakes with some readings replaced."""
    seen = snapshot()
    value, quality = seen.value.copy(), seen.quality.copy()
    for name, reading in values.items():
        row = TAGS.row_of[name.replace("_", "-")]
        value[row], quality[row] = reading
    return replace(
        seen,
        mono_ns=seen.mono_ns + seconds * SECOND,
        wall_ns=seen.wall_ns + seconds * SECOND,
        value=value,
        quality=quality,
        received_mono_ns=np.where(seen.received_mono_ns > 0, seen.received_mono_ns + seconds * SECOND, 0),
    )


def swept(site: Site, memory: Memory, *moments: Snapshot) -> None:
    """Publish the board after these sweeps."""
    for seen in moments:
        _, memory = evaluate(RULES, seen, memory, seen.mono_ns)
    site.board.publish(snapshot=moments[-1], memory=memory)


def site_with_rules() -> Site:
    return Site(plant=replace(PLANT, rule_set=RULES))


async def test_a_running_delay_is_told_in_words_and_numbers() -> None:
    site = site_with_rules()
    high = {"LT_101": (11.5, 0)}
    swept(site, Memory.fresh(RULES, snapshot().mono_ns), at(0, **high), at(12, **high))
    async with site.client("viewer") as client:
        answer = await client.get(f"{API}/alarms/LT-101.HH/explanation")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["id"], body["rule"], body["verdict"], body["condition"]) == ("LT-101.HH", True, "false", "true")
    assert body["at"] == "2026-01-01T00:00:12.123Z"
    assert body["text"]["zh"].startswith("成立：")
    assert body["text"]["en"].startswith("TRUE: ")
    assert body["delay"]["zh"] == "报警延时 30 s 正在计时，已计 12.0 s，还差 18.0 s"
    assert body["inputs"] == ["LT-101"]
    assert {figure["name"]["en"]: figure["value"] for figure in body["figures"]}["left"] == 18.0


async def test_what_a_restart_waits_for_is_told() -> None:
    site = site_with_rules()
    memory = seed(RULES, {"AT-201.H": True}, snapshot().mono_ns)
    swept(site, memory, at(1, AT_201=(3.0, 1)))
    async with site.client("viewer") as client:
        body = (await client.get(f"{API}/alarms/AT-201.H/explanation")).json()
    assert (body["verdict"], body["condition"], body["awaiting"]) == ("unknown", "unknown", ["AT-201"])
    assert "AT-201" in body["delay"]["en"]


async def test_a_number_that_is_none_is_null() -> None:
    site = site_with_rules()
    swept(site, Memory.fresh(RULES, snapshot().mono_ns), at(1, LT_101=(float("nan"), 4)))
    async with site.client("viewer") as client:
        answer = await client.get(f"{API}/alarms/LT-101.HH/explanation")
    assert answer.status_code == 200
    assert answer.json()["verdict"] == "unknown"
    assert all(figure["value"] is None or isinstance(figure["value"], float) for figure in answer.json()["figures"])


async def test_an_alarm_without_a_rule_has_a_plain_sentence() -> None:
    site = site_with_rules()
    swept(site, Memory.fresh(RULES, snapshot().mono_ns), at(0))
    async with site.client("viewer") as client:
        body = (await client.get(f"{API}/alarms/PLC-2.link/explanation")).json()
        assert (body["rule"], body["verdict"]) == (False, "false")
        assert body["text"]["zh"] == "由系统自身判断，没有规则：PLC-2.link通信中断，现在不成立"
        site.board.judge("PLC-2.link")
        body = (await client.get(f"{API}/alarms/PLC-2.link/explanation")).json()
        assert (body["verdict"], body["condition"]) == ("true", "true")
        assert body["text"]["en"] == "Judged by the service itself, by no rule: PLC-2.link, link down; it holds now"


async def test_an_alarm_that_is_not_there_and_a_stranger() -> None:
    site = site_with_rules()
    async with site.client("viewer") as client:
        assert_problem(await client.get(f"{API}/alarms/nothing/explanation"), 404, "not-found")
    async with site.client() as client:
        assert_problem(await client.get(f"{API}/alarms/LT-101.HH/explanation"), 401, "login")
