"""The folder that says which servers we trust: what is accepted, what was refused, what was revoked, and our own certificate.

asyncua's own check lacks what matters here: without a store it trusts everybody, it never compares the host, it takes a
serial number on any revocation list for a revocation, and it runs after our first messages left.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509

from drivers.opcua.certificates import (
    der_of,
    file_name,
    hosts_of,
    is_authority,
    is_for_host,
    is_issued_by,
    is_list_of,
    is_self_signed,
    may_sit_above,
    name_of,
    read_certificate,
    read_crl,
    thumbprint,
    uris_of,
    weaknesses,
)

_LONGEST_CHAIN: Final = 5
_MOST_REJECTED: Final = 50
"""A server that is not trusted must not fill our disk with certificates."""

_T = TypeVar("_T")


_CHECKS_ZH: Final = {
    "trust": "它和签发者都不在 trusted 文件夹里",
    "revoked": "已被吊销",
    "revocation": "无法核对吊销",
    "strength": "强度不足",
    "validity": "不在有效期内",
    "host": "不是此主机的证书",
    "uri": "不是此应用的证书",
}
"""What each check finds."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason not to believe a server's certificate."""

    check: str
    """`trust`, `revoked`, or one that `certificate_exceptions` may switch off."""
    words: str

    @property
    def zh(self) -> str:
        """What kind of doubt in Chinese, with the words."""
        return f"{_CHECKS_ZH[self.check]}（{self.words}）"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a server shows of itself before it is believed."""

    chain: Sequence[x509.Certificate]
    """Its own certificate first, then those of its issuers as far as it sends them."""
    host: str
    """Under which we reach it."""
    application_uri: str


class TrustFolder:
    """The folder `pki` of a plant: `own`, `trusted`, `rejected`, `crl`.  Reads files: not for the event loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.own_certificate = folder / "own" / "certificate.der"
        self.own_key = folder / "own" / "private_key.pem"
        self.unreadable: list[str] = []
        """Files that are neither certificate nor revocation list, with the reason; of the last look at the folder."""

    def trusted(self) -> list[x509.Certificate]:
        """Every certificate in `trusted`, of servers and of authorities."""
        return list(self._read("trusted", read_certificate))

    def rejected(self) -> list[tuple[Path, x509.Certificate]]:
        """Every certificate in `rejected` with its file."""
        return [
            (path, certificate)
            for path in files_of(self.folder / "rejected")
            if (certificate := self._one(path, read_certificate)) is not None
        ]

    def judge(self, presented: Presented, moment: datetime) -> list[Doubt]:
        """Every reason not to believe a server at this moment (aware); empty when there is none."""
        self.unreadable = []
        certificate = presented.chain[0]
        pinned = self.trusted()
        crls = list(self._read("crl", read_crl))
        path = _path_of_trust(presented.chain, pinned)
        doubts = [Doubt("strength", words) for words in weaknesses(certificate)]
        doubts += _doubts_of_time([certificate, *(path or ())], moment)
        if path is None:
            doubts.append(Doubt("trust", "neither it nor its issuer is in the folder `trusted`"))
        else:
            doubts += _doubts_of_revocation(
                _signatures(presented.chain, path, pinned), crls, moment, required=bool(path)
            )
        if not is_for_host(certificate, presented.host):
            said = ", ".join(hosts_of(certificate)) or "no host"
            doubts.append(Doubt("host", f"it is for {said}, not for {presented.host}"))
        if presented.application_uri not in uris_of(certificate):
            said = ", ".join(uris_of(certificate)) or "no application"
            doubts.append(Doubt("uri", f"it is for {said}, not for the server's {presented.application_uri!r}"))
        return doubts

    def reject(self, certificate: x509.Certificate) -> Path:
        """Keep a certificate that was not believed, for a person to look at.

        :raises OSError: the folder cannot be written.
        """
        path = self.folder / "rejected" / file_name(certificate)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = sorted(files_of(path.parent), key=lambda each: each.stat().st_mtime)
            for old in kept[: max(0, len(kept) - _MOST_REJECTED + 1)]:
                old.unlink(missing_ok=True)
            replace_file(path, der_of(certificate))
        return path

    def accept(self, certificate: x509.Certificate) -> Path:
        """Trust a certificate from now on; it leaves `rejected`.

        :raises OSError: the folder cannot be written.
        """
        path = self.folder / "trusted" / file_name(certificate)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, der_of(certificate))
        for old, rejected in self.rejected():
            if rejected == certificate:
                old.unlink(missing_ok=True)
        return path

    def _read(self, folder: str, read: Callable[[bytes], _T]) -> Iterator[_T]:
        for path in files_of(self.folder / folder):
            found = self._one(path, read)
            if found is not None:
                yield found

    def _one(self, path: Path, read: Callable[[bytes], _T]) -> _T | None:
        try:
            return read(path.read_bytes())
        except (OSError, ValueError) as error:
            self.unreadable.append(f"{path}: {error}")
            return None


