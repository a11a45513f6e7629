"""Signed anchors: now and then the head of the journal (seq, hash) is signed with the key of this state folder.

Whoever can write the database can also compute a new chain; without the key he cannot sign it.  The public key is kept
elsewhere (`redline journal key`).  An anchor is written in the transaction of the row it signs, then appended to a file
beside the database, so that the file never knows an anchor that the database does not.
"""

import base64
import binascii
import hashlib
import logging
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import orjson
from sqlalchemy import Connection, select

from monitor.store.body import encode
from monitor.store.head import Head
from monitor.store.tables import ANCHOR

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

logger = logging.getLogger(__name__)
KEY_NAME: Final = "anchor.key"
ANCHORS_NAME: Final = "anchors.jsonl"
EVERY_ROWS: Final = 1000
"""A row is signed at the latest with the commit in which this many rows are unsigned."""
EVERY_NS: Final = 3_600_000_000_000
AnchorKind = Literal["head", "pruned"]


class KeyRefusedError(Exception):
    """The signing key, or a public key, cannot be read or made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One signed row: `head` when it was the last one, `pruned` when all rows up to it were taken away."""

    kind: AnchorKind
    plant: str
    seq: int
    hash: bytes
    wall_ns: int
    public_key: bytes
    signature: bytes

    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        return signed_bytes(self.kind, self.plant, Head(self.seq, self.hash), self.wall_ns)

    def is_signed(self) -> bool:
        """Whether the signature belongs to these bytes and this public key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(self.signature, self.signed_bytes())
        except (InvalidSignature, ValueError):
            return False
        return True

    def line(self) -> bytes:
        """One line of the file beside the database."""
        fields = orjson.loads(self.signed_bytes())
        return encode(fields | {"public_key": self.public_key.hex(), "signature": self.signature.hex()}) + b"\n"


def signed_bytes(kind: AnchorKind, plant: str, head: Head, wall_ns: int) -> bytes:
    """Canonical JSON of what an anchor says."""
    return encode(
        {"schema": 1, "kind": kind, "plant": plant, "seq": head.seq, "hash": head.hash.hex(), "wall_ns": wall_ns}
    )


def read_line(line: bytes) -> Anchor:
    """Read one line of the file.

    :raises ValueError: it is not an anchor.
    """
    try:
        fields = orjson.loads(line)
        return Anchor(
            kind="pruned" if fields["kind"] == "pruned" else "head",
            plant=str(fields["plant"]),
            seq=int(fields["seq"]),
            hash=bytes.fromhex(fields["hash"]),
            wall_ns=int(fields["wall_ns"]),
            public_key=bytes.fromhex(fields["public_key"]),
            signature=bytes.fromhex(fields["signature"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an anchor: {error}") from error


def stored_anchors(connection: Connection) -> list[Anchor]:
    """All anchors of the database in the order they were made."""
    columns = (ANCHOR.c[name] for name in Anchor.__slots__)
    return [Anchor(**dict(row)) for row in connection.execute(select(*columns).order_by(ANCHOR.c.number)).mappings()]


def fingerprint(public_key: bytes) -> str:
    """Short name of a public key that people can compare: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def public_key_text(public_key: bytes) -> str:
    """The public key as one line of text."""
    return f"redline-anchor-ed25519 {base64.b64encode(public_key).decode()} {fingerprint(public_key)}"


def read_public_keys(text: str) -> frozenset[bytes]:
    """Public keys of a text with one in each line, as `public_key_text` writes them.

    :raises KeyRefusedError: a line is none, or there is none at all.
    """
    keys = set()
    for line in filter(None, map(str.strip, text.splitlines())):
        words = line.split()
        try:
            key = base64.b64decode(words[1], validate=True)
        except (IndexError, binascii.Error) as error:
            raise KeyRefusedError(f"not a public key: {line[:60]!r}") from error
        if words[0] != "redline-anchor-ed25519" or len(key) != 32:
            raise KeyRefusedError(f"not a public key: {line[:60]!r}")
        keys.add(key)
    if not keys:
        raise KeyRefusedError("no public key in the file")
    return frozenset(keys)


