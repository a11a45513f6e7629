"""A journal of every earlier revision is brought up to date with its rows, after a copy of it was made."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from importlib.resources import as_file, files
from pathlib import Path

import alembic.command
import pytest
from alembic.config import Config

from monitor.alarms.record import Entry
from monitor.alarms.transition import Transition
from monitor.store import database
from monitor.store.body import GENESIS, chained, encode_alarm, entry_body, transition_body
from monitor.store.commit import Commit
from monitor.store.database import REVISION, open_engine
from monitor.store.errors import JournalRefusedError
from monitor.store.journal import open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, alarm, entry, settings, transition

EARLIER = ("0001",)


def at_revision(path: Path, revision: str, written: list[Transition | Entry]) -> None:
    """A database as the version of that revision left it, with rows, a board row and an outbox row."""
    engine = open_engine(path, read_only=False)
    with engine.connect() as connection, as_file(files("monitor.store") / "migrations") as folder:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        with connection.begin():
            alembic.command.upgrade(config, revision)
    engine.dispose()
    last = GENESIS
    with closing(sqlite3.connect(path)) as file, file:
        for seq, item in enumerate(written, 1):
            key: tuple[object, ...]
            if isinstance(item, Transition):
                body = transition_body(PLANT, item, WALL_NS, WALL_NS)
                key = ("transition", PLANT, item.id, item.occurrence, item.transition, item.person)
            else:
                body = entry_body(PLANT, item)
                key = (item.kind, PLANT, None, None, None, item.person)
            last = chained(last, body)
            row = (seq, WALL_NS, *key, body, last)
            file.execute(
                "INSERT INTO journal (seq, wall_ns, kind, plant, id, occurrence, transition, person, body, hash)"
                f" VALUES ({', '.join('?' * len(row))})",
                row,
            )
        standing = alarm(occurrence=2)
        file.execute(
            "INSERT INTO alarm VALUES (?, ?, 2, 1, 1, ?)", (standing.id, standing.state.value, encode_alarm(standing))
        )
        file.execute("INSERT INTO meta VALUES ('plant', ?), ('schema', '1'), ('boot_epoch', '4')", (PLANT,))


def some_rows() -> list[Transition | Entry]:
    return [entry(), transition(), transition("AT-201.H", person="li"), transition(occurrence=2), entry(kind="stop")]


@pytest.mark.parametrize("earlier", EARLIER)
async def test_rows_of_an_earlier_revision_are_kept_found_and_verified(tmp_path: Path, earlier: str) -> None:
    await asyncio.to_thread(at_revision, tmp_path / "journal.sqlite", earlier, some_rows())
    await asyncio.to_thread(shutil.copy, tmp_path / "journal.sqlite", tmp_path / "as-it-was.sqlite")
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        assert (store.seq, store.boot_epoch) == (5, 5)
        checked = await store.verify()
        assert (checked.rows, checked.first_bad_seq) == (5, None)
        assert [item.occurrence for item in await store.load_board()] == [2]
        await store.commit(Commit(wall_ns=WALL_NS, transitions=(transition(occurrence=3),)))
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as file:
        found = file.execute('SELECT seq, tag, hazard_source, "trigger", "after" FROM journal ORDER BY seq').fetchall()
        assert found == [
            (1, None, None, None, None),
            (2, "LT-101", "methanol", "raised", "unacknowledged"),
            (3, "AT-201", "methanol", "raised", "unacknowledged"),
            (4, "LT-101", "methanol", "raised", "unacknowledged"),
            (5, None, None, None, None),
            (6, "LT-101", "methanol", "raised", "unacknowledged"),
        ]
        assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISION,)]
    with (
        closing(sqlite3.connect(tmp_path / f"journal-{earlier}.sqlite")) as copy,
        closing(sqlite3.connect(tmp_path / "as-it-was.sqlite")) as before,
    ):
        for table in ("journal", "alarm", "meta", "alembic_version"):
            query = f"SELECT * FROM {table} ORDER BY 1"
            assert copy.execute(query).fetchall() == before.execute(query).fetchall()


async def test_a_database_that_is_up_to_date_is_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
            await store.record(entry())
    assert list(tmp_path.glob("journal-*")) == []


async def test_an_altered_row_does_not_stop_the_migration_and_is_named_after_it(tmp_path: Path) -> None:
    await asyncio.to_thread(at_revision, tmp_path / "journal.sqlite", "0001", some_rows())
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as file, file:
        file.execute("UPDATE journal SET body = CAST('{' AS BLOB) WHERE seq = 3")
    with pytest.raises(JournalRefusedError, match="row 3 of the journal was altered"):
        async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()):
            pass


async def test_without_room_for_the_copy_nothing_is_migrated(tmp_path: Path) -> None:
    await asyncio.to_thread(at_revision, tmp_path / "journal.sqlite", "0001", some_rows())
    (tmp_path / "journal-0001.sqlite.part").mkdir()  # what cannot be written for a user who may write everything
    with pytest.raises(JournalRefusedError, match="cannot be copied before its migration"):
        async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()):
            pass
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as file:
        assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


async def test_a_migration_that_fails_half_way_leaves_the_old_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(at_revision, tmp_path / "journal.sqlite", "0001", some_rows())

    def refuse(*_: object) -> None:
        raise RuntimeError("the power fails here")

    with monkeypatch.context() as patched:
        patched.setattr(database, "_claim", refuse)
        with pytest.raises(RuntimeError):
            async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()):
                pass
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as file:
        assert file.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        assert (await store.verify()).rows == 5
