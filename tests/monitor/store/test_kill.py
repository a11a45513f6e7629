"""kill -9, power that fails, a disk that is full: nothing acknowledged is lost."""

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.store.commit import Commit
from monitor.store.errors import EXIT_DISK_FULL, DiskFullError, JournalRefusedError
from monitor.store.journal import open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, alarm, push, settings, transition

ROOT = Path(__file__).parents[3]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}
COMMITTER = (sys.executable, "-m", "tests.monitor.store.committer")


async def start_committer(state_dir: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *COMMITTER, str(state_dir), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE
    )


async def acknowledged_until_killed(state_dir: Path, lines: int) -> int:
    """Kill the committer -9 after some lines; returns the last seq it had told us."""
    process = await start_committer(state_dir)
    assert process.stdout is not None
    last = 0
    try:
        for _ in range(lines):
            last = int((await process.stdout.readline()).split()[0])
    finally:
        process.kill()
    rest = await process.stdout.read()
    await process.wait()
    told = [line for line in rest.split(b"\n")[:-1] if line]
    return int(told[-1].split()[0]) if told else last


@pytest.mark.slow
async def test_what_was_acknowledged_before_kill_9_is_in_the_journal_after(tmp_path: Path) -> None:
    chance, last = random.Random(5), 0
    for _ in range(6):
        told = await acknowledged_until_killed(tmp_path, chance.randint(1, 120))
        assert told > last
        async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
            assert store.seq in (told, told + 1)  # the one that was on its way may have arrived
            assert (await store.verify()).first_bad_seq is None
            board = (await store.load_board())[0]
            assert board.occurrence == store.seq  # board, journal and outbox moved together
            assert (await store.waiting("wecom"))[0] == store.seq
            last = store.seq


@pytest.mark.slow
async def test_a_log_that_was_cut_in_half_is_noticed(tmp_path: Path) -> None:
    crashed, cut = tmp_path / "crashed", tmp_path / "cut"
    told = await acknowledged_until_killed(crashed, 60)
    shutil.copytree(crashed, cut)
    log = cut / "journal.sqlite-wal"
    whole = log.read_bytes()
    log.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(JournalRefusedError, match=r"(\d+) acknowledged rows are missing") as caught:
        async with open_journal(cut, PLANT, settings(cut), StillClock()):
            pass
    missing = int(caught.value.message_en.split()[0])
    assert 0 < missing <= told + 1
    async with open_journal(cut, PLANT, settings(cut, accept_missing_rows=True), StillClock()) as store:
        assert store.seq in (told + 1, told + 2)
        assert (await store.verify()).first_bad_seq is None
    async with open_journal(crashed, PLANT, settings(crashed), StillClock()) as store:
        assert store.seq in (told, told + 1)


@pytest.mark.slow
async def test_a_second_process_is_refused_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    process = await start_committer(tmp_path)
    assert process.stdout is not None
    try:
        await process.stdout.readline()
        with pytest.raises(JournalRefusedError, match=f"pid {process.pid}"):
            async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()):
                pass
    finally:
        process.kill()
        await process.stdout.read()
        await process.wait()
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        assert store.seq >= 1


async def test_a_full_database_frees_the_ballast_stores_the_last_commit_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit of pages makes SQLite answer "database or disk is full"; freeing the ballast lifts it, as on a real disk."""
    wanted = settings(tmp_path, ballast_bytes=2_000_000)
    async with open_journal(tmp_path, PLANT, wanted, StillClock()) as store:
        await store._write.run(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=60").all())
        ballast = store._writer._ballast
        free = ballast.free

        def lift() -> bool:
            store._writer._connection.exec_driver_sql("PRAGMA max_page_count=1000000").all()
            store._writer._connection.rollback()
            return free()

        monkeypatch.setattr(ballast, "free", lift)
        with pytest.raises(DiskFullError) as caught:
            for number in range(1, 10_000):
                await store.commit(
                    Commit(
                        wall_ns=WALL_NS,
                        transitions=(transition(occurrence=number, comment="x" * 2000),),
                        alarms=(alarm(occurrence=number),),
                        outbox=(push(occurrence=number),),
                    )
                )
        assert caught.value.committed is not None
        assert caught.value.committed.seq == store.seq == number
        assert caught.value.committed.transition_seqs == (number,)
        assert not (tmp_path / "ballast").exists()
        await store._write.run(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=1").all())
        monkeypatch.setattr(ballast, "free", free)
        with pytest.raises(DiskFullError) as caught:
            for further in range(number + 1, number + 100):
                await store.commit(
                    Commit(wall_ns=WALL_NS, transitions=(transition(occurrence=further, comment="x" * 9000),))
                )
        assert caught.value.committed is None
        assert store.seq == further - 1
    async with open_journal(tmp_path, PLANT, wanted, StillClock()) as store:
        assert store.seq == further - 1
        assert (await store.verify()).first_bad_seq is None


def mounted(folder: Path, options: str) -> bool:
    """A file system of its own; False where the machine does not let us (an ordinary user, a container)."""
    folder.mkdir()
    return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True).returncode == 0


@pytest.mark.slow
def test_a_really_full_disk_keeps_the_last_alarm_and_the_service_starts_again(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    limited = mounted(disk, "size=12m")
    try:
        ballast = 4_000_000 if limited else 0
        # where nothing can be mounted a limit on file sizes is the nearest thing: the last commit is then not stored
        limit = [] if limited else ["prlimit", "--fsize=3000000"]
        ended = subprocess.run(
            [*limit, *COMMITTER, str(disk / "state"), str(ballast)],
            cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        lines = ended.stdout.splitlines()
        told = int([line for line in lines if not line.startswith("full")][-1].split()[0])
        if limited:
            assert ended.returncode == EXIT_DISK_FULL, ended.stderr
            assert lines[-1] == f"full {told + 1}"
            told += 1
            assert not (disk / "state" / "ballast").exists()
        else:
            assert ended.returncode != 0
        assert asyncio.run(_seq_after_restart(disk / "state")) == told
    finally:
        if limited:
            subprocess.run(["umount", disk], check=True)


async def _seq_after_restart(state_dir: Path) -> int:
    async with open_journal(state_dir, PLANT, settings(state_dir, ballast_bytes=4_000_000), StillClock()) as store:
        assert (await store.verify()).first_bad_seq is None
        seq = store.seq
        committed = await store.commit(Commit(wall_ns=WALL_NS, transitions=(transition("after", occurrence=seq),)))
        assert committed.seq == seq + 1
        return seq


@pytest.mark.slow
async def test_a_read_only_file_system_is_refused(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    if not mounted(disk, "ro,size=1m"):
        disk.chmod(0o555)
    try:
        with pytest.raises(JournalRefusedError, match="cannot be written"):
            async with open_journal(disk / "state", PLANT, settings(disk), StillClock()):
                pass
    finally:
        if os.path.ismount(disk):
            subprocess.run(["umount", disk], check=True)


async def test_an_outside_reader_sees_only_whole_commits(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        other = sqlite3.connect(tmp_path / "journal.sqlite")
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(
                store.commit(
                    Commit(
                        wall_ns=WALL_NS,
                        transitions=tuple(transition(f"T-{number}") for number in range(2000)),
                        outbox=tuple(push(f"T-{number}") for number in range(2000)),
                    )
                )
            )
            while not writing.done():
                seen = other.execute("SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM outbox)").fetchone()
                assert seen in ((0, 0), (2000, 2000))
                await asyncio.sleep(0.001)
        other.close()
