"""A server that signs and encrypts, certificates of every bad kind, and the folder of a plant that trusts or does not."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from asyncua import ua
from asyncua.server.user_managers import UserManager
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from drivers.opcua.certificates import make_certificate
from drivers.opcua.trust import TrustFolder
from tests.drivers.opcua.plant import URI, Plc

NOW = datetime.now(UTC).replace(microsecond=0)
SERVER_URI = "urn:test:server"
KEYS = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3)]
"""Made once: they cost a tenth of a second each."""
SERVER_KEY, ISSUER_KEY, OTHER_KEY = KEYS
SECURITY = ua.SecurityPolicyType


def certificate(
    name: str = "PLC",
    key: rsa.RSAPrivateKey = SERVER_KEY,
    *,
    issuer: tuple[x509.Certificate, rsa.RSAPrivateKey] | None = None,
    uri: str | None = SERVER_URI,
    hosts: tuple[str, ...] = ("127.0.0.1",),
    begin: datetime = NOW - timedelta(days=1),
    days: int = 400,
    authority: bool = False,
    path_length: int | None = None,
    usage: Any = ExtendedKeyUsageOID.SERVER_AUTH,
    algorithm: Any = None,
) -> x509.Certificate:
    """A certificate like those of servers, wrong where the test says so."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names: list[x509.GeneralName] = [] if uri is None else [x509.UniformResourceIdentifier(uri)]
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=True, data_encipherment=True,
                key_agreement=False, key_cert_sign=authority, crl_sign=authority, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(key if issuer is None else issuer[1], algorithm or hashes.SHA256())


def authority(name: str = "Plant CA", key: rsa.RSAPrivateKey = ISSUER_KEY, **more: Any) -> x509.Certificate:
    return certificate(name, key, authority=True, uri=None, hosts=(), **more)


def revocations(
    issuer: x509.Certificate, key: rsa.RSAPrivateKey, *serials: int, until: datetime = NOW + timedelta(days=30)
) -> bytes:
    """A revocation list in PEM."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(until - timedelta(days=60))
        .next_update(until)
    )
    for serial in serials:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - timedelta(days=2)).build()
        )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def pem_of(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def pki(folder: Path, *trusted: x509.Certificate, days: int = 400) -> TrustFolder:
    """A folder with a certificate of ours that trusts some others."""
    trust = TrustFolder(folder)
    trust.own_certificate.parent.mkdir(parents=True)
    der, pem = make_certificate("urn:test:redline", "test-host", NOW - timedelta(days=1), days)
    trust.own_certificate.write_bytes(der)
    trust.own_key.write_bytes(pem)
    for each in trusted:
        trust.accept(each)
    return trust


class SecuredPlc(Plc):
    """A server with message security; by default also one endpoint without, as most have."""

    def __init__(
        self,
        shown: x509.Certificate,
        *,
        policies: tuple[SECURITY, ...] = (SECURITY.Basic256Sha256_SignAndEncrypt, SECURITY.Basic256Sha256_Sign),
        port: int | None = None,
        users: UserManager | None = None,
        key: rsa.RSAPrivateKey = SERVER_KEY,
    ) -> None:
        super().__init__(port, users=users)
        self._shown = shown
        self._policies = policies
        self._key = key

    async def __aenter__(self) -> Self:
        await self.server.init()
        self.server.set_endpoint(self.endpoint)
        await self.server.set_application_uri(SERVER_URI)
        self.server.set_security_policy(list(self._policies))
        await self.server.load_certificate(self._shown.public_bytes(Encoding.DER), "der")
        await self.server.load_private_key(pem_of(self._key), None, "pem")
        self.index = await self.server.register_namespace(URI)
        await self.server.start()
        return self
