"""Signed and encrypted channels, users and trust against a real server: what is let through and what is not."""

from asyncio import to_thread
from pathlib import Path
from typing import Any

import pytest
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.user_managers import UserManager
from asyncua.ua import MessageSecurityMode
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from drivers.errors import MisconfiguredError, NotYetAllowedError, RefusedError
from drivers.opcua.certificates import der_of, read_certificate, thumbprint
from drivers.opcua.driver import OpcUaDriver, open_driver
from drivers.opcua.settings import read_settings
from tests.drivers.opcua.driving import CLOCK, connections, first
from tests.drivers.opcua.plant import Plc, Tag, eventually, tags
from tests.drivers.opcua.secured import (
    ISSUER_KEY,
    NOW,
    OTHER_KEY,
    SECURITY,
    SecuredPlc,
    authority,
    certificate,
    pem_of,
    pki,
    revocations,
)

pytestmark = pytest.mark.slow

SHOWN = certificate()
PASSWORD = "Schiffsbug-17"


def driver_for(plc: Plc, folder: Path, addresses: list[Tag] | None = None, **settings: Any) -> OpcUaDriver:
    keys = {"endpoint": plc.endpoint, "security": "sign_and_encrypt", "pki": str(folder), **settings}
    driver = open_driver("PLC-1", keys, addresses or tags(["a"]), CLOCK)
    assert isinstance(driver, OpcUaDriver)
    return driver


async def value_of_a(driver: OpcUaDriver) -> float:
    async with driver:
        return float((await first(driver)).value[0])


@pytest.mark.parametrize(
    ("security", "policy", "offered"),
    [
        ("sign", "Basic256Sha256", SECURITY.Basic256Sha256_Sign),
        ("sign_and_encrypt", "Basic256Sha256", SECURITY.Basic256Sha256_SignAndEncrypt),
        ("sign_and_encrypt", "Aes128Sha256RsaOaep", SECURITY.Aes128Sha256RsaOaep_SignAndEncrypt),
        ("sign_and_encrypt", "Aes256Sha256RsaPss", SECURITY.Aes256Sha256RsaPss_SignAndEncrypt),
    ],
)
async def test_every_mode_and_policy_reads(tmp_path: Path, security: str, policy: str, offered: SECURITY) -> None:
    await to_thread(pki, tmp_path / "pki", SHOWN)
    names = [f"n{number}" for number in range(300)]
    async with SecuredPlc(SHOWN, policies=(offered,)) as plc:
        for number, name in enumerate(names):
            await plc.add(name, float(number))
        driver = driver_for(plc, tmp_path / "pki", tags(names), security=security, security_policy=policy)
        async with driver:
            batch = await first(driver)
            used = driver._session._connection.client.security_policy
    assert batch.value.tolist() == list(range(300))
    assert used.Mode == {"sign": MessageSecurityMode.Sign}.get(security, MessageSecurityMode.SignAndEncrypt)


async def test_an_unknown_server_waits_for_a_person_and_is_read_once_it_is_accepted(tmp_path: Path) -> None:
    trust = await to_thread(pki, tmp_path / "pki")
    async with SecuredPlc(SHOWN) as plc:
        await plc.add("a", 4.0)
        with pytest.raises(NotYetAllowedError) as refusal:
            await value_of_a(driver_for(plc, trust.folder))
        await eventually(lambda: not connections(plc.port))
        [(path, kept)] = await to_thread(trust.rejected)
        assert kept == SHOWN
        assert f"redline opcua trust {path}" in str(refusal.value)
        assert thumbprint(SHOWN) in str(refusal.value)
        await to_thread(trust.accept, kept)
        assert await to_thread(trust.rejected) == []
        assert await value_of_a(driver_for(plc, trust.folder)) == 4.0


async def test_a_rejected_certificate_that_cannot_be_kept_is_still_told(tmp_path: Path) -> None:
    trust = await to_thread(pki, tmp_path / "pki")
    (trust.folder / "rejected").write_text("a file where a folder should be")
    async with SecuredPlc(SHOWN) as plc:
        with pytest.raises(NotYetAllowedError, match=r"could not be kept.*redline opcua trust ENDPOINT --pki"):
            await value_of_a(driver_for(plc, trust.folder))


