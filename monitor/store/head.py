"""The head file: (seq, hash) of the last acknowledged journal row, beside the database.

SQLite opens a write-ahead log that was cut in half without an error and forgets the rows after the cut; this file does
not.  It is written after each commit, so it may be behind the database but never ahead of it.  A process that is killed
loses nothing (the page cache survives it); against power loss it is synced at most once a second, off the commit's way,
so that it may then know up to a second less than the database: a check that is weaker for a moment, never a false one.
"""

import logging
import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)
HEAD_NAME: Final = "journal.head"
_LINE: Final = re.compile(rb"(\d{20}) ([0-9a-f]{64}) ([0-9a-f]{8})\n")


@dataclass(frozen=True, slots=True)
class Head:
    """Number and hash of a journal row."""

    seq: int
    hash: bytes


class HeadFile:
    """One line of fixed length, overwritten in place by a single write; text, so that people can read it."""

    def __init__(self, path: Path) -> None:
        """:raises OSError: it cannot be opened for writing."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def read(self) -> Head | None:
        """What was acknowledged last; None when the file is empty or damaged."""
        return _read(os.pread(self._descriptor, 256, 0))

    def write(self, head: Head) -> None:
        """Overwrite in place.

        :raises OSError: the disk refuses.
        """
        seq, digest = f"{head.seq:020d}".encode(), head.hash.hex().encode()
        os.pwrite(self._descriptor, b"%b %b %08x\n" % (seq, digest, zlib.crc32(seq + digest)), 0)

    def try_sync(self) -> None:
        """Bring it to the disk; slow.  A disk that refuses is logged: the next commit will find out for itself."""
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            logger.warning("the head file was not synced: %s", error)

    def close(self) -> None:
        """Sync and close."""
        self.try_sync()
        os.close(self._descriptor)


def read_head(path: Path) -> Head | None:
    """What a head file says, without opening it for writing; None when it is missing, empty or damaged."""
    try:
        return _read(path.read_bytes()[:256])
    except OSError:
        return None


def _read(line: bytes) -> Head | None:
    match = _LINE.fullmatch(line)
    if match is None or int(match[3], 16) != zlib.crc32(match[1] + match[2]):
        return None
    return Head(int(match[1]), bytes.fromhex(match[2].decode()))
