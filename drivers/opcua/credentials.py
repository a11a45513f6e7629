"""What a connection needs of the disk and the environment: certificates with their keys, the password.  Blocking."""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from drivers.errors import NotYetAllowedError
from drivers.opcua.certificates import read_certificate, uris_of
from drivers.opcua.settings import OpcUaSettings
from drivers.opcua.trust import TrustFolder


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: PrivateKeyTypes
    key_pem: bytes


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a connection needs of the disk and the environment."""

    application: Pair | None
    """Ours; None without message security."""
    user: Pair | None
    password: str


def read_credentials(settings: OpcUaSettings) -> Credentials:
    """Read certificates, keys and password (blocking).

    :raises NotYetAllowedError: something is not there; says what to do.
    """
    application = user = None
    if settings.security != "none":
        folder = TrustFolder(Path(settings.pki))
        advice = f"make our certificate with: redline opcua cert --pki {settings.pki}"
        application = _pair(folder.own_certificate, folder.own_key, advice)
        if not uris_of(application.certificate):
            raise NotYetAllowedError(f"{folder.own_certificate}: it names no application URI; {advice} --renew")
    if settings.user_certificate is not None and settings.user_key is not None:
        user = _pair(Path(settings.user_certificate), Path(settings.user_key), "see user_certificate and user_key")
    return Credentials(application, user, _password(settings))


def read_key(pem: bytes) -> PrivateKeyTypes:
    """Read a private key from the bytes of a PEM file.

    :raises ValueError: it is none, or it is encrypted.
    """
    try:
        return load_pem_private_key(pem, None)
    except TypeError as error:
        raise ValueError(f"it is encrypted ({error})") from error


def belong_together(certificate: x509.Certificate, key: PrivateKeyTypes) -> bool:
    """Tell whether a certificate is for this private key."""
    return bool(key.public_key() == certificate.public_key())


def _pair(certificate: Path, key: Path, advice: str) -> Pair:
    """A certificate and its key from their files.

    :raises NotYetAllowedError: one is missing or unreadable, or they do not belong together.
    """
    try:
        found = read_certificate(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise NotYetAllowedError(f"{certificate}: no certificate ({error}); {advice}") from error
    try:
        pem = key.read_bytes()
        private = read_key(pem)
    except (OSError, ValueError) as error:
        raise NotYetAllowedError(f"{key}: no private key ({error}); {advice}") from error
    if not belong_together(found, private):
        raise NotYetAllowedError(f"{key}: it is not the key of {certificate}; {advice}")
    return Pair(found, private, pem)


def _password(settings: OpcUaSettings) -> str:
    """The password of the user, from the environment before the file; empty where the user needs none.

    :raises NotYetAllowedError: it is nowhere.
    """
    if settings.username is None:
        return ""
    password = os.environ.get(settings.password_env or "", "").strip()
    trouble = ""
    if not password and settings.password_file is not None:
        try:
            password = Path(settings.password_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            trouble = f" ({type(error).__name__})"
    if password:
        return password
    places = [f"environment variable {settings.password_env}"] * (settings.password_env is not None)
    places += [f"file {settings.password_file}{trouble}"] * (settings.password_file is not None)
    raise NotYetAllowedError(f"the password of {settings.username!r} is missing or empty: set {' or '.join(places)}")
