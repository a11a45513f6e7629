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
from drivers.words import Words

_SEE_USER = Words("见 user_certificate 和 user_key", "see user_certificate and user_key")


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
        command = f"redline opcua cert --pki {settings.pki}"
        advice = Words(f"用此命令生成本机证书：{command}", f"make our certificate with: {command}")
        application = _pair(folder.own_certificate, folder.own_key, advice)
        if not uris_of(application.certificate):
            raise NotYetAllowedError(
                f"{folder.own_certificate}: it names no application URI; {advice.en} --renew",
                f"{folder.own_certificate}：其中没有应用 URI；{advice.zh} --renew",
            )
    if settings.user_certificate is not None and settings.user_key is not None:
        user = _pair(Path(settings.user_certificate), Path(settings.user_key), _SEE_USER)
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


def _pair(certificate: Path, key: Path, advice: Words) -> Pair:
    """A certificate and its key from their files.

    :raises NotYetAllowedError: one is missing or unreadable, or they do not belong together.
    """
    try:
        found = read_certificate(certificate.read_bytes())
    except (OSError, ValueError) as error:
        zh = f"{certificate}：没有可用的证书（{error}）；{advice.zh}"
        raise NotYetAllowedError(f"{certificate}: no certificate ({error}); {advice.en}", zh) from error
    try:
        pem = key.read_bytes()
        private = read_key(pem)
    except (OSError, ValueError) as error:
        zh = f"{key}：没有可用的私钥（{error}）；{advice.zh}"
        raise NotYetAllowedError(f"{key}: no private key ({error}); {advice.en}", zh) from error
    if not belong_together(found, private):
        zh = f"{key}：不是 {certificate} 的私钥；{advice.zh}"
        raise NotYetAllowedError(f"{key}: it is not the key of {certificate}; {advice.en}", zh)
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
    places: list[tuple[str, str]] = []
    if settings.password_env is not None:
        places.append((f"环境变量 {settings.password_env}", f"environment variable {settings.password_env}"))
    if settings.password_file is not None:
        places.append((f"文件 {settings.password_file}{trouble}", f"file {settings.password_file}{trouble}"))
    named = [zh for zh, _ in places], [en for _, en in places]
    raise NotYetAllowedError(
        f"the password of {settings.username!r} is missing or empty: set {' or '.join(named[1])}",
        f"用户 {settings.username!r} 的口令缺失或为空：请设置{'或'.join(named[0])}",
    )