async def test_a_renewed_certificate_of_a_trusted_authority_needs_nobody_and_another_does(tmp_path: Path) -> None:
    issuer = authority()
    trust = await to_thread(pki, tmp_path / "pki", issuer)
    (trust.folder / "crl").mkdir()
    (trust.folder / "crl" / "plant.pem").write_bytes(revocations(issuer, ISSUER_KEY))
    port = None
    for number in range(2):  # the same server, its certificate renewed
        async with SecuredPlc(certificate(issuer=(issuer, ISSUER_KEY)), port=port) as plc:
            port = plc.port
            await plc.add("a", float(number))
            assert await value_of_a(driver_for(plc, trust.folder)) == number
    async with SecuredPlc(certificate(key=OTHER_KEY), port=port, key=OTHER_KEY) as plc:
        with pytest.raises(NotYetAllowedError, match="neither it nor its issuer"):
            await value_of_a(driver_for(plc, trust.folder))


@pytest.mark.parametrize(
    ("shown", "check", "words"),
    [
        (certificate(hosts=("plc.other.example",)), "host", "it is for plc.other.example, not for 127.0.0.1"),
        (certificate(uri="urn:somebody:else"), "uri", "urn:somebody:else"),
        (certificate(begin=NOW.replace(year=NOW.year - 3), days=365), "validity", "was valid until"),
    ],
)
async def test_a_trusted_certificate_that_does_not_fit_is_refused_unless_excepted(
    tmp_path: Path, shown: x509.Certificate, check: str, words: str
) -> None:
    trust = await to_thread(pki, tmp_path / "pki", shown)
    async with SecuredPlc(shown) as plc:
        await plc.add("a", 1.0)
        with pytest.raises(NotYetAllowedError, match=words):
            await value_of_a(driver_for(plc, trust.folder))
        assert await to_thread(trust.rejected) == [], "it is trusted: accepting it again would change nothing"
        assert await value_of_a(driver_for(plc, trust.folder, certificate_exceptions=[check])) == 1.0


async def test_certificates_that_end_soon_degrade_the_link(tmp_path: Path) -> None:
    shown = certificate(days=20)
    trust = await to_thread(pki, tmp_path / "pki", shown, days=30)
    async with SecuredPlc(shown) as plc:
        await plc.add("a", 1.0)
        for exceptions, words in (
            ([], "our certificate ends in 28 days; the server's certificate ends in 18 days"),
            (["validity"], "our certificate ends in 28 days"),
        ):
            async with driver_for(plc, trust.folder, certificate_exceptions=exceptions) as driver:
                await first(driver)
                assert driver.health().impairment.en == words


async def test_a_server_that_is_another_inside_the_channel_than_before_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = await to_thread(pki, tmp_path / "pki", SHOWN)
    async with SecuredPlc(SHOWN) as plc:
        original = plc.server.iserver.get_endpoints
        asked = 0

        async def two_faced(*args: Any, **kwargs: Any) -> Any:
            nonlocal asked
            asked += 1
            endpoints = await original(*args, **kwargs)
            if asked > 1:
                for endpoint in endpoints:
                    endpoint.Server.ApplicationUri = "urn:somebody:else"
            return endpoints

        monkeypatch.setattr(plc.server.iserver, "get_endpoints", two_faced)
        with pytest.raises(RefusedError, match="calls itself 'urn:somebody:else' inside the channel"):
            await value_of_a(driver_for(plc, trust.folder))


async def test_somebody_with_the_certificate_but_not_its_key_gets_nothing(tmp_path: Path) -> None:
    trust = await to_thread(pki, tmp_path / "pki", SHOWN)
    async with SecuredPlc(SHOWN, key=OTHER_KEY) as plc:
        await plc.add("a", 1.0)
        with pytest.raises(Exception, match=r"connecting to|Signature|Decrypt") as error:
            await value_of_a(driver_for(plc, trust.folder, request_timeout_s=1.0))
        assert not isinstance(error.value, AssertionError)


async def test_a_server_that_offers_less_than_asked_for_is_refused(tmp_path: Path) -> None:
    trust = await to_thread(pki, tmp_path / "pki", SHOWN)
    async with SecuredPlc(SHOWN, policies=(SECURITY.NoSecurity, SECURITY.Basic256Sha256_Sign)) as plc:
        with pytest.raises(RefusedError, match="it offers none, sign with Basic256Sha256"):
            await value_of_a(driver_for(plc, trust.folder))


async def test_what_is_missing_on_our_side_is_said_with_what_to_do(tmp_path: Path) -> None:
    async with SecuredPlc(SHOWN) as plc:
        with pytest.raises(NotYetAllowedError, match="make our certificate with: redline opcua cert --pki"):
            await value_of_a(driver_for(plc, tmp_path / "pki"))
        trust = await to_thread(pki, tmp_path / "pki", SHOWN)
        trust.own_key.write_bytes(pem_of(OTHER_KEY))
        with pytest.raises(NotYetAllowedError, match="it is not the key of"):
            await value_of_a(driver_for(plc, trust.folder))
        trust.own_key.write_bytes(b"nothing")
        with pytest.raises(NotYetAllowedError, match="no private key"):
            await value_of_a(driver_for(plc, trust.folder))


