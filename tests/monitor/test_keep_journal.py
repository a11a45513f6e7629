"""The service signs and forgets by itself, and a database that refuses once does not end it."""

import asyncio
import logging
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from monitor.app import upkeep
from monitor.plant.plant import Plant
from monitor.store import database
from monitor.store.audit import audit
from monitor.store.commit import Commit
from monitor.store.journal import JournalStore, open_journal
from monitor.store.retention import DAY_NS
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, settings, transition
from tests.patience import eventually


async def keep(journal: JournalStore, what: Any) -> None:
    """Run the part of the service until something is true."""
    plant = cast(Plant, SimpleNamespace(journal_keep_days=30))
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(upkeep.keep_journal(plant, journal))
        await eventually(what)
        keeping.cancel()


async def test_it_signs_the_last_row_and_forgets_old_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "KEEP_EVERY_S", 0.02)
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as journal:
        for number in range(1, 9):
            await journal.commit(Commit(wall_ns=WALL_NS - 100 * DAY_NS, transitions=(transition(occurrence=number),)))
        await journal.commit(Commit(wall_ns=WALL_NS, transitions=(transition(occurrence=9),)))

        async def forgotten() -> bool:
            return len(await journal.rows_after(0, 99)) == 1

        await keep(journal, forgotten)
        found = await asyncio.to_thread(audit, tmp_path)
    assert (found.findings, found.first_seq, found.signed_seq) == ((), 9, 9)


async def test_a_database_that_refuses_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upkeep, "KEEP_EVERY_S", 0.02)
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as journal:
        await journal.commit(Commit(wall_ns=WALL_NS, transitions=(transition(),)))
        await journal.commit(Commit(wall_ns=WALL_NS, transitions=(transition(occurrence=2),)))
        other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        async def refused_then_signed() -> bool:
            if "the journal was not pruned" in caplog.text:
                other.close()
            return bool((await asyncio.to_thread(audit, tmp_path)).signed_seq == 2)

        with caplog.at_level(logging.WARNING):
            await keep(journal, refused_then_signed)
    assert "locked" in caplog.text
