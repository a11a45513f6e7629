"""Floods, figures, nuisance alarms, the sequence sheet and drift over HTTP, on the fakes."""

import csv
import io
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest

from monitor.alarms.annunciations import Step
from monitor.alarms.classes import Philosophy
from monitor.alarms.drift import approval_entry, approval_of, compare
from monitor.alarms.flood import PositionFlood
from monitor.alarms.positions import OperatorPosition
from monitor.alarms.record import JournalRow
from monitor.api.sequence import MOST_EVENTS
from monitor.api.times import rfc3339
from tests.monitor.api.fake_board import FakeLink
from tests.monitor.api.fake_plant import PLANT, WALL_NS
from tests.monitor.api.fakes import Site, assert_problem

API = "/api/v1"
S = 1_000_000_000
HOUR_NS = 3600 * S
TWO = replace(
    PLANT,
    philosophy=Philosophy(
        positions=(
            OperatorPosition(id="east", name_zh="东", name_en="east", hazard_sources=("HS-1",)),
            OperatorPosition(id="west", name_zh="西", name_en="west", hazard_sources=("HS-2",)),
        )
    ),
)


async def get(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    answer = await client.get(API + path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def table(client: httpx.AsyncClient, path: str, **parameters: Any) -> list[list[str]]:
    answer = await client.get(API + path, params=parameters, headers={"accept": "text/csv", "accept-language": "en"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def step(seq: int, ago_s: float, alarm_id: str = "LT-101.H", trigger: str = "raised", occurrence: int = 1) -> Step:
    return Step(
        seq=seq,
        decided_wall_ns=WALL_NS - round(ago_s * S),
        id=alarm_id,
        occurrence=occurrence,
        trigger=trigger,
        annunciated=True,
        priority=3,
        person=trigger == "acknowledged",
    )


# --- floods -----------------------------------------------------------------------------------
async def test_a_calm_plant_has_positions_without_folds() -> None:
    async with Site().client("viewer") as client:
        board = await get(client, "/flood")
    assert (board["window_s"], board["begin_above"], board["end_below"]) == (600.0, 10, 5)
    assert board["positions"] == [
        {"position": "all", "in_flood": False, "since": None, "count": 0, "peak": 0, "pinned": [], "folds": []}
    ]


async def test_standing_alarms_are_folded_and_pinned() -> None:
    site = Site()
    site.board.judge("LT-101.HH", "LT-101.H", "SIS-101.bypass", "PLC-2.link", "AT-201.H")
    flood = PositionFlood(position="all", in_flood=True, since_wall_ns=WALL_NS, count=12, peak=14)
    site.board.publish(floods=(flood,))
    async with site.client("viewer") as client:
        (found,) = (await get(client, "/flood"))["positions"]
    assert (found["in_flood"], found["count"], found["peak"], found["since"]) == (True, 12, 14, rfc3339(WALL_NS))
    assert found["pinned"] == ["LT-101.HH", "SIS-101.bypass", "AT-201.H"]
    by_key = {item["key"]: item for item in found["folds"]}
    assert set(by_key) == {"PLC-2", "process"}
    assert by_key["PLC-2"]["by"] == "cause"
    assert by_key["PLC-2"]["name"] == {"zh": "PLC-2 控制器", "en": "PLC-2 controller"}
    assert by_key["PLC-2"]["first_out"] == ["PLC-2.link"]


async def test_each_position_folds_what_it_hears() -> None:
    site = Site(plant=TWO)
    site.board.judge("LT-101.H", "AT-201.H", "PLC-2.link")
    async with site.client("viewer") as client:
        east, west = (await get(client, "/flood"))["positions"]
    assert east["pinned"] == []
    assert west["pinned"] == ["AT-201.H"]
    assert [item["alarms"] for item in east["folds"]] == [["PLC-2.link"], ["LT-101.H"]]
    assert [item["alarms"] for item in west["folds"]] == [["PLC-2.link"]]


# --- figures ----------------------------------------------------------------------------------
async def test_figures_count_new_annunciations_against_targets() -> None:
    site = Site()
    site.journal.stepped = [
        *(step(at, 3600 - at, occurrence=at) for at in range(1, 13)),
        step(13, 600, trigger="acknowledged", occurrence=12),
    ]
    async with site.client("viewer") as client:
        (found,) = (await get(client, "/figures"))["positions"]
    assert (found["position"], found["annunciations"], found["days"], found["enough"]) == ("all", 12, 1.0, False)
    assert (found["peak_10_min"], found["floods"], len(found["hourly"])) == (12, 1, 24)
    assert found["top"][0] == {
        "id": "LT-101.H",
        "subject": {"zh": "LT-101.H", "en": "LT-101.H"},
        "count": 12,
        "share": 1.0,
    }
    assert found["acknowledge_s"]["p99"] == 3600 - 12 - 600
    assert found["unacknowledged"] == 11
    judged = {item["figure"]: item for item in found["judged"]}
    assert judged["peak_10_min"]["verdict"] == "beyond"
    assert judged["per_hour"]["verdict"] == "acceptable"
    assert judged["per_hour"]["certainty"] == "found"


async def test_figures_of_one_position() -> None:
    site = Site(plant=TWO)
    site.journal.stepped = [
        step(1, 100),
        step(2, 90, "AT-201.H"),
        step(3, 80, "AT-201.H", occurrence=2),
        step(4, 70, "PLC-2.link"),
        step(5, 60, "gone.H"),
    ]
    async with site.client("viewer") as client:
        both = (await get(client, "/figures"))["positions"]
        (west,) = (await get(client, "/figures", position="west"))["positions"]
        assert_problem(await client.get(f"{API}/figures?position=north"), 422, "validation")
    assert [(item["position"], item["annunciations"]) for item in both] == [("east", 3), ("west", 4)]
    assert west == both[1]


async def test_figures_as_csv() -> None:
    site = Site()
    site.journal.stepped = [step(1, 100)]
    async with site.client("viewer") as client:
        rows = await table(client, "/figures")
    assert rows[0][:4] == ["position", "figure", "value", "unit"]
    found = {row[1]: row for row in rows[1:]}
    assert found["annunciations"][2] == "1"
    assert found["per_hour"][6:] == ["acceptable", "ISA-18.2 / IEC 62682", "found"]
    assert found["top: LT-101.H"][2] == "1"


@pytest.mark.parametrize("path", ["/figures", "/figures/nuisance", "/sequence"])
async def test_a_period_runs_forward_and_not_for_ever(path: str) -> None:
    async with Site().client("viewer") as client:
        later, now = rfc3339(WALL_NS + HOUR_NS), rfc3339(WALL_NS)
        assert_problem(await client.get(API + path, params={"from": later, "to": now}), 422, "validation")
        assert_problem(await client.get(API + path, params={"from": now, "to": now}), 422, "validation")
        long_ago = rfc3339(WALL_NS - 401 * 24 * HOUR_NS)
        assert_problem(await client.get(API + path, params={"from": long_ago, "to": now}), 422, "validation")
        assert (await client.get(API + path, params={"from": now, "to": later})).status_code == 200


async def test_nuisance_alarms_are_listed_with_their_criteria() -> None:
    site = Site()
    site.board.judge("LT-101.HH")
    site.clock.advance(25 * 3600)
    site.board.publish()
    now_s = 25 * 3600
    site.journal.stepped = [
        *(step(at, 500 + at - now_s, occurrence=at) for at in (3, 2, 1)),
        step(4, 100 - now_s, "AT-201.H"),
        step(5, 98 - now_s, "AT-201.H", "returned"),
    ]
    async with site.client("viewer") as client:
        found = await get(client, "/figures/nuisance")
    assert found["criteria"]["chattering_count"] == 3
    assert [(item["id"], item["worst"], item["standing"]) for item in found["chattering"]] == [("LT-101.H", 3.0, False)]
    assert [(item["id"], item["worst"]) for item in found["fleeting"]] == [("AT-201.H", 2.0)]
    assert [(item["id"], item["standing"], item["worst"]) for item in found["stale"]] == [
        ("LT-101.HH", True, 25.0 * 3600)
    ]
    assert found["stale"][0]["subject"] == {"zh": "1号罐液位", "en": "Tank 1 level"}


# --- sequence of events -----------------------------------------------------------------------
def turn(seq: int, alarm_id: str, tag: str | None, ms: int, **changes: Any) -> dict[str, Any]:
    """A transition's body; decided and received at `ms` after the clock's start."""
    at = WALL_NS + ms * 1_000_000
    body: dict[str, Any] = {
        "seq": seq,
        "id": alarm_id,
        "occurrence": 1,
        "trigger": "raised",
        "priority": 3,
        "tag": tag,
        "device": "PLC-1",
        "value": 11.25,
        "eu": "m",
        "source_time_ns": None,
        "received_wall_ns": at if tag else None,
        "decided_wall_ns": at,
        "message_zh": "=1+1",
        "message_en": "level high",
    }
    return body | changes


async def test_the_sheet_stands_by_what_happened_first() -> None:
    site = Site()
    site.journal.turned = [
        turn(1, "LT-101.H", "LT-101", 1000),
        turn(2, "AT-201.H", "AT-201", 1100, source_time_ns=WALL_NS + 300_000_000),
        turn(3, "PLC-2.link", None, 5000),
        turn(4, "gone.H", "gone", 6000, trigger="returned"),
    ]
    async with site.client("viewer") as client:
        period = {"from": rfc3339(WALL_NS), "to": rfc3339(WALL_NS + 60 * S)}
        found = await get(client, "/sequence", **period)
        rows = await table(client, "/sequence", **period)
    assert found["complete"] is True
    assert [event["seq"] for event in found["events"]] == [2, 1, 3, 4]
    first, second, link, gone = found["events"]
    assert (first["time_from"], first["resolution_ms"], first["first_out"]) == ("source", 200.0, True)
    assert first["at"] == rfc3339(WALL_NS + 300_000_000)
    assert (second["time_from"], second["earliest"], second["latest"]) == (
        "received",
        rfc3339(WALL_NS + 800_000_000),
        rfc3339(WALL_NS + 1_000_000_000),
    )
    assert (link["time_from"], link["tag"], link["resolution_ms"]) == ("decided", None, 250.0)
    assert gone["subject"] == {"zh": "gone.H", "en": "gone.H"}
    assert [event["undecided_with_next"] for event in found["events"]] == [0, 0, 0, 0]
    assert rows[0][0] == "seq"
    assert [row[0] for row in rows[1:]] == ["2", "1", "3", "4"]
    assert rows[1][-2] == "'=1+1", "no cell may start a formula"


async def test_what_the_scan_classes_cannot_tell_is_undecided() -> None:
    site = Site()
    site.journal.turned = [turn(1, "LT-101.H", "LT-101", 1000), turn(2, "AT-201.H", "AT-201", 1100)]
    async with site.client("viewer") as client:
        found = await get(client, "/sequence", **{"from": rfc3339(WALL_NS), "to": rfc3339(WALL_NS + 60 * S)})
    first, second = found["events"]
    assert (first["undecided_with_next"], first["undecided_within_ms"]) == (1, 300.0)
    assert first["first_out"]
    assert second["first_out"]


async def test_a_clock_that_errs_is_not_believed() -> None:
    """The server's clock is 3 s behind ours: its stamp cannot prove that its event came before the other."""
    site = Site()
    site.journal.turned = [
        turn(1, "LT-101.H", "LT-101", 2000, source_time_ns=WALL_NS - 1_000_000_000),
        turn(2, "AT-201.H", "AT-201", 2000),
    ]
    period = {"from": rfc3339(WALL_NS), "to": rfc3339(WALL_NS + 60 * S)}
    async with site.client("viewer") as client:
        (believed, _) = (await get(client, "/sequence", **period))["events"]
        site.board.publish(links={"PLC-1": FakeLink(device="PLC-1", clock_skew_ns=-3 * S)})
        (widened, _) = (await get(client, "/sequence", **period))["events"]
    assert (believed["seq"], believed["undecided_with_next"], believed["resolution_ms"]) == (1, 0, 200.0)
    assert (widened["seq"], widened["undecided_with_next"], widened["resolution_ms"]) == (1, 1, 3200.0)


async def test_an_on_delay_is_taken_off() -> None:
    site = Site()
    site.journal.turned = [turn(1, "LT-101.HH", "LT-101", 1000)]
    async with site.client("viewer") as client:
        (event,) = (await get(client, "/sequence", **{"from": rfc3339(WALL_NS), "to": rfc3339(WALL_NS + S * 9)}))[
            "events"
        ]
    assert event["latest"] == rfc3339(WALL_NS + 500_000_000)


async def test_a_sheet_that_is_cut_says_so() -> None:
    site = Site()
    site.journal.turned = [turn(at, "LT-101.H", "LT-101", at) for at in range(MOST_EVENTS + 5)]
    async with site.client("viewer") as client:
        period = {"from": rfc3339(WALL_NS), "to": rfc3339(WALL_NS + 60 * S)}
        found = await get(client, "/sequence", **period)
        rows = await table(client, "/sequence", **period)
        site.journal.turned = site.journal.turned[:MOST_EVENTS]
        whole = await table(client, "/sequence", **period)
    assert (found["complete"], len(found["events"])) == (False, MOST_EVENTS)
    left_out = rfc3339(site.journal.turned[-1]["decided_wall_ns"] + 1_000_000)
    assert rows[-1] == [f"# cut at the most rows a file holds; go on with from={left_out}"]
    assert rows[:-1] == whole


# --- definitions ------------------------------------------------------------------------------
async def approve(site: Site, hashes: dict[str, str], reason: str = "MOC-7") -> JournalRow:
    entry = approval_entry(
        hashes=hashes, fingerprint="files", person="li", person_name="李娜", reason=reason, wall_ns=WALL_NS
    )
    await site.journal.record(entry)
    row = site.journal.kept[-1]
    body = orjson.loads(row.body) | {"wall_ns": row.wall_ns}
    site.journal.kept[-1] = replace(row, body=orjson.dumps(body))
    return site.journal.kept[-1]


async def test_drift_is_unknown_until_it_was_compared() -> None:
    async with Site().client("viewer") as client:
        found = await get(client, "/definitions/drift")
    assert (found["state"], found["drift"], found["approved_at"]) == ("unknown", 0, None)


async def test_drift_names_what_runs_otherwise() -> None:
    site = Site()
    row = await approve(site, {"LT-101.HH": "old", "LT-101.H": "same"})
    approval = approval_of(row.seq, orjson.loads(row.body))
    drift = compare(approval, {"LT-101.HH": "new", "LT-101.H": "same"}, "running", "folder")
    site.board.publish(drift=drift)
    async with site.client("viewer") as client:
        found = await get(client, "/definitions/drift")
        health = await get(client, "/health")
    assert (found["state"], found["drift"], found["files_differ"], found["reason"]) == ("drifted", 1, True, "MOC-7")
    assert (found["approved_by"], found["approved_by_name"]) == ("li", "李娜")
    assert found["definitions"] == [
        {"id": "LT-101.HH", "drift": "changed", "approved_hash": "old", "running_hash": "new"}
    ]
    assert health["approval"] == "drifted"


async def test_the_history_of_a_definition() -> None:
    site = Site()
    await approve(site, {"LT-101.HH": "1"}, "first")
    await approve(site, {"LT-101.HH": "1", "LT-101.H": "9"}, "another alarm")
    body: dict[str, object] = {
        "trigger": "definition_changed",
        "definition_hash": "2",
        "message_zh": "定义已变更",
        "message_en": "definition changed",
    }
    site.journal.add("transition", body, id="LT-101.HH")
    await approve(site, {"LT-101.HH": "2", "LT-101.H": "9"}, "MOC-8")
    await approve(site, {"LT-101.H": "9"}, "taken out")
    async with site.client("viewer") as client:
        found = await get(client, "/definitions/LT-101.HH/history")
        assert_problem(await client.get(f"{API}/definitions/nothing.HH/history"), 404, "not-found")
    assert [(step["step"], step["hash"], step["person"]) for step in found["steps"]] == [
        ("approved", None, "li"),
        ("approved", "2", "li"),
        ("changed_when_active", "2", None),
        ("approved", "1", "li"),
    ]
    assert found["running_hash"]
    assert "MOC-8" in found["steps"][1]["message"]["en"]
