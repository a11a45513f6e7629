"""Room on the disk: how much is left, and the ballast that is freed so that the last alarm is recorded."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FULL_BYTES: Final = 1_000_000
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """Room of one file system in bytes, as an ordinary process may use it."""

    free_bytes: int
    total_bytes: int

    @property
    def free_fraction(self) -> float:
        """0.0 (full) to 1.0; `system.disk` is raised under 0.1."""
        return self.free_bytes / self.total_bytes if self.total_bytes else 0.0


def disk_space(path: Path) -> DiskSpace:
    """Room of the file system that holds `path`; a system call, call it off the loop.

    :raises OSError: the path does not exist.
    """
    found = os.statvfs(path)
    return DiskSpace(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


class Ballast:
    """A file that only takes room, to be freed once."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size_bytes = size_bytes

    @property
    def held_bytes(self) -> int:
        """Room that freeing it would give."""
        return self._path.stat().st_blocks * 512 if self._path.exists() else 0

    def take(self) -> None:
        """Reserve the room, unless that would take more than half of what is left.

        After an exit because of a full disk the freed room is what the service lives on: taking it again would end it
        at the next commit.
        """
        if self._size_bytes == 0:
            return
        try:
            room = disk_space(self._path.parent).free_bytes
            if room < _FULL_BYTES and self.free():
                logger.warning("the disk is full at the start: the ballast was freed")
                return
            if self.held_bytes >= self._size_bytes:
                return
            if room < 2 * self._size_bytes:
                logger.warning("no room for the ballast of %d bytes at %s", self._size_bytes, self._path)
                return
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                os.posix_fallocate(descriptor, 0, self._size_bytes)
            finally:
                os.close(descriptor)
        except OSError as error:
            # a monitor without a ballast is better than no monitor; system.disk tells about the room
            logger.warning("no ballast at %s: %s", self._path, error)
            self._path.unlink(missing_ok=True)

    def free(self) -> bool:
        """Give the room back; False when there was none to give."""
        if self.held_bytes == 0:
            return False
        self._path.unlink(missing_ok=True)
        return True
