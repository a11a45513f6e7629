"""`redline check` looks at the files of devices: named by their place in the plant folder, never by one outside."""

from datetime import timedelta
from pathlib import Path

import pytest

from drivers import registry
from monitor.cli.check import check_folder
from monitor.plant.device_files import check_device_files
from tests.drivers.opcua.secured import NOW, certificate, pki


def secure(folder: Path, *keys: str) -> int:
    """Make the OPC UA device of the plant sign, with more keys; the line of the last one."""
    path = folder / "plant.toml"
    text = path.read_text(encoding="utf-8")
    head, kind, tail = text.partition('kind = "opcua"')
    assert kind
    path.write_text("\n".join([head + kind, 'security = "sign_and_encrypt"', *keys]) + tail, encoding="utf-8")
    return head.count("\n") + 2 + len(keys)


def said(folder: Path) -> list[tuple[str, int, str, str, str]]:
    """(file, line, column, severity, English words) of everything."""
    return [
        (each.file, each.line, each.column, each.severity, each.en)
        for each in check_device_files(folder, registry, round(NOW.timestamp() * 1e9))
    ]


def test_a_plant_without_security_needs_no_files(folder: Path) -> None:
    assert said(folder) == []
    (folder / "plant.toml").unlink()
    assert said(folder) == [], "that is said by whoever reads it"


def test_files_are_named_by_their_place_in_the_plant_folder(folder: Path) -> None:
    secure(folder)
    assert [each[:4] for each in said(folder)] == [
        ("pki/own/certificate.der", 0, "", "warning"),
        ("pki/own/private_key.pem", 0, "", "warning"),
        ("pki/trusted", 0, "", "warning"),
    ]


@pytest.mark.parametrize("given", ["{outside}", "../elsewhere/pki"])
def test_a_place_outside_is_named_by_the_key_that_leads_there(tmp_path: Path, folder: Path, given: str) -> None:
    plant = tmp_path / "plant"
    plant.mkdir()
    for path in list(folder.iterdir()):
        if path.is_file():
            path.rename(plant / path.name)
    trust = pki(tmp_path / "elsewhere" / "pki", certificate())
    trust.own_key.write_bytes(b"\0")
    trust.own_key.chmod(0o600)
    line = secure(plant, f'pki = "{given.format(outside=trust.folder)}"')
    ((file, at, column, severity, words),) = said(plant)
    assert (file, at, column, severity) == ("plant.toml", line, "devices.pki", "error")
    assert words.startswith("own/private_key.pem: ")
    assert str(tmp_path) not in words
    assert "elsewhere" not in words


def test_two_devices_with_one_folder_say_it_once(folder: Path) -> None:
    secure(folder)
    path = folder / "plant.toml"
    again = """[[devices]]
id = "PLC-9"
kind = "opcua"
name_zh = "九"
endpoint = "opc.tcp://127.0.0.1:4849"
security = "sign"
"""
    path.write_text(path.read_text(encoding="utf-8") + "\n" + again, encoding="utf-8")
    assert len(said(folder)) == 3


def test_a_device_with_mistakes_of_its_own_is_left_out(folder: Path) -> None:
    secure(folder, "integrity_period_s = -1")
    assert said(folder) == []


@pytest.mark.parametrize(("language", "refused"), [("zh", "处错误，未通过"), ("en", "refused, ")])
def test_the_command_says_them_with_all_other_mistakes_and_refuses(
    folder: Path, capsys: pytest.CaptureFixture[str], language: str, refused: str
) -> None:
    trust = pki(folder / "pki", certificate(begin=NOW - timedelta(days=900), days=400))
    trust.own_certificate.write_bytes(b"nothing")
    secure(folder)
    assert check_folder(folder, language) == 1
    shown = capsys.readouterr()
    assert refused in shown.err
    assert "pki/own/certificate.der: " in shown.err
    assert "pki/trusted/PLC_" in shown.err
    assert "plant.toml:" in shown.err, "the warning about history is still there"
    assert not shown.out
    (folder / "tags.csv").write_text("id\n", encoding="utf-8")
    assert check_folder(folder, language) == 1
    again = capsys.readouterr().err
    assert "pki/own/certificate.der: " in again
    assert "tags.csv" in again


def test_warnings_alone_let_the_plant_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secure(folder)
    assert check_folder(folder, "en") == 0
    assert "pki/trusted: warning: nobody is trusted" in capsys.readouterr().err
