"""What the scan needs of the world: a disk that answers, and two clocks."""

from typing import Protocol

from monitor.store.commit import Commit, Committed


class JournalPort(Protocol):
    """One method: everything decided together goes to disk together."""

    async def commit(self, commit: Commit) -> Committed:
        """Write one transaction; returns when it is on disk.

        :raises Exception: it is not on disk; the service must end rather than go on untold.
        """
        ...
