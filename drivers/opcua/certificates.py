"""X.509 certificates of OPC UA applications: read, described, checked for what they are made of, made."""

import ipaddress
import re
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEY_BITS: Final = 2048
"""All three security policies take 2048 to 4096 bits; older PLCs are slow with more than the least."""
WARN_DAYS: Final = 30
"""So long before its end a certificate is told of, by the link and by `redline check`."""
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_SEQUENCE: Final = 0x30
_LONG_FORM: Final = 0x80


def read_chain(der: bytes) -> tuple[x509.Certificate, ...]:
    """Read the certificates that a server sends behind each other, its own first; empty when there is none.

    :raises ValueError: it is no certificate.
    """
    chain: list[x509.Certificate] = []
    while der:
        length = _length(der)
        chain.append(x509.load_der_x509_certificate(der[:length]))
        der = der[length:]
    return tuple(chain)


def read_certificate(content: bytes) -> x509.Certificate:
    """Read a certificate from the bytes of a PEM or DER file.

    :raises ValueError: it is none.
    """
    if content.lstrip().startswith(b"-----BEGIN"):
        return x509.load_pem_x509_certificate(content)
    return x509.load_der_x509_certificate(content)


def read_crl(content: bytes) -> x509.CertificateRevocationList:
    """Read a revocation list from the bytes of a PEM or DER file.

    :raises ValueError: it is none.
    """
    if content.lstrip().startswith(b"-----BEGIN"):
        return x509.load_pem_x509_crl(content)
    return x509.load_der_x509_crl(content)


def der_of(certificate: x509.Certificate) -> bytes:
    """The certificate as it travels."""
    return certificate.public_bytes(Encoding.DER)


def thumbprint(certificate: x509.Certificate) -> str:
    """SHA-1 of the certificate in upper case hex, as engineering tools of PLCs show it."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()


def name_of(certificate: x509.Certificate) -> str:
    """The common name, or the whole subject where it has none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def file_name(certificate: x509.Certificate) -> str:
    """A file name for a certificate: its name in safe characters, and its thumbprint."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name_of(certificate)).strip("._")[:60] or "certificate"
    return f"{plain}_{thumbprint(certificate)}.der"


def uris_of(certificate: x509.Certificate) -> list[str]:
    """The application URIs that the certificate is for."""
    return _alternatives(certificate, x509.UniformResourceIdentifier)


def hosts_of(certificate: x509.Certificate) -> list[str]:
    """The host names and addresses that the certificate is for, in lower case."""
    names = [name.lower() for name in _alternatives(certificate, x509.DNSName)]
    return names + [str(address) for address in _alternatives(certificate, x509.IPAddress)]


def is_for_host(certificate: x509.Certificate, host: str) -> bool:
    """Tell whether a host name or address is among those of the certificate."""
    try:
        host = str(ipaddress.ip_address(host))
    except ValueError:
        host = host.lower().rstrip(".")
    return host in hosts_of(certificate)


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Tell whether the certificate vouches for itself."""
    return certificate.issuer == certificate.subject and is_issued_by(certificate, certificate)


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether `issuer` signed `certificate`."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def is_list_of(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Tell whether `issuer` signed a revocation list."""
    key = issuer.public_key()
    return isinstance(key, rsa.RSAPublicKey) and crl.is_signature_valid(key)


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether the certificate may sign others."""
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def may_sit_above(certificate: x509.Certificate, below: int) -> bool:
    """Tell whether so many other authorities may stand between this one and the server's certificate."""
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and (constraints.path_length is None or constraints.path_length >= below)


def weaknesses(certificate: x509.Certificate) -> list[str]:
    """What makes the certificate itself unfit for a server, in words; empty when nothing does."""
    found = []
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        found.append("its key is not RSA")
    elif key.key_size < KEY_BITS:
        found.append(f"its key has {key.key_size} bits, fewer than {KEY_BITS}")
    if isinstance(certificate.signature_hash_algorithm, hashes.SHA1 | hashes.MD5):
        found.append(f"it is signed with {certificate.signature_hash_algorithm.name}")
    usage = _extension(certificate, x509.KeyUsage)
    if usage is not None and not (usage.digital_signature and usage.key_encipherment):
        found.append("its key may not sign and encipher")
    extended = _extension(certificate, x509.ExtendedKeyUsage)
    if extended is not None and ExtendedKeyUsageOID.SERVER_AUTH not in extended:
        found.append("it is not a server's")
    return found


def make_certificate(application_uri: str, host: str, begin: datetime, days: int) -> tuple[bytes, bytes]:
    """Make a self-signed application certificate for us as a client: (DER of the certificate, PEM of its private key)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Redline@{host}"[:64])])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=True, data_encipherment=True, key_agreement=False,
        key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(_names_for(application_uri, host), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return der_of(certificate), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _names_for(application_uri: str, host: str) -> x509.SubjectAlternativeName:
    try:
        where: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        where = x509.DNSName(host)
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(application_uri), where])


def _alternatives(certificate: x509.Certificate, kind: type[Any]) -> list[str]:
    names = _extension(certificate, x509.SubjectAlternativeName)
    return [] if names is None else [str(value) for value in names.get_values_for_type(kind)]


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):  # absent, or broken: as if absent
        return None


def _length(der: bytes) -> int:
    """Bytes of the first certificate, header included."""
    if len(der) < 2 or der[0] != _SEQUENCE:
        raise ValueError("these bytes do not begin with a certificate")
    if der[1] < _LONG_FORM:
        return 2 + der[1]
    more = der[1] - _LONG_FORM
    return 2 + more + int.from_bytes(der[2 : 2 + more], "big")
