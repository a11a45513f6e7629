"""Everything wrong with the files of a device is said at once, with the file, and nothing of what is in it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from drivers import registry
from drivers.opcua.certificates import der_of
from drivers.opcua.inspection import inspect
from drivers.opcua.trust import TrustFolder
from drivers.port import FileTrouble
from tests.drivers.opcua.secured import (
    ISSUER_KEY,
    NOW,
    OTHER_KEY,
    SERVER_KEY,
    authority,
    certificate,
    pem_of,
    pki,
    revocations,
)

Found = list[tuple[str, bool, str]]


@pytest.fixture
def trust(tmp_path: Path) -> TrustFolder:
    """A folder as it should be."""
    folder = pki(tmp_path / "pki", certificate())
    folder.own_key.chmod(0o600)
    return folder


def troubles(trust: TrustFolder, moment: datetime = NOW, **more: object) -> list[FileTrouble]:
    settings = {"endpoint": "opc.tcp://127.0.0.1:4840", "security": "sign", "pki": str(trust.folder), **more}
    return inspect(settings, round(moment.timestamp() * 1e9))


def found(trust: TrustFolder, moment: datetime = NOW, **more: object) -> Found:
    """(file below the folder, whether it is an error, English words), sorted."""
    return sorted(
        (each.path.relative_to(trust.folder).as_posix(), each.is_error, each.en)
        for each in troubles(trust, moment, **more)
    )


def own(trust: TrustFolder, shown: x509.Certificate) -> None:
    trust.own_certificate.write_bytes(der_of(shown))
    trust.own_key.write_bytes(pem_of(SERVER_KEY))


def test_a_sound_folder_is_silent_and_without_security_it_is_not_looked_at(trust: TrustFolder) -> None:
    assert found(trust) == []
    assert troubles(TrustFolder(trust.folder / "nowhere"), security="none") == []


def test_what_is_missing_is_a_warning_with_what_to_do(tmp_path: Path) -> None:
    (certificate_of_ours, key, trusted) = found(TrustFolder(tmp_path / "pki"))
    assert certificate_of_ours[:2] == ("own/certificate.der", False)
    assert key[:2] == ("own/private_key.pem", False)
    assert "redline opcua cert" in certificate_of_ours[2]
    assert trusted[:2] == ("trusted", False)
    assert "nobody is trusted" in trusted[2]


@pytest.mark.parametrize(
    ("days", "words", "is_error"),
    [
        (-1, "is valid from", True),
        (369, "ends in 30 days", None),
        (370, "ends in 29 days", False),
        (400, "ended on", True),
    ],
)
def test_our_certificate_must_be_valid_today_and_for_a_month(
    trust: TrustFolder, days: int, words: str, is_error: bool | None
) -> None:
    moment = NOW + timedelta(days=days, minutes=-1)
    said = [each for each in found(trust, moment) if each[0] == "own/certificate.der"]
    if is_error is None:
        assert said == []
    else:
        ((_, error, en),) = said
        assert error is is_error
        assert words in en


def test_a_certificate_that_is_none_and_a_key_that_is_none(trust: TrustFolder) -> None:
    secret = "4711-very-secret"
    trust.own_certificate.write_bytes(b"no certificate")
    trust.own_key.write_text(secret, encoding="utf-8")
    trust.own_key.chmod(0o600)
    said = found(trust)
    assert [each[:2] for each in said] == [("own/certificate.der", True), ("own/private_key.pem", True)]
    assert secret not in "".join(each.zh + each.en for each in troubles(trust))


def test_an_encrypted_key_cannot_be_used(trust: TrustFolder) -> None:
    trust.own_key.write_bytes(
        SERVER_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    )
    ((file, is_error, words),) = found(trust)
    assert (file, is_error) == ("own/private_key.pem", True)
    assert "encrypted" in words


def test_a_key_of_another_certificate(trust: TrustFolder) -> None:
    trust.own_key.write_bytes(pem_of(OTHER_KEY))
    ((file, is_error, words),) = found(trust)
    assert (file, is_error) == ("own/private_key.pem", True)
    assert "not the key of our certificate" in words


def test_a_key_that_others_may_read(trust: TrustFolder) -> None:
    trust.own_key.chmod(0o640)
    ((file, is_error, words),) = found(trust)
    assert (file, is_error) == ("own/private_key.pem", False)
    assert "chmod 600" in words


def test_a_folder_in_the_place_of_a_file_is_told_as_unreadable(trust: TrustFolder) -> None:
    trust.own_certificate.unlink()
    trust.own_certificate.mkdir()
    ((file, is_error, words),) = found(trust)
    assert (file, is_error) == ("own/certificate.der", True)
    assert "cannot be read" in words


@pytest.mark.parametrize(("uri", "words"), [(None, "no application URI"), ("redline", "is no URI")])
def test_our_certificate_must_name_our_application(trust: TrustFolder, uri: str | None, words: str) -> None:
    own(trust, certificate("Redline", uri=uri))
    ((file, is_error, en),) = found(trust)
    assert (file, is_error) == ("own/certificate.der", True)
    assert words in en
    assert "--renew" in en


def test_what_is_trusted_must_be_a_certificate_and_should_be_valid(trust: TrustFolder) -> None:
    (trust.folder / "trusted" / "notes.txt").write_text("the PLC of tank farm 2", encoding="utf-8")
    trust.accept(certificate("OLD", begin=NOW - timedelta(days=500), days=400))
    said = found(trust)
    assert [(file.split("_")[0], is_error) for file, is_error, _ in said] == [
        ("trusted/OLD", False),
        ("trusted/notes.txt", True),
    ]
    assert "ended on" in said[0][2]


def test_revocation_lists_must_be_readable_and_the_newest_of_each_authority_up_to_date(trust: TrustFolder) -> None:
    issuer = authority()
    crl = trust.folder / "crl"
    crl.mkdir()
    (crl / "broken.crl").write_bytes(b"\x30\x03")
    (crl / "old.crl").write_bytes(revocations(issuer, ISSUER_KEY, until=NOW - timedelta(days=3)))
    said = found(trust)
    assert [(file, is_error) for file, is_error, _ in said] == [("crl/broken.crl", True), ("crl/old.crl", True)]
    assert f"out of date since {NOW - timedelta(days=3):%Y-%m-%d}" in said[1][2]
    (crl / "new.crl").write_bytes(revocations(issuer, ISSUER_KEY))
    assert [file for file, _, _ in found(trust)] == ["crl/broken.crl"], "a newer one of the same authority will do"


def test_the_users_certificate_is_looked_at_too(trust: TrustFolder) -> None:
    user = trust.folder / "user.der"
    user.write_bytes(der_of(certificate("operator", begin=NOW - timedelta(days=500), days=400)))
    key = trust.folder / "user.pem"
    key.write_bytes(pem_of(OTHER_KEY))
    key.chmod(0o600)
    said = found(trust, user_certificate=str(user), user_key=str(key))
    assert [each[:2] for each in said] == [("user.der", True), ("user.pem", True)]


def test_everything_is_said_in_both_languages(trust: TrustFolder) -> None:
    trust.own_certificate.write_bytes(b"")
    for each in troubles(trust):
        assert any("\u4e00" <= sign <= "\u9fff" for sign in each.zh)
        assert each.en.isascii()


def test_a_device_without_files_is_not_imported_for_it() -> None:
    assert registry.check_files("modbus", {"transport": "tcp", "host": "127.0.0.1"}, 0) == []
