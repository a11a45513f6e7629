"""Which certificates are believed, and every reason for which one is not."""

import contextlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.opcua.certificates import (
    der_of,
    file_name,
    hosts_of,
    is_for_host,
    make_certificate,
    read_certificate,
    read_chain,
    read_crl,
    thumbprint,
    uris_of,
    weaknesses,
)
from drivers.opcua.trust import Presented, TrustFolder, describe, replace_file
from tests.drivers.opcua.secured import (
    ISSUER_KEY,
    NOW,
    OTHER_KEY,
    SERVER_URI,
    authority,
    certificate,
    revocations,
)

ROOT = authority()
SHOWN = certificate()
ISSUED = certificate(issuer=(ROOT, ISSUER_KEY))


@pytest.fixture
def trust(tmp_path: Path) -> TrustFolder:
    return TrustFolder(tmp_path / "pki")


def revoke(trust: TrustFolder, content: bytes, name: str = "list.crl") -> None:
    (trust.folder / "crl").mkdir(parents=True, exist_ok=True)
    (trust.folder / "crl" / name).write_bytes(content)


def checks(
    trust: TrustFolder,
    *chain: x509.Certificate,
    host: str = "127.0.0.1",
    uri: str = SERVER_URI,
    moment: datetime = NOW,
) -> list[str]:
    return [doubt.check for doubt in trust.judge(Presented(chain=chain, host=host, application_uri=uri), moment)]


def test_an_empty_folder_trusts_nobody(trust: TrustFolder) -> None:
    assert checks(trust, SHOWN) == ["trust"]
    assert checks(trust, ISSUED, ROOT) == ["trust"], "a root that the server brings along proves nothing"


def test_an_accepted_certificate_is_trusted_and_its_twin_is_not(trust: TrustFolder) -> None:
    trust.accept(SHOWN)
    assert checks(trust, SHOWN) == []
    assert checks(trust, certificate()) == ["trust"], "same name, same key, another certificate"
    assert checks(trust, certificate(key=OTHER_KEY)) == ["trust"]


def test_an_authority_is_trusted_with_its_revocation_list(trust: TrustFolder) -> None:
    trust.accept(ROOT)
    assert checks(trust, ISSUED) == ["revocation"]
    revoke(trust, revocations(ROOT, ISSUER_KEY))
    assert checks(trust, ISSUED) == []
    revoke(trust, revocations(ROOT, ISSUER_KEY, until=NOW - timedelta(seconds=1)))
    assert checks(trust, ISSUED) == ["revocation"]
    revoke(trust, revocations(ROOT, ISSUER_KEY, ISSUED.serial_number, until=NOW - timedelta(seconds=1)))
    assert checks(trust, ISSUED) == ["revoked"], "what was revoked once stays revoked, however old the list"


def test_a_serial_number_on_the_list_of_somebody_else_revokes_nothing(trust: TrustFolder) -> None:
    trust.accept(ROOT)
    revoke(trust, revocations(ROOT, ISSUER_KEY))
    revoke(trust, revocations(authority("Other CA", OTHER_KEY), OTHER_KEY, ISSUED.serial_number), "other.crl")
    revoke(trust, revocations(ROOT, OTHER_KEY, ISSUED.serial_number), "forged.crl")
    assert checks(trust, ISSUED) == []


def test_a_certificate_accepted_by_itself_is_still_revoked_by_its_issuer(trust: TrustFolder) -> None:
    trust.accept(ISSUED)
    assert checks(trust, ISSUED, ROOT) == [], "no list is asked for where trust rests on nobody else"
    revoke(trust, revocations(ROOT, ISSUER_KEY, ISSUED.serial_number))
    assert checks(trust, ISSUED, ROOT) == ["revoked"]


def test_an_intermediate_authority_may_come_with_the_server(trust: TrustFolder) -> None:
    between = certificate("Line CA", OTHER_KEY, issuer=(ROOT, ISSUER_KEY), authority=True, uri=None, hosts=())
    leaf = certificate(issuer=(between, OTHER_KEY))
    trust.accept(ROOT)
    revoke(trust, revocations(ROOT, ISSUER_KEY), "root.crl")
    revoke(trust, revocations(between, OTHER_KEY), "line.crl")
    assert checks(trust, leaf) == ["trust"]
    assert checks(trust, leaf, between) == []
    revoke(trust, revocations(ROOT, ISSUER_KEY, between.serial_number), "root.crl")
    assert checks(trust, leaf, between) == ["revoked"]


def test_who_may_not_sign_vouches_for_nobody(trust: TrustFolder) -> None:
    plain = certificate("No CA", OTHER_KEY)
    trust.accept(plain)
    assert checks(trust, certificate(issuer=(plain, OTHER_KEY))) == ["trust"]


def test_a_path_longer_than_its_authority_allows_is_none(trust: TrustFolder) -> None:
    root = authority(path_length=0)
    between = certificate("Line CA", OTHER_KEY, issuer=(root, ISSUER_KEY), authority=True, uri=None, hosts=())
    trust.accept(root)
    assert "trust" in checks(trust, certificate(issuer=(between, OTHER_KEY)), between)


def test_time_is_that_of_the_moment_and_of_every_authority(trust: TrustFolder) -> None:
    trust.accept(SHOWN)
    first, last = SHOWN.not_valid_before_utc, SHOWN.not_valid_after_utc
    assert checks(trust, SHOWN, moment=first) == []
    assert checks(trust, SHOWN, moment=last) == []
    assert checks(trust, SHOWN, moment=first - timedelta(seconds=1)) == ["validity"]
    assert checks(trust, SHOWN, moment=last + timedelta(seconds=1)) == ["validity"]
    old = authority(days=1)
    trust.accept(old)
    revoke(trust, revocations(old, ISSUER_KEY))
    assert checks(trust, certificate(issuer=(old, ISSUER_KEY)), moment=NOW + timedelta(hours=1)) == ["validity"]


