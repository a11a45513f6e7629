"""Why the journal does not open, and what happens when its disk is full."""

from typing import Final

from monitor.store.commit import Committed

EXIT_DISK_FULL: Final = 74
"""Exit code of the service after its journal's disk filled up (EX_IOERR of sysexits)."""


class JournalRefusedError(Exception):
    """The journal does not open; `message_zh`, `message_en` say what to do."""

    def __init__(self, message_zh: str, message_en: str) -> None:
        self.message_zh = message_zh
        self.message_en = message_en
        super().__init__(message_en)


class DiskFullError(Exception):
    """The disk is full: end the process with EXIT_DISK_FULL.

    `committed` is the answer of the disk when the freed ballast made room (what was decided is stored and may be told);
    None when even that did not help and nothing of the commit is stored.
    """

    def __init__(self, committed: Committed | None) -> None:
        self.committed = committed
        super().__init__(
            "the journal's disk is full; "
            + ("the last commit was stored after freeing the ballast" if committed else "the last commit is NOT stored")
        )


class AccountExistsError(Exception):
    """An account of this name exists already, or the one to change does not."""