def load_key(path: Path, *, make: bool) -> "Ed25519PrivateKey":
    """Read the private key; with `make` a missing one is made, readable by its owner only.

    :raises KeyRefusedError: it cannot be read or made.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    try:
        if make and not path.exists():
            made = Ed25519PrivateKey.generate()
            pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, pem)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            return made
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRefusedError(f"the key {path} cannot be read or made: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefusedError(f"the key {path} is not an Ed25519 key")
    return key


class Anchors:
    """Decides when a row is signed, signs it, and keeps the file beside the database."""

    def __init__(self, state_dir: Path, plant: str) -> None:
        self._key_path = state_dir / KEY_NAME
        self._file_path = state_dir / ANCHORS_NAME
        self._plant = plant
        self._key: Ed25519PrivateKey | None = None
        self._public_key = b""
        self._loading = threading.Lock()
        self._seq = 0
        self._wall_ns = 0
        self.error = ""
        """Why nothing can be signed; empty when all is well.  The journal goes on without: verify will say so."""

    def restore(self, connection: Connection) -> None:
        """Learn from the database which row was signed last, and take an unfinished line off the file."""
        query = select(ANCHOR.c.seq, ANCHOR.c.wall_ns).where(ANCHOR.c.kind == "head").order_by(ANCHOR.c.seq.desc())
        found = connection.execute(query.limit(1)).first()
        if found is not None:
            self._seq, self._wall_ns = found.seq, found.wall_ns
        with suppress(OSError):
            whole = self._file_path.read_bytes()
            if whole and not whole.endswith(b"\n"):  # the power failed while it was written; the database has it
                os.truncate(self._file_path, whole.rfind(b"\n") + 1)

    def load(self) -> None:
        """Read or make the key; slow the first time (a library is loaded), so not in the loop."""
        with self._loading:
            if self._key is not None or self.error:
                return
            try:
                self._key = load_key(self._key_path, make=True)
                self._public_key = self._key.public_key().public_bytes_raw()
            except KeyRefusedError as error:
                self.error = str(error)
                logger.error("journal rows are not signed: %s", error)  # noqa: TRY400 - the words say it all

    def is_unsigned(self, seq: int) -> bool:
        """Whether the row `seq` came after the last signed one, and could be signed."""
        return seq > self._seq and not self.error

    def is_due(self, seq: int, wall_ns: int) -> bool:
        """Whether the row `seq` should be signed: enough rows or an hour after the last one."""
        if not self.is_unsigned(seq):
            return False
        return seq - self._seq >= EVERY_ROWS or not 0 <= wall_ns - self._wall_ns < EVERY_NS

    def sign(self, kind: AnchorKind, head: Head, wall_ns: int) -> Anchor | None:
        """Sign a row; None when there is no key."""
        self.load()
        if self._key is None:
            return None
        return Anchor(
            kind=kind,
            plant=self._plant,
            seq=head.seq,
            hash=head.hash,
            wall_ns=wall_ns,
            public_key=self._public_key,
            signature=self._key.sign(signed_bytes(kind, self._plant, head, wall_ns)),
        )

    def keep(self, anchor: Anchor) -> None:
        """Append an anchor that is on disk in the database to the file; the file may lack one, never have one more."""
        if anchor.kind == "head":
            self._seq, self._wall_ns = anchor.seq, anchor.wall_ns
        try:
            descriptor = os.open(self._file_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                os.write(descriptor, anchor.line())
            finally:
                os.close(descriptor)
        except OSError as error:
            logger.warning("the anchor of row %d was not appended to %s: %s", anchor.seq, self._file_path, error)


def insert(connection: Connection, anchor: Anchor) -> None:
    """Store an anchor inside the connection's transaction; an earlier `pruned` one has nothing more to say."""
    if anchor.kind == "pruned":
        connection.execute(ANCHOR.delete().where(ANCHOR.c.kind == "pruned"))
    connection.execute(ANCHOR.insert(), [{name: getattr(anchor, name) for name in Anchor.__slots__}])


def read_file(path: Path) -> list[Anchor]:
    """Anchors of a file in its order; an unfinished last line is not there yet.

    :raises ValueError: a line is no anchor; the message names it.
    :raises OSError: the file cannot be read.
    """
    lines = path.read_bytes().split(b"\n")[:-1]
    anchors = []
    for number, line in enumerate(lines, 1):
        try:
            anchors.append(read_line(line))
        except ValueError as error:
            raise ValueError(f"{path.name}:{number}: {error}") from error
    return anchors


def last_signed(path: Path) -> Head | None:
    """The newest row that the file knows to be signed; None without a readable file.  It stands in for a lost head file."""
    try:
        heads = [anchor for anchor in read_file(path) if anchor.kind == "head"]
    except (OSError, ValueError):
        return None
    newest = max(heads, key=lambda anchor: anchor.seq, default=None)
    return None if newest is None else Head(newest.seq, newest.hash)