def test_host_and_application_are_compared(trust: TrustFolder) -> None:
    shown = certificate(hosts=("10.0.0.5", "PLC-1.plant.example", "fe80::1"))
    trust.accept(shown)
    for host in ("10.0.0.5", "plc-1.PLANT.example", "plc-1.plant.example.", "fe80:0::1"):
        assert checks(trust, shown, host=host) == [], host
    assert checks(trust, shown, host="10.0.0.6") == ["host"]
    assert checks(trust, shown, host="10.0.0.5", uri="urn:other") == ["uri"]
    nameless = certificate(uri=None, hosts=())
    trust.accept(nameless)
    assert checks(trust, nameless) == ["host", "uri"]
    assert not is_for_host(nameless, "127.0.0.1")


@pytest.mark.parametrize(
    ("weak", "words"),
    [
        (certificate(key=rsa.generate_private_key(public_exponent=65537, key_size=1024)), "1024 bits"),
        (certificate(usage=ExtendedKeyUsageOID.CLIENT_AUTH), "not a server's"),
        (certificate(algorithm=hashes.SHA384()), ""),
    ],
)
def test_what_a_certificate_is_made_of(trust: TrustFolder, weak: x509.Certificate, words: str) -> None:
    trust.accept(weak)
    assert checks(trust, weak) == (["strength"] if words else [])
    assert words in "".join(weaknesses(weak))


def test_a_key_that_no_policy_takes_is_a_weakness() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([])
    shown = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    assert weaknesses(shown) == ["its key is not RSA"]
    assert file_name(shown).startswith("certificate_")


def test_files_that_are_no_certificates_are_named_and_skipped(trust: TrustFolder) -> None:
    trust.accept(SHOWN)
    (trust.folder / "trusted" / "readme.txt").write_text("keep out")
    (trust.folder / "trusted" / "folder").mkdir()
    assert checks(trust, SHOWN) == []
    assert [line.partition(": ")[0] for line in trust.unreadable] == [str(trust.folder / "trusted" / "readme.txt")]
    assert checks(trust, SHOWN) == []
    assert len(trust.unreadable) == 1, "of the last look only"


def test_pem_and_der_are_both_read(trust: TrustFolder) -> None:
    (trust.folder / "trusted").mkdir(parents=True)
    (trust.folder / "trusted" / "plc.pem").write_bytes(SHOWN.public_bytes(Encoding.PEM))
    assert trust.trusted() == [SHOWN]
    content = revocations(ROOT, ISSUER_KEY, 7)
    assert read_crl(read_crl(content).public_bytes(Encoding.DER)) == read_crl(content)


def test_what_was_rejected_is_kept_bounded_and_accepted_from_there(trust: TrustFolder) -> None:
    path = trust.reject(SHOWN)
    assert trust.reject(SHOWN) == path
    assert [(each, found) for each, found in trust.rejected()] == [(path, SHOWN)]
    assert thumbprint(SHOWN) in path.name
    accepted = trust.accept(read_certificate(path.read_bytes()))
    assert accepted.parent.name == "trusted"
    assert trust.rejected() == []
    for number in range(55):
        trust.reject(certificate(f"PLC {number}"))
    assert len(trust.rejected()) == 50


def test_a_hostile_name_stays_inside_the_folder(trust: TrustFolder) -> None:
    path = trust.reject(certificate("../../etc/cron.d/x \u0000\n"))
    assert path.parent == trust.folder / "rejected"
    assert path.exists()


def test_chains_are_cut_where_one_certificate_ends() -> None:
    assert read_chain(b"") == ()
    assert read_chain(der_of(ISSUED) + der_of(ROOT)) == (ISSUED, ROOT)
    for broken in (b"\x30", b"\x31\x03abc", der_of(SHOWN)[:-1], der_of(SHOWN) + b"x", b"\x30\x03abc"):
        with pytest.raises(ValueError, match=r"."):
            read_chain(broken)


@settings(max_examples=50)
@given(st.binary(max_size=60), st.integers(0, 400))
def test_any_bytes_for_a_chain_are_a_chain_or_a_value_error(noise: bytes, at: int) -> None:
    der = der_of(SHOWN)
    for broken in (noise, der[:at] + noise, der + noise, noise + der):
        with contextlib.suppress(ValueError):
            assert all(isinstance(each, x509.Certificate) for each in read_chain(broken))


def test_our_own_certificate_is_what_servers_ask_for() -> None:
    der, pem = make_certificate("urn:plant:redline", "monitor.plant.example", NOW, 30)
    ours = read_certificate(der)
    assert uris_of(ours) == ["urn:plant:redline"]
    assert hosts_of(ours) == ["monitor.plant.example"]
    assert ours.not_valid_after_utc == NOW + timedelta(days=30)
    assert ExtendedKeyUsageOID.CLIENT_AUTH in ours.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert not ours.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    ours.verify_directly_issued_by(ours)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY")
    assert hosts_of(read_certificate(make_certificate("urn:x", "10.0.0.9", NOW, 1)[0])) == ["10.0.0.9"]


def test_a_certificate_in_one_line() -> None:
    assert describe(SHOWN).startswith("PLC, self-signed, valid until ")
    assert "issued by CN=Plant CA" in describe(ISSUED)
    assert describe(ISSUED).endswith(thumbprint(ISSUED))


def test_a_private_file_is_private_from_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "key"
    replace_file(path, b"secret", 0o600)
    replace_file(path, b"secret2", 0o600)
    assert path.read_bytes() == b"secret2"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
