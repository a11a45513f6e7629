"""What a tired engineer and a spreadsheet do to a plant folder: one clear mistake each, not a heap of what follows."""

from pathlib import Path

import pytest

from tests.monitor.plant.kinds.folders import is_chinese
from tests.monitor.plant.test_folder import change, mistakes, row_of


def errors(folder: Path) -> list[str]:
    return [item.text("en") for item in mistakes(folder) if item.severity == "error"]


def only_error(folder: Path) -> str:
    (found,) = errors(folder)
    return found


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ('"10,8"', "did you mean 10.8?"),
        ("１０．８", "type 10.8"),
        ("#VALUE!", "error of a formula in Excel"),
        ("ten", "'ten' is not a number"),
        ("nan", "is not a finite number"),
    ],
)
def test_a_number_that_cannot_be_read_is_one_mistake(folder: Path, typed: str, words: str) -> None:
    row = row_of(folder, "alarms.csv", "LT-101A.HH")
    line = change(folder, "alarms.csv", row, row.replace(",10.8,", f",{typed},", 1))
    found = only_error(folder)
    assert found.startswith(f"alarms.csv:{line}: set_point: ")
    assert words in found


def test_a_number_in_a_toml_file_with_a_comma_is_a_syntax_error_at_its_place(folder: Path) -> None:
    line = change(folder, "plant.toml", "keep_days = 1", "keep_days = 1,5")
    (found,) = mistakes(folder)
    assert found.line == line
    assert "小数点" in found.zh
    assert "at character 14" in found.en


@pytest.mark.parametrize("name", ["tags.csv", "alarms.csv"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty: the first line names the columns"),
        (b"PK\x03\x04" + bytes(range(256)), "Excel workbook"),
        ("id,标签".encode("utf-16"), "UTF-16"),
        (b"id,tag\n\xff\xff\xff", "neither UTF-8 nor GB18030"),
    ],
)
def test_a_sheet_that_is_none_is_one_mistake(folder: Path, name: str, content: bytes, words: str) -> None:
    (folder / name).write_bytes(content)
    assert words in only_error(folder)


@pytest.mark.parametrize("name", ["tags.csv", "alarms.csv"])
@pytest.mark.parametrize(("sign", "words"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_one_mistake(folder: Path, name: str, sign: str, words: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text.replace(",", sign), encoding="utf-8")
    found = only_error(folder)
    assert found.startswith(f"{name}:1: {words} between the columns")


def test_a_column_whose_name_is_misspelt_is_not_said_for_every_row(folder: Path) -> None:
    change(folder, "tags.csv", ",address,", ",adress,")
    assert sorted(errors(folder)) == [
        "tags.csv:1: address: this column is missing",
        "tags.csv:1: adress: unknown column; did you mean address?",
    ]


def test_quoting_that_is_broken_is_one_mistake(folder: Path) -> None:
    row = row_of(folder, "tags.csv", "LT-202A,")
    line = change(folder, "tags.csv", row, row.replace(",", ',"', 1))
    assert only_error(folder).startswith(f"tags.csv:{line}: broken quoting")


def test_what_stands_in_the_other_files_is_told_all_the_same(folder: Path) -> None:
    (folder / "alarms.csv").write_text("")
    change(folder, "plant.toml", "timezone", "time_zone")
    change(folder, "tags.csv", ",MPa,", ",mega,")
    change(folder, "interlocks.toml", "[[", "[")
    files = [item.file for item in mistakes(folder) if item.severity == "error"]
    assert files == ["plant.toml", "tags.csv", "alarms.csv", "interlocks.toml"]


@pytest.mark.parametrize(("typed", "meant"), [("metres", "m"), ("米", "m"), ("Ｍ", "m"), ("METER", "m")])
def test_a_unit_that_is_none_names_the_likely_one(folder: Path, typed: str, meant: str) -> None:
    row = row_of(folder, "tags.csv", "LT-101A,")
    line = change(folder, "tags.csv", row, row.replace(",m,", f",{typed},", 1))
    found = only_error(folder)  # not what follows from it for tanks and rules
    assert found.startswith(f"tags.csv:{line}: eu: ")
    assert meant in found.split(typed)[1]


def test_an_address_that_cannot_be_read_begins_in_the_language_asked_for(folder: Path) -> None:
    row = row_of(folder, "tags.csv", "LT-101A,")
    change(folder, "tags.csv", row, row.replace("hr:", "hr:9999", 1))
    (found,) = (item for item in mistakes(folder) if item.severity == "error")
    assert is_chinese(found.zh)
    assert "hr:65535" in found.zh
    assert not is_chinese(found.en)
