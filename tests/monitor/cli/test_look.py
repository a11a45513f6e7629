"""`browse`, `read` and `watch` on a server: what an engineer reads, and a sheet that `redline check` takes as it stands."""

import asyncio
import importlib.resources
import re
from pathlib import Path

import pytest
from asyncua import ua
from typer.testing import CliRunner, Result

from drivers.opcua.tree import Variable
from monitor.cli.app import app
from monitor.cli.browse import Rows, _show, sheet_of
from monitor.plant.folder import FILES
from monitor.plant.tags import COLUMNS
from tests.drivers.opcua.plant import URI, Plc
from tests.drivers.opcua.secured import SecuredPlc, certificate
from tests.ports import free_port

SHOWN = certificate()
DEMO = importlib.resources.files("monitor.plant") / "demo"


def redline(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


async def beside(*arguments: str) -> Result:
    """The command in a thread, with a loop of its own, beside the server of the test."""
    return await asyncio.to_thread(redline, *arguments)


def variable(path: str, tag_type: str = "float64", **more: object) -> Variable:
    given: dict[str, object] = {
        "path": path, "address": f"nsu=urn:x;s={path}", "type": "Double", "tag_type": tag_type, "value": "1", "status": 0,
        "eu": "", "low": None, "high": None,
    }  # fmt: skip
    return Variable(**(given | more))  # type: ignore[arg-type]  # fields by name


def rows_of(*found: Variable) -> list[dict[str, str]]:
    rows = sheet_of(found, Rows(device="PLC-1", hazard_source="HS-1", scan_class="normal"))
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def test_rows_of_the_sheet() -> None:
    level, high = rows_of(
        variable("Farm/V-101/Level", eu="m³", low=0.0, high=12.5),
        variable("Farm/V-101/High", "bool"),
        variable("Text", ""),
    )
    assert (level["id"], level["low"], level["high"], level["eu"]) == ("Farm.V-101.Level", "0", "12.5", "m3")
    assert (high["type"], high["low"], high["eu"]) == ("bool", "", "")
    assert rows_of(variable("x", eu="furlong"))[0]["eu"] == "1"


def test_the_tree_shows_each_object_once(capsys: pytest.CaptureFixture[str]) -> None:
    found = [
        variable("Farm/V-101/Level", eu="m", low=0.0, high=12.5, address="s=l"),
        variable("Farm/V-101/Level/Raw", "uint16", type="UInt16", value="7", address="s=r"),
        variable("Farm/V-102/Level", status=0x80340000, value="-", address="s=b"),
    ]
    _show(found, "en")
    lines = [re.sub("^[ │├└─]+", "", line) for line in capsys.readouterr().out.splitlines()]
    assert lines[1:] == [
        "Farm",
        "V-101",
        "Level = 1 m  Double  0 … 12.5  s=l",
        "Raw = 7  UInt16  s=r",
        "V-102",
        "Level = -  Double  0x80340000  s=b",
    ]


def test_ids_are_valid_and_unlike_each_other() -> None:
    long = "A" * 80
    paths = ["a b/温度", "a b/压力", long, long + "!", "温度", "/", "a..b"]
    ids = [row["id"] for row in rows_of(*(variable(path) for path in paths))]
    assert len(set(ids)) == len(ids)
    assert all(0 < len(each) <= 64 and each.isascii() and each[0] not in "._" for each in ids), ids


@pytest.mark.slow
async def test_browse_prints_a_sheet_that_check_accepts(tmp_path: Path) -> None:
    async with Plc() as plc:
        for number in range(3):
            await plc.add(f"Tank.{number}", float(number))
        await plc.add("Switch", True)
        await plc.add("Text", "x", ua.VariantType.String)
        shown = await beside("browse", plc.endpoint, "--filter", "tank", "-l", "en")
        sheet = await beside("browse", plc.endpoint, "--csv", "--hazard-source", "HS-1", "--scan-class", "normal")
    assert shown.exit_code == 0, shown.output
    assert "3 variables, 3 of them can be tags" in shown.stderr
    assert "Tank.1 = 1  Double" in shown.stdout
    assert sheet.exit_code == 0, sheet.output
    assert sheet.stdout.count("\n") == 5, "three tanks, a switch, the heading; a text is no tag"
    await asyncio.to_thread(_folder, tmp_path, sheet.stdout)
    checked = await beside("check", str(tmp_path), "-l", "en")
    assert not [line for line in checked.stderr.splitlines() if "warning" not in line], checked.stderr
    assert "4 tags" in checked.stdout, checked.output


def _folder(folder: Path, sheet: str) -> None:
    """The smallest plant around the rows that browse printed."""
    for name in FILES:
        if name not in ("plant.toml", "tags.csv"):
            text = (DEMO / name).read_text(encoding="utf-8")
            (folder / name).write_text(text.splitlines()[0] + "\n" if name.endswith(".csv") else "", encoding="utf-8")
    (folder / "tags.csv").write_text(sheet, encoding="utf-8")
    (folder / "plant.toml").write_text(
        """
[site]
id = "test"
name_zh = "试"
name_en = "Test"
[scan_classes]
normal = 1.0
[[persons]]
id = "p"
name_zh = "人"
[[hazard_sources]]
id = "HS-1"
name_zh = "源"
level = 1
principal_responsible = "p"
technical_responsible = "p"
operation_responsible = "p"
chemicals = [{ name_zh = "苯", cas = "71-43-2", quantity_t = 60.0, critical_quantity_t = 50.0 }]
[[devices]]
id = "PLC-1"
kind = "opcua"
name_zh = "机"
name_en = "PLC"
endpoint = "opc.tcp://127.0.0.1:4840"
""",
        encoding="utf-8",
    )


@pytest.mark.slow
async def test_read_and_watch_nodes_of_a_server() -> None:
    async with Plc() as plc:
        await plc.add("a", 1.5)
        good, bad = f"nsu={URI};s=a", f"nsu={URI};s=b"
        read = await beside("read", plc.endpoint, good)
        assert read.exit_code == 0, read.output
        assert "1.5" in read.stdout
        read = await beside("read", plc.endpoint, good, bad)
        assert read.exit_code == 1
        assert "0x80340000" in read.stdout
        watched = await beside("watch", plc.endpoint, good, bad, "--seconds", "1", "--period", "0.1")
        assert watched.exit_code == 0, watched.output
    lines = watched.stdout.splitlines()
    assert sum(f"{good}  1.5" in line for line in lines) == 1, "a value that stays is said once"
    assert sum(f"{bad}  -  bad 0x80340000" in line for line in lines) == 1
    assert any("degraded: 服务器拒绝 1 个点" in line for line in lines)


@pytest.mark.slow
async def test_certificates_from_making_ours_to_trusting_a_server(tmp_path: Path) -> None:
    folder = str(tmp_path / "pki")
    made = await beside("opcua", "cert", "--pki", folder, "--host", "monitor.example", "-l", "en")
    assert made.exit_code == 0, made.output
    assert "urn:monitor.example:redline" in made.stdout
    assert (tmp_path / "pki/own/private_key.pem").stat().st_mode & 0o777 == 0o600
    again = await beside("opcua", "cert", "--pki", folder, "-l", "en")
    assert again.exit_code == 0
    assert "--renew" in again.stdout
    async with SecuredPlc(SHOWN) as plc:
        await plc.add("a", 2.0)
        secured = (plc.endpoint, f"nsu={URI};s=a", "--security", "sign_and_encrypt", "--pki", folder)
        refused = await beside("read", *secured)
        assert refused.exit_code == 1
        assert "redline opcua trust" in refused.stdout.replace("\n", " ")
        listed = await beside("opcua", "trust", "--list", "--pki", folder)
        assert [line.split()[0] for line in listed.stdout.splitlines()[::2]] == ["own", "rejected"]
        path = listed.stdout.splitlines()[2].split()[1]
        declined = await asyncio.to_thread(CliRunner().invoke, app, ["opcua", "trust", path], "n\n")
        assert declined.exit_code == 1
        assert (await beside("read", *secured)).exit_code == 1
        accepted = await beside("opcua", "trust", path, "--yes")
        assert accepted.exit_code == 0, accepted.output
        assert (await beside("read", *secured)).exit_code == 0
        assert (await beside("opcua", "trust", plc.endpoint, "--yes", "--pki", str(tmp_path / "other"))).exit_code == 0
    renewed = await beside("opcua", "cert", "--pki", folder, "--renew", "--host", "10.0.0.1")
    assert renewed.exit_code == 0
    assert len(list((tmp_path / "pki/own").iterdir())) == 4, "the old pair is kept beside"
    listed = await beside("opcua", "trust", "--list", "--pki", folder)
    assert [line.split()[0] for line in listed.stdout.splitlines()[::2]] == ["own", "own", "trusted"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("opcua", "trust"), 2, "--list"),
        (("opcua", "trust", "/nowhere/x.der"), 1, "/nowhere/x.der"),
        (("opcua", "trust", "--list", "--pki", "/nowhere"), 1, "/nowhere"),
        (("opcua", "cert", "-l", "de"), 2, "zh or en"),
        (("read", "opc.tcp://127.0.0.1:1"), 2, "nsu="),
        (("watch", "opc.tcp://127.0.0.1:1"), 2, "nsu="),
        (("browse", "opc.tcp://127.0.0.1"), 1, "主机和端口"),
        (("browse", "opc.tcp://127.0.0.1", "-l", "en"), 1, "host and port"),
        (("browse", "/nowhere"), 1, "/nowhere"),
        (("browse", str(DEMO), "--device", "PLC-2"), 2, "name one device"),
        (("watch", str(DEMO), "--device", "PLC-9"), 2, "PLC-9"),
    ],
)
def test_wrong_use_is_told_with_what_would_be_right(arguments: tuple[str, ...], code: int, words: str) -> None:
    done = redline(*arguments)
    assert done.exit_code == code, done.output
    assert words in done.stderr


def test_nobody_answers() -> None:
    endpoint = f"opc.tcp://127.0.0.1:{free_port()}"
    for arguments in (("browse", endpoint), ("opcua", "trust", endpoint, "--yes")):
        done = redline(*arguments)
        assert done.exit_code == 1
        assert "ConnectionRefusedError" in done.stderr