def describe(certificate: x509.Certificate) -> str:
    """A certificate in one line: whose it is, who signed it, until when, and the thumbprint to compare."""
    issuer = "self-signed" if is_self_signed(certificate) else f"issued by {certificate.issuer.rfc4514_string()}"
    until = certificate.not_valid_after_utc.strftime("%Y-%m-%d")
    return f"{name_of(certificate)}, {issuer}, valid until {until}, SHA-1 {thumbprint(certificate)}"


def replace_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file so that it is there whole or not at all, never readable to more than `mode` allows.

    :raises OSError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def files_of(folder: Path) -> list[Path]:
    """The files of one of these folders, in order; empty where it is not there.

    :raises OSError: it may not be listed.
    """
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _path_of_trust(
    chain: Sequence[x509.Certificate], pinned: Sequence[x509.Certificate]
) -> list[x509.Certificate] | None:
    """The authorities from a server's certificate up to a trusted one; empty when it is trusted itself, None when nothing is."""
    certificate = chain[0]
    if certificate in pinned:
        return []
    path: list[x509.Certificate] = []
    known = [*pinned, *chain[1:]]
    while len(path) < _LONGEST_CHAIN:
        below = path[-1] if path else certificate
        issuer = next(
            (
                each
                for each in known
                if each != below and is_authority(each) and may_sit_above(each, len(path)) and is_issued_by(below, each)
            ),
            None,
        )
        if issuer is None or issuer in path:
            return None
        path.append(issuer)
        if issuer in pinned:
            return path
    return None


def _doubts_of_time(certificates: Sequence[x509.Certificate], moment: datetime) -> Iterator[Doubt]:
    for each in certificates:
        if moment < each.not_valid_before_utc:
            yield Doubt(
                "validity", f"{name_of(each)} is valid from {each.not_valid_before_utc:%Y-%m-%d %H:%M} UTC only"
            )
        if moment > each.not_valid_after_utc:
            yield Doubt("validity", f"{name_of(each)} was valid until {each.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")


def _signatures(
    chain: Sequence[x509.Certificate], path: Sequence[x509.Certificate], pinned: Sequence[x509.Certificate]
) -> list[tuple[x509.Certificate, x509.Certificate]]:
    """Who was signed by whom, as far as it can have been revoked."""
    certificate = chain[0]
    if path:
        return list(zip((certificate, *path), path, strict=False))
    known = (*pinned, *chain[1:])
    return [(certificate, each) for each in known if each != certificate and is_issued_by(certificate, each)]


def _doubts_of_revocation(
    signatures: Sequence[tuple[x509.Certificate, x509.Certificate]],
    crls: Sequence[x509.CertificateRevocationList],
    moment: datetime,
    *,
    required: bool,
) -> Iterator[Doubt]:
    """Whether an authority took back what it signed; `required`: trust rests on the authority, so that it must say.

    A list counts only with the signature of the authority that it is of: a serial number alone means nothing elsewhere.
    """
    for below, issuer in signatures:
        lists = [crl for crl in crls if crl.issuer == issuer.subject and is_list_of(crl, issuer)]
        if any(crl.get_revoked_certificate_by_serial_number(below.serial_number) is not None for crl in lists):
            yield Doubt("revoked", f"{name_of(issuer)} has revoked {name_of(below)}")
        elif required and not lists:
            yield Doubt("revocation", f"the folder `crl` has no revocation list of {name_of(issuer)}")
        elif required and all(crl.next_update_utc is not None and crl.next_update_utc < moment for crl in lists):
            yield Doubt("revocation", f"every revocation list of {name_of(issuer)} is out of date")
