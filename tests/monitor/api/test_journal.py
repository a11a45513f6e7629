"""The journal over HTTP: paging without gaps or doubles, and CSV that a spreadsheet may open."""

import csv
import io
import tempfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alarms.search import JournalSearch
from monitor.api import dto, exports
from monitor.api.exports import CSV, FORMULA_STARTS, MOST_ROWS_HEADER, defused
from monitor.api.journal import JSON, wanted_format
from monitor.api.journal_xlsx import MEDIA_TYPE as XLSX
from tests.monitor.api.fake_plant import WALL_NS
from tests.monitor.api.fakes import Site, assert_problem

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
    monkeypatch.setattr(exports, "EXPORT_PAGE", 10)
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
    note = f"# 行数已达上限，其余记录请用 after={total - 19} 继续导出"
    assert seqs(cut.content) == [*map(str, range(total, total - 20, -1)), note]
    assert seqs(cut.content)[:-1] + seqs(rest.content) == seqs(everything.content)
    assert [answer.headers[MOST_ROWS_HEADER] for answer in (everything, cut)] == ["100000", "20"]


async def test_a_journal_that_cannot_be_read_is_no_half_file() -> None:
    site = filled(3)
    site.journal.broken = True
    async with site.client("viewer") as client:
        assert (await client.get(URL, headers={"accept": "text/csv"})).status_code == 500


async def test_what_is_looked_for_reaches_the_journal_on_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "EXPORT_PAGE", 10)
    site = filled(25)
    wanted = {
        "tag": "LT-101",
        "hazard_source": "HS-2",
        "trigger": "raised",
        "state": "unacknowledged",
        "person": "wang-qiang",
        "kind": "transition",
        "text": "100%_满'",
    }
    async with site.client("viewer") as client:
        for accept in (JSON, CSV, XLSX):
            site.journal.searches.clear()
            answer = await client.get(URL, params=wanted, headers={"accept": accept})
            assert answer.status_code == 200
            assert set(site.journal.searches) == {JournalSearch(**wanted)}
            assert len(site.journal.searches) == (1 if accept == JSON else 3)


SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells(content: bytes) -> list[dict[str, tuple[str, str]]]:
    """Every row of the first sheet as column letter -> (type, text), read as the file format says."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert book.testzip() is None
        root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        names = book.namelist()
        shared: list[str] = []
        if "xl/sharedStrings.xml" in names:
            items = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
            shared = ["".join(text.text or "" for text in item.iter(f"{SHEET}t")) for item in items]
    assert list(root.iter(f"{SHEET}f")) == []  # no formula anywhere
    found = []
    for row in root.iter(f"{SHEET}row"):
        line = {}
        for cell in row.iter(f"{SHEET}c"):
            kind = cell.get("t", "n")
            text = "".join(part.text or "" for part in cell.iter() if part.tag in (f"{SHEET}v", f"{SHEET}t"))
            line[str(cell.get("r")).rstrip("0123456789")] = (kind, shared[int(text)] if kind == "s" else text)
        found.append(line)
    return found


async def test_a_workbook_holds_text_as_text_and_numbers_as_numbers() -> None:
    site = filled(3)
    async with site.client("viewer") as client:
        answer = await client.get(URL, headers={"accept": XLSX})
        english = await client.get(URL, headers={"accept": XLSX, "accept-language": "en"})
    assert answer.headers["content-type"] == XLSX
    assert answer.headers["content-disposition"] == 'attachment; filename="journal-demo.xlsx"'
    header, login, third, *_ = cells(answer.content)
    columns = {name: column for column, (_, name) in header.items()}
    assert len(cells(answer.content)) == 1 + 4
    assert login[columns["类别"]][1] == "login"
    assert third[columns["序号"]] == ("n", "3")
    assert third[columns["值"]] == ("n", "-1.5")
    kind, text = third[columns["备注"]]
    assert (kind != "n", text) == (True, "=cmd|' /C calc'!A0")
    assert third[columns["内容(中文)"]][1] == '第 3 行，带\n换行和"引号"'
    # days since 1899-12-30 of 2026-01-01 08:00:03.123, site time
    assert float(third[columns["现场时间"]][1]) == pytest.approx(46023 + (8 * 3600 + 3.123) / 86400, abs=1e-8)
    assert [text for _, text in cells(english.content)[0].values()][:3] == ["seq", "time (UTC)", "site time"]


async def test_a_workbook_goes_over_pages_says_where_it_was_cut_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(exports, "EXPORT_PAGE", 10)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    site = filled(35)
    async with site.client("viewer") as client:
        total = len(site.journal.kept)
        everything = await client.get(URL, headers={"accept": XLSX})
        cut = await client.get(URL, params={"limit": "20"}, headers={"accept": XLSX})
        site.journal.broken = True
        broken = await client.get(URL, headers={"accept": XLSX})
    assert broken.status_code == 500
    assert [row["A"][1] for row in cells(everything.content)][1:] == [str(seq) for seq in range(total, 0, -1)]
    shown = [row["A"][1] for row in cells(cut.content)]
    assert shown[1:21] == [str(seq) for seq in range(total, total - 20, -1)]
    assert f"after={total - 19}" in shown[21]
    assert cut.headers[MOST_ROWS_HEADER] == "20"
    assert len(shown) == 22
    assert list(tmp_path.iterdir()) == []


async def test_an_empty_workbook_opens() -> None:
    site = Site()
    async with site.client("viewer") as client:
        site.journal.kept.clear()
        assert len(cells((await client.get(URL, headers={"accept": XLSX})).content)) == 1


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
        {"tag": "a b"},
        {"hazard_source": "x" * 65},
        {"trigger": "Raised"},
        {"state": "normal;"},
        {"person": "王强"},
        {"kind": "x" * 41},
        {"text": ""},
        {"text": "x" * 101},
        {"from": "yesterday"},
        {"from": "2026-01-01T00:00:00"},
        {"to": "2026-13-01T00:00:00Z"},
    ],
)
async def test_hostile_parameters_are_422(parameters: dict[str, str]) -> None:
    async with filled(1).client("viewer") as client:
        problem = assert_problem(await client.get(URL, params=parameters), 422, "validation")
        assert len(problem["errors"]) == 1
        assert next(iter(parameters)) in str(problem["errors"])


async def test_the_ends_of_time_are_no_error() -> None:
    async with filled(1).client("viewer") as client:
        window = {"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}
        assert len((await client.get(URL, params=window)).json()["rows"]) == 2


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("text/csv;q=0.9, application/json", CSV),
        ("application/json, text/csv", JSON),
        ("TEXT/CSV", CSV),
        ("text/csvx", JSON),
        (XLSX, XLSX),
        (f"{XLSX}, text/csv", XLSX),
        ("application/vnd.ms-excel, text/csv", CSV),
    ],
)
def test_who_asks_for_what(accept: str, expected: str) -> None:
    assert wanted_format(accept) == expected


@given(st.text(max_size=20) | st.floats(allow_nan=False) | st.integers() | st.none())
def test_no_text_cell_starts_a_formula(cell: object) -> None:
    shown = defused(cell)
    if isinstance(cell, str):
        assert not str(shown).startswith(FORMULA_STARTS)
        assert str(shown).endswith(cell)
    else:
        assert shown is cell
