"""A process of its own that commits without end and says on standard output what the disk acknowledged.

`python -m tests.monitor.store.committer STATE_DIR [BALLAST_BYTES]`: one line `seq wall_ns` for each commit; ends with
EXIT_DISK_FULL when the disk is full, after saying `full SEQ` (or `full none` when the last commit is not stored).
"""

import asyncio
import sys
from pathlib import Path

from monitor.clock import SystemClock
from monitor.store.commit import Commit
from monitor.store.errors import EXIT_DISK_FULL, DiskFullError
from monitor.store.journal import open_journal
from tests.monitor.store.samples import PLANT, alarm, push, settings, transition


async def commit_without_end(state_dir: Path, ballast_bytes: int) -> int:
    clock = SystemClock()
    async with open_journal(state_dir, PLANT, settings(state_dir, ballast_bytes=ballast_bytes), clock) as store:
        occurrence = store.seq
        while True:
            occurrence += 1
            commit = Commit(
                wall_ns=clock.wall_ns(),
                transitions=(transition(occurrence=occurrence, comment="x" * 2000),),
                alarms=(alarm(occurrence=occurrence),),
                outbox=(push(occurrence=occurrence),),
            )
            try:
                committed = await store.commit(commit)
            except DiskFullError as error:
                print("full", error.committed.seq if error.committed else "none", flush=True)
                return EXIT_DISK_FULL
            print(committed.seq, committed.journaled_wall_ns, flush=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(commit_without_end(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)))