class Operators(UserManager):
    """Admits one name with one password, and one certificate."""

    def __init__(self, certificate: x509.Certificate | None = None) -> None:
        self._certificate = certificate
        self.seen: list[tuple[str | None, bool]] = []

    def get_user(
        self, iserver: Any, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        self.seen.append((username, certificate is not None))
        if username is None:  # the certificate is the user's, or that of our application where the user has none
            admitted = self._certificate is not None and bytes(certificate) == der_of(self._certificate)
        else:
            admitted = (username, password) == ("reader", PASSWORD)
        return User(role=UserRole.User) if admitted else None


async def test_a_user_logs_in_by_name_with_a_password_from_file_or_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = await to_thread(pki, tmp_path / "pki", SHOWN)
    file = tmp_path / "password"
    user: dict[str, Any] = {"username": "reader", "password_file": str(file), "password_env": "PLC_PASSWORD"}
    async with SecuredPlc(SHOWN, users=Operators()) as plc:
        await plc.add("a", 1.0)
        with pytest.raises(NotYetAllowedError, match="set environment variable PLC_PASSWORD or file"):
            await value_of_a(driver_for(plc, trust.folder, **user))
        file.write_text(f"{PASSWORD}\n")
        for security in ("sign", "sign_and_encrypt"):
            assert await value_of_a(driver_for(plc, trust.folder, security=security, **user)) == 1.0
        monkeypatch.setenv("PLC_PASSWORD", "wrong")
        with pytest.raises(RefusedError) as refusal:
            await value_of_a(driver_for(plc, trust.folder, **user))
        assert not isinstance(refusal.value, NotYetAllowedError), "asking again soon might lock the account"
        assert "wrong" not in str(refusal.value)
        with pytest.raises(RefusedError):
            await value_of_a(driver_for(plc, trust.folder))  # anonymous


async def test_a_password_never_travels_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trust = await to_thread(pki, tmp_path / "pki", SHOWN)
    monkeypatch.setenv("PLC_PASSWORD", PASSWORD)
    user: dict[str, Any] = {"username": "reader", "password_env": "PLC_PASSWORD"}
    with pytest.raises(MisconfiguredError, match="crosses the network readable"):
        read_settings({"endpoint": "opc.tcp://127.0.0.1:4840", **user})
    operators = Operators()
    async with SecuredPlc(SHOWN, users=operators) as plc:
        await plc.add("a", 1.0)
        # A server that asks for the password as it is: encrypted by the channel, or not sent at all.
        original = plc.server.iserver.get_endpoints

        async def careless(*args: Any, **kwargs: Any) -> Any:
            endpoints = await original(*args, **kwargs)
            for endpoint in endpoints:
                for token in endpoint.UserIdentityTokens:
                    token.SecurityPolicyUri = "http://opcfoundation.org/UA/SecurityPolicy#None"
            return endpoints

        monkeypatch.setattr(plc.server.iserver, "get_endpoints", careless)
        with pytest.raises(RefusedError, match="readable on a channel that is only signed"):
            await value_of_a(driver_for(plc, trust.folder, security="sign", **user))
        assert operators.seen == []
        assert await value_of_a(driver_for(plc, trust.folder, **user)) == 1.0


async def test_a_user_is_known_by_a_certificate(tmp_path: Path) -> None:
    trust = await to_thread(pki, tmp_path / "pki", SHOWN)
    person = certificate("reader", OTHER_KEY, uri=None, hosts=())
    (tmp_path / "user.pem").write_bytes(person.public_bytes(Encoding.PEM))
    (tmp_path / "user.key").write_bytes(pem_of(OTHER_KEY))
    user: dict[str, Any] = {"user_certificate": str(tmp_path / "user.pem"), "user_key": str(tmp_path / "user.key")}
    for known, admitted in ((person, True), (read_certificate(trust.own_certificate.read_bytes()), False)):
        async with SecuredPlc(SHOWN, users=Operators(known)) as plc:
            await plc.add("a", 1.0)
            if admitted:
                assert await value_of_a(driver_for(plc, trust.folder, **user)) == 1.0
            else:
                with pytest.raises(RefusedError):
                    await value_of_a(driver_for(plc, trust.folder, **user))
