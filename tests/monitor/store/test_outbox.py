"""A reminder that was on its way when somebody answered is not sent after the answer."""

from pathlib import Path
from typing import Any

import pytest

from monitor.alarms.lifecycle import State
from monitor.notify.row import Purpose, Status, Supersede
from monitor.store.commit import Commit
from monitor.store.journal import JournalStore, open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, alarm, push, settings

MEANWHILE: list[tuple[dict[str, Any], Status]] = [
    ({"state": State.ACKNOWLEDGED}, Status.SUPERSEDED),
    ({"state": State.NORMAL}, Status.SUPERSEDED),
    ({"state": State.UNACKNOWLEDGED, "occurrence": 2}, Status.SUPERSEDED),
    ({"state": State.RETURNED_UNACKNOWLEDGED}, Status.WAITING),
]
ANSWER = Supersede(id="LT-101.HH", occurrence=1, purposes=(Purpose.REPEAT,))


async def reminder_on_its_way(journal: JournalStore, meanwhile: dict[str, Any]) -> None:
    """A repeat is in flight when the board changes."""
    repeat = push(purpose=Purpose.REPEAT, repeat=1)
    await journal.commit(Commit(wall_ns=WALL_NS, alarms=(alarm(),), outbox=(repeat,)))
    await journal.mark(await journal.due("wecom", WALL_NS, 1), Status.IN_FLIGHT, WALL_NS)
    await journal.commit(Commit(wall_ns=WALL_NS, alarms=(alarm(**meanwhile),), supersede=(ANSWER,)))


@pytest.mark.parametrize(("meanwhile", "expected"), MEANWHILE)
async def test_a_reminder_whose_sending_failed_after_the_answer_is_taken_back(
    tmp_path: Path, meanwhile: dict[str, Any], expected: Status
) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as journal:
        await reminder_on_its_way(journal, meanwhile)
        rows = await journal.pushes(id=None, limit=1)
        await journal.mark(rows, Status.WAITING, WALL_NS, "timed out")
        assert [row.status for row in await journal.pushes(id=None, limit=1)] == [expected]


@pytest.mark.parametrize(("meanwhile", "expected"), MEANWHILE)
async def test_a_reminder_in_flight_at_a_crash_is_taken_back_when_it_was_answered(
    tmp_path: Path, meanwhile: dict[str, Any], expected: Status
) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as journal:
        await reminder_on_its_way(journal, meanwhile)
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as journal:
        assert [row.status for row in await journal.pushes(id=None, limit=1)] == [expected]


async def test_a_raise_in_flight_is_sent_again_even_when_it_was_answered(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as journal:
        await journal.commit(Commit(wall_ns=WALL_NS, alarms=(alarm(),), outbox=(push(),)))
        rows = await journal.due("wecom", WALL_NS, 1)
        await journal.mark(rows, Status.IN_FLIGHT, WALL_NS)
        await journal.commit(Commit(wall_ns=WALL_NS, alarms=(alarm(state=State.ACKNOWLEDGED),), supersede=(ANSWER,)))
        await journal.mark(rows, Status.WAITING, WALL_NS, "timed out")
        assert [row.key for row in await journal.due("wecom", WALL_NS, 9)] == [rows[0].key]
