"""The interlock matrix, the rates and the permit book as Excel in China opens them: BOM, Chinese heads, words, site time."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.api import interlock_sheets, permit_sheet
from monitor.api.exports import BOM, MOST_ROWS_HEADER
from monitor.interlocks.axes import Cover
from monitor.interlocks.permits import PermitState
from tests.monitor.api.fakes import Site, assert_problem
from tests.monitor.api.test_permits import API, BYPASSED, NOW, act, approved, ask, read

HOUR_NS = 3600 * 1_000_000_000


async def table(site: Site, path: str, **query: str) -> list[dict[str, str]]:
    """A CSV file as a list of rows by head."""
    async with site.client("viewer") as client:
        answer = await client.get(f"{API}{path}", params=query, headers={"accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].endswith('.csv"')
    assert answer.content.startswith(BOM)
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_the_matrix_in_words() -> None:
    site = Site()
    read(site, BYPASSED)
    (row, *_) = await table(site, "/interlocks")
    assert (row["联锁"], row["投用"], row["许可"]) == ("SIS-101", "未经批准旁路", "无")
    assert row["总状态"] == "未经批准旁路"
    assert row["旁路位"] == "BPS-101"
    assert row["表决"].startswith("1oo")
    (english, *_) = await table(site, "/interlocks", language="en")
    assert (english["interlock"], english["service"]) == ("SIS-101", "bypassed without permit")


async def test_the_permit_book_names_everybody() -> None:
    site = Site()
    permit = await approved(site)
    later = {"start": (NOW + timedelta(hours=4)).isoformat(), "until": (NOW + timedelta(hours=6)).isoformat()}
    other = str((await ask(site, **later))["id"])
    answer = await act(site, "shift_leader", f"/{other}/refuse", {"comment": "=不同意"})
    assert answer.status_code == 200, answer.text
    rows = await table(site, "/permits", state="all")
    mine = next(row for row in rows if row["许可"] == permit)
    assert (mine["联锁"], mine["旁路位"], mine["状态"], mine["原因"]) == ("SIS-101", "BPS-101", "已批准", "更换浮球")
    assert "shift_leader" in mine["审批"] and "manager" in mine["审批"]
    assert mine["补偿措施"] == "专人监护液位"
    assert len(mine["起"]) == len("2026-01-31 16:30:00.123")
    refused = next(row for row in rows if row["许可"] == other)
    assert (refused["状态"], refused["功能校验/说明"]) == ("未批准", "'=不同意"), "no cell starts a formula"
    assert {row["permit"] for row in await table(site, "/permits", language="en")} >= {permit}


async def filled(count: int) -> tuple[Site, str]:
    """A book of so many withdrawn permits, an hour apart, after one that is asked for."""
    site = Site()
    first = site.journal.kept_permits[str((await ask(site))["id"])]
    for number in range(2, count + 1):
        permit = replace(
            first,
            id=f"P-{number:06d}",
            state=PermitState.WITHDRAWN,
            requested_wall_ns=first.requested_wall_ns + number * HOUR_NS,
        )
        site.journal.kept_permits[permit.id] = permit
    return site, first.id


async def test_the_permit_book_is_whole_however_long_it_is() -> None:
    site, first = await filled(2500)
    async with site.client("viewer") as client:
        answer = await client.get(f"{API}/permits", params={"state": "all"}, headers={"accept": "text/csv"})
    assert MOST_ROWS_HEADER not in answer.headers
    assert answer.content.count(BOM) == 1
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["许可"] for row in rows] == [f"P-{number:06d}" for number in range(2500, 0, -1)]
    assert [row["许可"] for row in await table(site, "/permits")] == [first], "open ones if not asked otherwise"
    assert len(await table(site, "/permits", state="withdrawn")) == 2499


async def test_the_permit_book_of_a_period() -> None:
    site, _ = await filled(1800)
    begin, end = (NOW + timedelta(hours=hours) for hours in (100, 1700))
    window = {"state": "all", "from": begin.isoformat(), "to": end.isoformat()}
    rows = await table(site, "/permits", **window)
    assert [row["许可"] for row in rows] == [f"P-{number:06d}" for number in range(1699, 99, -1)]
    async with site.client("viewer") as client:
        listed = await client.get(f"{API}/permits", params={**window, "limit": "500"})
        assert [permit["id"] for permit in listed.json()] == [row["许可"] for row in rows[:500]]
        wrong = await client.get(f"{API}/permits", params={"from": "yesterday"})
        assert_problem(wrong, 422, "validation")


async def test_a_permit_book_that_is_cut_says_so() -> None:
    site, _ = await filled(30)
    async with site.client("viewer") as client:
        answer = await client.get(
            f"{API}/permits", params={"state": "all", "limit": "20"}, headers={"accept": "text/csv"}
        )
    assert answer.headers[MOST_ROWS_HEADER] == "20"
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + 20 + 1
    assert lines[-1] == "# 行数已达上限，其余记录请用 before=11 继续导出"
    rest = await table(site, "/permits", state="all", before="11")
    assert [row["许可"] for row in rest] == [f"P-{number:06d}" for number in range(10, 0, -1)]
    assert len(await table(site, "/permits", state="all", limit="30")) == 30, "nothing is missing, nothing is said"


async def test_a_book_that_cannot_be_read_is_no_half_file() -> None:
    site, _ = await filled(2)
    site.journal.broken = True
    async with site.client("viewer") as client:
        answer = await client.get(f"{API}/permits", headers={"accept": "text/csv"})
    assert answer.status_code == 500


async def test_the_rates_have_chinese_heads_and_a_mark_for_excel() -> None:
    async with Site().client("viewer") as client:
        answer = await client.get(f"{API}/interlocks/rates", headers={"accept": "text/csv"})
    assert answer.content.startswith(BOM)
    (heads, *_) = answer.content.decode("utf-8-sig").splitlines()
    assert heads.split(",")[:5] == ["组", "起", "止", "联锁数", "投用率 %"]


@pytest.mark.parametrize("words", [interlock_sheets.COVERS, permit_sheet.STATES])
def test_every_state_has_words(words: dict[object, tuple[str, str]]) -> None:
    kinds = Cover if words is interlock_sheets.COVERS else PermitState
    assert set(words) == set(kinds)
    assert all(zh and en and zh != en for zh, en in words.values())
