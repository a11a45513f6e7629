"""What happens to the files from outside: locked, cut, replaced by an older copy; each is told, none is papered over."""

import asyncio
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from monitor.store import database, journal
from monitor.store.anchor import ANCHORS_NAME
from monitor.store.audit import audit
from monitor.store.commit import Commit
from monitor.store.errors import JournalRefusedError
from monitor.store.journal import JournalStore, open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, alarm, push, settings, transition


def step(number: int) -> Commit:
    return Commit(
        wall_ns=WALL_NS,
        transitions=(transition(occurrence=number),),
        alarms=(alarm(occurrence=number),),
        outbox=(push(occurrence=number),),
    )


async def write(state_dir: Path, rows: int, **changes: Any) -> int:
    async with open_journal(state_dir, PLANT, settings(state_dir, **changes), StillClock()) as store:
        for _ in range(rows):
            await store.commit(step(store.seq + 1))
        return store.seq


async def refusal(state_dir: Path) -> str:
    with pytest.raises(JournalRefusedError) as refused:
        async with open_journal(state_dir, PLANT, settings(state_dir), StillClock()):
            pass
    assert re.search("[\u4e00-\u9fff]", refused.value.message_zh)
    return refused.value.message_en


async def agree(store: JournalStore) -> None:
    """Board, outbox and journal moved together."""
    assert (await store.load_board())[0].occurrence == store.seq
    assert (await store.waiting("wecom"))[0] == store.seq
    assert (await store.verify()).first_bad_seq is None


# --- locked by another program ----------------------------------------------------------------


def lock(path: Path) -> sqlite3.Connection:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


async def test_a_commit_waits_for_a_program_that_locks_for_a_moment(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await store.commit(step(1))
        other = lock(tmp_path / "journal.sqlite")
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(store.commit(step(2)))
            await asyncio.sleep(0.2)
            assert not waiting.done()
            assert len(await store.rows_after(0, 9)) == 1  # readers go on
            other.close()
        assert (waiting.result().seq, store.seq) == (2, 2)
        await agree(store)


async def test_a_commit_that_never_gets_the_lock_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.2)
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await store.commit(step(1))
        other = lock(tmp_path / "journal.sqlite")
        with pytest.raises(OperationalError, match="locked"):
            await store.commit(step(2))
        assert store.seq == 1  # nothing is promised that is not on disk
        other.close()
        assert (await store.commit(step(2))).seq == 2
        await agree(store)
    assert (await asyncio.to_thread(audit, tmp_path)).findings == ()


# --- cut --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [0.0, 0.25, 0.5, 0.9])
async def test_a_log_cut_anywhere_is_named_row_by_row(
    tmp_path: Path, kept: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "checkpoint", lambda _connection: None)  # all of it must still stand in the log
    crashed = tmp_path / "crashed"
    async with open_journal(tmp_path / "live", PLANT, settings(tmp_path / "live"), StillClock()) as store:
        for number in range(1, 31):
            await store.commit(step(number))
        # as a power cut would leave it: the log was never moved into the database
        await asyncio.to_thread(shutil.copytree, tmp_path / "live", crashed)
    log = crashed / "journal.sqlite-wal"
    whole = await asyncio.to_thread(log.read_bytes)
    await asyncio.to_thread(log.write_bytes, whole[: int(len(whole) * kept)])
    if kept == 0.0:  # not even the tables are left
        assert "30 acknowledged rows are missing" in await refusal(crashed)
        return
    found = await asyncio.to_thread(audit, crashed)
    left = found.last.seq
    assert left < 30
    assert (left + 1, f"rows {left + 1} to 30 are missing (acknowledged)") in [
        (item.seq, item.en) for item in found.findings
    ]
    assert f"{30 - left} acknowledged rows are missing from the journal ({left + 1} to 30)" in await refusal(crashed)


# --- an older copy ----------------------------------------------------------------------------


@pytest.fixture
async def states(tmp_path: Path) -> tuple[Path, Path]:
    """A journal, and a copy of its folder as it was 12 rows earlier."""
    state, older = tmp_path / "state", tmp_path / "older"
    await write(state, 20)
    await asyncio.to_thread(shutil.copytree, state, older)
    await write(state, 12)
    return state, older


async def test_an_older_database_beside_the_head_file_is_refused(states: tuple[Path, Path]) -> None:
    state, older = states
    await asyncio.to_thread(shutil.copy, older / "journal.sqlite", state / "journal.sqlite")
    assert "12 acknowledged rows are missing from the journal (21 to 32)" in await refusal(state)


async def test_without_the_head_file_the_signed_rows_are_still_known(states: tuple[Path, Path]) -> None:
    state, older = states
    await asyncio.to_thread(shutil.copy, older / "journal.sqlite", state / "journal.sqlite")
    await asyncio.to_thread(shutil.copy, older / "journal.head", state / "journal.head")
    found = await asyncio.to_thread(audit, state)
    assert [(item.seq, item.en) for item in found.findings][-1] == (21, "rows 21 to 32 are missing (acknowledged)")
    (state / "journal.head").unlink()
    assert "12 acknowledged rows are missing from the journal (21 to 32)" in await refusal(state)


async def test_a_whole_folder_of_yesterday_is_known_by_anchors_kept_elsewhere(states: tuple[Path, Path]) -> None:
    state, older = states
    assert (await asyncio.to_thread(audit, older)).findings == ()  # whole in itself
    found = await asyncio.to_thread(audit, older, anchor_files=[state / ANCHORS_NAME])
    assert "rows 21 to 32 are missing (acknowledged)" in [item.en for item in found.findings]


async def test_an_older_copy_that_went_on_is_another_journal(states: tuple[Path, Path]) -> None:
    """Both have rows 21 to 32, and they are not the same."""
    state, older = states
    async with open_journal(older, PLANT, settings(older), StillClock(WALL_NS + 1)) as store:
        while store.seq < 32:
            await store.commit(step(store.seq + 1))
    await asyncio.to_thread(shutil.copy, older / "journal.sqlite", state / "journal.sqlite")
    assert "row 32 of the journal is not the one that was acknowledged last" in await refusal(state)
    assert (await asyncio.to_thread(audit, state)).findings[0].seq == 32
