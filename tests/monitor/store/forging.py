"""A signed journal, and what somebody who can write its files would do to it."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from monitor.store import anchor as anchors
from monitor.store.anchor import KEY_NAME
from monitor.store.audit import Audit
from monitor.store.body import GENESIS, chained
from monitor.store.commit import Commit
from monitor.store.head import Head, HeadFile
from monitor.store.journal import open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, settings, transition

ROWS, EVERY = 45, 10


SIGNED = (1, 11, 21, 31, 41, 45)


async def write(state_dir: Path, rows: int = ROWS) -> None:
    async with open_journal(state_dir, PLANT, settings(state_dir), StillClock()) as store:
        for _ in range(rows):
            commit = Commit(wall_ns=WALL_NS, transitions=(transition(occurrence=store.seq + 1, person="wang"),))
            await store.commit(commit)


def change(state_dir: Path, statement: str, *parameters: object) -> None:
    with closing(sqlite3.connect(state_dir / "journal.sqlite")) as file, file:
        assert file.execute(statement, parameters).rowcount > 0


def chain_anew(state_dir: Path) -> None:
    """What a forger who can write every file but has no key would do: new hashes, new head."""
    with closing(sqlite3.connect(state_dir / "journal.sqlite")) as file, file:
        last, seq = GENESIS, 0
        for seq, body in file.execute("SELECT seq, body FROM journal ORDER BY seq").fetchall():
            last = chained(last, body)
            file.execute("UPDATE journal SET hash = ? WHERE seq = ?", (last, seq))
    head = HeadFile(state_dir / "journal.head")
    head.write(Head(seq, last))
    head.close()


def forge(state_dir: Path, seq: int = 25) -> None:
    change(
        state_dir,
        "UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), '14.25', '13.25') AS BLOB) WHERE seq = ?",
        seq,
    )
    chain_anew(state_dir)


def only(found: Audit) -> tuple[int | None, str]:
    assert len(found.findings) == 1, found.findings
    assert re.search("[\u4e00-\u9fff]", found.findings[0].zh)
    return found.findings[0].seq, found.findings[0].en


def public_key_of(state_dir: Path) -> bytes:
    return anchors.load_key(state_dir / KEY_NAME, make=False).public_key().public_bytes_raw()
