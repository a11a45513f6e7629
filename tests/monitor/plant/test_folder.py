"""`redline check`: every mistake of a plant folder at once, with file, line and column, and what would be right."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from drivers import registry
from monitor.plant.folder import FILES, Checked, fingerprint, read_plant
from monitor.plant.mistakes import Mistake, PlantRefusedError
from tests.monitor.plant.kinds.folders import is_chinese


def check(folder: Path) -> Checked:
    return read_plant(folder, registry)


def mistakes(folder: Path) -> tuple[Mistake, ...]:
    with pytest.raises(PlantRefusedError) as refused:
        check(folder)
    found = refused.value.mistakes
    assert all(is_chinese(item.zh) and not is_chinese(item.en) for item in found), found
    return found


def change(folder: Path, name: str, old: str, new: str) -> int:
    """Replace the first occurrence; returns its line."""
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text, f"{name} has no {old!r}: the demo plant changed, mend this test"
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def row_of(folder: Path, name: str, start: str) -> str:
    return next(line for line in (folder / name).read_text(encoding="utf-8").splitlines() if line.startswith(start))


def test_the_demo_plant_is_good(folder: Path) -> None:
    plant = check(folder).plant
    assert len(plant.tags) >= 280
    assert {source.id for source in plant.hazard_sources} == {"HS-1", "HS-2"}
    assert [rule.id for rule in plant.rules] == [item.id for item in plant.definitions[: len(plant.rules)]]
    generated = {item.id for item in plant.definitions[len(plant.rules) :]}
    assert {"PLC-1.link", "PLC-2.link", "SIS-1.link", "channel.wecom-duty", "system.clock_step"} <= generated
    assert any(item.startswith("HS-1.blind.") for item in generated)
    assert next(item.priority for item in plant.definitions if item.id == "SIS-101.bypass") == 1


def test_short_history_is_a_warning_that_names_the_order(folder: Path) -> None:
    warnings = check(folder).warnings
    assert any("Order 40" in warning.en and warning.column == "history.keep_days" for warning in warnings)


def test_keeping_thirty_days_is_no_warning(folder: Path) -> None:
    change(folder, "plant.toml", "keep_days = 1", "keep_days = 30")
    assert check(folder).warnings == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_every_encoding_that_excel_writes_is_read(folder: Path, encoding: str) -> None:
    wanted = check(folder).plant.tags.tags
    for name in ("tags.csv", "alarms.csv"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_bytes(text.encode(encoding))
    assert check(folder).plant.tags.tags == wanted


CELLS = [
    # file, row begins with, old, new, column, words
    (
        "tags.csv",
        "LT-201A,",
        ",HS-1,",
        ",HS-9,",
        "hazard_source",
        "there is no hazard source 'HS-9'; did you mean HS-",
    ),
    ("tags.csv", "LT-201A,", ",PLC-1,", ",PLC-7,", "device", "there is no device 'PLC-7'"),
    ("tags.csv", "LT-201A,", ",float64,", ",float46,", "type", "did you mean float64?"),
    ("tags.csv", "LT-201A,", ",0,12.3,m,", ",0,１２.3,m,", "high", "type 12.3"),
    ("tags.csv", "LT-201A,", ",0,12.3,m,", ",0,12.3,Mpa,", "eu", "written MPa"),
    ("tags.csv", "LT-201A,", ",0,12.3,m,", ",0,12.3,furlong,", "eu", "unknown unit 'furlong'"),
    ("tags.csv", "LT-201A,", ",0,12.3,m,", ",13,12.3,m,", "low", "must be below high"),
    ("tags.csv", "LT-201A,", ",normal,", ",norml,", "scan_class", "did you mean normal?"),
    ("tags.csv", "LT-201A,", ",V-201,", ",V-999,", "equipment", "there is no equipment 'V-999'"),
    ("tags.csv", "LT-201A,", "LT-201A,", "LT 201A,", "id", "letters, digits"),
    ("tags.csv", "LT-201B,", "LT-201B,", "LT-201A,", "id", "stands twice, first in line"),
    ("alarms.csv", "LT-201A.HH,", ",LT-201A,", ",LT-201X,", "tag", "there is no tag 'LT-201X'"),
    ("alarms.csv", "LT-201A.HH,", ",HH,10.4,", ",HH,99,", "set_point", ""),
    ("alarms.csv", "LT-201A.HH,", ",HH,10.4,", ",HH,ten,", "set_point", "'ten' is not a number"),
    ("alarms.csv", "LT-201A.HH,", ",HH,10.4,", ",HHH,10.4,", "kind", "must be one of HH, H, L, LL"),
    ("alarms.csv", "LT-201A.HH,", ",process,", ",proces,", "class", "did you mean process?"),
    ("alarms.csv", "LT-201A.L,", ",L,1.5,", ",L,9.9,", "set_point", ""),
    ("alarms.csv", "LT-201A.H,", "LT-201A.H,", "LT-201A.HH,", "id", "stands twice"),
]


@pytest.mark.parametrize(
    ("name", "start", "old", "new", "column", "words"), CELLS, ids=[f"{c[0]}-{c[4]}-{c[3]}" for c in CELLS]
)
def test_a_wrong_cell_is_named_with_file_line_and_column(
    folder: Path, name: str, start: str, old: str, new: str, column: str, words: str
) -> None:
    row = row_of(folder, name, start)
    line = change(folder, name, row, row.replace(old, new, 1))
    found = [item for item in mistakes(folder) if item.file == name and item.line == line and item.column == column]
    assert found, [item.text("en") for item in mistakes(folder)]
    assert any(words in item.en for item in found), found
    assert all(item.zh for item in found)


KEYS = [
    ('level = 2', "level = 5", "hazard_sources.level", "from 1 to 4"),
    ('timezone = "Asia/Shanghai"', 'timezone = "Asia/Shanghia"', "site.timezone", "unknown time zone"),
    ('technical_responsible = "qian', 'technical_responsible = "qi', "hazard_sources.technical_responsible", "did you mean qian"),
    ("start_grace_s = 15", "start_grace = 15", "site.start_grace", "did you mean start_grace_s?"),
    ("fast = 0.2", 'fast = "quick"', "scan_classes.fast", "is not a number"),
    ('url_env = "REDLINE_WECOM_URL"', "", "channels.url_env", "is a secret"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "column", "words"), KEYS, ids=[item[2] for item in KEYS])
def test_a_wrong_key_is_named_with_its_line(folder: Path, old: str, new: str, column: str, words: str) -> None:
    line = change(folder, "plant.toml", old, new)
    found = [item for item in mistakes(folder) if item.column == column]
    assert found, [item.text("en") for item in mistakes(folder)]
    assert any(words in item.en for item in found), found
    if new:
        assert found[0].line == line


def test_many_mistakes_are_told_at_once_in_file_and_line_order(folder: Path) -> None:
    for name, start, old, new, _, _ in (CELLS[1], CELLS[4], CELLS[11]):
        row = row_of(folder, name, start)
        change(folder, name, row, row.replace(old, new, 1))
        if name == "tags.csv":
            break
    row = row_of(folder, "alarms.csv", "LT-201A.H,")
    change(folder, "alarms.csv", row, row.replace(",H,", ",HHHH,", 1))
    change(folder, "plant.toml", "level = 2", "level = 7")
    found = mistakes(folder)
    assert {item.file for item in found} == {"plant.toml", "tags.csv", "alarms.csv"}
    order = [(FILES.index(item.file), item.line) for item in found]
    assert order == sorted(order)


def test_broken_quoting_names_the_line_where_the_row_begins(folder: Path) -> None:
    row = row_of(folder, "tags.csv", "LT-201B,")
    line = change(folder, "tags.csv", row, row.replace("201 号", '"201 号', 1))
    assert any(item.file == "tags.csv" and item.line == line and "quot" in item.en for item in mistakes(folder))


def test_a_row_with_too_many_cells_is_named(folder: Path) -> None:
    row = row_of(folder, "tags.csv", "LT-201B,")
    line = change(folder, "tags.csv", row, row + ",more")
    assert any(item.line == line and "quote a cell that contains a comma" in item.en for item in mistakes(folder))


def test_a_plant_without_further_rules_is_good(folder: Path) -> None:
    (folder / "rules.toml").unlink()
    read_plant(folder, registry)


@pytest.mark.parametrize("name", [name for name in FILES if name != "rules.toml"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert any(item.file == name and "missing" in item.en for item in mistakes(folder))


def test_broken_toml_is_named_with_its_line(folder: Path) -> None:
    line = change(folder, "plant.toml", "[scan_classes]", "[scan_classes")
    found = mistakes(folder)
    assert [(item.file, item.line) for item in found if "TOML" in item.en] == [("plant.toml", line)]


def test_an_unknown_column_is_named_with_the_nearest(folder: Path) -> None:
    change(folder, "alarms.csv", "dead_band", "deadband")
    assert any(item.column == "deadband" and "did you mean dead_band?" in item.en for item in mistakes(folder))


def test_an_address_that_the_device_cannot_have_is_named(folder: Path) -> None:
    rows = (folder / "tags.csv").read_text(encoding="utf-8").splitlines()
    row = next(line for line in rows if ",SIS-1," in line and ",di:" in line)
    address = next(cell for cell in row.split(",") if cell.startswith("di:"))
    line = change(folder, "tags.csv", row, row.replace(address, "zz:99999999", 1))
    assert any(item.line == line and item.column == "address" for item in mistakes(folder))


def test_devices_of_one_line_that_contradict_each_other_are_named_with_line_and_key(folder: Path) -> None:
    # SIS-1 moves to the address of PLC-2, over one connection and with another pause
    change(folder, "plant.toml", "port = 15020\n", "port = 15020\nshared_line = true\n")
    line = (
        change(folder, "plant.toml", "port = 15021\n", "port = 15020\nshared_line = true\nrequest_pause_s = 0.25\n") + 2
    )
    (found,) = (item for item in mistakes(folder) if item.severity == "error")
    assert (found.file, found.line, found.column) == ("plant.toml", line, "devices.request_pause_s")
    assert found.en == "must be the same for all devices of line 127.0.0.1:15020: 0.25 here, 0.0 for PLC-2"
    assert "PLC-2 为 0.0" in found.zh


def test_a_generated_alarm_may_change_its_priority_only(folder: Path) -> None:
    sheet = folder / "alarms.csv"
    sheet.write_text(sheet.read_text(encoding="utf-8") + "PLC-1.link,,,,,,,1,,,,,,,,,\n", encoding="utf-8")
    link = next(item for item in check(folder).plant.definitions if item.id == "PLC-1.link")
    assert link.priority == 1
    sheet.write_text(sheet.read_text(encoding="utf-8") + "PLC-2.link,,,5,,,,1,,,,,,,,,\n", encoding="utf-8")
    assert any("generated" in item.en and item.column == "set_point" for item in mistakes(folder))


def test_wrong_interlock_entries_are_named(folder: Path) -> None:
    line = change(folder, "interlocks.toml", 'trip_tag = "SIS-101.TRIP"', 'trip_tag = "SIS-101.TRPI"')
    change(folder, "interlocks.toml", "bypassed_when = 1", "bypassed_when = 2")
    found = mistakes(folder)
    assert any(item.line == line and "did you mean SIS-101.TRIP" in item.en for item in found)
    assert any("bypassed_when" in item.column and "from 0 to 1" in item.en for item in found)


def test_texts_are_given_in_the_language_asked(folder: Path) -> None:
    change(folder, "plant.toml", "level = 2", "level = 5")
    text = mistakes(folder)[0]
    assert "应在" in text.text("zh")
    assert "must be" in text.text("en")
    assert text.text("zh").startswith(f"plant.toml:{text.line}: ")


def test_files_of_a_device_are_those_of_the_plant_folder(folder: Path) -> None:
    def plc_1() -> Mapping[str, object]:
        return next(device for device in check(folder).plant.devices if device.id == "PLC-1").settings

    assert "pki" not in plc_1(), "without security there are no certificates"
    user = 'password_file = "/run/secret"\nusername = "op"'
    change(folder, "plant.toml", 'kind = "opcua"', f'kind = "opcua"\nsecurity = "sign"\n{user}')
    assert plc_1()["pki"] == str(folder / "pki")
    assert plc_1()["password_file"] == "/run/secret"
    change(folder, "plant.toml", 'security = "sign"', 'security = "sign"\npki = "../pki"')
    assert plc_1()["pki"] == str(folder / "../pki")


def test_the_fingerprint_changes_with_any_file(folder: Path) -> None:
    before = fingerprint(folder)
    assert check(folder).plant.fingerprint == before
    change(folder, "interlocks.toml", "sil = 1", "sil = 2")
    assert fingerprint(folder) != before


def test_no_folder_is_said_plainly(tmp_path: Path) -> None:
    assert "no such folder" in mistakes(tmp_path / "nowhere")[0].en


@pytest.mark.parametrize(
    ("old", "new", "zh"),
    [
        (",HH,10.4,", ",HH,99,", "set_point: 99 超出量程 0 到 12.3 m"),
        (",HH,10.4,", ",HH,9.7,", "set_point: HH 9.7 应高于 H 9.8（LT-201A.H）"),
        (",HH,10.4,0.1,", ",HH,10.4,0.6,", "dead_band: 0.6 达到 H 9.8（LT-201A.H），其间只有 0.6"),
    ],
)
def test_what_the_compiler_refuses_is_told_in_the_language_asked_for(folder: Path, old: str, new: str, zh: str) -> None:
    row = row_of(folder, "alarms.csv", "LT-201A.HH,")
    line = change(folder, "alarms.csv", row, row.replace(old, new, 1))
    texts = [item.text("zh") for item in mistakes(folder) if item.line == line]
    assert f"alarms.csv:{line}: {zh}" in texts
