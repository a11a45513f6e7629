"""A copy that is whole while rows are written, and a way back that loses nothing without saying so."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from monitor.cli.app import app
from monitor.store import anchor
from monitor.store.anchor import ANCHORS_NAME, KEY_NAME
from monitor.store.audit import audit
from monitor.store.backup import MANIFEST_NAME, Manifest, Restored, back_up, read_manifest, restore
from monitor.store.commit import Commit
from monitor.store.errors import JournalRefusedError
from monitor.store.head import read_head
from monitor.store.journal import open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, alarm, push, settings, transition


@pytest.fixture(autouse=True)
def small_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchor, "EVERY_ROWS", 10)


async def write(state_dir: Path, rows: int, **changes: Any) -> int:
    async with open_journal(state_dir, PLANT, settings(state_dir, **changes), StillClock()) as store:
        for _ in range(rows):
            number = store.seq + 1
            await store.commit(
                Commit(
                    wall_ns=WALL_NS,
                    transitions=(transition(occurrence=number),),
                    alarms=(alarm(occurrence=number),),
                    outbox=(push(occurrence=number),),
                )
            )
        return store.seq


def copy(state_dir: Path, target: Path, *, with_history: bool = False) -> Manifest:
    manifest, findings = back_up(state_dir, target, WALL_NS, "1.2.3", with_history=with_history)
    assert findings == ()
    return manifest


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    asyncio.run(write(folder, 25))
    return folder


def refusal(backup: Path, state_dir: Path, *, overwrite_newer: bool = False) -> str:
    before = {path: path.read_bytes() for path in state_dir.rglob("*") if path.is_file()} if state_dir.exists() else {}
    with pytest.raises(JournalRefusedError) as refused:
        restore(backup, state_dir, overwrite_newer=overwrite_newer)
    for path, content in before.items():
        if path.name != "lock" and not path.name.endswith(("-shm", "-wal")):
            assert path.read_bytes() == content  # refusing changes nothing
    return refused.value.message_en


async def test_a_copy_beside_a_writer_is_one_moment_of_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with open_journal(state, PLANT, settings(state), StillClock()) as store:
        done = asyncio.Event()

        async def go_on() -> None:
            while not done.is_set():
                number = store.seq + 1
                await store.commit(
                    Commit(
                        wall_ns=WALL_NS,
                        transitions=(transition(occurrence=number),),
                        alarms=(alarm(occurrence=number),),
                        outbox=(push(occurrence=number),),
                    )
                )

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(go_on())
            for number in range(4):
                before = store.seq
                manifest = await asyncio.to_thread(copy, state, tmp_path / f"copy-{number}")
                assert before <= manifest.seq <= store.seq
                with closing(sqlite3.connect(tmp_path / f"copy-{number}" / "journal.sqlite")) as file:
                    # board, outbox and journal are of the same moment
                    assert file.execute("SELECT count(*) FROM journal").fetchone() == (manifest.seq,)
                    assert file.execute("SELECT count(*) FROM outbox").fetchone() == (manifest.seq,)
                    if manifest.seq:
                        assert file.execute("SELECT occurrence FROM alarm").fetchone() == (manifest.seq,)
            done.set()


def test_what_a_backup_holds(state: Path, tmp_path: Path) -> None:
    target = tmp_path / "backups" / "monday"
    manifest = copy(state, target)
    assert manifest == read_manifest(target)
    assert (manifest.plant, manifest.first_seq, manifest.seq, manifest.version) == (PLANT, 1, 25, "1.2.3")
    assert {path.name for path in target.iterdir()} == {
        "journal.sqlite",
        "journal.head",
        ANCHORS_NAME,
        MANIFEST_NAME,
    }  # never the key
    assert set(manifest.files) == {"journal.sqlite", "journal.head", ANCHORS_NAME}
    assert audit(target).findings == ()
    stored = json.loads((target / MANIFEST_NAME).read_text())
    assert stored["hash"] == audit(state).last.hash.hex()


def test_it_never_writes_over_something(state: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    copy(state, target)
    for folder in (target, state, state / "lock"):
        with pytest.raises(JournalRefusedError, match="not empty"):
            copy(state, folder)
    with pytest.raises(JournalRefusedError, match="no journal"):
        copy(tmp_path / "nothing", tmp_path / "new")


def test_an_altered_journal_is_copied_and_said_to_be_altered(state: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(state / "journal.sqlite")) as file, file:
        file.execute("UPDATE journal SET person = 'somebody' WHERE seq = 7")
    manifest, findings = back_up(state, tmp_path / "target", WALL_NS, "1", with_history=False)
    assert (manifest.seq, findings[0].seq) == (25, 7)
    assert "row 7" in refusal(tmp_path / "target", tmp_path / "new")


def test_a_new_machine_goes_on_where_the_backup_ends(state: Path, tmp_path: Path) -> None:
    copy(state, tmp_path / "backup")
    new = tmp_path / "new"
    done = restore(tmp_path / "backup", new, overwrite_newer=False)
    assert (done.missing, done.moved_to, done.manifest.seq) == (None, None, 25)
    assert asyncio.run(write(new, 3)) == 28
    found = audit(new)
    assert (found.findings, found.gaps, len(found.keys)) == ((), (), 2)  # its own key signs from here on


def test_the_same_machine_with_a_damaged_journal_goes_on(state: Path, tmp_path: Path) -> None:
    copy(state, tmp_path / "backup")
    (state / "journal.sqlite").write_bytes(b"damaged" * 1000)
    done = restore(tmp_path / "backup", state, overwrite_newer=False)
    assert done.missing is None
    assert done.moved_to == state / "replaced-1"
    assert (state / "replaced-1" / "journal.sqlite").read_bytes().startswith(b"damaged")
    assert (state / KEY_NAME).exists()
    assert asyncio.run(write(state, 1)) == 26
    assert (audit(state).findings, len(audit(state).keys)) == ((), 1)


def test_a_newer_journal_is_not_overwritten_without_the_flag(state: Path, tmp_path: Path) -> None:
    copy(state, tmp_path / "backup")
    assert asyncio.run(write(state, 15)) == 40
    assert "rows 26 to 40 would be lost" in refusal(tmp_path / "backup", state)
    done = restore(tmp_path / "backup", state, overwrite_newer=True)
    assert done.missing == (26, 40)
    # the head file tells the next start, which asks
    assert any("rows 26 to 40 are missing" in item.en for item in audit(state).findings)
    with pytest.raises(JournalRefusedError, match=r"15 acknowledged rows are missing from the journal \(26 to 40\)"):
        asyncio.run(write(state, 1))
    assert asyncio.run(write(state, 1, accept_missing_rows=True)) == 42
    assert asyncio.run(write(state, 15)) == 57
    found = audit(state)
    assert (found.findings, found.gaps) == ((), ((26, 40),))
    with closing(sqlite3.connect(done.moved_to / "journal.sqlite" if done.moved_to else ":memory:")) as file:
        assert file.execute("SELECT max(seq) FROM journal").fetchone() == (40,)  # moved aside, not deleted


@pytest.mark.parametrize("lost", ["journal.sqlite", "journal.head"])
def test_what_was_newer_is_known_by_the_head_file_or_by_the_database(state: Path, tmp_path: Path, lost: str) -> None:
    copy(state, tmp_path / "backup")
    asyncio.run(write(state, 5))
    (state / lost).unlink()
    assert "rows 26 to 30 would be lost" in refusal(tmp_path / "backup", state)
    assert restore(tmp_path / "backup", state, overwrite_newer=True).missing == (26, 30)
    head = read_head(state / "journal.head")
    assert head is not None
    assert head.seq == 30


async def test_nothing_is_restored_under_a_running_service(tmp_path: Path) -> None:
    state = tmp_path / "state"
    await write(state, 5)
    await asyncio.to_thread(copy, state, tmp_path / "backup")
    async with open_journal(state, PLANT, settings(state), StillClock()):
        said = await asyncio.to_thread(refusal, tmp_path / "backup", state, overwrite_newer=True)
    assert "in use by another redline process" in said


@pytest.mark.parametrize("name", ["journal.sqlite", ANCHORS_NAME, "journal.head"])
def test_a_backup_that_was_altered_is_refused(state: Path, tmp_path: Path, name: str) -> None:
    backup = tmp_path / "backup"
    copy(state, backup)
    whole = bytearray((backup / name).read_bytes())
    whole[len(whole) // 2] ^= 1
    (backup / name).write_bytes(whole)
    assert name in refusal(backup, tmp_path / "new")
    (backup / name).unlink()
    assert "not a whole backup" in refusal(backup, tmp_path / "new")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"not json"])
def test_a_backup_that_was_not_finished_is_refused(state: Path, tmp_path: Path, content: bytes) -> None:
    backup = tmp_path / "backup"
    copy(state, backup)
    (backup / MANIFEST_NAME).write_bytes(content)
    assert "not a whole backup" in refusal(backup, tmp_path / "new")
    (backup / MANIFEST_NAME).unlink()
    assert "not a whole backup" in refusal(backup, tmp_path / "new")


def test_a_format_of_the_future_is_refused(state: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    copy(state, backup)
    fields = orjson.loads((backup / MANIFEST_NAME).read_bytes())
    (backup / MANIFEST_NAME).write_bytes(orjson.dumps(fields | {"format": 2}))
    assert "format" in refusal(backup, tmp_path / "new")


def test_history_goes_with_a_stopped_service(state: Path, tmp_path: Path) -> None:
    (state / "history.duckdb").write_bytes(b"readings")
    manifest = copy(state, tmp_path / "backup", with_history=True)
    assert "history.duckdb" in manifest.files
    (state / "history.duckdb").write_bytes(b"others")
    done: Restored = restore(tmp_path / "backup", state, overwrite_newer=False)
    assert (state / "history.duckdb").read_bytes() == b"readings"
    assert done.moved_to is not None
    assert (done.moved_to / "history.duckdb").read_bytes() == b"others"


async def test_history_of_a_running_service_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with open_journal(state, PLANT, settings(state), StillClock()):
        with pytest.raises(JournalRefusedError, match="in use"):
            await asyncio.to_thread(copy, state, tmp_path / "backup", with_history=True)


def test_a_backup_taken_while_stopped_leaves_the_state_folder_alone(state: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in state.iterdir()}
    copy(state, tmp_path / "backup")
    after = {path.name: path.read_bytes() for path in state.iterdir() if path.name in before}
    assert after == before


# --- the commands -----------------------------------------------------------------------------


def run(*words: object) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, [str(word) for word in words])
    return found.exit_code, found.stdout, found.stderr


def test_the_commands_say_it_in_words(state: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    code, said, wrong = run("backup", state, backup, "-l", "en")
    assert (code, wrong) == (0, "")
    assert f"rows 1 to 25 of {PLANT}" in said
    code, said, wrong = run("backup", state, backup)
    assert (code, said) == (1, "")
    assert "已存在且不为空" in wrong
    asyncio.run(write(state, 2))
    code, _, wrong = run("restore", backup, state)
    assert code == 1
    assert "第 26 至 27 条将丢失" in wrong
    code, said, wrong = run("restore", backup, state, "--overwrite-newer", "-l", "en")
    assert code == 0
    assert "restored up to row 25" in said
    assert "rows 26 to 27 were acknowledged" in wrong
    shutil.rmtree(state)
    assert run("restore", backup, state)[0] == 0
    assert run("journal", "verify", state)[0] == 0
    assert run("backup", tmp_path / "nowhere", backup)[0] == 2
    assert run("restore", tmp_path / "nowhere", state)[0] == 2
