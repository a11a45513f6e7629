"""Old rows are forgotten from the front, the rest stays one signed chain, and nothing that still stands is touched."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.alarms.lifecycle import State, Suppression
from monitor.alarms.transition import Alarm, SuppressionRecord
from monitor.notify.row import Status
from monitor.store import anchor, retention
from monitor.store.anchor import ANCHORS_NAME, KEY_NAME, read_file
from monitor.store.audit import audit
from monitor.store.commit import Commit
from monitor.store.journal import JournalStore, open_journal
from monitor.store.retention import DAY_NS
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, alarm, push, settings, transition

KEEP_DAYS = 30
OLD_NS = WALL_NS - 100 * DAY_NS


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK_ROWS", 7)
    monkeypatch.setattr(anchor, "EVERY_ROWS", 10)


async def write(store: JournalStore, count: int, wall_ns: int, alarm_id: str = "LT-101.HH", *board: Alarm) -> None:
    for _ in range(count):
        made = transition(alarm_id, store.seq + 1)
        await store.commit(Commit(wall_ns=wall_ns, transitions=(made,), alarms=board))


async def seqs(store: JournalStore) -> list[int]:
    return [row.seq for row in await store.rows_after(0, 10_000)]


async def test_old_rows_go_and_the_rest_is_still_one_signed_chain(journal: JournalStore, tmp_path: Path) -> None:
    await write(journal, 30, OLD_NS)
    await write(journal, 20, WALL_NS - 10 * DAY_NS)
    assert await journal.prune(KEEP_DAYS) == 30
    assert await seqs(journal) == list(range(31, 51))
    assert (await journal.verify()).first_bad_seq is None
    found = await asyncio.to_thread(audit, tmp_path)
    assert (found.findings, found.first_seq, found.rows) == ((), 31, 20)
    kept = await asyncio.to_thread(read_file, tmp_path / ANCHORS_NAME)
    assert [(item.kind, item.seq) for item in kept if item.kind == "pruned"] == [("pruned", 30)]
    assert await journal.prune(KEEP_DAYS) == 0
    await write(journal, 5, WALL_NS)  # numbers go on
    assert (await seqs(journal))[-1] == 55
    assert (await asyncio.to_thread(audit, tmp_path)).findings == ()


async def test_a_restart_after_pruning_is_a_start_like_any_other(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await write(store, 12, OLD_NS)
        await write(store, 3, WALL_NS)
        await store.prune(KEEP_DAYS)
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        assert (await seqs(store), store.accepted) == ([13, 14, 15], None)
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as file, file:
        file.execute("DELETE FROM journal WHERE seq = 13")
    assert (await asyncio.to_thread(audit, tmp_path)).findings[0].seq == 14


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"state": State.ACKNOWLEDGED}, 9),
        ({"state": State.RETURNED_UNACKNOWLEDGED}, 9),
        ({"state": State.NORMAL}, 31),
        (
            {
                "state": State.NORMAL,
                "suppressions": (
                    SuppressionRecord(
                        suppression=Suppression.OUT_OF_SERVICE,
                        reason="大修",
                        person="li",
                        since_wall_ns=1,
                        until_wall_ns=None,
                    ),
                ),
            },
            9,
        ),
    ],
)
async def test_rows_of_an_alarm_that_is_not_over_stay_and_all_after_them(
    journal: JournalStore, changes: dict[str, object], first: int
) -> None:
    await write(journal, 8, OLD_NS)
    standing = alarm("PT-7.HH", occurrence=9, **changes)
    await write(journal, 1, OLD_NS, "PT-7.HH", standing)
    await write(journal, 21, OLD_NS)
    await write(journal, 5, WALL_NS)
    await journal.prune(KEEP_DAYS)
    assert (await seqs(journal))[0] == first
    await journal.commit(Commit(wall_ns=WALL_NS, alarms=(alarm("PT-7.HH", occurrence=9, state=State.NORMAL),)))
    await journal.prune(KEEP_DAYS)
    assert (await seqs(journal))[0] == 31


async def test_the_last_row_stays_whatever_the_clock_says(tmp_path: Path) -> None:
    clock = StillClock()
    async with open_journal(tmp_path, PLANT, settings(tmp_path), clock) as store:
        await write(store, 20, WALL_NS)
        clock.now_ns += 3000 * DAY_NS
        await store.prune(KEEP_DAYS)
        assert await seqs(store) == [20]
    assert (await asyncio.to_thread(audit, tmp_path)).findings == ()


async def test_one_call_takes_a_bounded_number_away(journal: JournalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNKS", 2)
    await write(journal, 30, OLD_NS)
    await write(journal, 1, WALL_NS)
    assert await journal.prune(KEEP_DAYS) == 14
    assert (await seqs(journal))[0] == 15


async def test_an_old_row_after_a_newer_one_waits_for_it(journal: JournalStore) -> None:
    """The wall clock was put back: rows go by their number, none is taken out of the middle."""
    await write(journal, 3, OLD_NS)
    await write(journal, 1, WALL_NS)
    await write(journal, 5, OLD_NS)
    await journal.prune(KEEP_DAYS)
    assert await seqs(journal) == list(range(4, 10))


async def test_without_a_key_nothing_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / KEY_NAME).write_text("damaged")
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await write(store, 9, OLD_NS)
        await write(store, 1, WALL_NS)
        assert await store.prune(KEEP_DAYS) == 0
        assert len(await seqs(store)) == 10


async def test_a_front_that_somebody_else_cut_off_is_named(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await write(store, 12, OLD_NS)
        await write(store, 12, WALL_NS)
        await store.prune(KEEP_DAYS)
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as file, file:
        (digest,) = file.execute("SELECT hash FROM journal WHERE seq = 15").fetchone()
        file.execute("DELETE FROM journal WHERE seq <= 15")
        file.execute("UPDATE anchor SET seq = 15, hash = ? WHERE kind = 'pruned'", (digest,))
    found = await asyncio.to_thread(audit, tmp_path)
    assert [(item.seq, item.en) for item in found.findings] == [(15, "the signature of its anchor does not hold")]


async def test_answered_pushes_go_after_ninety_days_and_waiting_ones_never(journal: JournalStore) -> None:
    def row(name: str, days: int) -> object:
        return push(name, queued_wall_ns=WALL_NS - days * DAY_NS, due_wall_ns=WALL_NS - days * DAY_NS)

    rows = [row(name, days) for days in (89, 91, 400) for name in (f"A-{days}.H", f"R-{days}.H", f"W-{days}.H")]
    await journal.commit(Commit(wall_ns=WALL_NS, outbox=tuple(rows)))  # type: ignore[arg-type]  # what must be refused
    due = await journal.due("wecom", WALL_NS, 99)
    await journal.mark([item for item in due if item.id.startswith("A")], Status.ACCEPTED, WALL_NS)
    await journal.mark([item for item in due if item.id.startswith("R")], Status.REFUSED, WALL_NS)
    await journal.prune(365)
    left = {item.id for item in await journal.pushes(id=None, limit=99)}
    assert left == {"A-89.H", "R-89.H", "R-91.H", "W-89.H", "W-91.H", "W-400.H"}


async def test_commits_go_on_between(journal: JournalStore) -> None:
    await write(journal, 60, OLD_NS)
    async with asyncio.TaskGroup() as tasks:
        pruning = tasks.create_task(journal.prune(KEEP_DAYS))
        between = 0
        while not pruning.done():
            await write(journal, 1, WALL_NS)
            between += 1
    assert between > 3
    assert (await seqs(journal))[0] == 61
    assert (await journal.verify()).first_bad_seq is None
