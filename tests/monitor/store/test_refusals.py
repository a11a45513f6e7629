"""What the journal refuses to start with, and what it says then."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from monitor.store.commit import Commit
from monitor.store.database import migrate, open_engine
from monitor.store.disk import Ballast, disk_space
from monitor.store.errors import JournalRefusedError
from monitor.store.head import Head, HeadFile
from monitor.store.journal import open_journal
from monitor.store.tables import METADATA
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, entry, push, settings, transition


async def write(state_dir: Path, rows: int = 20, **changes: Any) -> int:
    """Start, commit `rows` transitions one by one, stop; returns the last seq."""
    async with open_journal(state_dir, PLANT, settings(state_dir, **changes), StillClock()) as store:
        for _ in range(rows):
            await store.commit(Commit(wall_ns=WALL_NS, transitions=(transition(occurrence=store.seq + 1),)))
        return store.seq


async def refusal(state_dir: Path, plant: str = PLANT, **changes: Any) -> JournalRefusedError:
    with pytest.raises(JournalRefusedError) as caught:
        async with open_journal(state_dir, plant, settings(state_dir, **changes), StillClock()):
            pass
    assert re.search("[\u4e00-\u9fff]", caught.value.message_zh)
    assert str(caught.value) == caught.value.message_en
    return caught.value


def change(state_dir: Path, statement: str, *parameters: object) -> None:
    with sqlite3.connect(state_dir / "journal.sqlite") as database:
        assert database.execute(statement, parameters).rowcount > 0
    database.close()


def test_revisions_from_empty_make_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "a b%20.sqlite", read_only=False)
    with engine.connect() as connection:
        with connection.begin():
            migrate(connection)
        with connection.begin():
            migrate(connection)  # a second start has nothing to do
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        indexes = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'ux_journal_transition'"
        ).scalar_one()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert "kind = 'transition'" in indexes
    engine.dispose()


async def test_a_second_opener_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await store.record(entry())
        error = await refusal(tmp_path)
        pid = (tmp_path / "lock").read_text().strip()
        assert f"pid {pid}" in error.message_en
        assert pid in error.message_zh
        await store.record(entry())
    assert await write(tmp_path, rows=1) == 3


async def test_the_journal_of_another_plant_is_refused(tmp_path: Path) -> None:
    await write(tmp_path)
    error = await refusal(tmp_path, "tank-farm-2")
    assert f'"{PLANT}"' in error.message_en
    assert '"tank-farm-2"' in error.message_en


async def test_a_journal_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    await write(tmp_path)
    change(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer" in (await refusal(tmp_path)).message_en


async def test_missing_rows_are_counted_refused_and_recorded_when_accepted(tmp_path: Path) -> None:
    last = await write(tmp_path)
    change(tmp_path, "DELETE FROM journal WHERE seq > ?", last - 7)
    error = await refusal(tmp_path)
    assert f"7 acknowledged rows are missing from the journal ({last - 6} to {last})" in error.message_en
    assert "REDLINE_ACCEPT_MISSING_ROWS" in error.message_zh
    await refusal(tmp_path)  # refusing changes nothing
    async with open_journal(tmp_path, PLANT, settings(tmp_path, accept_missing_rows=True), StillClock()) as store:
        assert store.accepted is not None
        assert store.seq == last + 1  # numbers that were given out are not given again
        row = (await store.rows(from_ns=None, to_ns=None, id=None, limit=1, before_seq=None))[0]
        body = orjson.loads(row.body)
        assert body["kind"] == "disk"
        assert (body["values"]["first_missing_seq"], body["values"]["last_missing_seq"]) == (last - 6, last)
        assert (await store.verify()).first_bad_seq is None
    assert await write(tmp_path) == last + 21


async def test_a_database_that_vanished_is_noticed(tmp_path: Path) -> None:
    last = await write(tmp_path)
    for path in tmp_path.glob("journal.sqlite*"):
        path.unlink()
    assert f"{last} acknowledged rows are missing" in (await refusal(tmp_path)).message_en


async def test_another_row_under_the_acknowledged_number_is_refused(tmp_path: Path) -> None:
    last = await write(tmp_path)
    descriptor = HeadFile(tmp_path / "journal.head")
    descriptor.write(Head(last, b"\x11" * 32))
    descriptor.close()
    assert f"row {last}" in (await refusal(tmp_path)).message_en
    async with open_journal(tmp_path, PLANT, settings(tmp_path, accept_missing_rows=True), StillClock()) as store:
        assert store.seq == last + 1
    assert await write(tmp_path, rows=1) == last + 2


async def test_a_head_file_behind_or_missing_or_damaged_is_no_reason_to_refuse(tmp_path: Path) -> None:
    last = await write(tmp_path)
    head = tmp_path / "journal.head"
    older = head.read_bytes()
    assert await write(tmp_path) == last + 20
    for content in (older, b"", b"\0" * 95, older[:-3] + b"00\n"):
        head.write_bytes(content)
        last = await write(tmp_path, rows=1)
    file = HeadFile(head)
    found = file.read()
    file.close()
    assert found is not None
    assert found.seq == last


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE journal SET body = replace(CAST(body AS TEXT), '14.25', '13.25') WHERE seq = 9", "bytes"),
        ("UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), '14.25', '13.25') AS BLOB) WHERE seq = 9", "hash"),
        ("UPDATE journal SET hash = zeroblob(32) WHERE seq = 9", "hash"),
        ("UPDATE journal SET person = 'somebody' WHERE seq = 9", "person"),
        ("UPDATE journal SET wall_ns = wall_ns + 1 WHERE seq = 9", "wall_ns"),
        ("DELETE FROM journal WHERE seq = 8", "hash"),
    ],
)
async def test_an_altered_row_is_named_and_refused_until_accepted(tmp_path: Path, statement: str, reason: str) -> None:
    await write(tmp_path)
    change(tmp_path, statement)
    error = await refusal(tmp_path)
    assert "row 9 " in error.message_en
    assert reason in error.message_en
    async with open_journal(tmp_path, PLANT, settings(tmp_path, accept_missing_rows=True), StillClock()) as store:
        found = await store.verify()
        assert found.first_bad_seq == 9
        assert reason in found.reason
    assert await write(tmp_path, rows=1) == 22  # accepted once, recorded, not asked again


async def test_a_row_taken_out_with_a_new_chain_leaves_a_hole_that_is_named(tmp_path: Path) -> None:
    await write(tmp_path)
    change(tmp_path, "UPDATE journal SET seq = seq + 5 WHERE seq = 20")
    (tmp_path / "journal.head").unlink()
    (tmp_path / "anchors.jsonl").unlink()
    assert "rows 20 to 24 are missing" in (await refusal(tmp_path)).message_en


def _garbage(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 1000)


def _broken_page(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    for start in range(4096, len(whole), 4096):
        whole[start : start + 200] = b"\xa5" * 200
    path.write_bytes(whole)


@pytest.mark.parametrize("damage", [_garbage, _broken_page])
async def test_a_damaged_database_is_refused(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    await write(tmp_path)
    damage(tmp_path / "journal.sqlite")
    assert "damaged" in (await refusal(tmp_path)).message_en


@pytest.mark.slow
async def test_a_database_that_another_program_locks_is_refused(tmp_path: Path) -> None:
    await write(tmp_path)
    other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert "locked by another program" in (await refusal(tmp_path)).message_en
    finally:
        other.close()


async def test_a_state_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "cannot be written" in (await refusal(tmp_path / "file" / "state")).message_en
    (tmp_path / "journal.sqlite").mkdir()
    assert "cannot be opened" in (await refusal(tmp_path)).message_en


async def test_in_flight_rows_survive_refusals(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await store.commit(Commit(wall_ns=WALL_NS, outbox=(push(),)))
    await refusal(tmp_path, "other")
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        assert len(await store.due("wecom", WALL_NS, 9)) == 1


def test_the_ballast_is_taken_once_and_freed_once(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast", 3_000_000)
    ballast.take()
    assert ballast.held_bytes >= 3_000_000
    ballast.take()
    assert ballast.free()
    assert not ballast.free()
    assert ballast.held_bytes == 0


def test_no_ballast_is_taken_that_would_leave_less_than_itself(tmp_path: Path) -> None:
    space = disk_space(tmp_path)
    assert 0 < space.free_bytes <= space.total_bytes
    assert 0.0 < space.free_fraction <= 1.0
    ballast = Ballast(tmp_path / "ballast", space.total_bytes)
    ballast.take()
    assert ballast.held_bytes == 0
