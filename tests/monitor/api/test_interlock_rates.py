"""In-service rates over HTTP: the hours sum to the time asked, as JSON and as CSV, whole or by shift, day and month."""

import csv
import io
import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from monitor.interlocks.axes import Service
from monitor.interlocks.judge import SERVICES
from tests.monitor.api.fake_plant import PLANT, WALL_NS
from tests.monitor.api.fakes import Site, assert_problem

API = "/api/v1/interlocks/rates"
HOUR_NS = 3_600_000_000_000
NOW = datetime.fromtimestamp(WALL_NS / 1e9, UTC)
FIRST = PLANT.interlocks[0]
CLASSES = PLANT.register.classes


def code(service: Service) -> int:
    return SERVICES.index(service)


def site_of_two() -> Site:
    """SIS-101 of class B, and SIS-201 of class A in another source."""
    other = replace(FIRST, id="SIS-201", interlock_class="A", hazard_source="HS-2", process_unit="U-2")
    register = replace(PLANT.register, interlocks=(FIRST, other))
    site = Site(plant=replace(PLANT, interlocks=register.interlocks, register=register))
    site.journal.changes = [
        (0, WALL_NS - 20 * HOUR_NS, code(Service.IN_SERVICE)),
        (1, WALL_NS - 30 * HOUR_NS, code(Service.IN_SERVICE)),
        (0, WALL_NS - 8 * HOUR_NS, code(Service.BYPASSED_AUTHORISED)),
        (0, WALL_NS - 7 * HOUR_NS, code(Service.BYPASSED_OVERDUE)),
        (0, WALL_NS - 6 * HOUR_NS, code(Service.RESTORED_UNCHECKED)),
        (0, WALL_NS - 5 * HOUR_NS, code(Service.IN_SERVICE)),
        (0, WALL_NS - HOUR_NS, code(Service.BYPASSED_UNAUTHORISED)),
    ]
    return site


async def get(site: Site, accept: str = "application/json", **parameters: str) -> httpx.Response:
    async with site.client("viewer") as client:
        return await client.get(API, params=parameters, headers={"accept": accept})


async def test_the_last_day_by_class() -> None:
    answer = await get(site_of_two())
    assert answer.status_code == 200, answer.text
    of_b, of_a = answer.json()
    assert (of_b["group"], of_b["interlocks"], of_a["group"]) == ("B", 1, "A")
    assert of_b["hours"] == pytest.approx(
        {
            "in_service": 16.0,
            "bypassed_authorised": 1.0,
            "bypassed_unauthorised": 1.0,
            "bypassed_overdue": 1.0,
            "restored_unchecked": 1.0,
            "unknown": 4.0,
        }
    )
    assert of_b["bypass_hours"] == pytest.approx(4.0)
    assert of_b["percent"] == pytest.approx(100 * 16 / 24)
    assert (of_b["target_percent"], of_b["met"]) == (98.0, False)
    assert (of_a["percent"], of_a["met"]) == (100.0, True)


@pytest.mark.parametrize("by", ["plant", "class", "process_unit", "hazard_source", "interlock"])
@pytest.mark.parametrize("each", ["whole", "shift", "day", "month"])
async def test_all_hours_are_the_time_asked(by: str, each: str) -> None:
    start = NOW - timedelta(hours=100)
    rows = (await get(site_of_two(), by=by, each=each, **{"from": start.isoformat()})).json()
    assert sum(sum(row["hours"].values()) for row in rows) == pytest.approx(200.0)
    for row in rows:
        length = datetime.fromisoformat(row["end"]) - datetime.fromisoformat(row["start"])
        assert sum(row["hours"].values()) == pytest.approx(row["interlocks"] * length.total_seconds() / 3600)
    groups = [row["group"] for row in rows]
    edges = sorted({(row["start"], row["end"]) for row in rows})
    assert len(rows) == len(set(groups)) * len(edges)
    assert (edges[0][0][:16], edges[-1][1][:16]) == (start.isoformat()[:16], NOW.isoformat()[:16])
    assert all(first[1] == second[0] for first, second in itertools.pairwise(edges)), "no gap, no overlap"
    assert len(edges) > (1 if each in ("shift", "day") else 0)


async def test_a_day_is_the_day_of_the_site() -> None:
    rows = (await get(site_of_two(), by="plant", each="day", **{"from": (NOW - timedelta(days=2)).isoformat()})).json()
    assert [row["start"][11:13] for row in rows[1:]] == ["16"] * (len(rows) - 1), "midnight in Shanghai"


async def test_nothing_after_now_is_counted() -> None:
    later = (NOW + timedelta(hours=5)).isoformat()
    rows = (await get(site_of_two(), by="plant", to=later, **{"from": (NOW - timedelta(hours=1)).isoformat()})).json()
    assert sum(rows[0]["hours"].values()) == pytest.approx(2.0)
    future = await get(site_of_two(), to=later, **{"from": (NOW + timedelta(hours=1)).isoformat()})
    assert future.json() == []


async def test_an_authorised_bypass_is_listed_apart_where_the_class_says_so() -> None:
    site = site_of_two()
    register = replace(
        PLANT.register, classes={**CLASSES, "B": replace(CLASSES["B"], counts_authorised=False)}, interlocks=(FIRST,)
    )
    other = Site(plant=replace(PLANT, register=register))
    other.journal.changes = [change for change in site.journal.changes if change[0] == 0]
    (row,) = (await get(other)).json()
    assert row["percent"] == pytest.approx(100 * 16 / 23)
    assert row["hours"]["bypassed_authorised"] == pytest.approx(1.0)


@pytest.mark.parametrize(("language", "head"), [("zh", "投用率 %"), ("en", "in-service rate %")])
async def test_csv_says_the_same(language: str, head: str) -> None:
    site = site_of_two()
    answer = await get(site, accept="text/csv", by="interlock", language=language)
    assert answer.headers["content-type"].startswith("text/csv")
    heads, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert heads[4] == head
    assert [row[0] for row in rows] == ["SIS-101", "SIS-201"]
    assert [sum(float(cell) for cell in row[6:]) for row in rows] == pytest.approx([24.0, 24.0])
    json = (await get(site, by="interlock")).json()
    assert [float(row[4]) for row in rows] == pytest.approx([row["percent"] for row in json], abs=1e-3)


@pytest.mark.parametrize(
    "parameters",
    [
        {"by": "colour"},
        {"each": "hour"},
        {"from": "yesterday"},
        {"from": NOW.isoformat(), "to": (NOW - timedelta(hours=1)).isoformat()},
        {"from": (NOW - timedelta(days=401)).isoformat()},
    ],
)
async def test_a_wrong_question_is_refused(parameters: dict[str, str]) -> None:
    assert_problem(await get(site_of_two(), **parameters), 422, "validation")


async def test_a_stranger_gets_none() -> None:
    async with Site().client() as client:
        assert_problem(await client.get(API), 401, "login")
