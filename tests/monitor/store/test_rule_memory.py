"""What the rules remember is stored beside the journal: replaced part by part, and no part of what the chain protects."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from monitor.store.journal import open_journal
from rules.stored import StoredPart
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, entry, settings
from tests.monitor.store.test_migrations import at_revision

DELAYS = StoredPart(name="delays", wall_ns=WALL_NS, body=b"\x00first\xff")
RISES = StoredPart(name="Rose", wall_ns=WALL_NS + 1, body=b"samples")


async def test_parts_are_replaced_and_forgotten_one_by_one(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        assert await store.rule_memory() == ()
        await store.put_rule_memory([DELAYS, RISES])
        later = replace(DELAYS, wall_ns=WALL_NS + 5, body=b"second")
        await store.put_rule_memory([later])
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        assert await store.rule_memory() == (RISES, later)
        await store.put_rule_memory([], ["Rose", "never there"])
        assert await store.rule_memory() == (later,)


async def test_the_chain_of_the_journal_knows_nothing_of_it(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await store.record(entry())
        await store.put_rule_memory([DELAYS])
        await store.record(entry())
        assert store.seq == 2
        assert (await store.verify()).first_bad_seq is None


async def test_a_part_that_cannot_be_stored_leaves_those_before(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await store.put_rule_memory([DELAYS])
        broken = replace(RISES, wall_ns=None)  # type: ignore[arg-type]  # what must be refused
        with pytest.raises(DatabaseError):
            await store.put_rule_memory([replace(DELAYS, body=b"other"), broken])
        assert await store.rule_memory() == (DELAYS,)
        await store.put_rule_memory([RISES])  # and the next one is stored
        assert await store.rule_memory() == (RISES, DELAYS)


async def test_a_journal_of_the_revision_before_goes_on_with_no_memory(tmp_path: Path) -> None:
    await asyncio.to_thread(at_revision, tmp_path / "journal.sqlite", "0002", [entry(), entry(kind="stop")])
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        assert (store.seq, await store.rule_memory()) == (2, ())
        assert (await store.verify()).rows == 2
        await store.put_rule_memory([DELAYS])
        assert await store.rule_memory() == (DELAYS,)
    with closing(sqlite3.connect(tmp_path / "journal-0002.sqlite")) as copy:
        assert copy.execute("SELECT count(*) FROM journal").fetchone() == (2,)
