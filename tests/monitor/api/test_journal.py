"""The journal over HTTP: paging without gaps or doubles, and CSV that a spreadsheet may open."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.api import dto, journal
from monitor.api.journal import wants_csv
from monitor.api.journal_csv import FORMULA_STARTS, defused
from tests.monitor.api.fakes import WALL_NS, Site, assert_problem

URL = "/api/v1/journal"


def filled(count: int) -> Site:
    site = Site()
    for number in range(1, count + 1):
        site.journal.add(
            "transition",
            {
                "kind": "transition",
                "trigger": "raised",
                "value": -1.5,
                "comment": "=cmd|' /C calc'!A0",
                "person_name": "@王强",
                "tag": "LT-101",
                "message_zh": f'第 {number} 行，带\n换行和"引号"',
                "message_en": f"row {number}",
            },
            id="LT-101.HH" if number % 2 else "AT-201.H",
            wall_ns=WALL_NS + number * 1_000_000_000,
        )
    return site


@pytest.mark.parametrize("limit", [1, 7, 25, 50, 1000])
async def test_pages_hold_every_row_once_newest_first(limit: int) -> None:
    site = filled(50)
    async with site.client("viewer") as client:
        total = len(site.journal.kept)
        seen: list[int] = []
        after: str | None = None
        while True:
            parameters = {"limit": str(limit)} | ({"after": after} if after else {})
            page = dto.JournalPage.model_validate((await client.get(URL, params=parameters)).json())
            assert 0 < len(page.rows) <= limit
            seen += [row.seq for row in page.rows]
            site.journal.add("start", {})  # what happens meanwhile does not move the pages
            after = page.next
            if after is None:
                break
    assert seen == list(range(total, 0, -1))


async def test_rows_by_id_and_time() -> None:
    site = filled(20)
    async with site.client("viewer") as client:
        page = (await client.get(URL, params={"id": "AT-201.H"})).json()
        assert {row["id"] for row in page["rows"]} == {"AT-201.H"}
        assert len(page["rows"]) == 10
        window = {"from": "2026-01-01T08:00:05.123+08:00", "to": "2026-01-01T00:00:08.123Z"}
        page = (await client.get(URL, params=window)).json()
        assert [row["seq"] for row in page["rows"]] == [7, 6, 5]
        row = dto.JournalRow.model_validate(page["rows"][0])
        assert (row.time, row.person_name) == ("2026-01-01T00:00:07.123Z", "@王强")
        assert row.message.en == "row 7"
        assert row.body["value"] == -1.5
        assert page["next"] is None


async def test_csv_opens_in_a_chinese_spreadsheet_and_runs_nothing() -> None:
    site = filled(3)
    async with site.client("viewer") as client:
        answer = await client.get(URL, headers={"accept": "text/csv"})
        english = await client.get(URL, headers={"accept": "text/csv", "accept-language": "en-GB"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="journal-demo.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(lines) == 1 + 4  # the log-in too
    columns = dict(zip(lines[0], lines[2], strict=True))
    assert columns["序号"] == "3"
    assert columns["时间(UTC)"] == "2026-01-01T00:00:03.123Z"
    assert columns["现场时间"] == "2026-01-01 08:00:03.123"
    assert columns["备注"] == "'=cmd|' /C calc'!A0"
    assert columns["人员"] == "'@王强"
    assert columns["值"] == "-1.5"  # a number stays a number
    assert columns["内容(中文)"] == '第 3 行，带\n换行和"引号"'
    assert english.content.decode("utf-8-sig").startswith("seq,time (UTC),site time,kind")


async def test_csv_goes_over_pages_and_says_where_it_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "CSV_PAGE", 10)
    site = filled(95)
    async with site.client("viewer") as client:
        total = len(site.journal.kept)
        everything = await client.get(URL, headers={"accept": "text/csv"})
        cut = await client.get(URL, params={"limit": "20"}, headers={"accept": "text/csv"})
        exact = await client.get(URL, params={"limit": str(total)}, headers={"accept": "text/csv"})
        rest = await client.get(URL, params={"after": str(total - 19)}, headers={"accept": "text/csv"})

    def seqs(content: bytes) -> list[str]:
        return [line[0] for line in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))][1:]

    assert seqs(everything.content) == [str(seq) for seq in range(total, 0, -1)]
    assert seqs(exact.content) == seqs(everything.content)
    note = f"# 行数已达上限，更早的记录请用 after={total - 19} 继续导出"
    assert seqs(cut.content) == [*map(str, range(total, total - 20, -1)), note]
    assert seqs(cut.content)[:-1] + seqs(rest.content) == seqs(everything.content)


async def test_an_empty_journal_is_a_page_and_a_csv_of_one_line() -> None:
    site = Site()
    async with site.client("viewer") as client:
        site.journal.kept.clear()
        assert (await client.get(URL)).json() == {"rows": [], "next": None}
        answer = await client.get(URL, headers={"accept": "text/csv"})
        assert answer.content.count(b"\r\n") == 1


@pytest.mark.parametrize(
    "parameters",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "100001"},
        {"limit": "1e3"},
        {"limit": "9" * 400},
        {"after": "-1"},
        {"after": "9" * 19},
        {"after": "１"},
        {"after": "x"},
        {"id": "a b"},
        {"id": "x" * 65},
        {"id": "'; drop table journal"},
        {"from": "yesterday"},
        {"from": "2026-01-01T00:00:00"},
        {"to": "2026-13-01T00:00:00Z"},
    ],
)
async def test_hostile_parameters_are_422(parameters: dict[str, str]) -> None:
    async with filled(1).client("viewer") as client:
        problem = assert_problem(await client.get(URL, params=parameters), 422, "validation")
        assert len(problem["errors"]) == 1  # type: ignore[arg-type]
        assert next(iter(parameters)) in str(problem["errors"])


async def test_the_ends_of_time_are_no_error() -> None:
    async with filled(1).client("viewer") as client:
        window = {"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}
        assert len((await client.get(URL, params=window)).json()["rows"]) == 2


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", False),
        ("*/*", False),
        ("text/csv", True),
        ("text/csv;q=0.9, application/json", True),
        ("application/json, text/csv", False),
        ("TEXT/CSV", True),
        ("text/csvx", False),
    ],
)
def test_who_asks_for_csv(accept: str, expected: bool) -> None:
    assert wants_csv(accept) is expected


@given(st.text(max_size=20) | st.floats(allow_nan=False) | st.integers() | st.none())
def test_no_text_cell_starts_a_formula(cell: object) -> None:
    shown = defused(cell)
    if isinstance(cell, str):
        assert not str(shown).startswith(FORMULA_STARTS)
        assert str(shown).endswith(cell)
    else:
        assert shown is cell
