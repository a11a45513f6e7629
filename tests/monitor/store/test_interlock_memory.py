"""Open demands and trips of interlocks are stored with what was decided, and apart from what the chain protects."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from monitor.interlocks.stored import StoredInterlock
from monitor.store.commit import Commit
from monitor.store.journal import JournalStore, open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, entry, settings, transition
from tests.monitor.store.test_migrations import at_revision

ONE = StoredInterlock(id="SIS-101", wall_ns=WALL_NS, body=b"{}\x00\xff")
TWO = StoredInterlock(id="SIS-102", wall_ns=WALL_NS + 1, body=b"two")


async def test_rows_are_replaced_and_forgotten_one_by_one(journal: JournalStore, tmp_path: Path) -> None:
    assert await journal.load_interlocks() == ()
    await journal.commit(Commit(wall_ns=WALL_NS, interlocks=(TWO, ONE)))
    assert await journal.load_interlocks() == (ONE, TWO)
    later, gone = replace(ONE, wall_ns=WALL_NS + 5, body=b"again"), replace(TWO, body=None)
    never = StoredInterlock(id="never there", wall_ns=WALL_NS, body=None)
    await journal.commit(Commit(wall_ns=WALL_NS, interlocks=(later, gone, never)))
    assert await journal.load_interlocks() == (later,)


async def test_they_are_there_after_the_next_start(tmp_path: Path) -> None:
    for wanted in ((), (ONE,)):
        async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
            assert await store.load_interlocks() == wanted
            await store.commit(Commit(wall_ns=WALL_NS, interlocks=(ONE,)))


async def test_the_chain_of_the_journal_knows_nothing_of_them(journal: JournalStore) -> None:
    await journal.record(entry())
    await journal.commit(Commit(wall_ns=WALL_NS, interlocks=(ONE,)))
    await journal.record(entry())
    assert journal.seq == 2
    assert (await journal.verify()).first_bad_seq is None


async def test_what_is_decided_and_what_is_remembered_of_it_are_one_transaction(journal: JournalStore) -> None:
    await journal.commit(Commit(wall_ns=WALL_NS, transitions=(transition(),), interlocks=(ONE,)))
    with pytest.raises(DatabaseError):  # a transition that is there already
        await journal.commit(Commit(wall_ns=WALL_NS, transitions=(transition(),), interlocks=(TWO,)))
    assert await journal.load_interlocks() == (ONE,)
    broken = replace(TWO, wall_ns=None)  # type: ignore[arg-type]  # what must be refused
    with pytest.raises(DatabaseError):
        await journal.commit(Commit(wall_ns=WALL_NS, entries=(entry(),), interlocks=(broken,)))
    assert journal.seq == 1, "the entry is not there without it"


async def test_a_journal_of_the_revision_before_goes_on_with_nothing_remembered(tmp_path: Path) -> None:
    await asyncio.to_thread(at_revision, tmp_path / "journal.sqlite", "0004", [entry(), entry(kind="stop")])
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        assert (store.seq, await store.load_interlocks()) == (2, ())
        await store.commit(Commit(wall_ns=WALL_NS, interlocks=(ONE,)))
        assert await store.load_interlocks() == (ONE,)
